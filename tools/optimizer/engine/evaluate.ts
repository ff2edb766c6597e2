/** What a schedule really costs and which limits it breaks, computed from the problem and nothing else. */
import type { Model } from './model.js';
import {
  FROZEN,
  instanceCostPerHour,
  leastPiece,
  MOVABLE,
  mustGoOn,
  type Problem,
  piecesOf,
  resumptions,
  type Schedule,
  URGENT,
} from './problem.js';
import { lateness, SLOT_EPSILON } from './window.js';

/** Money by cause; `churn` is what leaving current placements costs. */
export interface ObjectiveParts {
  energy: number;
  carbon: number;
  instance: number;
  egress: number;
  tardiness: number;
  resume: number;
  peak: number;
  churn: number;
}

export interface Loads {
  /** Facility kW, vCPU and GPU at region × slots + slot; kg by carbon cap. */
  readonly power: Float64Array;
  readonly vcpu: Float64Array;
  readonly gpu: Float64Array;
  readonly carbon: Float64Array;
}

export interface Evaluation {
  readonly objective: number;
  readonly parts: ObjectiveParts;
  readonly loads: Loads;
  readonly energyKwh: number;
  readonly emissionsKg: number;
  readonly unplaced: number;
  readonly lateJobs: number;
  /** Urgent or frozen jobs that run in slots without data: that part of their cost is unknown and not counted. */
  readonly unseenJobs: number;
}

/** Sum with compensation (Neumaier), so that a million small costs keep their digits. */
class Sum {
  private total = 0;
  private rest = 0;
  add(value: number) {
    const next = this.total + value;
    this.rest += Math.abs(this.total) >= Math.abs(value) ? this.total - next + value : value - next + this.total;
    this.total = next;
  }
  get value() {
    return this.total + this.rest;
  }
}

const samePieces = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Charge for not being where job `j` is now. */
export const churnOf = (problem: Problem, j: number, region: number, pieces: ArrayLike<number>): number => {
  const { current, churnCost } = problem.jobs;
  if (current === null || churnCost[j] === 0 || current.region[j]! < 0) return 0;
  return current.region[j] === region && samePieces(piecesOf(problem, current, j)!, pieces) ? 0 : churnCost[j]!;
};

export const evaluate = (model: Model, schedule: Schedule): Evaluation => {
  const { problem, T, R, N } = model;
  const { jobs, regions, slotHours } = problem;
  const loads: Loads = {
    power: new Float64Array(R * T),
    vcpu: new Float64Array(R * T),
    gpu: new Float64Array(R * T),
    carbon: new Float64Array(problem.carbonCaps.length),
  };
  const sums = {
    energy: new Sum(),
    kg: new Sum(),
    kwh: new Sum(),
    instance: new Sum(),
    egress: new Sum(),
    tardiness: new Sum(),
    resume: new Sum(),
    churn: new Sum(),
  };
  const { power } = loads;
  const { energyCost, kg: kgPerKw } = model;
  let unplaced = 0;
  let lateJobs = 0;
  let unseenJobs = 0;
  for (let j = 0; j < N; j++) {
    const r = schedule.region[j]!;
    const pieces = piecesOf(problem, schedule, j);
    if (pieces === null) {
      unplaced++;
      continue;
    }
    const region = regions[r]!;
    const fraction = jobs.lastFraction[j]!;
    const kw = jobs.powerKw[j]!;
    const end = pieces[pieces.length - 1]!;
    const caps = model.capsOfClass[model.classOfTeam[jobs.team[j]!]!]!;
    const facility = kw * region.pue;
    const vcpu = jobs.vcpu[j]!;
    const gpu = jobs.gpu[j]!;
    let cost = 0;
    let kg = 0;
    let unseen = false;
    for (let p = 0; p < pieces.length; p += 2) {
      const last = r * T + pieces[p + 1]!;
      for (let i = r * T + pieces[p]!; i < last; i++) {
        const t = i - r * T;
        const part = t === end - 1 ? fraction : 1;
        cost += part * energyCost[i]!;
        kg += part * kgPerKw[i]!;
        power[i]! += facility;
        if (vcpu !== 0) loads.vcpu[i]! += vcpu;
        if (gpu !== 0) loads.gpu[i]! += gpu;
        for (const c of caps) {
          const cap = problem.carbonCaps[c]!;
          if (t >= cap.fromSlot && t < cap.toSlot) loads.carbon[c]! += kw * part * kgPerKw[i]!;
        }
        if (model.gapsBefore && model.gapsBefore[r * (T + 1) + t + 1]! > model.gapsBefore[r * (T + 1) + t]!)
          unseen = true;
      }
    }
    if (unseen) unseenJobs++;
    const hours = (jobs.slots[j]! - 1 + fraction) * slotHours;
    sums.energy.add(kw * cost);
    sums.kg.add(kw * kg);
    sums.kwh.add(kw * region.pue * hours);
    sums.instance.add(hours * instanceCostPerHour(problem, j, r));
    if (r !== jobs.home[j]) sums.egress.add(problem.egressPerGb * jobs.dataGb[j]!);
    const late = lateness(problem, j, end);
    if (late > 0) lateJobs++;
    sums.tardiness.add(jobs.tardinessCostPerHour[j]! * slotHours * late);
    sums.resume.add(resumptions(problem, j, pieces) * jobs.resumeCost[j]!);
    sums.churn.add(churnOf(problem, j, r, pieces));
  }
  let peak = 0;
  for (let r = 0; r < R; r++) {
    let highest = 0;
    for (let t = 0; t < T; t++) if (loads.power[r * T + t]! > highest) highest = loads.power[r * T + t]!;
    peak += regions[r]!.peakChargePerKw * highest;
  }
  const parts: ObjectiveParts = {
    energy: sums.energy.value,
    carbon: (sums.kg.value * problem.carbonPricePerTonne) / 1000,
    instance: sums.instance.value,
    egress: sums.egress.value,
    tardiness: sums.tardiness.value,
    resume: sums.resume.value,
    peak,
    churn: sums.churn.value,
  };
  const objective =
    parts.energy +
    parts.carbon +
    parts.instance +
    parts.egress +
    parts.tardiness +
    parts.resume +
    parts.peak +
    parts.churn;
  return {
    objective,
    parts,
    loads,
    energyKwh: sums.kwh.value,
    emissionsKg: sums.kg.value,
    unplaced,
    lateJobs,
    unseenJobs,
  };
};

