/**
 * Starts, resumes and finishes runs. A run is a plan thread and, once its window has closed, a settle thread. Of a run that
 * rests both are kept as they stand, without what came before; a run that has ended is told by its row and needs none.
 */
import { randomUUID } from 'node:crypto';
import { Command } from '@langchain/langgraph';
import { type Actor, APPROVALS, type Approval, DECISIONS, type Decision } from '../domain/decision.js';
import { shortId } from '../domain/digest.js';
import { Fault, invalid, notFound } from '../domain/fault.js';
import { PLANS } from '../domain/plan.js';
import { RUNS, type Run } from '../domain/run.js';
import { type Instant, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { answerApproval } from '../tools/approval/approval.js';
import { type Call, callTool } from '../tools/tool.js';
import { meant, namedJobs } from './answer.js';
import { openQuestion } from './ask.js';
import { decide } from './decide.js';
import type { Graph } from './graph.js';
import { holding } from './hold.js';
import type { Question } from './nodes/governance.js';
import { restsUntil, settleAfterOf } from './settlement.js';
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

/** The graph's checkpoints, as far as they are thrown away here. */
export interface Threads {
  /** Of every thread that is kept. */
  ids(): Promise<string[]>;
  /** `keep_latest` keeps of each thread what it goes on from. Unknown ids are passed over. */
  prune(ids: readonly string[], strategy: 'keep_latest' | 'delete'): Promise<void>;
}

export interface Orchestrator {
  /** Runs until it is done, refused, waits for a person, or has placed what has yet to happen. */
  launch(input: LaunchInput, by: By): Promise<Run>;
  /**
   * Goes on with a run that waits for nothing any more: after a crash, an answer, an approval that expired, or when what it
   * placed has run. One that has ended, or whose time has not come, is answered as it stands.
   */
  resume(runId: string, by: By): Promise<Run>;
  /**
   * A person's answer; when it settles the approval, the run goes on to its end. `id` is that of an approval, or of a run or
   * plan that waits for one. A yes to a plan that nobody was asked about yet carries it out; one to some jobs of a refused plan
   * takes it up again for those that the policy allows.
   */
  answer(
    input: { id: string; decision: 'approve' | 'reject'; why: string; only: string[] | null },
    by: By,
  ): Promise<Answered>;
}

export interface Answered {
  readonly approval: Approval;
  /** The run that went on; null while more people have to agree, and where no run waited. */
  readonly run: Run | null;
  /** What came of it; null while more people have to agree. A plan that the policy refuses in part says so in its reasons. */
  readonly decision: Decision | null;
}

const MAX_HOURS = 840;
/** What the id of a run's settle thread ends with. */
const SETTLING = ':settle';
/** For callers that never cancel. One each: listeners on a shared one would pile up in a server. */
const never = () => new AbortController().signal;

export const openOrchestrator = (world: World, graph: Graph, threads: Threads): Orchestrator => {
  const runs = () => world.store.collection(RUNS);

  const update = async (id: string, patch: Partial<Run>): Promise<Run> => {
    for (;;) {
      const found = await runs().get(id);
      if (!found) throw notFound(`there is no run ${id}`, '`caco runs` lists them.');
      const next = { ...found.value, ...patch };
      if (await runs().replace(id, found.version, next)) return next;
    }
  };

  const end = (id: string, patch: Partial<Run> & { readonly status: 'done' | 'refused' }, by: By): Promise<Run> => {
    by.onEvent?.({ type: 'status', runId: id, status: patch.status });
    return update(id, { ...patch, finishedAt: world.clock.now(), error: null });
  };

  const rest = async (id: string, patch: Partial<Run> & { readonly status: 'waiting' | 'placed' }, by: By) => {
    const run = await update(id, { ...patch, error: null });
    by.onEvent?.({ type: 'status', runId: id, status: patch.status });
    return run;
  };

  /** Works on a run alone, and throws away what its threads no longer need, with what a process left that died before it could. */
  const work = (runId: string, on: () => Promise<Run>): Promise<Run> =>
    holding(world.store, runId, async () => {
      const run = await on();
      const over: string[] = [];
      for (const thread of await threads.ids()) {
        const owner = (await runs().get(thread.replace(SETTLING, '')))?.value.status;
        if (owner === 'done' || owner === 'refused') over.push(thread);
      }
      await threads.prune(over, 'delete');
      await threads.prune([runId], 'keep_latest');
      return run;
    });

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

  const governance = (cause: string, by: By): Call => ({
    actor: { id: 'node:governance', via: 'graph' },
    cause,
    signal: by.signal ?? never(),
    progress: () => {},
  });

  /**
   * The thread rests on a question: put the plan before a person. What the plan would do names the question, so this can be
   * repeated; where another run waits for the answer to the same, this one ends and that one is answered.
   */
  const ask = async (runId: string, { planId }: Question, interruptId: string, by: By): Promise<Run> => {
    const asked = { planId, run: { id: runId, interruptId }, reasons: [] };
    const approval = await openQuestion(world, governance(runId, by), asked);
    const other = approval.threadId === runId ? undefined : (await runs().get(approval.threadId))?.value;
    if (other?.status === 'waiting') {
      const story = `Run ${runId} would do the same as run ${other.id}, which waits for the answer to ${approval.id}; nothing was asked twice.`;
      await end(runId, { status: 'done', planId, sameAs: other.id, story }, by);
      return other;
    }
    const asks = { status: 'waiting', approvalId: approval.id, planId } as const;
    if (approval.status === 'waiting') return rest(runId, asks, by);
    await update(runId, asks);
    return goOn(runId, new Command({ resume: { [interruptId]: { planId } } }), by);
  };

  const settle = async (runId: string, state: GraphState, by: By): Promise<Run> => {
    const { planId, decisionId, workloadId } = state;
    const made = { planId, decisionId, workloadId };
    if (state.decision === 'refused') return end(runId, { status: 'refused', ...made }, by);
    // Nothing was placed by this run, so nothing of it will run and there is nothing to verify.
    if (planId === null || state.orderKey === null) return end(runId, { status: 'done', ...made }, by);
    const plan = (await world.store.collection(PLANS).get(planId!))!.value;
    const settleAfter = await restsUntil(world, plan);
    if (settleAfter !== null) return rest(runId, { status: 'placed', ...made, settleAfter }, by);
    await update(runId, made);
    await world.clock.waitUntil(settleAfterOf(plan), by.signal);
    const threadId = `${runId}${SETTLING}`;
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
    return end(runId, { status: 'done', ...made }, by);
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
        ...(planId === undefined ? {} : { takesUp: planId }),
        approvalId: null,
        decisionId: null,
        startedBy: by.actor.id,
        startedAt: world.clock.now(),
        finishedAt: null,
        story: null,
        error: null,
      });
      return work(id, () =>
        goOn(id, { runId: id, kind: 'plan', from, horizonHours, approvalMode: approval, request, ...again }, by),
      );
    },

    async resume(runId, by) {
      const run = (await runs().get(runId))?.value;
      if (!run) throw notFound(`there is no run ${runId}`, '`caco runs` lists them.');
      if (run.status === 'done' || run.status === 'refused') return run;
      requireItsWorld(world, run);
      return work(runId, async () => {
        const snapshot = await graph.getState(config(runId, by));
        const pending = snapshot.tasks.flatMap((t) => t.interrupts)[0];
        if (pending) {
          const question = pending.value as Question;
          const plan = (await world.store.collection(PLANS).get(question.planId))?.value;
          const asked = run.approvalId === null ? undefined : await asItStands(world, run.approvalId);
          // A plan that changed while it waited is judged and asked about anew; the old question is closed for good.
          const changed = asked !== undefined && plan?.digest !== asked.planDigest;
          if (changed) await supersede(world, asked.id);
          if (asked === undefined || changed || asked.status === 'waiting')
            return ask(runId, question, pending.id!, by);
          return goOn(runId, new Command({ resume: { [pending.id!]: question } }), by);
        }
        // Going on with a thread that has ended runs nothing and leads to its settlement.
        if (await begun(runId, by)) return goOn(runId, null, by);
        const { from = run.startedAt, request = {}, horizonHours, approvalMode } = run;
        const again = run.takesUp === undefined ? {} : await takenUp(world, run.takesUp);
        return goOn(runId, { runId, kind: 'plan', from, horizonHours, approvalMode, request, ...again }, by);
      });
    },

    async answer({ id, ...given }, by) {
      const approvalId = await meant(world, id, given, (planId) => takeUp(this, world, planId, by));
      const asked = (await world.store.collection(APPROVALS).get(approvalId))?.value;
      const waiting = asked && (await runs().get(asked.threadId))?.value;
      if (waiting) requireItsWorld(world, waiting);
      const input = { ...given, approvalId, only: await namedJobs(world, approvalId, given.only) };
      const { approval, settled } = await callTool(answerApproval, input, world, {
        actor: by.actor,
        cause: approvalId,
        signal: by.signal ?? never(),
        progress: () => {},
      });
      if (!settled) return { approval, run: null, decision: null };
      if (approval.threadId === '') {
        const alone = { planId: approval.planId, runId: null, approvalId: approval.id };
        return { approval, run: null, decision: await decide(world, governance(approval.id, by), alone) };
      }
      const run = await this.resume(approval.threadId, by);
      // Runs that were started at the same moment may rest on the same question; what one places the others leave out.
      for (const { value: other } of await runs().list({ limit: 1000 }))
        if (other.status === 'waiting' && other.approvalId === approval.id) await this.resume(other.id, by);
      const decision =
        run.decisionId === null ? undefined : await world.store.collection(DECISIONS).get(run.decisionId);
      return { approval, run, decision: decision?.value ?? null };
    },
  };
};

