/** Flexibility that could be sold: power that can be put off, when, and for how long. */
import { z } from 'zod';
import { defineCollection } from './store.js';
import { Instant } from './time.js';

export const FlexibilitySlot = z.strictObject({
  start: Instant,
  firmKw: z.number().describe('facility kW that can surely be deferred'),
  bestEffortKw: z.number().describe('facility kW that can be deferred when everything goes well; never below firmKw'),
  maxDurationMinutes: z.number().describe('how long the firm part can stay away'),
});
export type FlexibilitySlot = z.infer<typeof FlexibilitySlot>;

export const FlexibilityOffer = z.strictObject({
  id: z.string(),
  region: z.string(),
  clusterId: z.string().nullable(),
  start: Instant,
  end: Instant,
  kw: z.number().positive(),
  energyKwh: z.number().positive(),
});
export type FlexibilityOffer = z.infer<typeof FlexibilityOffer>;

/** An offer with what it rests on: the plan that keeps it, what it costs us and what the site draws without it. */
export const PlannedOffer = FlexibilityOffer.extend({
  bestEffortKw: z.number().describe('when work may also be late past its due time, though not past its deadline'),
  opportunityCost: z.number().describe('money that putting the work off costs, its carbon priced'),
  avoidedKg: z.number().describe('CO2e; below 0 where the work is then done in a dirtier hour'),
  intensityGPerKwh: z.number().nullable().describe('mean over the offer'),
  rampMinutes: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe('from the baseline down to the offered power; 0 where what is put off has not begun; null: not known'),
  recoveredBy: Instant.nullable()
    .default(null)
    .describe('when the last of what is put off would have been done; null: not known'),
  slots: z.array(
    z.strictObject({
      start: Instant,
      end: Instant,
      baselineKw: z.number().describe('mean facility kW of the site as planned, with the announced work of others'),
      peakKw: z
        .number()
        .nullable()
        .default(null)
        .describe('the most that it draws at any moment of the slot; null in plans that did not tell it apart'),
      kw: z.number().describe('mean kW that can stay away'),
    }),
  ),
});
export type PlannedOffer = z.infer<typeof PlannedOffer>;

/** What a plan offers, by plan id. */
export const PLAN_OFFERS = defineCollection('plan-offers', z.array(PlannedOffer));

/** A deferral that somebody has bought: in this interval the site may not draw more than this. Plans keep it as a hard limit. */
export const SoldFlexibility = z.strictObject({
  id: z.string(),
  region: z.string(),
  clusterId: z.string().nullable(),
  start: Instant,
  end: Instant,
  maxKw: z.number().min(0).describe('facility kW, every moment of the interval'),
});
export type SoldFlexibility = z.infer<typeof SoldFlexibility>;

/** By order id; removed when the order is cancelled. */
export const SOLD_FLEXIBILITY = defineCollection('sold-flexibility', SoldFlexibility);
