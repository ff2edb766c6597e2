/**
 * Verified savings of a set of moved jobs: a pure function of rows, so that anybody who has the rows gets the same digits.
 * Sums are whole 1e-9 of kg, money and kWh. Intervals are in uncertainty.ts.
 */
import { createHash } from 'node:crypto';
import type { Contracts } from '../../domain/contract.js';
import { microjoules, type Nano, nanoNumber, nanoText } from '../../domain/decimal.js';
import type { Constants, EvidenceJob, EvidenceOutput, EvidencePlace } from '../../domain/evidence/record.js';
import type { CarbonKind } from '../../domain/signal.js';
import type { Use } from './counterfactual.js';
import { byHour } from './curve.js';
import { CAUSES, figuresOf, type JobFigures, roadmapUses } from './job.js';
import { type Place, placesOf } from './place.js';
import { costText, fitting, intervalText, marketText, reboundOf, shift } from './report.js';
import { Sums } from './sums.js';
import { type Team, teamOf, teamsText } from './teams.js';
import { type ErrorModel, halfWidthOf, Sensitivity, spreadOf } from './uncertainty.js';

export const METHOD = { name: 'original-region-at-original-time', version: '1' } as const;

export interface Question {
  readonly jobs: readonly EvidenceJob[];
  readonly places: readonly EvidencePlace[];
  readonly contracts: Contracts | null;
  readonly kind: CarbonKind;
  readonly constants: Constants;
  /** Whether the ledger holds the baseline as it was before the plan: without that no saving is demonstrated. */
  readonly frozen: boolean;
  /** Work that ran under the order and is not in the plan. */
  readonly unplanned: { readonly jobs: number; readonly energyKwh: string };
  readonly seed: number;
}

/** What is kept of a job: its uses by place and time are gone once they are booked. */
export interface VerifiedFigures
  extends Pick<
    JobFigures,
    | 'job'
    | 'claimedKg'
    | 'claimedCost'
    | 'counterfactualKg'
    | 'actualKg'
    | 'overheadKg'
    | 'kgSteps'
    | 'cost'
    | 'costSteps'
    | 'actualKwh'
    | 'roadmapKg'
  > {
  readonly savedKg: Nano;
  readonly halfWidthKg: number;
}

export interface Verified {
  readonly output: EvidenceOutput;
  readonly jobs: readonly VerifiedFigures[];
  readonly unverified: readonly { readonly jobId: string; readonly why: string }[];
  /** How many lack the roadmap's variant. */
  readonly withoutRoadmap: number;
}

const LISTED = 100;
const LISTED_BYTES = 20_000;

/** The meters whose errors are told apart: one per region and kind of figure. Meter 0 is exact. */
class Meters {
  readonly list: { readonly halfWidth: number }[] = [{ halfWidth: 0 }];
  readonly #index = new Map<string, number>();
  constructor(private readonly halfWidths: Readonly<Record<'measured' | 'modelled' | 'simulated', number>>) {}
  of(region: string, source: 'measured' | 'modelled' | 'simulated'): number {
    const halfWidth = this.halfWidths[source];
    if (halfWidth === 0) return 0;
    const key = `${source}/${region}`;
    let index = this.#index.get(key);
    if (index === undefined) {
      index = this.list.length;
      this.list.push({ halfWidth });
      this.#index.set(key, index);
    }
    return index;
  }
}

/** kg of one job or team by cell; emptied for the next. */
class Scratch {
  readonly #cells: Float64Array;
  readonly #touched: number[] = [];
  readonly #regions: Float64Array;
  constructor(
    regions: number,
    private readonly hours: number,
  ) {
    this.#cells = new Float64Array(regions * hours);
    this.#regions = new Float64Array(regions);
  }
  add(cell: number, kg: number) {
    if (this.#cells[cell] === 0) this.#touched.push(cell);
    this.#cells[cell]! += kg;
  }
  /** Σ cell², Σ region²; then empty. */
  take(): [cells: number, regions: number] {
    let cells = 0;
    for (const c of this.#touched) {
      const kg = this.#cells[c]!;
      cells += kg * kg;
      this.#regions[Math.floor(c / this.hours)]! += kg;
      this.#cells[c] = 0;
    }
    this.#touched.length = 0;
    let regions = 0;
    for (let r = 0; r < this.#regions.length; r++) {
      regions += this.#regions[r]! * this.#regions[r]!;
      this.#regions[r] = 0;
    }
    return [cells, regions];
  }
}

const HOUR = 3600;

/** The hours that any known signal covers: outside there is no cell because there is no figure. */
const frameOf = (places: ReadonlyMap<string, Place>) => {
  let first = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const { carbon } of places.values()) {
    if (!carbon) continue;
    first = Math.min(first, Math.floor(carbon.start / HOUR));
    end = Math.max(end, Math.ceil(carbon.end / HOUR));
  }
  return first < end ? { first, hours: end - first } : { first: 0, hours: 1 };
};

