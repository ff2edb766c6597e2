/** Flexibility that could be sold: power that can be put off, when, and for how long. */
import { z } from 'zod';
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
