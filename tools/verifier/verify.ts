/**
 * Verified savings of a set of moved jobs: a pure function of rows, so that anybody who has the rows gets the same digits.
 * Sums are whole 1e-9 of kg, money and kWh. Intervals are in uncertainty.ts.
 */
import { createHash } from 'node:crypto';
import type { Contracts } from '../../domain/contract.js';
import { microjoules, nanoNumber, nanoText } from '../../domain/decimal.js';
import type { Constants, EvidenceJob, EvidenceOutput, EvidencePlace } from '../../domain/evidence/record.js';
import type { CarbonKind } from '../../domain/signal.js';
import { Books, type VerifiedFigures } from './books.js';
import { CAUSES } from './job.js';
import { costText, fitting, intervalText, marketText, reboundOf, shift } from './report.js';
import { teamsText } from './teams.js';
import { spreadOf } from './uncertainty.js';

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

export interface Verified {
  readonly output: EvidenceOutput;
  readonly jobs: readonly VerifiedFigures[];
  readonly unverified: readonly { readonly jobId: string; readonly why: string }[];
  /** How many lack the roadmap's variant. */
  readonly withoutRoadmap: number;
}

const LISTED = 100;
const LISTED_BYTES = 20_000;

export const verify = (question: Question): Verified => {
  const books = new Books(question.places, question.contracts, question.constants, question.kind);
  for (const row of question.jobs) books.add(row);
  const { jobs, unverified, sums } = books;
  return { output: outputOf(question, books), jobs, unverified, withoutRoadmap: sums.withoutRoadmap };
};

const outputOf = (question: Question, books: Books): EvidenceOutput => {
  const { jobs, unverified, sums } = books;
  const { confidence } = question.constants;
  const spread = spreadOf(books.total, books.meters.list, books.model, question.seed);
  const rebound = reboundOf(sums, question.unplanned, Number(question.constants.reboundToleranceRatio));
  const shown = shift(spread, books.total, sums.savedKg);
  const needed = rebound.found ? Number(rebound.addedKg) : 0;
  const verdict = shown.high < 0 ? 'increase' : question.frozen && shown.low > needed ? 'saving' : 'not demonstrated';
  const roadmapSpread = spreadOf(books.roadmap, books.meters.list, books.model, question.seed);
  return {
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
      marketBased: marketText(
        question.contracts,
        sums,
        jobs.length,
        books.marketByMeter,
        books.meters.list,
        confidence,
      ),
      roadmapVariant: {
        name: 'original-region-at-actual-time',
        savedKg: intervalText(sums.roadmapKg, shift(roadmapSpread, books.roadmap, sums.roadmapKg), confidence),
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
      draws: spread.method === 'monte_carlo' ? books.model.draws : null,
      seed: spread.method === 'monte_carlo' ? question.seed : null,
    },
    byTeam: teamsText([...books.teams.values()], books.meters.list, books.model, books.total.hours, confidence),
    teams: books.teams.size,
    jobsDigest: digestOfLines(jobs.map((j) => jobLine(j, confidence))),
  };
};

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
