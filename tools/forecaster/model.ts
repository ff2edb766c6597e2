/** The nouns of the room: a recipe makes a model from a stretch of history, a model forecasts from any origin after it. */
import type { Frame } from './frame.js';

export interface Model {
  readonly name: string;
  /** Values of steps origin … origin + steps − 1 from what was known at the origin; NaN where nothing can be said. */
  predict(frame: Frame, origin: number, steps: number): Float64Array;
  /** What has to be kept to have the model again; null where there is nothing to keep. */
  readonly state: State | null;
}

/** Numbers and arrays by name, parts that are models of their own by theirs. */
export interface State {
  readonly arrays: Readonly<Record<string, Float64Array | Int16Array>>;
  readonly parts?: Readonly<Record<string, State>>;
}

export interface FitOptions {
  /** Only targets and origins before this index are learned from. */
  readonly until: number;
  /** steps ahead that it has to answer well */
  readonly horizon: number;
  readonly seed: number;
  readonly tell?: (doneRatio: number) => void;
}

export interface Recipe {
  readonly name: string;
  readonly about: string;
  /** It learns, so that history before its first origin is needed; the others only look at the last weeks. */
  readonly learns: boolean;
  /** It reads the price, and is left out where there is none. */
  readonly priced: boolean;
  /** what a mean is the mean of */
  readonly parts?: readonly Recipe[];
  fit(frame: Frame, options: FitOptions): Model;
  load(state: State): Model;
}

/** Origins that a model learns from: with a stride that meets every hour of the day, at most about `most` of them. */
export const trainingOrigins = (frame: Frame, { until, horizon }: FitOptions, most: number): Int32Array => {
  const first = FIRST_DAYS * frame.perDay;
  const span = until - horizon - first;
  let stride = Math.max(1, Math.round(span / most));
  while (commonDivisor(stride, frame.perDay) > 1) stride++;
  return span <= 0
    ? new Int32Array(0)
    : Int32Array.from({ length: Math.floor((span - 1) / stride) + 1 }, (_, i) => first + i * stride);
};

/** Days before the first origin that anything is learned from: the profile's week and one more. */
export const FIRST_DAYS = 14;

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
