/** A schedule in the making with its loads: jobs are lifted out and placed, costs and room follow at once. */
import { allowed } from '../evaluate.js';
import { Pricer } from '../lagrangian/pricer.js';
import { noPrices } from '../lagrangian/prices.js';
import type { Model } from '../model.js';
import { emptySchedule, type Schedule } from '../problem.js';

export interface Option {
  readonly region: number;
  readonly start: number;
  readonly pieces: Int32Array | null;
}

export class State {
  readonly model: Model;
  /** Costs without any price on limits. */
  readonly truth: Pricer;
  readonly region: Int16Array;
  readonly start: Int32Array;
  readonly pieces = new Map<number, Int32Array>();
  /** Cost of each placed job, without the peak charge. */
  readonly cost: Float64Array;
  readonly power: Float64Array;
  readonly vcpu: Float64Array;
  readonly gpu: Float64Array;
  readonly carbon: Float64Array;
  /** Caps in force, rounding allowed for; may be set lower than the problem's (a target for the peak). */
  readonly powerRoom: Float64Array;
  readonly vcpuRoom: Float64Array;
  readonly gpuRoom: Float64Array;
  readonly carbonRoom: Float64Array;
  unplaced = 0;
  /** Jobs in each region × slot, when kept. */
  private occupants: number[][] | null = null;

  constructor(model: Model, truth?: Pricer) {
    this.model = model;
    const { problem, N } = model;
    if (truth) this.truth = truth;
    else {
      this.truth = new Pricer(model);
      this.truth.setPrices(noPrices(model));
    }
    const cells = model.R * model.T;
    this.region = new Int16Array(N).fill(-1);
    this.start = new Int32Array(N);
    this.cost = new Float64Array(N);
    this.power = new Float64Array(cells);
    this.vcpu = new Float64Array(cells);
    this.gpu = new Float64Array(cells);
    this.carbon = new Float64Array(problem.carbonCaps.length);
    this.powerRoom = model.powerCap.map(allowed);
    this.vcpuRoom = problem.vcpuCap.map(allowed);
    this.gpuRoom = problem.gpuCap.map(allowed);
    this.carbonRoom = Float64Array.from(problem.carbonCaps, (cap) => allowed(cap.capKg));
    this.unplaced = N;
  }

  keepOccupants() {
    const lists: number[][] = Array.from({ length: this.model.R * this.model.T }, () => []);
    for (let j = 0; j < this.model.N; j++) {
      this.eachCell(j, (cell) => lists[cell]!.push(j));
    }
    this.occupants = lists;
  }

  occupantsAt(cell: number): readonly number[] {
    return this.occupants![cell]!;
  }

  optionOf(j: number): Option {
    return { region: this.region[j]!, start: this.start[j]!, pieces: this.pieces.get(j) ?? null };
  }

  listOf(j: number): ArrayLike<number> {
    return this.pieces.get(j) ?? [this.start[j]!, this.start[j]! + this.model.problem.jobs.slots[j]!];
  }

  eachCell(j: number, visit: (cell: number) => void) {
    const r = this.region[j]!;
    if (r < 0) return;
    const list = this.listOf(j);
    for (let p = 0; p < list.length; p += 2) {
      for (let t = list[p]!; t < list[p + 1]!; t++) visit(r * this.model.T + t);
    }
  }

  place(j: number, r: number, start: number, pieces: Int32Array | null) {
    this.region[j] = r;
    this.start[j] = start;
    if (pieces) this.pieces.set(j, pieces);
    this.cost[j] = this.truth.costOf(j, r, this.listOf(j));
    this.unplaced--;
    this.load(j, 1);
    if (this.occupants) this.enter(j, this.occupants);
  }

  private enter(j: number, occupants: number[][]) {
    const list = this.listOf(j);
    const o = this.region[j]! * this.model.T;
    for (let p = 0; p < list.length; p += 2)
      for (let i = o + list[p]!; i < o + list[p + 1]!; i++) occupants[i]!.push(j);
  }

