/**
 * The LSTM: it reads the last day hour by hour and answers what the ridge misses in each hour ahead. Steps shorter than
 * an hour get the correction of their hour.
 */
import type { Frame } from '../frame.js';
import { type FitOptions, type Model, type Recipe, type State, trainingOrigins } from '../model.js';
import { Network, type Shape, sizeOf, train } from './network.js';
import { ridge, ridgePrice } from './ridge.js';

const STEPS = 24;
/** Networks from different seeds, whose mean is the answer. */
const NETWORKS = [0, 1];
const UNITS = 24;
const WINDOWS = 5000;
/** With fewer windows the ridge answers alone. */
const FEWEST = 500;
const EPOCHS = 4;
const TURN = 2 * Math.PI;

const known = (value: number) => (Number.isNaN(value) ? 0 : value);

/** Inputs of one hour of the sequence. */
const hourOf = (
  frame: Frame,
  priced: boolean,
  origin: number,
  at: number,
  scale: number,
  out: Float64Array,
  from: number,
): number => {
  let n = from;
  const week = frame.mean(origin, 168);
  out[n++] = (frame.filled[at]! - week) / scale;
  out[n++] = known(frame.filled[at]! - frame.profile[at]!) / scale;
  const hour = (frame.hourOf(at) / 24) * TURN;
  out[n++] = Math.sin(hour);
  out[n++] = Math.cos(hour);
  out[n++] = frame.weekdayOf(at) >= 5 ? 1 : 0;
  if (priced) out[n++] = (frame.priceSlope(origin) * known(frame.priceAnomalyAt(origin, at))) / scale;
  return n;
};

/** Inputs beside the sequence. */
const contextOf = (
  frame: Frame,
  priced: boolean,
  origin: number,
  hours: number,
  scale: number,
  out: Float64Array,
  from: number,
): number => {
  let n = from;
  const week = frame.mean(origin, 168);
  out[n++] = (frame.mean(origin, 24) - week) / scale;
  out[n++] = (week - frame.mean(origin, 672)) / scale;
  out[n++] = frame.anomaly(origin, 24) / scale;
  out[n++] = frame.anomaly(origin, 48) / scale;
  const hour = (frame.hourOf(origin) / 24) * TURN;
  for (const k of [1, 2]) {
    out[n++] = Math.sin(k * hour);
    out[n++] = Math.cos(k * hour);
  }
  for (let day = 0; day < 7; day++) out[n++] = frame.weekdayOf(origin) === day ? 1 : 0;
  const perHour = perHourOf(frame);
  for (let h = 0; h < Math.min(24, hours); h++) out[n++] = known(frame.profileAt(origin, h * perHour) - week) / scale;
  if (!priced) return n;
  const slope = frame.priceSlope(origin) / scale;
  out[n++] = slope * known(frame.meanPriceAnomaly(origin));
  for (let h = 0; h < hours; h++) out[n++] = slope * known(frame.priceAnomalyAt(origin, origin + h * perHour));
  for (let h = 0; h < hours; h += 4) out[n++] = Number.isNaN(frame.priceAt(origin, origin + h * perHour)) ? 0 : 1;
  return n;
};

const perHourOf = (frame: Frame) => Math.max(1, Math.round(1 / frame.hours));

const shapeOf = (priced: boolean, hours: number): Shape => ({
  steps: STEPS,
  inputs: priced ? 6 : 5,
  context: 15 + Math.min(24, hours) + (priced ? 1 + hours + Math.ceil(hours / 4) : 0),
  units: UNITS,
  outputs: hours,
});

const recipe = (name: string, priced: boolean): Recipe => {
  const linear = priced ? ridgePrice : ridge;
  return {
    name,
    about: `long short-term memories over the last day on what the ridge leaves${priced ? ', with the day-ahead price as far as published' : ''}`,
    learns: true,
    priced,
    fit: (frame, options) => {
      const base = linear.fit(frame, { ...options, tell: (done) => options.tell?.(0.1 * done) });
      const hours = Math.ceil(options.horizon / perHourOf(frame));
      const scale = scaleOf(frame, options.until);
      return modelOf(name, priced, base, hours, scale, learn(frame, priced, base, hours, scale, options));
    },
    load: ({ arrays, parts }) =>
      modelOf(
        name,
        priced,
        linear.load(parts!.ridge!),
        arrays.size![0]!,
        arrays.size![1]!,
        NETWORKS.map((k) => arrays[`weights${k}`] as Float64Array),
      ),
  };
};

