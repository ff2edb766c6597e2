/** The decision on a plan that was put before people outside a run: rules and policies judge it as they do within one. */
import type { Approval, Decision } from '../domain/decision.js';
import { PLANS } from '../domain/plan.js';
import type { World } from '../domain/world.js';
import { recordDecision } from '../tools/approval/approval.js';
import { evaluatePolicy } from '../tools/policy/policy.js';
import { callTool } from '../tools/tool.js';
import { outcome, strictest, TRIMMED, withinPolicy } from './nodes/governance.js';
import { judge } from './risk.js';

/**
 * Records what a settled approval comes to. Whoever asked chose the number of answers, so what rules and policies demand is
 * counted again here: a yes cannot lift a refusal, and one yes is not two.
 */
export const decideAlone = async (world: World, approval: Approval, signal: AbortSignal): Promise<Decision> => {
  const call = {
    actor: { id: 'node:governance', via: 'graph' as const },
    cause: approval.id,
    signal,
    progress: () => {},
  };
  const plan = (await world.store.collection(PLANS).get(approval.planId))!.value;
  const policy = await callTool(evaluatePolicy, { planId: plan.id }, world, call);
  const verdict = strictest(judge(plan, world.setting.thresholds, world.clock.now(), 'ask'), policy, true);
  const people = new Set(approval.votes.filter((v) => v.decision === 'approve').map((v) => v.actor.id));
  const said = outcome(verdict, approval);
  const answered = verdict.rule === TRIMMED ? await withinPolicy(world, plan.id, said) : said;
  const tooFew = answered.status !== 'refused' && people.size < verdict.approvalsNeeded;
  const { decision } = await callTool(
    recordDecision,
    {
      planId: plan.id,
      planDigest: approval.planDigest,
      ...(tooFew
        ? {
            status: 'refused' as const,
            by: ['rule:too-few-answers'],
            reasons: [
              `${verdict.approvalsNeeded} people must agree to this plan and ${people.size} did; ask again with that many`,
            ],
            jobs: null,
          }
        : answered),
    },
    world,
    { ...call, idempotencyKey: `decide:${approval.id}` },
  );
  return decision;
};
