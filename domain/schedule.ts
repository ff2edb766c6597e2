/** Jobs and their pieces as two streams in the same order, read once and side by side. */
import { JOBS, type Job } from './job.js';
import { BASELINE, PLACEMENTS, type Placement } from './plan.js';
import type { Tx } from './store.js';

/** Consecutive pieces of one job, together. */
export async function* groupByJob<P extends { readonly jobId: string }>(
  pages: AsyncIterable<P[]>,
): AsyncGenerator<P[], undefined> {
  let pieces: P[] = [];
  for await (const page of pages)
    for (const piece of page) {
      if (pieces.length > 0 && pieces[0]!.jobId !== piece.jobId) {
        yield pieces;
        pieces = [];
      }
      pieces.push(piece);
    }
  if (pieces.length > 0) yield pieces;
  return undefined;
}

/** Every job with its pieces; none for a job that has no place in the schedule. */
export async function* besideJobs<P extends { readonly jobId: string }>(
  jobs: AsyncIterable<Job[]>,
  pieces: AsyncIterable<P[]>,
): AsyncGenerator<{ job: Job; pieces: P[] }[], undefined> {
  const groups = groupByJob(pieces);
  let next = await groups.next();
  for await (const page of jobs) {
    const rows: { job: Job; pieces: P[] }[] = [];
    for (const job of page) {
      let mine: P[] = [];
      if (!next.done && next.value[0]!.jobId === job.id) {
        mine = next.value;
        next = await groups.next();
      }
      rows.push({ job, pieces: mine });
    }
    yield rows;
  }
  return undefined;
}

/** Every job of a workload with the pieces that a decision gives it: as planned, or as without the plan where it was not approved. */
export async function* orderedPieces(
  store: Pick<Tx, 'rows'>,
  of: { readonly workloadId: string; readonly planId: string; readonly jobs: readonly string[] | null },
): AsyncGenerator<{ job: Job; pieces: Placement[] }[], undefined> {
  const planned = besideJobs(store.rows(JOBS).pages(of.workloadId), store.rows(PLACEMENTS).pages(of.planId));
  if (of.jobs === null) return yield* planned;
  const approved = new Set(of.jobs);
  const before = besideJobs(store.rows(JOBS).pages(of.workloadId), store.rows(BASELINE).pages(of.planId));
  for await (const page of planned) {
    const same = (await before.next()).value!;
    yield page.map((row, i) => (approved.has(row.job.id) ? row : same[i]!));
  }
  return undefined;
}
