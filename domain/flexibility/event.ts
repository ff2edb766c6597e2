/**
 * A request to draw another power for a while, and what became of it: who asks, what for, until when; what was promised; and the six
 * moments between the signal and the meter. Powers are kW at the facility meter of one site, where a grid measures and pays.
 */
import { z } from 'zod';
import { shortId } from '../digest.js';
import { defineCollection } from '../store.js';
import { Instant } from '../time.js';
import { Currency } from '../units.js';
import { KeptFigures } from './kept.js';

/** What the site is asked for. A ceiling needs no baseline; the others say what the site would have drawn, or leave it to the plan. */
export const Target = z.discriminatedUnion('as', [
  z.strictObject({ as: z.literal('limit'), kw: z.number().min(0).describe('facility kW that may be drawn at most') }),
  z.strictObject({
    as: z.literal('reduction'),
    kw: z.number().positive().describe('facility kW less than the baseline'),
  }),
  z.strictObject({
    as: z.literal('share'),
    ratio: z.number().positive().max(1).describe('part of the baseline that stays away'),
  }),
  z.strictObject({
    as: z.literal('increase'),
    kw: z.number().positive().describe('facility kW more than the baseline'),
  }),
]);
export type Target = z.infer<typeof Target>;

/** Turn-down asks for less power, turn-up for more: energies of an event are positive in the direction that was asked for. */
export const directionOf = (target: Target): 'turn-down' | 'turn-up' =>
  target.as === 'increase' ? 'turn-up' : 'turn-down';

const Rate = z.strictObject({ perMwh: z.number().describe('money per MWh'), currency: Currency });

/** As a source sends it. `source` and `ref` name it: whatever comes under the same two again is the same event. */
export const EventAsked = z.strictObject({
  source: z.string().min(1).max(100).describe('who asks: a network, a market, a person, a schedule'),
  ref: z.string().min(1).max(200).describe('what the source calls it; the same name again is the same event'),
  product: z.string().min(1).max(100).describe('under which product or contract it is asked for, such as dfs'),
  site: z.string().min(1).max(200).describe('site or region'),
  start: Instant.describe('from when the target holds'),
  end: Instant.nullable().describe('until when, exclusive; null: until it is cancelled or replaced'),
  target: Target,
  noticeMinutes: z
    .number()
    .min(0)
    .max(10_080)
    .default(0)
    .describe('notice that the product promises: an event that comes later than that may be declined'),
  bestEffort: z.boolean().default(false).describe('what can be given of it is welcome where the whole cannot'),
  price: Rate.nullable().default(null).describe('what is paid for what is delivered; null: not known'),
  penalty: Rate.nullable().default(null).describe('what is charged for what is missing; null: not known'),
});
export type EventAsked = z.infer<typeof EventAsked>;

/**
 * The moments of an answer, each on the clock that saw it; null: not yet, or nobody could tell. No two of them are one “response time”:
 * whoever quotes one says from which to which.
 */
export const Stamps = z.strictObject({
  received: Instant.describe('the signal was there'),
  decided: Instant.nullable().describe('it was confirmed or declined'),
  issued: Instant.nullable().describe('the last command of the way down was sent'),
  acknowledged: Instant.nullable().describe('the last of them was acknowledged'),
  itBelow: Instant.nullable().describe('the IT meter first read at or below the target'),
  facilityBelow: Instant.nullable().describe(
    'from here on the facility meter read at or below the target until the end',
  ),
});
export type Stamps = z.infer<typeof Stamps>;
export const STAMPS = ['received', 'decided', 'issued', 'acknowledged', 'itBelow', 'facilityBelow'] as const;

/**
 * `received`: nothing is decided yet. `confirmed`: promised, and kept. `declined`: never promised. `cancelled`: taken back by its source.
 * `replaced`: a newer target of the same source took its place. `over`: its end has come.
 */
export const EventStatus = z.enum(['received', 'confirmed', 'declined', 'cancelled', 'replaced', 'over']);
export type EventStatus = z.infer<typeof EventStatus>;

/** What was promised: it stands whatever is planned later. */
export const Commitment = z.strictObject({
  region: z.string(),
  start: Instant,
  end: Instant.describe('an open end is promised until the end of what is planned'),
  baselineKw: z.number().nullable().describe('mean power over the event without it; null: a limit needs none'),
  targetKw: z.number().describe('facility kW at every moment: the strictest of its slots'),
  slots: z.array(
    z.strictObject({
      start: Instant,
      end: Instant,
      baselineKw: z
        .number()
        .nullable()
        .describe('mean facility kW as planned without the event; null: a limit needs none'),
      targetKw: z.number().describe('facility kW at every moment of the slot: at most for a turn-down'),
    }),
  ),
  planId: z
    .string()
    .describe('the plan that keeps it; of an event without a run yet, the plan in force that it is planned from'),
  decisionId: z.string().nullable().describe('the leave that the plan was handed over by; null: nothing had to move'),
  can: z
    .array(z.string())
    .optional()
    .describe(
      'what the fleet can do to running work within seconds; empty: the plan alone keeps it; absent: not asked',
    ),
  short: z.string().optional().describe('how much less than asked for it is, and why'),
});
export type Commitment = z.infer<typeof Commitment>;

export const FlexibilityEvent = z.strictObject({
  id: z.string(),
  asked: EventAsked,
  status: EventStatus,
  reason: z.string().nullable().describe('why it stands so; of a confirmed one what is short of what was asked'),
  runId: z.string().nullable().describe('the run that judges and carries out the plan for it; null: none was needed'),
  commitment: Commitment.nullable(),
  orderId: z
    .string()
    .optional()
    .describe('the market order that it was sold by, which holds its limits and its energy itself'),
  stamps: Stamps,
  unknown: z
    .partialRecord(z.enum(STAMPS), z.string())
    .optional()
    .describe('why a moment is not known, once the event is over'),
  kept: KeptFigures.optional().describe(
    'how it was kept, by what was measured; absent: it is not over, or nobody read',
  ),
});
export type FlexibilityEvent = z.infer<typeof FlexibilityEvent>;

/** The name that an event has here: by source and the source's own name, so that a second arrival is the first. */
export const eventIdOf = ({ source, ref }: Pick<EventAsked, 'source' | 'ref'>): string => shortId('E', { source, ref });

/** How it stands at a moment: what was confirmed is over with its end. */
export const statusAt = ({ status, commitment }: FlexibilityEvent, now: Instant): EventStatus =>
  status === 'confirmed' && commitment !== null && commitment.end <= now ? 'over' : status;

/** By id, see `eventIdOf`. */
export const EVENTS = defineCollection('flexibility-events', FlexibilityEvent);

/** Facility kW that the target comes to; null where it needs a baseline that is not known. Never below 0. */
export const targetKwOf = (target: Target, baselineKw: number | null): number | null => {
  if (target.as === 'limit') return target.kw;
  if (baselineKw === null) return null;
  if (target.as === 'share') return baselineKw * (1 - target.ratio);
  return target.as === 'increase' ? baselineKw + target.kw : Math.max(0, baselineKw - target.kw);
};
