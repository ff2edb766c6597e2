/** Values on an even grid of time: forecast, price curve and optimizer row share this shape. A gap is null, never 0. */
import { z } from 'zod';
import { fromEpoch, Instant, toEpoch } from './time.js';

export const Series = z.strictObject({
  start: Instant,
  stepMinutes: z.number().int().positive(),
  values: z.array(z.number().nullable()),
});
export type Series = {
  readonly start: Instant;
  readonly stepMinutes: number;
  readonly values: readonly (number | null)[];
};

export const endOf = (series: Series): Instant =>
  fromEpoch(toEpoch(series.start) + series.values.length * series.stepMinutes * 60);

export const instantAt = (series: Series, index: number): Instant =>
  fromEpoch(toEpoch(series.start) + index * series.stepMinutes * 60);

/** The value that holds at a moment; null in a gap and outside the series. */
export const valueAt = (series: Series, at: Instant): number | null => {
  const index = Math.floor((toEpoch(at) - toEpoch(series.start)) / (series.stepMinutes * 60));
  return series.values[index] ?? null;
};

/** The part that covers [from, to); steps without data are null, so that the answer always covers what was asked. */
export const slice = (series: Series, from: Instant, to: Instant): Series => {
  const step = series.stepMinutes * 60;
  const origin = toEpoch(series.start);
  const first = Math.floor((toEpoch(from) - origin) / step);
  const last = Math.ceil((toEpoch(to) - origin) / step);
  const values = Array.from({ length: Math.max(0, last - first) }, (_, i) => series.values[first + i] ?? null);
  return { start: fromEpoch(origin + first * step), stepMinutes: series.stepMinutes, values };
};

/** Time-weighted mean over [from, to) in epoch seconds; null when any part of it has no data. */
export const meanOver = (series: Series, from: number, to: number): number | null => {
  const integral = integrate(series, from, to);
  return integral === null || to <= from ? null : integral / ((to - from) / 3600);
};

/**
 * Sum of value × hours over [from, to) in epoch seconds, to the second; null when any part of it has no data. `origin` is the
 * series' start in epoch seconds, which a caller that asks often keeps.
 */
export const integrate = (
  series: Series,
  from: number,
  to: number,
  origin: number = toEpoch(series.start),
): number | null => {
  const step = series.stepMinutes * 60;
  let total = 0;
  for (let at = from; at < to; ) {
    const index = Math.floor((at - origin) / step);
    const value = series.values[index];
    if (value === null || value === undefined) return null;
    const until = Math.min(to, origin + (index + 1) * step);
    total += value * ((until - at) / 3600);
    at = until;
  }
  return total;
};

/** The same values on another grid: a finer one repeats them, a coarser one takes the mean of whole steps (null when one is missing). */
export const regrid = (series: Series, stepMinutes: number): Series => {
  if (stepMinutes === series.stepMinutes) return series;
  const step = stepMinutes * 60;
  const from = Math.ceil(toEpoch(series.start) / step) * step;
  const count = Math.max(0, Math.floor((toEpoch(endOf(series)) - from) / step));
  const values = Array.from({ length: count }, (_, i) => meanOver(series, from + i * step, from + (i + 1) * step));
  return { start: fromEpoch(from), stepMinutes, values };
};

/** Largest runs without data, as [from, to) pairs. */
export const gapsIn = (series: Series): { from: Instant; to: Instant }[] => {
  const gaps: { from: Instant; to: Instant }[] = [];
  for (let i = 0; i < series.values.length; i++) {
    if (series.values[i] !== null) continue;
    const first = i;
    while (i < series.values.length && series.values[i] === null) i++;
    gaps.push({ from: instantAt(series, first), to: instantAt(series, i) });
  }
  return gaps;
};
