/** What a world is, whoever says so: a scenario that ships, a file, or the configuration of a place that really exists. */
import { z } from 'zod';
import { Thresholds } from './decision.js';
import { Site } from './site.js';
import { Instant } from './time.js';
import { Currency } from './units.js';

export const Setting = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, 'must be lower-case letters, digits and dashes'),
  title: z.string().min(1),
  currency: Currency.describe('of every amount; each site counts in it'),
  start: Instant.nullable().describe('the instant at which this world starts; null: it lives in the present'),
  seed: z.number().int().min(0),
  dataNote: z.string().min(1).describe('what is real and what is simulated, for people'),
  sites: z.array(Site).describe('its own sites; imported ones of the same id stand in for them'),
  thresholds: Thresholds,
});
export type Setting = z.output<typeof Setting>;
