/** Proofs that no schedule exists, from necessary conditions: which jobs, which limit, how much is missing. */
import type { ConflictRow, LimitKind } from '../answer.js';
import { allowed } from '../evaluate.js';
import { breaksOf, cheapestBroken } from '../lagrangian/interruptible.js';
import { isBroken, type Model } from '../model.js';
import { FROZEN, type Problem } from '../problem.js';
import type { State } from '../search/state.js';

/** A conflict with jobs by row; `tellConflict` turns it into words. */
export interface RawConflict {
  readonly jobs: readonly number[];
  /** Jobs that are compulsory there besides `jobs`. */
  readonly others: number;
  readonly rows: readonly ConflictRow[];
  /** Not one job and no compulsory part alone: however they are placed, they do not fit together. */
  readonly joint: boolean;
  /** How much more of the limit is needed at least; null when no limit could help. */
  readonly missing: number | null;
  /** Set once a plan was found with that much more. */
  sufficient: boolean;
}

export const UNITS: Record<LimitKind, string> = {
  power: 'kW',
  event: 'kW',
  vcpu: 'vCPU',
  gpu: 'GPU',
  carbon: 'kg',
  data: 'slots',
  window: 'slots',
};

interface Limit {
  readonly kind: 'power' | 'vcpu' | 'gpu';
  readonly cap: Float64Array;
  readonly need: (j: number, r: number) => number;
}

const limitsOf = (model: Model): Limit[] => {
  const { problem } = model;
  const { jobs, regions } = problem;
  return [
    { kind: 'power', cap: model.powerCap, need: (j, r) => jobs.powerKw[j]! * regions[r]!.pue },
    { kind: 'vcpu', cap: problem.vcpuCap, need: (j) => jobs.vcpu[j]! },
    { kind: 'gpu', cap: problem.gpuCap, need: (j) => jobs.gpu[j]! },
  ];
};

/** The event whose cap is the one in force there, if any. */
export const eventAt = (problem: Problem, r: number, t: number): string | null => {
  let lowest = problem.powerCapKw[r * problem.slots + t]!;
  let id: string | null = null;
  for (const event of problem.events) {
    if (event.region !== r || t < event.fromSlot || t >= event.toSlot || event.maxPowerKw >= lowest) continue;
    lowest = event.maxPowerKw;
    id = event.id;
  }
  return id;
};

const row = (
  model: Model,
  kind: 'power' | 'vcpu' | 'gpu',
  r: number,
  slots: number[],
  needed: number,
  available: number,
): ConflictRow => {
  const event = kind === 'power' ? eventAt(model.problem, r, slots[0]!) : null;
  return {
    limit: event === null ? kind : 'event',
    name: event,
    region: model.problem.regions[r]!.id,
    slots,
    needed,
    available,
    unit: UNITS[kind],
  };
};

const conflict = (
  jobs: readonly number[],
  rows: readonly ConflictRow[],
  missing: number | null,
  others = 0,
): RawConflict => ({
  jobs,
  others,
  rows,
  missing,
  joint: false,
  sufficient: false,
});

/** First proof found, or null; null does not mean that a schedule exists. */
export const findConflict = (model: Model, state: State): RawConflict | null =>
  withoutOption(model) ?? tooLarge(model) ?? compulsory(model) ?? tooDirty(model, state);

const withoutOption = (model: Model): RawConflict | null => {
  const { problem, T } = model;
  if (!model.gapsBefore) return null;
  for (let j = 0; j < model.N; j++) {
    if (problem.jobs.kind[j] !== 0) continue;
    if (
      smallestExcess(
        model,
        j,
        () => 0,
        () => Infinity,
      ) < Infinity
    )
      continue;
    const regions = Array.from(model.regions(j));
    const from = model.release[j]!;
    const to = model.last[j]! + problem.jobs.slots[j]!;
    const rows = regions.map((r): ConflictRow => {
      const gap: number[] = [];
      const g = r * (T + 1);
      for (let t = from; t < to; t++) if (model.gapsBefore![g + t + 1]! > model.gapsBefore![g + t]!) gap.push(t);
      return {
        limit: 'data',
        name: null,
        region: problem.regions[r]!.id,
        slots: gap,
        needed: problem.jobs.slots[j]!,
        available: to - from - gap.length,
        unit: UNITS.data,
      };
    });
    return conflict([j], rows, null);
  }
  return null;
};

