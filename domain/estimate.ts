/** A value with its interval. Propagation is here and nowhere else: errors within one group move together, between groups they do not. */
import { z } from 'zod';
import { Draws, normalQuantile } from './normal.js';

export const Estimate = z
  .strictObject({
    value: z.number(),
    low: z.number(),
    high: z.number(),
    confidence: z.number().gt(0).lt(1).describe('coverage of [low, high], for example 0.95'),
  })
  .refine((e) => e.low <= e.value && e.value <= e.high, 'low <= value <= high must hold');
export type Estimate = {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
};

/** value ± ratio × |value|. */
export const around = (value: number, uncertaintyRatio: number, confidence: number): Estimate => {
  const half = Math.abs(value) * uncertaintyRatio;
  return { value, low: value - half, high: value + half, confidence };
};

export const exactly = (value: number, confidence: number): Estimate => ({
  value,
  low: value,
  high: value,
  confidence,
});

/** Fully correlated sum: bounds add. This is the sum within one region and hour, and the cautious sum anywhere. */
export const sumCorrelated = (parts: readonly Estimate[], confidence: number): Estimate => {
  const total = { value: 0, low: 0, high: 0, confidence };
  for (const part of parts) {
    total.value += part.value;
    total.low += part.low;
    total.high += part.high;
  }
  return total;
};

/** Sum over independent groups: half-widths add in quadrature, each side on its own. */
export const sumIndependent = (groups: readonly Estimate[], confidence: number): Estimate => {
  let value = 0;
  let below = 0;
  let above = 0;
  for (const group of groups) {
    value += group.value;
    below += (group.value - group.low) ** 2;
    above += (group.high - group.value) ** 2;
  }
  return { value, low: value - Math.sqrt(below), high: value + Math.sqrt(above), confidence };
};

/**
 * The sum over cells whose errors are a share of each cell's own amount: fully correlated within a cell (one region, one
 * hour: one intensity), independent between cells. half = ratio × √Σ amount².
 */
export const sumOfCells = (amounts: Iterable<number>, uncertaintyRatio: number, confidence: number): Estimate => {
  let value = 0;
  let squares = 0;
  for (const amount of amounts) {
    value += amount;
    squares += amount * amount;
  }
  return estimateOfCells(value, squares, uncertaintyRatio, confidence);
};

/** The same from the sum of the cells' amounts and the sum of their squares. */
export const estimateOfCells = (
  value: number,
  squares: number,
  uncertaintyRatio: number,
  confidence: number,
): Estimate => {
  const half = uncertaintyRatio * Math.sqrt(squares);
  return { value, low: value - half, high: value + half, confidence };
};

export const scale = (estimate: Estimate, factor: number): Estimate => {
  const [a, b] = [estimate.low * factor, estimate.high * factor];
  return { value: estimate.value * factor, low: Math.min(a, b), high: Math.max(a, b), confidence: estimate.confidence };
};

/** How an interval was come by. */
export const EstimateMethod = z.enum(['analytical_truncated', 'monte_carlo']);
export type EstimateMethod = z.infer<typeof EstimateMethod>;

/** Nothing emits less than nothing: what an interval has below 0 is cut off. */
export const truncated = (estimate: Estimate): Estimate => ({
  ...estimate,
  low: Math.max(0, estimate.low),
  high: Math.max(0, estimate.high),
});

/**
 * `sumOfCells` by draws: one factor a cell, normal around 1 with half-width `uncertaintyRatio` at that confidence and never below
 * 0. The interval is that of the sums themselves, not of their mean, so that more draws make it surer and not narrower.
 */
export const drawnSumOfCells = (
  amounts: Iterable<number>,
  uncertaintyRatio: number,
  confidence: number,
  { seed, draws }: { readonly seed: number; readonly draws: number },
): Estimate => {
  const cells = [...amounts];
  const value = cells.reduce((sum, amount) => sum + amount, 0);
  const sigma = uncertaintyRatio / normalQuantile((1 + confidence) / 2);
  const random = new Draws(seed);
  const sums = new Float64Array(draws);
  for (let i = 0; i < draws; i++) {
    let sum = 0;
    for (const amount of cells) sum += amount * Math.max(0, 1 + sigma * random.normal());
    sums[i] = sum;
  }
  sums.sort();
  const at = (share: number) => sums[Math.min(draws - 1, Math.max(0, Math.round(share * (draws - 1))))]!;
  const [low, high] = [at((1 - confidence) / 2), at((1 + confidence) / 2)];
  return { value, low: Math.min(low, value), high: Math.max(high, value), confidence };
};
