/** What a window saved by a model: baseline, measured, and how sure that is. */
import { digest } from '../../domain/digest.js';
import type { Estimate } from '../../domain/estimate.js';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { figure, percentText } from '../../domain/figures.js';
import { SAVINGS_MODELS, type SavingsCard } from '../../domain/savings.js';
import { type Interval, toEpoch } from '../../domain/time.js';
import type { UsageModel, UsageRows } from '../../domain/usage.js';
import type { World } from '../../domain/world.js';
import { rowsOf } from './rows.js';
import { usageForecasterOf } from './train.js';

export interface Kept {
  readonly card: SavingsCard;
  readonly seq: number;
  readonly model: UsageModel;
}

/** The model as the ledger has it. Fault `conflict` where either was changed since. */
export const modelOf = async (world: World, id: string): Promise<Kept> => {
  const kept = (await world.store.collection(SAVINGS_MODELS).get(id))?.value;
  if (!kept) throw notFound(`there is no savings model ${id}`, 'Make one: caco savings train.');
  const [entry] = await world.store.entries.read(kept.seq, 1);
  const written = entry?.body.data as { card?: string; modelHash?: string } | undefined;
  if (
    entry?.body.kind !== 'savings-model' ||
    entry.body.subject !== id ||
    written?.card !== digest(kept.card) ||
    written.modelHash !== digest(kept.model)
  )
    throw new Fault(
      'conflict',
      `the model ${id} is not what ledger entry ${kept.seq} says it was`,
      'Nothing is judged by it: train anew, and look: caco ledger audit.',
    );
  return kept;
};

/** Share of a window that must be known. What is not known is in neither sum, so nothing is claimed of it. */
const LEAST_COVERED = 0.9;
/** A covariate may lie so far outside of what was learned from, as a share of its range, … */
const BEYOND_RATIO = 0.1;
/** … and further for so small a share of the window. */
const MOST_BEYOND = 0.05;

export interface Judged {
  readonly baselineKwh: number;
  readonly measuredKwh: number;
  readonly saved: Estimate;
  readonly coveredRatio: number;
  /** measured and baseline, kWh, of each step */
  readonly rows: [number | null, number | null][];
  readonly covariates: readonly {
    readonly id: string;
    readonly mean: number | null;
    readonly low: number;
    readonly high: number;
    readonly beyondRatio: number;
  }[];
}

const covariateIn = (rows: UsageRows, known: UsageModel['covariates'][number]): Judged['covariates'][number] => {
  const values = rows.covariates
    .find(({ name }) => name === known.name)!
    .values.filter((value) => !Number.isNaN(value));
  const margin = BEYOND_RATIO * (known.high - known.low);
  const beyond = values.filter((value) => value < known.low - margin || value > known.high + margin).length;
  return {
    ...{ id: known.name, low: known.low, high: known.high },
    mean: values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length,
    beyondRatio: values.length === 0 ? 0 : beyond / values.length,
  };
};

/** Sums over steps where both are known; the interval is the model's and the meter's error together. */
export const judge = async (
  world: World,
  { card, model }: Kept,
  window: Interval,
  meterErrorRatio: number,
): Promise<Judged> => {
  const forecaster = usageForecasterOf(world);
  const rows = await rowsOf(world, card, window);
  const { baselineKwh: baseline, halfWidthKwh } = await forecaster.judge(model, rows);
  let [baselineKwh, measuredKwh, known] = [0, 0, 0];
  rows.energyKwh.forEach((measured, i) => {
    if (Number.isNaN(measured) || Number.isNaN(baseline[i]!)) return;
    known += 1;
    baselineKwh += baseline[i]!;
    measuredKwh += measured;
  });
  const value = baselineKwh - measuredKwh;
  const half = halfWidthKwh + meterErrorRatio * Math.abs(value);
  return {
    ...{ baselineKwh, measuredKwh, saved: { value, low: value - half, high: value + half, confidence: 0.95 } },
    coveredRatio: known / rows.energyKwh.length,
    rows: Array.from(rows.energyKwh, (measured, i): [number | null, number | null] => [
      Number.isNaN(measured) ? null : measured,
      Number.isNaN(baseline[i]!) ? null : baseline[i]!,
    ]),
    covariates: model.covariates.map((of) => covariateIn(rows, of)),
  };
};

/** Why nothing may be claimed of what was judged, with the figure. Throws Fault `invalid-input`. */
export const requireJudgeable = ({ coveredRatio, covariates }: Judged): void => {
  if (coveredRatio < LEAST_COVERED)
    throw invalid(
      `only ${percentText(coveredRatio)} of the window are known, and ${percentText(LEAST_COVERED)} are needed`,
      'Take in the readings or the covariate that are missing, or claim a shorter window.',
    );
  for (const { id, low, high, beyondRatio } of covariates)
    if (beyondRatio > MOST_BEYOND)
      throw invalid(
        `${id} lies outside of ${figure(low)} to ${figure(high)}, which the model has seen, for ${percentText(beyondRatio)} of the window`,
        'Nobody knows what the site would have used then: train on time that was like it.',
      );
};

export const windowProblem = ({ start, end }: Interval): string | null => {
  const [from, to] = [toEpoch(start), toEpoch(end)];
  if (from % 1800 !== 0 || to % 1800 !== 0 || to <= from) return `${start} to ${end} is no stretch of half-hours`;
  return to - from > 7 * 86_400 ? `${start} to ${end} is longer than seven days` : null;
};
