/** What the grid says. Kinds never mix: an average signal is not ranked against a marginal one, nor operational against life-cycle. */
import { z } from 'zod';
import { Series } from './series.js';
import { Instant } from './time.js';
import { Currency } from './units.js';

export const SignalStatus = z.enum(['actual', 'estimate', 'forecast']);
export type SignalStatus = z.infer<typeof SignalStatus>;

export const CarbonKind = z.strictObject({
  accounting: z.enum(['average', 'marginal']),
  scope: z.enum(['operational', 'lifecycle']),
});
export type CarbonKind = z.infer<typeof CarbonKind>;

const provenance = {
  region: z.string(),
  source: z.string().describe('who says so, with attribution'),
  status: SignalStatus,
  issuedAt: Instant.describe('when this was known'),
  series: Series,
  low: z.array(z.number().nullable()).optional().describe('lower bound per step'),
  high: z.array(z.number().nullable()).optional().describe('upper bound per step'),
};

/** g/kWh. */
export const CarbonSignal = z.strictObject({ ...provenance, kind: CarbonKind });
export type CarbonSignal = z.infer<typeof CarbonSignal>;

/** Money per MWh. */
export const PriceSignal = z.strictObject({ ...provenance, currency: Currency });
export type PriceSignal = z.infer<typeof PriceSignal>;
