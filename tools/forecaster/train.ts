/** Makes a model from a history: tries those that were asked for, takes the one that saves most, and fits it on everything. */
import { invalid } from '../../domain/fault.js';
import { fromEpoch } from '../../domain/time.js';
import { choose, fitAll } from './choose.js';
import { Frame, type Observations } from './frame.js';
import type { Recipe } from './model.js';
import { RECIPES, recipeOf } from './models/models.js';
import { hashOf, type SavedModel } from './saved.js';

export interface TrainQuestion {
  readonly observations: Observations;
  readonly region: string;
  readonly quantity: 'carbon' | 'price';
  readonly unit: string;
  /** a model's name, `auto`, or `fast`: auto without the LSTM */
  readonly model: string;
  /** steps */
  readonly horizon: number;
  readonly seed: number;
  readonly tell?: (done: number, note: string) => void;
}

/** What `auto` tries: those that learn, with the price where there is one. */
const candidates = (priced: boolean, slow: boolean): Recipe[] =>
  RECIPES.filter((recipe) => recipe.learns && recipe.priced === priced && (slow || !/^(lstm|mean)/.test(recipe.name)));

/** Throws Fault `invalid-input` for an unknown model and for a series without values. */
export const trainModel = (question: TrainQuestion): SavedModel => {
  const { observations, model, horizon, seed, tell } = question;
  if (observations.values.every(Number.isNaN))
    throw invalid('the series holds no value before the training ends', 'Give a longer history.');
  const frame = new Frame(observations);
  const priced = observations.price !== null;
  const isNamed = model !== 'auto' && model !== 'fast';
  const recipes = isNamed ? [recipeOf(model)] : candidates(priced, model === 'auto');
  if (recipes.some((recipe) => recipe.priced && !priced))
    throw invalid(`${model} reads a price and there is none`, 'Give a file with a price column, or another model.');
  const options = { until: frame.count, horizon, seed };
  const choice = choose(frame, recipes, { ...options, tell: (done) => tell?.(0.5 * done, 'choosing') });
  const recipe = isNamed ? recipes[0]! : choice.recipe;
  const [fitted] = fitAll(frame, [recipe], { ...options, tell: (done) => tell?.(0.5 + 0.5 * done, recipe.name) });
  const tried = choice.tried.find((one) => one.model === recipe.name);
  const { start, stepMinutes } = observations;
  return {
    card: {
      format: 'caco-forecast-1',
      model: recipe.name,
      about: recipe.about,
      region: question.region,
      quantity: question.quantity,
      unit: question.unit,
      timeZone: observations.timeZone,
      stepMinutes,
      horizonSteps: horizon,
      span: { from: fromEpoch(start), to: fromEpoch(start + frame.count * stepMinutes * 60) },
      features: ['history', 'calendar', ...(recipe.priced ? ['price as far as published'] : [])],
      mae: tried?.mae ?? null,
      realisedShare: tried?.realisedShare ?? null,
      why: isNamed ? 'it was asked for by name' : choice.why,
      tried: [...choice.tried],
      seed,
      hash: hashOf(fitted!.state),
    },
    state: fitted!.state,
    trial: trialOf(frame, choice, horizon),
  };
};

/** What the model that was tried said where it had not seen the truth: one origin after the other, so that all hours are met. */
const trialOf = (frame: Frame, choice: ReturnType<typeof choose>, horizon: number): SavedModel['trial'] => {
  const model = choice.trial;
  if (model === null) return { origins: new Float64Array(0), values: new Float64Array(0) };
  // Seven hours between one and the next meet every hour of the day; a short trial has to take them closer.
  const span = frame.count - horizon - choice.from;
  const stride = Math.max(1, Math.min(Math.round(7 / frame.hours), Math.floor(span / TRIAL_ORIGINS)));
  const all: number[] = [];
  for (let o = choice.from; o + horizon <= frame.count; o += stride) all.push(o);
  const kept = all.slice(-TRIAL_ORIGINS);
  const values = new Float64Array(kept.length * horizon);
  kept.forEach((origin, k) => {
    values.set(model.predict(frame, origin, horizon), k * horizon);
  });
  const { start, stepMinutes } = frame.observations;
  return { origins: Float64Array.from(kept, (origin) => start + origin * stepMinutes * 60), values };
};

const TRIAL_ORIGINS = 180;
