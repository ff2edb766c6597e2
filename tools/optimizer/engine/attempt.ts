/** One problem solved from start to end, synchronously and without clock, store or thread: made to run in a worker. */
import type { Certificate } from './answer.js';
import { costAtOnce } from './at-once.js';
import { bindingLimits } from './binding-limits.js';
import { findConflict, type RawConflict } from './conflict/conflict.js';
import { findJointConflict } from './conflict/joint.js';
import { type Evaluation, evaluate, withinCaps } from './evaluate.js';
import { Oracle } from './lagrangian/bound.js';
import { certificateOf, noPrices, type Prices } from './lagrangian/prices.js';
import { proveByMilp } from './milp/exact.js';
import { betterParts } from './milp/neighbourhood.js';
import { buildModel, type Model } from './model.js';
import type { Engine, Hooks, Limits, Outcome, StoppedBy } from './outcome.js';
import type { Problem, Schedule } from './problem.js';
import { budgetFor, decompose, type Watch } from './search/decomposition.js';
import { byWeight, polish } from './search/repair.js';
import { Responder } from './search/respond.js';
import { State } from './search/state.js';

/** Above so many jobs `auto` leaves the exact solvers out; `loadMilp` says which of them is asked. */
const MILP_JOBS = 120;
/** Up to so many jobs a plan is bettered in parts where it cannot be proved as a whole. */
const PARTS_JOBS = 60;

const pricesFrom = (model: Model, certificate: Certificate | undefined): Prices | undefined => {
  if (!certificate) return undefined;
  const prices = noPrices(model);
  const put = (to: Float64Array, rows: Certificate['power'], cap: Float64Array | null) => {
    for (const [r, t, value] of rows) {
      const i = r * model.T + t;
      if (r >= 0 && r < model.R && t >= 0 && t < model.T && value > 0 && (cap === null || cap[i]! < Infinity))
        to[i] = value;
    }
  };
  put(prices.power, certificate.power, model.powerCap);
  put(prices.vcpu, certificate.vcpu, model.problem.vcpuCap);
  put(prices.gpu, certificate.gpu, model.problem.gpuCap);
  put(prices.peak, certificate.peak, null);
  for (let r = 0; r < model.R; r++) {
    const row = prices.peak.subarray(r * model.T, (r + 1) * model.T);
    const total = row.reduce((sum, value) => sum + value, 0);
    const charge = model.problem.regions[r]!.peakChargePerKw;
    if (total > charge) for (let t = 0; t < row.length; t++) row[t]! *= charge / total;
  }
  for (const [id, value] of certificate.carbon) {
    const c = model.problem.carbonCaps.findIndex((cap) => cap.id === id);
    if (c >= 0 && value > 0) prices.carbon[c] = value;
  }
  return prices;
};