/** Loads may exceed a cap by this part of it (or of 1): rounding, not a violation. */
export const CAP_TOLERANCE = 1e-9;

export const allowed = (cap: number): number => (cap === Infinity ? cap : cap + CAP_TOLERANCE * Math.max(1, cap));

/** True when no cap is exceeded. */
export const withinCaps = (model: Model, loads: Loads): boolean => {
  const { problem } = model;
  for (let i = 0; i < loads.power.length; i++) {
    if (loads.power[i]! > allowed(model.powerCap[i]!)) return false;
    if (loads.vcpu[i]! > allowed(problem.vcpuCap[i]!)) return false;
    if (loads.gpu[i]! > allowed(problem.gpuCap[i]!)) return false;
  }
  return problem.carbonCaps.every((cap, c) => loads.carbon[c]! <= allowed(cap.capKg));
};

/** Jobs whose placement breaks a rule of their own (window, pieces, region, gaps); [] when the schedule is lawful. */
export const unlawful = (model: Model, schedule: Schedule): number[] => {
  const { problem, T } = model;
  const jobs = problem.jobs;
  const found: number[] = [];
  for (let j = 0; j < model.N; j++) {
    const pieces = piecesOf(problem, schedule, j);
    if (pieces === null) continue;
    const r = schedule.region[j]!;
    const end = pieces[pieces.length - 1]!;
    let total = 0;
    let fine = Array.prototype.includes.call(model.regions(j), r) && pieces[0]! >= 0 && end <= T;
    for (let p = 0; p < pieces.length; p += 2) {
      const length = pieces[p + 1]! - pieces[p]!;
      total += length;
      if (length < 1 || (p > 0 && pieces[p]! <= pieces[p - 1]!)) fine = false;
      if (jobs.kind[j] === MOVABLE && length < leastPiece(problem, j, pieces[p]!)) fine = false;
      if (jobs.kind[j] === MOVABLE && model.gapsBefore) {
        const row = r * (T + 1);
        if (model.gapsBefore[row + pieces[p + 1]!]! > model.gapsBefore[row + pieces[p]!]!) fine = false;
      }
    }
    if (total !== jobs.slots[j]) fine = false;
    if (jobs.kind[j] === MOVABLE) {
      if (pieces.length > 2 && jobs.minChunk[j] === 0) fine = false;
      if (mustGoOn(problem, j) && pieces[0] !== jobs.release[j]) fine = false;
      if (pieces[0]! < jobs.release[j]! || end - 1 + jobs.lastFraction[j]! > jobs.deadline[j]! + SLOT_EPSILON)
        fine = false;
    } else if (jobs.kind[j] === URGENT) {
      if (pieces.length > 2 || pieces[0] !== jobs.release[j]) fine = false;
    } else if (jobs.kind[j] === FROZEN) {
      if (!samePieces(piecesOf(problem, jobs.current!, j)!, pieces)) fine = false;
    }
    if (!fine) found.push(j);
  }
  return found;
};
