/**
 * Which model is to be trusted: fitted on the first part of the history and tried on the rest, the one that realises most of the
 * possible saving, among those that are nearer to the truth than the damped profile in both respects. Where none is, the profile.
 */
import type { Frame } from './frame.js';
import type { FitOptions, Model, Recipe } from './model.js';
import { FIRST_DAYS } from './model.js';
import { combined } from './models/mean.js';
import { FALLBACK } from './models/models.js';
import { type Score, scoreOf } from './score.js';

/** Share of the history that a choice is tried on, and the fewest days that make it worth trying. */
const TRIED = 0.25;
const FEWEST_DAYS = 28;
/** A choice that is not clearly better than the profile on what it was tried on may well be worse on what comes. */
const CLEARLY = { mae: 0.99, share: 0.01 } as const;

export interface Tried {
  readonly model: string;
  readonly mae: number;
  readonly realisedShare: number | null;
}

export interface Choice {
  readonly recipe: Recipe;
  readonly tried: readonly Tried[];
  readonly why: string;
  /** origins and errors of the chosen one on what it was tried on: what its intervals begin with */
  readonly from: number;
  readonly trial: Model | null;
}

export const choose = (frame: Frame, recipes: readonly Recipe[], options: FitOptions): Choice => {
  const from = Math.floor(options.until * (1 - TRIED));
  const none = (why: string): Choice => ({ recipe: FALLBACK, tried: [], why, from, trial: null });
  const learning = recipes.filter((recipe) => recipe.learns);
  if (learning.length === 0) return none('no model that learns was asked for');
  if (from - FIRST_DAYS * frame.perDay < FEWEST_DAYS * frame.perDay)
    return none('the history is too short to try models on');
  const trials = fitAll(frame, learning, { ...options, until: from });
  const origins = originsBetween(frame, from, options.until);
  const scored = [FALLBACK.fit(frame, options), ...trials].map((model) => ({
    model,
    score: scoreOf(frame, { origins, horizon: options.horizon, at: (o, steps) => model.predict(frame, o, steps) }),
  }));
  const [bar, ...rest] = scored;
  const share = ({ realisedShare }: Score) => realisedShare ?? 0;
  const better = rest
    .filter(({ score }) => score.mae < CLEARLY.mae * bar!.score.mae && share(score) > share(bar!.score) + CLEARLY.share)
    .sort((a, b) => share(b.score) - share(a.score))
    // Shares that differ by less than a point are equal for all that a trial can tell; then the smaller error decides.
    .filter(({ score }, _, [most]) => share(score) > share(most!.score) - CLEARLY.share)
    .sort((a, b) => a.score.mae - b.score.mae);
  const tried = scored.map(({ model, score }) => ({
    model: model.name,
    mae: score.mae,
    realisedShare: score.realisedShare,
  }));
  const [best] = better;
  if (best === undefined) return { ...none('no model is clearly better than the profile in error and saving'), tried };
  return {
    recipe: recipes.find((recipe) => recipe.name === best.model.name)!,
    tried,
    why: 'it realises most of the possible saving on the last quarter of the history',
    from,
    trial: best.model,
  };
};

/** Fits each; a mean is made from parts that were fitted already. */
export const fitAll = (frame: Frame, recipes: readonly Recipe[], options: FitOptions): Model[] => {
  const fitted = new Map<string, Model>();
  return recipes.map((recipe, k) => {
    const tell = (done: number) => options.tell?.((k + done) / recipes.length);
    const parts = recipe.parts?.map((part) => fitted.get(part.name));
    const model = parts?.every((part) => part !== undefined)
      ? combined(recipe.name, parts as Model[])
      : recipe.fit(frame, { ...options, tell });
    fitted.set(recipe.name, model);
    tell(1);
    return model;
  });
};

/** Origins that meet every hour of the day, each with a day of truth behind it. */
const originsBetween = (frame: Frame, from: number, until: number): Int32Array => {
  const stride = Math.max(1, Math.round(5 / frame.hours));
  const last = until - frame.perDay * 2;
  return Int32Array.from({ length: Math.max(0, Math.floor((last - from) / stride) + 1) }, (_, k) => from + k * stride);
};
