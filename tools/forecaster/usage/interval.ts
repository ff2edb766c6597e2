/**
 * How wrong a sum over a window can be. Errors of neighbouring steps are alike, and sites drift, so the half-width is the largest of
 * what three looks say: the errors' spread with their autocorrelation (n_eff = n (1 − ρ) / (1 + ρ)), the spread of the means of whole
 * blocks that were left out, by Student's t, and the same of blocks beyond all that was learned from. Beside it stands how unsure the
 * weights are for this window, which none of the blocks tells where it is unlike them.
 */
import { studentQuantile } from './student.js';

const CONFIDENT = 0.975;
/** A mean over a block is believed with so much of it known. */
const KNOWN = 0.8;
/** With fewer blocks their spread says nothing. */
const FEWEST = 3;

const known = (errors: readonly (number | null)[]): number[] =>
  errors.filter((error): error is number => error !== null);

interface Spread {
  /** kWh a step */
  readonly sigma: number;
  /** by how much sums of neighbours are more unsure than of strangers: (1 + ρ) / (1 − ρ) */
  readonly alike: number;
  readonly count: number;
}

const spreadOf = (errors: readonly number[]): Spread => {
  let [square, product] = [0, 0];
  errors.forEach((error, i) => {
    square += error * error;
    if (i > 0) product += error * errors[i - 1]!;
  });
  const rho = square > 0 ? Math.min(0.999, Math.max(0, product / square)) : 0;
  return { sigma: Math.sqrt(square / errors.length), alike: (1 + rho) / (1 - rho), count: errors.length };
};

/** Half-width of the mean over `steps`; a window shorter than errors last is as wrong as one step. */
const byAutocorrelation = ({ sigma, alike, count }: Spread, steps: number): number =>
  1.96 * sigma * Math.sqrt(Math.min(1, alike / steps) * (1 + steps / count));

/** The mean over a longer window is no surer than over the longest blocks that there are enough of: drift does not average out. */
const byBlocks = (errors: readonly (number | null)[], steps: number): number => {
  const first = errors.findIndex((error) => error !== null);
  const part = first < 0 ? [] : errors.slice(first);
  const length = Math.min(steps, Math.floor(part.length / 4));
  if (length < 1) return 0;
  const means: number[] = [];
  for (let at = 0; at + length <= part.length; at += length) {
    const block = known(part.slice(at, at + length));
    if (block.length >= KNOWN * length) means.push(block.reduce((sum, error) => sum + error, 0) / block.length);
  }
  const k = means.length;
  if (k < FEWEST) return 0;
  // Around nothing, not around their own mean: a model that errs to one side errs so in the window too.
  const spread = Math.sqrt(means.reduce((sum, mean) => sum + mean * mean, 0) / k);
  return studentQuantile(CONFIDENT, k - 1) * spread * Math.sqrt(1 + 1 / k);
};

/** kWh, at 95 % both sides together. `reach`: see `reachOf`. */
export const halfWidthOf = (
  { leftOut, beyond }: { readonly leftOut: readonly (number | null)[]; readonly beyond: readonly (number | null)[] },
  steps: number,
  reach: number,
): number => {
  const spread = spreadOf(known(leftOut));
  const usual = steps * Math.max(byAutocorrelation(spread, steps), byBlocks(leftOut, steps), byBlocks(beyond, steps));
  return Math.hypot(usual, 1.96 * spread.sigma * Math.sqrt(spread.alike) * reach);
};
