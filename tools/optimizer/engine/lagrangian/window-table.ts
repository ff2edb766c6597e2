/** Argmin of window sums in constant time: one sparse table per duration, rebuilt when prices change. */

export class WindowTable {
  /** sums[s] is the sum of the slots s … s + duration − 1. */
  readonly sums: Float64Array;
  /** Of the prices that it was built from; −1: not built. */
  version = -1;
  /** levels[k][s] is the best of 2^k starts from s; starts fit in 16 bits up to 65 536 slots. */
  private readonly levels: (Uint16Array | Uint32Array)[];
  private readonly starts: number;

  constructor(slots: number, duration: number, widest: number) {
    this.starts = slots - duration + 1;
    this.sums = new Float64Array(this.starts);
    const depth = 32 - Math.clz32(Math.min(widest, this.starts));
    this.levels = Array.from({ length: depth }, () =>
      slots <= 65_536 ? new Uint16Array(this.starts) : new Uint32Array(this.starts),
    );
    for (let s = 0; s < this.starts; s++) this.levels[0]![s] = s;
  }

  /** `prefix[offset + t]` is the sum of all slots before t. */
  build(prefix: Float64Array, offset: number, duration: number) {
    const { sums, levels, starts } = this;
    for (let s = 0; s < starts; s++) sums[s] = prefix[offset + s + duration]! - prefix[offset + s]!;
    for (let k = 1; k < levels.length; k++) {
      const below = levels[k - 1]!;
      const level = levels[k]!;
      const half = 1 << (k - 1);
      const end = starts - (1 << k) + 1;
      for (let s = 0; s < end; s++) {
        const a = below[s]!;
        const b = below[s + half]!;
        level[s] = sums[a]! <= sums[b]! ? a : b;
      }
    }
  }

  /** Start in lo … hi with the smallest sum, the earliest of equals. */
  argmin(lo: number, hi: number): number {
    const k = 31 - Math.clz32(hi - lo + 1);
    const level = this.levels[k]!;
    const a = level[lo]!;
    const b = level[hi - (1 << k) + 1]!;
    return this.sums[a]! <= this.sums[b]! ? a : b;
  }
}