/** Least, over all options of job `j`, of the largest excess of need over cap in a slot; Infinity when it has no option. */
const smallestExcess = (model: Model, j: number, need: (r: number) => number, cap: (i: number) => number): number => {
  const { problem, T } = model;
  const slots = problem.jobs.slots[j]!;
  const from = model.release[j]!;
  const length = model.last[j]! + slots - from;
  let least = Infinity;
  const excess = new Float64Array(length);
  for (const r of Array.from(model.regions(j))) {
    const amount = need(r);
    for (let i = 0; i < length; i++) {
      const g = r * (T + 1) + from + i;
      const gap = model.gapsBefore !== null && model.gapsBefore[g + 1]! > model.gapsBefore[g]!;
      const room = cap(r * T + from + i);
      excess[i] = gap && problem.jobs.kind[j] === 0 ? Infinity : amount > allowed(room) ? amount - room : 0;
    }
    if (!isBroken(problem, j)) {
      for (let s = 0; s + slots <= length; s++) {
        let most = 0;
        for (let i = s; i < s + slots; i++) if (excess[i]! > most) most = excess[i]!;
        if (most < least) least = most;
      }
      continue;
    }
    const levels = [...new Set(excess)].filter((level) => level < least).sort((a, b) => a - b);
    for (const level of levels) {
      const open = excess.map((value) => (value <= level ? 0 : Infinity));
      if (cheapestBroken(open, open, length, slots, { ...breaksOf(problem, j), resumeCost: 0 }).cost < Infinity) {
        least = level;
        break;
      }
    }
  }
  return least;
};

const tooLarge = (model: Model): RawConflict | null => {
  const { problem, T, R } = model;
  for (const limit of limitsOf(model)) {
    const lowest = new Float64Array(R).fill(Infinity);
    for (let i = 0; i < R * T; i++) lowest[Math.floor(i / T)] = Math.min(lowest[Math.floor(i / T)]!, limit.cap[i]!);
    for (let j = 0; j < model.N; j++) {
      const regions = model.regions(j);
      let doubtful = true;
      for (let q = 0; q < regions.length; q++)
        if (limit.need(j, regions[q]!) <= allowed(lowest[regions[q]!]!)) doubtful = false;
      if (!doubtful || limit.need(j, regions[0]!) === 0) continue;
      const pieces = problem.jobs.kind[j] === FROZEN ? problem.jobs.current!.pieces.get(j) : undefined;
      if (pieces) continue;
      const missing = smallestExcess(
        model,
        j,
        (r) => limit.need(j, r),
        (i) => limit.cap[i]!,
      );
      if (missing === 0 || missing === Infinity) continue;
      const from = model.release[j]!;
      const to = model.last[j]! + problem.jobs.slots[j]!;
      const rows = Array.from(regions, (r) => {
        const slots: number[] = [];
        for (let t = from; t < to; t++) if (limit.need(j, r) > allowed(limit.cap[r * T + t]!)) slots.push(t);
        return row(model, limit.kind, r, slots, limit.need(j, r), Math.min(...slots.map((t) => limit.cap[r * T + t]!)));
      });
      return conflict([j], rows, missing);
    }
  }
  return null;
};

/** Slots that a job uses whatever is chosen: it has one region, and starts between release and last. */
const compulsory = (model: Model): RawConflict | null => {
  const { problem, T, R } = model;
  const { jobs } = problem;
  const parts = new Map<number, [number, number][]>();
  const loads = limitsOf(model).map((limit) => ({ limit, load: new Float64Array(R * T) }));
  for (let j = 0; j < model.N; j++) {
    const regions = model.regions(j);
    if (regions.length !== 1) continue;
    const frozen = jobs.kind[j] === FROZEN ? jobs.current!.pieces.get(j) : undefined;
    const slots = jobs.slots[j]!;
    const list: [number, number][] = [];
    if (frozen) for (let p = 0; p < frozen.length; p += 2) list.push([frozen[p]!, frozen[p + 1]!]);
    else if (!isBroken(problem, j) || model.last[j] === model.release[j]) {
      if (model.last[j]! < model.release[j]! + slots) list.push([model.last[j]!, model.release[j]! + slots]);
    }
    if (list.length === 0) continue;
    parts.set(j, list);
    for (const { limit, load } of loads) {
      const need = limit.need(j, regions[0]!);
      for (const [from, to] of list) for (let t = from; t < to; t++) load[regions[0]! * T + t]! += need;
    }
  }
  let worst: { limit: Limit; cell: number; missing: number; load: Float64Array } | null = null;
  for (const { limit, load } of loads) {
    for (let i = 0; i < R * T; i++) {
      if (load[i]! <= allowed(limit.cap[i]!)) continue;
      const missing = load[i]! - limit.cap[i]!;
      if (worst === null || missing > worst.missing) worst = { limit, cell: i, missing, load };
    }
    if (worst) break;
  }
  if (!worst) return null;
  const { limit, cell, load } = worst;
  const r = Math.floor(cell / T);
  const covering = (t: number) =>
    [...parts]
      .filter(([j, list]) => model.regions(j)[0] === r && list.some(([a, b]) => t >= a && t < b))
      .map(([j]) => j);
  const all = covering(cell % T).filter((j) => limit.need(j, r) > 0);
  const needed = irreducible(all, (j) => limit.need(j, r), allowed(limit.cap[cell]!));
  const slots: number[] = [];
  for (let t = 0; t < T; t++) {
    const same =
      Math.abs(load[r * T + t]! - limit.cap[r * T + t]! - worst.missing) <= 1e-9 * Math.max(1, worst.missing);
    const there = covering(t);
    if (same && needed.every((j) => there.includes(j)) && eventAt(problem, r, t) === eventAt(problem, r, cell % T))
      slots.push(t);
  }
  return conflict(
    needed,
    [row(model, limit.kind, r, slots, load[cell]!, limit.cap[cell]!)],
    worst.missing,
    all.length - needed.length,
  );
};

