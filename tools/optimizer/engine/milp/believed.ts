/**
 * What is believed of an exact solver's answer: what can be computed again. A solver works to tolerances, and ends with a
 * status and a row of numbers: zeros where it found nothing, 1 − 4e-13 for a choice, 5e-7 for one that pays a millionth.
 */
import type { MilpAnswer, MilpModel } from './milp.js';

/** How far a choice may lie from a whole number, and a row from its bound as part of its largest term (or of 1). */
const TOLERANCE = 1e-6;

export const FAILED: MilpAnswer = { status: 'failed', x: null, objective: null };

/** Costs, amounts and bounds that a solver can be given: it reads NaN as a number and calls the answer optimal. */
export const isSound = ({ cost, upper, rows }: MilpModel): boolean =>
  cost.every(Number.isFinite) &&
  upper.every((value) => value >= 0) &&
  rows.every(
    ({ lower, upper, values }) =>
      !Number.isNaN(lower) && !Number.isNaN(upper) && values.every((value) => Number.isFinite(value)),
  );

/**
 * The answer with its choices made whole, and its objective as those choices cost; without a solution where one is outside
 * its bounds or breaks a row once they are whole. `optimal` stays only where the solution costs what the solver said.
 */
export const believed = (model: MilpModel, { status, x, objective }: MilpAnswer, relax: boolean): MilpAnswer => {
  if (status !== 'optimal' && status !== 'limit') return { status, x: null, objective: null };
  const nothing: MilpAnswer = status === 'limit' ? { ...FAILED, status } : FAILED;
  if (x === null || objective === null || !Number.isFinite(objective)) return nothing;
  const whole = x.map((value, column) => (model.binary[column] && !relax ? Math.round(value) : value));
  for (let column = 0; column < whole.length; column++) {
    if (!(Math.abs(whole[column]! - x[column]!) <= TOLERANCE)) return nothing;
    const upper = model.upper[column]!;
    const reach = TOLERANCE * Math.max(1, Number.isFinite(upper) ? upper : 0);
    if (!(whole[column]! >= -reach && whole[column]! <= upper + reach)) return nothing;
    whole[column] = Math.min(upper, Math.max(0, whole[column]!));
  }
  if (!model.rows.every((row) => holds(row, whole))) return nothing;
  const costs = model.cost.reduce((sum, cost, column) => sum + cost * whole[column]!, 0);
  const isWorth = Math.abs(costs - objective) <= TOLERANCE * Math.max(1, Math.abs(objective));
  return { status: isWorth ? status : 'limit', x: whole, objective: costs };
};

const holds = ({ lower, upper, columns, values }: MilpModel['rows'][number], x: Float64Array): boolean => {
  let sum = 0;
  let largest = 1;
  columns.forEach((column, n) => {
    const term = values[n]! * x[column]!;
    sum += term;
    largest = Math.max(largest, Math.abs(term));
  });
  return sum >= lower - TOLERANCE * largest && sum <= upper + TOLERANCE * largest;
};
