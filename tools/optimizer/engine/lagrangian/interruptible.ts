/**
 * The cheapest way to run one interruptible job, exact: dynamic programme over (slot, slots done), O(window × slots).
 * Slots that cannot be used cost Infinity; costs are summed slot by slot, never as differences of prefix sums.
 */

import type { Problem } from '../problem.js';

/** What the pieces of a job are bound to. */
export interface Breaks {
  readonly minChunk: number;
  readonly resumeCost: number;
  /** Slots that a piece has run when the window opens; −1: it rests then, 0: it has not begun. */
  readonly underWay: number;
}

export const breaksOf = ({ jobs }: Problem, j: number): Breaks => ({
  minChunk: jobs.minChunk[j]!,
  resumeCost: jobs.resumeCost[j]!,
  underWay: jobs.underWay[j]!,
});

export interface BrokenRun {
  cost: number;
  /** from,to pairs relative to the window; empty when nothing fits. */
  pieces: number[];
}

let ended = new Float64Array(0);
let idle = new Float64Array(0);
/** What a piece that has not ended came from, by its state. */
const PIECE = 0;
const REST = 1;
const OPENING = 2;
let from = new Uint8Array(0);
let idleFromEnd = new Uint8Array(0);

const reserve = (size: number) => {
  if (ended.length >= size) return;
  ended = new Float64Array(size);
  idle = new Float64Array(size);
  from = new Uint8Array(size);
  idleFromEnd = new Uint8Array(size);
};

/**
 * `whole[t]` is the cost of running in slot t of the window in full, `final[t]` of ending in it (its used part plus
 * tardiness). `slots` are run in pieces of at least `minChunk`, each piece after the first costs `resumeCost`, and two
 * pieces are never adjacent. Work that is under way may go on in slot 0 for nothing, or rest once its piece is long enough.
 */
export const cheapestBroken = (
  whole: Float64Array,
  final: Float64Array,
  length: number,
  slots: number,
  { minChunk, resumeCost, underWay }: Breaks,
): BrokenRun => {
  const chunk = Math.max(1, minChunk);
  // Slots that the piece under way still needs.
  const needed = underWay > 0 ? Math.min(slots, Math.max(0, chunk - underWay)) : 0;
  if (needed > length) return { cost: Infinity, pieces: [] };
  const width = length + 1;
  reserve((slots + 1) * width);
  // ended[k][t]: k slots done, the last one is t − 1, its piece long enough. idle[k][t]: k done, slot t − 1 not used.
  ended.fill(Infinity, 0, (slots + 1) * width);
  idle.fill(Infinity, 0, (slots + 1) * width);
  if (underWay > 0) {
    let value = 0;
    for (let t = 0; t < needed; t++) value += t === slots - 1 ? final[t]! : whole[t]!;
    if (needed === slots) return value < Infinity ? { cost: value, pieces: [0, slots] } : { cost: value, pieces: [] };
    ended[needed * width + needed] = value;
    from[needed * width + needed] = OPENING;
  } else idle[0] = 0;
  let best = Infinity;
  let bestEnd = -1;
  let bestStarts = false;
  for (let t = 0; t < length; t++) {
    // With fewer done than that by now, the window is too short for the rest.
    for (let k = Math.max(0, slots - length + t); k <= slots - 1 && k <= t; k++) {
      const here = k * width + t;
      const running = ended[here]!;
      const resting = idle[here]!;
      const next = here + 1;
      if (running < resting) {
        idle[next] = running;
        idleFromEnd[next] = 1;
      } else {
        idle[next] = resting;
        idleFromEnd[next] = 0;
      }
      if (running < Infinity) {
        if (k + 1 < slots) {
          const value = running + whole[t]!;
          if (value < ended[next + width]!) {
            ended[next + width] = value;
            from[next + width] = PIECE;
          }
        } else {
          const value = running + final[t]!;
          if (value < best) {
            best = value;
            bestEnd = t + 1;
            bestStarts = false;
          }
        }
      }
      if (resting < Infinity && k + chunk <= slots && t + chunk <= length) {
        let value = resting + (k > 0 || underWay !== 0 ? resumeCost : 0);
        for (let u = t; u < t + chunk - 1; u++) value += whole[u]!;
        if (k + chunk < slots) {
          value += whole[t + chunk - 1]!;
          const target = (k + chunk) * width + t + chunk;
          if (value < ended[target]!) {
            ended[target] = value;
            from[target] = REST;
          }
        } else {
          value += final[t + chunk - 1]!;
          if (value < best) {
            best = value;
            bestEnd = t + chunk;
            bestStarts = true;
          }
        }
      }
    }
  }
  if (best === Infinity) return { cost: Infinity, pieces: [] };
  const pieces: number[] = [];
  let k = slots;
  let t = bestEnd;
  let to = t;
  let starts = bestStarts;
  for (;;) {
    if (starts) {
      t -= chunk;
      k -= chunk;
      pieces.push(to, t);
      while (k > 0 && idleFromEnd[k * width + t] === 0) t--;
      if (k === 0) break;
      t--;
      to = t;
    } else {
      t--;
      k--;
    }
    const origin = from[k * width + t]!;
    if (origin === OPENING) {
      pieces.push(to, 0);
      break;
    }
    starts = origin === REST;
  }
  return { cost: best, pieces: pieces.reverse() };
};