/** A plan taken up, one that was refused or that nobody was asked about: it is judged anew and a person is always asked. Answers the id of that question. */
const takeUp = async (orchestrator: Orchestrator, world: World, planId: string, by: By): Promise<string> => {
  const plan = (await world.store.collection(PLANS).get(planId))!.value;
  const hours = (toEpoch(plan.window.end) - toEpoch(plan.window.start)) / 3600;
  const run = await orchestrator.launch({ planId, horizonHours: hours, approval: 'ask', from: plan.window.start }, by);
  if (run.status === 'waiting' && run.approvalId !== null) return run.approvalId;
  throw new Fault(
    'conflict',
    `plan ${planId} was taken up again as run ${run.id}, which is ${run.status} without a question`,
    `See why: caco show ${run.id}.`,
  );
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
  return { planId: plan.id, workloadId: plan.workloadId, trim: true, approvalMode: 'ask' };
};

/** Closes a question whose plan has changed, so that no late answer can settle it. */
const supersede = async (world: World, approvalId: string): Promise<void> => {
  const approvals = world.store.collection(APPROVALS);
  for (;;) {
    const found = await approvals.get(approvalId);
    if (found?.value.status !== 'waiting') return;
    if (await approvals.replace(approvalId, found.version, { ...found.value, status: 'expired' })) return;
  }
};

/** The approval as it stands; that it has expired is written down here, where it is noticed. */
const asItStands = async (world: World, approvalId: string): Promise<Approval> => {
  const approvals = world.store.collection(APPROVALS);
  for (;;) {
    const found = await approvals.get(approvalId);
    if (!found) throw new Fault('not-found', `there is no approval ${approvalId}`, '`caco approvals` lists them.');
    if (found.value.status !== 'waiting' || world.clock.now() < found.value.expiresAt) return found.value;
    const expired = { ...found.value, status: 'expired' as const };
    if (await approvals.replace(approvalId, found.version, expired)) return expired;
  }
};
