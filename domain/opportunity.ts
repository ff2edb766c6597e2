/**
 * Opportunities: windows that are worth moving work into, and stress: windows that are worth leaving. How deep each lies below (or
 * above) what it is compared with, how sure that is by the forecast's own bounds, and why.
 */
import { z } from 'zod';
import { figure } from './figures.js';
import { meanOver, type Series } from './series.js';
import { fromEpoch, Instant, type Interval, toEpoch } from './time.js';

/** Bounds of a forecast are its 10 % and 90 % quantiles, so many standard deviations of a normal distribution from its middle. */
const SIGMAS = 1.2816;
/** Below it a difference is not said to be one: of three such windows one would be no better. */
export const LEAST_CONFIDENCE = 2 / 3;

/** A signal with the bounds of its values, where it states them. */
export interface Bounded {
  readonly series: Series;
  readonly low?: readonly (number | null)[] | undefined;
  readonly high?: readonly (number | null)[] | undefined;
}

export interface WindowMean {
  readonly mean: number;
  /** standard deviation of the mean as the bounds have it; null: the signal states none throughout */
  readonly sigma: number | null;
}

export const Comparison = {
  depth: z.number().describe('how far below what it is compared with, in the signal’s unit; negative: above'),
  depthRatio: z.number().nullable().describe('the same as a share; null where there is nothing to compare with'),
  confidence: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe('how sure the forecast’s own bounds make that, 0 to 1; null where the signal states no bounds'),
  reason: z.string().describe('why, in a sentence'),
};

export const Stress = z.strictObject({
  region: z.string(),
  quantity: z.string().describe('what is high: carbon, price, demand'),
  start: Instant,
  end: Instant,
  mean: z.number().describe('in the unit of the signal'),
  unit: z.string(),
  heightRatio: z.number().describe('share above the mean of the whole time looked at'),
  confidence: z.number().min(0).max(1).nullable().describe('as for a window; null where the signal states no bounds'),
  reason: z.string(),
});
export type Stress = z.infer<typeof Stress>;

/** Null when any part of it has no data. Errors of the steps of one window go together, so that its bounds are the means of theirs. */
export const windowMean = ({ series, low, high }: Bounded, { start, end }: Interval): WindowMean | null => {
  const [from, to] = [toEpoch(start), toEpoch(end)];
  const mean = meanOver(series, from, to);
  if (mean === null) return null;
  const bound = (values: readonly (number | null)[] | undefined) =>
    values === undefined ? null : meanOver({ ...series, values }, from, to);
  const [least, most] = [bound(low), bound(high)];
  return { mean, sigma: least === null || most === null ? null : Math.max(0, most - least) / 2 / SIGMAS };
};

/**
 * How sure it is that one mean lies below the other, with errors that have nothing to do with each other: those of one forecast lean
 * the same way, so it is surer than is said. Null where neither states bounds.
 */
export const confidenceThat = (below: WindowMean, above: WindowMean): number | null => {
  if (below.sigma === null && above.sigma === null) return null;
  const sigma = Math.hypot(below.sigma ?? 0, above.sigma ?? 0);
  const depth = above.mean - below.mean;
  if (sigma === 0) return depth > 0 ? 1 : depth < 0 ? 0 : 0.5;
  return normal(depth / sigma);
};

/** Whether the bounds say that it is not really lower. */
export const isDoubtful = (confidence: number | null): boolean => confidence !== null && confidence < LEAST_CONFIDENCE;

/** The normal distribution function, to 1e-7 (Abramowitz and Stegun 26.2.17). */
const normal = (z: number): number => {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
};

/** Compared with `reference`, which is named so in the sentence: "starting at once". */
export const comparison = (window: WindowMean, reference: WindowMean | null, named: string, unit: string) => {
  if (reference === null)
    return { depth: 0, depthRatio: null, confidence: null, reason: `what ${named} would be is not known` };
  const depth = reference.mean - window.mean;
  const confidence = confidenceThat(window, reference);
  const how = depth > 0 ? 'below' : 'above';
  const sure =
    confidence === null ? 'its source states no bounds' : `${Math.round(confidence * 100)} % sure by its bounds`;
  return {
    depth,
    depthRatio: reference.mean === 0 ? null : depth / Math.abs(reference.mean),
    confidence,
    reason:
      depth === 0
        ? `as ${named}`
        : `${figure(Math.abs(depth))} ${unit} ${how} the ${figure(reference.mean)} of ${named}; ${sure}`,
  };
};

/** Stretches whose value lies above the mean of the whole by at least this share of it. */
const STRESS_RATIO = 0.25;

/** Where a signal stands high, the highest first; what its bounds do not bear out is left out. */
export const stressIn = (
  signal: Bounded,
  of: { readonly region: string; readonly quantity: string; readonly unit: string },
  most = 3,
): Stress[] => {
  const { series } = signal;
  const known = series.values.filter((value) => value !== null);
  if (known.length === 0) return [];
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const least = mean + Math.abs(mean) * STRESS_RATIO;
  const [first, step] = [toEpoch(series.start), series.stepMinutes * 60];
  const found: Stress[] = [];
  for (let i = 0; i < series.values.length; i++) {
    if (!isAtLeast(series.values[i], least)) continue;
    const from = i;
    while (i < series.values.length && isAtLeast(series.values[i], least)) i++;
    const interval = { start: fromEpoch(first + from * step), end: fromEpoch(first + i * step) };
    const window = windowMean(signal, interval);
    if (window === null) continue;
    const confidence = confidenceThat({ mean, sigma: window.sigma === null ? null : 0 }, window);
    if (isDoubtful(confidence)) continue;
    const heightRatio = mean === 0 ? 0 : window.mean / mean - 1;
    const reason = `${of.quantity} is ${figure(window.mean)} ${of.unit}, ${Math.round(heightRatio * 100)} % above the ${figure(mean)} of the whole time`;
    found.push({ ...of, ...interval, mean: window.mean, heightRatio, confidence, reason });
  }
  return found.sort((a, b) => b.heightRatio - a.heightRatio).slice(0, most);
};

const isAtLeast = (value: number | null | undefined, least: number): boolean =>
  value !== null && value !== undefined && value >= least;
