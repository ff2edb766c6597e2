/** The cheapest option of every job at given prices: the engine of the lower bound and of the uncoupled optimum. */
import { churnOf } from '../evaluate.js';
import { churnCost, fixedCost, isBroken, type Model } from '../model.js';
import { FROZEN, leastPiece, MOVABLE, mustGoOn, type Problem, resumptions } from '../problem.js';
import { lateness, SLOT_EPSILON } from '../window.js';
import { breaksOf, cheapestBroken } from './interruptible.js';
import type { Prices } from './prices.js';
import { WindowTable } from './window-table.js';

/** Loads as second differences over slots, so that a job is added in constant time; `settle` turns them into loads. */
export interface PricedLoads {
  readonly power: Float64Array;
  readonly vcpu: Float64Array;
  readonly gpu: Float64Array;
  readonly carbon: Float64Array;
}

export class Pricer {
  private readonly model: Model;
  private readonly problem: Problem;
  /** Energy with all carbon prices, per IT kW, at (class × R + region) × T + slot. */
  private readonly energy: Float64Array;
  /** Prefix sums of energy and power prices, at (class × R + region) × (T + 1) + slot. */
  private readonly prefix: Float64Array;
  private readonly plain: Float64Array[];
  private readonly vcpuPrefix: Float64Array;
  private readonly gpuPrefix: Float64Array;
  private readonly kgPrefix: Float64Array;
  private readonly whole: Float64Array;
  private readonly final: Float64Array;
  /** At classRegion × (longest + 1) + slots; null where scanning is cheaper. */
  private readonly tables: (WindowTable | undefined)[] | null;
  private readonly widest: number;
  private version = 0;
  private priceVcpu = false;
  private priceGpu = false;
  /** The last answer of `best`. */
  region = -1;
  start = 0;
  pieces: Int32Array | null = null;

  constructor(model: Model) {
    this.model = model;
    this.problem = model.problem;
    const { T, R, N } = model;
    const classes = model.capsOfClass.length;
    this.energy = new Float64Array(classes * R * T);
    this.prefix = new Float64Array(classes * R * (T + 1));
    this.plain = Array.from({ length: R }, (_, r) => this.prefix.subarray(r * (T + 1), (r + 1) * (T + 1)));
    this.vcpuPrefix = new Float64Array(R * (T + 1));
    this.gpuPrefix = new Float64Array(R * (T + 1));
    this.kgPrefix = new Float64Array(R * (T + 1));
    this.whole = new Float64Array(T);
    this.final = new Float64Array(T);
    for (let r = 0; r < R; r++) {
      const o = r * (T + 1);
      for (let t = 0; t < T; t++) this.kgPrefix[o + t + 1] = this.kgPrefix[o + t]! + model.kg[r * T + t]!;
    }
    let scanned = 0;
    let widest = 1;
    const durations = new Set<number>();
    for (let j = 0; j < N; j++) {
      const width = model.last[j]! - model.release[j]! + 1;
      if (width > widest) widest = width;
      scanned += width * model.regions(j).length;
      durations.add(this.problem.jobs.slots[j]! * classes + model.classOfTeam[this.problem.jobs.team[j]!]!);
    }
    this.widest = widest;
    const built = durations.size * R * T * (33 - Math.clz32(widest));
    this.tables =
      !model.gapsBefore && built < 5e7 && scanned > 2 * built ? new Array(classes * R * (model.longest + 1)) : null;
  }

  setPrices(prices: Prices) {
    const { model, problem } = this;
    const { T, R } = model;
    this.version++;
    for (let k = 0; k < model.capsOfClass.length; k++) {
      for (let r = 0; r < R; r++) {
        const pue = problem.regions[r]!.pue;
        const o = (k * R + r) * T;
        for (let t = 0; t < T; t++) this.energy[o + t] = model.base[r * T + t]!;
        for (const c of model.capsOfClass[k]!) {
          const nu = prices.carbon[c]!;
          const cap = problem.carbonCaps[c]!;
          if (nu > 0) for (let t = cap.fromSlot; t < cap.toSlot; t++) this.energy[o + t]! += nu * model.kg[r * T + t]!;
        }
        const p = (k * R + r) * (T + 1);
        for (let t = 0; t < T; t++) {
          const i = r * T + t;
          this.prefix[p + t + 1] =
            this.prefix[p + t]! + this.energy[o + t]! + pue * (prices.power[i]! + prices.peak[i]!);
        }
      }
    }
    const accumulate = (values: Float64Array, prefix: Float64Array) => {
      let any = false;
      for (let r = 0; r < R; r++) {
        const o = r * (T + 1);
        for (let t = 0; t < T; t++) {
          const value = values[r * T + t]!;
          if (value > 0) any = true;
          prefix[o + t + 1] = prefix[o + t]! + value;
        }
      }
      return any;
    };
    this.priceVcpu = accumulate(prices.vcpu, this.vcpuPrefix);
    this.priceGpu = accumulate(prices.gpu, this.gpuPrefix);
  }

