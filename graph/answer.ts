/** What a person's answer is about: the question that they mean, and the jobs that they name. */
import { APPROVALS, DECISIONS } from '../domain/decision.js';
import { Fault, notFound } from '../domain/fault.js';
import { PLANS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import type { World } from '../domain/world.js';
import { deniedJobsOf } from '../tools/policy/policy.js';
import { movedJobs } from './decide.js';

/**
 * The approval that somebody means by its own id, or by that of a run or plan that waits for one. Fault `not-found` for what is
 * none of them, `conflict` where nothing waits.
 */
export const meant = async (
  world: World,
  id: string,
  { decision, only }: { decision: 'approve' | 'reject'; only: string[] | null },
  takeUpAgain: (planId: string) => Promise<string>,
): Promise<string> => {
  const { store } = world;
  if (await store.collection(APPROVALS).get(id)) return id;
  const run = (await store.collection(RUNS).get(id))?.value;
  const planId = run ? run.planId : (await store.collection(PLANS).get(id)) ? id : undefined;
  if (planId === undefined)
    throw notFound(`there is no approval, run or plan ${id}`, '`caco approvals` lists what waits.');
  const plan = planId === null ? undefined : (await store.collection(PLANS).get(planId))?.value;
  const waiting = (await store.collection(APPROVALS).list({ limit: 1000 }))
    .map((a) => a.value)
    .find((a) => a.status === 'waiting' && a.planDigest === plan?.digest && (!run || a.threadId === run.id));
  if (waiting) return waiting.id;
  // A plan that nobody was asked about yet: whoever says yes to it is asked by that, and answers.
  const undecided = planId === id && !(await isDecided(world, id));
  if (decision === 'reject' || planId === null || (only === null && !undecided))
    throw new Fault(
      'conflict',
      `nothing waits for an answer on ${id}`,
      decision === 'reject' || planId === null
        ? '`caco approvals` lists what waits.'
        : `A refused plan can be taken up for the jobs that the policy allows: caco approve ${planId} --only allowed`,
    );
  return takeUpAgain(planId);
};

const isDecided = async ({ store }: World, planId: string): Promise<boolean> =>
  (await store.collection(DECISIONS).list({ limit: 1000 })).some(({ value }) => value.planId === planId);

/** `--only allowed` in names: every moved job of the plan that the policy in force allows. */
export const namedJobs = async (world: World, approvalId: string, only: string[] | null): Promise<string[] | null> => {
  if (only === null || !only.includes(ALLOWED)) return only;
  const approval = (await world.store.collection(APPROVALS).get(approvalId))?.value;
  if (!approval) return only;
  const denied = await deniedJobsOf(world, approval.planId);
  const named = only.filter((job) => job !== ALLOWED);
  const allowed = (await movedJobs(world.store, approval.planId)).filter((job) => !denied?.has(job));
  return [...new Set([...named, ...allowed])];
};
const ALLOWED = 'allowed';
