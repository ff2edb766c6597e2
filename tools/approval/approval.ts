/** Leave to act: what waits for a person, and the person's answer. What it comes to is governance's to say. */
import { z } from 'zod';
import { APPROVALS, Approval, approvalIdOf, DECISIONS, Decision, Judgement } from '../../domain/decision.js';
import { Fault, notFound } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import { Listing, listing, Next } from '../../domain/listing.js';
import { PLANS, type Plan, RECOMMENDATIONS } from '../../domain/plan.js';
import { personKey } from '../../domain/role.js';
import { RUNS } from '../../domain/run.js';
import { Instant, plusHours } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { demandOf, jobsOf, mayAgree, missingRoles, outcomeOf, voters } from './votes.js';

export { demandOf, jobsOf, missingRoles, outcomeOf, voters };

const approvalId = z.string().min(1).describe('id of the approval, for example A-3K9QAB12');
/** Texts that travel into tickets and answers; longer ones hide what they say. */
const MOST_REASONS = 20;
const Reason = z.string().min(1).max(2000);
const MOST_JOBS = 100_000;

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
    ...Listing,
    status: z.enum(['waiting', 'all']).default('waiting').describe('waiting: only what is still open'),
    planId: z.string().optional().describe('approvals of this plan only'),
  }),
  output: z.strictObject({ approvals: z.array(Approval), next: Next }),
  run: async ({ status, planId, ...page }, { store }) => {
    const { found, next } = await listing(
      store,
      APPROVALS,
      page,
      (a) => (status === 'all' || a.status === 'waiting') && (planId === undefined || a.planId === planId),
    );
    return { approvals: found, next };
  },
  tell: ({ approvals }) =>
    approvals.length === 0
      ? 'Nothing waits for an answer.'
      : approvals.map((a) => `${a.id}: plan ${a.planId}, ${a.status}; ${a.reasons.join('; ')}`).join('\n'),
});

export const listDecisions = defineTool({
  name: 'list_decisions',
  title: 'List decisions',
  description: 'What was decided about plans, newest first: by a rule or by whom, when and why.',
  toolset: 'policy',
  effect: 'reads',
  input: z.strictObject({
    ...Listing,
    planId: z.string().optional().describe('decisions on this plan only'),
    from: Instant.optional().describe('decided at this time or later'),
    to: Instant.optional().describe('decided before this time'),
  }),
  output: z.strictObject({ decisions: z.array(Decision), next: Next }),
  run: async ({ planId, from, to, ...page }, { store }) => {
    const { found, next } = await listing(
      store,
      DECISIONS,
      page,
      (d) =>
        (planId === undefined || d.planId === planId) &&
        (from === undefined || d.at >= from) &&
        (to === undefined || d.at < to),
    );
    return { decisions: found, next };
  },
  tell: ({ decisions }) =>
    decisions.length === 0
      ? 'Nothing was decided.'
      : decisions.map((d) => `${d.id}: plan ${d.planId}, ${d.status} by ${d.by.join(' and ')}`).join('\n'),
});

/** Puts a plan before people with what governance found of it. Called by the graph, listed by no door. */
export const openApproval = defineTool({
  name: 'open_approval',
  title: 'Open an approval',
  description:
    'Puts a plan before people. While a question about the same work is open, or has given leave that suffices, that one is answered.',
  toolset: 'policy',
  effect: 'records',
  input: z.strictObject({
    planId: z.string().min(1),
    judgement: Judgement,
    reasons: z.array(Reason).max(MOST_REASONS).describe('said by whoever asks, beside what governance found'),
    threadId: z.string().describe('the run that waits for the answer; empty when none does'),
    interruptId: z.string().nullable().describe('interrupt to resume with the answer'),
    again: z.boolean().describe('ask also where people have said no to the same'),
  }),
  output: z.strictObject({ approval: Approval }),
  run: async ({ planId, judgement, reasons, threadId, interruptId, again }, world, call) => {
    const plan = (await world.store.collection(PLANS).get(planId))?.value;
    if (!plan)
      throw notFound(`there is no plan ${planId}`, '`caco plan` makes one; `caco runs` lists what was planned.');
    const { standing, round, expired } = await questionsOn(world, plan, judgement, again);
    // That nobody answered in time is written down where it is noticed.
    for (const { id } of expired)
      call.commit(async (tx) => {
        const found = await tx.collection(APPROVALS).get(id);
        if (found?.value.status === 'waiting')
          await tx.collection(APPROVALS).put(id, { ...found.value, status: 'expired' });
      });
    if (standing !== undefined) {
      if (standing.status !== 'waiting' || threadId === '' || (await isWaitedFor(world, standing)))
        return { approval: standing };
      const adopted = { ...standing, threadId, interruptId };
      call.commit((tx) => tx.collection(APPROVALS).put(adopted.id, adopted));
      return { approval: adopted };
    }
    const askedAt = world.clock.now();
    const approval: Approval = {
      id: approvalIdOf({ workloadId: plan.workloadId, planDigest: plan.digest }, round),
      threadId,
      interruptId,
      planId: plan.id,
      planDigest: plan.digest,
      status: 'waiting',
      reasons: [...judgement.reasons, ...reasons],
      approvalsNeeded: judgement.approvalsNeeded,
      judgement,
      votes: [],
      askedAt,
      expiresAt: plusHours(askedAt, world.setting.thresholds.approvalHours),
    };
    call.commit(async (tx) => {
      // Of two that ask at the same moment, the first one's question stands.
      if ((await tx.collection(APPROVALS).get(approval.id)) === undefined)
        await tx.collection(APPROVALS).insert(approval.id, approval);
    });
    return { approval };
  },
  tell: ({ approval }) =>
    `${approval.id} waits for ${counted(approval.approvalsNeeded, 'answer')}: caco approve ${approval.id}`,
});

