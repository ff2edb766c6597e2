/**
 * Whether a model is still to be trusted: as long as of late neither its errors nor what was chosen by it were worse than the damped
 * profile's. What it learned may not hold any more, and a season that it has never seen is the rule with a short history.
 */

import { decide, NEXT_DAY } from './decide.js';
import type { Frame } from './frame.js';

const KEPT = 120;
/** So many outcomes it takes to distrust it. */
const FEWEST = 14;

interface Issued {
  readonly origin: number;
  readonly own: Float64Array;
  readonly bar: Float64Array;
}

export class Guard {
  #pending: Issued[] = [];
  /** how much worse the model was than the profile in each outcome: error, and value of the block that was chosen */
  readonly #worse: { error: number; chosen: number }[] = [];

  constructor(
    readonly frame: Frame,
    readonly horizon: number,
  ) {}

  /** What the damped profile says; the forecast that is given where the model is not trusted. */
  bar(origin: number, steps: number): Float64Array {
    return Float64Array.from({ length: steps }, (_, h) => this.frame.damped(origin, h));
  }

  issued(origin: number, own: Float64Array): void {
    this.#pending.push({ origin, own, bar: this.bar(origin, own.length) });
  }

  /** Takes in what came true before `now`; answers whether the model is to be trusted there. */
  trusts(now: number): boolean {
    const waiting: Issued[] = [];
    for (const one of this.#pending) {
      if (one.origin + Math.max(this.horizon, this.frame.perDay) > now) waiting.push(one);
      else this.#learn(one);
    }
    this.#pending = waiting;
    if (this.#worse.length < FEWEST) return true;
    let [error, chosen] = [0, 0];
    for (const one of this.#worse) {
      error += one.error;
      chosen += one.chosen;
    }
    return error <= 0 && chosen <= 0;
  }

  #learn({ origin, own, bar }: Issued): void {
    let error = 0;
    for (let h = 0; h < this.horizon; h++) {
      const truth = this.frame.values[origin + h]!;
      const more = Math.abs(own[h]! - truth) - Math.abs(bar[h]! - truth);
      if (!Number.isNaN(more)) error += more;
    }
    const [mine, its] = [decide(this.frame, origin, own, NEXT_DAY), decide(this.frame, origin, bar, NEXT_DAY)];
    this.#worse.push({ error, chosen: mine === null || its === null ? 0 : mine.chosen - its.chosen });
    if (this.#worse.length > KEPT) this.#worse.shift();
  }
}
