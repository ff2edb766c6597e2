/**
 * Ridge regression, one for each step ahead, on the absolute error: iteratively re-weighted least squares (Holland and Welsch
 * 1977) of standardised inputs from history and calendar.
 */
import type { Frame } from '../frame.js';
import { type FitOptions, type Model, type Recipe, trainingOrigins } from '../model.js';
import { solveNormal } from '../normal-equations.js';

/** Hours back from the last known value. */
const LAGS = [...Array.from({ length: 24 }, (_, lag) => lag), 30, 36, 42, 48, 60, 72, 96];
const PENALTY = 10;
const ROUNDS = 4;
const ORIGINS = 6000;
const TURN = 2 * Math.PI;

/** Inputs of an origin, the same for every step ahead. */
const ofOrigin = (frame: Frame, origin: number, out: Float64Array): number => {
  let n = 0;
  for (const lag of LAGS) out[n++] = frame.filled[frame.back(origin, lag)]!;
  for (const hours of [48, 168, 672]) out[n++] = frame.mean(origin, hours);
  for (const hours of [1, 6, 12, 24, 48]) out[n++] = frame.anomaly(origin, hours);
  // How long a departure lasts differs by the hour of issue and by season.
  const hour = (frame.hourOf(origin) / 24) * TURN;
  const year = frame.yearShareOf(origin) * TURN;
  for (const departure of [frame.anomaly(origin, 1), frame.mean(origin, 24) - frame.mean(origin, 168)])
    for (const angle of [hour, 2 * hour, year]) {
      out[n++] = departure * Math.sin(angle);
      out[n++] = departure * Math.cos(angle);
    }
  return n;
};

/** Inputs of a step ahead, behind those. */
const ofStep = (frame: Frame, priced: boolean, origin: number, h: number, out: Float64Array, at: number): number => {
  let n = at;
  out[n++] = frame.profileAt(origin, h);
  for (const days of [1, 2, 7]) out[n++] = frame.sameTime(origin, h, days);
  out[n++] = weekly(frame, origin, h);
  const target = origin + h;
  const hour = (frame.hourOf(target) / 24) * TURN;
  for (const k of [1, 2, 3]) {
    out[n++] = Math.sin(k * hour);
    out[n++] = Math.cos(k * hour);
  }
  const weekday = frame.weekdayOf(target);
  const free = weekday >= 5 ? 1 : 0;
  out[n++] = free;
  out[n++] = weekday === 6 ? 1 : 0;
  out[n++] = weekday === 0 ? 1 : 0;
  out[n++] = free * Math.sin(hour);
  out[n++] = free * Math.cos(hour);
  const year = frame.yearShareOf(target) * TURN;
  for (const season of [Math.sin(year), Math.cos(year)]) {
    out[n++] = season;
    out[n++] = season * Math.sin(hour);
    out[n++] = season * Math.cos(hour);
  }
  return priced ? ofPrice(frame, origin, target, out, n) : n;
};

/** What the price says, in the unit of the values by how both moved of late: price levels change within a year, this does less. */
const ofPrice = (frame: Frame, origin: number, target: number, out: Float64Array, at: number): number => {
  let n = at;
  const slope = frame.priceSlope(origin);
  const mean = known(frame.meanPriceAnomaly(origin));
  const here = known(frame.priceAnomalyAt(origin, target));
  const level = Math.abs(known(frame.pastPrice(origin))) + 1;
  out[n++] = slope * here;
  out[n++] = slope * mean;
  for (const beside of [origin - 1, target - 1, target + 1])
    out[n++] = slope * known(frame.priceAnomalyAt(origin, beside));
  out[n++] = here / level;
  out[n++] = mean / level;
  return n;
};

const known = (value: number) => (Number.isNaN(value) ? 0 : value);

