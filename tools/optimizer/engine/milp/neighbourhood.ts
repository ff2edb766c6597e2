/**
 * Where an exact solver cannot prove the whole, it betters parts: some jobs are planned anew at their exact optimum while all
 * others stay where they are (large neighbourhood search).
 */

import { evaluate } from '../evaluate.js';
import { Oracle } from '../lagrangian/bound.js';
import { buildModel, isPinned, type Model } from '../model.js';
import { emptySchedule, FROZEN, type Problem, type Schedule } from '../problem.js';
import type { Found } from '../search/decomposition.js';
import { Random } from '../search/random.js';
import { proveByMilp } from './exact.js';
import type { MilpSolver } from './milp.js';

/** Jobs planned anew at once: at first, at least and at most; rounds in all, and in vain before more are taken. */
const JOBS = 6;
const FEWEST = 3;
const MOST = 30;
const ROUNDS = 80;
const IN_VAIN = 8;
/** Share of the solver's work that one round is worth. */
const WORK = 0.02;
/** A part that is larger has too many jobs in it. */
const MOST_SIZE = 12_000;

/** The schedule of `found`, or a cheaper one that keeps every limit. */
export const betterParts = (
  model: Model,
  found: Found,
  solver: MilpSolver,
  seed: number,
  stop: () => boolean,
): Schedule | null => {
  const { problem } = model;
  const random = new Random(seed);
  const free = Array.from({ length: model.N }, (_, j) => j).filter((j) => !isPinned(problem, j));
  let schedule = found.schedule;
  let width = JOBS;
  let vain = 0;
  for (let round = 0; schedule !== null && round < ROUNDS && !stop(); round++) {
    const part = withOthersFrozen(problem, schedule, neighbours(model, free, width, random));
    const partModel = buildModel(part);
    const oracle = new Oracle(partModel);
    const lowerBound = oracle.bound(found.prices);
    const cost = evaluate(partModel, schedule).objective;
    const answer = proveByMilp(
      partModel,
      oracle,
      { ...found, lowerBound, schedule, cost },
      solver,
      { work: WORK, stop },
      MOST_SIZE,
    );
    if (answer.schedule !== null) {
      schedule = answer.schedule;
      vain = 0;
    } else if (!answer.proved) width = Math.max(FEWEST, width - 1);
    else if (++vain === IN_VAIN) {
      vain = 0;
      width = Math.min(MOST, width + 3);
    }
  }
  return schedule;
};

/** A job drawn, and those whose windows lie near its own: they contend for the same room. Now and then any: carbon caps reach far. */
const neighbours = (model: Model, free: readonly number[], count: number, random: Random): Set<number> => {
  const slots = model.problem.jobs.slots;
  const middle = (j: number) => (model.release[j]! + model.last[j]! + slots[j]!) / 2;
  const chosen = free[random.below(free.length)]!;
  const anywhere = random.below(3) === 0;
  const near = free
    .map((j) => ({ j, away: (anywhere ? 1 : Math.abs(middle(j) - middle(chosen))) * (0.5 + random.unit()) }))
    .sort((a, b) => a.away - b.away || a.j - b.j);
  return new Set([chosen, ...near.slice(0, count).map(({ j }) => j)]);
};

const withOthersFrozen = (problem: Problem, schedule: Schedule, open: ReadonlySet<number>): Problem => {
  const { jobs } = problem;
  const kind = jobs.kind.slice();
  const current = emptySchedule(jobs.count);
  for (let j = 0; j < jobs.count; j++) {
    const from = open.has(j) ? jobs.current : schedule;
    if (from === null) continue;
    if (!open.has(j)) kind[j] = FROZEN;
    current.region[j] = from.region[j]!;
    current.start[j] = from.start[j]!;
    const pieces = from.pieces.get(j);
    if (pieces) current.pieces.set(j, pieces);
  }
  return { ...problem, jobs: { ...jobs, kind, current } };
};