/** Whether some run will go on with the answer; a question that nobody waits for is taken over by the next run that asks it. */
const isWaitedFor = async (world: World, { threadId }: Approval): Promise<boolean> => {
  const status = threadId === '' ? undefined : (await world.store.collection(RUNS).get(threadId))?.value.status;
  return status === 'waiting' || status === 'running';
};

/**
 * The question that stands about what the plan would do: one that is open, one whose leave suffices for what governance
 * demands now, or, unless it is asked again, one that people said no to. Else the number of the next; `expired` are those that
 * nobody answered in time.
 */
const questionsOn = async (
  world: World,
  plan: Plan,
  judgement: Judgement,
  again: boolean,
): Promise<{ standing?: Approval; round: number; expired: Approval[] }> => {
  const demand = await demandOf(world.store, judgement);
  const expired: Approval[] = [];
  for (let round = 0; ; round++) {
    const id = approvalIdOf({ workloadId: plan.workloadId, planDigest: plan.digest }, round);
    const asked = (await world.store.collection(APPROVALS).get(id))?.value;
    if (asked === undefined) return { round, expired };
    if (asked.status === 'waiting' && world.clock.now() >= asked.expiresAt) expired.push(asked);
    else if (asked.status === 'waiting') return { standing: asked, round, expired };
    const gaveLeave = asked.status === 'approved' || asked.status === 'partly-approved';
    if (gaveLeave && outcomeOf(asked.votes, demand) !== 'waiting') return { standing: asked, round, expired };
    if (asked.status === 'rejected' && !again) return { standing: asked, round, expired };
  }
};

/** A person's answer. Called through the orchestrator, which goes on with what it settles. */
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
    only: z
      .array(z.string().max(200))
      .min(1)
      .max(MOST_JOBS)
      .transform((jobs) => [...new Set(jobs)])
      .nullable()
      .default(null)
      .describe('ids of the jobs that are approved; null: all'),
    digest: z.string().max(100).optional().describe('of the plan as the person saw it; another one now is refused'),
  }),
  output: z.strictObject({ approval: Approval, settled: z.boolean().describe('true when this answer closed it') }),
  run: async ({ approvalId: id, decision, why, only, digest }, world, call) => {
    if (decision === 'reject' && why.trim() === '')
      throw new Fault('invalid-input', 'a rejection needs a reason', `Say it: caco reject ${id} --why "…".`);
    for (;;) {
      const { value: approval, version } = await load(world, id);
      await refuseWhatCannotBeAnswered(approval, digest, world);
      await refuseUnknownJobs(approval, only, world);
      const person = call.actor.id;
      const demand = await demandOf(world.store, {
        approvalsNeeded: approval.approvalsNeeded,
        approvers: approval.judgement?.approvers ?? [],
      });
      if (decision === 'approve' && !mayAgree(person, demand)) throw notTheOne(person, demand);
      if (approval.votes.some((v) => personKey(v.actor.id) === personKey(person) && v.decision === decision))
        throw new Fault(
          'conflict',
          `${person} has answered ${id} already`,
          'Another person has to answer: two distinct people are asked for.',
        );
      const votes = [...approval.votes, { actor: call.actor, decision, why, at: world.clock.now(), only }];
      const next = { ...approval, votes, status: outcomeOf(votes, demand) };
      // Compare-and-swap: of two answers at the same moment one wins and the other is judged anew against it.
      if (await world.store.collection(APPROVALS).replace(id, version, next))
        return { approval: next, settled: next.status !== 'waiting' };
    }
  },
  tell: ({ approval }) =>
    approval.status === 'waiting'
      ? `${approval.id}: ${voters(approval.votes.filter((v) => v.decision === 'approve')).length} of ${approval.approvalsNeeded} approvals given; another person has to agree.`
      : `${approval.id} is ${approval.status}.`,
});

const notTheOne = (person: string, { roles }: Awaited<ReturnType<typeof demandOf>>) => {
  const named = roles.map((r) => `“${r.role}”`).join(' and ');
  return new Fault(
    'forbidden',
    `the policy asks ${named}, and nothing says that this is ${person}`,
    `If it is, say so on the machine that holds the books: caco role grant "${roles[0]!.role}" --to "${person}".`,
  );
};

const refuseWhatCannotBeAnswered = async (approval: Approval, seen: string | undefined, world: World) => {
  const plan = (await world.store.collection(PLANS).get(approval.planId))?.value;
  if (seen !== undefined && plan !== undefined && seen !== plan.digest)
    throw new Fault(
      'conflict',
      `plan ${plan.id} has changed since it was shown to you: its digest is ${plan.digest} now`,
      'Look at it as it is now, then answer.',
      { details: { digest: plan.digest } },
    );
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

/** What doors reach; opening and answering go through the graph. */
export const approvalTools = [listApprovals, listDecisions] as const;
