/** Forecasts by a model that was trained for the series, where there is one that had seen nothing later than the origin. */
import { publishedSteps } from '../../domain/day-ahead.js';
import type { Forecast, Forecaster, ForecastQuestion } from '../../domain/forecast.js';
import { regrid, slice } from '../../domain/series.js';
import { plusHours, toEpoch } from '../../domain/time.js';
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
 * `folder` holds the models that `caco train` made. Where one was trained for the series (region and quantity, on its step or on a
 * coarser one that its steps make up) it answers; where that one cannot, `otherwise` answers and the name of the forecast says
 * why. So it does for steps beyond the model's horizon.
 */
export const trainedForecaster = (folder: string, otherwise: Forecaster): Forecaster => {
  let models: readonly Loaded[] | undefined;
  const said = new Map<string, Float64Array>();
  return {
    forecast: async (question) => {
      models ??= modelsIn(folder).map(loadModel);
      const loaded = modelFor(models, question);
      if (loaded === undefined) return otherwise.forecast(question);
      const near = fromModel(loaded, question, said);
      const far = () => otherwise.forecast(question);
      if (typeof near === 'string') {
        const forecast = await far();
        return { ...forecast, by: `${forecast.by} (not the trained ${loaded.card.model}: ${near})` };
      }
      if (near.values.length === question.steps) return near;
      const { card } = loaded;
      const rest = await far();
      const join = (a: Forecast['values'], b: Forecast['values']) => [...a, ...b.slice(a.length)];
      return {
        by: `${near.by}; beyond ${(card.horizonSteps * card.stepMinutes) / 60} h ${rest.by}`,
        values: join(near.values, rest.values),
        low: join(near.low, rest.low),
        high: join(near.high, rest.high),
      };
    },
  };
};

/** Of the models of the series the one on its own step, else on the next coarser one, else any: the answer then says why not. */
const modelFor = (models: readonly Loaded[], { of, history }: ForecastQuestion): Loaded | undefined => {
  const own = models.filter(({ card }) => card.region === of?.region && card.quantity === of.quantity);
  const suits = ({ card }: Loaded) => card.stepMinutes % history.stepMinutes === 0;
  return own.sort((a, b) => Number(suits(b)) - Number(suits(a)) || a.card.stepMinutes - b.card.stepMinutes)[0];
};

/** The model's answer as far as its horizon reaches; else why it has none, for people. */
const fromModel = (loaded: Loaded, question: ForecastQuestion, said: Map<string, Float64Array>): Forecast | string => {
  const { card } = loaded;
  const { history, from, steps, floor } = question;
  if (card.stepMinutes % history.stepMinutes !== 0)
    return `it forecasts steps of ${card.stepMinutes} minutes, these are of ${history.stepMinutes}`;
  if (card.span.to > from) return `it has learned from values to ${card.span.to.slice(0, 10)}`;
  const frame = frameOf(question, card);
  if (typeof frame === 'string') return frame;
  // The model's steps begin where its last whole one ended, which on a coarser grid may be before `from`.
  const step = card.stepMinutes * 60;
  const fine = history.stepMinutes * 60;
  const skipped = toEpoch(from) - (frame.observations.start + frame.count * step);
  const own = Math.min(Math.ceil((skipped + steps * fine) / step), card.horizonSteps);
  const near = answer(loaded, frame, own, floor, said);
  if (near === null) return 'of late its errors, or what was chosen by it, were worse';
  const count = Math.min(steps, Math.floor((own * step - skipped) / fine));
  const spread = (of: Forecast['values']) =>
    Array.from({ length: count }, (_, i) => of[Math.floor((skipped + i * fine) / step)] ?? null);
  return { by: near.by, values: spread(near.values), low: spread(near.low), high: spread(near.high) };
};

/** The last months before the origin on the model's step; a sentence where they are too short, or a price is wanted and not known. */
const frameOf = ({ history, from, price }: ForecastQuestion, card: Loaded['card']): Frame | string => {
  const { stepMinutes, timeZone } = card;
  const step = stepMinutes * 60;
  const first = plusHours(from, -24 * LOOKS_BACK_DAYS);
  const known = regrid(slice(history, first > history.start ? first : history.start, from), stepMinutes);
  const values = Float64Array.from(known.values, (value) => value ?? Number.NaN);
  if (values.length * step < FIRST_DAYS * 86_400 || values.every(Number.isNaN))
    return `it needs ${FIRST_DAYS} days of values before`;
  const start = toEpoch(known.start);
  const isPriced = card.features.some((feature) => feature.startsWith('price'));
  const published = isPriced ? pricesOn(price, start, stepMinutes, values.length) : null;
  if (isPriced && published === null) return 'it reads day-ahead prices, and none are at hand';
  return new Frame({ start, stepMinutes, values, price: published, timeZone });
};

const pricesOn = (
  price: ForecastQuestion['price'],
  start: number,
  stepMinutes: number,
  count: number,
): Published | null => {
  if (price === undefined) return null;
  const step = stepMinutes * 60;
  const series = regrid(price.series, stepMinutes);
  const shift = Math.round((start - toEpoch(series.start)) / step);
  const length = series.values.length - shift;
  if (length <= 0) return null;
  const values = Float64Array.from({ length }, (_, i) => series.values[shift + i] ?? Number.NaN);
  if (values.every(Number.isNaN)) return null;
  return { values, knownTo: publishedSteps(start, step, count, price.market) };
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
