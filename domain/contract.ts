/** What a market-based account needs: contracts and certificates by region, and the residual mix for the rest (GHG Protocol Scope 2). */
import { z } from 'zod';
import { Decimal } from './decimal.js';
import { defineCollection } from './store.js';

const Moment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
  .describe('UTC instant');

const valid = {
  region: z.string().min(1),
  from: Moment.describe('valid from'),
  to: Moment.describe('valid until, exclusive'),
  intensityGPerKwh: Decimal.describe('g/kWh, decimal text'),
};

export const Contracts = z.strictObject({
  contracts: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        instrument: z.enum(['power-purchase', 'certificate', 'supplier']),
        ...valid,
        coverageRatio: Decimal.describe('share of the use in this region that it covers, 0 to 1'),
      }),
    )
    .max(1000),
  residualMix: z.array(z.strictObject({ source: z.string(), ...valid })).max(1000),
});
export type Contracts = z.infer<typeof Contracts>;

/** The imported file, under the id `current`. */
export const CONTRACTS = defineCollection('contracts', Contracts);
