/** The figures of a schedule as people get them: money by cause, emissions with their interval. */

import { around, type Estimate, sumIndependent } from '../../../domain/estimate.js';
import type { Cost } from '../../../domain/plan.js';
import { money } from '../../../domain/units.js';
import { type Evaluation, evaluate } from './evaluate.js';
import type { Model } from './model.js';
import { piecesOf, type Schedule } from './problem.js';

export interface Telling {
  readonly currency: string;
  readonly uncertaintyRatio: number;
  readonly confidence: number;
}

export interface ScheduleTotals {
  /** Demand charges count as energy, resumptions as tardiness; the carbon price is no part of it. */
  readonly cost: Cost;
  readonly emissionsKg: Estimate;
  readonly energyKwh: number;
  readonly evaluation: Evaluation;
}

export const totalsOf = (model: Model, schedule: Schedule, telling: Telling): ScheduleTotals => {
  const evaluation = evaluate(model, schedule);
  const { parts } = evaluation;
  const energy = parts.energy + parts.peak;
  const tardiness = parts.tardiness + parts.resume;
  return {
    cost: {
      total: money(energy + parts.instance + parts.egress + tardiness),
      energy: money(energy),
      instance: money(parts.instance),
      egress: money(parts.egress),
      tardiness: money(tardiness),
      currency: telling.currency,
    },
    emissionsKg: estimateOf(model, schedule, evaluation.emissionsKg, telling),
    energyKwh: evaluation.energyKwh,
    evaluation,
  };
};

/** Errors within one region and hour move together; between them they do not. */
const estimateOf = (
  model: Model,
  schedule: Schedule,
  value: number,
  { uncertaintyRatio, confidence }: Telling,
): Estimate => {
  const { problem, T, R } = model;
  const perHour = Math.max(1, Math.round(1 / problem.slotHours));
  const hours = Math.ceil(T / perHour);
  const cells = new Float64Array(R * hours);
  for (let j = 0; j < model.N; j++) {
    const pieces = piecesOf(problem, schedule, j);
    if (pieces === null) continue;
    const r = schedule.region[j]!;
    const kw = problem.jobs.powerKw[j]!;
    const end = pieces[pieces.length - 1]!;
    for (let p = 0; p < pieces.length; p += 2)
      for (let t = pieces[p]!; t < pieces[p + 1]!; t++) {
        const part = t === end - 1 ? problem.jobs.lastFraction[j]! : 1;
        cells[r * hours + Math.floor(t / perHour)]! += kw * part * model.kg[r * T + t]!;
      }
  }
  const groups = Array.from(
    cells.filter((kg) => kg !== 0),
    (kg) => around(kg, uncertaintyRatio, confidence),
  );
  const total = sumIndependent(groups, confidence);
  // The value is the compensated sum that the objective uses.
  return { ...total, value, low: value - (total.value - total.low), high: value + (total.high - total.value) };
};
