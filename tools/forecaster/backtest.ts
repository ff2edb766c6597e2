/** What each model would have said, at 00:00 and 12:00 UTC of every day since `testFrom`, beside what came true. */
import { invalid } from '../../domain/fault.js';
import { choose, fitAll, type Tried } from './choose.js';
import { NIGHT_ISSUED_HOUR, type Nights, nightsOf } from './decide.js';
import { Frame, type Observations } from './frame.js';
import { Guard } from './guard.js';
import type { Model, Recipe } from './model.js';
import { FALLBACK, RECIPES, recipeOf, SIMPLE } from './models/models.js';
import { type Score, scoreOf } from './score.js';

export interface BacktestQuestion {
  readonly observations: Observations;
  /** names, `simple`, `all`, or `fast`: all but the LSTM and what holds one */
  readonly models: readonly string[];
  /** index of the first step that may be tested; null: 35 days in where nothing is learned, else half way */
  readonly testFrom: number | null;
  /** steps */
  readonly horizon: number;
  readonly seed: number;
  readonly tell?: (done: number, note: string) => void;
}

export interface BacktestRow extends Score {
  readonly model: string;
  readonly about: string;
  /** It is `auto`: the model that was chosen on the history before the test alone, and left where it went wrong. */
  readonly chosen: boolean;
  /** 1 − its error over the damped profile's; null where that was not among the models */
  readonly skill: number | null;
  /** jobs of an hour at 01:00 UTC that may be moved by eight hours, planned at 17:00 */
  readonly nights: Nights | null;
}

export interface Backtest {
  readonly rows: readonly BacktestRow[];
  readonly origins: number;
  readonly trainedSteps: number;
  readonly testFrom: number;
  readonly choice: { readonly model: string; readonly why: string; readonly tried: readonly Tried[] } | null;
}

const SIMPLE_DAYS = 35;
/** Each origin leaves two days to be compared, whatever the horizon, so that all horizons see the same origins. */
const DAYS_BEHIND = 2;

/** Throws Fault `invalid-input` for a step that does not divide a day and for a series too short to test anything on. */
export const backtest = (question: BacktestQuestion): Backtest => {
  const { observations, horizon, seed, tell } = question;
  const recipes = chosenFrom(question.models, observations.price !== null);
  const frame = new Frame(observations);
  const learns = recipes.some((recipe) => recipe.learns);
  const testFrom =
    question.testFrom ??
    (learns ? dayAfter(frame, Math.floor(frame.count / 2)) : dayAfter(frame, SIMPLE_DAYS * frame.perDay));
  const origins = originsFrom(frame, testFrom, horizon);
  if (origins.length === 0)
    throw invalid(
      'no origin is left to test: the series ends less than two days and the horizon after the test begins',
      'Give a longer series, or an earlier --test-from.',
    );
  const options = { until: testFrom, horizon, seed };
  const choice = learns ? choose(frame, recipes, { ...options, tell: (done) => tell?.(0.4 * done, 'choosing') }) : null;
  const models = fitAll(frame, recipes, { ...options, tell: (done) => tell?.(0.4 + 0.5 * done, 'training') });
  const scores = models.map((model, k) => {
    tell?.(0.9 + (0.1 * k) / models.length, `testing ${model.name}`);
    return scoreOf(frame, { origins, horizon, at: (origin, steps) => model.predict(frame, origin, steps) });
  });
  const bar = scores[recipes.indexOf(FALLBACK)]?.mae;
  const afternoons = afternoonsFrom(frame, testFrom);
  const rowOf = (name: string, about: string, score: Score, nights: Nights | null, chosen: boolean): BacktestRow => ({
    model: name,
    about,
    chosen,
    skill: bar === undefined ? null : 1 - score.mae / bar,
    nights,
    ...score,
  });
  const best = choice && (models[recipes.indexOf(choice.recipe)] ?? FALLBACK.fit(frame, options));
  return {
    rows: [
      ...recipes.map((recipe, k) => {
        const nights = nightsOf(frame, afternoons, (origin, steps) => models[k]!.predict(frame, origin, steps));
        return rowOf(recipe.name, recipe.about, scores[k]!, nights, false);
      }),
      ...(choice && best
        ? [
            rowOf(
              'auto',
              `${choice.recipe.name}, as long as of late it was no worse than the damped profile`,
              scoreOf(frame, { origins, horizon, at: autoOf(frame, best, horizon) }),
              nightsOf(frame, afternoons, autoOf(frame, best, horizon)),
              true,
            ),
          ]
        : []),
    ],
    origins: origins.length,
    trainedSteps: testFrom,
    testFrom,
    choice: choice && { model: choice.recipe.name, why: choice.why, tried: choice.tried },
  };
};

/** The chosen model under its guard, at ascending origins. */
const autoOf = (frame: Frame, model: Model, horizon: number) => {
  const guard = new Guard(frame, horizon);
  return (origin: number, steps: number): Float64Array => {
    const trusted = guard.trusts(origin);
    const own = model.predict(frame, origin, steps);
    guard.issued(origin, own);
    return trusted ? own : guard.bar(origin, steps);
  };
};

/** Throws Fault `invalid-input` for a name that is none. Those that read a price are left out of `all` where there is none. */
const chosenFrom = (names: readonly string[], priced: boolean): Recipe[] => {
  const able = RECIPES.filter((recipe) => priced || !recipe.priced);
  const slow = (recipe: Recipe): boolean => /^lstm/.test(recipe.name) || (recipe.parts?.some(slow) ?? false);
  const named = names.flatMap((name) =>
    name === 'all'
      ? able
      : name === 'fast'
        ? able.filter((recipe) => !slow(recipe))
        : name === 'simple'
          ? SIMPLE
          : [recipeOf(name)],
  );
  const blind = named.find((recipe) => recipe.priced && !priced);
  if (blind !== undefined)
    throw invalid(
      `${blind.name} reads a price and there is none`,
      'Give a file with a price column, or another model.',
    );
  return [...new Set(named)];
};

const secondsOf = ({ observations: { start, stepMinutes } }: Frame, index: number) => start + index * stepMinutes * 60;

/** The first midnight (UTC) at or after the index. */
const dayAfter = (frame: Frame, index: number): number => {
  const step = frame.observations.stepMinutes * 60;
  return Math.ceil((Math.ceil(secondsOf(frame, index) / 86_400) * 86_400 - frame.observations.start) / step);
};

const originsFrom = (frame: Frame, testFrom: number, horizon: number): Int32Array => {
  const last = frame.count - Math.max(DAYS_BEHIND * frame.perDay, horizon);
  const origins: number[] = [];
  for (let i = testFrom; i <= last; i++) if (secondsOf(frame, i) % 43_200 === 0) origins.push(i);
  return Int32Array.from(origins);
};

/** 17:00 UTC of every day of the test. */
const afternoonsFrom = (frame: Frame, testFrom: number): Int32Array => {
  const afternoons: number[] = [];
  for (let i = testFrom; i + frame.perDay <= frame.count; i++)
    if (secondsOf(frame, i) % 86_400 === NIGHT_ISSUED_HOUR * 3600) afternoons.push(i);
  return Int32Array.from(afternoons);
};
