/**
 * Prices that prove the best bound: deflected subgradient with Polyak steps on the Lagrangian dual.
 * The caller runs as many passes as it likes and reads the best bound and prices in between.
 */

import type { Model } from '../model.js';
import type { Oracle } from './bound.js';
import { copyPrices, noPrices, type Prices } from './prices.js';

/** One kind of limit: its prices, its caps and where the loads of a pass are found. */
interface Block {
  readonly price: Float64Array;
  readonly cap: Float64Array;
  readonly load: Float64Array;
  readonly scale: Float64Array;
  readonly direction: Float64Array;
}

const DEFLECTION = 0.5;

/** How far a step goes, as part of what Polyak's rule says, and how many passes without a better bound shorten the next ones. */
export interface Stride {
  readonly theta: number;
  readonly patience: number;
}

/** From prices that may be far from the best ones. */
const FAR: Stride = { theta: 1, patience: 12 };
/** From prices that were the best ones of nearly the same problem: whole steps would leave them before they come back. */
export const NEAR: Stride = { theta: 0.03, patience: 4 };

export class Dual {
  readonly oracle: Oracle;
  prices: Prices;
  best: Prices;
  bestBound = Number.NEGATIVE_INFINITY;
  passes = 0;
  private readonly model: Model;
  private blocks: Block[];
  private readonly peakDirection: Float64Array;
  private theta: number;
  private readonly patience: number;
  private stalled = 0;
  private fresh = true;

  constructor(oracle: Oracle, warm?: Prices, stride: Stride = FAR) {
    this.oracle = oracle;
    this.model = oracle.model;
    this.theta = stride.theta;
    this.patience = stride.patience;
    this.prices = warm ? copyPrices(warm) : noPrices(oracle.model);
    this.best = copyPrices(this.prices);
    this.peakDirection = new Float64Array(oracle.model.R * oracle.model.T);
    this.blocks = this.buildBlocks();
  }

  private buildBlocks(): Block[] {
    const { model, oracle, prices } = this;
    const { problem } = model;
    const block = (price: Float64Array, cap: Float64Array, load: Float64Array): Block => {
      let largest = 0;
      for (let i = 0; i < cap.length; i++) if (cap[i]! < Infinity && cap[i]! > largest) largest = cap[i]!;
      const floor = largest > 0 ? largest * 0.02 : 1;
      return {
        price,
        cap,
        load,
        scale: cap.map((value) => Math.max(value, floor)),
        direction: new Float64Array(cap.length),
      };
    };
    const blocks: Block[] = [];
    if (model.hasPower.includes(1)) blocks.push(block(prices.power, model.powerCap, oracle.power));
    if (model.anyVcpu) blocks.push(block(prices.vcpu, problem.vcpuCap, oracle.vcpu));
    if (model.anyGpu) blocks.push(block(prices.gpu, problem.gpuCap, oracle.gpu));
    if (problem.carbonCaps.length > 0) {
      blocks.push(
        block(
          prices.carbon,
          Float64Array.from(problem.carbonCaps, (cap) => cap.capKg),
          oracle.carbon,
        ),
      );
    }
    return blocks;
  }

  /** One pass: bound at the current prices, then a step towards `target` (the best known cost, or null). */
  pass(target: number | null): number {
    const { oracle } = this;
    const bound = oracle.bound(this.prices);
    this.passes++;
    if (bound > this.bestBound) {
      const enough = bound - this.bestBound > 1e-5 * Math.abs(bound);
      this.bestBound = bound;
      this.best = copyPrices(this.prices);
      if (enough) this.stalled = 0;
      else this.stalled++;
    } else this.stalled++;
    if (this.stalled >= this.patience) {
      this.theta *= 0.6;
      this.stalled = 0;
      this.prices = copyPrices(this.best);
      this.blocks = this.buildBlocks();
      this.fresh = true;
      return bound;
    }
    this.step(bound, target);
    return bound;
  }

