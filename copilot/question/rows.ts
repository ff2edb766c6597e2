/** The rows that queries run over, read by the tools that keep them. A plan never changes under its digest, so its rows are kept for the next question. */
import type { Verification, VerifiedJob } from '../../domain/evidence/verification.js';
import type { Plan } from '../../domain/plan.js';
import { jobsOfPart, type TableJob } from '../../domain/plan-table.js';
import type { Store } from '../../domain/store.js';
import { type Desk, read } from '../desk.js';

/** Of larger plans nothing is kept: they are read anew. */
const MOST_JOBS_KEPT = 100_000;
const MOST_PLANS_KEPT = 2;
const kept = new WeakMap<Store, Map<string, Promise<readonly TableJob[]>>>();

export const rowsOfPlan = (desk: Desk, plan: Plan): Promise<readonly TableJob[]> => {
  const known = kept.get(desk.world.store) ?? new Map<string, Promise<readonly TableJob[]>>();
  kept.set(desk.world.store, known);
  const key = `${plan.id} ${plan.digest}`;
  const before = known.get(key);
  if (before) return before;
  const rows = everyPart(desk, plan.id);
  if (plan.jobs.total > MOST_JOBS_KEPT) return rows;
  known.set(key, rows);
  // A failed reading is not kept.
  rows.catch(() => known.delete(key));
  if (known.size > MOST_PLANS_KEPT) known.delete([...known.keys()][0]!);
  return rows;
};

const everyPart = async (desk: Desk, planId: string): Promise<readonly TableJob[]> => {
  const jobs: TableJob[] = [];
  for (let cursor: string | undefined; ; ) {
    const { part, next } = await read(desk, 'tabulate_plan', { planId, ...(cursor === undefined ? {} : { cursor }) });
    if (part) for (const job of jobsOfPart(part)) jobs.push(job);
    if (next === null) return jobs;
    cursor = next;
  }
};

/** The verified jobs of records, each with its record; of some jobs only where they are named. */
export const verifiedJobsOf = async (
  desk: Desk,
  records: readonly Verification[],
  jobIds?: readonly string[],
): Promise<{ record: Verification; job: VerifiedJob }[]> => {
  const found: { record: Verification; job: VerifiedJob }[] = [];
  for (const record of records)
    for (let cursor: string | undefined; ; ) {
      const page = await read(desk, 'list_verified_jobs', {
        id: record.id,
        limit: 5000,
        ...(jobIds === undefined ? {} : { jobIds: [...jobIds].slice(0, 200) }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const job of page.jobs) found.push({ record, job });
      if (page.next === null) break;
      cursor = page.next;
    }
  return found;
};
