/** Jobs with the rows that belong to them: those of a plan stand in the order of the jobs, those that a fleet reports in any order. */
import { JOBS, type Job } from './job.js';
import { BASELINE, PLACEMENTS, type Placement } from './plan.js';
import type { Tx } from './store.js';

type OfJob = { readonly jobId: string };

/** Rows that stand in the order of the jobs, as a planner writes them: read once, in bounded memory, job by job. */
export class InJobOrder<R extends OfJob> {
  readonly #pages: AsyncIterator<R[]>;
  #page: R[] = [];
  #at = 0;

  constructor(pages: AsyncIterable<R[]>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  /** The rows of the job that comes next; none for a job that has none. */
  async take(jobId: string): Promise<R[]> {
    const rows: R[] = [];
    while (this.#at < this.#page.length || (await this.#turn())) {
      const row = this.#page[this.#at]!;
      if (row.jobId !== jobId) break;
      rows.push(row);
      this.#at++;
    }
    return rows;
  }

  /** To be called behind the last job. Throws when rows are left: they stood in another order, and jobs have missed theirs. */
  async end(): Promise<void> {
    if (this.#at < this.#page.length || (await this.#turn()))
      throw new Error(`the rows of job ${this.#page[this.#at]!.jobId} do not stand in the order of the jobs`);
  }

  /** The next page that holds anything; false at the end. */
  async #turn(): Promise<boolean> {
    for (;;) {
      const next = await this.#pages.next();
      if (next.done) return false;
      if (next.value.length === 0) continue;
      this.#page = next.value;
      this.#at = 0;
      return true;
    }
  }
}

/**
 * Every job with its rows, which must stand in the order of the jobs; none for a job that has none. Throws at the end when they
 * did not: rows in any order are for gatherByJob.
 */
export async function* besideJobs<R extends OfJob>(
  jobs: AsyncIterable<Job[]>,
  rows: AsyncIterable<R[]>,
): AsyncGenerator<{ job: Job; pieces: R[] }[], undefined> {
  const inOrder = new InJobOrder(rows);
  for await (const page of jobs) {
    const both: { job: Job; pieces: R[] }[] = [];
    for (const job of page) both.push({ job, pieces: await inOrder.take(job.id) });
    yield both;
  }
  await inOrder.end();
  return undefined;
}

/**
 * Rows in any order, gathered by job and sorted within each job. All of them are held, so `keep` says how much of each: a million
 * pieces of a region and three numbers weigh some 200 MB.
 */
export const gatherByJob = async <R extends OfJob, K>(
  pages: AsyncIterable<R[]>,
  { keep, order, signal }: { keep: (row: R) => K; order: (a: K, b: K) => number; signal: AbortSignal },
): Promise<Map<string, K[]>> => {
  const byJob = new Map<string, K[]>();
  for await (const page of pages) {
    signal.throwIfAborted();
    for (const row of page) {
      const known = byJob.get(row.jobId);
      if (known) known.push(keep(row));
      else byJob.set(row.jobId, [keep(row)]);
    }
  }
  for (const rows of byJob.values()) if (rows.length > 1) rows.sort(order);
  return byJob;
};

/**
 * Every job of a workload with the pieces that a decision gives it: as planned, or as without the plan where it was not approved.
 * `jobs`: those that were approved; null: all.
 */
export async function* orderedPieces(
  store: Pick<Tx, 'rows'>,
  of: { readonly workloadId: string; readonly planId: string; readonly jobs: readonly string[] | null },
): AsyncGenerator<{ job: Job; pieces: Placement[] }[], undefined> {
  const planned = besideJobs(store.rows(JOBS).pages(of.workloadId), store.rows(PLACEMENTS).pages(of.planId));
  if (of.jobs === null) return yield* planned;
  const approved = new Set(of.jobs);
  const before = new InJobOrder(store.rows(BASELINE).pages(of.planId));
  for await (const page of planned) {
    const rows: { job: Job; pieces: Placement[] }[] = [];
    for (const row of page) {
      const unplanned = await before.take(row.job.id);
      rows.push(approved.has(row.job.id) ? row : { job: row.job, pieces: unplanned });
    }
    yield rows;
  }
  await before.end();
  return undefined;
}
