/** What governance finds of a plan: thresholds of risk and the policy in force, read from the store at that moment. */
import type { z } from 'zod';
import type { Approver, Judgement } from '../domain/decision.js';
import { ORDERS, PLANS, type Plan } from '../domain/plan.js';
import type { Store } from '../domain/store.js';
import type { World } from '../domain/world.js';
import { evaluatePolicy } from '../tools/policy/policy.js';
import { type Call, callTool } from '../tools/tool.js';
import { type Risk, riskOf } from './risk.js';

/** A refused plan taken up again: only what the policy allows can be approved. */
export const TRIMMED = 'policy-trimmed';
/** The verdicts in full are one call of evaluate_policy away. */
const MOST_REASONS = 8;
const LONGEST_REASON = 800;
/** Below this many carried-out plans nothing is usual yet. */
const FEWEST_PLANS = 5;

export interface JudgedAs {
  /** `ask`: a person is asked even where every rule would let it pass. */
  readonly mode: 'auto' | 'ask';
  /** The plan was refused and is taken up again for the jobs that the policy allows. */
  readonly trim: boolean;
}

/** Throws Fault `not-found` by way of evaluate_policy for an unknown plan. */
export const judgementOf = async (world: World, call: Call, planId: string, as: JudgedAs): Promise<Judgement> => {
  const policy = await callTool(evaluatePolicy, { planId }, world, { ...call, idempotencyKey: undefined });
  const plan = (await world.store.collection(PLANS).get(planId))!.value;
  const usual = await usualScale(world.store, plan.id);
  const risk = riskOf(plan, world.setting.thresholds, world.clock.now(), as.mode, usual);
  return {
    ...strictest(risk, policy, as.trim),
    approvers: approversOf(policy),
    policySetId: policy.policySetId,
    policy: policy.verdict,
    allowedJobs: policy.allowedJobs,
    deniedJobs: policy.deniedJobs,
    saves: savesOf(plan),
  };
};

const savesOf = ({ savings, planned, unpriced = [] }: Plan): Judgement['saves'] => ({
  emissionsKg: savings.emissionsKg,
  cost: unpriced.length > 0 ? null : savings.cost,
  currency: planned.cost.currency,
});

type Policy = z.output<typeof evaluatePolicy.output>;

/** A policy can only tighten: it turns approve into ask, and ask into refuse. */
export const strictest = (risk: Risk, policy: Policy, trim: boolean): Risk => {
  const reasons = policy.reasons.slice(0, MOST_REASONS).map((reason) => reason.slice(0, LONGEST_REASON));
  if (policy.verdict === 'allow' || risk.outcome === 'refuse') return risk;
  if (policy.verdict === 'deny' && !(trim && policy.divisible)) {
    const rest = `The rest of the plan (${policy.allowedJobs} moved jobs) is allowed: caco approve ${policy.planId} --only allowed`;
    return { ...risk, outcome: 'refuse', rule: 'policy', reasons: policy.divisible ? [...reasons, rest] : reasons };
  }
  if (policy.verdict === 'deny')
    return {
      ...risk,
      outcome: 'ask',
      rule: TRIMMED,
      reasons: [`${policy.allowedJobs} moved jobs are allowed; ${policy.deniedJobs} stay as they are`, ...reasons],
      approvalsNeeded: Math.max(risk.approvalsNeeded, policy.approvalsNeeded),
    };
  return {
    ...risk,
    outcome: 'ask',
    rule: risk.outcome === 'ask' ? risk.rule : 'policy',
    reasons: risk.outcome === 'ask' ? [...risk.reasons, ...reasons] : reasons,
    approvalsNeeded: Math.max(risk.approvalsNeeded, policy.approvalsNeeded),
  };
};

/** Whom the sentences that ask for approval name; of two that name the same, the one that wants more of them counts. */
const approversOf = (policy: Policy): Approver[] => {
  const byRole = new Map<string, Approver>();
  for (const { verdict, approver, approvals } of policy.verdicts) {
    if (verdict !== 'needs-approval' || approver === null) continue;
    const role = approver.toLowerCase();
    const known = byRole.get(role);
    if (!known || known.approvals < approvals) byRole.set(role, { role: approver, approvals });
  }
  return [...byRole.values()];
};

/** How many jobs plans that were carried out here usually move: the median of the newest, null while there are too few. */
const usualScale = async (store: Store, planId: string): Promise<number | null> => {
  const moved: number[] = [];
  for (const { value } of await store.collection(ORDERS).list({ limit: 21 })) {
    if (value.planId === planId) continue;
    // An order of an older version does not say it.
    const said = value.moved ?? (await store.collection(PLANS).get(value.planId))?.value.jobs.moved;
    if (said !== undefined) moved.push(said);
  }
  if (moved.length < FEWEST_PLANS) return null;
  moved.sort((a, b) => a - b);
  return moved[Math.floor(moved.length / 2)]!;
};
