/** The cheapest place for one job given the loads of all others: within the caps, or paying for what it overloads. */
import { breaksOf, cheapestBroken } from '../lagrangian/interruptible.js';
import type { Prices } from '../lagrangian/prices.js';
import { churnCost, fixedCost, isBroken, type Model } from '../model.js';
import { FROZEN, MOVABLE } from '../problem.js';
import { lateness, SLOT_EPSILON } from '../window.js';
import type { State } from './state.js';

/** What room costs. `hard`: no overload at all. Otherwise ψ(load) = max(0, price + ρ (load − cap))² / 2ρ plus `overload` per unit. */
export interface Terms {
  hard: boolean;
  prices: Prices | null;
  /** Part of the prices that is charged in hard mode. */
  weight: number;
  /** ρ × cap = (price + floor) / width. */
  width: number;
  floor: number;
  overload: number;
}

export class Responder {
  private readonly model: Model;
  private readonly state: State;
  private readonly slotCost: Float64Array;
  private readonly finalCost: Float64Array;
  private readonly barred: Uint8Array;
  private readonly pinned: Uint8Array;
  region = -1;
  start = 0;
  pieces: Int32Array | null = null;
  cost = Infinity;

  constructor(state: State) {
    this.state = state;
    this.model = state.model;
    const { problem, T, N } = this.model;
    this.slotCost = new Float64Array(T);
    this.finalCost = new Float64Array(T);
    this.barred = new Uint8Array(T);
    this.pinned = new Uint8Array(N);
    for (let j = 0; j < N; j++) {
      const one = this.model.regions(j).length === 1 && this.model.last[j] === this.model.release[j];
      this.pinned[j] = problem.jobs.kind[j] !== MOVABLE || (one && !isBroken(problem, j)) ? 1 : 0;
    }
  }

  /** No choice: urgent, frozen, or a window that fits exactly in one region. */
  isPinned(j: number): boolean {
    return this.pinned[j] === 1;
  }

  /** Finds the cheapest option for job `j`, which must be lifted. True when there is one; it is left in the fields. */
  find(j: number, terms: Terms, limit = Infinity): boolean {
    const { model } = this;
    const { jobs } = model.problem;
    this.region = -1;
    this.cost = limit;
    if (jobs.kind[j] !== MOVABLE) return this.onlyOption(j, terms);
    const regions = model.regions(j);
    const broken = isBroken(model.problem, j);
    const plain = terms.hard && !broken && this.isPlain(j) && !(terms.weight > 0 && terms.prices !== null);
    for (let q = 0; q < regions.length; q++) {
      const r = regions[q]!;
      if (plain && !model.hasPeak[r]) {
        this.searchPlain(j, r);
        continue;
      }
      this.charge(j, r, terms);
      if (broken) this.searchBroken(j, r, terms);
      else this.search(j, r, terms);
    }
    return this.region >= 0;
  }

  private onlyOption(j: number, terms: Terms): boolean {
    const { model, state } = this;
    const { jobs } = model.problem;
    const r = model.regions(j)[0]!;
    const pieces = jobs.kind[j] === FROZEN ? (jobs.current!.pieces.get(j) ?? null) : null;
    const start = model.release[j]!;
    const list = pieces ?? [start, start + jobs.slots[j]!];
    if (terms.hard && !this.fits(j, r, list)) return false;
    this.region = r;
    this.start = start;
    this.pieces = pieces;
    this.cost = state.truth.costOf(j, r, list);
    return true;
  }

  fits(j: number, r: number, list: ArrayLike<number>): boolean {
    const { model, state } = this;
    const { jobs, regions } = model.problem;
    const kw = jobs.powerKw[j]! * regions[r]!.pue;
    for (let p = 0; p < list.length; p += 2) {
      for (let t = list[p]!; t < list[p + 1]!; t++) {
        const i = r * model.T + t;
        if (kw > 0 && state.power[i]! + kw > state.powerRoom[i]!) return false;
        if (model.hasVcpu[r] && jobs.vcpu[j]! > 0 && state.vcpu[i]! + jobs.vcpu[j]! > state.vcpuRoom[i]!) return false;
        if (model.hasGpu[r] && jobs.gpu[j]! > 0 && state.gpu[i]! + jobs.gpu[j]! > state.gpuRoom[i]!) return false;
      }
    }
    return this.fitsCarbon(j, r, list);
  }

