/**
 * How good a saving is known to be. A saving is linear in what is not known: S = Σ A(c) (1 + x(c)) per cell c of one region
 * and hour, where A is kg at the published intensity, and the energy behind it may be off by a meter's error as well. All work
 * in one cell shares x(c), so its parts are added before anything is squared. Where only intensities are uncertain the sum
 * is normal and the interval exact; a product of two errors, or an intensity near zero, is drawn.
 */
import { Draws, normalQuantile } from '../../domain/normal.js';

/** Half-widths as shares, all at `confidence`. */
export interface ErrorModel {
  readonly confidence: number;
  readonly intensity: number;
  readonly regionBias: number;
  readonly draws: number;
}

/** Energy that one meter or model has seen: its error is shared by all of it. */
export interface Meter {
  readonly halfWidth: number;
}

/** kg by cell, and how much of it hangs on each meter. Cell indices are region × hours + hour. */
export class Sensitivity {
  /** By meter; meter 0 is exact. */
  readonly parts: (Float64Array | undefined)[] = [];
  constructor(
    readonly regions: number,
    readonly hours: number,
  ) {}

  add(meter: number, cell: number, kg: number) {
    let part = this.parts[meter];
    if (!part) {
      part = new Float64Array(this.regions * this.hours);
      this.parts[meter] = part;
    }
    part[cell]! += kg;
  }
}

/** Past four standard deviations a normal intensity is never negative in practice, and truncation at zero means nothing. */
const SAFE = 4;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Spread extends Interval {
  readonly method: 'analytical' | 'monte_carlo';
  readonly why: string;
}

const EXACT = 'a sum of normal errors is normal';

/** The interval of a whole saving whose value is Σ A. */
export const spreadOf = (of: Sensitivity, meters: readonly Meter[], model: ErrorModel, seed: number): Spread => {
  const z = normalQuantile((1 + model.confidence) / 2);
  const { value, total, byRegion, byMeter } = summed(of, meters);
  const truncated = (model.intensity + model.regionBias) / z > 1 / SAFE;
  const metered = byMeter.some((kg, m) => kg !== 0 && (meters[m]?.halfWidth ?? 0) > 0);
  if (truncated) {
    const why = 'the intensity error is so wide that it is cut off at zero';
    return { ...drawn(of, meters, model, z, seed, value), method: 'monte_carlo', why };
  }
  if (metered) {
    const why = 'the errors of energy and intensity multiply';
    return { ...drawnFromMoments(of, meters, model, z, seed, value), method: 'monte_carlo', why };
  }
  const half = Math.sqrt(squares(total) * model.intensity ** 2 + squares(byRegion) * model.regionBias ** 2);
  return { low: value - half, high: value + half, method: 'analytical', why: EXACT };
};

const squares = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
};

const summed = (of: Sensitivity, meters: readonly Meter[]) => {
  const total = new Float64Array(of.regions * of.hours);
  const byRegion = new Float64Array(of.regions);
  const byMeter = new Float64Array(meters.length);
  let value = 0;
  of.parts.forEach((part, m) => {
    if (!part) return;
    for (let c = 0; c < part.length; c++) {
      total[c]! += part[c]!;
      byMeter[m]! += part[c]!;
    }
  });
  for (let c = 0; c < total.length; c++) {
    value += total[c]!;
    byRegion[Math.floor(c / of.hours)]! += total[c]!;
  }
  return { value, total, byRegion, byMeter };
};

const quantiles = (draws: Float64Array, confidence: number, value: number): Interval => {
  draws.sort();
  const at = (p: number) => {
    const place = p * (draws.length - 1);
    const below = Math.floor(place);
    const above = Math.min(draws.length - 1, below + 1);
    return draws[below]! + (place - below) * (draws[above]! - draws[below]!);
  };
  return { low: Math.min(value, at((1 - confidence) / 2)), high: Math.max(value, at((1 + confidence) / 2)) };
};

