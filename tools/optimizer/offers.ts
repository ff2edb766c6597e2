/**
 * Flexibility that follows from a plan: power that would stay away for an hour when somebody pays for it. An hour's offer
 * of a site counts the jobs that are planned to start within it, may start after it and still end on time, and for which
 * there is room then under every cap; its power is the least over the hour's slots, so it is firm. A slot's
 * power is its mean, as a meter tells it: work that ends within a slot counts for its part of it. Room is looked for job
 * by job, the largest first, at the same site; nothing of the plan is changed. One offer at a time holds: whoever sells one
 * plans anew with it as a limit.
 */
import { shortId } from '../../domain/digest.js';
import type { FlexibilityOffer, PlannedOffer } from '../../domain/offer.js';
import { fromEpoch } from '../../domain/time.js';
import { buildModel, MOVABLE, type Model, type Problem, Responder, type Schedule, State } from './engine/engine.js';

export interface OfferFrame {
  /** Epoch seconds of slot 0. */
  readonly origin: number;
  readonly clusterOf: (region: string) => string | null;
  /** Offers are made up to this slot. */
  readonly until: number;
  /** Facility kW of announced work of others, region-major. */
  readonly takenKw: Float64Array | null;
  /** The same as means of each slot. */
  readonly takenMeanKw: Float64Array | null;
}

/** Offers below this many kW are not worth a message. */
const LEAST_KW = 0.1;
/** The largest by energy are kept. */
const MOST_OFFERS = 48;

export const offersOf = (problem: Problem, schedule: Schedule, frame: OfferFrame): PlannedOffer[] => {
  const model = buildModel(problem);
  const state = new State(model);
  state.restore(schedule);
  const responder = new Responder(state);
  const hour = Math.max(1, Math.round(1 / problem.slotHours));
  const starting = startsOf(model, schedule);
  const instantOf = (slot: number) => fromEpoch(Math.round(frame.origin + slot * problem.slotHours * 3600));
  const offers: PlannedOffer[] = [];
  const idleKw = idleOf(model, schedule);
  for (let r = 0; r < model.R; r++) {
    for (let from = 0; from + hour <= Math.min(frame.until, model.T); from += hour) {
      const firm = awayOf({ state, responder, starting }, 'due', r, from, from + hour);
      const kw = leastOf(firm.kw);
      if (kw < LEAST_KW) continue;
      const best = awayOf({ state, responder, starting }, 'deadline', r, from, from + hour);
      const region = problem.regions[r]!.id;
      const [start, end] = [instantOf(from), instantOf(from + hour)];
      const slots = Array.from(firm.kw, (away, t) => {
        const cell = r * model.T + from + t;
        return {
          start: instantOf(from + t),
          end: instantOf(from + t + 1),
          baselineKw: state.power[cell]! - idleKw[cell]! + (frame.takenMeanKw?.[cell] ?? 0),
          peakKw: state.power[cell]! + (frame.takenKw?.[cell] ?? 0),
          kw: away,
        };
      });
      offers.push({
        id: shortId('F', { region, start, end, kw }),
        region,
        clusterId: frame.clusterOf(region),
        start,
        end,
        kw,
        energyKwh: kw * hour * problem.slotHours,
        bestEffortKw: Math.max(kw, leastOf(best.kw)),
        opportunityCost: firm.cost,
        avoidedKg: firm.avoidedKg,
        // Nothing that runs is stopped: what is put off has not begun.
        rampMinutes: 0,
        recoveredBy: instantOf(firm.doneBy),
        intensityGPerKwh: meanOf(problem.ciGPerKwh.subarray(r * model.T + from, r * model.T + from + hour)),
        slots,
      });
    }
  }
  return offers
    .sort((a, b) => b.energyKwh - a.energyKwh || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_OFFERS)
    .sort((a, b) => (a.start === b.start ? (a.region < b.region ? -1 : 1) : a.start < b.start ? -1 : 1));
};

const leastOf = (values: Float64Array) => values.reduce((least, kw) => Math.min(least, kw), Number.POSITIVE_INFINITY);
const meanOf = (values: Float64Array): number | null => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Number.isNaN(mean) ? null : mean;
};

/** What make_plan tells of an offer. */
export const told = ({ id, region, clusterId, start, end, kw, energyKwh }: PlannedOffer): FlexibilityOffer => ({
  id,
  region,
  clusterId,
  start,
  end,
  kw,
  energyKwh,
});

