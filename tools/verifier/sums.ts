/** Totals of a verification, in whole 1e-9 of kg, money and kWh: they add up to the last digit in whatever order jobs come. */
import { type Nano, nano } from '../../domain/decimal.js';
import type { EvidenceJob } from '../../domain/evidence/record.js';
import { CAUSES, type Cause, type JobFigures } from './job.js';

export class Sums {
  claimedKg = 0n;
  claimedCost = 0n;
  counterfactualKg = 0n;
  actualKg = 0n;
  overheadKg = 0n;
  savedKg = 0n;
  roadmapKg = 0n;
  marketKg = 0n;
  withoutMarket = 0;
  withoutRoadmap = 0;
  /** Verified jobs without a known price. */
  withoutPrice = 0;
  /** Jobs with one. */
  priced = 0;
  missed = 0;
  costBefore = 0n;
  costAfter = 0n;
  costOverhead = 0n;
  counterfactualKwh = 0n;
  actualKwh = 0n;
  overheadKwh = 0n;
  baselineItKwh = 0;
  actualItKwh = 0;
  readonly kgSteps = new Map<Cause, Nano>();
  readonly costSteps = new Map<Cause, Nano>();

  add(f: JobFigures, savedKg: Nano) {
    this.claimedKg += f.claimedKg;
    this.claimedCost += f.claimedCost;
    this.counterfactualKg += f.counterfactualKg;
    this.actualKg += f.actualKg;
    this.overheadKg += f.overheadKg;
    this.savedKg += savedKg;
    if (f.roadmapKg === null) this.withoutRoadmap++;
    else this.roadmapKg += f.roadmapKg;
    if (f.marketKg === null) this.withoutMarket++;
    else this.marketKg += f.marketKg;
    if (f.cost === null) this.withoutPrice++;
    else {
      this.priced++;
      this.costBefore += f.cost.counterfactual;
      this.costAfter += f.cost.actual;
      this.costOverhead += f.cost.overhead;
    }
    this.counterfactualKwh += f.counterfactualKwh;
    this.actualKwh += f.actualKwh;
    this.overheadKwh += f.overheadKwh;
    this.baselineItKwh += f.baselineItKwh;
    this.actualItKwh += f.actualItKwh;
    for (const [steps, into] of [
      [f.kgSteps, this.kgSteps],
      [f.costSteps, this.costSteps],
    ] as const)
      for (const cause of CAUSES) {
        const amount = steps[cause];
        if (amount !== undefined) into.set(cause, (into.get(cause) ?? 0n) + amount);
      }
  }

  /** A job that is not verified takes its claim out of the books, by name. */
  miss(job: EvidenceJob) {
    this.missed++;
    const [kg, cost] = [nano(Number(job.claimedKg)), nano(Number(job.claimedCost))];
    this.claimedKg += kg;
    this.claimedCost += cost;
    this.kgSteps.set('not verified', (this.kgSteps.get('not verified') ?? 0n) - kg);
    this.costSteps.set('not verified', (this.costSteps.get('not verified') ?? 0n) - cost);
  }
}