/** One run on the problem as it is: a schedule with its bound, a conflict that is proved, or neither. */
export const attempt = (problem: Problem, limits: Limits, hooks: Hooks): Outcome => {
  const model = buildModel(problem);
  const oracle = new Oracle(model);
  const zero = noPrices(model);
  const free = oracle.bound(zero);
  const now = costAtOnce(model, oracle);
  let struck: StoppedBy | null = null;
  const spent = () => (limits.cpuSeconds === undefined ? 0 : hooks.cpuSeconds() / limits.cpuSeconds);
  const stop = () => {
    if (struck === null && hooks.cancelled()) struck = 'cancelled';
    if (struck === null && spent() >= 1) struck = 'clock';
    return struck !== null;
  };
  const common = {
    runImmediately: now,
    partial: null,
    unplaced: [],
    relaxed: null,
    milpBound: null,
    conflict: null,
    passes: 1,
    rounds: 0,
  };
  const finish = (
    schedule: Schedule,
    checked: Evaluation,
    bound: number,
    prices: Prices,
    engine: Engine,
    extra: Partial<Outcome>,
  ): Outcome => {
    const difference = Math.max(0, checked.objective - bound);
    const proved = difference <= 1e-9 * Math.max(1e-9, Math.abs(checked.objective)) || extra.status === 'optimal';
    return {
      ...common,
      schedule,
      objective: checked.objective,
      parts: checked.parts,
      energyKwh: checked.energyKwh,
      emissionsKg: checked.emissionsKg,
      lateJobs: checked.lateJobs,
      unseenJobs: checked.unseenJobs,
      lowerBound: bound,
      gap: difference === 0 ? 0 : difference / Math.max(Math.abs(checked.objective), 1e-12),
      savingsGap: difference === 0 ? 0 : now - bound > 1e-12 ? difference / (now - bound) : null,
      certificate: certificateOf(model, prices),
      bindingLimits: bindingLimits(model, prices, checked.loads),
      engine,
      ...extra,
      status: proved ? 'optimal' : 'feasible',
      stoppedBy: proved ? 'proved' : (struck ?? extra.stoppedBy ?? 'iterations'),
    };
  };
  const impossible = (conflict: RawConflict): Outcome => ({
    ...common,
    ...NOTHING,
    status: 'infeasible',
    engine: 'decomposition',
    conflict,
    stoppedBy: 'proved',
  });
  if (free < Infinity) {
    const checked = evaluate(model, oracle.choice);
    if (withinCaps(model, checked.loads) && (!model.anyPeak || checked.parts.peak === 0)) {
      return finish(copyOf(oracle.choice), checked, Math.min(free, checked.objective), zero, 'uncoupled', {
        status: 'optimal',
      });
    }
  }
  if (limits.engine === 'uncoupled') {
    const bound = free < Infinity ? free : null;
    return {
      ...common,
      ...NOTHING,
      status: 'not-found',
      lowerBound: bound,
      engine: 'uncoupled',
      stoppedBy: 'iterations',
    };
  }
  const state = new State(model);
  const proof = findConflict(model, state);
  if (proof) return impossible(proof);

  const { glpk, highs } = hooks.milp;
  const solver = limits.engine === 'highs' ? highs : limits.engine === 'auto' ? (glpk ?? highs) : glpk;
  const wanted =
    limits.engine === 'glpk' || limits.engine === 'highs' || (limits.engine === 'auto' && model.N <= MILP_JOBS);
  // A time limit is used up by the search, unless an exact solver can make more of what is left.
  const endless = limits.cpuSeconds !== undefined && !(wanted && solver);
  const budget = budgetFor(model.N, limits.iterations ?? (endless ? 1e9 : undefined));
  const watch: Watch = {
    stop,
    spent,
    tell: (done, lowerBound, objective, schedule) => hooks.tell({ done, lowerBound, objective, schedule }),
  };
  const found = decompose(model, oracle, state, budget, limits.seed, pricesFrom(model, limits.warm), watch);
  if (found.schedule === null && !stop()) {
    const joint = findJointConflict(model, found.prices, model.N <= MILP_JOBS ? (glpk ?? highs) : undefined, stop);
    if (joint.conflict) return impossible(joint.conflict);
    if (joint.schedule) {
      found.schedule = improved(state, joint.schedule, stop);
      found.cost = evaluate(model, found.schedule).objective;
    }
  }
  let schedule = found.schedule;
  let engine: Engine = 'decomposition';
  const extra: { -readonly [K in keyof Outcome]?: Outcome[K] } = { passes: found.passes, rounds: found.rounds };
  const open = found.schedule === null || found.cost - found.lowerBound > 1e-9 * Math.abs(found.cost);
  if (wanted && solver && open && !stop()) {
    hooks.tell({
      done: 0.9,
      lowerBound: found.lowerBound,
      objective: found.schedule ? found.cost : null,
      schedule: found.schedule,
    });
    const answer = proveByMilp(model, oracle, found, solver, { stop });
    if (answer.schedule) {
      schedule = answer.schedule;
      engine = solver.name;
    }
    if (answer.proved) {
      extra.milpBound = answer.bound;
      extra.status = 'optimal';
      engine = solver.name;
    } else if (schedule !== null && model.N <= PARTS_JOBS) {
      const better = betterParts(model, { ...found, schedule }, solver, limits.seed, stop);
      if (better !== schedule) engine = solver.name;
      schedule = better;
    }
  }
  if (schedule) return finish(schedule, evaluate(model, schedule), found.lowerBound, found.prices, engine, extra);
  const unplaced: number[] = [];
  for (let j = 0; j < model.N; j++) if (found.partial.region[j]! < 0) unplaced.push(j);
  return {
    ...common,
    ...NOTHING,
    status: 'not-found',
    partial: found.partial,
    unplaced,
    lowerBound: found.lowerBound,
    certificate: certificateOf(model, found.prices),
    engine,
    stoppedBy: struck ?? 'iterations',
    passes: found.passes,
    rounds: found.rounds,
  };
};

const NOTHING = {
  schedule: null,
  objective: null,
  parts: null,
  energyKwh: null,
  emissionsKg: null,
  lateJobs: null,
  unseenJobs: 0,
  lowerBound: null,
  gap: null,
  savingsGap: null,
  certificate: null,
  bindingLimits: [],
} as const;

const copyOf = (schedule: { region: Int16Array; start: Int32Array; pieces: Map<number, Int32Array> }): Schedule => ({
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
