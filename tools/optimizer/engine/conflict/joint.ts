/**
 * Why jobs that each fit alone do not fit together: the fewest of them, the limit, and the least by which it would have to be
 * raised. Small problems by MILP (exact, and a schedule when one exists after all), any by a ray of prices.
 */

import { evaluate, withinCaps } from '../evaluate.js';
import type { Prices } from '../lagrangian/prices.js';
import type { Effort, MilpSolver } from '../milp/milp.js';
import { buildModel, type Model } from '../model.js';
import { emptyJobs, type Problem, type Schedule, selectJobs } from '../problem.js';
import type { RawConflict } from './conflict.js';
import { type LeastRaise, leastRaise, type Raise } from './least-raise.js';
import { overloadRay } from './overload-ray.js';
import { capAt, conflictRow, keyOf } from './raise.js';
import { relaxLimit } from './relax.js';

export interface Joint {
  readonly conflict: RawConflict | null;
  /** Keeps every limit, whatever it costs. */
  readonly schedule: Schedule | null;
}

/** Share of a solver's work that one question about some of the jobs is worth, and how many are asked. */
const QUESTION: Effort = { work: 0.05 };
const QUESTIONS = 40;

export const findJointConflict = (
  model: Model,
  prices: Prices,
  solver: MilpSolver | undefined,
  stop: () => boolean,
): Joint => {
  const problem = withoutCosts(model.problem);
  const free = buildModel(problem);
  const least = solver ? leastRaise(free, solver, { stop }) : null;
  if (least && least.raises.length === 0) return { conflict: null, schedule: least.schedule };
  const ray = overloadRay(free, prices, stop);
  if (!solver || !least) return { conflict: ray, schedule: null };
  const jobs = ray?.jobs ?? Array.from({ length: model.N }, (_, j) => j);
  return { conflict: exactConflict(free, solver, least, jobs, stop), schedule: null };
};

/** `suspects` do not fit together. */
const exactConflict = (
  model: Model,
  solver: MilpSolver,
  whole: LeastRaise,
  suspects: readonly number[],
  stop: () => boolean,
): RawConflict => {
  const { problem } = model;
  const raiseFor = (jobs: readonly number[]) =>
    leastRaise(buildModel(selectJobs(problem, jobs)), solver, { ...QUESTION, stop });
  let asked = 0;
  const fails = (jobs: readonly number[]) => asked++ < QUESTIONS && !stop() && (raiseFor(jobs)?.raises.length ?? 0) > 0;
  const jobs = fewest(largestFirst(problem, suspects), fails).sort((a, b) => a - b);
  const [own] = raiseFor(jobs)?.raises ?? [];
  // The jobs named conflict over `own`; what all jobs lack of the same limit is at least as much.
  const same = own ? whole.raises.find((one) => keyOf(one.family) === keyOf(own.family)) : whole.raises[0]!;
  const conflict = conflictOver(model, jobs, same ?? own!);
  const { loads } = evaluate(model, whole.schedule);
  return { ...conflict, sufficient: withinCaps(buildModel(relaxLimit(problem, conflict)), loads) };
};

const conflictOver = (model: Model, jobs: readonly number[], { family, amount, at }: Raise): RawConflict => {
  const kind = family.kind === 'event' ? 'power' : family.kind;
  const available = Math.min(...at.map((cell) => capAt(model, kind, cell)));
  return {
    jobs,
    others: 0,
    rows: [conflictRow(model, family, at, available + amount, available)],
    missing: amount,
    joint: true,
    sufficient: false,
  };
};

/**
 * A set that fails, of which every job is needed (Junker's QuickXplain): halves are set aside while the rest fails alone.
 * A question without an answer counts as "does not fail", so a job may stay that is not needed, but none is dropped that is.
 */
const fewest = (candidates: readonly number[], fails: (jobs: readonly number[]) => boolean): number[] => {
  const search = (kept: readonly number[], added: boolean, open: readonly number[]): number[] => {
    if (added && fails(kept)) return [];
    if (open.length === 1) return [...open];
    const half = Math.ceil(open.length / 2);
    const [first, second] = [open.slice(0, half), open.slice(half)];
    const ofSecond = search([...kept, ...first], true, second);
    const ofFirst = search([...kept, ...ofSecond], ofSecond.length > 0, first);
    return [...ofFirst, ...ofSecond];
  };
  return search([], false, candidates);
};

/** Jobs that take much room are named rather than many small ones. */
const largestFirst = ({ jobs }: Problem, some: readonly number[]): number[] =>
  [...some].sort((a, b) => jobs.powerKw[b]! * jobs.slots[b]! - jobs.powerKw[a]! * jobs.slots[a]! || a - b);

/** The same jobs and limits, with nothing to save: what remains is whether they fit. Gaps in signals stay. */
const withoutCosts = (problem: Problem): Problem => {
  const { count } = problem.jobs;
  const { dataGb, tardinessCostPerHour, resumeCost, churnCost } = emptyJobs(count);
  return {
    ...problem,
    carbonPricePerTonne: 0,
    egressPerGb: 0,
    machinePricePerHour: new Float64Array(problem.machinePricePerHour.length),
    pricePerMwh: problem.pricePerMwh.map((price) => (Number.isNaN(price) ? price : 0)),
    regions: problem.regions.map((region) => ({
      ...region,
      pricePerVcpuHour: 0,
      pricePerGpuHour: 0,
      peakChargePerKw: 0,
    })),
    jobs: { ...problem.jobs, dataGb, tardinessCostPerHour, resumeCost, churnCost },
  };
};
