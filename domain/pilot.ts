/** What weeks of watching came to: what plans would have saved had they been carried out, and whom it would have touched how. */
import { z } from 'zod';
import { Estimate } from './estimate.js';
import { Difference } from './evidence/verification.js';
import { Instant } from './time.js';

const Saved = z.strictObject({
  emissionsKg: Estimate.describe('kg CO2e by what the grid really was'),
  cost: z.number().nullable().describe('money; null: the price of none of it is known'),
  jobs: z.number().int(),
});

/** How much later a job would have started, over the jobs that would have been moved. Hours. */
export const Delay = z.strictObject({
  medianHours: z.number(),
  p90Hours: z.number().describe('nine of ten would have started no later than this after their own start'),
  mostHours: z.number(),
  pastDue: z.number().int().describe('jobs that would have ended after their due time, and did not by themselves'),
});
export type Delay = z.infer<typeof Delay>;

export const PilotTeam = z.strictObject({
  team: z.string(),
  ...Saved.shape,
  energyKwh: z.number(),
  delay: Delay,
});

export const PilotReport = z.strictObject({
  since: Instant,
  until: Instant,
  now: Instant,
  world: z.string(),
  currency: z.string(),
  plans: z.strictObject({
    over: z.number().int().describe('plans that would have been carried out and are over: what is reported on'),
    open: z.number().int().describe('the same, of work that is not over yet'),
    refused: z.number().int().describe('plans that rules or people refused'),
    waiting: z.number().int().describe('plans that wait for a person'),
    frozen: z.number().int().describe('of those over: the ledger holds what was promised, from before the plan'),
  }),
  jobs: z.strictObject({
    seen: z.number().int(),
    urgent: z.number().int().describe('never moved'),
    moved: z.number().int().describe('would have been moved'),
    counted: z.number().int().describe('of those: reckoned here'),
    baselineKg: z.number().describe('what all jobs seen were forecast to emit by themselves'),
  }),
  saved: Saved.describe('of the jobs that would have been moved'),
  isShown: z
    .boolean()
    .describe('the whole interval is above zero, and every promise was in the ledger before its plan'),
  expectedKg: z.number().describe('what the plans expected of the same jobs'),
  difference: z.array(Difference).describe('expected + Σ difference = saved'),
  weeks: z.array(z.strictObject({ week: z.string().describe('Monday of the week'), ...Saved.shape })),
  teams: z.array(PilotTeam).describe('at most 50, the largest saving first'),
  delay: Delay.nullable().describe('null: no job would have been moved'),
  withLeave: Saved.nullable().describe(
    'of jobs that a scheduler would have left for want of their owner’s leave: what more it would have been with it; null: there are none',
  ),
  left: z.array(z.strictObject({ why: z.string(), jobs: z.number().int() })).describe('would have been left alone'),
  uncounted: z.array(z.strictObject({ why: z.string(), jobs: z.number().int() })).describe('not reckoned'),
  basis: z.strictObject({
    asRan: z.number().int().describe('jobs reckoned from accounts of how they really ran'),
    asAsked: z.number().int().describe('jobs reckoned as they were asked for, with modelled energy'),
  }),
  touched: z.strictObject({
    deeds: z.number().int().describe('deeds of placing or filing that were begun for any of these plans'),
    orders: z.number().int().describe('orders that a fleet has of any of these plans'),
    changes: z.number().int().describe('changes to jobs of a scheduler under any of these plans'),
    otherOrders: z.number().int().describe('orders of other plans in the same time: those were no pilot'),
  }),
  notes: z.array(z.string()),
});
export type PilotReport = z.infer<typeof PilotReport>;
