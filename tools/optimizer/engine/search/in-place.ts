/**
 * A plan that is in force, made good again after something has changed: every job starts where it is, what no longer fits there is lifted
 * and placed anew, and a cold ruin and recreate goes on from there. The charge for moving is a part of every cost, so a job leaves its
 * place only where that saves more than its charge, or where it may not stay.
 *
 * Prices of the plan in force prove the bound after a few passes, for they are near the best ones. Like `decompose` it counts work in
 * passes and rounds; a clock or a cancel may end it earlier.
 */
import { evaluate, withinCaps } from '../evaluate.js';
import type { Oracle } from '../lagrangian/bound.js';
import { Dual, NEAR } from '../lagrangian/dual.js';
import type { Prices } from '../lagrangian/prices.js';
import type { Model } from '../model.js';
import { emptySchedule, FROZEN, MOVABLE, piecesOf, type Schedule } from '../problem.js';
import type { Found, Watch } from './decomposition.js';
import { Improver } from './improve.js';
import { Random } from './random.js';
import { byWeight, insertUnplaced, overloads, polish } from './repair.js';
import { Responder } from './respond.js';
import type { State } from './state.js';

export interface Effort {
  /** Passes of the dual. */
  readonly passes: number;
  /** Rounds of ruin and recreate at most; they end earlier where they bring nearly nothing. */
  readonly rounds: number;
}

const CHUNK = 500;
/** Passes before the first repair, so that prices know of the change when it is decided who gives way. */
const EARLY_PASSES = 6;
/** A relative gap that is worth no further round. */
const CLOSED = 1e-9;
/** A cost that is not known to be possible is guessed a little above what is there. */
const MARGIN = 0.002;
const ROUNDS_PER_JOB = 8;
const FEWEST_ROUNDS = 30_000;
/** Rounds for each job, at least some thousands, that must save this part of the cost or are the last ones. */
const BLOCK_PER_JOB = 1 / 3;
const SHORTEST_BLOCK = 5000;
const WORTH = 2e-5;
const MOST_BLOCKS_UNPLACED = 4;

/** Few passes where the prices are those of the plan in force; a pass over few jobs takes no time. */
export const effortFor = (jobs: number, iterations: number | undefined, isWarm: boolean): Effort => ({
  passes: Math.round(Math.min(isWarm ? 100 : 280, Math.max(isWarm ? 44 : 80, (isWarm ? 3e5 : 2e6) / jobs))),
  rounds: iterations ?? Math.round(Math.max(FEWEST_ROUNDS, jobs * ROUNDS_PER_JOB)),
});

/** A plan from the placements in `jobs.current`; `schedule` is null where some jobs found no place. `warm`: prices of the plan in force. */
export const planInPlace = (
  model: Model,
  oracle: Oracle,
  state: State,
  effort: Effort,
  seed: number,
  warm: Prices | undefined,
  watch: Watch,
): Found => {
  const dual = warm ? new Dual(oracle, warm, NEAR) : new Dual(oracle);
  const responder = new Responder(state);
  const order = byWeight(model, responder);
  let best: Schedule | null = null;
  let bestCost = Infinity;
  const consider = () => {
    if (state.unplaced > 0) return;
    const schedule = state.snapshot();
    const checked = evaluate(model, schedule);
    if (!withinCaps(model, checked.loads) || checked.objective >= bestCost) return;
    best = schedule;
    bestCost = checked.objective;
  };
  stand(model, oracle, state);
  consider();
  const estimate = () => (best === null ? above(state, oracle) : bestCost);
  const isClosed = () => best !== null && bestCost - dual.bestBound <= CLOSED * Math.abs(bestCost);
  const priced = (passes: number) => {
    for (let pass = 0; pass < passes && !watch.stop() && !isClosed(); pass++) {
      dual.pass(estimate());
      watch.tell((0.4 * dual.passes) / effort.passes, dual.bestBound, best && bestCost, best);
    }
  };
  priced(Math.min(EARLY_PASSES, effort.passes));
  if (best === null) {
    makeRoom(model, oracle, dual.best, state, responder, order);
    consider();
  }
  priced(effort.passes - dual.passes);
  let rounds = 0;
  if (effort.rounds > 0 && !isClosed() && !watch.stop()) {
    const improver = new Improver(state, responder, oracle, dual.best, order, new Random(seed));
    const block = Math.max(SHORTEST_BLOCK, model.N * BLOCK_PER_JOB);
    let saved = 0;
    let since = 0;
    let blocks = 0;
    while (rounds < effort.rounds && !watch.stop()) {
      // Cold from the start: what is in force is kept but for what is better.
      improver.cool(1);
      const now = Math.min(CHUNK, effort.rounds - rounds);
      saved += improver.run(now, watch.stop);
      rounds += now;
      since += now;
      watch.tell(0.4 + (0.6 * rounds) / effort.rounds, dual.bestBound, best && bestCost, best);
      if (since < block) continue;
      blocks++;
      // A job that found no place by now is looked for from nothing, while there is time.
      if (state.unplaced > 0 ? blocks >= MOST_BLOCKS_UNPLACED : saved < WORTH * Math.abs(state.total())) break;
      consider();
      saved = 0;
      since = 0;
    }
    if (state.unplaced > 0) insertUnplaced(state, responder, order, null);
    state.refresh();
    // What moved for another's sake that has moved on since goes back.
    polish(state, responder, movedOf(state, order), null, watch.stop);
    state.refresh();
    consider();
  }
  return {
    prices: dual.best,
    lowerBound: dual.bestBound,
    schedule: best,
    cost: bestCost,
    partial: best ?? state.snapshot(),
    unplaced: best === null ? state.unplaced : 0,
    passes: dual.passes,
    rounds,
  };
};

