/** Governance in three steps: judge only reads, ask only waits, record writes down what was decided. */
import { interrupt } from '@langchain/langgraph';
import { APPROVALS, type Approval, approvalIdOf } from '../../domain/decision.js';
import { PLANS } from '../../domain/plan.js';
import { jobsOf, recordDecision } from '../../tools/approval/approval.js';
import { evaluatePolicy } from '../../tools/policy/policy.js';
import type { Node } from '../node.js';
import { judge } from '../risk.js';
import type { Verdict } from '../state.js';

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
  const byRule = judge(plan, desk.world.thresholds, desk.world.clock.now(), state.approvalMode);
  const policy = await desk.call(evaluatePolicy, { planId: plan.id });
  return { verdict: strictest(byRule, policy), planDigest: plan.digest };
};

/** A policy can only tighten: it turns approve into ask, and ask into refuse. */
export const strictest = (
  byRule: Verdict,
  policy: { verdict: 'allow' | 'needs-approval' | 'deny'; reasons: string[]; approvalsNeeded: number },
): Verdict => {
  if (policy.verdict === 'allow' || byRule.outcome === 'refuse') return byRule;
  if (policy.verdict === 'deny') return { ...byRule, outcome: 'refuse', rule: 'policy', reasons: policy.reasons };
  return {
    ...byRule,
    outcome: 'ask',
    rule: byRule.outcome === 'ask' ? byRule.rule : 'policy',
    reasons: byRule.outcome === 'ask' ? [...byRule.reasons, ...policy.reasons] : policy.reasons,
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
  const { decision } = await desk.call(recordDecision, { planId: plan.id, planDigest, ...outcome(verdict!, approval) });
  return { decisionId: decision.id, decision: decision.status };
};

export const outcome = (verdict: Verdict, approval: Approval | undefined) => {
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
