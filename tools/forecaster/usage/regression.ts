/** Least squares on the inputs of the chosen steps. */
import { solveNormal, unsureness } from '../normal-equations.js';
import { type Inputs, isKnown } from './inputs.js';

/** Small beside any day of steps: it only settles which of two inputs that say the same is believed. */
const PENALTY = 0.1;

/** So small that a direction which no step speaks of stays as unsure as it is. */
const HARDLY = 1e-6;

const rowsIn = (inputs: Inputs, target: Float64Array, wanted: (i: number) => boolean) => {
  const { count, width, values } = inputs;
  const z = new Float64Array(count * width);
  const y = new Float64Array(count);
  let n = 0;
  for (let i = 0; i < count; i++) {
    if (!wanted(i) || Number.isNaN(target[i]!) || !isKnown(inputs, i)) continue;
    z.set(values.subarray(i * width, (i + 1) * width), n * width);
    y[n++] = target[i]!;
  }
  return { z, y, n };
};

/** `wanted` says which steps are learned from. Weights of the inputs, the constant last. */
export const fitRegression = (inputs: Inputs, target: Float64Array, wanted: (i: number) => boolean): Float64Array => {
  const { z, y, n } = rowsIn(inputs, target, wanted);
  return solveNormal(z, y, null, n, inputs.width, PENALTY);
};

/** How unsure those weights are; see `unsureness`. */
export const unsureOf = (inputs: Inputs, target: Float64Array): Float64Array => {
  const { z, n } = rowsIn(inputs, target, () => true);
  return unsureness(z, n, inputs.width, HARDLY);
};

/**
 * How far a sum over these steps reaches into what was learned little of: the square root of gᵀCg, g the sum of their inputs. Load that
 * always went with the hour cannot be told from the hour, and a window where it did not is as unsure as that.
 */
export const reachOf = (inputs: Inputs, unsure: ArrayLike<number>, counted: (i: number) => boolean): number => {
  const { count, width, values } = inputs;
  const n = width + 1;
  const sum = new Float64Array(n);
  for (let i = 0; i < count; i++) {
    if (!counted(i)) continue;
    for (let f = 0; f < width; f++) sum[f]! += values[i * width + f]!;
    sum[width]! += 1;
  }
  let square = 0;
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) square += sum[a]! * unsure[a * n + b]! * sum[b]!;
  return Math.sqrt(Math.max(0, square));
};

export const answerRegression = (inputs: Inputs, weights: ArrayLike<number>): Float64Array => {
  const { count, width, values } = inputs;
  return Float64Array.from({ length: count }, (_, i) => {
    if (!isKnown(inputs, i)) return Number.NaN;
    let sum = weights[width]!;
    for (let f = 0; f < width; f++) sum += weights[f]! * values[i * width + f]!;
    return sum;
  });
};
