/** Leave to act, or the refusal of it. A decision binds to what would be done: the digest of the plan that it judged. */
import { z } from 'zod';
import { shortId } from './digest.js';
import { Estimate } from './estimate.js';
import { Fault } from './fault.js';
import { savedMassEstimateText, savedMoneyText } from './figures.js';
import { PLANS, type Plan } from './plan.js';
import { defineCollection, type Tx } from './store.js';
import { Instant } from './time.js';
import { Currency } from './units.js';

/** Who does something. `id` comes from the operating system, a token or the graph, never from an argument. */
export const Actor = z.strictObject({
  id: z.string().min(1),
  via: z
    .enum(['cli', 'http', 'mcp', 'graph', 'dialog', 'a2a'])
    .describe(
      'a2a: another agent; dialog: what an assistant’s program returned from the dialog that it was asked to show',
    ),
  client: z.string().optional().describe('the program that returned a dialog, by its own account'),
});
export type Actor = z.infer<typeof Actor>;

/** Somebody whom a policy names, and how many of them must agree. */
export const Approver = z.strictObject({
  role: z.string().describe('as the policy names it, without an article'),
  approvals: z.number().int().min(1),
});
export type Approver = z.infer<typeof Approver>;

/** What governance finds of a plan at one moment, from the store alone: thresholds of risk, and the policy in force. */
export const Judgement = z.strictObject({
  outcome: z.enum(['approve', 'ask', 'refuse']),
  rule: z.string().describe('which rule decided'),
  riskRatio: z.number().min(0).max(1).describe('0 harmless, 0.5 at a threshold, towards 1 beyond it'),
  reasons: z.array(z.string()).describe('one sentence each'),
  approvalsNeeded: z.number().int().min(1).describe('how many different people must agree'),
  approvers: z.array(Approver).describe('whom the policy names; empty: anybody who may approve'),
  policySetId: z.string().nullable().describe('the policy that was in force; null: none'),
  policy: z.enum(['allow', 'needs-approval', 'deny']),
  allowedJobs: z.number().int().describe('moved jobs that the policy allows'),
  deniedJobs: z.number().int().describe('moved jobs that the policy refuses'),
  saves: z
    .strictObject({ emissionsKg: Estimate, cost: z.number().nullable(), currency: Currency })
    .describe('what the plan promises; cost null: the price of electricity is not known'),
});
export type Judgement = z.infer<typeof Judgement>;

export const Decision = z.strictObject({
  id: z.string(),
  planId: z.string(),
  planDigest: z.string(),
  status: z.enum(['approved', 'partly-approved', 'refused']),
  by: z.array(z.string()).min(1).describe('rule:<name> or the actors who decided'),
  reasons: z.array(z.string()),
  jobs: z.array(z.string()).nullable().describe('the jobs that were approved; null: all of the plan'),
  at: Instant,
  approvalId: z.string().nullable().optional().describe('the question that people answered; null: a rule decided'),
  judgement: Judgement.optional().describe('what governance found when it was written down'),
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
  judgement: Judgement.optional().describe('what those who answer are shown'),
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

/**
 * What would be done names the question, whoever asks it: while it is open it is shown, not asked again. `round` counts the
 * earlier questions about the same that ended without leave.
 */
export const approvalIdOf = (subject: { workloadId: string; planDigest: string }, round: number): string =>
  shortId('A', { workload: subject.workloadId, plan: subject.planDigest, round });

/**
 * The decision that gives leave to carry out a plan. It binds to what is done, not to the plan's name: a plan that would do
 * the very same with the same jobs has the same leave. Without a plan, only that the decision stands is looked at. Fault
 * `forbidden` for an unknown or refusing decision, and for one on something else.
 */
export const leaveFor = async (tx: Pick<Tx, 'collection'>, decisionId: string, plan?: Plan): Promise<Decision> => {
  const decision = (await tx.collection(DECISIONS).get(decisionId))?.value;
  if (!decision) throw new Fault('forbidden', `there is no decision ${decisionId}`, ASK);
  if (decision.status === 'refused')
    throw new Fault('forbidden', `decision ${decision.id} refused this: ${decision.reasons.join('; ')}`, ASK);
  const judged = (await tx.collection(PLANS).get(decision.planId))?.value;
  if (judged?.digest !== decision.planDigest)
    throw new Fault('forbidden', `plan ${decision.planId} has changed since decision ${decision.id}`, ASK);
  if (
    plan !== undefined &&
    judged.id !== plan.id &&
    (judged.digest !== plan.digest || judged.workloadId !== plan.workloadId)
  )
    throw new Fault(
      'forbidden',
      `decision ${decision.id} is about plan ${decision.planId}, and ${plan.id} would do something else`,
      `Ask for leave for ${plan.id}: request_approval, or \`caco approvals\`.`,
    );
  return decision;
};

const ASK =
  'Ask for leave: `caco approvals` lists what waits, `caco approve ID` gives it; agents use request_approval.';

/** For whoever is asked: what the policy says, what the plan promises, and who must agree. */
export const foundText = (found: Judgement): string => {
  const { emissionsKg, cost, currency } = found.saves;
  const policy =
    found.policySetId === null
      ? 'No policy is in force.'
      : found.policy === 'allow'
        ? 'The policy allows it.'
        : found.policy === 'needs-approval'
          ? 'The policy wants an approval.'
          : `The policy refuses ${found.deniedJobs} of its moves, which stay undone whatever is answered; ${found.allowedJobs} others may be approved.`;
  const money = cost === null ? '' : ` and ${savedMoneyText(cost, currency)}`;
  const promised = `${savedMassEstimateText(emissionsKg)}${money}`;
  return `${policy} By the forecast it ${promised}. ${whoText(found)}`;
};

const whoText = ({ approvalsNeeded, approvers }: Judgement): string => {
  const people = approvalsNeeded === 1 ? '1 person' : `${approvalsNeeded} different people`;
  const named = approvers.map(({ role, approvals }) => (approvals === 1 ? role : `${approvals} × ${role}`));
  return `${people} must agree${named.length === 0 ? '' : `, among them: ${named.join(', ')}`}.`;
};
