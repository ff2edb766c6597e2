/** Columns of the exact model: whole runs as one binary each, broken runs slot by slot, and the limits that couple them. */

import { churnOf } from '../evaluate.js';
import type { Oracle } from '../lagrangian/bound.js';
import { Pricer } from '../lagrangian/pricer.js';
import { noPrices } from '../lagrangian/prices.js';
import { fixedCost, isBroken, type Model } from '../model.js';
import { FROZEN, leastPiece, MOVABLE, mustGoOn } from '../problem.js';
import { lateness } from '../window.js';
import type { MilpModel } from './milp.js';

export interface Column {
  readonly job: number;
  readonly region: number;
  /** Whole run: first slot. */
  readonly start: number;
  readonly pieces: Int32Array | null;
  /** Broken run: the one slot that the column stands for, else −1. */
  readonly slot: number;
  /** Column of the model; −1 for runs that are settled. */
  readonly at: number;
}

export interface Columns {
  readonly list: Column[];
  /** Cost of what is settled. */
  constant: number;
  /** Entries (column, amount) by region × slots + slot; a negative column is settled load. */
  readonly power: Map<number, [number, number][]>;
  readonly vcpu: Map<number, [number, number][]>;
  readonly gpu: Map<number, [number, number][]>;
  readonly carbon: [number, number][][];
}

export interface Wanted {
  /** Options dearer than their job's cheapest by more than this are left out. */
  readonly slack: number;
  readonly most: number;
}

export const columnsOf = (model: Model, oracle: Oracle, milp: MilpModel, wanted: Wanted): Columns | null => {
  const { problem, T } = model;
  const { jobs } = problem;
  const truth = new Pricer(model);
  truth.setPrices(noPrices(model));
  const columns: Columns = {
    list: [],
    constant: 0,
    power: new Map(),
    vcpu: new Map(),
    gpu: new Map(),
    carbon: problem.carbonCaps.map(() => []),
  };
  const use = (j: number, r: number, t: number, at: number) => {
    const put = (rows: Map<number, [number, number][]>, amount: number) => {
      const cell = r * T + t;
      const row = rows.get(cell);
      if (row) row.push([at, amount]);
      else rows.set(cell, [[at, amount]]);
    };
    if (model.hasPower[r] || model.hasPeak[r]) put(columns.power, jobs.powerKw[j]! * problem.regions[r]!.pue);
    if (model.hasVcpu[r]) put(columns.vcpu, jobs.vcpu[j]!);
    if (model.hasGpu[r]) put(columns.gpu, jobs.gpu[j]!);
  };
  const dirty = (j: number, r: number, t: number, part: number, at: number) => {
    for (const c of model.capsOfClass[model.classOfTeam[jobs.team[j]!]!]!) {
      const kg = truth.kgWithin(c, r, t, t + 1) * jobs.powerKw[j]! * part;
      if (kg !== 0) columns.carbon[c]!.push([at, kg]);
    }
  };
  const whole = (j: number, r: number, start: number, pieces: Int32Array | null, at: number) => {
    columns.list.push({ job: j, region: r, start, pieces, slot: -1, at });
    const list = pieces ?? [start, start + jobs.slots[j]!];
    const end = list[list.length - 1]!;
    for (let p = 0; p < list.length; p += 2) {
      for (let t = list[p]!; t < list[p + 1]!; t++) {
        use(j, r, t, at);
        dirty(j, r, t, t === end - 1 ? jobs.lastFraction[j]! : 1, at);
      }
    }
  };
  /** The one placement of a job that costs no churn, as an option of its own; slot columns all carry the charge. */
  const stayOf = (j: number): number | null => {
    const { current } = jobs;
    if (current === null || !(jobs.churnCost[j]! > 0) || current.region[j]! < 0) return null;
    const r = current.region[j]!;
    const pieces = current.pieces.get(j) ?? Int32Array.of(current.start[j]!, current.start[j]! + jobs.slots[j]!);
    if (!truth.mayStay(j, r, pieces)) return null;
    const at = milp.column(truth.costOf(j, r, pieces), true);
    whole(j, r, pieces[0]!, pieces, at);
    return at;
  };
  for (let j = 0; j < model.N; j++) {
    const regions = Array.from(model.regions(j));
    if (jobs.kind[j] !== MOVABLE) {
      const pieces = jobs.kind[j] === FROZEN ? (jobs.current!.pieces.get(j) ?? null) : null;
      const start = model.release[j]!;
      columns.constant += truth.costOf(j, regions[0]!, pieces ?? [start, start + jobs.slots[j]!]);
      whole(j, regions[0]!, start, pieces, -1);
      continue;
    }
    const cheapest = oracle.pricer.best(j);
    if (isBroken(problem, j)) {
      brokenColumns(model, milp, columns, j, regions, use, dirty, stayOf(j));
    } else {
      const choice: [number, number][] = [];
      for (const r of regions) {
        for (let s = model.release[j]!; s <= model.last[j]!; s++) {
          const list = [s, s + jobs.slots[j]!];
          const g = r * (T + 1);
          if (model.gapsBefore && model.gapsBefore[g + list[1]!]! > model.gapsBefore[g + s]!) continue;
          if (oracle.pricer.costOf(j, r, list) - cheapest > wanted.slack) continue;
          const at = milp.column(truth.costOf(j, r, list), true);
          whole(j, r, s, null, at);
          choice.push([at, 1]);
        }
      }
      milp.row(1, 1, choice);
    }
    if (milp.cost.length > wanted.most) return null;
  }
  return columns;
};

