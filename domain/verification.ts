/** What a plan really saved: claimed against verified, with the interval and the reasons for the difference. */
import { z } from 'zod';
import { Estimate } from './estimate.js';
import { defineCollection, defineRows } from './store.js';
import { Instant } from './time.js';

const Saved = z.strictObject({ emissionsKg: Estimate, cost: z.number() });

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
  difference: z
    .array(z.strictObject({ cause: z.string(), emissionsKg: z.number(), cost: z.number() }))
    .describe('claimed + Σ difference = verified'),
  byTeam: z.array(z.strictObject({ team: z.string(), saved: Saved, energyKwh: z.number(), jobs: z.number().int() })),
  method: z.string().describe('analytical or monte_carlo, with its version'),
  evidenceId: z.string().nullable(),
});
export type Verification = z.infer<typeof Verification>;

export const VERIFICATIONS = defineCollection('verifications', Verification);

/** One moved job, as it ran against as it would have run. */
export const VerifiedJob = z.strictObject({
  jobId: z.string(),
  team: z.string(),
  claimedKg: z.number(),
  counterfactualKg: z.number(),
  actualKg: z.number(),
  overheadKg: z.number(),
  savedKg: Estimate,
  savedCost: z.number(),
  energyKwh: z.number(),
});
export type VerifiedJob = z.infer<typeof VerifiedJob>;

/** Rows by verification id, named by job id. */
export const VERIFIED_JOBS = defineRows('verified-jobs', VerifiedJob);