  /** Prefix sums over slots of the priced energy of one IT kW in a region, for teams without carbon caps. */
  plainSums(r: number): Float64Array {
    return this.plain[r]!;
  }

  private table(classRegion: number, slots: number): WindowTable {
    const key = classRegion * (this.model.longest + 1) + slots;
    let table = this.tables![key];
    if (table === undefined) {
      table = new WindowTable(this.model.T, slots, this.widest);
      this.tables![key] = table;
    }
    if (table.version !== this.version) {
      table.build(this.prefix, classRegion * (this.model.T + 1), slots);
      table.version = this.version;
    }
    return table;
  }

  /** Priced cost of running job `j` in region `r` in the pieces given, churn and fixed costs included. */
  costOf(j: number, r: number, pieces: ArrayLike<number>): number {
    const { model, problem } = this;
    const { jobs } = problem;
    const T1 = model.T + 1;
    const k = model.classOfTeam[jobs.team[j]!]!;
    const o = (k * model.R + r) * T1;
    let cost = 0;
    for (let p = 0; p < pieces.length; p += 2) {
      const from = pieces[p]!;
      const to = pieces[p + 1]!;
      cost += jobs.powerKw[j]! * (this.prefix[o + to]! - this.prefix[o + from]!);
      if (this.priceVcpu) cost += jobs.vcpu[j]! * (this.vcpuPrefix[r * T1 + to]! - this.vcpuPrefix[r * T1 + from]!);
      if (this.priceGpu) cost += jobs.gpu[j]! * (this.gpuPrefix[r * T1 + to]! - this.gpuPrefix[r * T1 + from]!);
    }
    const end = pieces[pieces.length - 1]!;
    cost -= (1 - jobs.lastFraction[j]!) * jobs.powerKw[j]! * this.energy[(k * model.R + r) * model.T + end - 1]!;
    cost += fixedCost(problem, j, r) + jobs.tardinessCostPerHour[j]! * problem.slotHours * lateness(problem, j, end);
    cost += resumptions(problem, j, pieces) * jobs.resumeCost[j]!;
    return cost + churnOf(problem, j, r, pieces);
  }

  /** Cost of the cheapest option of job `j`; Infinity when it has none. The option is left in region, start, pieces. */
  best(j: number): number {
    const { model, problem } = this;
    const { jobs } = problem;
    this.region = -1;
    this.pieces = null;
    const kind = jobs.kind[j]!;
    const slots = jobs.slots[j]!;
    if (kind !== MOVABLE) {
      const r = model.regions(j)[0]!;
      this.region = r;
      this.start = model.release[j]!;
      const pieces = kind === FROZEN ? (jobs.current!.pieces.get(j) ?? null) : null;
      this.pieces = pieces;
      return this.costOf(j, r, pieces ?? [this.start, this.start + slots]);
    }
    let best = Infinity;
    const regions = model.regions(j);
    for (let q = 0; q < regions.length; q++) {
      const cost = isBroken(problem, j) ? this.bestBroken(j, regions[q]!, best) : this.bestWhole(j, regions[q]!, best);
      if (cost < best) best = cost;
    }
    const { current } = jobs;
    if (current !== null && jobs.churnCost[j]! > 0 && current.region[j]! >= 0) {
      const r = current.region[j]!;
      const pieces = current.pieces.get(j) ?? null;
      const list = pieces ?? [current.start[j]!, current.start[j]! + slots];
      if (this.mayStay(j, r, list)) {
        const cost = this.costOf(j, r, list);
        if (cost <= best) {
          best = cost;
          this.region = r;
          this.start = list[0]!;
          this.pieces = pieces;
        }
      }
    }
    return best;
  }