  private fitsCarbon(j: number, r: number, list: ArrayLike<number>): boolean {
    const { model, state } = this;
    const caps = model.capsOfClass[model.classOfTeam[model.problem.jobs.team[j]!]!]!;
    for (const c of caps) {
      const kg = state.kgOf(j, c, r, list);
      if (kg > 0 && state.carbon[c]! + kg > state.carbonRoom[c]!) return false;
    }
    return true;
  }

  /** Cost of each slot of the window in region `r`, and which slots are barred. */
  private charge(j: number, r: number, terms: Terms) {
    const { model, state, slotCost, barred } = this;
    const { problem, T } = model;
    const { jobs } = problem;
    const from = model.release[j]!;
    const length = model.last[j]! + jobs.slots[j]! - from;
    const o = r * T + from;
    const kw = jobs.powerKw[j]!;
    for (let i = 0; i < length; i++) slotCost[i] = kw * model.base[o + i]!;
    barred.fill(0, 0, length);
    if (model.gapsBefore) {
      const g = r * (T + 1) + from;
      for (let i = 0; i < length; i++) if (model.gapsBefore[g + i + 1]! > model.gapsBefore[g + i]!) barred[i] = 1;
    }
    const prices = terms.prices;
    const facility = kw * problem.regions[r]!.pue;
    if (model.hasPower[r] || model.hasPeak[r]) {
      this.chargeLimit(o, length, facility, state.power, state.powerRoom, prices?.power ?? null, terms);
    }
    if (model.hasVcpu[r])
      this.chargeLimit(o, length, jobs.vcpu[j]!, state.vcpu, state.vcpuRoom, prices?.vcpu ?? null, terms);
    if (model.hasGpu[r])
      this.chargeLimit(o, length, jobs.gpu[j]!, state.gpu, state.gpuRoom, prices?.gpu ?? null, terms);
    if (model.hasPeak[r] && prices) {
      const weight = terms.hard ? terms.weight : 1;
      for (let i = 0; i < length; i++) slotCost[i]! += weight * facility * prices.peak[o + i]!;
    }
  }

  private chargeLimit(
    o: number,
    length: number,
    amount: number,
    load: Float64Array,
    room: Float64Array,
    price: Float64Array | null,
    terms: Terms,
  ) {
    const { slotCost, barred } = this;
    if (!(amount > 0)) return;
    if (terms.hard) {
      const factor = price && terms.weight > 0 ? terms.weight * amount : 0;
      for (let i = 0; i < length; i++) {
        if (load[o + i]! + amount > room[o + i]!) barred[i] = 1;
        else if (factor > 0) slotCost[i]! += factor * price![o + i]!;
      }
      return;
    }
    const { width, floor, overload } = terms;
    for (let i = 0; i < length; i++) {
      const cap = room[o + i]!;
      if (cap === Infinity) continue;
      const lambda = price ? price[o + i]! : 0;
      const over = load[o + i]! - cap;
      const rho = (lambda + floor) / (width * (cap > amount ? cap : amount));
      const before = lambda + rho * over;
      const after = before + rho * amount;
      if (after <= 0) continue;
      slotCost[i]! += (after * after - (before > 0 ? before * before : 0)) / (2 * rho);
      if (overload > 0 && over + amount > 0) slotCost[i]! += overload * (over + amount - (over > 0 ? over : 0));
    }
  }

  /** Price of a kg under each carbon cap at the present load. */
  private carbonPrice(c: number, terms: Terms): number {
    const nu = terms.prices ? terms.prices.carbon[c]! : 0;
    if (terms.hard) return terms.weight * nu;
    const cap = this.model.problem.carbonCaps[c]!.capKg;
    const floor = Math.max(nu, this.model.problem.carbonPricePerTonne / 1000, 1e-3);
    const excess = this.state.carbon[c]! - cap;
    const price = Math.max(0, nu + (floor / (terms.width * Math.max(cap, 1e-6))) * excess);
    return price + (excess > 0 ? 4 * terms.overload * floor : 0);
  }

