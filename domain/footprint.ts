/** Integration of signals over true spans, to the second, as hot loops need it: series become typed arrays once. */
import type { Series } from './series.js';
import { toEpoch } from './time.js';

/** A series as numbers: epoch seconds, and NaN for a gap. */
export interface Steps {
  readonly origin: number;
  readonly stepSeconds: number;
  readonly values: Float64Array;
}

export const stepsOf = (series: Series): Steps => {
  const values = new Float64Array(series.values.length);
  for (let i = 0; i < values.length; i++) values[i] = series.values[i] ?? Number.NaN;
  return { origin: toEpoch(series.start), stepSeconds: series.stepMinutes * 60, values };
};

/** Sum of value × hours over [from, to) in epoch seconds; NaN when any part of it has no data. */
export const integralOf = ({ origin, stepSeconds, values }: Steps, from: number, to: number): number => {
  let total = 0;
  let index = Math.floor((from - origin) / stepSeconds);
  for (let at = from; at < to; index++) {
    const end = origin + (index + 1) * stepSeconds;
    const until = end < to ? end : to;
    const value = index >= 0 && index < values.length ? values[index]! : Number.NaN;
    total += value * ((until - at) / 3600);
    at = until;
  }
  return total;
};
