/** Figures of a verification as decimal text. */
import type { Contracts } from '../../domain/contract.js';
import { decimal, type Nano, nano, nanoNumber, nanoText } from '../../domain/decimal.js';
import type { EvidenceOutput, EvidencePlace } from '../../domain/evidence/record.js';
import type { Sums } from './sums.js';
import type { Interval, Sensitivity } from './uncertainty.js';

/** The interval around the amount in the books: Σ A in floating point and the sum of whole amounts differ in the last digits. */
export const shift = (interval: Interval, of: Sensitivity, value: Nano): Interval => {
  let sum = 0;
  for (const part of of.parts) if (part) for (let c = 0; c < part.length; c++) sum += part[c]!;
  const by = nanoNumber(value) - sum;
  return { low: interval.low + by, high: interval.high + by };
};

export const intervalText = (value: Nano, { low, high }: Interval, confidence: string) => {
  const [lowest, highest] = [nano(low), nano(high)];
  return {
    value: nanoText(value),
    low: nanoText(lowest < value ? lowest : value),
    high: nanoText(highest > value ? highest : value),
    confidence,
  };
};

export const marketText = (
  contracts: Contracts | null,
  sums: Sums,
  jobs: number,
  byMeter: ReadonlyMap<number, number>,
  meters: readonly { readonly halfWidth: number }[],
  confidence: string,
): EvidenceOutput['verified']['marketBased'] => {
  if (contracts === null) return { savedKg: null, why: 'no file of contracts and residual mix was imported' };
  if (sums.withoutMarket > 0)
    return {
      savedKg: null,
      why: `for ${sums.withoutMarket} of ${jobs} jobs neither contracts nor a residual mix cover the whole use`,
    };
  let squared = 0;
  for (const [m, kg] of byMeter) squared += (kg * meters[m]!.halfWidth) ** 2;
  const [value, half] = [nanoNumber(sums.marketKg), Math.sqrt(squared)];
  return { savedKg: intervalText(sums.marketKg, { low: value - half, high: value + half }, confidence), why: null };
};

/** The first of them, as many as fit: a ledger entry holds 64 KiB, and names may be long. */
export const fitting = <T>(items: readonly T[], most: number, bytes: number): T[] => {
  let left = bytes;
  const kept: T[] = [];
  for (const item of items.slice(0, most)) {
    left -= Buffer.byteLength(JSON.stringify(item));
    if (left < 0) break;
    kept.push(item);
  }
  return kept;
};

/** A site's peak is made by all its jobs together, so no moved job answers for a share of what the peak costs. */
const outsideOf = (places: readonly EvidencePlace[], sums: Sums): string[] => [
  ...places
    .filter((place) => Number(place.demandChargePerKw) > 0)
    .map(({ region }) => `the demand charge of ${region}`),
  ...(sums.withoutPrice > 0 ? [`the cost of jobs without a known price: ${sums.withoutPrice}`] : []),
];

/** A sum over jobs of which none has a known price is not known, and not zero. */
export const costText = (places: readonly EvidencePlace[], sums: Sums): EvidenceOutput['verified']['cost'] => {
  const known = sums.priced > 0 || sums.withoutPrice + sums.missed === 0;
  const money = (amount: Nano) => (known ? nanoText(amount) : null);
  return {
    counterfactual: money(sums.costBefore),
    actual: money(sums.costAfter),
    overhead: money(sums.costOverhead),
    saved: money(sums.costBefore - sums.costAfter - sums.costOverhead),
    withoutPrice: sums.withoutPrice,
    outside: outsideOf(places, sums),
  };
};

export const reboundOf = (
  sums: Sums,
  unplannedWork: { readonly jobs: number; readonly energyKwh: string },
  tolerance: number,
): EvidenceOutput['rebound'] => {
  const unplanned = Number(unplannedWork.energyKwh);
  const added = Math.max(0, sums.actualItKwh - sums.baselineItKwh) + unplanned;
  const ratio = sums.baselineItKwh > 0 ? (sums.actualItKwh + unplanned) / sums.baselineItKwh - 1 : null;
  const found = added > tolerance * sums.baselineItKwh;
  const mean = sums.actualKwh > 0n ? nanoNumber(sums.actualKg) / nanoNumber(sums.actualKwh) : 0;
  const facility = sums.actualItKwh > 0 ? nanoNumber(sums.actualKwh) / sums.actualItKwh : 1;
  return {
    baselineItKwh: nanoText(nano(sums.baselineItKwh)),
    actualItKwh: nanoText(nano(sums.actualItKwh)),
    addedRatio: ratio === null ? null : nanoText(nano(ratio)),
    toleranceRatio: decimal(tolerance),
    unplannedJobs: unplannedWork.jobs,
    unplannedKwh: unplannedWork.energyKwh,
    addedKg: nanoText(nano((Math.max(0, sums.actualItKwh - sums.baselineItKwh) * facility + unplanned) * mean)),
    found,
  };
};
