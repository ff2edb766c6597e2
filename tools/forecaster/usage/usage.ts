/** What a site would have used, behind the port of `domain/usage.ts`: regression first, a network where it does better. */
import type { JudgedUsage, UsageForecaster, UsageModel, UsageRows } from '../../../domain/usage.js';
import { runUsage } from '../errand.js';
import { type Form, inputsOf } from './inputs.js';
import { halfWidthOf } from './interval.js';
import { answerMemory } from './memory.js';
import { answerRegression, reachOf } from './regression.js';

export const judgeUsage = (model: UsageModel, rows: UsageRows): JudgedUsage => {
  // In the order in which the model knows them.
  const ordered: UsageRows = {
    ...rows,
    covariates: model.covariates.map(
      ({ name, kind }) =>
        rows.covariates.find((one) => one.name === name) ?? {
          ...{ name, kind, values: new Float64Array(rows.energyKwh.length).fill(Number.NaN) },
        },
    ),
  };
  const inputs = inputsOf(model.form as Form, ordered, model.covariates);
  let baselineKwh = answerRegression(inputs, model.weights);
  if (model.network !== null) {
    const more = answerMemory(model.network, ordered, inputs, 0, inputs.count);
    baselineKwh = baselineKwh.map((value, i) => value + more[i]!);
  }
  const counted = (i: number) => !Number.isNaN(baselineKwh[i]!) && !Number.isNaN(rows.energyKwh[i]!);
  const steps = baselineKwh.reduce((sum, _, i) => sum + (counted(i) ? 1 : 0), 0);
  return { baselineKwh, halfWidthKwh: halfWidthOf(model, steps, reachOf(inputs, model.unsure, counted)) };
};

/** Training runs in a thread of its own, so that a server goes on answering. */
export const usageForecaster: UsageForecaster = {
  train: (rows, { engine, seed, signal }) => runUsage({ rows, engine, seed }, { signal }),
  judge: async (model, rows) => judgeUsage(model, rows),
};
