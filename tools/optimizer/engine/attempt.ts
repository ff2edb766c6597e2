/** One problem solved from start to end, synchronously and without clock, store or thread: made to run in a worker. */
import { costAtOnce } from './at-once.js';
import { type Ended, impossible, SAME, withoutSchedule, withSchedule } from './conclude.js';
import { findConflict } from './conflict/conflict.js';
import { findJointConflict } from './conflict/joint.js';
import { type Evaluation, evaluate, withinCaps } from './evaluate.js';
import { Oracle } from './lagrangian/bound.js';
import { certificateOf, noPrices, type Prices, pricesFrom } from './lagrangian/prices.js';
import { proveByMilp } from './milp/exact.js';
import type { MilpSolver } from './milp/milp.js';
import { betterParts } from './milp/neighbourhood.js';
import { buildModel, type Model } from './model.js';
import type { Engine, Hooks, Limits, Outcome, StoppedBy } from './outcome.js';
import { MOVABLE, type Problem, piecesOf, type Schedule } from './problem.js';
import { budgetFor, decompose, type Found, type Watch } from './search/decomposition.js';
import { effortFor, planInPlace } from './search/in-place.js';
import { byWeight, polish } from './search/repair.js';
import { Responder } from './search/respond.js';
import { State } from './search/state.js';

/** Above so many jobs `auto` leaves the exact solvers out; `loadMilp` says which of them is asked. */
const MILP_JOBS = 120;
/** Up to so many jobs a plan is bettered in parts where it cannot be proved as a whole. */
const PARTS_JOBS = 60;

/** A run under way: its problem, its limits, and whether it must end. */
interface Run {
  readonly model: Model;
  readonly limits: Limits;
  readonly hooks: Hooks;
  readonly watch: Watch;
  readonly ended: () => Ended;
}

/** One run on the problem as it is: a schedule with its bound, a conflict that is proved, or neither. */
export const attempt = (problem: Problem, limits: Limits, hooks: Hooks): Outcome => {
  const model = buildModel(problem);
  const oracle = new Oracle(model);
  const free = oracle.bound(noPrices(model));
  const run = begin(model, limits, hooks, costAtOnce(model, oracle));
  const uncoupled = free < Infinity ? atTheBound(run, oracle, free) : null;
  if (uncoupled) return uncoupled;
  if (limits.engine === 'uncoupled')
    return withoutSchedule(run.ended(), { engine: 'uncoupled', lowerBound: free < Infinity ? free : null });
  const state = new State(model);
  const proof = findConflict(model, state);
  return proof ? impossible(run.ended(), proof) : coupled(run, oracle, state);
};

const begin = (model: Model, limits: Limits, hooks: Hooks, now: number): Run => {
  let struck: StoppedBy | null = null;
  const spent = () => (limits.cpuSeconds === undefined ? 0 : hooks.cpuSeconds() / limits.cpuSeconds);
  const stop = () => {
    if (struck === null && hooks.cancelled()) struck = 'cancelled';
    if (struck === null && spent() >= 1) struck = 'clock';
    return struck !== null;
  };
  const tell: Watch['tell'] = (done, lowerBound, objective, schedule) =>
    hooks.tell({ done, lowerBound, objective, schedule });
  return { model, limits, hooks, watch: { stop, spent, tell }, ended: () => ({ model, now, struck }) };
};

/** Sums of equal prices over other hours differ in their last digits. */
const ROUNDING = 1e-11;

/** The cheapest options, with every job left at once where it lives that this costs no more but for rounding. */
const unmovedWhereEqual = (model: Model, oracle: Oracle): Schedule => {
  const { jobs } = model.problem;
  const schedule = copyOf(oracle.choice);
  const { pricer } = oracle;
  for (let j = 0; j < model.N; j++) {
    if (jobs.kind[j] !== MOVABLE || (jobs.current !== null && jobs.current.region[j]! >= 0)) continue;
    const [home, start] = [jobs.home[j]!, model.release[j]!];
    if (schedule.region[j] === home && schedule.start[j] === start) continue;
    const atOnce = [start, start + jobs.slots[j]!];
    if (!pricer.mayStay(j, home, atOnce)) continue;
    const cost = pricer.costOf(j, home, atOnce);
    const least = pricer.costOf(j, schedule.region[j]!, piecesOf(model.problem, schedule, j)!);
    if (cost - least > ROUNDING * Math.abs(cost)) continue;
    schedule.region[j] = home;
    schedule.start[j] = start;
    schedule.pieces.delete(j);
  }
  return schedule;
};

/** The cheapest option of each job on its own, where together they keep every limit: nothing costs less. */
const atTheBound = (run: Run, oracle: Oracle, free: number): Outcome | null => {
  const { model } = run;
  const keeps = (schedule: Schedule): Evaluation | null => {
    const evaluation = evaluate(model, schedule);
    const isKept = withinCaps(model, evaluation.loads) && !(model.anyPeak && evaluation.parts.peak !== 0);
    return isKept ? evaluation : null;
  };
  const cheapest = keeps(oracle.choice);
  if (cheapest === null) return null;
  const unmoved = unmovedWhereEqual(model, oracle);
  const evaluation = keeps(unmoved);
  return withSchedule(run.ended(), {
    ...(evaluation === null
      ? { schedule: copyOf(oracle.choice), evaluation: cheapest }
      : { schedule: unmoved, evaluation }),
    lowerBound: Math.min(free, (evaluation ?? cheapest).objective),
    prices: noPrices(model),
    engine: 'uncoupled',
    isOptimal: true,
    milpBound: null,
    passes: 1,
    rounds: 0,
  });
};

