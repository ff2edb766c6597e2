/** A problem solved; where no schedule exists, also what would have to give, and on request the best plan once it has given. */
import { attempt } from './attempt.js';
import { findConflict, type RawConflict } from './conflict/conflict.js';
import { relaxLimit } from './conflict/relax.js';
import { buildModel } from './model.js';
import type { Hooks, Limits, Outcome } from './outcome.js';
import type { Problem } from './problem.js';
import { State } from './search/state.js';

/** Above this size a relaxation is only planned on request; below it a short plan tells whether it suffices. */
const VERIFY_JOBS = 2000;
const VERIFY_ITERATIONS = 2000;
const MOST_RELAXATIONS = 100;
const WIDENING = 1.25;
const MOST_WIDENINGS = 6;

export const solve = (problem: Problem, limits: Limits, hooks: Hooks): Outcome => {
  const outcome = attempt(problem, limits, hooks);
  const { conflict } = outcome;
  if (conflict === null || conflict.missing === null) return outcome;
  if (!limits.relaxed && problem.jobs.count > VERIFY_JOBS) return outcome;
  const iterations = limits.relaxed
    ? limits.iterations
    : Math.min(VERIFY_ITERATIONS, limits.iterations ?? VERIFY_ITERATIONS);
  const effort = { ...limits, ...(iterations === undefined ? {} : { iterations }) };
  // Whether a relaxation suffices is worth a short search, not an exact solver's work.
  const means = limits.relaxed ? hooks : { ...hooks, milp: {} };
  const raised: RawConflict[] = [];
  let [before, eased] = [problem, problem];
  let next: RawConflict | null = conflict;
  let plan: Outcome | null = null;
  let widened = 0;
  while (next !== null && next.missing !== null && raised.length < MOST_RELAXATIONS && !hooks.cancelled()) {
    raised.push(next);
    before = eased;
    eased = relaxLimit(before, next);
    const model = buildModel(eased);
    plan = null;
    next = findConflict(model, new State(model));
    if (next !== null) continue;
    plan = attempt(eased, effort, means);
    next = plan.conflict;
    // What is proved to be missing need not suffice. Where neither a plan nor a proof is found, the last limit gives more.
    if (plan.schedule !== null || next !== null || widened++ === MOST_WIDENINGS) continue;
    const last: RawConflict = raised.pop()!;
    next = { ...last, missing: last.missing! * WIDENING };
    eased = before;
  }
  if (plan === null || plan.schedule === null || plan.objective === null) return outcome;
  const sufficient = conflict.sufficient || (raised.length === 1 && widened === 0);
  return {
    ...outcome,
    conflict: { ...conflict, sufficient },
    relaxed: limits.relaxed ? { schedule: plan.schedule, objective: plan.objective, raised } : null,
  };
};