/** Mean of the same hour of the same weekday in the last four weeks, as far as there were so many. */
const weekly = (frame: Frame, origin: number, h: number): number => {
  let sum = 0;
  let count = 0;
  for (const days of [7, 14, 21, 28]) {
    const value = frame.sameTime(origin, h, days);
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
};

/** Inputs that speak of the season: with less than a year behind it nobody knows what they mean. */
const seasonalOf = (priced: boolean): number[] => {
  const own = LAGS.length + 3 + 5;
  const last = widthOf(priced) - (priced ? 7 : 0);
  return [own + 4, own + 5, own + 10, own + 11, ...Array.from({ length: 6 }, (_, i) => last - 6 + i)];
};
const YEAR_DAYS = 365;

const widthOf = (priced: boolean) => LAGS.length + 3 + 5 + 12 + 5 + 6 + 5 + 6 + (priced ? 7 : 0);

/** What of the inputs of a model is in arrays: means, scales and weights of each step, one behind the other. */
interface Weights {
  readonly means: Float64Array;
  readonly scales: Float64Array;
  /** one for each input and the constant last, for each step */
  readonly weights: Float64Array;
}

const recipe = (name: string, priced: boolean): Recipe => ({
  name,
  about: `ridge regression on lags, profile and calendar, one for each step ahead${priced ? ', with the day-ahead price as far as published' : ''}`,
  learns: true,
  priced,
  fit: (frame, options) => modelOf(name, priced, learn(frame, priced, options)),
  load: ({ arrays }) => modelOf(name, priced, arrays as unknown as Weights),
});

export const ridge = recipe('ridge', false);
export const ridgePrice = recipe('ridge_price', true);

const modelOf = (name: string, priced: boolean, w: Weights): Model => {
  const width = widthOf(priced);
  const horizon = w.weights.length / (width + 1);
  const inputs = new Float64Array(width);
  return {
    name,
    state: { arrays: { ...w } },
    predict: (frame, origin, steps) => {
      const shared = ofOrigin(frame, origin, inputs);
      return Float64Array.from({ length: steps }, (_, h) => {
        if (h >= horizon) return frame.damped(origin, h);
        ofStep(frame, priced, origin, h, inputs, shared);
        const at = h * (width + 1);
        let sum = w.weights[at + width]!;
        for (let f = 0; f < width; f++)
          sum += w.weights[at + f]! * ((inputs[f]! - w.means[h * width + f]!) / w.scales[h * width + f]!);
        return Number.isNaN(sum) ? frame.damped(origin, h) : sum;
      });
    },
  };
};

const learn = (frame: Frame, priced: boolean, options: FitOptions): Weights => {
  const width = widthOf(priced);
  const origins = trainingOrigins(frame, options, ORIGINS);
  const { horizon } = options;
  const w = {
    means: new Float64Array(horizon * width),
    scales: new Float64Array(horizon * width).fill(1),
    weights: new Float64Array(horizon * (width + 1)),
  };
  const shared = new Float64Array(origins.length * width);
  const inputs = new Float64Array(width);
  let own = 0;
  origins.forEach((origin, i) => {
    own = ofOrigin(frame, origin, inputs);
    shared.set(inputs, i * width);
  });
  const rows = new Float64Array(origins.length * width);
  const target = new Float64Array(origins.length);
  for (let h = 0; h < horizon; h++) {
    let count = 0;
    origins.forEach((origin, i) => {
      const truth = frame.values[origin + h]!;
      if (Number.isNaN(truth)) return;
      inputs.set(shared.subarray(i * width, i * width + own));
      ofStep(frame, priced, origin, h, inputs, own);
      if (inputs.some(Number.isNaN)) return;
      rows.set(inputs, count * width);
      target[count++] = truth;
    });
    const unseen = options.until < YEAR_DAYS * frame.perDay ? seasonalOf(priced) : [];
    solveStep(rows, target, count, w, h, width, unseen);
    options.tell?.((h + 1) / horizon);
  }
  return w;
};

const solveStep = (
  rows: Float64Array,
  target: Float64Array,
  count: number,
  w: Weights,
  h: number,
  width: number,
  unseen: readonly number[],
): void => {
  const means = w.means.subarray(h * width, (h + 1) * width);
  const scales = w.scales.subarray(h * width, (h + 1) * width);
  const weights = w.weights.subarray(h * (width + 1), (h + 1) * (width + 1));
  if (count < 2 * width) {
    // Too little to learn from: the profile of the last week speaks for itself.
    weights.fill(Number.NaN);
    return;
  }
  for (let f = 0; f < width; f++) {
    let sum = 0;
    let square = 0;
    for (let i = 0; i < count; i++) sum += rows[i * width + f]!;
    const mean = sum / count;
    for (let i = 0; i < count; i++) square += (rows[i * width + f]! - mean) ** 2;
    means[f] = mean;
    scales[f] = Math.sqrt(square / count) || 1;
  }
  for (const f of unseen) scales[f] = Number.POSITIVE_INFINITY;
  const z = rows.subarray(0, count * width);
  for (let i = 0; i < count; i++)
    for (let f = 0; f < width; f++) z[i * width + f] = (z[i * width + f]! - means[f]!) / scales[f]!;
  const weight = new Float64Array(count).fill(1);
  let spread = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const solved = solveNormal(z, target, weight, count, width, PENALTY);
    weights.set(solved);
    let sum = 0;
    const errors = weight;
    for (let i = 0; i < count; i++) {
      let guess = solved[width]!;
      for (let f = 0; f < width; f++) guess += solved[f]! * z[i * width + f]!;
      errors[i] = Math.abs(target[i]! - guess);
      sum += errors[i]!;
    }
    spread = sum / count || 1;
    // The smallest errors must not outweigh all others.
    for (let i = 0; i < count; i++) weight[i] = spread / Math.max(errors[i]!, spread / 10);
  }
};
