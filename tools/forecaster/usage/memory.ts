/**
 * The network: it reads the covariates of the last day, hour by hour, and answers what the regression misses: heat that stays, queues
 * that drain. It reads no energy.
 */
import type { UsageRows } from '../../../domain/usage.js';
import { Network, type Shape, sizeOf, train } from '../models/network.js';
import { calendarOf } from './calendar.js';
import { type Inputs, isKnown } from './inputs.js';

const HOURS = 24;
const UNITS = 12;
const WINDOWS = 1500;
const EPOCHS = 4;

const shapeOf = (inputs: Inputs, covariates: number): Shape => ({
  ...{ steps: HOURS, inputs: covariates + 2, context: inputs.width, units: UNITS, outputs: 1 },
});

/** Covariates as the inputs have them, at steps an hour apart back from step i; false where one is not known. */
const sequenceAt = (
  rows: UsageRows,
  inputs: Inputs,
  hour: Float64Array,
  i: number,
  out: Float64Array,
  from: number,
): boolean => {
  const covariates = rows.covariates.length;
  const perHour = Math.max(1, Math.round(60 / rows.stepMinutes));
  for (let h = 0; h < HOURS; h++) {
    const at = i - (HOURS - 1 - h) * perHour;
    if (at < 0 || !isKnown(inputs, at)) return false;
    const to = from + h * (covariates + 2);
    for (let c = 0; c < covariates; c++) out[to + c] = inputs.values[at * inputs.width + 2 * c]!;
    const turn = (2 * Math.PI * hour[at]!) / 24;
    out[to + covariates] = Math.sin(turn);
    out[to + covariates + 1] = Math.cos(turn);
  }
  return true;
};

export interface Memory {
  readonly units: number;
  readonly scale: number;
  readonly weights: readonly number[];
}

/** `missed`: what the regression misses. Null where too few steps have a whole day before them. */
export const fitMemory = (
  rows: UsageRows,
  inputs: Inputs,
  missed: Float64Array,
  wanted: (i: number) => boolean,
  seed: number,
): Memory | null => {
  const covariates = rows.covariates.length;
  const shape = shapeOf(inputs, covariates);
  const wide = HOURS * shape.inputs;
  const { hour } = calendarOf(rows);
  const able: number[] = [];
  for (let i = 0; i < inputs.count; i++) if (wanted(i) && !Number.isNaN(missed[i]!) && isKnown(inputs, i)) able.push(i);
  const stride = Math.max(1, Math.floor(able.length / WINDOWS));
  const chosen = able.filter((_, k) => k % stride === 0);
  const sequence = new Float64Array(chosen.length * wide);
  const context = new Float64Array(chosen.length * inputs.width);
  const target = new Float64Array(chosen.length);
  let [count, square] = [0, 0];
  for (const i of chosen) {
    if (!sequenceAt(rows, inputs, hour, i, sequence, count * wide)) continue;
    context.set(inputs.values.subarray(i * inputs.width, (i + 1) * inputs.width), count * inputs.width);
    target[count++] = missed[i]!;
    square += missed[i]! ** 2;
  }
  if (count < WINDOWS / 5) return null;
  const scale = Math.sqrt(square / count) || 1;
  const windows = { count, sequence, context, target: target.map((value) => value / scale) };
  const weights = train(shape, windows, { epochs: EPOCHS, batch: 32, rate: 0.005, seed });
  return { units: UNITS, scale, weights: [...weights] };
};

/** What is to be added to the regression's answer for the steps from `from` up to and without `to`; 0 where the day before is not known. */
export const answerMemory = (
  memory: Memory,
  rows: UsageRows,
  inputs: Inputs,
  from: number,
  to: number,
): Float64Array => {
  const shape = shapeOf(inputs, rows.covariates.length);
  if (memory.weights.length !== sizeOf(shape)) throw new Error('a network of another shape');
  const network = new Network(shape, Float64Array.from(memory.weights));
  const { hour } = calendarOf(rows);
  const sequence = new Float64Array(HOURS * shape.inputs);
  return Float64Array.from({ length: to - from }, (_, k) => {
    const i = from + k;
    if (!isKnown(inputs, i) || !sequenceAt(rows, inputs, hour, i, sequence, 0)) return 0;
    const context = inputs.values.subarray(i * inputs.width, (i + 1) * inputs.width);
    return memory.scale * network.run(sequence, context)[0]!;
  });
};
