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
import { InJobOrder } from '../../domain/schedule.js';
import type { Store } from '../../domain/store.js';

export interface PlannedJob {
  readonly job: Job;
  readonly pieces: readonly Placement[];
  readonly before: readonly Placement[];
  readonly move: Recommendation | null;
}

/** Every job that the plan places, in the order of the jobs and in bounded memory. */
export async function* plannedJobs(store: Store, plan: Plan): AsyncIterable<PlannedJob> {
  const placements = new InJobOrder(store.rows(PLACEMENTS).pages(plan.id));
  const baseline = new InJobOrder(store.rows(BASELINE).pages(plan.id));
  const moves = new InJobOrder(store.rows(RECOMMENDATIONS).pages(plan.id));
  for await (const page of store.rows(JOBS).pages(plan.workloadId))
    for (const job of page) {
      const pieces = await placements.take(job.id);
      const before = await baseline.take(job.id);
      const [move] = await moves.take(job.id);
      if (pieces.length > 0) yield { job, pieces, before, move: move ?? null };
    }
  for (const rows of [placements, baseline, moves]) await rows.end();
}