/** By how much the mean power of a slot is below its highest: what ends within it does not draw for the rest of it. */
const idleOf = ({ N, T, problem }: Model, schedule: Schedule): Float64Array => {
  const { jobs, regions } = problem;
  const idle = new Float64Array(regions.length * T);
  for (let j = 0; j < N; j++) {
    const r = schedule.region[j]!;
    if (r < 0) continue;
    const last = (schedule.pieces.get(j)?.at(-1) ?? schedule.start[j]! + jobs.slots[j]!) - 1;
    idle[r * T + last]! += jobs.powerKw[j]! * regions[r]!.pue * (1 - jobs.lastFraction[j]!);
  }
  return idle;
};

/** Movable jobs that have not begun and run in one piece, by region × slots + start. */
const startsOf = (model: Model, schedule: Schedule): Map<number, number[]> => {
  const starting = new Map<number, number[]>();
  for (let j = 0; j < model.N; j++) {
    const r = schedule.region[j]!;
    const { kind, underWay } = model.problem.jobs;
    if (r < 0 || kind[j] !== MOVABLE || underWay[j] !== 0 || schedule.pieces.has(j)) continue;
    const cell = r * model.T + schedule.start[j]!;
    starting.set(cell, [...(starting.get(cell) ?? []), j]);
  }
  return starting;
};

interface Ground {
  readonly state: State;
  readonly responder: Responder;
  readonly starting: ReadonlyMap<number, readonly number[]>;
}

/**
 * What of the work that starts in these slots can wait until they are over and still end on time, `due` or by its deadline: kW by
 * slot, what waiting costs in money and what it avoids in kg, and the slot by which all of it would be done. The schedule is left
 * as it was.
 */
const awayOf = (
  { state, responder, starting }: Ground,
  by: 'due' | 'deadline',
  r: number,
  from: number,
  to: number,
) => {
  const { model } = state;
  const { jobs, regions } = model.problem;
  const found: number[] = [];
  for (let t = from; t < to; t++) for (const j of starting.get(r * model.T + t) ?? []) found.push(j);
  found.sort((a, b) => jobs.powerKw[b]! - jobs.powerKw[a]! || a - b);
  const away = { kw: new Float64Array(to - from), cost: 0, avoidedKg: 0, doneBy: to };
  const moved: [job: number, start: number][] = [];
  for (const j of found) {
    const was = state.start[j]!;
    const slots = jobs.slots[j]!;
    const onTime = Math.floor(jobs[by][j]! - (slots - 1 + jobs.lastFraction[j]!) + 1e-7);
    const latest = Math.min(model.last[j]!, onTime);
    if (latest < to) continue;
    const cost = state.cost[j]!;
    state.lift(j);
    let start = -1;
    for (let s = to; s <= latest && start < 0; s++) {
      const g = r * (model.T + 1) + s;
      const gap = model.gapsBefore !== null && model.gapsBefore[g + slots]! > model.gapsBefore[g]!;
      if (!gap && responder.fits(j, r, [s, s + slots])) start = s;
    }
    state.place(j, r, start < 0 ? was : start, null);
    if (start < 0) continue;
    moved.push([j, was]);
    away.doneBy = Math.max(away.doneBy, start + slots);
    away.cost += state.cost[j]! - cost;
    away.avoidedKg += kgOf(model.problem, j, r, was) - kgOf(model.problem, j, r, start);
    const kw = jobs.powerKw[j]! * regions[r]!.pue;
    for (let t = was; t < Math.min(to, was + slots); t++)
      away.kw[t - from]! += kw * (t === was + slots - 1 ? jobs.lastFraction[j]! : 1);
  }
  for (const [j, was] of moved) {
    state.lift(j);
    state.place(j, r, was, null);
  }
  return away;
};

const kgOf = (
  { jobs, regions, ciGPerKwh, slots: T, slotHours }: Problem,
  j: number,
  r: number,
  start: number,
): number => {
  const kwh = jobs.powerKw[j]! * regions[r]!.pue * slotHours;
  const last = start + jobs.slots[j]! - 1;
  let grams = 0;
  for (let t = start; t <= last; t++) grams += kwh * (t === last ? jobs.lastFraction[j]! : 1) * ciGPerKwh[r * T + t]!;
  return grams / 1000;
};
