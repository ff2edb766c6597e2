/** Recorded values of one region, and how an adapter answers the port's two questions from them: what came true, and what was known at now. */
import { publishedTo as publicTo } from '../../../domain/day-ahead.js';
import type { Forecaster, MarketPrice } from '../../../domain/forecast.js';
import type { Series } from '../../../domain/series.js';
import { instantAt, slice } from '../../../domain/series.js';
import {
  type CarbonKind,
  type CarbonSignal,
  lastKnown,
  type PriceSignal,
  type SignalStatus,
} from '../../../domain/signal.js';
import { type Instant, type Interval, plusHours, plusSeconds, toEpoch } from '../../../domain/time.js';

/**
 * A forecast from history reaches this far beyond the newest value that it could see, and no further: a week-long window and the
 * week in which its last jobs may end. On the British grid of 2020 to 2022 it errs as much as the mean of all years from the
 * fourth day on.
 */
export const HORIZON_DAYS = 14;

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
  readonly knownUntil?: Instant | null;
  readonly notes?: string[];
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
    knownUntil: lastKnown(record.series),
  };
};

export interface Foresight {
  readonly quantity: 'carbon' | 'price';
  /** the least possible value: 0 for carbon; none for prices */
  readonly floor?: number | undefined;
  /** Where values are published ahead of their time: the end of what was public at now. */
  readonly publishedTo?: Instant;
  /** Prices that are published ahead, whole; the forecaster is given what was public at now. */
  readonly price?: MarketPrice | undefined;
}

/**
 * What was known at `now`: steps that had ended by then as recorded, later ones as the forecaster sees them from those.
 * Values at or after now are never read, but for those that had been published by then.
 * Beyond the horizon, HORIZON_DAYS after the newest value that was known, nothing is.
 */
export const foreseen = async (
  forecaster: Forecaster,
  record: Record,
  interval: Interval,
  now: Instant,
  { quantity, floor, publishedTo, price }: Foresight,
): Promise<Known> => {
  const { series } = record;
  const step = series.stepMinutes * 60;
  const part = slice(series, interval.start, interval.end);
  const first = Math.round((toEpoch(part.start) - toEpoch(series.start)) / step);
  const knownTo = publishedTo !== undefined && publishedTo > now ? publishedTo : now;
  const origin = Math.floor((toEpoch(knownTo) - toEpoch(series.start)) / step);
  const history = { ...series, values: series.values.slice(0, Math.max(0, origin)) };
  const newest = lastKnown(history);
  const reach = newest === null ? null : plusHours(newest, HORIZON_DAYS * 24);
  const last = reach === null ? origin : Math.floor((toEpoch(reach) - toEpoch(series.start)) / step);
  const forecast = await forecaster.forecast({
    history,
    from: instantAt(series, origin),
    steps: Math.max(0, Math.min(last, first + part.values.length) - origin),
    floor,
    of: { region: record.region, quantity },
    ...(price && { price: { ...price, series: before(price.series, publicTo(now, price.market)) } }),
  });
  const pick = (list: readonly (number | null)[]) =>
    part.values.map((value, i) => (first + i < origin ? value : cents(list[first + i - origin] ?? null)));
  return {
    region: record.region,
    source:
      knownTo === now
        ? `${forecast.by} from ${record.source}`
        : `published until ${knownTo}, later ${forecast.by} from ${record.source}`,
    status: 'forecast',
    // The forecast is as old as the newest value that it could see.
    issuedAt: earlier(newest, now),
    series: { ...part, values: pick(forecast.values) },
    low: pick(forecast.low),
    high: pick(forecast.high),
    knownUntil: reach,
  };
};

/** The part of a series that ended by then. */
const before = (series: Series, until: Instant): Series => {
  const steps = Math.floor((toEpoch(until) - toEpoch(series.start)) / (series.stepMinutes * 60));
  return { ...series, values: series.values.slice(0, Math.max(0, steps)) };
};

const earlier = (known: Instant | null, now: Instant): Instant => (known !== null && known < now ? known : now);

/** Hundredths: below what any grid signal means, and above what engines may differ in. */
const cents = (value: number | null): number | null => (value === null ? null : Math.round(value * 100) / 100);

export const carbonSignal = (known: Known, kind: CarbonKind): CarbonSignal => ({ ...known, kind });
export const priceSignal = (known: Known, currency: string): PriceSignal => ({ ...known, currency });