  private addCarbon(j: number, r: number, scale: number, terms: Terms) {
    const { model, slotCost } = this;
    const { problem, T } = model;
    const caps = model.capsOfClass[model.classOfTeam[problem.jobs.team[j]!]!]!;
    const from = model.release[j]!;
    const to = model.last[j]! + problem.jobs.slots[j]!;
    for (const c of caps) {
      const price = scale * this.carbonPrice(c, terms) * problem.jobs.powerKw[j]!;
      const cap = problem.carbonCaps[c]!;
      if (price > 0) {
        for (let t = Math.max(from, cap.fromSlot); t < Math.min(to, cap.toSlot); t++)
          slotCost[t - from]! += price * model.kg[r * T + t]!;
      }
    }
  }

  /** Neither gaps nor carbon caps nor vCPU and GPU limits matter to it, it uses whole slots, and nothing is lost by moving it. */
  private isPlain(j: number): boolean {
    const { model } = this;
    const { jobs } = model.problem;
    return (
      model.gapsBefore === null &&
      jobs.lastFraction[j] === 1 &&
      model.capsOfClass[model.classOfTeam[jobs.team[j]!]!]!.length === 0 &&
      (jobs.current === null || jobs.churnCost[j] === 0) &&
      !(model.anyVcpu && jobs.vcpu[j]! > 0) &&
      !(model.anyGpu && jobs.gpu[j]! > 0)
    );
  }

  /** As `search` within the power caps and without prices, for plain jobs: one look at each slot. */
  private searchPlain(j: number, r: number) {
    const { model, state } = this;
    const { problem, T } = model;
    const { jobs } = problem;
    const { power, powerRoom } = state;
    const sums = state.truth.plainSums(r);
    const o = r * T;
    const slots = jobs.slots[j]!;
    const first = model.release[j]!;
    const end = model.last[j]! + slots;
    const kw = jobs.powerKw[j]!;
    const facility = kw * problem.regions[r]!.pue;
    const fixed = fixedCost(problem, j, r);
    const slope = jobs.tardinessCostPerHour[j]! * problem.slotHours;
    const due = jobs.due[j]!;
    let best = this.cost - fixed;
    let at = -1;
    let clear = first;
    for (let t = first; t < end; t++) {
      if (power[o + t]! + facility > powerRoom[o + t]! && facility > 0) {
        clear = t + 1;
        continue;
      }
      const s = t + 1 - slots;
      if (s < clear) continue;
      let cost = kw * (sums[t + 1]! - sums[s]!);
      if (cost >= best && slope >= 0) continue;
      const late = t + 1 - due;
      if (late > SLOT_EPSILON) cost += slope * late;
      if (cost < best) {
        best = cost;
        at = s;
      }
    }
    if (at < 0) return;
    this.cost = best + fixed;
    this.region = r;
    this.start = at;
    this.pieces = null;
  }

