/**
 * The exact optimum of a small problem: options that the bound does not rule out become binaries of a MILP.
 * An option whose priced cost exceeds its job's cheapest by more than the gap cannot be in a better schedule.
 */

import { evaluate, unlawful, withinCaps } from '../evaluate.js';
import { Oracle } from '../lagrangian/bound.js';
import { noPrices } from '../lagrangian/prices.js';
import { buildModel, type Model } from '../model.js';
import { emptySchedule, type Problem, type Schedule } from '../problem.js';
import type { Found } from '../search/decomposition.js';
import { type Column, columnsOf, limitRows, type Wanted } from './columns.js';
import { type Effort, MilpModel, type MilpSolver } from './milp.js';

export interface Proof {
  readonly schedule: Schedule | null;
  readonly proved: boolean;
  readonly bound: number | null;
}

/** Larger models are not put to an exact solver: building and relaxing them alone takes too long. */
export const MOST_COLUMNS = 12_000;
export const MOST_SIZE = 100_000;

const NOTHING: Proof = { schedule: null, proved: false, bound: null };

export const proveByMilp = (
  model: Model,
  oracle: Oracle,
  found: Found,
  solver: MilpSolver,
  effort: Effort,
  mostSize = MOST_SIZE,
): Proof => {
  oracle.bound(found.prices);
  const slack =
    found.schedule === null ? Infinity : found.cost - found.lowerBound + 1e-9 * Math.max(1, Math.abs(found.cost));
  const wanted: Wanted = { slack, most: MOST_COLUMNS };
  const milp = new MilpModel();
  const columns = columnsOf(model, oracle, milp, wanted);
  if (columns === null) return NOTHING;
  limitRows(model, milp, columns);
  if (milp.size > mostSize) return NOTHING;
  const answer = solver.solve(milp, effort);
  if (answer.x === null) return NOTHING;
  const schedule = scheduleOf(model, columns, answer.x);
  const checked = schedule === null || unlawful(model, schedule).length > 0 ? null : evaluate(model, schedule);
  const fits = checked !== null && checked.unplaced === 0 && withinCaps(model, checked.loads);
  const better = fits && checked.objective < found.cost;
  if (answer.status !== 'optimal') return { ...NOTHING, schedule: better ? schedule : null };
  // A solver works to tolerances: its word counts when the schedule it means is lawful and costs what it says.
  const best = Math.min(found.cost, fits ? checked.objective : Infinity);
  const said = answer.objective! + columns.constant;
  const proved =
    fits &&
    Math.abs(checked.objective - said) <= 1e-6 * Math.max(1, Math.abs(said)) &&
    best <= said + 1e-6 * Math.max(1, Math.abs(said));
  return {
    schedule: better ? schedule : null,
    proved,
    bound: proved ? Math.min(said, best) : null,
  };
};

/** The whole problem as one MILP, no option left out; null when it has more than `most` columns. Its optimum misses `constant`. */
export const wholeMilp = (problem: Problem, most: number): { milp: MilpModel; constant: number } | null => {
  const model = buildModel(problem);
  const oracle = new Oracle(model);
  oracle.bound(noPrices(model));
  const milp = new MilpModel();
  const columns = columnsOf(model, oracle, milp, { slack: Infinity, most });
  if (columns === null) return null;
  limitRows(model, milp, columns);
  return { milp, constant: columns.constant };
};

/** The schedule that a solution means; null when it runs a job in two places. */
export const scheduleOf = (
  model: Model,
  columns: { readonly list: readonly Column[] },
  x: Float64Array,
): Schedule | null => {
  const schedule = emptySchedule(model.N);
  const slots = new Map<number, number[]>();
  for (const column of columns.list) {
    if (column.at >= 0 && x[column.at]! < 0.5) continue;
    if (column.slot >= 0) {
      slots.set(column.job, [...(slots.get(column.job) ?? []), column.slot]);
      schedule.region[column.job] = column.region;
      continue;
    }
    if (schedule.region[column.job]! >= 0) return null;
    schedule.region[column.job] = column.region;
    schedule.start[column.job] = column.start;
    if (column.pieces) schedule.pieces.set(column.job, column.pieces);
  }
  for (const [j, list] of slots) {
    list.sort((a, b) => a - b);
    const pieces: number[] = [];
    for (const t of list) {
      if (pieces.length > 0 && pieces[pieces.length - 1] === t) pieces[pieces.length - 1] = t + 1;
      else pieces.push(t, t + 1);
    }
    schedule.start[j] = pieces[0]!;
    if (pieces.length > 2) schedule.pieces.set(j, Int32Array.from(pieces));
  }
  return schedule;
};
