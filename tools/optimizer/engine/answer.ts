/** What comes back besides the schedule: the certificate that proves the bound, and the conflict when nothing fits. */
import { z } from 'zod';

const PriceRow = z.tuple([z.number().int(), z.number().int(), z.number()]);

/** Prices of `caco-opt-1`: [region, slot, money per unit], [capId, money per kg]. Any reader can recompute the bound from them. */
export const Certificate = z.strictObject({
  power: z.array(PriceRow),
  vcpu: z.array(PriceRow),
  gpu: z.array(PriceRow),
  carbon: z.array(z.tuple([z.string(), z.number()])),
  peak: z.array(PriceRow),
});
export type Certificate = z.infer<typeof Certificate>;

export const LimitKind = z.enum(['power', 'event', 'vcpu', 'gpu', 'carbon', 'data', 'window']);
export type LimitKind = z.infer<typeof LimitKind>;

export const ConflictRow = z.strictObject({
  limit: LimitKind.describe('event: a power cap set by an event; data: no signal; window: no time left'),
  name: z.string().nullable().describe('id of the event or carbon cap'),
  region: z.string().nullable(),
  slots: z.array(z.number().int()).describe('slot numbers from the start of the horizon'),
  needed: z.number(),
  available: z.number(),
  unit: z.string(),
});
export type ConflictRow = z.infer<typeof ConflictRow>;

export const Relaxation = z.strictObject({
  limit: LimitKind,
  name: z.string().nullable(),
  region: z.string().nullable(),
  amount: z.number().describe('how much more of the limit is needed'),
  unit: z.string(),
  sufficient: z.boolean().describe('a plan was found with it; otherwise less than this is proven not to do'),
});
export type Relaxation = z.infer<typeof Relaxation>;

/** Jobs and limits that cannot be had together. */
export const Conflict = z.strictObject({
  jobs: z.array(z.string()).describe('every one of them is needed for the conflict'),
  rows: z.array(ConflictRow),
  smallestRelaxation: Relaxation.nullable(),
  sentence: z.string(),
});
export type Conflict = z.infer<typeof Conflict>;
