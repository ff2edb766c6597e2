/** How a run goes: the plan thread, the question that it may rest on, and the settlement of what it placed. */
import { Fault, notFound } from '../domain/fault.js';
import { PLANS } from '../domain/plan.js';
import { RUNS, type Run } from '../domain/run.js';
import { traced } from '../domain/trace.js';
import type { World } from '../domain/world.js';
import type { Call } from '../tools/tool.js';
import { openQuestion } from './ask.js';
import { holding, runHold } from './hold.js';
import type { Question } from './nodes/governance.js';
import { restsUntil, settleAfterOf } from './settlement.js';
import type { GraphState } from './state.js';
import { Answer, type By, type Order, settleThreadOf, signalOf, type ThreadBook } from './thread.js';

/** As governance calls, on behalf of a run or an answer. */
export const governance = (cause: string, by: By): Call => ({
  actor: { id: 'node:governance', via: 'graph' },
  cause,
  signal: signalOf(by),
  progress: () => {},
});

export interface Course {
  /** Works on a run alone, and throws away what its threads no longer need, with what a process left that died before it could. */
  alone(runId: string, work: () => Promise<Run>): Promise<Run>;
  /**
   * The thread rests on a question: put the plan before a person. What the plan would do names the question, so this can be
   * repeated; where another run waits for the answer to the same, this one ends and that one is answered.
   */
  ask(runId: string, question: Question, interruptId: string, by: By): Promise<Run>;
  /** From wherever the plan thread stands to the end of the run, or to the next question. */
  goOn(runId: string, order: Order, by: By): Promise<Run>;
  /** Ends a run that whoever started it takes back, before anybody answered. */
  withdraw(runId: string, as: 'refused' | 'failed', by: By): Promise<Run>;
}

export const courseOf = (world: World, threads: ThreadBook): Course => {
  const row = rowsOf(world);

  const settle = async (runId: string, state: GraphState, by: By): Promise<Run> => {
    const { planId, decisionId, workloadId } = state;
    const made = { planId, decisionId, workloadId };
    if (state.decision === 'refused') return row.end(runId, { status: 'refused', ...made }, by);
    if (state.settled.length > 0) return row.end(runId, { status: 'done', settled: state.settled }, by);
    // Nothing was placed by this run, so nothing of it will run and there is nothing to verify.
    if (planId === null || state.orderKey === null) return row.end(runId, { status: 'done', ...made }, by);
    const plan = (await world.store.collection(PLANS).get(planId))!.value;
    const settleAfter = await restsUntil(world, plan, runId);
    if (settleAfter !== null) return row.rest(runId, { status: 'placed', ...made, settleAfter }, by);
    await row.update(runId, made);
    await world.clock.waitUntil(settleAfterOf(plan), by.signal);
    const { from, horizonHours, waiting, ticketCount } = state;
    const order = { kind: 'settle' as const, runId, from, horizonHours, planId, decisionId, waiting, ticketCount };
    const threadId = settleThreadOf(runId);
    try {
      await threads.drive(runId, threadId, (await threads.begun(threadId, by)) ? null : order, by);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'unavailable' || by.signal?.aborted) throw error;
      // What was placed stands. Who is silent about what came of it may tell later; nothing is claimed until then.
      const why = `not verified yet: ${error.message}`;
      return row.rest(runId, { status: 'placed', ...made, settleAfter: settleAfterOf(plan), error: why }, by);
    }
    return row.end(runId, { status: 'done', ...made }, by);
  };

  const course: Course = {
    withdraw(runId, as, by) {
      const story = `Taken back by ${by.actor.id} before anything was decided; nothing was placed.`;
      return as === 'failed'
        ? row.update(runId, { status: as, error: story })
        : row.end(runId, { status: as, story }, by);
    },

    alone: (runId, work) =>
      holding(world.store, runHold(runId), async () => {
        const run = await traced('run', { 'caco.run.id': runId }, async (step) => {
          const ended = await work();
          step.set({ 'caco.run.status': ended.status, 'caco.plan.id': ended.planId });
          return ended;
        });
        await threads.sweep(runId, async (id) => {
          const status = (await world.store.collection(RUNS).get(id))?.value.status;
          return status === 'done' || status === 'refused';
        });
        return run;
      }),

    async ask(runId, { planId }, interruptId, by) {
      const asked = { planId, run: { id: runId, interruptId }, reasons: [] };
      const approval = await openQuestion(world, governance(runId, by), asked);
      const other =
        approval.threadId === runId ? undefined : (await world.store.collection(RUNS).get(approval.threadId))?.value;
      if (other?.status === 'waiting') {
        const story = `Run ${runId} would do the same as run ${other.id}, which waits for the answer to ${approval.id}; nothing was asked twice.`;
        await row.end(runId, { status: 'done', planId, sameAs: other.id, story }, by);
        return other;
      }
      const asks = { status: 'waiting', approvalId: approval.id, planId } as const;
      if (approval.status === 'waiting') return row.rest(runId, asks, by);
      await row.update(runId, asks);
      return course.goOn(runId, new Answer(interruptId, { planId }), by);
    },

    async goOn(runId, order, by) {
      try {
        const { values, pending } = await threads.drive(runId, runId, order, by);
        if (pending) return await course.ask(runId, pending.value as Question, pending.id!, by);
        return await settle(runId, values, by);
      } catch (error) {
        if (by.signal?.aborted) throw error;
        await row.update(runId, { status: 'failed', error: (error as Error).message });
        throw error;
      }
    },
  };
  return course;
};

/** The run as people list it: changed, ended, laid to rest. */
const rowsOf = (world: World) => {
  const runs = () => world.store.collection(RUNS);
  const update = async (id: string, patch: Partial<Run>): Promise<Run> => {
    for (;;) {
      const found = await runs().get(id);
      if (!found) throw notFound(`there is no run ${id}`, '`caco runs` lists them.');
      const next = { ...found.value, ...patch };
      if (await runs().replace(id, found.version, next)) return next;
    }
  };
  return {
    update,
    end(id: string, patch: Partial<Run> & { readonly status: 'done' | 'refused' }, by: By): Promise<Run> {
      by.onEvent?.({ type: 'status', runId: id, status: patch.status });
      return update(id, { ...patch, finishedAt: world.clock.now(), error: null });
    },
    async rest(id: string, patch: Partial<Run> & { readonly status: 'waiting' | 'placed' }, by: By): Promise<Run> {
      const run = await update(id, { error: null, ...patch });
      by.onEvent?.({ type: 'status', runId: id, status: patch.status });
      return run;
    },
  };
};
