/**
 * Ruin and recreate: a job with a large regret is put at its ideal place, what blocks it is lifted and placed anew. The
 * change stays when the plan got cheaper, or dearer by less than a threshold that falls as the search cools. A job
 * without a place counts as its ideal and a fine, small at first: so the cheapest way to make room for it is found before
 * it must be had at any price. Deterministic: random numbers by seed, no clock.
 */
import type { Oracle } from '../lagrangian/bound.js';
import type { Prices } from '../lagrangian/prices.js';
import { isBroken } from '../model.js';
import type { Random } from './random.js';
import { heft, meanSlotCost } from './repair.js';
import type { Responder, Terms } from './respond.js';
import type { Option, State } from './state.js';

const MOST_BLOCKERS = 12;
/** Shares of attempts that look for a place with room priced softly, and that draw one; the rest take the ideal place. */
const SOFT = 0.4;
const DRAWN = 0.2;
/** Temperatures in mean job costs, and the part of the search over which they fall; the rest only descends. */
const HOT = 0.12;
const COLD = 0.003;
const COOLED = 0.6;
/** The first fine in mean job costs, and the part of the search over which it grows to the last. */
const LOWEST_FINE = 3;
const FINED = 0.2;

export class Improver {
  private readonly state: State;
  private readonly responder: Responder;
  private readonly oracle: Oracle;
  private readonly random: Random;
  private readonly order: Uint32Array;
  private readonly ideal: { region: Int16Array; start: Int32Array; pieces: Map<number, Int32Array> };
  private readonly idealCost: Float64Array;
  private readonly terms: Terms;
  private readonly heft: Float64Array;
  /** Priced cost above the ideal, for placed jobs. */
  private readonly regretOf: Float64Array;
  /** What one job's energy costs on average: the scale of temperatures and fines. */
  private readonly scale: number;
  private readonly highestFine: number;
  private fine: number;
  private temperature = 0;
  private readonly mark: Int32Array;
  /** Jobs under each carbon cap. */
  private readonly members: number[][];
  private stamp = 0;
  accepted = 0;

  constructor(state: State, responder: Responder, oracle: Oracle, prices: Prices, order: Uint32Array, random: Random) {
    this.state = state;
    this.responder = responder;
    this.oracle = oracle;
    this.random = random;
    this.order = order;
    const { model } = state;
    oracle.bound(prices);
    this.ideal = {
      region: oracle.choice.region.slice(),
      start: oracle.choice.start.slice(),
      pieces: new Map(oracle.choice.pieces),
    };
    this.idealCost = new Float64Array(model.N);
    this.heft = new Float64Array(model.N);
    let largest = 0;
    for (let j = 0; j < model.N; j++) {
      if (this.ideal.region[j]! < 0) continue;
      this.idealCost[j] = oracle.pricer.costOf(j, this.ideal.region[j]!, this.idealList(j));
      this.heft[j] = heft(model, j);
      if (Math.abs(this.idealCost[j]!) > largest) largest = Math.abs(this.idealCost[j]!);
    }
    this.highestFine = 10 * largest + 1;
    this.fine = this.highestFine;
    let work = 0;
    for (const j of order) work += model.problem.jobs.powerKw[j]! * model.problem.jobs.slots[j]!;
    this.scale = (meanSlotCost(model) * work) / Math.max(1, order.length);
    this.regretOf = new Float64Array(model.N);
    for (const j of order) this.regretOf[j] = this.regret(j);
    this.terms = { hard: true, prices, weight: 0, width: 1, floor: 0, overload: 0 };
    this.mark = new Int32Array(model.N);
    this.members = model.problem.carbonCaps.map(() => []);
    for (const j of order) {
      for (const c of model.capsOfClass[model.classOfTeam[model.problem.jobs.team[j]!]!]!) this.members[c]!.push(j);
    }
    state.keepOccupants();
  }

  private idealList(j: number): ArrayLike<number> {
    return (
      this.ideal.pieces.get(j) ?? [this.ideal.start[j]!, this.ideal.start[j]! + this.state.model.problem.jobs.slots[j]!]
    );
  }

  /** Sets temperature and fine for the part of the search that is done, 0 to 1; `hottest` is the part of the full heat to begin with. */
  cool(done: number, hottest = 1) {
    const hot = Math.max(COLD, HOT * hottest);
    const cooling = Math.min(1, done / COOLED);
    this.temperature = cooling < 1 ? this.scale * hot * (COLD / hot) ** cooling : 0;
    const fining = Math.min(1, done / FINED);
    const lowest = Math.min(this.highestFine, this.scale * LOWEST_FINE);
    this.fine = lowest * (this.highestFine / lowest) ** (fining * fining);
  }

  /** How much dearer job `j` is than its ideal, under the prices. */
  private regret(j: number): number {
    const { state } = this;
    if (state.region[j]! < 0) return this.highestFine;
    return this.oracle.pricer.costOf(j, state.region[j]!, state.listOf(j)) - this.idealCost[j]!;
  }

