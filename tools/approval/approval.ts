/** Leave to act: what waits for a person, the person's answer, and the decision that comes of it. */
import { z } from 'zod';
import { APPROVALS, Approval, approvalIdOf, DECISIONS, Decision } from '../../domain/decision.js';
import { shortId } from '../../domain/digest.js';
import { Fault, notFound } from '../../domain/fault.js';
import { PLANS, RECOMMENDATIONS } from '../../domain/plan.js';
import { plusHours } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Tool } from '../tool.js';
import { jobsOf, outcomeOf } from './votes.js';

export { jobsOf };

const approvalId = z.string().min(1).describe('id of the approval, for example A-3K9QAB12');

const load = async (world: World, id: string) => {
  const found = await world.store.collection(APPROVALS).get(id);
  if (!found) throw notFound(`there is no approval ${id}`, '`caco approvals` lists them.');
  return found;
};

export const listApprovals = defineTool({
  name: 'list_approvals',
  title: 'List approvals',
  description: 'What waits for a person, and what was answered: plan, reasons, votes and expiry.',
  toolset: 'policy',
  effect: 'reads',
  input: z.strictObject({
    status: z.enum(['waiting', 'all']).default('waiting').describe('waiting: only what is still open'),
    limit: z.number().int().min(1).max(200).default(50).describe('at most this many, newest first'),
  }),
  output: z.strictObject({ approvals: z.array(Approval) }),
  run: async ({ status, limit }, world) => {
    const all = await world.store.collection(APPROVALS).list({ limit: 1000 });
    const approvals = all.map((a) => a.value).filter((a) => status === 'all' || a.status === 'waiting');
    return { approvals: approvals.slice(0, limit) };
  },
  tell: ({ approvals }) =>
    approvals.length === 0
      ? 'Nothing waits for an answer.'
      : approvals.map((a) => `${a.id}: plan ${a.planId}, ${a.status}; ${a.reasons.join('; ')}`).join('\n'),
});

export const requestApproval = defineTool({
  name: 'request_approval',
  title: 'Request an approval',
  description: 'Puts a plan before a person. The answer is theirs: `caco approve ID` or authenticated HTTP.',
  toolset: 'policy',
  effect: 'records',
  input: z.strictObject({
    planId: z.string().min(1).describe('id of the plan'),
    reasons: z.array(z.string()).min(1).describe('why a person is asked, one sentence each'),
    threadId: z.string().default('').describe('thread that waits for the answer; empty when none does'),
    interruptId: z.string().nullable().default(null).describe('interrupt to resume with the answer'),
    approvalsNeeded: z.number().int().min(1).max(5).default(1).describe('how many different people must agree'),
  }),
  output: z.strictObject({ approval: Approval }),
  run: async (input, world, call) => {
    const plan = (await world.store.collection(PLANS).get(input.planId))?.value;
    if (!plan)
      throw notFound(`there is no plan ${input.planId}`, '`caco plan` makes one; `caco runs` lists what was planned.');
    const id = approvalIdOf(input.threadId, plan.digest);
    const known = (await world.store.collection(APPROVALS).get(id))?.value;
    if (known) return { approval: known };
    const askedAt = world.clock.now();
    const approval: Approval = {
      id,
      threadId: input.threadId,
      interruptId: input.interruptId,
      planId: plan.id,
      planDigest: plan.digest,
      status: 'waiting',
      reasons: input.reasons,
      approvalsNeeded: input.approvalsNeeded,
      votes: [],
      askedAt,
      expiresAt: plusHours(askedAt, world.setting.thresholds.approvalHours),
    };
    call.commit((tx) => tx.collection(APPROVALS).put(id, approval));
    return { approval };
  },
  tell: ({ approval }) => `${approval.id} waits for ${approval.approvalsNeeded} answer(s): caco approve ${approval.id}`,
});

