/** Candidates are fitted on blocks of time and judged on those that they have not seen; the best is fitted on all. */
import { invalid } from '../../../domain/fault.js';
import type { TrainedUsage, TriedUsage, UsageEngine, UsageModel, UsageRows } from '../../../domain/usage.js';
import { FORMS, type Form, type Inputs, inputsOf, isKnown } from './inputs.js';
import { answerMemory, fitMemory, type Memory } from './memory.js';
import { answerRegression, fitRegression, unsureOf } from './regression.js';

const FEWEST_BLOCKS = 4;
const MOST_BLOCKS = 8;
/** A network must do so much better on what it has not seen, or the regression answers alone. */
const WORTH = 0.98;
const FEWEST_DAYS = 14;
const DAY_MINUTES = 1440;

export interface UsageErrand {
  readonly rows: UsageRows;
  readonly engine: UsageEngine | null;
  readonly seed: number;
}

/** Blocks of whole days, about a week each where there are enough. */
const blocksOf = ({ energyKwh, stepMinutes }: UsageRows): [from: number, to: number][] => {
  const perDay = DAY_MINUTES / stepMinutes;
  const days = energyKwh.length / perDay;
  const count = Math.max(FEWEST_BLOCKS, Math.min(MOST_BLOCKS, Math.floor(days / 7)));
  const size = Math.floor(days / count) * perDay;
  return Array.from({ length: count }, (_, b) => [b * size, b === count - 1 ? energyKwh.length : (b + 1) * size]);
};

interface Candidate {
  readonly engine: UsageEngine;
  readonly form: Form;
  readonly inputs: Inputs;
}

interface Fitted {
  readonly weights: Float64Array;
  /** null: the regression answers alone */
  readonly memory: Memory | null;
}

/** `wanted` says which steps are learned from. */
const fitOn = ({ engine, inputs }: Candidate, { rows, seed }: UsageErrand, wanted: (i: number) => boolean): Fitted => {
  const weights = fitRegression(inputs, rows.energyKwh, wanted);
  if (engine === 'regression') return { weights, memory: null };
  const values = answerRegression(inputs, weights);
  const missed = rows.energyKwh.map((used, i) => used - values[i]!);
  return { weights, memory: fitMemory(rows, inputs, missed, wanted, seed) };
};

/** Errors on each of the blocks, of a fit without it (`leftOut`) or of one that knew only what lay before it (`beyond`). */
const errorsOn = (
  candidate: Candidate,
  errand: UsageErrand,
  blocks: readonly (readonly [number, number])[],
  mode: 'leftOut' | 'beyond',
): Float64Array => {
  const { rows } = errand;
  const { inputs } = candidate;
  const errors = new Float64Array(rows.energyKwh.length).fill(Number.NaN);
  for (const [from, to] of blocks) {
    const wanted = mode === 'leftOut' ? (i: number) => i < from || i >= to : (i: number) => i < from;
    const { weights, memory } = fitOn(candidate, errand, wanted);
    const values = answerRegression(inputs, weights);
    const more = memory === null ? null : answerMemory(memory, rows, inputs, from, to);
    for (let i = from; i < to; i++) errors[i] = rows.energyKwh[i]! - (values[i]! + (more?.[i - from] ?? 0));
  }
  return errors;
};

const judged = ({ engine, form }: Candidate, errors: Float64Array, meanKwh: number): TriedUsage => {
  let [n, square, sum] = [0, 0, 0];
  for (const error of errors)
    if (!Number.isNaN(error)) {
      n += 1;
      square += error * error;
      sum += error;
    }
  return { engine, form, cvRmse: Math.sqrt(square / n) / meanKwh, bias: -sum / n / meanKwh };
};

const listed = (errors: Float64Array): (number | null)[] =>
  // Six digits are more than a meter has; the model is kept and hashed as text.
  Array.from(errors, (error) => (Number.isNaN(error) ? null : Number(error.toPrecision(6))));

const rangesOf = (rows: UsageRows): UsageModel['covariates'] =>
  rows.covariates.map(({ name, kind, values }) => {
    let [low, high] = [Infinity, -Infinity];
    values.forEach((value, i) => {
      if (Number.isNaN(value) || Number.isNaN(rows.energyKwh[i]!)) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
    return { name, kind, low, high };
  });

/** Throws Fault `invalid-input` with too little to learn from. */
export const trainUsage = (errand: UsageErrand): TrainedUsage => {
  const { rows, engine } = errand;
  const ranges = rangesOf(rows);
  const inputs = new Map(FORMS.map((form) => [form, inputsOf(form, rows, ranges)]));
  const learnable = (i: number) => !Number.isNaN(rows.energyKwh[i]!) && isKnown(inputs.get('waves')!, i);
  let [count, sum] = [0, 0];
  for (let i = 0; i < rows.energyKwh.length; i++)
    if (learnable(i)) {
      count += 1;
      sum += rows.energyKwh[i]!;
    }
  const perDay = DAY_MINUTES / rows.stepMinutes;
  if (count < FEWEST_DAYS * perDay || sum <= 0)
    throw invalid(
      `only ${(count / perDay).toFixed(1)} days are known with all covariates`,
      `Give at least ${FEWEST_DAYS} days from before the change, better eight weeks.`,
    );
  const meanKwh = sum / count;
  const blocks = blocksOf(rows);
  const candidate = (of: UsageEngine, form: Form): Candidate => ({ engine: of, form, inputs: inputs.get(form)! });
  const attempt = (one: Candidate) => {
    const leftOut = errorsOn(one, errand, blocks, 'leftOut');
    return { candidate: one, leftOut, result: judged(one, leftOut, meanKwh) };
  };
  const tried = FORMS.map((form) => attempt(candidate('regression', form)));
  let best = [...tried].sort((a, b) => a.result.cvRmse - b.result.cvRmse)[0]!;
  // Without covariates a sequence has nothing to tell that the calendar has not.
  if (engine !== 'regression' && rows.covariates.length > 0) {
    const network = attempt(candidate('lstm', best.candidate.form));
    tried.push(network);
    if (engine === 'lstm' || network.result.cvRmse < WORTH * best.result.cvRmse) best = network;
  }
  const beyond = errorsOn(best.candidate, errand, blocks.slice(Math.ceil(blocks.length / 2)), 'beyond');
  const fitted = fitOn(best.candidate, errand, () => true);
  return {
    model: {
      ...{ format: 'caco-usage-1', engine: best.candidate.engine, form: best.candidate.form, covariates: ranges },
      ...{ weights: [...fitted.weights], unsure: [...unsureOf(best.candidate.inputs, rows.energyKwh)] },
      ...{ network: fitted.memory, leftOut: listed(best.leftOut), beyond: listed(beyond) },
    },
    ...{ tried: tried.map(({ result }) => result), chosen: best.result, rows: count, meanKwh },
  };
};