/** No cut at zero: what the meters' parts have in common is normal, so its covariance is drawn from instead of every cell. */
const drawnFromMoments = (
  of: Sensitivity,
  meters: readonly Meter[],
  model: ErrorModel,
  z: number,
  seed: number,
  value: number,
): Interval => {
  const used = of.parts.flatMap((part, m) => (part ? [{ part, sigma: meters[m]!.halfWidth / z }] : []));
  const n = used.length;
  const sums = used.map(({ part }) => part.reduce((a, b) => a + b, 0));
  const regional = used.map(({ part }) => {
    const by = new Float64Array(of.regions);
    for (let c = 0; c < part.length; c++) by[Math.floor(c / of.hours)]! += part[c]!;
    return by;
  });
  const covariance = used.map((a, i) =>
    used.map((b, j) => {
      let cells = 0;
      for (let c = 0; c < a.part.length; c++) cells += a.part[c]! * b.part[c]!;
      let regions = 0;
      for (let r = 0; r < of.regions; r++) regions += regional[i]![r]! * regional[j]![r]!;
      return (cells * model.intensity ** 2 + regions * model.regionBias ** 2) / z ** 2;
    }),
  );
  const root = cholesky(covariance);
  const random = new Draws(seed);
  const draws = new Float64Array(model.draws);
  const shocks = new Float64Array(n);
  for (let d = 0; d < draws.length; d++) {
    for (let i = 0; i < n; i++) shocks[i] = random.normal();
    let total = 0;
    for (let i = 0; i < n; i++) {
      let kg = sums[i]!;
      for (let j = 0; j <= i; j++) kg += root[i]![j]! * shocks[j]!;
      const sigma = used[i]!.sigma;
      total += sigma > 0 ? kg * Math.max(0, 1 + sigma * random.normal()) : kg;
    }
    draws[d] = total;
  }
  return quantiles(draws, model.confidence, value);
};

/** Lower triangle; a column that adds nothing is zero. */
const cholesky = (of: readonly (readonly number[])[]): number[][] => {
  const n = of.length;
  const root = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = of[i]![j]!;
      for (let k = 0; k < j; k++) sum -= root[i]![k]! * root[j]![k]!;
      const pivot = root[j]![j]!;
      if (i === j) root[i]![i] = Math.sqrt(Math.max(0, sum));
      else root[i]![j] = pivot > 0 ? sum / pivot : 0;
    }
  return root;
};

/** Every cell is drawn, cut off at zero. */
const drawn = (
  of: Sensitivity,
  meters: readonly Meter[],
  model: ErrorModel,
  z: number,
  seed: number,
  value: number,
): Interval => {
  const used = of.parts.flatMap((part, m) => (part ? [{ part, sigma: meters[m]!.halfWidth / z }] : []));
  const cells: number[] = [];
  for (let c = 0; c < of.regions * of.hours; c++) if (used.some(({ part }) => part[c] !== 0)) cells.push(c);
  const random = new Draws(seed);
  const draws = new Float64Array(model.draws);
  const bias = new Float64Array(of.regions);
  const [cellSigma, biasSigma] = [model.intensity / z, model.regionBias / z];
  const totals = new Float64Array(used.length);
  for (let d = 0; d < draws.length; d++) {
    if (biasSigma > 0) for (let r = 0; r < of.regions; r++) bias[r] = biasSigma * random.normal();
    totals.fill(0);
    for (const c of cells) {
      const factor = Math.max(0, 1 + cellSigma * random.normal() + bias[Math.floor(c / of.hours)]!);
      for (let i = 0; i < used.length; i++) totals[i]! += used[i]!.part[c]! * factor;
    }
    let total = 0;
    for (let i = 0; i < used.length; i++) {
      const sigma = used[i]!.sigma;
      total += sigma > 0 ? totals[i]! * Math.max(0, 1 + sigma * random.normal()) : totals[i]!;
    }
    draws[d] = total;
  }
  return quantiles(draws, model.confidence, value);
};

/**
 * The half-width of a part of the saving (a job, a team) from its exact variance: Σ (A u)² + Σ (regional bias)² + Σ (S m)²
 * per meter, and the product of both errors, Σ (A u m / z)², with the widest of its meters.
 */
export const halfWidthOf = (
  squaredCells: number,
  squaredRegions: number,
  byMeter: readonly { readonly kg: number; readonly halfWidth: number }[],
  model: ErrorModel,
): number => {
  const intensity = squaredCells * model.intensity ** 2 + squaredRegions * model.regionBias ** 2;
  let metered = 0;
  let widest = 0;
  for (const { kg, halfWidth } of byMeter) {
    metered += (kg * halfWidth) ** 2;
    if (halfWidth > widest) widest = halfWidth;
  }
  if (widest === 0) return Math.sqrt(intensity);
  const z = normalQuantile((1 + model.confidence) / 2);
  return Math.sqrt(intensity * (1 + (widest / z) ** 2) + metered);
};