export const answerApproval = defineTool({
  name: 'answer_approval',
  title: 'Answer an approval',
  description:
    'A person says yes, no, or yes to some jobs only. Binds to the plan’s digest; two answers of one person count once.',
  toolset: 'policy',
  effect: 'decides',
  input: z.strictObject({
    approvalId,
    decision: z.enum(['approve', 'reject']).describe('approve or reject'),
    why: z.string().max(2000).default('').describe('the reason; demanded for a rejection'),
    only: z.array(z.string()).nullable().default(null).describe('ids of the jobs that are approved; null: all'),
  }),
  output: z.strictObject({ approval: Approval, settled: z.boolean().describe('true when this answer closed it') }),
  run: async ({ approvalId: id, decision, why, only }, world, call) => {
    if (decision === 'reject' && why.trim() === '')
      throw new Fault('invalid-input', 'a rejection needs a reason', `Say it: caco reject ${id} --why "…".`);
    for (;;) {
      const { value: approval, version } = await load(world, id);
      await refuseWhatCannotBeAnswered(approval, world);
      await refuseUnknownJobs(approval, only, world);
      if (approval.votes.some((v) => v.actor.id === call.actor.id && v.decision === decision))
        throw new Fault(
          'conflict',
          `${call.actor.id} has answered ${id} already`,
          'Another person has to answer: two distinct people are asked for.',
        );
      const votes = [...approval.votes, { actor: call.actor, decision, why, at: world.clock.now(), only }];
      const next = { ...approval, votes, status: outcomeOf(votes, approval.approvalsNeeded) };
      // Compare-and-swap: of two answers at the same moment one wins and the other is judged anew against it.
      if (await world.store.collection(APPROVALS).replace(id, version, next))
        return { approval: next, settled: next.status !== 'waiting' };
    }
  },
  tell: ({ approval }) =>
    approval.status === 'waiting'
      ? `${approval.id}: ${approval.votes.filter((v) => v.decision === 'approve').length} of ${approval.approvalsNeeded} approvals given; another person has to agree.`
      : `${approval.id} is ${approval.status}.`,
});

export const recordDecision = defineTool({
  name: 'record_decision',
  title: 'Record a decision',
  description: 'Writes down what governance decided of a plan: by rule, or as people answered.',
  toolset: 'policy',
  effect: 'records',
  input: z.strictObject({
    planId: z.string().describe('id of the plan'),
    planDigest: z.string().describe('digest of the plan that was judged'),
    status: z.enum(['approved', 'partly-approved', 'refused']).describe('what was decided'),
    by: z.array(z.string()).min(1).describe('rule:<name>, or the people who answered'),
    reasons: z.array(z.string()).describe('one sentence each'),
    jobs: z.array(z.string()).nullable().describe('jobs that may be moved; null: all of the plan'),
  }),
  output: z.strictObject({ decision: Decision }),
  run: async (input, world, call) => {
    const decision: Decision = { id: shortId('D', { ...input, cause: call.cause }), ...input, at: world.clock.now() };
    call.commit((tx) => tx.collection(DECISIONS).put(decision.id, decision));
    return { decision };
  },
  tell: ({ decision }) => `${decision.planId} is ${decision.status} by ${decision.by.join(', ')}.`,
});

const refuseWhatCannotBeAnswered = async (approval: Approval, world: World) => {
  if (approval.status !== 'waiting')
    throw new Fault(
      'conflict',
      `${approval.id} was answered: ${approval.status}`,
      '`caco approvals` lists what still waits.',
    );
  if (world.clock.now() >= approval.expiresAt)
    throw new Fault(
      'conflict',
      `${approval.id} expired at ${approval.expiresAt}`,
      `Plan again: caco launch, or caco resume ${approval.threadId}.`,
    );
  const plan = (await world.store.collection(PLANS).get(approval.planId))?.value;
  if (plan?.digest !== approval.planDigest)
    throw new Fault(
      'conflict',
      `plan ${approval.planId} has changed since it was put before you`,
      `Ask anew: caco resume ${approval.threadId}.`,
    );
};

const refuseUnknownJobs = async (approval: Approval, only: readonly string[] | null, world: World) => {
  for (const job of only ?? [])
    if ((await world.store.rows(RECOMMENDATIONS).find(approval.planId, job)) === undefined)
      throw notFound(
        `plan ${approval.planId} moves no job ${job}`,
        `\`caco show ${approval.planId}\` lists the moves.`,
      );
};

export const approvalTools: readonly Tool[] = [listApprovals, requestApproval, answerApproval, recordDecision];
