/** Starts, resumes and finishes runs. A run is a plan thread and, once its window has closed, a settle thread. */
import { randomUUID } from 'node:crypto';
import { Command } from '@langchain/langgraph';
import { type Actor, APPROVALS, type Approval } from '../domain/decision.js';
import { shortId } from '../domain/digest.js';
import { Fault, invalid, notFound } from '../domain/fault.js';
import { PLANS } from '../domain/plan.js';
import { RUNS, type Run } from '../domain/run.js';
import { type Instant, plusHours } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { answerApproval, requestApproval } from '../tools/approval/approval.js';
import { deniedJobsOf } from '../tools/policy/policy.js';
import { callTool } from '../tools/tool.js';
import { decideAlone } from './decide.js';
import type { Graph } from './graph.js';
import { holding } from './hold.js';
import { movedJobs, type Question } from './nodes/governance.js';
import type { GraphState, PlanRequest } from './state.js';

/** What a listener hears while a run goes on. */
export type RunEvent =
  | { readonly type: 'node'; readonly runId: string; readonly node: string }
  | { readonly type: 'progress'; readonly runId: string; readonly data: unknown }
  | { readonly type: 'status'; readonly runId: string; readonly status: Run['status'] };

export interface By {
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

export interface LaunchInput extends PlanRequest {
  /** takes up a refused plan again, for the jobs that the policy allows; a person is always asked */
  readonly planId?: string;
  readonly horizonHours: number;
  readonly approval: 'auto' | 'ask';
  readonly from?: Instant;
}

export interface Orchestrator {
  /** Runs until it is done, refused, or waits for a person. */
  launch(input: LaunchInput, by: By): Promise<Run>;
  /** Goes on with a run that waits for nothing any more: after a crash, an answer, or an approval that expired. */
  resume(runId: string, by: By): Promise<Run>;
  /** A person's answer; when it settles the approval, the run goes on to its end. */
  answer(
    input: { approvalId: string; decision: 'approve' | 'reject'; why: string; only: string[] | null },
    by: By,
  ): Promise<{ approval: Approval; run: Run | null }>;
}

const MAX_HOURS = 840;
/** Jobs that run longer than planned are still verified whole when they end within this. */
const SETTLE_AFTER_HOURS = 4;
/** For callers that never cancel. One each: listeners on a shared one would pile up in a server. */
const never = () => new AbortController().signal;

export const openOrchestrator = (world: World, graph: Graph): Orchestrator => {
  const runs = () => world.store.collection(RUNS);

  const update = async (id: string, patch: Partial<Run>): Promise<Run> => {
    for (;;) {
      const found = await runs().get(id);
      if (!found) throw notFound(`there is no run ${id}`, '`caco runs` lists them.');
      const next = { ...found.value, ...patch };
      if (await runs().replace(id, found.version, next)) return next;
    }
  };

  const config = (threadId: string, by: By) => ({
    configurable: { thread_id: threadId },
    durability: 'sync' as const,
    recursionLimit: 50,
    signal: by.signal ?? never(),
  });

  /**
   * Whether a thread has a checkpoint to go on from. What it says is `next` is no measure: a step whose writes were kept but
   * whose checkpoint was not, because the process died between the two, is no longer next, and what follows it not yet.
   */
  const begun = async (threadId: string, by: By): Promise<boolean> =>
    (await graph.getState(config(threadId, by))).config.configurable?.checkpoint_id !== undefined;

  /** Drives a thread until it ends or rests on its interrupt. */
  const drive = async (runId: string, threadId: string, input: Partial<GraphState> | Command | null, by: By) => {
    const stream = await graph.stream(input as Parameters<typeof graph.stream>[0], {
      ...config(threadId, by),
      streamMode: ['updates', 'custom'],
    });
    for await (const [mode, chunk] of stream) {
      if (mode === 'custom') by.onEvent?.({ type: 'progress', runId, data: chunk });
      else
        for (const node of Object.keys(chunk as object))
          if (!node.startsWith('__')) by.onEvent?.({ type: 'node', runId, node });
    }
    const snapshot = await graph.getState(config(threadId, by));
    const pending = snapshot.tasks.flatMap((t) => t.interrupts)[0];
    return { values: snapshot.values as GraphState, pending, next: snapshot.next };
  };

  /** The thread rests on a question: put it before a person. The id follows from thread and plan, so this can be repeated. */
  const ask = async (runId: string, question: Question, interruptId: string, by: By): Promise<Run> => {
    const { approval } = await callTool(
      requestApproval,
      {
        planId: question.planId,
        reasons: question.reasons,
        threadId: runId,
        interruptId,
        approvalsNeeded: question.approvalsNeeded,
      },
      world,
      {
        actor: { id: 'node:governance', via: 'graph' },
        cause: runId,
        signal: by.signal ?? never(),
        progress: () => {},
      },
    );
    by.onEvent?.({ type: 'status', runId, status: 'waiting' });
    return update(runId, { status: 'waiting', approvalId: approval.id, planId: question.planId });
  };

  const settle = async (runId: string, state: GraphState, by: By): Promise<Run> => {
    const { planId, decisionId, workloadId } = state;
    if (state.decision === 'refused') {
      by.onEvent?.({ type: 'status', runId, status: 'refused' });
      return update(runId, { status: 'refused', planId, decisionId, workloadId, finishedAt: world.clock.now() });
    }
    await update(runId, { planId, decisionId, workloadId });
    const plan = (await world.store.collection(PLANS).get(planId!))!.value;
    const last = plan.finishesAt > plan.window.end ? plan.finishesAt : plan.window.end;
    await world.clock.waitUntil(plusHours(last, SETTLE_AFTER_HOURS), by.signal);
    const threadId = `${runId}:settle`;
    const order = {
      kind: 'settle' as const,
      runId,
      from: state.from,
      horizonHours: state.horizonHours,
      planId,
      decisionId,
      waiting: state.waiting,
      ticketCount: state.ticketCount,
    };
    await drive(runId, threadId, (await begun(threadId, by)) ? null : order, by);
    by.onEvent?.({ type: 'status', runId, status: 'done' });
    return update(runId, { status: 'done', finishedAt: world.clock.now(), error: null });
  };

  /** From wherever the plan thread stands to the end of the run, or to the next question. */
  const goOn = async (runId: string, input: Partial<GraphState> | Command | null, by: By): Promise<Run> => {
    try {
      const { values, pending } = await drive(runId, runId, input, by);
      if (pending) return await ask(runId, pending.value as Question, pending.id!, by);
      return await settle(runId, values, by);
    } catch (error) {
      if (by.signal?.aborted) throw error;
      await update(runId, { status: 'failed', error: (error as Error).message });
      throw error;
    }
  };

  return {
    async launch(input, by) {
      if (!(input.horizonHours > 0 && input.horizonHours <= MAX_HOURS))
        throw invalid(
          `a horizon of ${input.horizonHours} hours cannot be planned`,
          `Give one above 0 and at most ${MAX_HOURS} hours (35 days).`,
        );
      const { horizonHours, approval, from: asked, planId, ...request } = input;
      const again = planId === undefined ? {} : await takenUp(world, planId);
      const from = asked ?? world.clock.now();
      const id = shortId('R', randomUUID());
      await runs().insert(id, {
        id,
        kind: 'plan',
        status: 'running',
        scenario: world.setting.name,
        seed: world.setting.seed,
        from,
        request: { ...request },
        horizonHours,
        approvalMode: approval,
        workloadId: null,
        planId: planId ?? null,
        approvalId: null,
        decisionId: null,
        startedBy: by.actor.id,
        startedAt: world.clock.now(),
        finishedAt: null,
        story: null,
        error: null,
      });
      return holding(world.store, id, () =>
        goOn(id, { runId: id, kind: 'plan', from, horizonHours, approvalMode: approval, request, ...again }, by),
      );
    },

    async resume(runId, by) {
      const run = (await runs().get(runId))?.value;
      if (!run) throw notFound(`there is no run ${runId}`, '`caco runs` lists them.');
      if (run.status === 'done' || run.status === 'refused') return run;
      requireItsWorld(world, run);
      return holding(world.store, runId, async () => {
        const snapshot = await graph.getState(config(runId, by));
        const pending = snapshot.tasks.flatMap((t) => t.interrupts)[0];
        if (pending) {
          const question = pending.value as Question;
          const plan = (await world.store.collection(PLANS).get(question.planId))?.value;
          // A plan that changed while it waited is judged and asked about anew; the old question is closed for good.
          if (plan?.digest !== question.planDigest) {
            await supersede(world, question.approvalId);
            return goOn(runId, new Command({ resume: { [pending.id!]: { changed: true } } }), by);
          }
          const current = await ask(runId, question, pending.id!, by);
          const approval = await closed(world, question.approvalId);
          if (approval === undefined) return current;
          return goOn(
            runId,
            new Command({ resume: { [pending.id!]: { approvalId: approval.id, planDigest: approval.planDigest } } }),
            by,
          );
        }
        // Going on with a thread that has ended runs nothing and leads to its settlement.
        if (await begun(runId, by)) return goOn(runId, null, by);
        const { from = run.startedAt, request = {}, horizonHours, approvalMode } = run;
        const again = run.planId === null ? {} : await takenUp(world, run.planId);
        return goOn(runId, { runId, kind: 'plan', from, horizonHours, approvalMode, request, ...again }, by);
      });
    },

    async answer(given, by) {
      const asked = (await world.store.collection(APPROVALS).get(given.approvalId))?.value;
      const run = asked && (await runs().get(asked.threadId))?.value;
      if (run) requireItsWorld(world, run);
      const input = { ...given, only: await namedJobs(world, given.approvalId, given.only) };
      const { approval, settled } = await callTool(answerApproval, input, world, {
        actor: by.actor,
        cause: input.approvalId,
        signal: by.signal ?? never(),
        progress: () => {},
      });
      if (!settled) return { approval, run: null };
      if (approval.threadId === '') {
        await decideAlone(world, approval, by.signal ?? never());
        return { approval, run: null };
      }
      return { approval, run: await this.resume(approval.threadId, by) };
    },
  };
};

/** Sites, signals and clock of another scenario would place and verify this run where it does not belong. */
const requireItsWorld = (world: World, { id, scenario, seed = world.setting.seed }: Run): void => {
  const here = world.setting;
  if (scenario === here.name && seed === here.seed) return;
  const of = (name: string, n: number) => `${name}, seed ${n}`;
  throw new Fault(
    'conflict',
    `run ${id} belongs to the world of ${of(scenario, seed)}; this is ${of(here.name, here.seed)}`,
    `Do it again with --scenario ${scenario} --seed ${seed} (the path of the file, where the scenario is one of your own).`,
    { details: { world: { scenario, seed } } },
  );
};

/** What a thread begins with that takes up a refused plan: the plan and its workload, and nothing is computed anew. */
const takenUp = async (world: World, planId: string): Promise<Partial<GraphState>> => {
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists what was planned.');
  return { planId: plan.id, planDigest: plan.digest, workloadId: plan.workloadId, trim: true, approvalMode: 'ask' };
};

/** `--only allowed` in names: every moved job of the plan that the policy in force allows. */
const namedJobs = async (world: World, approvalId: string, only: string[] | null): Promise<string[] | null> => {
  if (only === null || !only.includes(ALLOWED)) return only;
  const approval = (await world.store.collection(APPROVALS).get(approvalId))?.value;
  if (!approval) return only;
  const denied = await deniedJobsOf(world, approval.planId);
  const named = only.filter((job) => job !== ALLOWED);
  const allowed = (await movedJobs(world.store, approval.planId)).filter((job) => !denied?.has(job));
  return [...new Set([...named, ...allowed])];
};
const ALLOWED = 'allowed';

/** Closes a question whose plan has changed, so that no late answer can settle it. */
const supersede = async (world: World, approvalId: string): Promise<void> => {
  const approvals = world.store.collection(APPROVALS);
  for (;;) {
    const found = await approvals.get(approvalId);
    if (found?.value.status !== 'waiting') return;
    if (await approvals.replace(approvalId, found.version, { ...found.value, status: 'expired' })) return;
  }
};

/** The approval once it is answered or has expired; an expiry is written down here, where it is noticed. */
const closed = async (world: World, approvalId: string): Promise<Approval | undefined> => {
  const approvals = world.store.collection(APPROVALS);
  for (;;) {
    const found = await approvals.get(approvalId);
    if (!found) throw new Fault('not-found', `there is no approval ${approvalId}`, '`caco approvals` lists them.');
    if (found.value.status !== 'waiting') return found.value;
    if (world.clock.now() < found.value.expiresAt) return undefined;
    const expired = { ...found.value, status: 'expired' as const };
    if (await approvals.replace(approvalId, found.version, expired)) return expired;
  }
};
