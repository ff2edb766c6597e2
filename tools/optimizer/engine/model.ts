/** Everything derived from a problem once, before any engine runs: caps per slot, cost per kW, prefix sums, windows. */
import { FROZEN, instanceCostPerHour, MOVABLE, type Problem, URGENT } from './problem.js';
import { latestStart } from './window.js';

export interface Model {
  readonly problem: Problem;
  /** Slots and regions. */
  readonly T: number;
  readonly R: number;
  readonly N: number;
  /** Lowest of site cap and event caps, facility kW, Infinity without any. */
  readonly powerCap: Float64Array;
  readonly hasPower: Uint8Array;
  readonly hasVcpu: Uint8Array;
  readonly hasGpu: Uint8Array;
  readonly hasPeak: Uint8Array;
  readonly anyVcpu: boolean;
  readonly anyGpu: boolean;
  readonly anyPeak: boolean;
  /** Per IT kW for one whole slot; 0 in gaps. */
  readonly energyCost: Float64Array;
  readonly kg: Float64Array;
  /** Energy plus carbon price, per IT kW and slot. */
  readonly base: Float64Array;
  /** Number of slots without data before slot t, at region × (T + 1) + t; null when the signals have no gap. */
  readonly gapsBefore: Int32Array | null;
  /** Teams under the same carbon caps share a class; class 0 has none. */
  readonly classOfTeam: Int32Array;
  readonly capsOfClass: readonly (readonly number[])[];
  readonly release: Int32Array;
  readonly last: Int32Array;
  /** Allowed regions in order of preference; the one region of urgent and frozen jobs. */
  readonly regions: (j: number) => ArrayLike<number>;
  readonly longest: number;
}

export const buildModel = (problem: Problem): Model => {
  const { slots: T, regions, jobs } = problem;
  const R = regions.length;
  const N = jobs.count;
  const powerCap = problem.powerCapKw.slice();
  for (const event of problem.events) {
    for (let t = event.fromSlot; t < event.toSlot; t++) {
      const i = event.region * T + t;
      if (event.maxPowerKw < powerCap[i]!) powerCap[i] = event.maxPowerKw;
    }
  }
  const finite = (caps: Float64Array, r: number) => caps.subarray(r * T, r * T + T).some((cap) => cap < Infinity);
  const flags = (test: (r: number) => boolean) => Uint8Array.from(regions, (_, r) => (test(r) ? 1 : 0));
  const hasPower = flags((r) => finite(powerCap, r));
  const hasVcpu = flags((r) => finite(problem.vcpuCap, r));
  const hasGpu = flags((r) => finite(problem.gpuCap, r));
  const hasPeak = flags((r) => regions[r]!.peakChargePerKw > 0);
  const energyCost = new Float64Array(R * T);
  const kg = new Float64Array(R * T);
  const base = new Float64Array(R * T);
  const gapsBefore = new Int32Array(R * (T + 1));
  let gaps = 0;
  for (let r = 0; r < R; r++) {
    const kwh = regions[r]!.pue * problem.slotHours;
    for (let t = 0; t < T; t++) {
      const i = r * T + t;
      const price = problem.pricePerMwh[i]!;
      const intensity = problem.ciGPerKwh[i]!;
      const gap = Number.isNaN(price) || Number.isNaN(intensity);
      gapsBefore[r * (T + 1) + t + 1] = gapsBefore[r * (T + 1) + t]! + (gap ? 1 : 0);
      if (gap) gaps++;
      if (!Number.isNaN(price)) energyCost[i] = (kwh * price) / 1000;
      if (!Number.isNaN(intensity)) kg[i] = (kwh * intensity) / 1000;
      base[i] = energyCost[i]! + (problem.carbonPricePerTonne / 1000) * kg[i]!;
    }
  }
  const classOfTeam = new Int32Array(problem.teams.length);
  const capsOfClass: number[][] = [[]];
  const classes = new Map<string, number>([['', 0]]);
  for (let team = 0; team < problem.teams.length; team++) {
    const caps = problem.carbonCaps.flatMap((cap, c) => (cap.team === team || cap.team === -1 ? [c] : []));
    const key = caps.join();
    if (!classes.has(key)) {
      classes.set(key, capsOfClass.length);
      capsOfClass.push(caps);
    }
    classOfTeam[team] = classes.get(key)!;
  }
  const release = new Int32Array(N);
  const last = new Int32Array(N);
  const home = regions.map((_, r) => Uint16Array.of(r));
  let longest = 1;
  for (let j = 0; j < N; j++) {
    if (jobs.slots[j]! > longest) longest = jobs.slots[j]!;
    if (jobs.kind[j] === FROZEN) {
      release[j] = jobs.current!.start[j]!;
      last[j] = release[j]!;
    } else {
      release[j] = jobs.release[j]!;
      last[j] = latestStart(problem, j);
    }
  }
  return {
    problem,
    T,
    R,
    N,
    powerCap,
    hasPower,
    hasVcpu,
    hasGpu,
    hasPeak,
    anyVcpu: hasVcpu.includes(1),
    anyGpu: hasGpu.includes(1),
    anyPeak: hasPeak.includes(1),
    energyCost,
    kg,
    base,
    gapsBefore: gaps > 0 ? gapsBefore : null,
    classOfTeam,
    capsOfClass,
    release,
    last,
    regions: (j) => {
      const kind = jobs.kind[j];
      if (kind === MOVABLE) return problem.regionSets[jobs.regionSet[j]!]!;
      return home[kind === URGENT ? jobs.home[j]! : jobs.current!.region[j]!]!;
    },
    longest,
  };
};

/** Instance hours and egress of job `j` in region `r`: what does not depend on when it runs. */
export const fixedCost = (problem: Problem, j: number, r: number): number => {
  const jobs = problem.jobs;
  const hours = (jobs.slots[j]! - 1 + jobs.lastFraction[j]!) * problem.slotHours;
  return hours * instanceCostPerHour(problem, j, r) + (r === jobs.home[j] ? 0 : problem.egressPerGb * jobs.dataGb[j]!);
};

/** Churn of job `j` when it runs in one piece from `s` in `r`. */
export const churnCost = (problem: Problem, j: number, r: number, s: number): number => {
  const { current, churnCost: charge } = problem.jobs;
  if (current === null || charge[j] === 0 || current.region[j]! < 0) return 0;
  return current.region[j] === r && current.start[j] === s && !current.pieces.has(j) ? 0 : charge[j]!;
};

/** Only one option: urgent or frozen. */
export const isPinned = (problem: Problem, j: number): boolean => problem.jobs.kind[j] !== MOVABLE;

/** Interruptible and free to use it. */
export const isBroken = (problem: Problem, j: number): boolean =>
  problem.jobs.minChunk[j]! > 0 && problem.jobs.kind[j] === MOVABLE;
