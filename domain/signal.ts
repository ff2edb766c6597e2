/** What the grid says. Kinds never mix: an average signal is not ranked against a marginal one, nor operational against life-cycle. */
import { z } from 'zod';
import { instantAt, Series } from './series.js';
import { Instant, type Interval } from './time.js';
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
  knownUntil: Instant.nullable()
    .optional()
    .describe('nothing is known of the hours from here on; null: of no hour; left out where the source does not say'),
  live: z.boolean().optional().describe('it comes from a source that knows the present'),
  notes: z
    .array(z.string())
    .optional()
    .describe(
      'what a reader must know beside the values, a sentence each: who stands in for whom, how old, what is short',
    ),
};

/** g/kWh. */
export const CarbonSignal = z.strictObject({ ...provenance, kind: CarbonKind });
export type CarbonSignal = z.infer<typeof CarbonSignal>;

/** Money per MWh. */
export const PriceSignal = z.strictObject({ ...provenance, currency: Currency });
export type PriceSignal = z.infer<typeof PriceSignal>;

/** The end of the last step of a series that has a value; null where none has. */
export const lastKnown = (series: Series): Instant | null => {
  for (let i = series.values.length - 1; i >= 0; i--) if (series.values[i] !== null) return instantAt(series, i + 1);
  return null;
};

/** Until when something is known of a signal's region; null: of no hour that was asked for. */
export const knownUntil = (signal: Pick<CarbonSignal, 'series' | 'knownUntil'>): Instant | null =>
  signal.knownUntil === undefined ? lastKnown(signal.series) : signal.knownUntil;

/**
 * Why nothing is known of an interval, for people: a gap, or a question beyond what is known. The second is a matter of data and
 * of what now is, never of places.
 */
export const whyUnknown = (
  region: string,
  until: Instant | null,
  { end }: Pick<Interval, 'end'>,
  now: Instant,
): string => {
  if (until === null) return `nothing is known of ${region}, and now is ${now}`;
  if (end <= until) return `${region} has a gap there, and now is ${now}`;
  return until <= now
    ? `what is known of ${region} ends at ${until}, and now is ${now}`
    : `now is ${now}, and nothing is known of ${region} from ${until} on`;
};

/** What to do about it. */
export const WITHIN_DATA =
  'Ask for hours before that, give the moment that is meant with --now (CACO_NOW), or set CACO_GRID to a source that knows those hours, such as live.';
