/** Where and when work runs, what that costs, and how good it is known to be. */
import { z } from 'zod';
import { Estimate } from './estimate.js';
import { defineCollection, defineRows } from './store.js';
import { Instant, Interval } from './time.js';
import { Currency, Kg, Kwh, Money } from './units.js';

export const Cost = z.strictObject({
  total: Money,
  energy: Money,
  instance: Money,
  egress: Money,
  tardiness: Money,
  currency: Currency,
});
export type Cost = z.infer<typeof Cost>;

/** One contiguous piece of one job's run. */
export const Placement = z.strictObject({
  jobId: z.string(),
  region: z.string(),
  start: Instant,
  end: Instant,
  energyKwh: Kwh,
  emissionsKg: Kg,
  energyCost: Money,
  instanceCost: Money,
  egressCost: Money,
});
export type Placement = z.infer<typeof Placement>;

export const Recommendation = z.strictObject({
  jobId: z.string(),
  team: z.string(),
  fromRegion: z.string(),
  toRegion: z.string(),
  fromStart: Instant,
  toStart: Instant,
  toEnd: Instant,
  savedKg: z.number(),
  savedCost: z.number(),
  reason: z.string(),
});
export type Recommendation = z.infer<typeof Recommendation>;

/** Totals of one schedule. */
export const Totals = z.strictObject({
  cost: Cost,
  emissionsKg: Estimate,
  energyKwh: Kwh,
  peakKw: z.number(),
  lateJobs: z.number().int(),
});
export type Totals = z.infer<typeof Totals>;

export const BindingLimit = z.strictObject({
  limit: z.string().describe('which limit, in words'),
  slots: z.number().int().describe('in how many slots it binds'),
  shadowPrice: z.number().nullable().describe('money saved per unit more of it, null when not known'),
  unit: z.string(),
});

export const Plan = z.strictObject({
  id: z.string(),
  digest: z.string().describe('SHA-256 of what would be done; an approval binds to it'),
  jobsDigest: z
    .string()
    .optional()
    .describe('SHA-256 over the jobs that have a place in it, as they were told when it was made'),
  workloadId: z.string(),
  window: Interval,
  finishesAt: Instant.describe('when the last planned piece ends'),
  region: z.string().nullable(),
  clusterId: z.string().nullable(),
  madeAt: Instant,
  carbonPricePerTonne: z.number(),
  jobs: z.strictObject({
    total: z.number(),
    movable: z.number(),
    moved: z.number(),
    urgent: z.number(),
    unplaced: z.number(),
  }),
  baseline: Totals,
  planned: Totals,
  savings: z.strictObject({ cost: z.number(), emissionsKg: Estimate }),
  objective: z.number(),
  lowerBound: z.number().nullable(),
  gap: z.number().nullable().describe('(objective − lowerBound) / objective; null when no bound is known'),
  savingsGap: z.number().nullable(),
  bindingLimits: z.array(BindingLimit),
  engine: z.string(),
  stoppedBy: z.string(),
  policySetId: z.string().nullable(),
  beside: z
    .array(z.string())
    .optional()
    .describe('plans that had been handed to the fleet when this one was made, and that it leaves room for'),
  replaces: z
    .string()
    .optional()
    .describe('the plan that this one plans again in place: jobs that it holds may move to this one'),
  signals: z.array(
    z.strictObject({ region: z.string(), kind: z.string(), source: z.string(), status: z.string(), issuedAt: Instant }),
  ),
  unseen: z.array(z.string()).describe('what the plan could not see: gaps, regions without data'),
  terms: z
    .array(z.string())
    .optional()
    .describe(
      'what whoever asked for it set otherwise than the world says: limits set anew, hindsight; a person is asked',
    ),
  unpriced: z
    .array(z.string())
    .optional()
    .describe('regions whose energy price is not known at all: no cost figure holds their electricity'),
});
export type Plan = z.infer<typeof Plan>;

export const PLANS = defineCollection('plans', Plan);

/** What the fleet knows a plan's order by. It binds to what the plan says: another content is another order. */
export const orderKeyOf = ({ id, digest }: Pick<Plan, 'id' | 'digest'>): string => `${id}:${digest.slice(0, 16)}`;

/** Rows by plan id, named `<jobId>#<piece>`. */
export const PLACEMENTS = defineRows('placements', Placement);
/** What would have happened without the plan; rows by plan id. */
export const BASELINE = defineRows('baseline', Placement);
/** Rows by plan id, named by job id. */
export const RECOMMENDATIONS = defineRows('recommendations', Recommendation);

/** A plan that was handed to the fleet, by plan id: its work is announced, and stays where it is until it is planned again in place. */
export const Order = z.strictObject({
  planId: z.string(),
  workloadId: z.string(),
  key: z.string().describe('what the fleet knows the order by'),
  world: z.string().describe('scenario and seed of the world that it was placed in'),
  jobs: z.array(z.string()).nullable().describe('jobs that run as planned, the others as without the plan; null: all'),
  decisionId: z.string().optional().describe('the leave that it was handed over by'),
  leftOut: z.number().int().optional().describe('jobs of the plan that another plan held already'),
  span: Interval.describe('from the start of the plan’s window to the end of its last piece'),
  moved: z.number().int().optional().describe('jobs that the plan moves'),
});
export type Order = z.infer<typeof Order>;

/** In the order of placing: of a job that was ordered twice, the newest counts. */
export const ORDERS = defineCollection('orders', Order, ({ span }) => span.end);

/** Two scenarios or seeds are two worlds: what is ordered in one takes no room in the other. */
export const worldName = ({ setting }: { setting: { name: string; seed: number } }): string =>
  `${setting.name}/${setting.seed}`;