export const verify = (question: Question): Verified => {
  const { constants } = question;
  const places = placesOf(question.places, question.contracts);
  const model: ErrorModel = {
    confidence: Number(constants.confidence),
    intensity: Number(constants.intensityHalfWidthRatio),
    regionBias: Number(constants.regionBiasHalfWidthRatio),
    draws: constants.draws,
  };
  const charges = {
    transferKwhPerGb: Number(constants.transferKwhPerGb),
    resumeMinutes: Number(constants.resumeMinutes),
    pausedPowerRatio: Number(constants.pausedPowerRatio),
  };
  const meters = new Meters({
    measured: Number(constants.measuredHalfWidthRatio),
    modelled: Number(constants.modelledHalfWidthRatio),
    simulated: 0,
  });
  const { first, hours } = frameOf(places);
  const total = new Sensitivity(places.size, hours);
  const roadmap = new Sensitivity(places.size, hours);
  const scratch = new Scratch(places.size, hours);
  /** kg of a use by region and hour, as they add to a saving. */
  const book = (use: Use, sign: number, into: (cell: number, kg: number) => void) =>
    byHour(use.from, use.to, (hour, from, to) => {
      const kwh = use.kwh * ((to - from) / (use.to - use.from));
      into(use.place.index * hours + hour - first, (sign * kwh * use.place.carbon!.mean(from, to)) / 1000);
    });

  const jobs: VerifiedFigures[] = [];
  const unverified: { jobId: string; why: string }[] = [];
  const teams = new Map<string, Team>();
  const sums = new Sums();
  const marketByMeter = new Map<number, number>();
  for (const row of question.jobs) {
    const figures = figuresOf(row, places, question.kind, charges);
    if ('why' in figures) {
      unverified.push({ jobId: row.jobId, why: figures.why });
      sums.miss(row);
      continue;
    }
    const team = teamOf(teams, row.team);
    const own = new Map<number, { kg: number }>();
    const add = (meter: number) => (cell: number, kg: number) => {
      total.add(meter, cell, kg);
      scratch.add(cell, kg);
      grow(team.cells, cell, kg);
      if (meter > 0) grow(own, meter, kg);
    };
    // A meter's error is on both sides alike: the counterfactual is the same kWh elsewhere. With several meters each answers
    // for its share of the work.
    const { actual } = figures;
    for (const run of actual.runs) {
      const meter = meters.of(run.place.region, run.meter);
      const share = actual.itKwh > 0 ? run.itKwh / actual.itKwh : 0;
      for (const use of figures.counterfactual.runs) book(use, share, add(meter));
      book(run, -1, add(meter));
    }
    for (const use of figures.overheads.uses) book(use, -1, add(0));
    if (figures.roadmapKg !== null) {
      const home = places.get(row.baseline[0]!.region)!;
      const uses = roadmapUses(actual, home);
      actual.runs.forEach((run, i) => {
        const meter = meters.of(run.place.region, run.meter);
        const into = (cell: number, kg: number) => roadmap.add(meter, cell, kg);
        book(uses[i]!, 1, into);
        book(run, -1, into);
      });
    }
    const [cells, regions] = scratch.take();
    const byMeter = [...own].map(([m, { kg }]) => ({ kg, halfWidth: meters.list[m]!.halfWidth }));
    const savedKg = figures.counterfactualKg - figures.actualKg - figures.overheadKg;
    const halfWidthKg = halfWidthOf(cells, regions, byMeter, model);
    jobs.push(kept(figures, savedKg, halfWidthKg));
    sums.add(figures, savedKg);
    team.saved += savedKg;
    if (figures.cost) team.cost += figures.cost.counterfactual - figures.cost.actual - figures.cost.overhead;
    else team.withoutPrice++;
    team.energy += figures.actualKwh;
    team.jobs++;
    const mainMeter = meters.of(actual.runs[0]!.place.region, actual.runs[0]!.meter);
    if (figures.marketKg !== null)
      marketByMeter.set(mainMeter, (marketByMeter.get(mainMeter) ?? 0) + nanoNumber(figures.marketKg));
    for (const [m, { kg }] of own) grow(team.byMeter, m, kg);
  }

  const confidence = constants.confidence;
  const spread = spreadOf(total, meters.list, model, question.seed);
  const rebound = reboundOf(sums, question.unplanned, Number(constants.reboundToleranceRatio));
  const shown = shift(spread, total, sums.savedKg);
  const needed = rebound.found ? Number(rebound.addedKg) : 0;
  const verdict = shown.high < 0 ? 'increase' : question.frozen && shown.low > needed ? 'saving' : 'not demonstrated';
  const roadmapSpread = spreadOf(roadmap, meters.list, model, question.seed);
  const output: EvidenceOutput = {
    verdict,
    jobs: jobs.length,
    unverifiedCount: unverified.length,
    unverified: fitting(unverified, LISTED, LISTED_BYTES),
    claimed: { emissionsKg: nanoText(sums.claimedKg), cost: nanoText(sums.claimedCost) },
    difference: CAUSES.map((cause) => ({
      cause,
      emissionsKg: nanoText(sums.kgSteps.get(cause) ?? 0n),
      cost: nanoText(sums.costSteps.get(cause) ?? 0n),
    })),
    verified: {
      locationBased: {
        counterfactualKg: nanoText(sums.counterfactualKg),
        actualKg: nanoText(sums.actualKg),
        overheadKg: nanoText(sums.overheadKg),
        savedKg: intervalText(sums.savedKg, shown, confidence),
      },
      marketBased: marketText(question.contracts, sums, jobs.length, marketByMeter, meters.list, confidence),
      roadmapVariant: {
        name: 'original-region-at-actual-time',
        savedKg: intervalText(sums.roadmapKg, shift(roadmapSpread, roadmap, sums.roadmapKg), confidence),
      },
      cost: costText(question.places, sums),
      energy: {
        counterfactualKwh: nanoText(sums.counterfactualKwh),
        actualKwh: nanoText(sums.actualKwh),
        actualUj: microjoules(sums.actualKwh),
        overheadKwh: nanoText(sums.overheadKwh),
        savedKwh: nanoText(sums.counterfactualKwh - sums.actualKwh - sums.overheadKwh),
      },
    },
    rebound,
    interval: {
      method: spread.method,
      why: spread.why,
      draws: spread.method === 'monte_carlo' ? model.draws : null,
      seed: spread.method === 'monte_carlo' ? question.seed : null,
    },
    byTeam: teamsText([...teams.values()], meters.list, model, hours, confidence),
    teams: teams.size,
    jobsDigest: digestOfLines(jobs.map((j) => jobLine(j, confidence))),
  };
  return { output, jobs, unverified, withoutRoadmap: sums.withoutRoadmap };
};