/** Every job where it is, as far as it may stay there; jobs without a choice where they must be. The rest is lifted. */
const stand = (model: Model, oracle: Oracle, state: State) => {
  const { problem, N } = model;
  const { jobs } = problem;
  const current = jobs.current;
  const schedule = emptySchedule(N);
  for (let j = 0; j < N; j++) {
    const isMovable = jobs.kind[j] === MOVABLE;
    const pieces = current === null ? null : piecesOf(problem, current, j);
    if (isMovable && (pieces === null || !oracle.pricer.mayStay(j, current!.region[j]!, pieces))) continue;
    const isHeld = isMovable || jobs.kind[j] === FROZEN;
    schedule.region[j] = isHeld ? current!.region[j]! : jobs.home[j]!;
    schedule.start[j] = isHeld ? pieces![0]! : model.release[j]!;
    if (isHeld && pieces!.length > 2) schedule.pieces.set(j, Int32Array.from(pieces!));
  }
  state.restore(schedule);
};

/** Jobs that have left their place. */
const movedOf = (state: State, order: Uint32Array): Uint32Array => {
  const current = state.model.problem.jobs.current;
  return order.filter((j) => current?.region[j] !== state.region[j] || current?.start[j] !== state.start[j]);
};

/** What a schedule may cost whose rest is not placed yet: a target for the prices, and no more than that. */
const above = (state: State, oracle: Oracle): number => {
  let sum = state.peakCost();
  for (let j = 0; j < state.model.N; j++) {
    if (state.region[j]! >= 0) {
      sum += state.cost[j]!;
      continue;
    }
    const r = oracle.choice.region[j]!;
    if (r < 0) continue;
    sum += state.truth.costOf(j, r, piecesOf(state.model.problem, oracle.choice, j)!);
  }
  return sum + MARGIN * Math.abs(sum);
};

/**
 * Lifts until nothing overloads, first the jobs that the prices want elsewhere most for the room that they free. What was lifted, and
 * what is new, is placed within the limits; where a job has its own place back, it takes that.
 */
const makeRoom = (
  model: Model,
  oracle: Oracle,
  prices: Prices,
  state: State,
  responder: Responder,
  order: Uint32Array,
) => {
  const { problem } = model;
  oracle.bound(prices);
  const { choice, pricer } = oracle;
  const crowded: { j: number; worth: number }[] = [];
  for (const j of order) {
    if (state.region[j]! < 0) continue;
    const relief = reliefOf(state, j);
    if (relief === 0) continue;
    const regret =
      pricer.costOf(j, state.region[j]!, state.listOf(j)) -
      pricer.costOf(j, choice.region[j]!, piecesOf(problem, choice, j)!);
    crowded.push({ j, worth: regret / relief });
  }
  crowded.sort((a, b) => b.worth - a.worth || a.j - b.j);
  for (const { j } of crowded) if (overloads(state, j)) state.lift(j);
  // What was lifted for room that others have made since goes back.
  const { current } = problem.jobs;
  for (let n = crowded.length - 1; n >= 0; n--) {
    const { j } = crowded[n]!;
    if (state.region[j]! >= 0) continue;
    const pieces = piecesOf(problem, current!, j)!;
    if (responder.fits(j, current!.region[j]!, pieces))
      state.place(j, current!.region[j]!, pieces[0]!, pieces.length > 2 ? Int32Array.from(pieces) : null);
  }
  insertUnplaced(state, responder, order, prices);
  state.refresh();
};

/** kW-slots above the caps in the slots where job `j` runs, at most its own; 0 where it overloads nothing. */
const reliefOf = (state: State, j: number): number => {
  if (!overloads(state, j)) return 0;
  const { jobs, regions } = state.model.problem;
  const kw = jobs.powerKw[j]! * regions[state.region[j]!]!.pue;
  let relief = 0;
  state.eachCell(j, (i) => {
    const over = state.power[i]! - state.powerRoom[i]!;
    if (over > 0) relief += Math.min(over, kw);
  });
  // Another limit than power: every slot counts alike.
  return relief > 0 ? relief : jobs.slots[j]!;
};
