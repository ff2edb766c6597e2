/** Recorded values of one region, and how an adapter answers the port's two questions from them: what came true, and what was known at now. */
import type { Forecaster } from '../../../domain/forecast.js';
import type { Series } from '../../../domain/series.js';
import { instantAt, slice } from '../../../domain/series.js';
import type { CarbonKind, CarbonSignal, PriceSignal, SignalStatus } from '../../../domain/signal.js';
import { type Instant, type Interval, plusSeconds, toEpoch } from '../../../domain/time.js';

export interface Record {
  readonly region: string;
  readonly source: string;
  readonly series: Series;
}

export interface Known {
  readonly region: string;
  readonly source: string;
  readonly status: SignalStatus;
  readonly issuedAt: Instant;
  readonly series: CarbonSignal['series'];
  readonly low?: (number | null)[];
  readonly high?: (number | null)[];
}

/** What came true over the interval, whatever the clock says. */
export const observed = (record: Record, interval: Interval, now: Instant): Known => {
  const series = slice(record.series, interval.start, interval.end);
  const end = plusSeconds(record.series.start, record.series.values.length * record.series.stepMinutes * 60);
  return {
    region: record.region,
    source: record.source,
    status: 'actual',
    issuedAt: now < end ? now : end,
    series: { ...series, values: [...series.values] },
  };
};

/**
 * What was known at `now`: steps that had ended by then as recorded, later ones as the forecaster sees them from those.
 * Values at or after now are never read, but for those that had been published by then: up to `publishedTo` where given.
 * `floor` is the least possible value: 0 for carbon, none for prices.
 */
export const foreseen = async (
  forecaster: Forecaster,
  record: Record,
  interval: Interval,
  now: Instant,
  floor?: number,
  publishedTo?: Instant,
): Promise<Known> => {
  const { series } = record;
  const step = series.stepMinutes * 60;
  const part = slice(series, interval.start, interval.end);
  const first = Math.round((toEpoch(part.start) - toEpoch(series.start)) / step);
  const knownTo = publishedTo !== undefined && publishedTo > now ? publishedTo : now;
  const origin = Math.floor((toEpoch(knownTo) - toEpoch(series.start)) / step);
  const forecast = await forecaster.forecast({
    history: { ...series, values: series.values.slice(0, Math.max(0, origin)) },
    from: instantAt(series, origin),
    steps: Math.max(0, first + part.values.length - origin),
    floor,
  });
  const pick = (list: readonly (number | null)[]) =>
    part.values.map((value, i) => (first + i < origin ? value : cents(list[first + i - origin] ?? null)));
  return {
    region: record.region,
    source:
      knownTo === now
        ? `${forecaster.name} from ${record.source}`
        : `published until ${knownTo}, later ${forecaster.name} from ${record.source}`,
    status: 'forecast',
    // The forecast is as old as the newest value that it could see.
    issuedAt: earlier(newestKnown(series, origin), now),
    series: { ...part, values: pick(forecast.values) },
    low: pick(forecast.low),
    high: pick(forecast.high),
  };
};

const earlier = (known: Instant | null, now: Instant): Instant => (known !== null && known < now ? known : now);

/** Hundredths: below what any grid signal means, and above what engines may differ in. */
const cents = (value: number | null): number | null => (value === null ? null : Math.round(value * 100) / 100);

/** The end of the last step before the origin that holds a value. */
const newestKnown = (series: Series, origin: number): Instant | null => {
  for (let i = Math.min(origin, series.values.length) - 1; i >= 0; i--)
    if (series.values[i] !== null) return instantAt(series, i + 1);
  return null;
};

export const carbonSignal = (known: Known, kind: CarbonKind): CarbonSignal => ({ ...known, kind });
export const priceSignal = (known: Known, currency: string): PriceSignal => ({ ...known, currency });
