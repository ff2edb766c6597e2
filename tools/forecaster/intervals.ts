/**
 * Intervals that hold as often as they say: rolling conformal prediction (Vovk et al. 2005) by lead time, with the level adapted to
 * what was missed (Gibbs and Candès 2021). Only errors whose time has passed are known at an origin.
 */
import { Recent } from './recent.js';

/** Errors that an interval is made from, and the fewest that make one. */
const KEPT = 180;
const FEWEST = 60;
/** How fast the level answers to a miss. */
const GAIN = 0.02;

export interface Band {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

interface Issued {
  readonly origin: number;
  readonly values: Float64Array;
  readonly band: Band;
}

/** The newest errors of a lead time. */
class Errors {
  readonly #signed = new Recent(KEPT);
  readonly #absolute = new Recent(KEPT);

  get count(): number {
    return this.#signed.count;
  }

  add(error: number): void {
    this.#signed.add(error);
    this.#absolute.add(Math.abs(error));
  }

  width(share: number): number {
    return this.#absolute.atMost(share);
  }

  quantile(share: number): number {
    return this.#signed.quantile(share);
  }
}

export class Intervals {
  readonly #errors: Errors[];
  readonly #miss: Float64Array;
  #pending: Issued[] = [];

  constructor(
    readonly horizon: number,
    /** share of truths that the interval is to hold */
    readonly coverage: number,
  ) {
    this.#errors = Array.from({ length: horizon }, () => new Errors());
    this.#miss = new Float64Array(horizon).fill(1 - coverage);
  }

  /** The interval around a forecast, from the errors known so far; NaN where there are too few. */
  around(values: Float64Array): Band {
    const width = values.map((_, h) => {
      const errors = this.#of(h);
      if (errors.count < FEWEST) return Number.NaN;
      return errors.width(1 - Math.max(0.001, Math.min(0.999, this.#miss[Math.min(h, this.horizon - 1)]!)));
    });
    return { low: values.map((v, h) => v - width[h]!), high: values.map((v, h) => v + width[h]!) };
  }

  /** Quantiles of the errors known so far, added to the forecast; NaN where there are too few. */
  quantiles(values: Float64Array, share: number): Float64Array {
    return values.map((v, h) => (this.#of(h).count < FEWEST ? Number.NaN : v + this.#of(h).quantile(share)));
  }

  /** Errors of a lead time; beyond the horizon those of its end. */
  #of(h: number): Errors {
    return this.#errors[Math.min(h, this.horizon - 1)]!;
  }

  /** Notes a forecast with the interval that was given for it; its errors come in as their time passes. */
  issued(origin: number, values: Float64Array, band: Band): void {
    this.#pending.push({ origin, values, band });
  }

  /** Takes in what came true before `now`, in the order in which it was foretold. */
  learn(truth: Float64Array, now: number): void {
    const waiting: Issued[] = [];
    for (const one of this.#pending) {
      if (one.origin + this.horizon > now) {
        waiting.push(one);
        continue;
      }
      for (let h = 0; h < this.horizon; h++) {
        const error = truth[one.origin + h]! - one.values[h]!;
        if (Number.isNaN(error)) continue;
        this.#of(h).add(error);
        const [low, high] = [one.band.low[h]!, one.band.high[h]!];
        if (Number.isNaN(low)) continue;
        const missed = error < low - one.values[h]! || error > high - one.values[h]! ? 1 : 0;
        this.#miss[h]! += GAIN * (1 - this.coverage - missed);
      }
    }
    this.#pending = waiting;
  }
}
