/** Samples of one series as energy of equal buckets of time. A bucket of which any part is not known is not known. */

export interface Buckets {
  readonly startS: number;
  readonly stepS: number;
  readonly kwh: Float64Array;
  readonly knownS: Float64Array;
  /** why the last gap of a bucket is one; null: it is whole */
  readonly why: (string | null)[];
}

export const emptyBuckets = (startS: number, stepS: number, count: number): Buckets => ({
  ...{ startS, stepS, kwh: new Float64Array(count), knownS: new Float64Array(count) },
  why: new Array<string | null>(count).fill(null),
});

export interface Reading {
  readonly of: 'counter' | 'power';
  /** kWh, or kW, per unit */
  readonly factor: number;
  /** in units: where the counter begins anew */
  readonly ranges: readonly number[];
  /** more than it can draw, kW: a fall is believed to be a new beginning while it stays below */
  readonly maxKw: number;
  /** samples further apart say nothing of the time between, s */
  readonly apartS: number;
}

/** Samples one after the other, over any number of pages. */
export class Accumulator {
  #at: number | null = null;
  #value = 0;
  /** the largest value so far: the register’s range is no smaller */
  #most = 0;

  constructor(
    readonly buckets: Buckets,
    readonly reading: Reading,
  ) {}

  /** Where the register begins anew: the smallest that no value has been above; null: not known. */
  get range(): number | null {
    return this.reading.ranges.find((range) => range >= this.#most) ?? null;
  }

  take(times: Float64Array, values: Float64Array): void {
    const { startS, stepS, kwh, knownS } = this.buckets;
    const { of, factor, apartS } = this.reading;
    // The bucket that the newest sample lies in, where most of its successors lie too.
    let [bucket, from, until] = [-1, 0, -Infinity];
    // In variables rather than members: a member that may be null costs an object for each sample.
    let [last, before, most] = [this.#at ?? Infinity, this.#value, this.#most];
    for (let i = 0; i < times.length; i++) {
      const at = times[i]!;
      const value = values[i]!;
      // NaN and infinities are no readings: what lies between their neighbours is known by these.
      if (!(value >= 0 && value < Infinity)) continue;
      if (value > most) most = value;
      if (at > last) {
        if (last >= until || last < from) {
          bucket = Math.floor((last - startS) / stepS);
          from = startS + bucket * stepS;
          until = startS + (bucket + 1) * stepS;
        }
        const isWithin = last >= from && at <= until && bucket >= 0 && bucket < kwh.length && at - last <= apartS;
        if (isWithin && of === 'counter' && value >= before) {
          // As `#add` has it for one bucket, to the last bit.
          kwh[bucket]! += ((value - before) * factor * (at - last)) / (at - last);
          knownS[bucket]! += at - last;
        } else {
          this.#most = most;
          this.#between(last, before, at, value);
        }
      }
      last = at;
      before = value;
    }
    this.#at = last === Infinity ? null : last;
    this.#value = before;
    this.#most = most;
  }

  #between(from: number, before: number, to: number, value: number): void {
    const { of, factor, apartS } = this.reading;
    const hours = (to - from) / 3600;
    if (to - from > apartS) this.#gap(from, to, `no sample for ${Math.round(to - from)} s`);
    else if (of === 'power') this.#add(from, to, ((before + value) / 2) * factor * hours);
    else if (value >= before) this.#add(from, to, (value - before) * factor);
    else this.#fallen(from, before, to, value, hours);
  }

  #fallen(from: number, before: number, to: number, value: number, hours: number): void {
    const wrapped = this.#wrapped(before, value, hours);
    if (wrapped === null) this.#gap(from, to, 'the counter fell');
    else this.#add(from, to, wrapped);
  }

  /** kWh over a new beginning of the register; null: no range makes it believable. */
  #wrapped(before: number, value: number, hours: number): number | null {
    const { ranges, factor, maxKw } = this.reading;
    for (const range of ranges) {
      if (range < this.#most) continue;
      const kwh = (range - before + value) * factor;
      if (kwh <= maxKw * hours) return kwh;
    }
    return null;
  }

  #each(from: number, to: number, work: (bucket: number, seconds: number) => void): void {
    const { startS, stepS, kwh } = this.buckets;
    const last = Math.min(kwh.length - 1, Math.ceil((to - startS) / stepS) - 1);
    for (let i = Math.max(0, Math.floor((from - startS) / stepS)); i <= last; i++) {
      const seconds = Math.min(to, startS + (i + 1) * stepS) - Math.max(from, startS + i * stepS);
      if (seconds > 0) work(i, seconds);
    }
  }

  #add(from: number, to: number, kwh: number): void {
    this.#each(from, to, (i, seconds) => {
      this.buckets.kwh[i]! += (kwh * seconds) / (to - from);
      this.buckets.knownS[i]! += seconds;
    });
  }

  #gap(from: number, to: number, why: string): void {
    this.#each(from, to, (i) => {
      this.buckets.why[i] = why;
    });
  }
}

/** Times may be off by milliseconds of a scrape. */
const NEARLY_S = 1;

/** Whether all of a bucket is known. */
export const isWhole = ({ knownS, stepS }: Buckets, i: number): boolean => knownS[i]! >= stepS - NEARLY_S;
