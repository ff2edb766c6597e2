/**
 * The engine for coupled problems of any size: Lagrangian prices prove a bound, a price-guided repair makes a schedule,
 * ruin and recreate improves it. All work is counted in passes and rounds; a clock or a cancel may end it earlier.
 */

import { evaluate, withinCaps } from '../evaluate.js';
import type { Oracle } from '../lagrangian/bound.js';
import { Dual } from '../lagrangian/dual.js';
import type { Prices } from '../lagrangian/prices.js';
import type { Model } from '../model.js';
import type { Schedule } from '../problem.js';
import { Improver } from './improve.js';
import { Random } from './random.js';
import { byWeight, FULL_REPAIR, insertUnplaced, polish, QUICK_REPAIR, repair } from './repair.js';
import { Responder } from './respond.js';
import type { State } from './state.js';

export interface Budget {
  /** Passes of the dual. */
  readonly passes: number;
  /** Rounds of ruin and recreate when the gap before them is wide (1 %); fewer in proportion to a narrower one. */
  readonly rounds: number;
  /** Schedules built from different prices. */
  readonly starts: number;
}

export interface Found {
  prices: Prices;
  lowerBound: number;
  schedule: Schedule | null;
  cost: number;
  /** Best attempt when jobs stayed without a place. */
  partial: Schedule;
  unplaced: number;
  passes: number;
  rounds: number;
}

export interface Watch {
  /** True when the run must end: cancelled or out of time. */
  readonly stop: () => boolean;
  readonly tell: (done: number, lowerBound: number, cost: number | null, schedule: Schedule | null) => void;
  /** Part of the time limit that is used, 0 without a limit. */
  readonly spent: () => number;
}

export const budgetFor = (jobs: number, iterations: number | undefined): Budget => {
  const passes = jobs <= 200 ? 500 : jobs <= 2000 ? 400 : jobs <= 20_000 ? 280 : jobs <= 50_000 ? 220 : 130;
  const starts = jobs <= 200 ? 6 : jobs <= 2000 ? 2 : 1;
  const rounds = iterations ?? Math.round(Math.min(3_000_000, Math.max(60_000, jobs * ROUNDS_PER_JOB)));
  return { passes, rounds, starts };
};

const ROUNDS_PER_JOB = 45;
/** Share of a time limit after which the dual gives way to the search for schedules. */
const DUAL_SHARE = 0.75;
const CHUNK = 500;
/** A relative gap that is worth all rounds. */
const WIDE_GAP = 0.01;

export const decompose = (
  model: Model,
  oracle: Oracle,
  truth: State,
  budget: Budget,
  seed: number,
  warm: Prices | undefined,
  watch: Watch,
): Found => {
  const dual = new Dual(oracle, warm);
  const state = truth;
  const responder = new Responder(state);
  const order = byWeight(model, responder);
  const random = new Random(seed);
  let best: Schedule | null = null;
  let bestCost = Infinity;
  let partial: Schedule | null = null;
  let fewest = Infinity;
  const consider = () => {
    if (state.unplaced > 0) {
      if (state.unplaced < fewest) {
        fewest = state.unplaced;
        partial = state.snapshot();
      }
      return;
    }
    const cost = state.total();
    if (cost >= bestCost) return;
    const schedule = state.snapshot();
    const checked = evaluate(model, schedule);
    if (!withinCaps(model, checked.loads) || checked.objective >= bestCost) return;
    best = schedule;
    bestCost = checked.objective;
    fewest = 0;
    partial = schedule;
  };
  const goal = () => (best === null ? null : bestCost);
  const samples: Prices[] = [];
  const early = Math.floor(budget.passes * 0.3);
  for (let pass = 0; pass < budget.passes; pass++) {
    if (watch.stop() || watch.spent() > DUAL_SHARE) break;
    dual.pass(goal());
    if (pass === early) {
      oracle.bound(dual.best);
      state.restore(oracle.choice);
      repair(state, responder, order, dual.best, QUICK_REPAIR, watch.stop);
      polish(state, responder, order, null, watch.stop);
      consider();
    }
    if (budget.starts > 1 && pass > early && pass % Math.max(1, Math.floor(budget.passes / (2 * budget.starts))) === 0)
      samples.push(dual.prices);
    if (best !== null && bestCost - dual.bestBound <= 1e-9 * Math.abs(bestCost)) break;
    watch.tell(pass / budget.passes / 2, dual.bestBound, goal(), null);
  }
  const starts: Prices[] = [dual.best, ...samples.slice(-(budget.starts - 1))].slice(0, Math.max(1, budget.starts));
  let rounds = 0;
  starts.forEach((prices, n) => {
    if (n > 0 && watch.stop()) return;
    if (best !== null && bestCost - dual.bestBound <= 1e-9 * Math.abs(bestCost)) return;
    oracle.bound(prices);
    state.restore(oracle.choice);
    repair(state, responder, order, prices, FULL_REPAIR, watch.stop);
    polish(state, responder, order, prices, watch.stop);
    polish(state, responder, order, null, watch.stop);
    consider();
    if (budget.rounds === 0) return;
    const improver = new Improver(state, responder, oracle, dual.best, order, random);
    const gap = best === null ? 1 : (bestCost - dual.bestBound) / Math.max(Math.abs(bestCost), 1e-12);
    const each = Math.ceil((budget.rounds / starts.length) * Math.min(1, Math.max(0.05, gap / WIDE_GAP)));
    const began = watch.spent();
    const often = Math.ceil(each / CHUNK / 20) * CHUNK;
    let idle = 0;
    for (let done = 0; done < each && !watch.stop(); done += CHUNK) {
      const accepted = improver.accepted;
      const clock = (watch.spent() - began) / Math.max(0.01, 0.98 - began);
      // Cooling follows the rounds; a clock that will strike before they are done hastens it.
      improver.cool(clock > done / each + 0.05 ? clock : done / each, Math.min(1, gap / WIDE_GAP));
      improver.run(Math.min(CHUNK, each - done), watch.stop);
      rounds += Math.min(CHUNK, each - done);
      idle = improver.accepted === accepted ? idle + 1 : 0;
      if (done % often === 0) consider();
      watch.tell(0.5 + (0.5 * (n + done / each)) / starts.length, dual.bestBound, goal(), best);
      if (idle > 12 && state.unplaced === 0) break;
    }
    if (state.unplaced > 0) insertUnplaced(state, responder, order, null);
    state.refresh();
    consider();
  });
  return {
    prices: dual.best,
    lowerBound: dual.bestBound,
    schedule: best,
    cost: bestCost,
    partial: partial ?? state.snapshot(),
    unplaced: best === null ? fewest : 0,
    passes: dual.passes,
    rounds,
  };
};