export const lstm = recipe('lstm', false);
export const lstmPrice = recipe('lstm_price', true);

const modelOf = (
  name: string,
  priced: boolean,
  base: Model,
  hours: number,
  scale: number,
  weights: readonly Float64Array[],
): Model => {
  const shape = shapeOf(priced, hours);
  const networks = weights.filter((w) => w.length === sizeOf(shape)).map((w) => new Network(shape, w));
  const sequence = new Float64Array(shape.steps * shape.inputs);
  const context = new Float64Array(shape.context);
  return {
    name,
    state: {
      arrays: {
        size: Float64Array.of(hours, scale),
        ...Object.fromEntries(weights.map((w, k) => [`weights${k}`, w])),
      },
      parts: { ridge: base.state as State },
    },
    predict: (frame, origin, steps) => {
      const perHour = perHourOf(frame);
      const linear = base.predict(frame, origin, steps);
      if (networks.length === 0 || frame.back(origin, STEPS - 1) < 0) return linear;
      fillWindow(frame, priced, origin, hours, scale, sequence, context);
      const missed = new Float64Array(hours);
      for (const network of networks)
        network.run(sequence, context).forEach((value, hour) => {
          missed[hour]! += (value * scale) / networks.length;
        });
      return linear.map((value, h) => value + (missed[Math.floor(h / perHour)] ?? 0));
    },
  };
};

const fillWindow = (
  frame: Frame,
  priced: boolean,
  origin: number,
  hours: number,
  scale: number,
  sequence: Float64Array,
  context: Float64Array,
): void => {
  let n = 0;
  for (let step = 0; step < STEPS; step++)
    n = hourOf(frame, priced, origin, frame.back(origin, STEPS - 1 - step), scale, sequence, n);
  contextOf(frame, priced, origin, hours, scale, context, 0);
};

/** Mean absolute anomaly of the training span, the unit in which the network counts. */
const scaleOf = (frame: Frame, until: number): number => {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < until; i++) {
    const anomaly = frame.values[i]! - frame.profile[i]!;
    if (Number.isNaN(anomaly)) continue;
    sum += Math.abs(anomaly);
    count++;
  }
  return sum / Math.max(1, count) || 1;
};

const learn = (
  frame: Frame,
  priced: boolean,
  base: Model,
  hours: number,
  scale: number,
  options: FitOptions,
): Float64Array[] => {
  const shape = shapeOf(priced, hours);
  const origins = trainingOrigins(frame, options, WINDOWS);
  if (origins.length < FEWEST) return NETWORKS.map(() => new Float64Array(0));
  const windows = {
    count: origins.length,
    sequence: new Float64Array(origins.length * shape.steps * shape.inputs),
    context: new Float64Array(origins.length * shape.context),
    target: new Float64Array(origins.length * hours),
  };
  const perHour = perHourOf(frame);
  origins.forEach((origin, w) => {
    const sequence = windows.sequence.subarray(w * shape.steps * shape.inputs);
    fillWindow(frame, priced, origin, hours, scale, sequence, windows.context.subarray(w * shape.context));
    const linear = base.predict(frame, origin, options.horizon);
    for (let hour = 0; hour < hours; hour++) {
      let sum = 0;
      let count = 0;
      for (let h = hour * perHour; h < (hour + 1) * perHour && h < options.horizon; h++) {
        const missed = frame.values[origin + h]! - linear[h]!;
        if (Number.isNaN(missed)) continue;
        sum += missed;
        count++;
      }
      windows.target[w * hours + hour] = count === 0 ? Number.NaN : sum / count / scale;
    }
  });
  return NETWORKS.map((k) =>
    train(shape, windows, {
      epochs: EPOCHS,
      batch: 32,
      rate: 0.003,
      seed: options.seed + 1000 * k,
      tell: (done) => options.tell?.(0.1 + (0.9 * (k + done)) / NETWORKS.length),
    }),
  );
};
