/** What a plan really saved: claimed against verified, with the interval and the reasons for the difference. */
import { z } from 'zod';
import { Estimate, scale } from '../estimate.js';
import { counted, isNothing, massEstimateText, massText, moneyText, percentText } from '../figures.js';
import { CarbonKind } from '../signal.js';
import { defineCollection, defineRows } from '../store.js';
import { Instant } from '../time.js';

const Saved = z.strictObject({
  emissionsKg: Estimate,
  cost: z.number().nullable().describe('of the jobs whose price is known; null: of none of them'),
  withoutPrice: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('verified jobs whose price is not known, so not in the cost; absent: made when these counted as 0'),
});

export const Difference = z.strictObject({
  cause: z.string().describe('forecast error, execution drift, use drift, overhead, not separable, not verified'),
  emissionsKg: z.number(),
  cost: z.number(),
});
export type Difference = z.infer<typeof Difference>;

/** Whether moving work added work; in IT kWh, so that a better building does not hide it. */
export const Rebound = z.strictObject({
  baselineItKwh: z.number().describe('what the moved jobs were to use'),
  actualItKwh: z.number().describe('what they used'),
  addedRatio: z.number().nullable().describe('null when nothing was to be used'),
  toleranceRatio: z.number().describe('above this, work was added'),
  unplannedJobs: z.number().int().describe('jobs that ran under the order and are not in the plan'),
  unplannedKwh: z.number().describe('facility energy of those'),
  addedKg: z.number().describe('emissions of the added work; a saving has to exceed them to be called demonstrated'),
  found: z.boolean(),
});
export type Rebound = z.infer<typeof Rebound>;

export const Verification = z.strictObject({
  id: z.string(),
  planId: z.string(),
  runId: z.string().nullable(),
  at: Instant,
  supersedes: z.string().nullable().describe('the verification that revised actuals replaced'),
  jobs: z.number().int().describe('moved jobs that were verified'),
  unverified: z
    .array(z.strictObject({ jobId: z.string(), why: z.string() }))
    .describe('at most 100 of them; not counted as zero'),
  unverifiedCount: z.number().int(),
  claimed: z.strictObject({ emissionsKg: z.number(), cost: z.number() }),
  verified: Saved,
  demonstrated: z.boolean().describe('false when the interval includes zero'),
  difference: z.array(Difference).describe('claimed + Σ difference = verified'),
  byTeam: z.array(z.strictObject({ team: z.string(), saved: Saved, energyKwh: z.number(), jobs: z.number().int() })),
  method: z.string().describe('analytical or monte_carlo, with its version'),
  evidenceId: z.string().nullable(),
  verdict: z.enum(['saving', 'not demonstrated', 'increase']).optional(),
  kind: CarbonKind.optional().describe('of every signal that was used; kinds never mix'),
  currency: z.string().optional(),
  energy: z
    .strictObject({
      counterfactualKwh: z.number(),
      actualKwh: z.number(),
      overheadKwh: z.number().describe('transfer, checkpoints and idling that no meter of the job saw'),
      savedKwh: z.number().describe('0 for a pure shift in time: shifting saves carbon, not energy'),
    })
    .optional()
    .describe('facility energy of the verified jobs'),
  roadmapVariant: z
    .strictObject({ name: z.string(), emissionsKg: Estimate })
    .optional()
    .describe('original region at the actual time: nothing by construction for a pure shift in time'),
  marketBased: z
    .strictObject({ emissionsKg: Estimate.nullable(), why: z.string().nullable() })
    .optional()
    .describe('with contracts, certificates and residual mix; null with the reason when these are not known'),
  rebound: Rebound.optional(),
  baselineSeq: z.number().int().nullable().optional().describe('ledger entry that froze the baseline; null: none did'),
  ranAs: z
    .array(z.enum(['measured', 'modelled', 'simulated']))
    .optional()
    .describe('how it is known what ran; modelled: taken to have run as placed'),
  notes: z.array(z.string()).optional().describe('assumptions that matter, in words'),
});
export type Verification = z.infer<typeof Verification>;

export const VERIFICATIONS = defineCollection('verifications', Verification);

