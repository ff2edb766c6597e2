/** Governance's word on a plan. It is written down here and nowhere else, and judged anew from the store each time. */
import { z } from 'zod';
import { APPROVALS, type Approval, DECISIONS, Decision, type Judgement } from '../domain/decision.js';
import { shortId } from '../domain/digest.js';
import { notFound } from '../domain/fault.js';
import { besideLimit } from '../domain/figures.js';
import { PLANS, type Plan, RECOMMENDATIONS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import type { Store } from '../domain/store.js';
import type { World } from '../domain/world.js';
import { demandOf, jobsOf, missingRoles, outcomeOf, voters } from '../tools/approval/approval.js';
import { deniedJobsOf } from '../tools/policy/policy.js';
import { type Call, callTool, defineTool } from '../tools/tool.js';
import { type JudgedAs, judgementOf, TRIMMED } from './judgement.js';

/** Kept to this module: a decision is what `decide` found, and there is no other way to write one. */
const recordDecision = defineTool({
  name: 'record_decision',
  title: 'Record a decision',
  description: 'Writes down what governance decided of a plan: by rule, or as people answered.',
  toolset: 'policy',
  effect: 'records',
  input: z.strictObject({ decision: Decision.omit({ at: true }) }),
  output: z.strictObject({ decision: Decision }),
  run: async (input, world, call) => {
    const decision: Decision = { ...input.decision, at: world.clock.now() };
    call.commit((tx) => tx.collection(DECISIONS).put(decision.id, decision));
    return { decision };
  },
  tell: ({ decision }) => `${decision.planId} is ${decision.status} by ${decision.by.join(', ')}.`,
});

/** What is decided about: a plan, for a run or for whoever asked about it outside one. */
export interface Subject {
  readonly planId: string;
  readonly runId: string | null;
  /** The question that was put before people; null: none was. */
  readonly approvalId: string | null;
  /** An order on the market that the plan was made for. */
  readonly sale?: Sale;
}

export interface Sale {
  readonly orderId: string;
  readonly powerKw: number;
  /** Up to here the standing rule gives leave, where the policy does not ask for more. */
  readonly standingKw: number;
}

/** A sale is judged by the policy and its size: that a plan for it moves much, or saves less, is what was bought. */
const judgedAsSale = (found: Judgement, { powerKw, standingKw }: Sale): Judgement => {
  if (found.outcome === 'refuse') return found;
  const [kw, limit] = besideLimit(powerKw, standingKw);
  if (found.policy === 'allow' && powerKw <= standingKw)
    return {
      ...found,
      outcome: 'approve',
      rule: 'standing-sale',
      reasons: [`${kw} kW are within the ${limit} kW that the standing rule sells, and the policy allows every move`],
    };
  const large = powerKw > standingKw ? [`${kw} kW are above the ${limit} kW that the standing rule sells`] : [];
  return { ...found, outcome: 'ask', reasons: [...large, ...(found.policy === 'allow' ? [] : found.reasons)] };
};

/** How a run is judged is in its row, written when it was started. A thread without a row gets the stricter way. */
export const judgedAs = async (store: Store, runId: string | null): Promise<JudgedAs> => {
  const run = runId === null ? undefined : (await store.collection(RUNS).get(runId))?.value;
  return { mode: run?.approvalMode ?? 'ask', trim: run?.takesUp !== undefined };
};

/**
 * The decision on a plan; null: a person has to answer first. Said again after a crash, it is the decision that was written
 * down then. Fault `not-found` for an unknown plan.
 */
export const decide = async (world: World, call: Call, of: Subject): Promise<Decision | null> => {
  const plan = (await world.store.collection(PLANS).get(of.planId))?.value;
  if (!plan) throw notFound(`there is no plan ${of.planId}`, '`caco runs` lists what was planned.');
  const ids = [of.approvalId, of.runId, of.sale?.orderId ?? null]
    .filter((source) => source !== null)
    .map((source) => idOf(plan, source));
  for (const id of ids) {
    const known = (await world.store.collection(DECISIONS).get(id))?.value;
    if (known) return known;
  }
  const as =
    of.sale !== undefined
      ? { mode: 'auto' as const, trim: false }
      : of.runId === null
        ? { mode: 'ask' as const, trim: true }
        : await judgedAs(world.store, of.runId);
  const found = await judgementOf(world, call, plan.id, as);
  const judgement = of.sale === undefined ? found : judgedAsSale(found, of.sale);
  const approval = await answered(world, plan, of.approvalId);
  // A yes cannot lift a refusal, and where people were asked no rule speaks over their no.
  const people = judgement.outcome !== 'refuse' && approval !== undefined;
  if (judgement.outcome === 'ask' && !people) return null;
  const outcome = people ? await byPeople(world, judgement, approval) : byRule(judgement);
  if (outcome === null) return null;
  const kept = judgement.rule === TRIMMED ? await withinPolicy(world, plan.id, outcome) : outcome;
  const approvalId = people ? approval.id : null;
  const { decision } = await callTool(
    recordDecision,
    {
      decision: {
        id: idOf(plan, approvalId ?? of.runId ?? of.sale?.orderId ?? of.approvalId!),
        planId: plan.id,
        planDigest: plan.digest,
        ...kept,
        approvalId,
        judgement,
      },
    },
    world,
    { ...call, actor: { id: 'node:governance', via: 'graph' }, idempotencyKey: undefined },
  );
  return decision;
};

const idOf = (plan: Plan, source: string) => shortId('D', { plan: plan.id, digest: plan.digest, source });

/** The answer to the question, when it is about what this plan does: the same pieces for jobs of another workload are another deed. */
const answered = async (world: World, plan: Plan, approvalId: string | null): Promise<Approval | undefined> => {
  const approval = approvalId === null ? undefined : (await world.store.collection(APPROVALS).get(approvalId))?.value;
  if (approval?.planDigest !== plan.digest) return undefined;
  const asked = (await world.store.collection(PLANS).get(approval.planId))?.value;
  return asked?.workloadId === plan.workloadId ? approval : undefined;
};

type Outcome = Pick<Decision, 'status' | 'by' | 'reasons' | 'jobs'>;

const byRule = ({ outcome, rule, reasons }: Judgement): Outcome => ({
  status: outcome === 'approve' ? 'approved' : 'refused',
  by: [`rule:${rule}`],
  reasons,
  jobs: null,
});

/** Null while the answer is open. What is demanded is counted again: one yes is not two, and not that of whom a policy names. */
const byPeople = async (world: World, judgement: Judgement, approval: Approval): Promise<Outcome | null> => {
  const by = voters(approval.votes);
  const reasons = approval.votes.map((v) => v.why).filter((why) => why !== '');
  const late = approval.status === 'waiting' && world.clock.now() >= approval.expiresAt;
  if (approval.status === 'expired' || late)
    return { status: 'refused', by: ['rule:no-answer'], reasons: ['nobody answered in time'], jobs: null };
  if (approval.status === 'waiting') return null;
  if (approval.status === 'rejected') return { status: 'refused', by, reasons, jobs: null };
  const demand = await demandOf(world.store, judgement);
  if (outcomeOf(approval.votes, demand) === 'waiting') {
    const roles = missingRoles(approval.votes, demand);
    const whom = roles.length === 0 ? '' : `, among them ${roles.join(' and ')}`;
    return {
      status: 'refused',
      by: ['rule:too-few-answers'],
      reasons: [
        `${demand.people === 1 ? '1 person' : `${demand.people} people`} must agree to this plan${whom}, and ${by.join(', ')} did; ask again with that many`,
      ],
      jobs: null,
    };
  }
  const jobs = jobsOf(approval.votes);
  return { status: jobs === null ? 'approved' : 'partly-approved', by, reasons, jobs };
};

/** Whatever people answered, a job that the policy refuses is never among those that move; the decision says so. */
const withinPolicy = async (world: World, planId: string, decided: Outcome): Promise<Outcome> => {
  if (decided.status === 'refused') return decided;
  const denied = await deniedJobsOf(world, planId);
  if (denied === null)
    return { status: 'refused', by: ['rule:policy'], reasons: ['the policy refuses the plan as a whole'], jobs: null };
  if (denied.size === 0) return decided;
  const jobs = (decided.jobs ?? (await movedJobs(world.store, planId))).filter((job) => !denied.has(job));
  const stay = `the policy refuses the moves of ${denied.size} ${denied.size === 1 ? 'job, which stays' : 'jobs, which stay'} where they were; ${jobs.length} of the others are approved`;
  return { ...decided, status: 'partly-approved', reasons: [...decided.reasons, stay], jobs };
};

export const movedJobs = async (store: Store, planId: string): Promise<string[]> => {
  const jobs: string[] = [];
  for await (const page of store.rows(RECOMMENDATIONS).pages(planId)) jobs.push(...page.map((r) => r.jobId));
  return jobs;
};
