/** Governance in three steps: judge only reads, ask only waits, record writes down what was decided. */
import { interrupt } from '@langchain/langgraph';
import type { z } from 'zod';
import { APPROVALS, type Approval, approvalIdOf } from '../../domain/decision.js';
import { PLANS, RECOMMENDATIONS } from '../../domain/plan.js';
import type { Store } from '../../domain/store.js';
import type { World } from '../../domain/world.js';
import { jobsOf, recordDecision } from '../../tools/approval/approval.js';
import { deniedJobsOf, evaluatePolicy } from '../../tools/policy/policy.js';
import type { Node } from '../node.js';
import { judge } from '../risk.js';
import type { Verdict } from '../state.js';

/** A refused plan taken up again: only what the policy allows can be approved. */
export const TRIMMED = 'policy-trimmed';
/** State holds summaries: the verdicts in full are one call of evaluate_policy away. */
const MOST_REASONS = 8;
const LONGEST_REASON = 800;
/** Below this many plans nothing is usual yet. */
const FEWEST_PLANS = 5;

/** What the thread says while it waits; a door shows it, nobody answers it but by the approval. */
export interface Question {
  readonly approvalId: string;
  readonly planId: string;
  readonly planDigest: string;
  readonly reasons: string[];
  readonly approvalsNeeded: number;
}

export const judgeStep: Node = async (state, desk) => {
  const plan = (await desk.world.store.collection(PLANS).get(state.planId!))!.value;
  const usual = await usualScale(desk.world.store, plan.id);
  const byRule = judge(plan, desk.world.setting.thresholds, desk.world.clock.now(), state.approvalMode, usual);
  const policy = await desk.call(evaluatePolicy, { planId: plan.id });
  return { verdict: strictest(byRule, policy, state.trim), planDigest: plan.digest };
};

type Policy = z.output<typeof evaluatePolicy.output>;

/** A policy can only tighten: it turns approve into ask, and ask into refuse. */
export const strictest = (byRule: Verdict, policy: Policy, trim = false): Verdict => {
  const reasons = policy.reasons.slice(0, MOST_REASONS).map((reason) => reason.slice(0, LONGEST_REASON));
  if (policy.verdict === 'allow' || byRule.outcome === 'refuse') return byRule;
  if (policy.verdict === 'deny' && !(trim && policy.divisible)) {
    const rest = `The rest of the plan (${policy.allowedJobs} moved jobs) is allowed: caco approve ${policy.planId} --only allowed`;
    return { ...byRule, outcome: 'refuse', rule: 'policy', reasons: policy.divisible ? [...reasons, rest] : reasons };
  }
  if (policy.verdict === 'deny')
    return {
      ...byRule,
      outcome: 'ask',
      rule: TRIMMED,
      reasons: [`${policy.allowedJobs} moved jobs are allowed; ${policy.deniedJobs} stay as they are`, ...reasons],
      approvalsNeeded: Math.max(byRule.approvalsNeeded, policy.approvalsNeeded),
    };
  return {
    ...byRule,
    outcome: 'ask',
    rule: byRule.outcome === 'ask' ? byRule.rule : 'policy',
    reasons: byRule.outcome === 'ask' ? [...byRule.reasons, ...reasons] : reasons,
    approvalsNeeded: Math.max(byRule.approvalsNeeded, policy.approvalsNeeded),
  };
};

/** Runs again from its first line when it is resumed, so it must do nothing but ask. */
export const askStep: Node = async (state) => {
  const question: Question = {
    approvalId: approvalIdOf(state.runId, state.planDigest!),
    planId: state.planId!,
    planDigest: state.planDigest!,
    reasons: state.verdict!.reasons,
    approvalsNeeded: state.verdict!.approvalsNeeded,
  };
  interrupt(question);
  return {};
};

export const recordStep: Node = async (state, desk) => {
  const { planId, planDigest, verdict } = state;
  const plan = (await desk.world.store.collection(PLANS).get(planId!))!.value;
  // What was judged must be what is done: a plan that changed meanwhile is judged again.
  if (plan.digest !== planDigest) return { decision: 'changed' };
  const approval =
    verdict!.outcome === 'ask'
      ? (await desk.world.store.collection(APPROVALS).get(approvalIdOf(state.runId, planDigest)))?.value
      : undefined;
  const decided = outcome(verdict!, approval);
  const { decision } = await desk.call(recordDecision, {
    planId: plan.id,
    planDigest,
    ...(verdict!.rule === TRIMMED ? await withinPolicy(desk.world, plan.id, decided) : decided),
  });
  return { decisionId: decision.id, decision: decision.status };
};

/** Whatever people answered, a job that the policy refuses is never among those that move. */
export const withinPolicy = async (world: World, planId: string, decided: Outcome): Promise<Outcome> => {
  if (decided.status === 'refused') return decided;
  const denied = await deniedJobsOf(world, planId);
  if (denied === null)
    return { status: 'refused', by: ['rule:policy'], reasons: ['the policy refuses the plan as a whole'], jobs: null };
  if (denied.size === 0) return decided;
  const jobs = (decided.jobs ?? (await movedJobs(world.store, planId))).filter((job) => !denied.has(job));
  return { ...decided, status: 'partly-approved', jobs };
};

export const movedJobs = async (store: Store, planId: string): Promise<string[]> => {
  const jobs: string[] = [];
  for await (const page of store.rows(RECOMMENDATIONS).pages(planId)) jobs.push(...page.map((r) => r.jobId));
  return jobs;
};

/** How many jobs plans usually move here: the median of the newest, null while there are too few to tell. */
const usualScale = async (store: Store, planId: string): Promise<number | null> => {
  const plans = (await store.collection(PLANS).list({ limit: 21 })).map((p) => p.value).filter((p) => p.id !== planId);
  if (plans.length < FEWEST_PLANS) return null;
  const moved = plans.map((p) => p.jobs.moved).sort((a, b) => a - b);
  return moved[Math.floor(moved.length / 2)]!;
};

interface Outcome {
  readonly status: 'approved' | 'partly-approved' | 'refused';
  readonly by: string[];
  readonly reasons: string[];
  readonly jobs: string[] | null;
}

export const outcome = (verdict: Verdict, approval: Approval | undefined): Outcome => {
  if (verdict.outcome !== 'ask')
    return {
      status: verdict.outcome === 'approve' ? ('approved' as const) : ('refused' as const),
      by: [`rule:${verdict.rule}`],
      reasons: verdict.reasons,
      jobs: null,
    };
  // Without a person's yes there is no leave: an approval that expired or is missing refuses.
  if (!approval || approval.votes.length === 0)
    return { status: 'refused' as const, by: ['rule:no-answer'], reasons: ['nobody answered in time'], jobs: null };
  const by = [...new Set(approval.votes.map((v) => v.actor.id))];
  const reasons = approval.votes.map((v) => v.why).filter((why) => why !== '');
  if (approval.status === 'approved') return { status: 'approved' as const, by, reasons, jobs: null };
  if (approval.status === 'partly-approved')
    return { status: 'partly-approved' as const, by, reasons, jobs: jobsOf(approval.votes) };
  return { status: 'refused' as const, by, reasons, jobs: null };
};
