/**
 * From prices to a schedule within the caps: sequential best responses that pay for overload (an augmented Lagrangian,
 * tightened pass by pass), then eviction of what still overloads and cheapest-feasible reinsertion.
 */

import type { Prices } from '../lagrangian/prices.js';
import type { Model } from '../model.js';
import { MOVABLE } from '../problem.js';
import type { Responder, Terms } from './respond.js';
import type { State } from './state.js';

export interface RepairPlan {
  /** Width of the augmented Lagrangian in each pass. */
  readonly widths: readonly number[];
  /** Overload price in each further pass, as a multiple of the mean cost of a kW-slot. */
  readonly overloads: readonly number[];
}

export const FULL_REPAIR: RepairPlan = {
  widths: [0.3, 0.22, 0.16, 0.11, 0.08, 0.055, 0.04],
  overloads: [0.5, 1, 2, 4, 6, 8],
};
export const QUICK_REPAIR: RepairPlan = { widths: [0.25, 0.12, 0.06], overloads: [1, 4, 8] };

/** Jobs with a choice, those that are hardest to place first. */
export const byWeight = (model: Model, responder: Responder): Uint32Array => {
  const { jobs } = model.problem;
  const weight = new Float64Array(model.N);
  const list: number[] = [];
  for (let j = 0; j < model.N; j++) {
    weight[j] = heft(model, j);
    if (!responder.isPinned(j)) list.push(j);
  }
  list.sort((a, b) => weight[b]! - weight[a]! || jobs.slots[b]! - jobs.slots[a]! || a - b);
  return Uint32Array.from(list);
};

/** How much room a job takes: kW × slots, with vCPU and GPU counted in so that jobs without power have an order too. */
export const heft = (model: Model, j: number): number => {
  const { jobs } = model.problem;
  return (jobs.powerKw[j]! + 1e-3 * jobs.vcpu[j]! + 1e-1 * jobs.gpu[j]!) * jobs.slots[j]!;
};

/** Mean cost of one facility kW for one slot, above zero. */
export const meanSlotCost = (model: Model): number => {
  let sum = 0;
  for (let i = 0; i < model.base.length; i++) sum += Math.abs(model.base[i]!);
  return Math.max(1e-9, sum / Math.max(1, model.base.length));
};

/** Puts every job where it was cheapest at the prices. */
export const startFrom = (
  state: State,
  choice: { region: Int16Array; start: Int32Array; pieces: Map<number, Int32Array> },
) => {
  state.restore(choice);
};

/** Works until nothing overloads; jobs that found no room stay unplaced. `stop` ends it early between jobs. */
export const repair = (
  state: State,
  responder: Responder,
  order: Uint32Array,
  prices: Prices,
  plan: RepairPlan,
  stop: () => boolean,
): void => {
  const mean = meanSlotCost(state.model);
  const soft = (width: number, overload: number): Terms => ({
    hard: false,
    prices,
    weight: 1,
    width,
    floor: 0.1 * mean,
    overload: overload * mean,
  });
  const narrowest = plan.widths[plan.widths.length - 1] ?? 0.04;
  const passes = [
    ...plan.widths.map((width) => soft(width, 0)),
    ...plan.overloads.map((overload) => soft(narrowest, overload)),
  ];
  passes.forEach((terms, n) => {
    // Once overload is priced, only jobs that overload something need to move again.
    const all = n < plan.widths.length;
    for (const j of order) {
      if ((j & 255) === 0 && stop()) return;
      if (!all && !overloads(state, j)) continue;
      const was = state.optionOf(j);
      state.lift(j);
      if (responder.find(j, terms)) state.place(j, responder.region, responder.start, responder.pieces);
      else state.place(j, was.region, was.start, was.pieces);
    }
  });
  state.refresh();
  evict(state, responder, order);
  insertUnplaced(state, responder, order, prices);
};

/** Whether job `j` runs where some limit is exceeded. */
export const overloads = (state: State, j: number): boolean => {
  const { model } = state;
  let over = false;
  state.eachCell(j, (i) => {
    if (
      state.power[i]! > state.powerRoom[i]! ||
      state.vcpu[i]! > state.vcpuRoom[i]! ||
      state.gpu[i]! > state.gpuRoom[i]!
    )
      over = true;
  });
  if (over) return true;
  const caps = model.capsOfClass[model.classOfTeam[model.problem.jobs.team[j]!]!]!;
  return caps.some((c) => state.carbon[c]! > state.carbonRoom[c]!);
};

/** Lifts jobs, smallest first, until no cap is exceeded by jobs that could be elsewhere. */
const evict = (state: State, responder: Responder, order: Uint32Array) => {
  for (let n = order.length - 1; n >= 0; n--) {
    const j = order[n]!;
    if (state.region[j]! < 0 || !overloads(state, j)) continue;
    state.lift(j);
  }
  // What was lifted in vain goes back, largest first.
  for (const j of order) {
    if (state.region[j]! >= 0) continue;
    const { jobs } = state.model.problem;
    if (jobs.kind[j] !== MOVABLE) continue;
    if (responder.find(j, { hard: true, prices: null, weight: 0, width: 1, floor: 0, overload: 0 })) {
      state.place(j, responder.region, responder.start, responder.pieces);
    }
  }
};

export const insertUnplaced = (state: State, responder: Responder, order: Uint32Array, prices: Prices | null) => {
  for (const j of order) {
    if (state.region[j]! >= 0) continue;
    for (const weight of prices ? [1, 0] : [0]) {
      if (responder.find(j, { hard: true, prices, weight, width: 1, floor: 0, overload: 0 })) {
        state.place(j, responder.region, responder.start, responder.pieces);
        break;
      }
    }
  }
};

/** One pass of best responses within the caps: under the prices, or under true cost (then the cost never rises). */
export const polish = (
  state: State,
  responder: Responder,
  order: Uint32Array,
  prices: Prices | null,
  stop: () => boolean,
): number => {
  let moved = 0;
  const terms: Terms = { hard: true, prices, weight: prices ? 1 : 0, width: 1, floor: 0, overload: 0 };
  for (const j of order) {
    if ((j & 255) === 0 && stop()) break;
    if (state.region[j]! < 0) continue;
    const was = state.optionOf(j);
    state.lift(j);
    if (!responder.find(j, terms)) {
      state.place(j, was.region, was.start, was.pieces);
      continue;
    }
    state.place(j, responder.region, responder.start, responder.pieces);
    if (responder.region !== was.region || responder.start !== was.start) moved++;
  }
  return moved;
};
