/**
 * A year of prices as an offer meets it: each day the window that is sold and the stretch in which the work is done instead.
 * Both are known when they are chosen: the day-ahead auction tells a day’s prices the day before, and the night after by noon.
 */
import { meanOver, type Series } from '../../domain/series.js';
import { atWallClock, fromEpoch, plusDays, settlementPeriodsIn, toEpoch, wallClock } from '../../domain/time.js';
import type { Offer, Retail } from './asked.js';

const HALF_HOUR_S = 1800;
const LONDON = 'Europe/London';

export interface Day {
  /** `YYYY-MM-DD` in London */
  readonly date: string;
  /** mean money per MWh of the window that is sold */
  readonly sold: number;
  /** mean money per MWh of the stretch in which the work is done instead */
  readonly boughtBack: number;
  /** the price stood at its cap within the window: it is known as at least that */
  readonly capped: boolean;
  /** mean of the whole day, and of its cheaper half: what moving everything could reach */
  readonly mean: number;
  readonly cheaperHalf: number;
}

export interface Prices {
  readonly series: Series;
  /** by step of the series: the price stood at a cap */
  readonly capped: ReadonlySet<number>;
}

/**
 * The wholesale price behind a household tariff that is made from it: (price ÷ (1 + VAT) − what is added from 16 to 19 h) ÷ multiple.
 * Where such a tariff stands still at the highest price of a day, that is its cap, and the wholesale price is at least what follows.
 */
export const wholesaleOf = (tariff: Series, { multiple, peakAdderPerMwh, vatRatio }: Retail): Prices => {
  const [from, step] = [toEpoch(tariff.start), tariff.stepMinutes * 60];
  const minutes = tariff.values.map((_, i) => wallClock(fromEpoch(from + i * step), LONDON));
  const values = tariff.values.map((value, i) => {
    const minute = minutes[i]!.minuteOfDay;
    const added = minute >= 16 * 60 && minute < 19 * 60 ? peakAdderPerMwh : 0;
    return value === null ? null : (value / (1 + vatRatio) - added) / multiple;
  });
  const highest = new Map<string, number>();
  tariff.values.forEach((value, i) => {
    const { date } = minutes[i]!;
    if (value !== null) highest.set(date, Math.max(value, highest.get(date) ?? Number.NEGATIVE_INFINITY));
  });
  const atTop = (i: number) => {
    const value = tariff.values[i] ?? null;
    const top = minutes[i] === undefined ? undefined : highest.get(minutes[i].date);
    return value !== null && top !== undefined && top - value < 1e-6 * Math.abs(top);
  };
  const capped = new Set(tariff.values.flatMap((_, i) => (atTop(i) && (atTop(i - 1) || atTop(i + 1)) ? [i] : [])));
  return { series: { ...tariff, values }, capped };
};

/** The day as the offer meets it; null where a price of the day, or of what comes after the window, is not known. */
export const dayOf = ({ series, capped }: Prices, date: string, offer: Offer): Day | null => {
  const origin = toEpoch(series.start);
  const mean = (from: number, seconds: number) => meanOver(series, from, from + seconds);
  const midnight = toEpoch(atWallClock(date, '00:00', LONDON));
  const length = settlementPeriodsIn(date) * HALF_HOUR_S;
  const hold = offer.hours * 3600;
  const starts =
    offer.at === 'dearest' ? steps(midnight, midnight + length - hold) : [toEpoch(atWallClock(date, offer.at, LONDON))];
  const window = best(starts, (at) => mean(at, hold), 'most');
  if (window === null) return null;
  const end = window.at + hold;
  const later = best(steps(end, end + offer.recoverHours * 3600 - hold), (at) => mean(at, hold), 'least');
  const values = steps(midnight, midnight + length - HALF_HOUR_S).map((at) => mean(at, HALF_HOUR_S));
  if (later === null || values.includes(null)) return null;
  const sorted = (values as number[]).sort((a, b) => a - b);
  const [first, last] = [window.at, end - 1].map((at) => Math.floor((at - origin) / (series.stepMinutes * 60)));
  return {
    date,
    sold: window.value,
    boughtBack: later.value,
    capped: Array.from({ length: last! - first! + 1 }, (_, i) => first! + i).some((i) => capped.has(i)),
    mean: meanOf(sorted),
    cheaperHalf: meanOf(sorted.slice(0, sorted.length / 2)),
  };
};

export const daysBetween = (first: string, last: string): string[] => {
  const found: string[] = [];
  for (let date = first; date <= last; date = plusDays(date, 1)) found.push(date);
  return found;
};

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const steps = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor((to - from) / HALF_HOUR_S) + 1) }, (_, i) => from + i * HALF_HOUR_S);

/** The earliest of equals; null where none is wholly known, or one of them is not. */
const best = (starts: readonly number[], valueAt: (at: number) => number | null, which: 'most' | 'least') => {
  let found: { at: number; value: number } | null = null;
  for (const at of starts) {
    const value = valueAt(at);
    if (value === null) return null;
    if (found === null || (which === 'most' ? value > found.value : value < found.value)) found = { at, value };
  }
  return found;
};
