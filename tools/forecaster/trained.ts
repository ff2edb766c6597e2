/** Forecasts by a model that was trained for the series, where there is one that had seen nothing later than the origin. */
import { publishedSteps } from '../../domain/day-ahead.js';
import type { Forecast, Forecaster, ForecastQuestion } from '../../domain/forecast.js';
import { toEpoch } from '../../domain/time.js';
import { Frame, type Published } from './frame.js';
import { Guard } from './guard.js';
import { Intervals } from './intervals.js';
import { FIRST_DAYS } from './model.js';
import { loadModel, modelsIn } from './saved.js';

type Loaded = ReturnType<typeof loadModel>;

/** Days of history that a model and its intervals look at, and hours between the origins that intervals learn from. */
const LOOKS_BACK_DAYS = 100;
const BETWEEN_HOURS = 12;
const COVERAGE = 0.9;

/**
 * `folder` holds the models that `caco train` made. Where none fits (region, quantity, step, and a span that ended before the
 * origin) `otherwise` answers, and so it does for steps beyond the model's horizon.
 */
export const trainedForecaster = (folder: string, otherwise: Forecaster): Forecaster => {
  let models: readonly Loaded[] | undefined;
  const said = new Map<string, Float64Array>();
  return {
    forecast: async (question) => {
      models ??= modelsIn(folder).map(loadModel);
      const fitting = models.find((loaded) => fits(loaded, question));
      const frame = fitting && frameOf(question, fitting);
      if (fitting === undefined || frame == null) return otherwise.forecast(question);
      const own = Math.min(question.steps, fitting.card.horizonSteps);
      const near = answer(fitting, frame, own, question.floor, said);
      if (near === null) return otherwise.forecast(question);
      if (own === question.steps) return near;
      const far = await otherwise.forecast(question);
      const join = (a: Forecast['values'], b: Forecast['values']) => [...a, ...b.slice(own)];
      return {
        by: `${near.by}; beyond ${(own * fitting.card.stepMinutes) / 60} h ${far.by}`,
        values: join(near.values, far.values),
        low: join(near.low, far.low),
        high: join(near.high, far.high),
      };
    },
  };
};

const fits = ({ card }: Loaded, { of, from, history }: ForecastQuestion): boolean =>
  of !== undefined &&
  card.region === of.region &&
  card.quantity === of.quantity &&
  card.stepMinutes === history.stepMinutes &&
  card.span.to <= from;

/** The last months before the origin; null where they are too short for a model, or where it wants a price and has none. */
const frameOf = ({ history, from, price }: ForecastQuestion, { card }: Loaded): Frame | null => {
  const step = history.stepMinutes * 60;
  const begin = toEpoch(history.start);
  const origin = Math.round((toEpoch(from) - begin) / step);
  const perDay = 86_400 / step;
  const first = Math.max(0, origin - LOOKS_BACK_DAYS * perDay);
  const count = origin - first;
  const values = Float64Array.from({ length: count }, (_, i) => history.values[first + i] ?? Number.NaN);
  if (count < FIRST_DAYS * perDay || values.every(Number.isNaN)) return null;
  const start = begin + first * step;
  const priced = card.features.some((feature) => feature.startsWith('price'));
  const published = priced ? pricesOn(price, start, step, count) : null;
  if (priced && published === null) return null;
  return new Frame({ start, stepMinutes: history.stepMinutes, values, price: published, timeZone: card.timeZone });
};

const pricesOn = (price: ForecastQuestion['price'], start: number, step: number, count: number): Published | null => {
  if (price === undefined || price.series.stepMinutes * 60 !== step) return null;
  const shift = Math.round((start - toEpoch(price.series.start)) / step);
  const length = price.series.values.length - shift;
  if (length <= 0) return null;
  const values = Float64Array.from({ length }, (_, i) => price.series.values[shift + i] ?? Number.NaN);
  return { values, knownTo: publishedSteps(start, step, count) };
};

/**
 * The forecast at the frame's end. Its intervals come from the errors of forecasts before it: first those of the trial, then those
 * that the model itself would have issued after its span; null where of late it was worse than the profile. `said` keeps them, because the next forecast asks for the same again.
 */
const answer = (
  { card, model, trial }: Loaded,
  frame: Frame,
  steps: number,
  floor: number | undefined,
  said: Map<string, Float64Array>,
): Forecast | null => {
  const { start, stepMinutes } = frame.observations;
  const step = stepMinutes * 60;
  const horizon = card.horizonSteps;
  const now = frame.count;
  const intervals = new Intervals(horizon, COVERAGE);
  const guard = new Guard(frame, horizon);
  const issue = (origin: number, values: Float64Array) => {
    intervals.learn(frame.values, origin);
    intervals.issued(origin, values, intervals.around(values));
  };
  trial.origins.forEach((at, k) => {
    const origin = Math.round((at - start) / step);
    if (origin >= 0 && origin + horizon <= now) issue(origin, trial.values.subarray(k * horizon, (k + 1) * horizon));
  });
  const between = Math.round((BETWEEN_HOURS * 3600) / step);
  const span = Math.round((toEpoch(card.span.to) - start) / step);
  const first = Math.max(FIRST_DAYS * frame.perDay, span);
  for (
    let origin = now - horizon - Math.floor((now - horizon - first) / between) * between;
    origin + horizon <= now;
    origin += between
  ) {
    if (origin < first) continue;
    // The same hours before it give the same forecast.
    const key = `${card.hash} ${start + origin * step} ${frame.mean(origin, 24)} ${frame.mean(origin, 168)}`;
    const values = said.get(key) ?? model.predict(frame, origin, horizon);
    said.set(key, values);
    issue(origin, values);
    guard.issued(origin, values);
  }
  if (!guard.trusts(now)) return null;
  intervals.learn(frame.values, now);
  const values = model.predict(frame, now, steps);
  const band = intervals.around(values);
  const list = (of: Float64Array) =>
    Array.from(of, (value) => (Number.isNaN(value) ? null : Math.max(floor ?? Number.NEGATIVE_INFINITY, value)));
  return {
    by: `own ${card.model} forecast, trained to ${card.span.to.slice(0, 10)} (bounds: 90 % by rolling conformal prediction)`,
    values: list(values),
    low: list(band.low),
    high: list(band.high),
  };
};
