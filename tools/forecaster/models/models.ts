/** Every model by its name. */
import { invalid } from '../../../domain/fault.js';
import type { Recipe } from '../model.js';
import { lstm, lstmPrice } from './lstm.js';
import { meanOf } from './mean.js';
import { ridge, ridgePrice } from './ridge.js';
import { dailyNaive, dampedProfile7, persistence, profile7, weeklyNaive } from './simple.js';
import { trees, treesPrice } from './trees.js';

export const SIMPLE = [persistence, dailyNaive, weeklyNaive, profile7, dampedProfile7] as const;
export const RECIPES: readonly Recipe[] = [
  ...SIMPLE,
  ridge,
  ridgePrice,
  trees,
  treesPrice,
  lstm,
  lstmPrice,
  meanOf('mean', [ridge, trees, lstm]),
  meanOf('mean_price', [ridgePrice, treesPrice, lstmPrice]),
];

/** The one that is taken where nothing was learned, and that nothing chosen may be worse than. */
export const FALLBACK = dampedProfile7;

/** Throws Fault `invalid-input` for a name that is none. */
export const recipeOf = (name: string): Recipe => {
  const recipe = RECIPES.find((one) => one.name === name);
  if (recipe !== undefined) return recipe;
  throw invalid(`there is no forecasting model "${name}"`, `There are: ${RECIPES.map((r) => r.name).join(', ')}.`);
};
