/** The exact best start of an unbroken run over a step-wise signal. */
import type { Series } from '../../domain/series.js';
import { fromEpoch, type Instant, toEpoch } from '../../domain/time.js';

/** Means over any part of a series in constant time. */
export class SeriesSums {
  readonly step: number;
  readonly origin: number;
  readonly count: number;
  /** Value × steps before each step; gaps count 0 here and 1 there. */
  readonly #sums: Float64Array;
  readonly #gaps: Int32Array;
  readonly #values: readonly (number | null)[];

  constructor(series: Series) {
    this.step = series.stepMinutes * 60;
    this.origin = toEpoch(series.start);
    this.count = series.values.length;
    this.#values = series.values;
    this.#sums = new Float64Array(this.count + 1);
    this.#gaps = new Int32Array(this.count + 1);
    series.values.forEach((value, i) => {
      this.#sums[i + 1] = this.#sums[i]! + (value ?? 0);
      this.#gaps[i + 1] = this.#gaps[i]! + (value === null ? 1 : 0);
    });
  }

  at(moment: Instant): number | null {
    return this.#values[Math.floor((toEpoch(moment) - this.origin) / this.step)] ?? null;
  }

  /** Time-weighted; null when any part has no data. */
  mean(from: Instant, to: Instant): number | null {
    return this.meanBetween(toEpoch(from), toEpoch(to));
  }

  meanBetween(from: number, to: number): number | null {
    const a = (from - this.origin) / this.step;
    const b = (to - this.origin) / this.step;
    const first = Math.floor(a);
    const last = Math.ceil(b);
    if (first < 0 || last > this.count || !(b > a) || this.#gaps[last]! > this.#gaps[first]!) return null;
    const whole = this.#sums[last]! - this.#sums[first]!;
    const before = (a - first) * (this.#values[first] ?? 0);
    const after = (last - b) * (this.#values[last - 1] ?? 0);
    return (whole - before - after) / (b - a);
  }
}

/** Means that differ by less than this share are equal; the earlier start wins. */
const TIE = 1e-12;

/**
 * The start within [from, latest] with the smallest mean over `seconds`. The mean is piecewise linear in the start, with
 * kinks where the run begins or ends on a step of the signal, so that looking there and at both ends of the range finds the
 * exact optimum. Null when no run has data throughout.
 */
export const bestStart = (sums: SeriesSums, from: Instant, latest: Instant, seconds: number): Instant | null => {
  const [lo, hi] = [toEpoch(from), toEpoch(latest)];
  const { origin, step } = sums;
  const candidates = new Set([lo, hi]);
  for (const shift of [0, seconds]) {
    const first = origin + Math.ceil((lo + shift - origin) / step) * step - shift;
    for (let at = first; at <= hi; at += step) candidates.add(at);
  }
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const at of [...candidates].sort((a, b) => a - b)) {
    const mean = sums.meanBetween(at, at + seconds);
    if (mean === null || mean >= least - TIE * Math.max(1, Math.abs(least === Number.POSITIVE_INFINITY ? 0 : least)))
      continue;
    least = mean;
    best = at;
  }
  return best === null ? null : fromEpoch(best);
};
