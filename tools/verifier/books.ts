/**
 * The books of a verification: each job's figures, and what its uses add up to by meter, region and hour, which the intervals
 * are made from.
 */
import type { Contracts } from '../../domain/contract.js';
import { type Nano, nanoNumber } from '../../domain/decimal.js';
import type { Constants, EvidenceJob, EvidencePlace } from '../../domain/evidence/record.js';
import type { CarbonKind } from '../../domain/signal.js';
import type { Use } from './counterfactual.js';
import { byHour } from './curve.js';
import { figuresOf, type JobFigures, roadmapUses } from './job.js';
import { type Place, placesOf } from './place.js';
import { Sums } from './sums.js';
import { type Team, teamOf } from './teams.js';
import { type ErrorModel, halfWidthOf, Sensitivity } from './uncertainty.js';

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

export class Books {
  readonly jobs: VerifiedFigures[] = [];
  readonly unverified: { jobId: string; why: string }[] = [];
  readonly sums = new Sums();
  readonly teams = new Map<string, Team>();
  readonly meters: Meters;
  readonly model: ErrorModel;
  /** kg of the saving. */
  readonly total: Sensitivity;
  /** kg of the roadmap's variant. */
  readonly roadmap: Sensitivity;
  /** Market-based kg by the main meter of each job. */
  readonly marketByMeter = new Map<number, number>();
  readonly #places: ReadonlyMap<string, Place>;
  readonly #charges: Parameters<typeof figuresOf>[3];
  readonly #first: number;
  readonly #scratch: Scratch;

  constructor(
    places: readonly EvidencePlace[],
    contracts: Contracts | null,
    constants: Constants,
    private readonly kind: CarbonKind,
  ) {
    this.#places = placesOf(places, contracts);
    this.model = {
      confidence: Number(constants.confidence),
      intensity: Number(constants.intensityHalfWidthRatio),
      regionBias: Number(constants.regionBiasHalfWidthRatio),
      draws: constants.draws,
    };
    this.#charges = {
      transferKwhPerGb: Number(constants.transferKwhPerGb),
      resumeMinutes: Number(constants.resumeMinutes),
      pausedPowerRatio: Number(constants.pausedPowerRatio),
    };
    this.meters = new Meters({
      measured: Number(constants.measuredHalfWidthRatio),
      modelled: Number(constants.modelledHalfWidthRatio),
      simulated: 0,
    });
    const { first, hours } = frameOf(this.#places);
    this.#first = first;
    this.total = new Sensitivity(this.#places.size, hours);
    this.roadmap = new Sensitivity(this.#places.size, hours);
    this.#scratch = new Scratch(this.#places.size, hours);
  }

  /** One job of the plan: verified, or unverified with the reason. */
  add(row: EvidenceJob): void {
    const figures = figuresOf(row, this.#places, this.kind, this.#charges);
    if ('why' in figures) {
      this.unverified.push({ jobId: row.jobId, why: figures.why });
      this.sums.miss(row);
      return;
    }
    const team = teamOf(this.teams, row.team);
    const own = this.#bookSaving(figures, team);
    if (figures.roadmapKg !== null) this.#bookRoadmap(figures, this.#places.get(row.baseline[0]!.region)!);
    const [cells, regions] = this.#scratch.take();
    const byMeter = [...own].map(([m, { kg }]) => ({ kg, halfWidth: this.meters.list[m]!.halfWidth }));
    const savedKg = figures.counterfactualKg - figures.actualKg - figures.overheadKg;
    const halfWidthKg = halfWidthOf(cells, regions, byMeter, this.model);
    this.jobs.push(kept(figures, savedKg, halfWidthKg));
    this.sums.add(figures, savedKg);
    team.saved += savedKg;
    if (figures.cost) team.cost += figures.cost.counterfactual - figures.cost.actual - figures.cost.overhead;
    else team.withoutPrice++;
    team.energy += figures.actualKwh;
    team.jobs++;
    const main = figures.actual.runs[0]!;
    const mainMeter = this.meters.of(main.place.region, main.meter);
    if (figures.marketKg !== null)
      this.marketByMeter.set(mainMeter, (this.marketByMeter.get(mainMeter) ?? 0) + nanoNumber(figures.marketKg));
    for (const [m, { kg }] of own) grow(team.byMeter, m, kg);
  }

  /** The job's saving into the total, its team and the scratch; its kg by meter. */
  #bookSaving(figures: JobFigures, team: Team): ReadonlyMap<number, { kg: number }> {
    const own = new Map<number, { kg: number }>();
    const add = (meter: number) => (cell: number, kg: number) => {
      this.total.add(meter, cell, kg);
      this.#scratch.add(cell, kg);
      grow(team.cells, cell, kg);
      if (meter > 0) grow(own, meter, kg);
    };
    // A meter's error is on both sides alike: the counterfactual is the same kWh elsewhere. With several meters each answers
    // for its share of the work.
    const { actual } = figures;
    for (const run of actual.runs) {
      const meter = this.meters.of(run.place.region, run.meter);
      const share = actual.itKwh > 0 ? run.itKwh / actual.itKwh : 0;
      for (const use of figures.counterfactual.runs) this.#book(use, share, add(meter));
      this.#book(run, -1, add(meter));
    }
    for (const use of figures.overheads.uses) this.#book(use, -1, add(0));
    return own;
  }

  #bookRoadmap({ actual }: JobFigures, home: Place): void {
    const uses = roadmapUses(actual, home);
    actual.runs.forEach((run, i) => {
      const meter = this.meters.of(run.place.region, run.meter);
      const into = (cell: number, kg: number) => this.roadmap.add(meter, cell, kg);
      this.#book(uses[i]!, 1, into);
      this.#book(run, -1, into);
    });
  }

  /** kg of a use by region and hour, as they add to a saving. */
  #book(use: Use, sign: number, into: (cell: number, kg: number) => void): void {
    const { hours } = this.total;
    byHour(use.from, use.to, (hour, from, to) => {
      const kwh = use.kwh * ((to - from) / (use.to - use.from));
      into(use.place.index * hours + hour - this.#first, (sign * kwh * use.place.carbon!.mean(from, to)) / 1000);
    });
  }
}

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
