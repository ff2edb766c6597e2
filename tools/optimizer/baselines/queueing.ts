/** Policies that look at all jobs: what people do without a planner, the planner that ignores caps, and list schedulers that heed them. */

import {
  runImmediately as atOnce,
  emptySchedule,
  MOVABLE,
  noPrices,
  Oracle,
  Responder,
  type Schedule,
  State,
  type Terms,
} from '../engine/engine.js';
import type { Policy, View } from './policy.js';
import { CLEAN_QUANTILE } from './waiting.js';

export const runImmediately: Policy = {
  name: 'run-immediately',
  title: 'Run immediately',
  what: 'every job at once at home, as without a planner; ignores caps',
  run: (view) => atOnce(view.model),
};

export const seedPlanner: Policy = {
  name: 'seed-planner',
  title: 'Rule-based planner',
  what: 'the cheapest place and time of each job on its own, with carbon priced in; ignores caps, so that its saving is not to be had',
  run: (view) => {
    const oracle = new Oracle(view.model);
    oracle.bound(noPrices(view.model));
    return copy(view, oracle.choice);
  },
};

const copy = (view: View, from: Schedule): Schedule => {
  const out = emptySchedule(view.model.N);
  out.region.set(from.region);
  out.start.set(from.start);
  for (const [j, pieces] of from.pieces) out.pieces.set(j, pieces);
  return out;
};

const HARD: Terms = { hard: true, prices: null, weight: 0, width: 1, floor: 0, overload: 0 };

/** Those without a choice first, then the others in order. */
const inOrder = (view: View, key: (j: number) => number): number[] => {
  const { jobs } = view.model.problem;
  const rows = Array.from({ length: view.model.N }, (_, j) => j);
  return rows.sort((a, b) => {
    const [ua, ub] = [jobs.kind[a] === MOVABLE ? 1 : 0, jobs.kind[b] === MOVABLE ? 1 : 0];
    return ua - ub || key(a) - key(b) || a - b;
  });
};

const greedyBy = (view: View, key: (j: number) => number): Schedule => {
  const state = new State(view.model);
  const responder = new Responder(state);
  for (const j of inOrder(view, key))
    if (responder.find(j, HARD)) state.place(j, responder.region, responder.start, responder.pieces);
  return state.snapshot();
};

export const greedy: Policy = {
  name: 'greedy',
  title: 'Greedy',
  what: 'jobs in order of arrival, each at the cheapest place and time with room left; heeds every limit, and leaves a job out when nothing is left',
  run: (view) => greedyBy(view, (j) => view.model.release[j]!),
};

export const greedyByDeadline: Policy = {
  name: 'greedy-edf',
  title: 'Greedy, earliest deadline first',
  what: 'as greedy, in order of deadline',
  run: (view) => greedyBy(view, (j) => view.model.problem.jobs.deadline[j]!),
};

export const firstCome: Policy = {
  name: 'fcfs',
  title: 'First come, first served',
  what: 'at home, slot by slot, the job that waits longest first, as soon as there is room; heeds every limit',
  run: (view) =>
    bySlot(
      view,
      (j) => view.model.release[j]!,
      () => true,
    ),
};

/** Every slot, those that wait are tried in order; who may not start yet or has no room waits on. */
const bySlot = (view: View, key: (j: number) => number, mayStart: (j: number, t: number) => boolean): Schedule => {
  const { model } = view;
  const { jobs } = model.problem;
  const state = new State(model);
  const responder = new Responder(state);
  const arrivals: number[][] = Array.from({ length: model.T }, () => []);
  for (let j = 0; j < model.N; j++) {
    if (jobs.kind[j] !== MOVABLE) startsAt(state, responder, j, model.regions(j)[0]!, model.release[j]!);
    else arrivals[model.release[j]!]?.push(j);
  }
  let waiting: number[] = [];
  for (let t = 0; t < model.T; t++) {
    if (arrivals[t]!.length > 0) {
      for (const j of arrivals[t]!) waiting.push(j);
      waiting.sort((a, b) => key(a) - key(b) || a - b);
    }
    waiting = waiting.filter(
      (j) => model.last[j]! >= t && !(mayStart(j, t) && startsAt(state, responder, j, jobs.home[j]!, t)),
    );
  }
  return state.snapshot();
};

/** Places job `j` in one piece when it has data and room there; frozen jobs keep their pieces. */
const startsAt = (state: State, responder: Responder, j: number, r: number, s: number): boolean => {
  const { model } = state;
  const { jobs } = model.problem;
  if (jobs.kind[j] !== MOVABLE) {
    if (!responder.find(j, HARD)) return false;
    state.place(j, responder.region, responder.start, responder.pieces);
    return true;
  }
  const list = [s, s + jobs.slots[j]!];
  const gaps = model.gapsBefore;
  const row = r * (model.T + 1);
  if (gaps && gaps[row + list[1]!]! > gaps[row + list[0]!]!) return false;
  if (!responder.fits(j, r, list)) return false;
  state.place(j, r, s, null);
  return true;
};

/** With less than this part of its slack left, a job starts whatever the grid is like. */
const PRESSING = 0.25;

export const edfThreshold: Policy = {
  name: 'edf-threshold',
  title: 'Earliest deadline first with a threshold',
  what: 'at home, slot by slot, the most pressing job first: starts when the grid is cleaner than the 30 % quantile of the coming day or a quarter of its slack is left; heeds every limit',
  run: (view) => {
    const { model } = view;
    const clean = new Map<number, boolean>();
    const isClean = (j: number, t: number) => {
      const key = model.problem.jobs.home[j]! * model.T + t;
      let answer = clean.get(key);
      if (answer === undefined) {
        const curve = view.home(j);
        answer = curve.values[t]! <= curve.quantile(t, t + 24 * view.hour, CLEAN_QUANTILE);
        clean.set(key, answer);
      }
      return answer;
    };
    const isPressing = (j: number, t: number) => model.last[j]! - t <= PRESSING * (model.last[j]! - model.release[j]!);
    return bySlot(
      view,
      (j) => model.problem.jobs.deadline[j]!,
      (j, t) => isPressing(j, t) || isClean(j, t),
    );
  },
};
