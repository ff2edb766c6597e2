/** What is kept of a signal as an answer to the port's questions: what came true, what was known at a moment, how old and how far. */
import type { Forecaster, MarketPrice } from '../../../domain/forecast.js';
import type { GridValue } from '../../../domain/grid-values.js';
import { instantAt, type Series } from '../../../domain/series.js';
import { fromEpoch, type Instant, type Interval, plusSeconds, toEpoch } from '../../../domain/time.js';
import type { Known } from './book.js';
import type { Feed } from './feed.js';
import { foreseen, type Known as Signal } from './record.js';

/** So far back the forecaster looks where a source does not foresee. */
export const HISTORY_DAYS = 14;
/** A forecast that was had so long ago is called old, whatever came between. */
const OLD_MINUTES = 60;

const greatestCommon = (a: number, b: number): number => (b === 0 ? a : greatestCommon(b, a % b));

/**
 * The values over the interval on the finest step that occurs among them: a longer step holds for all of its parts, and the one that
 * was had last counts. Null where nothing is known.
 */
export const seriesOf = (values: readonly GridValue[], interval: Interval, stepMinutes: number): Series => {
  const step = values.reduce((common, { minutes }) => greatestCommon(common, minutes), stepMinutes) * 60;
  const first = Math.floor(toEpoch(interval.start) / step) * step;
  const count = Math.max(0, Math.ceil((toEpoch(interval.end) - first) / step));
  const filled = new Array<number | null>(count).fill(null);
  for (const { at, minutes, value } of [...values].sort((a, b) => (a.retrieved < b.retrieved ? -1 : 1))) {
    if (value === null) continue;
    const from = Math.max(0, Math.round((toEpoch(at) - first) / step));
    const to = Math.min(count, Math.round((toEpoch(at) + minutes * 60 - first) / step));
    for (let i = from; i < to; i++) filled[i] = value;
  }
  return { start: fromEpoch(first), stepMinutes: step / 60, values: filled };
};

/** Of each step what had come true by `now`, else what was foreseen. */
const asKnownAt = (values: readonly GridValue[], now: Instant): GridValue[] => {
  const measured = new Set<Instant>();
  const hasEnded = ({ at, minutes }: GridValue) => toEpoch(at) + minutes * 60 <= toEpoch(now);
  for (const value of values)
    if (value.status !== 'forecast' && value.value !== null && hasEnded(value)) measured.add(value.at);
  return values.filter((value) =>
    value.status === 'forecast' ? !measured.has(value.at) : measured.has(value.at) && hasEnded(value),
  );
};

/** The end of the last step of which something is known; null where nothing is. */
const endOfKnown = (values: readonly GridValue[]): Instant | null =>
  values.reduce<Instant | null>((last, { at, minutes, value }) => {
    const end = plusSeconds(at, minutes * 60);
    return value !== null && (last === null || end > last) ? end : last;
  }, null);

const earliest = (times: readonly Instant[]): Instant | undefined => [...times].sort()[0];

/** Of what is to come the oldest word; of what has been, and where nothing is to come, the newest. */
const issuedAt = (values: readonly GridValue[], now: Instant): Instant => {
  const told = values.filter(({ value }) => value !== null);
  const ahead = told.filter(({ at, minutes }) => toEpoch(at) + minutes * 60 > toEpoch(now));
  const when =
    earliest(ahead.map(({ published, checked }) => published ?? checked)) ??
    told.reduce<Instant | undefined>(
      (last, { checked }) => (last === undefined || checked > last ? checked : last),
      undefined,
    );
  return when === undefined || when > now ? now : when;
};

const notesOf = (feed: Feed, { silent, notes }: Known, series: Series, issued: Instant, now: Instant): string[] => {
  const last = series.values.findLastIndex((value) => value !== null);
  const until = instantAt(series, last + 1);
  const minutes = (toEpoch(now) - toEpoch(issued)) / 60;
  return [
    ...(silent === null
      ? []
      : [`${feed.source} does not answer (${silent.message}): what it said by ${issued} is used.`]),
    ...(silent === null && last >= 0 && minutes > OLD_MINUTES && toEpoch(until) > toEpoch(now)
      ? [`What ${feed.source} says is ${Math.round(minutes / 6) / 10} h old.`]
      : []),
    ...(last >= 0 && last + 1 < series.values.length ? [`${feed.source} tells nothing after ${until}.`] : []),
    ...notes,
  ];
};

/** With what is known of hours beside the interval, which says how far a source knows. */
export interface Around extends Known {
  readonly around: readonly GridValue[];
}

/** What came true of the interval, as far as the source has told it. */
export const cameTrue = (feed: Feed, region: string, known: Around, interval: Interval, now: Instant): Signal => {
  const values = known.values.filter(({ status }) => status !== 'forecast');
  const series = seriesOf(values, interval, feed.stepMinutes);
  const issued = issuedAt(values, now);
  const isEstimate = values.some(({ status, value }) => status === 'estimate' && value !== null);
  const notes = notesOf(feed, known, series, issued, now);
  return {
    region,
    source: feed.attribution,
    status: isEstimate ? 'estimate' : 'actual',
    issuedAt: issued,
    series: { ...series, values: [...series.values] },
    knownUntil:
      endOfKnown([...known.around.filter(({ status }) => status !== 'forecast'), ...values]) ??
      // Of hours to come nothing has come true, whatever the source is asked.
      (interval.start >= now ? now : null),
    ...(notes.length === 0 ? {} : { notes }),
  };
};

/** What was known at `now`. Where the source does not tell what is to come, the forecaster does, from what came true. */
export const knownAt = async (
  feed: Feed,
  region: string,
  known: Around & { readonly price?: MarketPrice | undefined },
  interval: Interval,
  now: Instant,
  forecaster: Forecaster | null,
): Promise<Signal> => {
  const values = asKnownAt(known.values, now);
  const series = seriesOf(values, interval, feed.stepMinutes);
  const issued = issuedAt(values, now);
  const hasEnd = series.values.at(-1) === null || series.values.length === 0;
  if (forecaster === null || !feed.isExtended || !hasEnd) {
    const notes = notesOf(feed, known, series, issued, now);
    return {
      region,
      source: feed.attribution,
      status: 'forecast',
      issuedAt: issued,
      series: { ...series, values: [...series.values] },
      knownUntil: endOfKnown([...known.around, ...values]),
      ...(notes.length === 0 ? {} : { notes }),
    };
  }
  const [from, to] = [values[0]?.at ?? interval.start, interval.end];
  const record = seriesOf(values, { start: from < interval.start ? from : interval.start, end: to }, feed.stepMinutes);
  const lastTold = record.values.findLastIndex((value) => value !== null);
  const publishedTo = instantAt(record, lastTold + 1);
  const told = { region, source: feed.attribution, series: record };
  const isCarbon = feed.quantity === 'carbon';
  const signal = await foreseen(forecaster, told, interval, now, {
    quantity: isCarbon ? 'carbon' : 'price',
    floor: isCarbon ? 0 : undefined,
    publishedTo,
    price: known.price,
  });
  const notes = notesOf(feed, known, record, issued, now).filter((note) => !note.includes('tells nothing after'));
  return { ...signal, ...(notes.length === 0 ? {} : { notes }) };
};