/** Jobs compete for limits: prices and search, then an exact solver where there is one and the problem is small or it was asked for. */
const coupled = (run: Run, oracle: Oracle, state: State): Outcome => {
  const { model, limits, watch } = run;
  const { glpk, highs } = run.hooks.milp;
  const named = limits.engine === 'glpk' || limits.engine === 'highs';
  const solver = limits.engine === 'highs' ? highs : limits.engine === 'auto' ? (glpk ?? highs) : glpk;
  const exact = named || (limits.engine === 'auto' && model.N <= MILP_JOBS) ? solver : undefined;
  // A time limit is used up by the search, unless an exact solver can make more of what is left.
  const endless = limits.cpuSeconds !== undefined && !exact;
  const budget = budgetFor(model.N, limits.iterations ?? (endless ? 1e9 : undefined));
  const warm = limits.warm && pricesFrom(model, limits.warm);
  const anew = () => decompose(model, oracle, state, budget, limits.seed, warm, watch);
  const found = limits.inPlace ? kept(run, oracle, state, warm, endless, anew) : anew();
  if (found.schedule === null && !watch.stop()) {
    const small = model.N <= MILP_JOBS ? (glpk ?? highs) : undefined;
    const joint = findJointConflict(model, found.prices, small, watch.stop);
    if (joint.conflict) return impossible(run.ended(), joint.conflict);
    if (joint.schedule) {
      found.schedule = improved(state, joint.schedule, watch.stop);
      found.cost = evaluate(model, found.schedule).objective;
    }
  }
  const open = found.schedule === null || found.cost - found.lowerBound > SAME * Math.abs(found.cost);
  const { schedule, ...proof } =
    exact && open && !watch.stop()
      ? provedOrBettered(run, oracle, found, exact)
      : { schedule: found.schedule, engine: 'decomposition' as const, isOptimal: false, milpBound: null };
  const { lowerBound, prices, passes, rounds, partial } = found;
  if (schedule) {
    const evaluation = evaluate(model, schedule);
    return withSchedule(run.ended(), { ...proof, schedule, evaluation, lowerBound, prices, passes, rounds });
  }
  return withoutSchedule(run.ended(), {
    engine: proof.engine,
    lowerBound,
    partial,
    unplaced: Array.from(partial.region.keys()).filter((j) => partial.region[j]! < 0),
    certificate: certificateOf(model, prices),
    passes,
    rounds,
  });
};

/** Where more of the jobs than this had to leave, the plan in force is no longer near the best one. */
const NEAR_MOVED = 0.1;

/**
 * The plan in force made good again. Where some jobs found no place in it, or many had to leave theirs, all is planned from nothing too,
 * and the cheaper plan with the better of the two bounds stays.
 */
const kept = (
  run: Run,
  oracle: Oracle,
  state: State,
  warm: Prices | undefined,
  endless: boolean,
  anew: () => Found,
): Found => {
  const { model, limits, watch } = run;
  const { current } = model.problem.jobs;
  if (current === null) return anew();
  const effort = effortFor(model.N, limits.iterations ?? (endless ? 1e9 : undefined), warm !== undefined);
  const near = planInPlace(model, oracle, state, effort, limits.seed, warm, watch);
  const { schedule } = near;
  if (watch.stop() || (schedule !== null && movedShare(schedule, current) <= NEAR_MOVED)) return near;
  const far = anew();
  const [plan, other] = schedule !== null && near.cost <= far.cost ? [near, far] : [far, near];
  const { lowerBound, prices } = plan.lowerBound >= other.lowerBound ? plan : other;
  return { ...plan, lowerBound, prices, passes: near.passes + far.passes, rounds: near.rounds + far.rounds };
};

/** Of the jobs that had a place, how many have another. */
const movedShare = (schedule: Schedule, current: Schedule): number => {
  let [moved, placed] = [0, 0];
  for (let j = 0; j < current.region.length; j++) {
    if (current.region[j]! < 0) continue;
    placed++;
    if (schedule.region[j] !== current.region[j] || schedule.start[j] !== current.start[j]) moved++;
  }
  return placed === 0 ? 0 : moved / placed;
};

interface Exact {
  readonly schedule: Schedule | null;
  readonly engine: Engine;
  readonly isOptimal: boolean;
  readonly milpBound: number | null;
}

/** What an exact solver makes of what was found: the optimum with its proof, or a small problem bettered part by part. */
const provedOrBettered = ({ model, limits, watch }: Run, oracle: Oracle, found: Found, solver: MilpSolver): Exact => {
  const { stop } = watch;
  watch.tell(0.9, found.lowerBound, found.schedule ? found.cost : null, found.schedule);
  const answer = proveByMilp(model, oracle, found, solver, { stop });
  const schedule = answer.schedule ?? found.schedule;
  if (answer.proved) return { schedule, engine: solver.name, isOptimal: true, milpBound: answer.bound };
  const better =
    schedule !== null && model.N <= PARTS_JOBS
      ? betterParts(model, { ...found, schedule }, solver, limits.seed, stop)
      : schedule;
  const isSolvers = answer.schedule !== null || better !== schedule;
  return { schedule: better, engine: isSolvers ? solver.name : 'decomposition', isOptimal: false, milpBound: null };
};

const copyOf = (schedule: Oracle['choice']): Oracle['choice'] => ({
  region: schedule.region.slice(),
  start: schedule.start.slice(),
  pieces: new Map(schedule.pieces),
});

/** A schedule that keeps every limit, made cheaper job by job. */
const improved = (state: State, schedule: Schedule, stop: () => boolean): Schedule => {
  state.restore(schedule);
  const responder = new Responder(state);
  polish(state, responder, byWeight(state.model, responder), null, stop);
  return state.snapshot();
};
