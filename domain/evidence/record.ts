/**
 * `caco-evidence/1`: everything that a stranger needs to recompute a verified saving. kWh, kg, money and intensities are
 * decimal text, microjoules integer text, so that no reader's floating point disagrees. The ledger keeps the record without
 * `rows`, which it names by digest; an exported file carries them.
 */
import { z } from 'zod';
import { Contracts } from '../contract.js';
import { Decimal } from '../decimal.js';
import { CarbonKind } from '../signal.js';
import { defineCollection, defineRows } from '../store.js';

const Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256, hex');
const Amount = Decimal;
const Microjoules = z
  .string()
  .regex(/^-?\d+$/)
  .describe('µJ, integer text');
const Moment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
  .describe('UTC instant');

const Interval = z.strictObject({ value: Amount, low: Amount, high: Amount, confidence: Amount });
const Causes = z.array(z.strictObject({ cause: z.string(), emissionsKg: Amount, cost: Amount }));

/** A piece of a schedule; energy of the facility. */
export const EvidencePiece = z.strictObject({ end: Moment, energyKwh: Amount, region: z.string(), start: Moment });
export const EvidenceRan = z.strictObject({
  end: Moment,
  energyKwh: Amount,
  energyUj: Microjoules,
  region: z.string(),
  source: z.enum(['measured', 'modelled', 'simulated']),
  start: Moment,
});

/** One moved job: everything about it that the figures depend on. */
export const EvidenceJob = z.strictObject({
  baseline: z.array(EvidencePiece).describe('as it would have run'),
  claimedCost: Amount,
  claimedKg: Amount,
  dataGb: Amount,
  due: Moment.nullable(),
  excluded: z.string().nullable().describe('why it does not count, from outside: claimed elsewhere, still running'),
  homeRegion: z.string(),
  instanceType: z.string().nullable(),
  jobId: z.string(),
  planned: z.array(EvidencePiece),
  ran: z.array(EvidenceRan),
  resumeCost: Amount,
  tardinessCostPerHour: Amount,
  team: z.string(),
});
export type EvidenceJob = z.infer<typeof EvidenceJob>;

const Curve = z.strictObject({
  source: z.string(),
  status: z.string(),
  issuedAt: Moment,
  start: Moment,
  stepMinutes: z.number().int().positive(),
  values: z.array(Amount.nullable()).describe('null: a gap'),
});

/** A region with what was really known of it at the time of the verification. */
export const EvidencePlace = z.strictObject({
  region: z.string(),
  pue: Amount,
  payer: z.enum(['tenant', 'owner']),
  instancePricesPerHour: z.record(z.string(), Amount),
  egressPerGb: Amount,
  demandChargePerKw: Amount.describe('what the payer owes for the peak of a billing period; of all jobs together'),
  carbon: Curve.extend({ kind: CarbonKind }).nullable().describe('g/kWh; null: no signal'),
  price: Curve.nullable().describe('money per MWh that the payer owes, levy included; null: no price'),
});
export type EvidencePlace = z.infer<typeof EvidencePlace>;

const Share = Decimal.refine((text) => !text.startsWith('-'), 'must not be negative');

const constants = {
  confidence: Share.refine((text) => Number(text) > 0 && Number(text) < 1, 'must lie between 0 and 1').describe(
    'stated coverage of intervals',
  ),
  intensityHalfWidthRatio: Share.describe(
    'half-width of the intensity of one region and hour at that confidence, normal; all work of that region and hour shares the error, other hours and regions do not',
  ),
  regionBiasHalfWidthRatio: Share.describe('half-width of an error that all hours of a region share, normal'),
  measuredHalfWidthRatio: Share.describe('half-width of measured energy, normal; jobs of one region share it'),
  modelledHalfWidthRatio: Share.describe('half-width of modelled energy, normal; jobs of one region share it'),
  transferKwhPerGb: Share.describe('network energy of data that a job brings along, kWh per GB'),
  resumeMinutes: Share.describe('work repeated or written for each resumption, minutes at the job’s power'),
  pausedPowerRatio: Share.describe('share of the job’s power held while it waits between its pieces'),
  reboundToleranceRatio: Share.describe('more added work than this share is a rebound'),
  draws: z.number().int().min(1000).max(1_000_000).describe('of the Monte Carlo'),
};

/** Constants of the method; each of them shapes the output, so a record names them all. */
export const Constants = z.strictObject(constants);
export type Constants = z.infer<typeof Constants>;

/** Some of them, where a caller wants others than the defaults. */
export const SomeConstants = z.strictObject(constants).partial();

export const DEFAULT_CONSTANTS: Constants = {
  confidence: '0.95',
  intensityHalfWidthRatio: '0.2',
  regionBiasHalfWidthRatio: '0',
  measuredHalfWidthRatio: '0.02',
  modelledHalfWidthRatio: '0.2',
  transferKwhPerGb: '0.002',
  resumeMinutes: '2',
  pausedPowerRatio: '0.05',
  reboundToleranceRatio: '0.02',
  draws: 20_000,
};

const PricedAmount = Amount.nullable().describe('of the jobs whose price is known; null: of none of them');
const WithoutPrice = z
  .number()
  .int()
  .min(0)
  .optional()
  .describe('verified jobs whose price is not known, so not in the cost; absent: made when these counted as 0');

