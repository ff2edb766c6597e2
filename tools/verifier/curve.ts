/** A signal over time as the verifier reads it: what an amount of energy meets when it is used evenly over a span. */
import type { Series } from '../../domain/series.js';
import { toEpoch } from '../../domain/time.js';

/** Anything that has a mean over [from, to) in epoch seconds; NaN when any part of the span is not known. */
export interface Mean {
  mean(from: number, to: number): number;
}

export class Curve implements Mean {
  readonly start: number;
  readonly end: number;
  readonly #step: number;
  readonly #values: Float64Array;

  constructor({ start, stepMinutes, values }: Series) {
    this.start = toEpoch(start);
    this.#step = stepMinutes * 60;
    this.#values = Float64Array.from(values, (v) => v ?? Number.NaN);
    this.end = this.start + values.length * this.#step;
  }

  /** Time-weighted; the order of additions is that of time, so that a repetition gives the same bits. */
  mean(from: number, to: number): number {
    if (from < this.start || to > this.end || to <= from) return Number.NaN;
    let sum = 0;
    for (let at = from; at < to; ) {
      const index = Math.floor((at - this.start) / this.#step);
      const until = Math.min(to, this.start + (index + 1) * this.#step);
      sum += this.#values[index]! * (until - at);
      at = until;
    }
    return sum / (to - from);
  }
}

const HOUR = 3600;

/** Calls `visit` with each UTC hour (since the epoch) that the span touches and the part of the span within it. */
export const byHour = (from: number, to: number, visit: (hour: number, from: number, to: number) => void): void => {
  for (let at = from; at < to; ) {
    const hour = Math.floor(at / HOUR);
    const until = Math.min(to, (hour + 1) * HOUR);
    visit(hour, at, until);
    at = until;
  }
};
