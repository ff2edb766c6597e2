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
