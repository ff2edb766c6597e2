/** Carrying out a decided plan: the fleet gets its orders and the teams their tickets, once, by whichever way it is asked. */
import type { z } from 'zod';
import { APPROVALS, type Decision, leaveFor } from '../domain/decision.js';
import { Fault, notFound } from '../domain/fault.js';
import { PLANS, type Plan } from '../domain/plan.js';
import type { World } from '../domain/world.js';
import { demandOf, outcomeOf } from '../tools/approval/approval.js';
import { placeJobs } from '../tools/fleet/fleet.js';
import { activeSet, deniedJobsOf } from '../tools/policy/policy.js';
import { fileTickets } from '../tools/tickets/tickets.js';
import { type Call, callTool } from '../tools/tool.js';
import { movedJobs } from './decide.js';
import { judgementOf } from './judgement.js';

export interface CarriedOut {
  readonly placing: z.output<typeof placeJobs.output>;
  /** null where nothing was placed, so that there is nothing to tell anybody. */
  readonly filing: z.output<typeof fileTickets.output> | null;
}

/**
 * Keys follow from decision and plan, so that whoever carries it out again does nothing twice. Fault `forbidden` without
 * leave, or where a policy that came into force after the decision no longer gives it.
 */
export const carryOut = async (world: World, call: Call, planId: string, decisionId: string): Promise<CarriedOut> => {
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists what was planned.');
  const decision = await leaveFor(world.store, decisionId, plan);
  const deed = (tool: string): Call => ({
    ...call,
    actor: { id: 'node:executor', via: 'graph' },
    decisionId,
    idempotencyKey: `${decisionId}/${planId}/${tool}`,
  });
  const begun = (await world.store.deeds.get(`${decisionId}/${planId}/place_jobs`))?.state;
  if (begun !== 'done' && begun !== 'intended') await requireLeaveOfToday(world, call, plan, decision);
  call.progress({ done: 0, total: 2, note: `placing ${plan.jobs.moved} moved jobs` });
  // A rehearsal is no deed: it may be held again, and the deed itself is still to be done.
  const placed = deed('place_jobs');
  const by = world.fleet.rehearses ? { ...placed, idempotencyKey: undefined } : placed;
  const placing = await callTool(placeJobs, { planId }, world, by);
  call.progress({ done: 1, total: 2, note: 'filing tickets' });
  const filing = placing.placed === 0 ? null : await callTool(fileTickets, { planId }, world, deed('file_tickets'));
  call.progress({ done: 2, total: 2, note: 'done' });
  return { placing, filing };
};

/** A decision was taken under the policy of its time; what is placed today must be allowed by that of today. */
const requireLeaveOfToday = async (world: World, call: Call, plan: Plan, decision: Decision): Promise<void> => {
  const inForce = (await activeSet(world.store))?.id ?? null;
  if (inForce === null || inForce === decision.judgement?.policySetId) return;
  const now = await judgementOf(world, call, plan.id, { mode: 'auto', trim: true });
  const since = (why: string) =>
    new Fault(
      'forbidden',
      `the policy has changed since decision ${decision.id}: ${why}`,
      `Ask anew: request_approval for ${plan.id}, or caco launch.`,
    );
  if (now.policy === 'allow') return;
  const denied = await deniedJobsOf(world, plan.id);
  const moving = decision.jobs ?? (await movedJobs(world.store, plan.id));
  if (denied === null || moving.some((job) => denied.has(job))) throw since(now.reasons.join('; '));
  const votes = decision.approvalId
    ? (await world.store.collection(APPROVALS).get(decision.approvalId))?.value.votes
    : [];
  if (outcomeOf(votes ?? [], await demandOf(world.store, now)) === 'waiting') throw since(now.reasons.join('; '));
};
