/** The tool that gives a plan's jobs as a table: what each does without the plan and under it, packed for whoever adds up many. */
import { z } from 'zod';
import { invalid, notFound } from '../../domain/fault.js';
import { JOBS } from '../../domain/job.js';
import { BASELINE, PLACEMENTS, PLANS, type Placement, type Plan } from '../../domain/plan.js';
import { JOBS_IN_A_PART, PLAN_TABLES, PlanTablePart, PlanTabler } from '../../domain/plan-table.js';
import type { RowsOf, Store } from '../../domain/store.js';
import { defineTool } from '../tool.js';

export const tabulatePlan = defineTool({
  name: 'tabulate_plan',
  title: 'Tabulate a plan',
  description:
    'The jobs of a plan with their team, kind, category, times and pieces, without the plan and under it, as packed columns: for programs that add up many jobs.',
  toolset: 'plan',
  effect: 'reads',
  input: z.strictObject({
    planId: z.string().min(1).describe('id of the plan'),
    cursor: z.string().optional().describe('the next cursor of the answer before'),
  }),
  output: z.strictObject({
    part: PlanTablePart.nullable().describe('null: the plan has no jobs'),
    next: z.string().nullable().describe('cursor for the next part; null at the end'),
  }),
  run: async ({ planId, cursor }, { store }) => {
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
      throw invalid('the cursor is not one of ours', 'Use the member next of the answer before.');
    const plan = (await store.collection(PLANS).get(planId))?.value;
    if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists runs with their plans.');
    const { items, next } = await store.rows(PLAN_TABLES).page(planId, { after: cursor, limit: 1 });
    if (items[0] || cursor?.startsWith('0') === false) return { part: items[0] ?? null, next };
    // Plans of earlier versions have no table: it is made of their rows.
    const parts = await partsOf(store, plan);
    const at = cursor === undefined ? 0 : Number(cursor);
    return { part: parts[at] ?? null, next: at + 1 < parts.length ? `0${at + 1}` : null };
  },
  tell: ({ part }) => `${part?.ids.length ?? 0} jobs in this part.`,
});

/** Tables of plans that were written without one, by plan and digest. */
const madeBefore = new WeakMap<Store, Map<string, Promise<PlanTablePart[]>>>();
const MOST_KEPT = 4;

const partsOf = (store: Store, plan: Plan): Promise<PlanTablePart[]> => {
  const known = madeBefore.get(store) ?? new Map<string, Promise<PlanTablePart[]>>();
  madeBefore.set(store, known);
  const key = `${plan.id} ${plan.digest}`;
  const before = known.get(key);
  if (before) return before;
  const parts = partsOfRows(store, plan);
  known.set(key, parts);
  // A failed reading is not kept.
  parts.catch(() => known.delete(key));
  if (known.size > MOST_KEPT) known.delete([...known.keys()][0]!);
  return parts;
};

const byJob = async (store: Store, of: RowsOf<Placement>, planId: string): Promise<Map<string, Placement[]>> => {
  const found = new Map<string, Placement[]>();
  for await (const page of store.rows(of).pages(planId))
    for (const piece of page) found.set(piece.jobId, [...(found.get(piece.jobId) ?? []), piece]);
  return found;
};

const partsOfRows = async (store: Store, plan: Plan): Promise<PlanTablePart[]> => {
  const [planned, baseline] = [await byJob(store, PLACEMENTS, plan.id), await byJob(store, BASELINE, plan.id)];
  const tabler = new PlanTabler();
  const parts: PlanTablePart[] = [];
  for await (const page of store.rows(JOBS).pages(plan.workloadId))
    for (const job of page) {
      const run = planned.get(job.id) ?? [];
      tabler.job(job, run, baseline.get(job.id) ?? run);
      if (tabler.size >= JOBS_IN_A_PART) parts.push(tabler.part());
    }
  if (tabler.size > 0) parts.push(tabler.part());
  return parts;
};
