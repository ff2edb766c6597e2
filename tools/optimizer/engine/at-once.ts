/** Every job at once where it lives: the schedule that savings are measured against. */
import { evaluate } from './evaluate.js';
import type { Oracle } from './lagrangian/bound.js';
import type { Model } from './model.js';
import { emptySchedule, FROZEN, piecesOf, type Schedule } from './problem.js';

/** Caps are ignored; frozen jobs stay where they are. */
export const runImmediately = (model: Model): Schedule => {
  const { jobs } = model.problem;
  const schedule = emptySchedule(model.N);
  for (let j = 0; j < model.N; j++) {
    const frozen = jobs.kind[j] === FROZEN;
    schedule.region[j] = frozen ? jobs.current!.region[j]! : jobs.home[j]!;
    schedule.start[j] = model.release[j]!;
    const pieces = frozen ? jobs.current!.pieces.get(j) : undefined;
    if (pieces) schedule.pieces.set(j, pieces);
  }
  return schedule;
};

/** What it costs; `oracle` holds no prices. Without a peak charge prefix sums suffice. */
export const costAtOnce = (model: Model, oracle: Oracle): number => {
  const schedule = runImmediately(model);
  if (model.anyPeak) return evaluate(model, schedule).objective;
  let sum = 0;
  for (let j = 0; j < model.N; j++)
    sum += oracle.pricer.costOf(j, schedule.region[j]!, piecesOf(model.problem, schedule, j)!);
  return sum;
};