  private search(j: number, r: number, terms: Terms) {
    const { model, state, slotCost, barred } = this;
    const { problem, T } = model;
    const { jobs } = problem;
    const slots = jobs.slots[j]!;
    const from = model.release[j]!;
    const length = model.last[j]! + slots - from;
    const hasCarbon = model.capsOfClass[model.classOfTeam[jobs.team[j]!]!]!.length > 0;
    if (hasCarbon) this.addCarbon(j, r, 1, terms);
    const slope = jobs.tardinessCostPerHour[j]! * problem.slotHours;
    const fraction = jobs.lastFraction[j]!;
    const rest = (1 - fraction) * jobs.powerKw[j]!;
    const dueEnd = jobs.due[j]! + 1 - fraction;
    const churned = jobs.churnCost[j]! > 0 && jobs.current !== null;
    const fixed = fixedCost(problem, j, r);
    const charge = problem.regions[r]!.peakChargePerKw;
    const peak = charge > 0 && terms.hard ? state.peakOf(r) : 0;
    const facility = jobs.powerKw[j]! * problem.regions[r]!.pue;
    let sum = 0;
    let lastBarred = -1;
    for (let i = 0; i < length; i++) {
      if (barred[i]) {
        lastBarred = i;
        slotCost[i] = 0;
      }
      sum += slotCost[i]!;
      const s = i - slots + 1;
      if (s < 0) continue;
      if (lastBarred < s) {
        let cost = sum + fixed;
        if (rest > 0) cost -= rest * model.base[r * T + from + i]!;
        const late = from + i + 1 - dueEnd;
        if (late > SLOT_EPSILON) cost += slope * late;
        if (churned) cost += churnCost(problem, j, r, from + s);
        if (cost < this.cost) {
          if (charge > 0 && terms.hard) {
            let highest = 0;
            for (let t = r * T + from + s; t <= r * T + from + i; t++)
              if (state.power[t]! > highest) highest = state.power[t]!;
            cost += charge * Math.max(0, highest + facility - peak);
          }
          if (cost < this.cost && (!hasCarbon || !terms.hard || this.fitsCarbon(j, r, [from + s, from + i + 1]))) {
            this.cost = cost;
            this.region = r;
            this.start = from + s;
            this.pieces = null;
          }
        }
      }
      sum -= slotCost[s]!;
    }
  }

  private searchBroken(j: number, r: number, terms: Terms) {
    const { model, state, slotCost, finalCost, barred } = this;
    const { problem, T } = model;
    const { jobs } = problem;
    const slots = jobs.slots[j]!;
    const from = model.release[j]!;
    const length = model.last[j]! + slots - from;
    const slope = jobs.tardinessCostPerHour[j]! * problem.slotHours;
    const rest = (1 - jobs.lastFraction[j]!) * jobs.powerKw[j]!;
    const charge = problem.regions[r]!.peakChargePerKw;
    const facility = jobs.powerKw[j]! * problem.regions[r]!.pue;
    if (charge > 0 && terms.hard) {
      const peak = state.peakOf(r);
      for (let i = 0; i < length; i++)
        slotCost[i]! += charge * Math.max(0, state.power[r * T + from + i]! + facility - peak);
    }
    this.addCarbon(j, r, 1, terms);
    const churned = jobs.churnCost[j]! > 0 && jobs.current !== null;
    const fixed = fixedCost(problem, j, r) + (churned ? churnCost(problem, j, r, -1) : 0);
    // A carbon cap is not a matter of slots: when the cheapest run breaks it, kg are made dearer and the run is sought again.
    for (let attempt = 0; attempt < 6; attempt++) {
      for (let i = 0; i < length; i++) {
        if (barred[i]) slotCost[i] = Infinity;
        const late = slope > 0 ? slope * lateness(problem, j, from + i + 1) : 0;
        finalCost[i] = slotCost[i]! + late - (barred[i] ? 0 : rest * model.base[r * T + from + i]!);
      }
      const run = cheapestBroken(slotCost, finalCost, length, slots, breaksOf(problem, j));
      if (run.cost === Infinity) return;
      const pieces = Int32Array.from(run.pieces, (t) => from + t);
      const cost = run.cost + fixed;
      if (!terms.hard || this.fitsCarbon(j, r, pieces)) {
        if (cost < this.cost) {
          this.cost = cost;
          this.region = r;
          this.start = pieces[0]!;
          this.pieces = pieces.length > 2 ? pieces : null;
        }
        return;
      }
      const caps = model.capsOfClass[model.classOfTeam[jobs.team[j]!]!]!;
      const extra = (0.05 * (1 << (2 * attempt)) + problem.carbonPricePerTonne / 1000) * jobs.powerKw[j]!;
      for (const c of caps) {
        const cap = problem.carbonCaps[c]!;
        for (let i = Math.max(0, cap.fromSlot - from); i < Math.min(length, cap.toSlot - from); i++) {
          if (!barred[i]) slotCost[i]! += extra * model.kg[r * T + from + i]!;
        }
      }
    }
  }
}