  private absent(j: number): number {
    return this.idealCost[j]! + this.fine;
  }

  /** `rounds` attempts; returns by how much the cost fell. */
  run(rounds: number, stop: () => boolean): number {
    let saved = 0;
    if (this.order.length === 0) return 0;
    const waiting: number[] = [];
    if (this.state.unplaced > 0) for (const j of this.order) if (this.state.region[j]! < 0) waiting.push(j);
    for (let n = 0; n < rounds; n++) {
      if ((n & 63) === 0 && stop()) break;
      let seed: number;
      if (waiting.length > 0 && (n & 1) === 0) {
        seed = waiting[this.random.below(waiting.length)]!;
        if (this.state.region[seed]! >= 0) {
          waiting.splice(waiting.indexOf(seed), 1);
          continue;
        }
      } else {
        seed = this.order[this.random.below(this.order.length)]!;
        let most = this.regretOf[seed]!;
        for (let k = 0; k < 5; k++) {
          const other = this.order[this.random.below(this.order.length)]!;
          const regret = this.regretOf[other]!;
          if (regret > most) {
            most = regret;
            seed = other;
          }
        }
        if (most <= 1e-12) continue;
      }
      saved += this.attempt(seed);
    }
    return saved;
  }

  private attempt(seed: number): number {
    const { state, responder, random } = this;
    const { model } = state;
    const lifted: number[] = [];
    const was: Option[] = [];
    let before = state.peakCost();
    const lift = (j: number) => {
      lifted.push(j);
      if (state.region[j]! >= 0) {
        was.push(state.optionOf(j));
        before += state.cost[j]!;
        state.lift(j);
      } else {
        was.push({ region: -1, start: 0, pieces: null });
        before += this.absent(j);
      }
    };
    this.stamp++;
    this.mark[seed] = this.stamp;
    lift(seed);
    // Where to: the ideal place, one that is cheapest when room is priced a little, or a drawn one that is not bad.
    let target: Option = {
      region: this.ideal.region[seed]!,
      start: this.ideal.start[seed]!,
      pieces: this.ideal.pieces.get(seed) ?? null,
    };
    const dice = random.unit();
    if (dice < SOFT) {
      const soft: Terms = { ...this.terms, hard: false, weight: 1, width: 0.02 + 0.3 * random.unit(), floor: 0 };
      if (responder.find(seed, soft))
        target = { region: responder.region, start: responder.start, pieces: responder.pieces };
    } else if (dice < SOFT + DRAWN && !isBroken(model.problem, seed)) target = this.drawn(seed);
    const list = target.pieces ?? [target.start, target.start + model.problem.jobs.slots[seed]!];
    const blockers = this.blockers(seed, target.region, list);
    if (blockers !== null) {
      for (const j of blockers) lift(j);
      state.place(seed, target.region, target.start, target.pieces);
    } else if (was[0]!.region >= 0) {
      const back = was[0]!;
      state.place(seed, back.region, back.start, back.pieces);
      return 0;
    } else return 0;
    const rest = blockers.length > 0 ? blockers.slice() : [];
    const noise = rest.map((j) => this.heft[j]! * (0.5 + random.unit()));
    const sequence = rest.map((_, i) => i).sort((a, b) => noise[b]! - noise[a]! || a - b);
    let after = 0;
    const allowance = this.temperature > 0 ? -Math.log(1 - random.unit()) * this.temperature : 0;
    const limit = before + allowance;
    for (const i of sequence) {
      const j = rest[i]!;
      if (responder.find(j, this.terms)) {
        state.place(j, responder.region, responder.start, responder.pieces);
        after += state.cost[j]!;
      } else after += this.absent(j);
      if (after + state.cost[seed]! > limit && !model.anyPeak) break;
    }
    after = 0;
    for (const j of lifted) after += state.region[j]! >= 0 ? state.cost[j]! : this.absent(j);
    after += state.peakCost();
    if (after < limit - 1e-12 * Math.abs(before)) {
      this.accepted++;
      for (const j of lifted) this.regretOf[j] = this.regret(j);
      return before - after;
    }
    for (const j of lifted) if (state.region[j]! >= 0) state.lift(j);
    for (let i = 0; i < lifted.length; i++) {
      const back = was[i]!;
      if (back.region >= 0) state.place(lifted[i]!, back.region, back.start, back.pieces);
    }
    return 0;
  }