  private leave(j: number, occupants: number[][]) {
    const list = this.listOf(j);
    const o = this.region[j]! * this.model.T;
    for (let p = 0; p < list.length; p += 2) {
      for (let i = o + list[p]!; i < o + list[p + 1]!; i++) {
        const there = occupants[i]!;
        const last = there.pop()!;
        // From the end: what is lifted was most often placed a moment ago.
        if (last !== j) there[there.lastIndexOf(j)] = last;
      }
    }
  }

  lift(j: number) {
    this.load(j, -1);
    if (this.occupants) this.leave(j, this.occupants);
    this.region[j] = -1;
    if (this.pieces.size > 0) this.pieces.delete(j);
    this.cost[j] = 0;
    this.unplaced++;
  }

  private load(j: number, sign: number) {
    const { model, truth } = this;
    const { jobs, regions } = model.problem;
    const r = this.region[j]!;
    const kw = jobs.powerKw[j]!;
    const facility = sign * kw * regions[r]!.pue;
    const list = this.listOf(j);
    const caps = model.capsOfClass[model.classOfTeam[jobs.team[j]!]!]!;
    const rest = 1 - jobs.lastFraction[j]!;
    for (let p = 0; p < list.length; p += 2) {
      const from = r * model.T + list[p]!;
      const to = r * model.T + list[p + 1]!;
      for (let i = from; i < to; i++) this.power[i]! += facility;
      if (model.hasVcpu[r]) for (let i = from; i < to; i++) this.vcpu[i]! += sign * jobs.vcpu[j]!;
      if (model.hasGpu[r]) for (let i = from; i < to; i++) this.gpu[i]! += sign * jobs.gpu[j]!;
      for (const c of caps) this.carbon[c]! += sign * kw * truth.kgWithin(c, r, list[p]!, list[p + 1]!);
    }
    if (rest > 0) {
      const end = list[list.length - 1]!;
      for (const c of caps) this.carbon[c]! -= sign * rest * kw * truth.kgWithin(c, r, end - 1, end);
    }
  }

  /** Loads anew from the placements, so that rounding never accumulates. */
  refresh() {
    this.power.fill(0);
    this.vcpu.fill(0);
    this.gpu.fill(0);
    this.carbon.fill(0);
    for (let j = 0; j < this.model.N; j++) if (this.region[j]! >= 0) this.load(j, 1);
  }

  peakOf(r: number): number {
    let highest = 0;
    for (let i = r * this.model.T; i < (r + 1) * this.model.T; i++)
      if (this.power[i]! > highest) highest = this.power[i]!;
    return highest;
  }

  peakCost(): number {
    if (!this.model.anyPeak) return 0;
    let cost = 0;
    for (let r = 0; r < this.model.R; r++) {
      if (this.model.hasPeak[r]) cost += this.model.problem.regions[r]!.peakChargePerKw * this.peakOf(r);
    }
    return cost;
  }

  /** Sum of all costs, the peak charge included. */
  total(): number {
    let sum = 0;
    for (let j = 0; j < this.model.N; j++) sum += this.cost[j]!;
    return sum + this.peakCost();
  }

  /** kg that job `j` causes under carbon cap `c` when run so. */
  kgOf(j: number, c: number, r: number, list: ArrayLike<number>): number {
    const { jobs } = this.model.problem;
    let kg = 0;
    for (let p = 0; p < list.length; p += 2) kg += this.truth.kgWithin(c, r, list[p]!, list[p + 1]!);
    const end = list[list.length - 1]!;
    kg -= (1 - jobs.lastFraction[j]!) * this.truth.kgWithin(c, r, end - 1, end);
    return kg * jobs.powerKw[j]!;
  }

  snapshot(): Schedule {
    const copy = emptySchedule(this.model.N);
    copy.region.set(this.region);
    copy.start.set(this.start);
    for (const [j, pieces] of this.pieces) copy.pieces.set(j, pieces);
    return copy;
  }

  restore(schedule: Schedule) {
    this.occupants = null;
    for (let j = 0; j < this.model.N; j++) if (this.region[j]! >= 0) this.lift(j);
    for (let j = 0; j < this.model.N; j++) {
      if (schedule.region[j]! >= 0)
        this.place(j, schedule.region[j]!, schedule.start[j]!, schedule.pieces.get(j) ?? null);
    }
    this.refresh();
  }
}