/** Fewest of the largest that exceed the cap together: dropping any one of them resolves it. */
export const irreducible = (jobs: readonly number[], need: (j: number) => number, cap: number): number[] => {
  const sorted = [...jobs].sort((a, b) => need(b) - need(a) || a - b);
  const taken: number[] = [];
  let sum = 0;
  for (const j of sorted) {
    taken.push(j);
    sum += need(j);
    if (sum > cap) break;
  }
  return taken.sort((a, b) => a - b);
};

const tooDirty = (model: Model, state: State): RawConflict | null => {
  const { problem } = model;
  for (let c = 0; c < problem.carbonCaps.length; c++) {
    const cap = problem.carbonCaps[c]!;
    const least = new Map<number, number>();
    let sum = 0;
    for (let j = 0; j < model.N; j++) {
      if (!model.capsOfClass[model.classOfTeam[problem.jobs.team[j]!]!]!.includes(c)) continue;
      const kg = cleanest(model, state, j, c);
      if (kg > 0) least.set(j, kg);
      sum += kg;
    }
    if (sum <= allowed(cap.capKg)) continue;
    const jobs = irreducible([...least.keys()], (j) => least.get(j)!, allowed(cap.capKg));
    const slots = Array.from({ length: cap.toSlot - cap.fromSlot }, (_, i) => cap.fromSlot + i);
    const rows: ConflictRow[] = [
      { limit: 'carbon', name: cap.id, region: null, slots, needed: sum, available: cap.capKg, unit: UNITS.carbon },
    ];
    return conflict(jobs, rows, sum - cap.capKg, least.size - jobs.length);
  }
  return null;
};

/** Least kg that job `j` can cause under carbon cap `c`. */
const cleanest = (model: Model, state: State, j: number, c: number): number => {
  const { problem, T } = model;
  const { jobs } = problem;
  const slots = jobs.slots[j]!;
  const cap = problem.carbonCaps[c]!;
  let least = Infinity;
  const frozen = jobs.kind[j] === FROZEN ? jobs.current!.pieces.get(j) : undefined;
  if (frozen) return state.kgOf(j, c, model.regions(j)[0]!, frozen);
  for (const r of Array.from(model.regions(j))) {
    if (!isBroken(problem, j)) {
      for (let s = model.release[j]!; s <= model.last[j]!; s++) {
        const g = r * (T + 1);
        if (jobs.kind[j] === 0 && model.gapsBefore && model.gapsBefore[g + s + slots]! > model.gapsBefore[g + s]!)
          continue;
        least = Math.min(least, state.kgOf(j, c, r, [s, s + slots]));
      }
      continue;
    }
    const from = model.release[j]!;
    const length = model.last[j]! + slots - from;
    const whole = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const t = from + i;
      const g = r * (T + 1) + t;
      const gap = model.gapsBefore !== null && model.gapsBefore[g + 1]! > model.gapsBefore[g]!;
      whole[i] = gap ? Infinity : t >= cap.fromSlot && t < cap.toSlot ? model.kg[r * T + t]! * jobs.powerKw[j]! : 0;
    }
    const final = whole.map((value) => value * jobs.lastFraction[j]!);
    least = Math.min(
      least,
      cheapestBroken(whole, final, length, slots, { ...breaksOf(problem, j), resumeCost: 0 }).cost,
    );
  }
  return least === Infinity ? 0 : least;
};