/** Slot form of a job that may be broken: z (region), x (slot), y (start of a piece), f (last slot). */
const brokenColumns = (
  model: Model,
  milp: MilpModel,
  columns: Columns,
  j: number,
  regions: readonly number[],
  use: (j: number, r: number, t: number, at: number) => void,
  dirty: (j: number, r: number, t: number, part: number, at: number) => void,
  stay: number | null,
) => {
  const { problem, T } = model;
  const { jobs } = problem;
  const slots = jobs.slots[j]!;
  const from = model.release[j]!;
  const length = model.last[j]! + slots - from;
  const kw = jobs.powerKw[j]!;
  const underWay = jobs.underWay[j]!;
  const resume = jobs.resumeCost[j]!;
  const rest = 1 - jobs.lastFraction[j]!;
  const slope = jobs.tardinessCostPerHour[j]! * problem.slotHours;
  const choice: [number, number][] = stay === null ? [] : [[stay, 1]];
  for (const r of regions) {
    const first = underWay === 0 ? resume : 0;
    const z = milp.column(fixedCost(problem, j, r) - first + churnOf(problem, j, r, []), true);
    choice.push([z, 1]);
    const x: number[] = [];
    const y: number[] = [];
    const f: number[] = [];
    for (let i = 0; i < length; i++) {
      const t = from + i;
      const g = r * (T + 1) + t;
      const gap = model.gapsBefore !== null && model.gapsBefore[g + 1]! > model.gapsBefore[g]!;
      const base = kw * model.base[r * T + t]!;
      x.push(milp.column(base, true));
      y.push(milp.column(i === 0 && underWay > 0 ? 0 : resume, false, 1));
      f.push(rest > 0 || slope > 0 ? milp.column(slope * lateness(problem, j, t + 1) - rest * base, true) : -1);
      if (gap) milp.row(0, 0, [[x[i]!, 1]]);
      columns.list.push({ job: j, region: r, start: -1, pieces: null, slot: t, at: x[i]! });
      use(j, r, t, x[i]!);
      dirty(j, r, t, 1, x[i]!);
      if (rest > 0) dirty(j, r, t, -rest, f[i]!);
      milp.row(Number.NEGATIVE_INFINITY, 0, [
        [x[i]!, 1],
        [z, -1],
      ]);
      milp.row(
        Number.NEGATIVE_INFINITY,
        0,
        i === 0
          ? [
              [x[i]!, 1],
              [y[i]!, -1],
            ]
          : [
              [x[i]!, 1],
              [x[i - 1]!, -1],
              [y[i]!, -1],
            ],
      );
      if (f[i]! >= 0) {
        milp.row(Number.NEGATIVE_INFINITY, 0, [
          [f[i]!, 1],
          [x[i]!, -1],
        ]);
        milp.row(Number.NEGATIVE_INFINITY, 0, [
          [x[i]!, 1],
          ...f.slice(0, i).map((one): [number, number] => [one, 1]),
          [z, -1],
        ]);
      }
    }
    for (let i = 0; i < length; i++) {
      const chunk = Math.max(1, leastPiece(problem, j, from + i));
      for (let u = 0; u < chunk; u++) {
        if (i + u < length)
          milp.row(Number.NEGATIVE_INFINITY, 0, [
            [y[i]!, 1],
            [x[i + u]!, -1],
          ]);
        else milp.row(0, 0, [[y[i]!, 1]]);
      }
    }
    milp.row(0, 0, [...x.map((one): [number, number] => [one, 1]), [z, -slots]]);
    if (mustGoOn(problem, j))
      milp.row(0, Infinity, [
        [y[0]!, 1],
        [z, -1],
      ]);
    // The first piece costs no resumption: z carries −resumeCost, so at least one piece must be counted.
    milp.row(0, Infinity, [...y.map((one): [number, number] => [one, 1]), [z, -1]]);
    if (f[0]! >= 0) milp.row(0, 0, [...f.map((one): [number, number] => [one, 1]), [z, -1]]);
  }
  milp.row(1, 1, choice);
};

