/** The least by which limits must be raised so that all jobs fit, as a MILP over every option of every job. */

import { evaluate, unlawful, withinCaps } from '../evaluate.js';
import { Oracle } from '../lagrangian/bound.js';
import { noPrices } from '../lagrangian/prices.js';
import { columnsOf, limitRows } from '../milp/columns.js';
import { MOST_COLUMNS, MOST_SIZE, scheduleOf } from '../milp/exact.js';
import { type Effort, MilpModel, type MilpSolver } from '../milp/milp.js';
import type { Model } from '../model.js';
import type { Schedule } from '../problem.js';
import { capAt, type Family, familyOf, keyOf } from './raise.js';

export interface Raise {
  readonly family: Family;
  /** In the unit of the limit. */
  readonly amount: number;
  /** Of the family's largest cap. */
  readonly share: number;
  /** Where the schedule needs it: cells, for a carbon cap its row. */
  readonly at: readonly number[];
}

export interface LeastRaise {
  /** Fits once the limits are raised so. */
  readonly schedule: Schedule;
  /** The largest share first; none: it fits as it is. */
  readonly raises: readonly Raise[];
}

/** Below this share of a cap a raise may be the solver's rounding: then nothing is said. */
const ROUNDING = 1e-6;

/**
 * Minimises the sum of all raises as shares of their caps; `model` must hold no costs. Null when the model is too large or
 * the solver's effort did not suffice: then nothing is known.
 */
export const leastRaise = (model: Model, solver: MilpSolver, effort: Effort): LeastRaise | null => {
  const oracle = new Oracle(model);
  oracle.bound(noPrices(model));
  const milp = new MilpModel();
  const columns = columnsOf(model, oracle, milp, { slack: Infinity, most: MOST_COLUMNS });
  if (columns === null) return null;
  const families = new Map<string, { family: Family; column: number; largest: number; cells: number[] }>();
  limitRows(model, milp, columns, (kind, at) => {
    const family = familyOf(model, kind, at);
    const key = keyOf(family);
    const known = families.get(key) ?? { family, column: milp.column(0, false), largest: 0, cells: [] };
    families.set(key, known);
    known.cells.push(at);
    known.largest = Math.max(known.largest, capAt(model, kind, at));
    return known.column;
  });
  for (const { column, largest } of families.values()) milp.cost[column] = 1 / (largest > 0 ? largest : 1);
  if (milp.size > MOST_SIZE) return null;
  const answer = solver.solve(milp, effort);
  if (answer.x === null) return null;
  const schedule = scheduleOf(model, columns, answer.x);
  if (schedule === null || unlawful(model, schedule).length > 0) return null;
  const { loads, unplaced } = evaluate(model, schedule);
  if (unplaced > 0) return null;
  const raises: Raise[] = [];
  for (const { family, column, largest, cells } of families.values()) {
    const kind = family.kind === 'event' ? 'power' : family.kind;
    const over = (at: number) => loads[kind][at]! - capAt(model, kind, at);
    const share = answer.x[column]! * milp.cost[column]!;
    if (share <= ROUNDING) continue;
    const amount = Math.max(...cells.map(over));
    raises.push({ family, amount, share, at: cells.filter((at) => over(at) > ROUNDING * Math.max(1, largest)) });
  }
  raises.sort((a, b) => b.share - a.share);
  // What the solver rounded away may still be too much by our own count: then nothing is known.
  if (raises.length === 0) return withinCaps(model, loads) ? { schedule, raises } : null;
  // Only an optimum proves that less would not do.
  return answer.status === 'optimal' ? { schedule, raises } : null;
};
