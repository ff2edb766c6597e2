/** Gradient-boosted trees on what the ridge leaves, for all steps ahead at once, with the price as far as it was published. */
import type { Frame } from '../frame.js';
import { type FitOptions, type Model, type Recipe, type State, trainingOrigins } from '../model.js';
import { seeded } from '../random.js';
import { type Boosted, boost, boosted } from './boost.js';
import { ridge, ridgePrice } from './ridge.js';

const ROWS = 40_000;
const TREES = 80;
const DEPTH = 5;

const ofOrigin = (frame: Frame, priced: boolean, origin: number, out: Float64Array): number => {
  let n = 0;
  const at = (hours: number) => frame.filled[frame.back(origin, hours)]!;
  const [last, day, week] = [at(0), frame.mean(origin, 24), frame.mean(origin, 168)];
  out[n++] = last - week;
  for (const hours of [1, 3, 6, 12]) out[n++] = last - at(hours);
  for (const hours of [1, 3, 6, 12, 24, 48]) out[n++] = frame.anomaly(origin, hours);
  out[n++] = day - week;
  out[n++] = week - frame.mean(origin, 672);
  out[n++] = week;
  out[n++] = frame.deviation(origin, 24);
  out[n++] = frame.deviation(origin, 168);
  out[n++] = frame.hourOf(origin);
  if (!priced) return n;
  const ahead = Math.max(0, frame.price!.knownTo[origin]! - origin);
  out[n++] = ahead * frame.hours;
  out[n++] = frame.priceSlope(origin);
  return n;
};

const ofStep = (
  frame: Frame,
  priced: boolean,
  origin: number,
  h: number,
  linear: number,
  out: Float64Array,
  from: number,
): number => {
  let n = from;
  const target = origin + h;
  const [profile, damped, week] = [frame.profileAt(origin, h), frame.damped(origin, h), frame.mean(origin, 168)];
  out[n++] = (h + 1) * frame.hours;
  out[n++] = linear - damped;
  out[n++] = linear - profile;
  out[n++] = linear - week;
  out[n++] = profile - week;
  for (const days of [1, 2, 7]) out[n++] = frame.sameTime(origin, h, days) - profile;
  out[n++] = frame.hourOf(target);
  out[n++] = frame.weekdayOf(target);
  if (!priced) return n;
  const price = frame.priceAt(origin, target);
  const anomaly = frame.priceAnomalyAt(origin, target);
  out[n++] = price;
  out[n++] = anomaly;
  out[n++] = profile + frame.priceSlope(origin) * anomaly - linear;
  out[n++] = price - frame.priceAt(origin, origin - 1);
  out[n++] = anomaly - frame.priceAnomalyAt(origin, origin - 1);
  out[n++] = price - frame.priceAt(origin, target - frame.perDay);
  out[n++] = (frame.priceAt(origin, target - 1) + frame.priceAt(origin, target + 1)) / 2 - price;
  out[n++] = frame.meanPrice(origin) - price;
  out[n++] = frame.meanPriceAnomaly(origin);
  return n;
};

const WIDTH = 64;

const recipe = (name: string, priced: boolean): Recipe => ({
  name,
  about: `boosted trees on what the ridge leaves${priced ? ', with the day-ahead price as far as published' : ''}`,
  learns: true,
  priced,
  fit: (frame, options) => {
    const base = (priced ? ridgePrice : ridge).fit(frame, { ...options, tell: (done) => options.tell?.(0.3 * done) });
    return modelOf(name, priced, base, learn(frame, priced, base, options));
  },
  load: ({ arrays, parts }) =>
    modelOf(name, priced, (priced ? ridgePrice : ridge).load(parts!.ridge!), {
      depth: DEPTH,
      base: arrays.base![0]!,
      feature: arrays.feature as Int16Array,
      threshold: arrays.threshold as Float64Array,
      leaves: arrays.leaves as Float64Array,
    }),
});

export const trees = recipe('trees', false);
export const treesPrice = recipe('trees_price', true);

const modelOf = (name: string, priced: boolean, base: Model, model: Boosted): Model => {
  const inputs = new Float64Array(WIDTH);
  const { feature, threshold, leaves } = model;
  return {
    name,
    state: {
      arrays: { base: Float64Array.of(model.base), feature, threshold, leaves },
      parts: { ridge: base.state as State },
    },
    predict: (frame, origin, steps) => {
      const linear = base.predict(frame, origin, steps);
      const shared = ofOrigin(frame, priced, origin, inputs);
      return linear.map((value, h) => {
        ofStep(frame, priced, origin, h, value, inputs, shared);
        return value + boosted(model, inputs);
      });
    },
  };
};

const learn = (frame: Frame, priced: boolean, base: Model, options: FitOptions): Boosted => {
  const { horizon, seed } = options;
  const origins = trainingOrigins(frame, options, Math.min(20_000, (2 * ROWS) / horizon));
  const random = seeded(seed);
  const columns: number[][] = [];
  const target: number[] = [];
  const inputs = new Float64Array(WIDTH);
  const share = Math.min(1, ROWS / (origins.length * horizon));
  for (const origin of origins) {
    const linear = base.predict(frame, origin, horizon);
    const shared = ofOrigin(frame, priced, origin, inputs);
    for (let h = 0; h < horizon; h++) {
      const truth = frame.values[origin + h]!;
      if (random() >= share || Number.isNaN(truth) || Number.isNaN(linear[h]!)) continue;
      const width = ofStep(frame, priced, origin, h, linear[h]!, inputs, shared);
      for (let f = 0; f < width; f++) {
        columns[f] ??= [];
        columns[f]!.push(inputs[f]!);
      }
      target.push(truth - linear[h]!);
    }
  }
  return boost(
    columns.map((column) => Float64Array.from(column)),
    Float64Array.from(target),
    {
      quantile: 0.5,
      trees: TREES,
      depth: DEPTH,
      rate: 0.04,
      leaf: 600,
      rows: 0.6,
      columns: 0.6,
      seed,
      onTree: (done) => options.tell?.(0.3 + (0.7 * done) / TREES),
    },
  );
};
