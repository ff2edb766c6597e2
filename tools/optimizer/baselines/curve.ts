/** One region's intensity as the policies of the literature look at it: window sums, the cheapest slots of a window, quantiles. */

/** Sums that differ by less than this share are equal: rounding, not a preference. */
const TIE = 1e-12;

export class Curve {
  readonly values: Float64Array;
  readonly count: number;
  readonly #sums: Float64Array;
  readonly #gaps: Int32Array;
  /** Maximal stretches of equal values: starts, and one past the last. A trace in seconds over an hourly signal has few. */
  readonly #runs: Int32Array;
  readonly #runOf: Int32Array;
  /** Position of each run in the order by value, earlier first among equals. */
  #rank: Int32Array | null = null;
  #byRank: Int32Array | null = null;

  /** NaN is a gap: no window that touches it is offered. */
  constructor(values: Float64Array) {
    this.values = values;
    this.count = values.length;
    this.#sums = new Float64Array(this.count + 1);
    this.#gaps = new Int32Array(this.count + 1);
    this.#runOf = new Int32Array(this.count);
    const starts: number[] = [];
    let rest = 0;
    for (let t = 0; t < this.count; t++) {
      const value = values[t]!;
      const isGap = Number.isNaN(value);
      this.#gaps[t + 1] = this.#gaps[t]! + (isGap ? 1 : 0);
      // Compensated, so that a window's sum does not depend on how far from the start it lies.
      const add = (isGap ? 0 : value) - rest;
      const sum = this.#sums[t]! + add;
      rest = sum - this.#sums[t]! - add;
      this.#sums[t + 1] = sum;
      if (t === 0 || !Object.is(value, values[t - 1])) starts.push(t);
      this.#runOf[t] = starts.length - 1;
    }
    this.#runs = Int32Array.from([...starts, this.count]);
  }

  /** Sum over [from, to); NaN when it leaves the curve or touches a gap. */
  sum(from: number, to: number): number {
    if (from < 0 || to > this.count || this.#gaps[to]! > this.#gaps[from]!) return Number.NaN;
    return this.#sums[to]! - this.#sums[from]!;
  }

  /** First start in [lo, hi], in steps of `every`, with the smallest sum over `length` slots; −1 when none has data. */
  cheapestStart(lo: number, hi: number, length: number, every = 1): number {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let s = lo; s <= hi; s += every) {
      const sum = this.sum(s, s + length);
      if (!(sum < least - TIE * Math.abs(least === Number.POSITIVE_INFINITY ? 0 : least))) continue;
      least = sum;
      best = s;
    }
    return best;
  }

  /** First slot of [lo, hi] with the smallest value; −1 without data. */
  cheapestSlot(lo: number, hi: number): number {
    let best = -1;
    for (let t = Math.max(0, lo); t <= Math.min(hi, this.count - 1); t = this.#runs[this.#runOf[t]! + 1]!)
      if (!Number.isNaN(this.values[t]!) && (best < 0 || this.values[t]! < this.values[best]!)) best = t;
    return best;
  }

  /** The `length` cheapest slots of [lo, hi), the earlier of equals, as from,to pairs; null when fewer have data. */
  cheapestSlots(lo: number, hi: number, length: number): number[] | null {
    const end = Math.min(hi, this.count);
    if (lo < 0 || lo >= end || end - lo - (this.#gaps[end]! - this.#gaps[lo]!) < length) return null;
    this.#order();
    const rank = this.#rank!;
    const [first, last] = [this.#runOf[lo]!, this.#runOf[end - 1]!];
    const ranks = new Int32Array(last - first + 1);
    for (let i = first; i <= last; i++) ranks[i - first] = rank[i]!;
    ranks.sort();
    const chosen: [number, number][] = [];
    let left = length;
    for (const position of ranks) {
      if (left === 0) break;
      const run = this.#byRank![position]!;
      const from = Math.max(lo, this.#runs[run]!);
      const to = Math.min(end, this.#runs[run + 1]!, from + left);
      chosen.push([from, to]);
      left -= to - from;
    }
    return joined(chosen);
  }

  #order() {
    if (this.#rank) return;
    const runs = this.#runs.length - 1;
    const worth = (run: number) => {
      const value = this.values[this.#runs[run]!]!;
      return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
    };
    const byRank = Int32Array.from({ length: runs }, (_, i) => i).sort((a, b) => worth(a) - worth(b) || a - b);
    this.#rank = new Int32Array(runs);
    byRank.forEach((run, position) => {
      this.#rank![run] = position;
    });
    this.#byRank = byRank;
  }

  /** Quantile of the slots in [lo, hi), linear between them; NaN without data. */
  quantile(lo: number, hi: number, q: number): number {
    const stretches: [value: number, count: number][] = [];
    const end = Math.min(hi, this.count);
    let total = 0;
    for (let t = Math.max(0, lo); t < end; ) {
      const to = Math.min(end, this.#runs[this.#runOf[t]! + 1]!);
      const value = this.values[t]!;
      if (!Number.isNaN(value)) {
        stretches.push([value, to - t]);
        total += to - t;
      }
      t = to;
    }
    if (total === 0) return Number.NaN;
    stretches.sort((a, b) => a[0] - b[0]);
    const position = q * (total - 1);
    const at = (index: number) => {
      let seen = 0;
      for (const [value, count] of stretches) {
        seen += count;
        if (index < seen) return value;
      }
      return stretches.at(-1)![0];
    };
    const below = Math.floor(position);
    return at(below) + (position - below) * (at(Math.min(total - 1, below + 1)) - at(below));
  }

  /** The slots of [lo, hi) below a threshold, in order of time, as from,to pairs. */
  stretchesBelow(lo: number, hi: number, threshold: number): [number, number][] {
    const out: [number, number][] = [];
    for (let t = lo; t < Math.min(hi, this.count); ) {
      const to = Math.min(hi, this.count, this.#runs[this.#runOf[t]! + 1]!);
      if (this.values[t]! < threshold) out.push([t, to]);
      t = to;
    }
    return out;
  }
}

/** In order of time, neighbours joined, as one flat list. */
export const joined = (stretches: readonly (readonly [number, number])[]): number[] => {
  const out: number[] = [];
  for (const [from, to] of [...stretches].sort((a, b) => a[0] - b[0])) {
    if (to <= from) continue;
    if (out.length > 0 && out.at(-1) === from) out[out.length - 1] = to;
    else out.push(from, to);
  }
  return out;
};
