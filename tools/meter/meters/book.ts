/** What is kept of meters, as every adapter answers for the past. */
import {
  energyWithin,
  type LiveReading,
  METERED,
  METERS,
  type MeterCard,
  type MeterSpan,
  spanSet,
} from '../../../domain/meter.js';
import type { Tx } from '../../../domain/store.js';
import { fromEpoch, type Instant, type Interval, toEpoch } from '../../../domain/time.js';
import type { Meter } from '../../../domain/world.js';

/** No span is longer, so that one which reaches into an interval from a month before is found. */
export const LONGEST_SPAN_S = 31 * 86_400;

/** The first moment of each month that spans touching the interval may lie in. */
export const monthsOf = ({ start, end }: Interval): Instant[] => {
  const months: Instant[] = [];
  let at = fromEpoch(toEpoch(start) - LONGEST_SPAN_S);
  while (at < end) {
    const month = `${at.slice(0, 7)}-01T00:00:00Z` as Instant;
    months.push(month);
    // Any month has ended 31 days after its first day's noon, and the next is no further than that.
    at = `${fromEpoch(toEpoch(month) + 31 * 86_400 + 43_200).slice(0, 7)}-01T00:00:00Z` as Instant;
  }
  return months;
};

const inOrder = (a: MeterSpan, b: MeterSpan) => (a.start < b.start ? -1 : 1);

/** Kept spans that touch the interval, in order, a page a month. */
export async function* keptSpans(
  store: Pick<Tx, 'rows'>,
  meterId: string,
  interval: Interval,
): AsyncGenerator<MeterSpan[]> {
  for (const month of monthsOf(interval)) {
    const spans: MeterSpan[] = [];
    for await (const page of store.rows(METERED).pages(spanSet(meterId, month)))
      for (const span of page) if (span.start < interval.end && span.end > interval.start) spans.push(span);
    if (spans.length > 0) yield spans.sort(inOrder);
  }
}

export const keptMeters = async (store: Pick<Tx, 'collection'>): Promise<MeterCard[]> => {
  const cards: MeterCard[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.collection(METERS).list({ after, limit: 500 });
    cards.push(...page.map(({ value }) => value));
    if (page.length < 500) return cards.sort((a, b) => (a.id < b.id ? -1 : 1));
    after = page.at(-1)!.id;
  }
};

/** Of an interval only the time that the meter covers is looked through, however long somebody asks for. */
async function* within(
  store: Pick<Tx, 'collection' | 'rows'>,
  meterId: string,
  { start, end }: Interval,
): AsyncGenerator<MeterSpan[]> {
  const covers = (await store.collection(METERS).get(meterId))?.value.covers ?? null;
  if (covers === null || covers.end <= start || covers.start >= end) return;
  yield* keptSpans(store, meterId, {
    start: covers.start > start ? covers.start : start,
    end: covers.end < end ? covers.end : end,
  });
}

/** An adapter's own look. */
export type Looking = (signal?: AbortSignal) => Promise<LiveReading[]>;

/** A meter that answers from what is kept; what it is looked at is told with the time by `now`, after the look. */
export const bookMeter = (
  store: Pick<Tx, 'collection' | 'rows'>,
  now: () => Instant,
  look: Looking = async () => [],
): Meter => ({
  meters: () => keptMeters(store),
  spans: (meterId, interval) => within(store, meterId, interval),
  energy: async (meterId, interval) => {
    const spans: MeterSpan[] = [];
    for await (const page of within(store, meterId, interval)) spans.push(...page);
    return energyWithin(spans, interval);
  },
  read: async (signal) => {
    const readings = await look(signal);
    return { at: now(), readings };
  },
});
