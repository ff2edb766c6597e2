/** What a meter is, what is kept of it, and how its spans answer for an interval of time. */
import { z } from 'zod';
import { invalid, notFound } from './fault.js';
import { defineCollection, defineRows } from './store.js';
import { Instant, Interval, toEpoch } from './time.js';

/**
 * What a meter's energy covers, the widest first. A narrower one never stands for a wider one: processor counters see half to
 * two thirds of what a loaded server draws.
 */
export const BOUNDARIES = ['facility', 'it', 'server', 'components', 'gpu', 'process'] as const;
export const Boundary = z
  .enum(BOUNDARIES)
  .describe(
    'what its energy covers: facility (building, with cooling and losses), it (behind a PDU or UPS), server (one machine at its power supplies), components (processor packages and memory), gpu (boards), process (a share that an exporter worked out)',
  );
export type Boundary = z.infer<typeof Boundary>;

/** Whose energy it is. */
export const Subject = z.strictObject({
  kind: z.enum(['site', 'job', 'host', 'process', 'none']),
  id: z.string().max(300).describe('id of the site or job, name of the host or process; empty for none'),
});
export type Subject = z.infer<typeof Subject>;

export const MeterCard = z.strictObject({
  id: z.string().min(1).max(200),
  name: z.string().max(300),
  boundary: Boundary,
  subject: Subject,
  source: z.string().describe('file or adapter that its readings come from'),
  basis: z
    .enum(['counter', 'interval', 'average', 'power'])
    .describe(
      'counter: steps of a register; interval: energy of each interval; average: mean power of each interval; power: power at moments, integrated',
    ),
  covers: Interval.nullable().describe('from the first kept span to the end of the last; null: nothing is kept'),
});
export type MeterCard = z.infer<typeof MeterCard>;

/** Energy of a stretch of time. Spans of one meter do not overlap. */
export const MeterSpan = z.strictObject({
  start: Instant,
  end: Instant,
  energyKwh: z.number().min(0).nullable().describe('null: not known'),
  why: z.string().nullable().describe('why it is not known; null where it is'),
});
export type MeterSpan = z.infer<typeof MeterSpan>;

export const METERS = defineCollection('meters', MeterCard);
/** Rows by meter and month: an interval is answered without reading years of readings. */
export const METERED = defineRows('metered', MeterSpan);

/** The set of rows that a span which starts then belongs to. A span lies in the month of its start. */
export const spanSet = (meterId: string, at: Instant): string => `${meterId} ${at.slice(0, 7)}`;

/** What a meter knows of an interval. */
export interface MeteredEnergy {
  /** of the time that is known; null: nothing is */
  readonly energyKwh: number | null;
  readonly coveredSeconds: number;
  readonly seconds: number;
}

/** Energy within the interval; a span that reaches over its edge counts by its share of time, as if its power were even. */
export const energyWithin = (spans: Iterable<MeterSpan>, { start, end }: Interval): MeteredEnergy => {
  const [from, to] = [toEpoch(start), toEpoch(end)];
  let [energyKwh, coveredSeconds] = [0, 0];
  for (const span of spans) {
    if (span.energyKwh === null) continue;
    const [a, b] = [toEpoch(span.start), toEpoch(span.end)];
    const seconds = Math.min(b, to) - Math.max(a, from);
    if (seconds <= 0) continue;
    energyKwh += (span.energyKwh * seconds) / (b - a);
    coveredSeconds += seconds;
  }
  return { energyKwh: coveredSeconds > 0 ? energyKwh : null, coveredSeconds, seconds: to - from };
};

/** One look at a meter that can be read now. */
export interface LiveReading {
  readonly meter: MeterCard;
  /** energy since some start, as it counts up; null where the meter tells power only */
  readonly energyKwh: number | null;
  readonly powerKw: number | null;
}

/** Readings of one look. */
export interface MeterLook {
  /** by the clock that the meter lives by: the machine's own, unless the meter is simulated */
  readonly at: Instant;
  readonly readings: readonly LiveReading[];
}

/**
 * Meters whose sum is the site: each known and named once, all of one boundary, since a narrower one would count energy that a wider one
 * holds already; none of another site, and no machine twice by two meters. Fault `invalid-input` or `not-found`.
 */
export const requireSiteMeters = (
  known: readonly MeterCard[],
  meterIds: readonly string[],
  site: string,
): MeterCard[] => {
  const byId = new Map(known.map((card) => [card.id, card]));
  const cards = meterIds.map((id) => {
    const card = byId.get(id);
    if (!card) throw notFound(`there is no meter ${id}`, '`caco meter list` names those that are known.');
    if (card.subject.kind === 'site' && card.subject.id !== site)
      throw invalid(
        `meter ${id} measures the site ${card.subject.id}`,
        `Settle that site, or leave the meter out of ${site}.`,
      );
    return card;
  });
  if (new Set(meterIds).size < meterIds.length)
    throw invalid('a meter is named twice, and its energy would count twice', 'Name each meter once.');
  const boundaries = [...new Set(cards.map(({ boundary }) => boundary))];
  if (boundaries.length > 1)
    throw invalid(
      `the meters measure ${boundaries.join(' and ')}: the narrower may lie within the wider`,
      'Name meters of one boundary, which together are the site.',
    );
  const machines = new Map<string, string>();
  for (const { id, subject } of cards) {
    if (subject.kind !== 'host') continue;
    const other = machines.get(subject.id);
    if (other !== undefined)
      throw invalid(
        `${other} and ${id} both measure the machine ${subject.id}: their sum would be its energy twice`,
        'Name one of them.',
      );
    machines.set(subject.id, id);
  }
  return cards;
};