/** What nobody measured is reckoned, not verified. */
export const isReckoned = ({ ranAs = [] }: Pick<Verification, 'ranAs'>): boolean =>
  ranAs.length > 0 && ranAs.every((how) => how === 'modelled');

/** What was found, in a sentence. */
export const findingOf = (
  v: Pick<Verification, 'verified' | 'claimed' | 'demonstrated' | 'verdict' | 'ranAs' | 'jobs' | 'unverifiedCount'>,
): string => {
  if (v.jobs === 0 && v.unverifiedCount === 0)
    return 'No job was moved: nothing was saved, and nothing had been promised.';
  const saved = v.verified.emissionsKg;
  const interval = `${percentText(saved.confidence)} interval`;
  const claimed =
    v.claimed.emissionsKg < 0
      ? `an increase of ${massText(-v.claimed.emissionsKg)} had been planned`
      : `${massText(v.claimed.emissionsKg)} had been claimed`;
  if (v.jobs === 0 && v.unverifiedCount > 0)
    return `Nothing could be verified: none of the ${counted(v.unverifiedCount, 'job')} that moved could be counted; ${claimed}.`;
  if (v.verdict === 'increase')
    return `Emissions rose by ${massEstimateText(scale(saved, -1))} CO2e, ${interval}; ${claimed}.`;
  return v.demonstrated
    ? `${isReckoned(v) ? 'Reckoned as placed, nothing measured:' : 'Verified'} ${massEstimateText(saved)} CO2e saved, ${interval}; ${claimed}.`
    : `A saving is not demonstrated: ${massEstimateText(saved)} CO2e, ${interval}; ${claimed}.`;
};

/** `£12 saved`, `£12 more` or `not known`, and for how many jobs it is not. */
export const costText = (saved: Pick<Verification['verified'], 'cost' | 'withoutPrice'>, currency: string): string => {
  if (saved.cost === null) return 'not known';
  const text = isNothing(saved.cost)
    ? 'no change'
    : `${moneyText(Math.abs(saved.cost), currency)} ${saved.cost > 0 ? 'saved' : 'more'}`;
  const n = saved.withoutPrice ?? 0;
  const beside = n === 0 ? '' : `, not known for ${n} ${n === 1 ? 'job' : 'jobs'}`;
  return `${text}${beside}`;
};

/** One moved job, as it ran against as it would have run. */
export const VerifiedJob = z.strictObject({
  jobId: z.string(),
  team: z.string(),
  claimedKg: z.number(),
  counterfactualKg: z.number(),
  actualKg: z.number(),
  overheadKg: z.number(),
  savedKg: Estimate,
  savedCost: z.number().nullable().describe('null: a price that came true is not known'),
  energyKwh: z.number().describe('facility energy as it ran'),
  claimedCost: z.number().optional(),
  roadmapKg: z.number().optional().describe('saving by the roadmap’s variant: original region, actual time'),
  difference: z.array(Difference).optional(),
});
export type VerifiedJob = z.infer<typeof VerifiedJob>;

/** Rows by verification id, named by job id. */
export const VERIFIED_JOBS = defineRows('verified-jobs', VerifiedJob);

/** By plan id: the verification that holds now. Earlier ones stay, and name what they superseded. */
export const NEWEST_VERIFICATION = defineCollection(
  'newest-verification',
  z.strictObject({ verificationId: z.string() }),
);

/** One piece of any job as it really ran, with the signals that came true. What the books of a period are made of. */
export const BookedPiece = z.strictObject({
  jobId: z.string(),
  team: z.string(),
  submittedAt: Instant.nullable().describe('tells jobs of one name apart; null: the plan does not know the job'),
  region: z.string(),
  start: Instant,
  end: Instant,
  energyKwh: z.number().describe('facility energy'),
  intensityGPerKwh: z.number().nullable().describe('mean over the piece; null: the signal has a gap'),
  emissionsKg: z.number().nullable(),
  energyCost: z.number().nullable(),
  instanceCost: z.number().nullable(),
  currency: z.string(),
  source: z.enum(['measured', 'modelled', 'simulated']),
  signalSource: z.string().nullable(),
});
export type BookedPiece = z.infer<typeof BookedPiece>;

/** Rows by verification id, named `<jobId>#<piece>`. */
export const BOOKED = defineRows('booked-pieces', BookedPiece);