  /** Whether the pieces are a placement that job `j` may keep: in its window and regions, whole, free of gaps. */
  mayStay(j: number, r: number, pieces: ArrayLike<number>): boolean {
    const { model } = this;
    if (!Array.prototype.includes.call(model.regions(j), r)) return false;
    const end = pieces[pieces.length - 1]!;
    if (pieces[0]! < model.release[j]! || end > model.last[j]! + this.problem.jobs.slots[j]!) return false;
    if (mustGoOn(this.problem, j) && pieces[0] !== model.release[j]) return false;
    let total = 0;
    for (let p = 0; p < pieces.length; p += 2) {
      const length = pieces[p + 1]! - pieces[p]!;
      if (length < leastPiece(this.problem, j, pieces[p]!)) return false;
      total += length;
    }
    if (total !== this.problem.jobs.slots[j]!) return false;
    if (!model.gapsBefore) return true;
    const row = r * (model.T + 1);
    for (let p = 0; p < pieces.length; p += 2)
      if (model.gapsBefore[row + pieces[p + 1]!]! > model.gapsBefore[row + pieces[p]!]!) return false;
    return true;
  }

  private bestWhole(j: number, r: number, limit: number): number {
    const { model, problem, prefix } = this;
    const { jobs } = problem;
    const T1 = model.T + 1;
    const slots = jobs.slots[j]!;
    const kw = jobs.powerKw[j]!;
    const fraction = jobs.lastFraction[j]!;
    const classRegion = model.classOfTeam[jobs.team[j]!]! * model.R + r;
    const o = classRegion * T1;
    const from = model.release[j]!;
    const to = model.last[j]!;
    const slope = jobs.tardinessCostPerHour[j]! * problem.slotHours;
    const offset = slots - 1 + fraction - jobs.due[j]!;
    const onTime = slope > 0 ? Math.min(to, Math.floor(SLOT_EPSILON - offset)) : to;
    const fixed =
      fixedCost(problem, j, r) + (jobs.churnCost[j]! > 0 && jobs.current !== null ? churnCost(problem, j, r, -1) : 0);
    const plain = fraction === 1 && !(this.priceVcpu && jobs.vcpu[j]! > 0) && !(this.priceGpu && jobs.gpu[j]! > 0);
    let best = limit - fixed;
    let at = -1;
    if (plain && !model.gapsBefore) {
      if (this.tables && to - from > 6) {
        const table = this.table(classRegion, slots);
        const { sums } = table;
        if (onTime >= from) {
          const s = table.argmin(from, onTime);
          const cost = kw * sums[s]!;
          if (cost < best) {
            best = cost;
            at = s;
          }
        }
        const late = Math.max(from, onTime + 1);
        if (late <= to) {
          const lowest = kw * sums[table.argmin(late, to)]!;
          for (let s = late; s <= to; s++) {
            const penalty = slope * (s + offset);
            if (lowest + penalty >= best) break;
            const cost = kw * sums[s]! + penalty;
            if (cost < best) {
              best = cost;
              at = s;
            }
          }
        }
      } else {
        for (let s = from; s <= onTime; s++) {
          const cost = kw * (prefix[o + s + slots]! - prefix[o + s]!);
          if (cost < best) {
            best = cost;
            at = s;
          }
        }
        for (let s = Math.max(from, onTime + 1); s <= to; s++) {
          const cost = kw * (prefix[o + s + slots]! - prefix[o + s]!) + slope * (s + offset);
          if (cost < best) {
            best = cost;
            at = s;
          }
        }
      }
    } else {
      const gaps = model.gapsBefore;
      const vcpu = this.priceVcpu ? jobs.vcpu[j]! : 0;
      const gpu = this.priceGpu ? jobs.gpu[j]! : 0;
      const rest = (1 - fraction) * kw;
      const p = r * T1;
      for (let s = from; s <= to; s++) {
        if (gaps && gaps[p + s + slots]! > gaps[p + s]!) continue;
        let cost = kw * (prefix[o + s + slots]! - prefix[o + s]!);
        if (vcpu > 0) cost += vcpu * (this.vcpuPrefix[p + s + slots]! - this.vcpuPrefix[p + s]!);
        if (gpu > 0) cost += gpu * (this.gpuPrefix[p + s + slots]! - this.gpuPrefix[p + s]!);
        if (rest > 0) cost -= rest * this.energy[classRegion * model.T + s + slots - 1]!;
        if (s > onTime) cost += slope * (s + offset);
        if (cost < best) {
          best = cost;
          at = s;
        }
      }
    }
    if (at < 0) return Infinity;
    this.region = r;
    this.start = at;
    this.pieces = null;
    return best + fixed;
  }

