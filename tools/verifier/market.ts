/**
 * Market-based intensity (GHG Protocol Scope 2): what contracts and certificates cover, and the residual mix for the rest.
 * Where neither is known the answer is unknown; the location's average is never put in its place.
 */
import type { Contracts } from '../../domain/contract.js';
import { invalid } from '../../domain/fault.js';
import { instant, toEpoch } from '../../domain/time.js';
import type { Mean } from './curve.js';

interface Span {
  readonly from: number;
  readonly to: number;
  readonly intensity: number;
}

const spanOf = (of: { from: string; to: string; intensityGPerKwh: string }): Span => ({
  from: toEpoch(instant(of.from)),
  to: toEpoch(instant(of.to)),
  intensity: Number(of.intensityGPerKwh),
});

/** Piecewise constant between the moments at which something begins or ends. */
class Market implements Mean {
  readonly #moments: number[];
  readonly #values: number[];
  constructor(contracts: readonly (Span & { share: number })[], residual: readonly Span[]) {
    const moments = new Set<number>();
    for (const { from, to } of [...contracts, ...residual]) moments.add(from).add(to);
    this.#moments = [...moments].sort((a, b) => a - b);
    this.#values = this.#moments.map((at) => {
      const covers = (s: Span) => s.from <= at && at < s.to;
      let share = 0;
      let value = 0;
      for (const contract of contracts.filter(covers)) {
        share += contract.share;
        value += contract.share * contract.intensity;
      }
      const rest = Math.max(0, 1 - share);
      if (rest < 1e-12) return value;
      const mix = residual.find(covers);
      return mix ? value + rest * mix.intensity : Number.NaN;
    });
  }

  mean(from: number, to: number): number {
    let sum = 0;
    let known = 0;
    for (let i = 0; i < this.#moments.length; i++) {
      const a = Math.max(from, this.#moments[i]!);
      const b = Math.min(to, this.#moments[i + 1] ?? this.#moments[i]!);
      if (b <= a) continue;
      sum += this.#values[i]! * (b - a);
      known += b - a;
    }
    return known === to - from && to > from ? sum / (to - from) : Number.NaN;
  }
}

/** By region. */
export const marketsOf = ({ contracts, residualMix }: Contracts): Map<string, Mean> => {
  const regions = new Set([...contracts, ...residualMix].map((c) => c.region));
  return new Map(
    [...regions].map((region) => [
      region,
      new Market(
        contracts.filter((c) => c.region === region).map((c) => ({ ...spanOf(c), share: Number(c.coverageRatio) })),
        residualMix.filter((m) => m.region === region).map(spanOf),
      ),
    ]),
  );
};

/** Throws Fault `invalid-input` where contracts cover more than all, two residual mixes hold at once, or a span is empty. */
export const checkContracts = ({ contracts, residualMix }: Contracts): void => {
  const problems: { field: string; message: string }[] = [];
  const check = (list: readonly { region: string; from: string; to: string }[], field: string) =>
    list.forEach((c, i) => {
      if (c.from >= c.to) problems.push({ field: `${field}.${i}.to`, message: `${c.to} is not after ${c.from}` });
    });
  check(contracts, 'contracts');
  check(residualMix, 'residualMix');
  contracts.forEach((c, i) => {
    const ratio = Number(c.coverageRatio);
    if (!(ratio >= 0 && ratio <= 1))
      problems.push({
        field: `contracts.${i}.coverageRatio`,
        message: `${c.coverageRatio} is not a share from 0 to 1`,
      });
    const together = contracts
      .filter((o) => o.region === c.region && o.from <= c.from && c.from < o.to)
      .reduce((sum, o) => sum + Number(o.coverageRatio), 0);
    if (together > 1 + 1e-12)
      problems.push({
        field: `contracts.${i}.coverageRatio`,
        message: `contracts in ${c.region} cover ${together} of the use at ${c.from}; nothing is covered twice`,
      });
  });
  residualMix.forEach((m, i) => {
    if (residualMix.some((o, k) => k < i && o.region === m.region && o.from < m.to && m.from < o.to))
      problems.push({
        field: `residualMix.${i}`,
        message: `another residual mix holds in ${m.region} at the same time`,
      });
  });
  if (problems.length > 0)
    throw invalid(
      problems.map((p) => `${p.field}: ${p.message}`).join('; '),
      'Mend the named lines and import the file again; nothing was imported.',
      problems,
    );
};
