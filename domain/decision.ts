/** Leave to act, or the refusal of it. A decision binds to the digest of the plan that it judged. */
import { z } from 'zod';
import { shortId } from './digest.js';
import { defineCollection } from './store.js';
import { Instant } from './time.js';

/** Who does something. `id` comes from the operating system, a token or the graph, never from an argument. */
export const Actor = z.strictObject({
  id: z.string().min(1),
  via: z.enum(['cli', 'http', 'mcp', 'graph']),
});
export type Actor = z.infer<typeof Actor>;

export const Decision = z.strictObject({
  id: z.string(),
  planId: z.string(),
  planDigest: z.string(),
  status: z.enum(['approved', 'partly-approved', 'refused']),
  by: z.array(z.string()).min(1).describe('rule:<name> or the actors who decided'),
  reasons: z.array(z.string()),
  jobs: z.array(z.string()).nullable().describe('the jobs that were approved; null: all of the plan'),
  at: Instant,
});
export type Decision = z.infer<typeof Decision>;

export const Approval = z.strictObject({
  id: z.string(),
  threadId: z.string(),
  interruptId: z
    .string()
    .nullable()
    .describe('the interrupt that resumes with the answer; null until the thread rests on it'),
  planId: z.string(),
  planDigest: z.string(),
  status: z.enum(['waiting', 'approved', 'partly-approved', 'rejected', 'expired']),
  reasons: z.array(z.string()).describe('why a person is asked'),
  approvalsNeeded: z.number().int().min(1),
  votes: z.array(
    z.strictObject({
      actor: Actor,
      decision: z.enum(['approve', 'reject']),
      why: z.string(),
      at: Instant,
      only: z.array(z.string()).nullable(),
    }),
  ),
  askedAt: Instant,
  expiresAt: Instant,
});
export type Approval = z.infer<typeof Approval>;

/** How far the machine may go alone. Part of a scenario; a policy can only tighten it. */
export const Thresholds = z.strictObject({
  maxSavedKg: z.number().describe('a larger promised saving asks a person'),
  maxCost: z.number().describe('a larger planned cost asks a person'),
  maxMovedJobs: z.number().int().describe('more moved jobs ask a person'),
  maxSavingRatio: z
    .number()
    .min(0)
    .max(1)
    .describe('a larger relative saving is too good to be true and asks a person'),
  maxSignalAgeHours: z.number().positive().describe('older signals ask a person'),
  refuseAboveRisk: z.number().min(0).max(1).describe('a risk score above this refuses'),
  approvalHours: z.number().positive().default(24).describe('an unanswered approval expires after this'),
});
export type Thresholds = z.infer<typeof Thresholds>;

export const DECISIONS = defineCollection('decisions', Decision);
export const APPROVALS = defineCollection('approvals', Approval);

/** One approval per thread and plan: asking again is the same question. */
export const approvalIdOf = (threadId: string, planDigest: string): string =>
  shortId('A', { thread: threadId, plan: planDigest });
