/** What moving a planned job must be worth: a charge that steers the search and is no part of what a plan costs or proves. */
import {
  buildModel,
  type Certificate,
  certificateOf,
  Dual,
  evaluate,
  gapsOf,
  NEAR,
  noPrices,
  Oracle,
  type Problem,
  piecesOf,
  pricesFrom,
  runImmediately,
  type Schedule,
} from './engine/engine.js';

/** A move is worth it when it saves this part of the job's energy and carbon where it is: a small job may then move as well as a large one. */
export const CHURN_RATIO = 0.02;

/**
 * The charge for each job, in money: `cost` where somebody named one, else `ratio` of what its energy and priced carbon cost where
 * `current` has it; machines cost about the same at any hour. 0 for a job without a place, and where that cost is not above 0.
 */
export const churnCharges = (
  problem: Problem,
  current: Schedule,
  { cost, ratio }: { readonly cost: number | undefined; readonly ratio: number },
): Float64Array => {
  const charges = new Float64Array(problem.jobs.count);
  if (cost !== undefined) return charges.fill(cost);
  const { energyCost, kg, T } = buildModel(problem);
  for (let j = 0; j < charges.length; j++) {
    const r = current.region[j]!;
    if (r < 0) continue;
    const pieces = piecesOf(problem, current, j)!;
    let perKw = 0;
    for (let p = 0; p < pieces.length; p += 2)
      for (let i = r * T + pieces[p]!; i < r * T + pieces[p + 1]!; i++)
        perKw += energyCost[i]! + (kg[i]! * problem.carbonPricePerTonne) / 1000;
    if (perKw > 0) charges[j] = ratio * perKw * problem.jobs.powerKw[j]!;
  }
  return charges;
};

/**
 * Objective, bound and gap of a schedule as if moving had cost nothing, and the prices that prove the bound. It is proved at the prices
 * of the search with the charge, or at none, whichever is higher: any non-negative prices prove one.
 */
export const withoutCharge = (problem: Problem, schedule: Schedule, certificate: Certificate | null) =>
  proven(problem, schedule, certificate === null ? [] : [certificate], 0, certificate);

/** Passes that lead from prices of nearly the same problem to better ones; a pass over few jobs takes no time. */
const passesFor = (jobs: number) => Math.round(Math.min(60, Math.max(24, 1.5e5 / jobs)));

/** The same of a plan that was made good again in place: from `prices` of the search or of the plan before, and better ones near them. */
export const withoutChargeNear = (problem: Problem, schedule: Schedule, prices: readonly Certificate[]) =>
  proven(problem, schedule, prices, passesFor(problem.jobs.count), null);

const proven = (
  problem: Problem,
  schedule: Schedule,
  prices: readonly Certificate[],
  passes: number,
  certificate: Certificate | null,
) => {
  const free = { ...problem, jobs: { ...problem.jobs, churnCost: new Float64Array(problem.jobs.count) } };
  const model = buildModel(free);
  const { objective } = evaluate(model, schedule);
  const oracle = new Oracle(model);
  let best = { prices: noPrices(model), bound: Number.NEGATIVE_INFINITY };
  for (const candidate of [noPrices(model), ...prices.map((each) => pricesFrom(model, each))]) {
    const bound = oracle.bound(candidate);
    if (bound > best.bound) best = { prices: candidate, bound };
  }
  if (passes > 0 && best.bound < objective) {
    const dual = new Dual(oracle, best.prices, NEAR);
    for (let pass = 0; pass < passes; pass++) dual.pass(objective);
    if (dual.bestBound > best.bound) best = { prices: dual.best, bound: dual.bestBound };
  }
  // A bound above a schedule that is there is one that rounding moved.
  const lowerBound = Math.min(objective, best.bound);
  return {
    objective,
    lowerBound,
    ...gapsOf(objective, lowerBound, evaluate(model, runImmediately(model)).objective),
    certificate: passes > 0 ? certificateOf(model, best.prices) : certificate,
  };
};
