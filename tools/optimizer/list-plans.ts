/** The tools that show what was planned: plans as they were written, and what the rows of one add up to. */
import { z } from 'zod';
import { notFound } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import { JOBS } from '../../domain/job.js';
import { Listing, listing, Next } from '../../domain/listing.js';
import { PLACEMENTS, PLANS, Plan, RECOMMENDATIONS } from '../../domain/plan.js';
import { PLAN_SUMS, PlanSummer, PlanSums, type Taken } from '../../domain/plan-sums.js';
import { basisText, lateText, promiseText } from '../../domain/plan-text.js';
import type { Store } from '../../domain/store.js';
import { defineTool } from '../tool.js';

export const listPlans = defineTool({
  name: 'list_plans',
  title: 'List plans',
  description:
    'Plans as they were written, newest first: window, totals with and without the plan, savings, proof, signals.',
  toolset: 'plan',
  effect: 'reads',
  input: z.strictObject(Listing),
  output: z.strictObject({ plans: z.array(Plan), next: Next }),
  run: async (input, { store }) => {
    const { found, next } = await listing(store, PLANS, input);
    return { plans: found, next };
  },
  tell: ({ plans }) =>
    plans.length === 0
      ? 'Nothing has been planned.'
      : plans
          .map(
            (p) =>
              `${p.id}: ${p.jobs.moved} of ${counted(p.jobs.total, 'job')} ${p.jobs.moved === 1 ? 'moves' : 'move'}, which ${promiseText(p)} ${basisText(p)}${lateText(p)}`,
          )
          .join('\n'),
});

export const sumPlan = defineTool({
  name: 'sum_plan',
  title: 'Sum up a plan',
  description:
    'What the jobs of a plan add up to: jobs, energy, emissions and planned saving by team, starts by hour, the largest jobs and the largest moves.',
  toolset: 'plan',
  effect: 'reads',
  input: z.strictObject({ planId: z.string().min(1).describe('id of the plan') }),
  output: PlanSums,
  run: async ({ planId }, { store }) => {
    const plan = (await store.collection(PLANS).get(planId))?.value;
    if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists runs with their plans.');
    const kept = (await store.collection(PLAN_SUMS).get(planId))?.value;
    return kept?.digest === plan.digest ? kept : summed(store, plan);
  },
  tell: ({ teams, moves }) => `${teams.length} teams; the largest move is ${moves[0]?.jobId ?? 'none'}.`,
});

/** Sums of plans that were written without them, by plan and digest. */
const summedBefore = new WeakMap<Store, Map<string, Promise<PlanSums>>>();
const MOST_KEPT = 8;

const summed = (store: Store, plan: Plan): Promise<PlanSums> => {
  const known = summedBefore.get(store) ?? new Map<string, Promise<PlanSums>>();
  summedBefore.set(store, known);
  const key = `${plan.id} ${plan.digest}`;
  const before = known.get(key);
  if (before) return before;
  const sums = sumOfRows(store, plan);
  known.set(key, sums);
  // A failed reading is not kept.
  sums.catch(() => known.delete(key));
  if (known.size > MOST_KEPT) known.delete([...known.keys()][0]!);
  return sums;
};

const sumOfRows = async (store: Store, plan: Plan): Promise<PlanSums> => {
  const summer = new PlanSummer();
  const taken = new Map<string, Taken>();
  for await (const page of store.rows(PLACEMENTS).pages(plan.id))
    for (const piece of page) {
      const job = taken.get(piece.jobId);
      summer.piece(piece, job === undefined);
      if (job) {
        job.energyKwh += piece.energyKwh;
        job.emissionsKg += piece.emissionsKg;
      } else taken.set(piece.jobId, { energyKwh: piece.energyKwh, emissionsKg: piece.emissionsKg, start: piece.start });
    }
  for await (const page of store.rows(JOBS).pages(plan.workloadId))
    for (const job of page) summer.job(job, taken.get(job.id));
  for await (const page of store.rows(RECOMMENDATIONS).pages(plan.id)) for (const move of page) summer.move(move);
  return summer.sums(plan.digest);
};