/** A sum by key that is changed in place: a number in a Map would be a new one at each addition. */
const grow = (sums: Map<number, { kg: number }>, key: number, kg: number) => {
  const sum = sums.get(key);
  if (sum) sum.kg += kg;
  else sums.set(key, { kg });
};

const kept = (f: JobFigures, savedKg: Nano, halfWidthKg: number): VerifiedFigures => ({
  job: f.job,
  claimedKg: f.claimedKg,
  claimedCost: f.claimedCost,
  counterfactualKg: f.counterfactualKg,
  actualKg: f.actualKg,
  overheadKg: f.overheadKg,
  kgSteps: f.kgSteps,
  cost: f.cost,
  costSteps: f.costSteps,
  actualKwh: f.actualKwh,
  roadmapKg: f.roadmapKg,
  savedKg,
  halfWidthKg,
});

/** One verified job as canonical JSON: the members stand in order of their names, and only the job's has text to escape. */
export const jobLine = (f: VerifiedFigures, confidence: string): string => {
  const value = nanoNumber(f.savedKg);
  const { low, high } = intervalText(
    f.savedKg,
    { low: value - f.halfWidthKg, high: value + f.halfWidthKg },
    confidence,
  );
  const cost = f.cost ? `"${nanoText(f.cost.counterfactual - f.cost.actual - f.cost.overhead)}"` : null;
  return (
    `{"actualKg":"${nanoText(f.actualKg)}","cost":${cost},"counterfactualKg":"${nanoText(f.counterfactualKg)}",` +
    `"energyKwh":"${nanoText(f.actualKwh)}","high":"${high}","jobId":${JSON.stringify(f.job.jobId)},"low":"${low}",` +
    `"overheadKg":"${nanoText(f.overheadKg)}","savedKg":"${nanoText(f.savedKg)}"}`
  );
};

/** SHA-256 over lines, each with its newline. */
export const digestOfLines = (lines: Iterable<string>): string => {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex');
};
