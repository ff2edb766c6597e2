/** What a decision that trusts a forecast costs beside one that knows. */
import type { Frame } from './frame.js';

/** Work of `blockHours` that would start `nowHours` after the origin and may start at any step while it ends within `hours`. */
export interface Span {
  readonly blockHours: number;
  readonly hours: number;
  readonly nowHours: number;
}

/** Two hours of work within the next day, which would start at once. */
export const NEXT_DAY: Span = { blockHours: 2, hours: 24, nowHours: 0 };
/** An hour of work that would start eight hours later and may be moved by eight hours either way: at 17:00 a nightly job of 01:00. */
export const NIGHT: Span = { blockHours: 1, hours: 17, nowHours: 8 };
export const NIGHT_ISSUED_HOUR = 17;

interface Decided {
  readonly now: number;
  readonly chosen: number;
  readonly perfect: number;
  readonly extraPrice: number;
}

/** Means over the decisions, in the unit of the series. */
export interface Decision {
  readonly startNow: number;
  readonly chosen: number;
  readonly perfect: number;
  /** what the forecast cost beyond perfect knowledge: chosen − perfect */
  readonly regret: number;
  /** the same in the price of energy: what chosen blocks cost more than those of perfect knowledge; null without a price */
  readonly regretPrice: number | null;
  readonly decisions: number;
}

/** The cheapest block, by the forecast and by the truth; null where either has a gap. */
export const decide = (frame: Frame, origin: number, values: Float64Array, span: Span): Decided | null => {
  const stepsIn = (hours: number) => Math.round(hours / frame.hours);
  const [block, steps] = [Math.max(1, stepsIn(span.blockHours)), stepsIn(span.hours)];
  const truth = frame.values.subarray(origin, origin + steps);
  const mean = (of: Float64Array, from: number) => {
    let sum = 0;
    for (let i = from; i < from + block; i++) sum += of[i]!;
    return sum / block;
  };
  let [chosen, perfect] = [0, 0];
  let [least, best] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let from = 0; from + block <= steps; from++) {
    const [guess, true_] = [mean(values, from), mean(truth, from)];
    if (Number.isNaN(guess) || Number.isNaN(true_)) return null;
    // What differs by rounding alone is equal, and the earlier wins.
    if (guess < least - 1e-9) [chosen, least] = [from, guess];
    if (true_ < best - 1e-9) [perfect, best] = [from, true_];
  }
  const prices = frame.price?.values.subarray(origin, origin + steps);
  return {
    now: mean(truth, stepsIn(span.nowHours)),
    chosen: mean(truth, chosen),
    perfect: best,
    extraPrice: prices === undefined ? Number.NaN : mean(prices, chosen) - mean(prices, perfect),
  };
};

export class Decisions {
  #count = 0;
  #now = 0;
  #chosen = 0;
  #perfect = 0;
  #extraPrice = 0;

  add({ now, chosen, perfect, extraPrice }: Decided): void {
    this.#count++;
    this.#now += now;
    this.#chosen += chosen;
    this.#perfect += perfect;
    this.#extraPrice += extraPrice;
  }

  /** Part of the saving of perfect foresight that was realised; null where there is none to make. */
  get realisedShare(): number | null {
    const most = this.#now - this.#perfect;
    return most > 0 ? (this.#now - this.#chosen) / most : null;
  }

  get means(): Decision {
    const n = this.#count;
    return {
      startNow: this.#now / n,
      chosen: this.#chosen / n,
      perfect: this.#perfect / n,
      regret: (this.#chosen - this.#perfect) / n,
      regretPrice: Number.isNaN(this.#extraPrice) ? null : this.#extraPrice / n,
      decisions: n,
    };
  }
}

/** Nightly jobs planned on the forecast of the afternoon: means, and the part of the possible saving that was realised. */
export interface Nights extends Decision {
  readonly realisedShare: number | null;
}

/** Null where no afternoon of the test has a night behind it that is known. */
export const nightsOf = (
  frame: Frame,
  origins: Int32Array,
  at: (origin: number, steps: number) => Float64Array,
): Nights | null => {
  const decisions = new Decisions();
  for (const origin of origins) {
    const decided = decide(frame, origin, at(origin, Math.round(NIGHT.hours / frame.hours)), NIGHT);
    if (decided !== null) decisions.add(decided);
  }
  const { means, realisedShare } = decisions;
  return means.decisions === 0 ? null : { ...means, realisedShare };
};
