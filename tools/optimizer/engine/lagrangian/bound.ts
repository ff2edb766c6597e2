/** The lower bound at given prices, and the loads of the choices that prove it. */
import type { Model } from '../model.js';
import { emptySchedule } from '../problem.js';
import { type PricedLoads, Pricer } from './pricer.js';
import { type Prices, priceOfLimits } from './prices.js';

export class Oracle {
  readonly model: Model;
  readonly pricer: Pricer;
  /** Every job at its cheapest option under the last prices; loads at region × slots + slot. */
  readonly choice: ReturnType<typeof emptySchedule>;
  readonly power: Float64Array;
  readonly vcpu: Float64Array;
  readonly gpu: Float64Array;
  readonly carbon: Float64Array;
  private readonly differences: PricedLoads;
  private readonly order: Uint32Array;
  /** Jobs without any option, if there are some: the bound is then Infinity. */
  readonly impossible: number[] = [];

  constructor(model: Model) {
    this.model = model;
    this.order = byLength(model);
    this.pricer = new Pricer(model);
    this.choice = emptySchedule(model.N);
    const cells = model.R * model.T;
    const wide = model.R * (model.T + 1);
    this.power = new Float64Array(cells);
    this.vcpu = new Float64Array(cells);
    this.gpu = new Float64Array(cells);
    this.carbon = new Float64Array(model.problem.carbonCaps.length);
    this.differences = {
      power: new Float64Array(wide),
      vcpu: new Float64Array(wide),
      gpu: new Float64Array(wide),
      carbon: this.carbon,
    };
  }

  /** LB = Σ_j min_o [c_o + prices · usage_o] − prices · caps: valid for any non-negative prices. */
  bound(prices: Prices): number {
    const { model, pricer, choice, differences } = this;
    pricer.setPrices(prices);
    differences.power.fill(0);
    differences.vcpu.fill(0);
    differences.gpu.fill(0);
    this.carbon.fill(0);
    this.impossible.length = 0;
    choice.pieces.clear();
    let sum = 0;
    let rest = 0;
    for (let n = 0; n < model.N; n++) {
      const j = this.order[n]!;
      const cost = pricer.best(j);
      choice.region[j] = pricer.region;
      choice.start[j] = pricer.start;
      if (pricer.region < 0) {
        this.impossible.push(j);
        continue;
      }
      if (pricer.pieces) choice.pieces.set(j, pricer.pieces);
      pricer.addTo(differences, j);
      const corrected = cost - rest;
      const next = sum + corrected;
      rest = next - sum - corrected;
      sum = next;
    }
    this.settle(differences.power, this.power);
    if (model.anyVcpu) this.settle(differences.vcpu, this.vcpu);
    if (model.anyGpu) this.settle(differences.gpu, this.gpu);
    return this.impossible.length > 0 ? Infinity : sum - priceOfLimits(model, prices);
  }

  private settle(differences: Float64Array, loads: Float64Array) {
    const { T, R } = this.model;
    for (let r = 0; r < R; r++) {
      let load = 0;
      for (let t = 0; t < T; t++) {
        load += differences[r * (T + 1) + t]!;
        loads[r * T + t] = load;
      }
    }
  }
}

/** Jobs of one length together, so that the tables they look into stay in the processor's cache. */
const byLength = ({ problem: { jobs }, N, longest }: Model): Uint32Array => {
  const next = new Uint32Array(longest + 2);
  for (let j = 0; j < N; j++) next[jobs.slots[j]! + 1]!++;
  for (let length = 1; length < next.length; length++) next[length]! += next[length - 1]!;
  const order = new Uint32Array(N);
  for (let j = 0; j < N; j++) order[next[jobs.slots[j]!]!++] = j;
  return order;
};
