/** A plan's rows job by job: what each job is, where it would have run, where the plan puts it, and the move that it recommends. */
import { JOBS, type Job } from '../../domain/job.js';
import {
  BASELINE,
  PLACEMENTS,
  type Placement,
  type Plan,
  RECOMMENDATIONS,
  type Recommendation,
} from '../../domain/plan.js';
import type { Store } from '../../domain/store.js';

export interface PlannedJob {
  readonly job: Job;
  readonly pieces: readonly Placement[];
  readonly before: readonly Placement[];
  readonly move: Recommendation | null;
}

/** Rows as a stream; `take` answers those of one job when they come next. */
class Stream<T extends { readonly jobId: string }> {
  readonly #pages: AsyncIterator<T[]>;
  #page: T[] = [];
  #at = 0;

  constructor(pages: AsyncIterable<T[]>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  async take(jobId: string): Promise<T[]> {
    const found: T[] = [];
    for (let row = await this.#peek(); row?.jobId === jobId; row = await this.#peek()) {
      found.push(row);
      this.#at++;
    }
    return found;
  }

  /** What is left, by job. */
  async rest(): Promise<Map<string, T[]>> {
    const by = new Map<string, T[]>();
    for (let row = await this.#peek(); row !== undefined; row = await this.#peek()) {
      const list = by.get(row.jobId);
      if (list) list.push(row);
      else by.set(row.jobId, [row]);
      this.#at++;
    }
    return by;
  }

  async #peek(): Promise<T | undefined> {
    while (this.#at >= this.#page.length) {
      const next = await this.#pages.next();
      if (next.done) return undefined;
      this.#page = next.value;
      this.#at = 0;
    }
    return this.#page[this.#at];
  }
}

/**
 * Every job that the plan places. The planner writes rows in the order of the jobs, so they are read as streams in bounded
 * memory; rows in another order are gathered at the end and lose nothing but speed.
 */
export async function* plannedJobs(store: Store, plan: Plan): AsyncIterable<PlannedJob> {
  const placements = new Stream(store.rows(PLACEMENTS).pages(plan.id));
  const baseline = new Stream(store.rows(BASELINE).pages(plan.id));
  const moves = new Stream(store.rows(RECOMMENDATIONS).pages(plan.id));
  for await (const page of store.rows(JOBS).pages(plan.workloadId))
    for (const job of page) {
      const pieces = await placements.take(job.id);
      if (pieces.length === 0) continue;
      const before = await baseline.take(job.id);
      const [move] = await moves.take(job.id);
      yield { job, pieces, before, move: move ?? null };
    }
  const late = await placements.rest();
  if (late.size === 0) return;
  const lateBefore = await baseline.rest();
  const lateMoves = await moves.rest();
  for (const [jobId, pieces] of late) {
    const job = await store.rows(JOBS).find(plan.workloadId, jobId);
    if (job) yield { job, pieces, before: lateBefore.get(jobId) ?? [], move: lateMoves.get(jobId)?.[0] ?? null };
  }
}