  /** Of a few places drawn at random, the cheapest under the prices. */
  private drawn(j: number): Option {
    const { random } = this;
    const { model } = this.state;
    const regions = model.regions(j);
    const slots = model.problem.jobs.slots[j]!;
    let best = Infinity;
    let target: Option = { region: this.ideal.region[j]!, start: this.ideal.start[j]!, pieces: null };
    for (let k = 0; k < 4; k++) {
      const r = regions[random.below(regions.length)]!;
      const start = model.release[j]! + random.below(model.last[j]! - model.release[j]! + 1);
      if (model.gapsBefore) {
        const g = r * (model.T + 1) + start;
        if (model.gapsBefore[g + slots]! > model.gapsBefore[g]!) continue;
      }
      const cost = this.oracle.pricer.costOf(j, r, [start, start + slots]);
      if (cost >= best) continue;
      best = cost;
      target = { region: r, start, pieces: null };
    }
    return target;
  }

  /** Jobs to lift so that `seed` fits there; null when too many or pinned ones stand in the way. */
  private blockers(seed: number, r: number, list: ArrayLike<number>): number[] | null {
    const { state, random } = this;
    const { model } = state;
    const { jobs, regions } = model.problem;
    if (r < 0) return null;
    const pue = regions[r]!.pue;
    const kw = jobs.powerKw[seed]! * pue;
    const found: number[] = [];
    // Loads without the jobs found so far.
    const over = (cell: number) => {
      let power = state.power[cell]! + kw - state.powerRoom[cell]!;
      let vcpu = model.hasVcpu[r] ? state.vcpu[cell]! + jobs.vcpu[seed]! - state.vcpuRoom[cell]! : 0;
      let gpu = model.hasGpu[r] ? state.gpu[cell]! + jobs.gpu[seed]! - state.gpuRoom[cell]! : 0;
      if (power <= 0 && vcpu <= 0 && gpu <= 0) return false;
      for (const j of found) {
        if (!covers(state.listOf(j), cell - r * model.T)) continue;
        power -= jobs.powerKw[j]! * pue;
        vcpu -= jobs.vcpu[j]!;
        gpu -= jobs.gpu[j]!;
      }
      return power > 0 || vcpu > 0 || gpu > 0;
    };
    for (let p = 0; p < list.length; p += 2) {
      for (let t = list[p]!; t < list[p + 1]!; t++) {
        const cell = r * model.T + t;
        while (over(cell)) {
          if (found.length >= MOST_BLOCKERS) return null;
          const pick = this.pickBlocker(cell, kw, random);
          if (pick < 0) return null;
          this.mark[pick] = this.stamp;
          found.push(pick);
        }
      }
    }
    return this.cleanBlockers(seed, r, list, found) ? found : null;
  }

  /** Adds jobs under the same carbon caps until `j` fits under each; false when too many would have to go. */
  private cleanBlockers(j: number, r: number, list: ArrayLike<number>, found: number[]): boolean {
    const { state, responder, random } = this;
    const { model } = state;
    const caps = model.capsOfClass[model.classOfTeam[model.problem.jobs.team[j]!]!]!;
    for (const c of caps) {
      const kg = (other: number) => state.kgOf(other, c, state.region[other]!, state.listOf(other));
      let over = state.carbon[c]! + state.kgOf(j, c, r, list) - state.carbonRoom[c]!;
      for (const other of found) if (this.members[c]!.includes(other)) over -= kg(other);
      while (over > 0) {
        if (found.length >= MOST_BLOCKERS) return false;
        let pick = -1;
        let most = 0;
        for (let k = 0; k < 6; k++) {
          const other = this.members[c]![random.below(this.members[c]!.length)]!;
          if (this.mark[other] === this.stamp || state.region[other]! < 0 || responder.isPinned(other)) continue;
          const score = kg(other) * (0.3 + random.unit());
          if (score > most) {
            most = score;
            pick = other;
          }
        }
        if (pick < 0) return false;
        this.mark[pick] = this.stamp;
        found.push(pick);
        over -= kg(pick);
      }
    }
    return true;
  }

  /** A movable job in the cell that is not marked yet: of a few drawn, the one that loses least by leaving. */
  private pickBlocker(cell: number, kw: number, random: Random): number {
    const { state, responder } = this;
    const { jobs } = state.model.problem;
    const there = state.occupantsAt(cell);
    let pick = -1;
    let bestScore = Infinity;
    for (let k = 0; k < 8; k++) {
      const j = there[random.below(there.length)];
      if (j === undefined) return -1;
      if (this.mark[j] === this.stamp || responder.isPinned(j)) continue;
      const power = jobs.powerKw[j]!;
      if (power <= 0) continue;
      // Small jobs free little; large regret means that the job would rather be elsewhere.
      const score = Math.abs(power - kw) / (power + kw) - random.unit();
      if (score < bestScore) {
        bestScore = score;
        pick = j;
      }
    }
    if (pick >= 0) return pick;
    for (const j of there) if (this.mark[j] !== this.stamp && !responder.isPinned(j)) return j;
    return -1;
  }
}

const covers = (list: ArrayLike<number>, t: number): boolean => {
  for (let p = 0; p < list.length; p += 2) if (t >= list[p]! && t < list[p + 1]!) return true;
  return false;
};