  private step(bound: number, target: number | null) {
    const beta = this.fresh ? 0 : DEFLECTION;
    this.fresh = false;
    let norm = 0;
    for (const { price, cap, load, scale, direction } of this.blocks) {
      for (let i = 0; i < cap.length; i++) {
        if (cap[i] === Infinity) continue;
        const slope = (load[i]! - cap[i]!) / scale[i]!;
        let d = beta * direction[i]! + (1 - beta) * slope;
        if (d < 0 && price[i] === 0) d = 0;
        direction[i] = d;
        norm += d * d;
      }
    }
    norm += this.peakNorm(beta);
    if (norm === 0) return;
    const goal = target ?? this.bestBound + 0.05 * Math.abs(this.bestBound);
    const size = (this.theta * Math.max(goal - bound, 1e-6 * Math.abs(bound))) / norm;
    for (const { price, cap, scale, direction } of this.blocks) {
      for (let i = 0; i < cap.length; i++) {
        const d = direction[i]!;
        if (d === 0 || cap[i] === Infinity) continue;
        const value = price[i]! + (size * d) / scale[i]!;
        price[i] = value > 0 ? value : 0;
      }
    }
    if (this.model.anyPeak) this.peakStep(size);
  }

  /** Slope of the peak prices: load less the mean peak that the prices pay for. */
  private peakNorm(beta: number): number {
    const { model, oracle, prices, peakDirection } = this;
    if (!model.anyPeak) return 0;
    let norm = 0;
    for (let r = 0; r < model.R; r++) {
      if (!model.hasPeak[r]) continue;
      const charge = model.problem.regions[r]!.peakChargePerKw;
      const o = r * model.T;
      let paid = 0;
      let weighted = 0;
      let highest = 0;
      for (let t = 0; t < model.T; t++) {
        paid += prices.peak[o + t]!;
        weighted += prices.peak[o + t]! * oracle.power[o + t]!;
        if (oracle.power[o + t]! > highest) highest = oracle.power[o + t]!;
      }
      const mean = paid >= charge * (1 - 1e-9) ? weighted / charge : 0;
      const scale = Math.max(highest, 1e-9);
      for (let t = 0; t < model.T; t++) {
        const slope = (oracle.power[o + t]! - mean) / scale;
        let d = beta * peakDirection[o + t]! + (1 - beta) * slope;
        if (d < 0 && prices.peak[o + t] === 0) d = 0;
        peakDirection[o + t] = d;
        norm += d * d;
      }
    }
    return norm;
  }

  /** Step and projection on { p ≥ 0, Σ p ≤ charge } of each region. */
  private peakStep(size: number) {
    const { model, oracle, prices, peakDirection } = this;
    for (let r = 0; r < model.R; r++) {
      if (!model.hasPeak[r]) continue;
      const row = prices.peak.subarray(r * model.T, (r + 1) * model.T);
      let highest = 1e-9;
      for (let t = 0; t < model.T; t++) highest = Math.max(highest, oracle.power[r * model.T + t]!);
      let total = 0;
      for (let t = 0; t < model.T; t++) {
        row[t] = Math.max(0, row[t]! + (size * peakDirection[r * model.T + t]!) / highest);
        total += row[t]!;
      }
      const charge = model.problem.regions[r]!.peakChargePerKw;
      if (total > charge) projectToSum(row, charge);
    }
  }
}

/** Nearest point (Euclid) with non-negative entries that sum to `sum`; `row` is non-negative with a larger sum. */
export const projectToSum = (row: Float64Array, sum: number) => {
  const sorted = row.slice().sort();
  let total = 0;
  let shift = 0;
  for (let n = 1; n <= sorted.length; n++) {
    total += sorted[sorted.length - n]!;
    const candidate = (total - sum) / n;
    if (n < sorted.length && sorted[sorted.length - n - 1]! > candidate) continue;
    shift = candidate;
    break;
  }
  let paid = 0;
  for (let t = 0; t < row.length; t++) {
    row[t] = Math.max(0, row[t]! - shift);
    paid += row[t]!;
  }
  if (paid > sum) for (let t = 0; t < row.length; t++) row[t]! *= sum / paid;
};
