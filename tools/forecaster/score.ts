/** How good forecasts were: errors, intervals, and what a decision that trusted them cost. */
import { type Decision, Decisions, decide, NEXT_DAY } from './decide.js';
import type { Frame } from './frame.js';
import { Intervals } from './intervals.js';

/** Forecasts of one model at ascending origins. */
export interface Forecasts {
  readonly origins: Int32Array;
  readonly horizon: number;
  readonly at: (origin: number, steps: number) => Float64Array;
}

export interface Part {
  /** what the part is of: start of a quarter, hours ahead, or hour of issue */
  readonly key: string;
  readonly mae: number;
  /** share of truths within the 90 % interval; null where none was given yet */
  readonly coverage: number | null;
}

export interface Score {
  readonly mae: number;
  readonly rmse: number;
  /** sum of absolute errors over the sum of absolute truths */
  readonly wape: number;
  /** mean pinball loss of the 10, 50 and 90 % quantiles; null where too few errors were known for any */
  readonly pinball: number | null;
  readonly coverage: number | null;
  readonly intervalWidth: number | null;
  readonly points: number;
  /** Part of the saving that perfect foresight makes, when a block of two hours within the horizon is chosen on the forecast, start-now being 0. */
  readonly realisedShare: number | null;
  readonly decision: Decision;
  readonly quarters: readonly Part[];
  readonly leads: readonly Part[];
  readonly issues: readonly (Part & { readonly realisedShare: number | null })[];
}

const COVERAGE = 0.9;
const QUANTILES = [0.1, 0.5, 0.9] as const;

export const scoreOf = (frame: Frame, { origins, horizon, at }: Forecasts): Score => {
  const sums = new Sums();
  const [quarters, leads, issues] = [new Map<string, Sums>(), new Map<string, Sums>(), new Map<string, Sums>()];
  const intervals = new Intervals(horizon, COVERAGE);
  const widest = Math.max(horizon, Math.round(NEXT_DAY.hours / frame.hours));
  for (const origin of origins) {
    const all = at(origin, widest);
    const values = all.subarray(0, horizon);
    intervals.learn(frame.values, origin);
    const band = intervals.around(values);
    const quantiles = QUANTILES.map((share) => intervals.quantiles(values, share));
    intervals.issued(origin, values, band);
    const { quarter, hour } = issueOf(frame, origin);
    const [of, issue] = [partOf(quarters, quarter), partOf(issues, hour)];
    for (let h = 0; h < horizon; h++) {
      const truth = frame.values[origin + h]!;
      const value = values[h]!;
      if (Number.isNaN(truth) || Number.isNaN(value)) continue;
      const lead = partOf(leads, String((h + 1) * frame.hours));
      const loss = quantiles.map((q, k) => pinball(truth, q[h]!, QUANTILES[k]!)).reduce((a, b) => a + b, 0) / 3;
      for (const part of [sums, of, issue, lead]) part.add(truth, value, band.low[h]!, band.high[h]!, loss);
    }
    const decided = decide(frame, origin, all, NEXT_DAY);
    if (decided !== null) for (const part of [sums, issue]) part.decisions.add(decided);
  }
  const parts = (map: Map<string, Sums>) => [...map].map(([key, part]) => ({ key, ...part.part() }));
  return {
    ...sums.score(),
    quarters: parts(quarters),
    leads: parts(leads),
    issues: [...issues].map(([key, part]) => ({ key, ...part.part(), realisedShare: part.decisions.realisedShare })),
  };
};

const partOf = (map: Map<string, Sums>, key: string): Sums => {
  const part = map.get(key) ?? new Sums();
  map.set(key, part);
  return part;
};

const issueOf = (frame: Frame, origin: number) => {
  const at = new Date((frame.observations.start + origin * frame.observations.stepMinutes * 60) * 1000).toISOString();
  const month = Number(at.slice(5, 7));
  return { quarter: `${at.slice(0, 4)}-Q${Math.ceil(month / 3)}`, hour: at.slice(11, 16) };
};

const pinball = (truth: number, quantile: number, share: number) =>
  Math.max(share * (truth - quantile), (share - 1) * (truth - quantile));

class Sums {
  #points = 0;
  #absolute = 0;
  #square = 0;
  #truth = 0;
  #covered = 0;
  #bounded = 0;
  #width = 0;
  #pinball = 0;
  readonly decisions = new Decisions();

  add(truth: number, value: number, low: number, high: number, loss: number): void {
    this.#points++;
    this.#absolute += Math.abs(value - truth);
    this.#square += (value - truth) ** 2;
    this.#truth += Math.abs(truth);
    if (Number.isNaN(low)) return;
    this.#bounded++;
    this.#width += high - low;
    this.#pinball += loss;
    if (low <= truth && truth <= high) this.#covered++;
  }

  part(): Omit<Part, 'key'> {
    return {
      mae: this.#absolute / this.#points,
      coverage: this.#bounded === 0 ? null : this.#covered / this.#bounded,
    };
  }

  score(): Omit<Score, 'quarters' | 'leads' | 'issues'> {
    const bounded = this.#bounded === 0 ? null : this.#bounded;
    return {
      ...this.part(),
      rmse: Math.sqrt(this.#square / this.#points),
      wape: this.#absolute / this.#truth,
      pinball: bounded && this.#pinball / bounded,
      intervalWidth: bounded && this.#width / bounded,
      points: this.#points,
      realisedShare: this.decisions.realisedShare,
      decision: this.decisions.means,
    };
  }
}
