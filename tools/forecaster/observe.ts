/** From series as the rest of the program has them to what a model looks at. */
import { publishedSteps } from '../../domain/day-ahead.js';
import { invalid } from '../../domain/fault.js';
import type { MarketPrice } from '../../domain/forecast.js';
import { regrid, type Series } from '../../domain/series.js';
import { toEpoch } from '../../domain/time.js';
import type { Observations } from './frame.js';

/** Finer steps than this are averaged: no decision hangs on them and training would take many times as long. */
const FINEST_MINUTES = 30;

/**
 * `price` is public by the rule of its market. Throws Fault `invalid-input` for a step
 * that does not divide a day.
 */
export const observe = (series: Series, price: MarketPrice | null, timeZone: string): Observations => {
  const stepMinutes = Math.max(series.stepMinutes, FINEST_MINUTES);
  if (1440 % stepMinutes !== 0 || stepMinutes % series.stepMinutes !== 0)
    throw invalid(
      `steps of ${series.stepMinutes} minutes do not make a day`,
      'Give a series whose step divides a day, such as 5, 15, 30 or 60 minutes.',
    );
  const target = regrid(series, stepMinutes);
  const start = toEpoch(target.start);
  const step = stepMinutes * 60;
  const count = target.values.length;
  return {
    start,
    stepMinutes,
    values: Float64Array.from(target.values, (value) => value ?? Number.NaN),
    price:
      price === null
        ? null
        : {
            values: onGrid(regrid(price.series, stepMinutes), start, step, count),
            knownTo: publishedSteps(start, step, count, price.market),
          },
    timeZone,
  };
};

const onGrid = (series: Series, start: number, step: number, count: number): Float64Array => {
  const shift = Math.round((start - toEpoch(series.start)) / step);
  return Float64Array.from({ length: count }, (_, i) => series.values[shift + i] ?? Number.NaN);
};
