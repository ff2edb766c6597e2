/** Three quantiles of a job's quantity: boosted trees on the pinball loss, one model each, and what makes them hold as often as they say. */
import type { State } from '../model.js';
import { type Boosted, boost, boosted } from '../models/boost.js';
import { Recent } from '../recent.js';
import { SHARES, type Three } from './past.js';

const TREES = { trees: 40, depth: 4, rate: 0.15, leaf: 30, rows: 0.6, columns: 0.7 } as const;

export type Fitted = readonly [Boosted, Boosted, Boosted];

/** `rows[i]` are the inputs, `needed[i]` the logarithm of what came true. */
export const fitQuantiles = (rows: readonly (readonly number[])[], needed: Float64Array, seed: number): Fitted => {
  const columns = Array.from({ length: rows[0]!.length }, (_, c) => Float64Array.from(rows, (row) => row[c]!));
  const one = (k: 0 | 1 | 2) => boost(columns, needed, { ...TREES, quantile: SHARES[k], seed: 3 * seed + k });
  return [one(0), one(1), one(2)];
};

export const threeOf = (fitted: Fitted, inputs: readonly number[]): Three => {
  const row = Float64Array.from(inputs);
  const three = fitted.map((model) => boosted(model, row)).sort((a, b) => a - b);
  return [three[0]!, three[1]!, three[2]!];
};

const NAMES = ['low', 'median', 'high'] as const;

export const stateOf = (fitted: Fitted): State => ({
  arrays: {},
  parts: Object.fromEntries(
    fitted.map(({ base, feature, threshold, leaves }, k) => [
      NAMES[k]!,
      { arrays: { base: Float64Array.of(base), feature, threshold, leaves } },
    ]),
  ),
});

export const fittedOf = ({ parts }: State): Fitted => {
  const one = (name: (typeof NAMES)[number]): Boosted => {
    const { base, feature, threshold, leaves } = parts![name]!.arrays;
    return {
      depth: TREES.depth,
      base: base![0]!,
      feature: feature as Int16Array,
      threshold: threshold as Float64Array,
      leaves: leaves as Float64Array,
    };
  };
  return [one('low'), one('median'), one('high')];
};

/** Outcomes that a quantile is set right by, and the fewest that do; how fast its level answers to one. */
const KEPT = 1000;
const FEWEST = 60;
const GAIN = 0.02;

/**
 * Each quantile is moved by the quantile of what lay beyond it of late (conformalised quantile regression, Romano et al. 2019), at a
 * level that answers to what was missed (Gibbs and Candès 2021), so that it holds in the long run whatever the jobs become.
 */
export class Calibration {
  readonly #beyond = SHARES.map(() => new Recent(KEPT));
  readonly #level: number[] = [...SHARES];

  /** What is added to each quantile now. */
  get offsets(): Three {
    const one = (k: number) =>
      this.#beyond[k]!.count < FEWEST ? 0 : this.#beyond[k]!.atMost(Math.max(0.001, Math.min(0.999, this.#level[k]!)));
    return [one(0), one(1), one(2)];
  }

  /** The job ended: `said` by the model, `given` after it was set right. */
  learn(needed: number, said: Three, given: Three): void {
    SHARES.forEach((share, k) => {
      this.#beyond[k]!.add(needed - said[k]!);
      this.#level[k]! += GAIN * (share - (needed <= given[k]! + 1e-9 ? 1 : 0));
    });
  }
}

/** In order, and nothing above what was asked for: the scheduler ends the job there. `asked` is a logarithm. */
export const setRight = (said: Three, offsets: Three, asked: number | null): Three => {
  const [low, median, high] = said.map((value, k) => Math.min(value + offsets[k]!, asked ?? Number.POSITIVE_INFINITY));
  return [Math.min(low!, median!), median!, Math.max(median!, high!)];
};

/** Jobs that the expected value is weighed by, the newest. */
const WEIGHED = 2000;

/**
 * How far the expected value stands between median and high quantile, in logarithms, so that the sum over jobs like those that
 * ended comes out right: 0 is the median, which a few long jobs leave far below the mean, 1 the high quantile.
 */
export const weighed = (ended: readonly { readonly needed: number; readonly told: Three }[]): number => {
  const newest = ended.slice(-WEIGHED);
  if (newest.length < FEWEST) return 0;
  const sum = newest.reduce((total, { needed }) => total + Math.exp(needed), 0);
  const at = (weight: number) => newest.reduce((total, { told }) => total + Math.exp(expectedOf(told, weight)), 0);
  let [low, high] = [0, 1];
  if (at(low) >= sum) return low;
  if (at(high) <= sum) return high;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (at(middle) < sum) low = middle;
    else high = middle;
  }
  return low;
};

export const expectedOf = ([, median, high]: Three, weight: number): number => median + weight * (high - median);