export const EvidenceOutput = z.strictObject({
  verdict: z.enum(['saving', 'not demonstrated', 'increase']),
  jobs: z.number().int(),
  unverifiedCount: z.number().int(),
  unverified: z.array(z.strictObject({ jobId: z.string(), why: z.string() })).describe('at most 100'),
  claimed: z.strictObject({ emissionsKg: Amount, cost: Amount }),
  difference: Causes.describe(
    'claimed + Σ difference = verified, exactly; in the cost, an unknown price counts as not verified',
  ),
  verified: z.strictObject({
    locationBased: z.strictObject({
      counterfactualKg: Amount,
      actualKg: Amount,
      overheadKg: Amount,
      savedKg: Interval,
    }),
    marketBased: z.strictObject({ savedKg: Interval.nullable(), why: z.string().nullable() }),
    roadmapVariant: z.strictObject({ name: z.literal('original-region-at-actual-time'), savedKg: Interval }),
    cost: z.strictObject({
      counterfactual: PricedAmount,
      actual: PricedAmount,
      overhead: PricedAmount,
      saved: PricedAmount,
      withoutPrice: WithoutPrice,
      outside: z.array(z.string()).describe('what is owed too and stands in none of these figures'),
    }),
    energy: z.strictObject({
      counterfactualKwh: Amount,
      actualKwh: Amount,
      actualUj: Microjoules,
      overheadKwh: Amount,
      savedKwh: Amount,
    }),
  }),
  rebound: z.strictObject({
    baselineItKwh: Amount,
    actualItKwh: Amount,
    addedRatio: Amount.nullable(),
    toleranceRatio: Amount,
    unplannedJobs: z.number().int(),
    unplannedKwh: Amount,
    addedKg: Amount,
    found: z.boolean(),
  }),
  interval: z.strictObject({
    method: z.enum(['analytical', 'monte_carlo']),
    why: z.string(),
    draws: z.number().int().nullable(),
    seed: z.number().int().nullable(),
  }),
  byTeam: z
    .array(
      z.strictObject({
        team: z.string(),
        savedKg: Interval,
        savedCost: PricedAmount,
        withoutPrice: WithoutPrice,
        energyKwh: Amount,
        jobs: z.number().int(),
      }),
    )
    .describe('at most 50 teams, the largest saving first'),
  teams: z.number().int(),
  jobsDigest: Hex.describe('over the verified jobs, one canonical JSON object a line'),
});
export type EvidenceOutput = z.infer<typeof EvidenceOutput>;

export const EvidenceRecord = z.strictObject({
  schema: z.literal('caco-evidence/1'),
  id: z.string().describe('made from everything else in the record but its rows, which it names by digest'),
  verificationId: z.string(),
  supersedes: z.string().nullable(),
  madeAt: Moment,
  software: z.strictObject({ name: z.string(), version: z.string() }),
  inputs: z.strictObject({
    plan: z.strictObject({
      id: z.string(),
      digest: z.string(),
      madeAt: Moment,
      window: z.strictObject({ start: Moment, end: Moment }),
    }),
    workloadId: z.string(),
    orderKey: z.string(),
    decision: z.strictObject({ id: z.string(), status: z.string() }).nullable(),
    baseline: z
      .strictObject({
        digest: Hex,
        rows: z.number().int(),
        ledgerSeq: z.number().int().nullable(),
        entryHash: Hex.nullable(),
      })
      .describe('the schedule without the plan; ledgerSeq: the entry that froze it before the plan was made'),
    claimedDigest: Hex.nullable().describe('over what the recommendations promised, frozen in the same entry'),
    signalsThen: z
      .array(
        z.strictObject({
          region: z.string(),
          kind: z.string(),
          source: z.string(),
          status: z.string(),
          issuedAt: Moment,
        }),
      )
      .max(60)
      .describe('as the plan knew them'),
    kind: CarbonKind.describe('of every signal that was used'),
    currency: z.string(),
    jobs: z
      .strictObject({ count: z.number().int(), digest: Hex })
      .describe('rows.jobs, one canonical JSON object a line'),
    places: z
      .strictObject({ count: z.number().int(), digest: Hex })
      .describe('rows.places, likewise: the actual signals'),
    contracts: Hex.nullable().describe('digest of rows.contracts'),
    unplanned: z.strictObject({ jobs: z.number().int(), energyKwh: Amount }),
  }),
  method: z.strictObject({ name: z.string(), version: z.string(), constants: Constants }),
  output: EvidenceOutput,
  rows: z
    .strictObject({ jobs: z.array(EvidenceJob), places: z.array(EvidencePlace), contracts: Contracts.nullable() })
    .optional()
    .describe('all that the output is computed from; the ledger entry leaves it out'),
});
export type EvidenceRecord = z.infer<typeof EvidenceRecord>;

/** Records without rows, by evidence id. */
export const EVIDENCE = defineCollection('evidence', EvidenceRecord);
/** Rows by evidence id, named by job id. */
export const EVIDENCE_JOBS = defineRows('evidence-jobs', EvidenceJob);
/** Rows by evidence id, named by region. */
export const EVIDENCE_PLACES = defineRows('evidence-places', EvidencePlace);
/** By evidence id: the contracts that were in force. */
export const EVIDENCE_CONTRACTS = defineCollection('evidence-contracts', Contracts);
/** By evidence id: the ledger entry that holds the record. */
export const EVIDENCE_ENTRIES = defineCollection(
  'evidence-entries',
  z.strictObject({ seq: z.number().int().min(0), hash: z.string() }),
);
