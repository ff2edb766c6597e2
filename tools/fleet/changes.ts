/** What a plan's order did to jobs of somebody else's scheduler, or would do: looking at it, and taking it back. */
import { z } from 'zod';
import { Change, ChangeState, rehearsalOf } from '../../domain/change.js';
import { CHANGE_STATES } from '../../domain/change-states.js';
import { Fault, notFound } from '../../domain/fault.js';
import { release } from '../../domain/held.js';
import { JOBS } from '../../domain/job.js';
import { orderKeyOf, PLANS, type Plan } from '../../domain/plan.js';
import { RUNS } from '../../domain/run.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';

const Id = z.string().min(1).describe('a run, R-…, or its plan, P-…');

/** Throws Fault `not-found`. */
const planOf = async (world: World, id: string): Promise<Plan> => {
  const run = (await world.store.collection(RUNS).get(id))?.value;
  const planId = run === undefined ? id : run.planId;
  const plan = planId === null ? undefined : (await world.store.collection(PLANS).get(planId))?.value;
  if (plan !== undefined) return plan;
  throw run === undefined
    ? notFound(`there is no run or plan ${id}`, '`caco runs` lists runs with their plans.')
    : notFound(`run ${id} made no plan`, '`caco runs` lists runs with their plans.');
};

const noJobsOfOthers = () =>
  new Fault(
    'unsupported',
    'this fleet keeps its orders itself: no job of anybody’s scheduler is changed',
    'Choose a fleet that has a scheduler, CACO_FLEET=slurm or kubernetes.',
  );

const MOST_CHANGES = 5000;

export const listChanges = defineTool({
  name: 'list_changes',
  title: 'List changes',
  description:
    'What carrying out a plan did to jobs of a real scheduler, job by job, with the command that was run, or in a dry run would be; and why a job was left as it is.',
  toolset: 'plan',
  effect: 'reads',
  input: z.strictObject({
    id: Id,
    skip: z.number().int().min(0).default(0).describe('changes to pass over; `next` of the answer before'),
    limit: z.number().int().min(1).max(MOST_CHANGES).default(1000).describe('changes to tell, at most 5000'),
  }),
  output: z.strictObject({
    planId: z.string(),
    rehearsed: z.boolean().describe('the order was rehearsed only: nothing was changed'),
    counts: z.partialRecord(ChangeState, z.number().int()).describe('changes of the whole order by their state'),
    changes: z.array(Change),
    next: z.number().int().nullable().describe('what to skip for those that follow; null: these were the last'),
  }),
  run: async ({ id, skip, limit }, world) => {
    const plan = await planOf(world, id);
    if (world.fleet.changes === undefined) throw noJobsOfOthers();
    const counts: Partial<Record<ChangeState, number>> = {};
    const changes: Change[] = [];
    let seen = 0;
    const key = orderKeyOf(plan);
    let of = key;
    for (of of [key, rehearsalOf(key)]) {
      for await (const page of world.fleet.changes(of))
        for (const change of page) {
          counts[change.state] = (counts[change.state] ?? 0) + 1;
          if (seen++ >= skip && changes.length < limit) changes.push(change);
        }
      // What was done counts, not what was rehearsed before.
      if (seen > 0) break;
    }
    const told = skip + changes.length;
    return {
      planId: plan.id,
      rehearsed: seen > 0 && of !== key,
      counts,
      changes,
      next: told < seen ? told : null,
    };
  },
  tell: ({ counts }) => countsText(counts),
});

/** `made 12 · left 3`, in the order in which states are declared. */
export const countsText = (counts: Readonly<Partial<Record<ChangeState, number>>>): string => {
  const said = ChangeState.options.flatMap((state) =>
    counts[state] === undefined ? [] : [`${counts[state]} ${state}: ${CHANGE_STATES[state]}`],
  );
  return said.length === 0 ? 'No order of this plan reached a scheduler.' : `${said.join('\n')}`;
};

export const undoRun = defineTool({
  name: 'undo_run',
  title: 'Undo a run',
  description:
    'Puts jobs of a real scheduler back where they were before a plan moved them, by what was written down before each change. A job that has started, or that somebody changed since, is left as it is. In a dry run it only tells the commands.',
  toolset: 'plan',
  effect: 'decides',
  input: z.strictObject({ id: Id }),
  output: z.strictObject({
    planId: z.string(),
    rehearsed: z.boolean().describe('a dry run: nothing was changed'),
    undone: z.number().int().describe('jobs that are where they were before the plan'),
    kept: z.number().int().describe('jobs that were left as they are; list_changes says why'),
    commands: z.array(z.string()).describe('what was run, or in a dry run would be'),
  }),
  run: async ({ id }, world) => {
    const plan = await planOf(world, id);
    if (world.fleet.undo === undefined) throw noJobsOfOthers();
    const { undone, kept, commands } = await world.fleet.undo(orderKeyOf(plan));
    if (world.fleet.rehearses !== true) await giveBack(world, plan, new Set(kept));
    return {
      planId: plan.id,
      rehearsed: world.fleet.rehearses === true,
      undone: undone.length,
      kept: kept.length,
      commands: [...commands],
    };
  },
  tell: ({ planId, rehearsed, undone, kept, commands }) =>
    rehearsed
      ? `Dry run: ${commands.length} commands would put back what ${planId} changed; nothing was changed.`
      : `${undone} jobs of ${planId} are where they were before; ${kept} were left as they are.`,
});

/** Whatever the plan does not move any more is free for another one. */
const giveBack = async (world: World, plan: Plan, kept: ReadonlySet<string>): Promise<void> => {
  for await (const page of world.store.rows(JOBS).pages(plan.workloadId))
    await release(
      world,
      plan.id,
      page.filter(({ id }) => !kept.has(id)),
    );
};