  private bestBroken(j: number, r: number, limit: number): number {
    const { model, problem, whole, final } = this;
    const { jobs } = problem;
    const T1 = model.T + 1;
    const from = model.release[j]!;
    const slots = jobs.slots[j]!;
    const length = model.last[j]! + slots - from;
    const kw = jobs.powerKw[j]!;
    const rest = (1 - jobs.lastFraction[j]!) * kw;
    const classRegion = model.classOfTeam[jobs.team[j]!]! * model.R + r;
    const slope = jobs.tardinessCostPerHour[j]! * problem.slotHours;
    for (let i = 0; i < length; i++) {
      const t = from + i;
      const o = classRegion * T1 + t;
      const p = r * T1 + t;
      if (model.gapsBefore && model.gapsBefore[p + 1]! > model.gapsBefore[p]!) {
        whole[i] = Infinity;
        final[i] = Infinity;
        continue;
      }
      let cost = kw * (this.prefix[o + 1]! - this.prefix[o]!);
      if (this.priceVcpu) cost += jobs.vcpu[j]! * (this.vcpuPrefix[p + 1]! - this.vcpuPrefix[p]!);
      if (this.priceGpu) cost += jobs.gpu[j]! * (this.gpuPrefix[p + 1]! - this.gpuPrefix[p]!);
      whole[i] = cost;
      final[i] = cost - rest * this.energy[classRegion * model.T + t]! + slope * lateness(problem, j, t + 1);
    }
    const run = cheapestBroken(whole, final, length, slots, breaksOf(problem, j));
    const fixed =
      fixedCost(problem, j, r) + (jobs.churnCost[j]! > 0 && jobs.current !== null ? churnCost(problem, j, r, -1) : 0);
    const cost = run.cost + fixed;
    if (!(cost < limit)) return Infinity;
    this.region = r;
    this.start = from + run.pieces[0]!;
    this.pieces = run.pieces.length > 2 ? Int32Array.from(run.pieces, (t) => from + t) : null;
    return cost;
  }

  /** Adds the last answer of `best(j)` to loads kept as differences. */
  addTo(loads: PricedLoads, j: number) {
    const { model, problem } = this;
    const { jobs } = problem;
    const T1 = model.T + 1;
    const r = this.region;
    const pieces = this.pieces ?? [this.start, this.start + jobs.slots[j]!];
    const kw = jobs.powerKw[j]!;
    const facility = kw * problem.regions[r]!.pue;
    const caps = model.capsOfClass[model.classOfTeam[jobs.team[j]!]!]!;
    const end = pieces[pieces.length - 1]!;
    for (let p = 0; p < pieces.length; p += 2) {
      const a = r * T1 + pieces[p]!;
      const b = r * T1 + pieces[p + 1]!;
      loads.power[a]! += facility;
      loads.power[b]! -= facility;
      if (model.anyVcpu) {
        loads.vcpu[a]! += jobs.vcpu[j]!;
        loads.vcpu[b]! -= jobs.vcpu[j]!;
      }
      if (model.anyGpu) {
        loads.gpu[a]! += jobs.gpu[j]!;
        loads.gpu[b]! -= jobs.gpu[j]!;
      }
      for (let c = 0; c < caps.length; c++)
        loads.carbon[caps[c]!]! += kw * this.kgWithin(caps[c]!, r, pieces[p]!, pieces[p + 1]!);
    }
    const rest = 1 - jobs.lastFraction[j]!;
    if (rest > 0) {
      for (const c of caps) loads.carbon[c]! -= rest * kw * this.kgWithin(c, r, end - 1, end);
    }
  }

  /** kg per IT kW between two slots as far as carbon cap `c` counts them. */
  kgWithin(c: number, r: number, from: number, to: number): number {
    const cap = this.problem.carbonCaps[c]!;
    const a = Math.max(from, cap.fromSlot);
    const b = Math.min(to, cap.toSlot);
    return b > a ? this.kgPrefix[r * (this.model.T + 1) + b]! - this.kgPrefix[r * (this.model.T + 1) + a]! : 0;
  }
}