export type Coupling = 'power' | 'vcpu' | 'gpu' | 'carbon';

/**
 * Rows for every limit that the columns could break. `raise` may name a column by which a limit gives way: of a cell
 * (region × slots + slot), or of a carbon cap by its row.
 */
export const limitRows = (
  model: Model,
  milp: MilpModel,
  columns: Columns,
  raise?: (kind: Coupling, at: number) => number,
) => {
  const { problem, T } = model;
  const couple = (kind: Coupling, place: number, entries: readonly [number, number][], cap: number) => {
    let settled = 0;
    let most = 0;
    const free: [number, number][] = [];
    for (const [at, amount] of entries) {
      if (at < 0) settled += amount;
      else {
        free.push([at, amount]);
        if (amount > 0) most += amount;
      }
    }
    if (cap === Infinity || settled + most <= cap || free.length === 0) return;
    if (raise) free.push([raise(kind, place), -1]);
    milp.row(Number.NEGATIVE_INFINITY, cap - settled, free);
  };
  for (const [cell, entries] of columns.power) couple('power', cell, entries, model.powerCap[cell]!);
  for (const [cell, entries] of columns.vcpu) couple('vcpu', cell, entries, problem.vcpuCap[cell]!);
  for (const [cell, entries] of columns.gpu) couple('gpu', cell, entries, problem.gpuCap[cell]!);
  columns.carbon.forEach((entries, c) => {
    couple('carbon', c, entries, problem.carbonCaps[c]!.capKg);
  });
  for (let r = 0; r < model.R; r++) {
    if (!model.hasPeak[r]) continue;
    const peak = milp.column(problem.regions[r]!.peakChargePerKw, false);
    for (let t = 0; t < T; t++) {
      const entries = columns.power.get(r * T + t);
      if (!entries) continue;
      const settled = entries.reduce((sum, [at, amount]) => (at < 0 ? sum + amount : sum), 0);
      milp.row(Number.NEGATIVE_INFINITY, -settled, [
        ...entries.filter(([at]) => at >= 0),
        [peak, -1] as [number, number],
      ]);
    }
  }
};
