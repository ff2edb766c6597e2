/**
 * A proof of any size that no schedule exists: prices on the limits at which the jobs, each at the place where it pays least,
 * still pay more than all limits together are worth (a Farkas ray of the linear programme).
 */
import { Oracle } from '../lagrangian/bound.js';
import { noPrices, type Prices, priceOfLimits } from '../lagrangian/prices.js';
import type { Coupling } from '../milp/columns.js';
import type { Model } from '../model.js';
import { irreducible, type RawConflict } from './conflict.js';
import { capAt, conflictRow, type Family, familyOf, keyOf } from './raise.js';

/** Passes until a first proof, and passes on top that sharpen what is missing. */
const PASSES = 120;
const MORE_PASSES = 80;
/** Share of the limits' worth by which the jobs must pay more, so that rounding proves nothing. */
const MARGIN = 1e-6;
/** How strongly one pass shifts the weights towards overloaded limits, at first. */
const STEP = 0.5;
/** Caps are taken for at least this part of the largest of their kind where weights are compared. */
const FLOOR = 0.02;
const KINDS: readonly Coupling[] = ['power', 'vcpu', 'gpu', 'carbon'];

interface Row {
  readonly kind: Coupling;
  readonly at: number;
  readonly scale: number;
  /** Sum of its overloads so far, and its price before any. */
  overload: number;
  readonly prior: number;
  weight: number;
  mean: number;
}

/**
 * Weights on the limits that grow where the jobs overload them (multiplicative weights; their mean converges to the ray with
 * the largest shortfall, after Plotkin, Shmoys and Tardos, Math. Oper. Res. 20, 1995). `model` must hold no costs; `start`:
 * prices of the search that found no schedule. Null: nothing is proved.
 */
export const overloadRay = (model: Model, start: Prices, stop: () => boolean): RawConflict | null => {
  const oracle = new Oracle(model);
  const rows = rowsOf(model, start);
  if (rows.length === 0) return null;
  let best: Prices | null = null;
  let most = MARGIN;
  const judge = (prices: Prices) => {
    const excess = oracle.bound(prices);
    const worth = Math.max(priceOfLimits(model, prices), Number.MIN_VALUE);
    if (excess <= most * worth) return;
    most = excess / worth;
    best = prices;
  };
  let passes = PASSES;
  for (let pass = 1; pass <= passes && !stop(); pass++) {
    weigh(rows, STEP / Math.sqrt(pass), pass);
    if (pass % 8 === 0) judge(pricesOf(model, rows, ({ mean }) => mean));
    judge(pricesOf(model, rows, ({ weight }) => weight));
    shift(model, oracle, rows);
    if (best !== null && passes === PASSES) passes = pass + MORE_PASSES;
  }
  return best === null ? null : conflictOf(model, oracle, best);
};

const rowsOf = (model: Model, start: Prices): Row[] => {
  const rows: Row[] = [];
  for (const kind of KINDS) {
    const caps = Array.from({ length: start[kind].length }, (_, at) => capAt(model, kind, at));
    const largest = caps.reduce((most, cap) => (cap < Infinity && cap > most ? cap : most), 0);
    caps.forEach((cap, at) => {
      if (cap === Infinity) return;
      const scale = Math.max(cap, FLOOR * largest, Number.EPSILON);
      rows.push({ kind, at, scale, overload: 0, prior: start[kind][at]! * scale, weight: 0, mean: 0 });
    });
  }
  const dearest = rows.reduce((most, { prior }) => Math.max(most, prior), 0);
  // A limit without a price may yet matter: it starts with a little.
  return rows.map((row) => ({ ...row, prior: dearest > 0 ? row.prior / dearest + 1e-3 : 1 }));
};

/** Adds each limit's overload of this pass, as a share of the largest one. */
const shift = (model: Model, oracle: Oracle, rows: readonly Row[]) => {
  const over = (row: Row) => (oracle[row.kind][row.at]! - capAt(model, row.kind, row.at)) / row.scale;
  const widest = rows.reduce((most, row) => Math.max(most, Math.abs(over(row))), Number.MIN_VALUE);
  for (const row of rows) row.overload += over(row) / widest;
};

const weigh = (rows: readonly Row[], step: number, pass: number) => {
  const highest = rows.reduce((most, { overload }) => Math.max(most, overload), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const row of rows) {
    row.weight = row.prior * Math.exp(step * (row.overload - highest));
    sum += row.weight;
  }
  for (const row of rows) {
    row.weight /= sum;
    row.mean += (row.weight - row.mean) / pass;
  }
};

const pricesOf = (model: Model, rows: readonly Row[], weight: (row: Row) => number): Prices => {
  const prices = noPrices(model);
  for (const row of rows) prices[row.kind][row.at] = weight(row) / row.scale;
  return prices;
};

interface Priced {
  readonly family: Family;
  worth: number;
  readonly cells: number[];
}

const conflictOf = (model: Model, oracle: Oracle, ray: Prices): RawConflict => {
  const families = pricedFamilies(model, ray);
  const [first] = families;
  const alone = only(model, ray, first!);
  const suffices = oracle.bound(alone) > MARGIN * Math.max(priceOfLimits(model, alone), Number.MIN_VALUE);
  const prices = suffices ? alone : ray;
  const excess = oracle.bound(prices);
  const pays = (j: number) => oracle.pricer.best(j);
  const paying = Array.from({ length: model.N }, (_, j) => j).filter((j) => pays(j) > 0);
  const jobs = irreducible(paying, pays, priceOfLimits(model, prices));
  const kind = first!.family.kind === 'event' ? 'power' : first!.family.kind;
  const per = first!.cells.reduce((sum, at) => sum + prices[kind][at]!, 0);
  const dearest = first!.cells.reduce((a, b) => (prices[kind][b]! > prices[kind][a]! ? b : a));
  const available = capAt(model, kind, dearest);
  const missing = excess / per;
  return {
    jobs,
    others: paying.length - jobs.length,
    rows: [conflictRow(model, first!.family, first!.cells, available + missing, available)],
    missing,
    joint: true,
    sufficient: false,
  };
};

/** Limits with a price, those first whose prices are worth most. */
const pricedFamilies = (model: Model, prices: Prices): Priced[] => {
  const families = new Map<string, Priced>();
  for (const kind of KINDS) {
    for (let at = 0; at < prices[kind].length; at++) {
      if (prices[kind][at]! <= 0) continue;
      const family = familyOf(model, kind, at);
      const known = families.get(keyOf(family)) ?? { family, worth: 0, cells: [] };
      families.set(keyOf(family), known);
      known.worth += prices[kind][at]! * Math.max(capAt(model, kind, at), Number.MIN_VALUE);
      known.cells.push(at);
    }
  }
  return [...families.values()].sort((a, b) => b.worth - a.worth);
};

const only = (model: Model, prices: Prices, { family, cells }: Priced): Prices => {
  const kept = noPrices(model);
  const kind = family.kind === 'event' ? 'power' : family.kind;
  for (const at of cells) kept[kind][at] = prices[kind][at]!;
  return kept;
};
