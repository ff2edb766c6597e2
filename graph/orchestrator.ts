/**
 * Starts, resumes and finishes runs. A run is a plan thread and, once its window has closed, a settle thread. Of a run that
 * rests both are kept as they stand, without what came before; a run that has ended is told by its row and needs none.
 */
import { randomUUID } from 'node:crypto';
import { APPROVALS, type Approval, DECISIONS, type Decision } from '../domain/decision.js';
import { shortId } from '../domain/digest.js';
import { Fault, invalid, notFound } from '../domain/fault.js';
import { PLANS } from '../domain/plan.js';
import { prunedFault } from '../domain/retention.js';
import { RUNS, type Run } from '../domain/run.js';
import { type Instant, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { answerApproval } from '../tools/approval/approval.js';
import { callTool } from '../tools/tool.js';
import { meant, namedJobs } from './answer.js';
import { courseOf, governance } from './course.js';
import { decide } from './decide.js';
import type { Graph } from './graph.js';
import type { Question } from './nodes/governance.js';
import { eventsToSettle } from './settle-events.js';
import type { GraphState, PlanRequest } from './state.js';
import { Answer, type By, type Checkpoints, signalOf, threadsOf } from './thread.js';

export type { By, RunEvent } from './thread.js';

export interface LaunchInput extends PlanRequest {
  /** takes up a refused plan again, for the jobs that the policy allows; a person is always asked */
  readonly planId?: string;
  /** judges and carries out a plan that was made before, such as by replan; instead of `planId` */
  readonly carries?: string;
  /** the flexibility event that the plan was made for */
  readonly eventId?: string;
  /** what was placed is verified when its time has come, also where the clock could jump there */
  readonly rests?: true;
  readonly horizonHours: number;
  readonly approval: 'auto' | 'ask';
  readonly from?: Instant;
  /** chosen by the caller, so that a second call after a crash goes on with the same run; made up when left out */
  readonly runId?: string;
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
   * Settles events one after the other in a thread of its own, each once whatever dies meanwhile. One that cannot be settled keeps no
   * other waiting: the run’s story says why. Fault `invalid-input` for an event that names none, or one that stands there twice.
   */
  settle(events: readonly unknown[], by: By): Promise<Run>;
  /**
   * Takes back what was asked for before anything was decided: the question is closed where no other run waits for it, and the run
   * ends as refused; one that was stopped before it asked has failed. Fault `conflict` for one that is over or worked on.
   */
  withdraw(runId: string, by: By): Promise<Run>;
  /**
   * A person's answer; when it settles the approval, the run goes on to its end. `id` is that of an approval, or of a run or
   * plan that waits for one. A yes to a plan that nobody was asked about yet carries it out; one to some jobs of a refused plan
   * takes it up again for those that the policy allows. Fault `conflict` where the plan is not the one of `digest`, which the person saw.
   */
  answer(
    input: { id: string; decision: 'approve' | 'reject'; why: string; only: string[] | null; digest?: string },
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

/** 35 days. */
export const MAX_HOURS = 840;
export const openOrchestrator = (world: World, graph: Graph, kept: Checkpoints): Orchestrator => {
  const runs = () => world.store.collection(RUNS);

  const threads = threadsOf(graph, kept);
  const course = courseOf(world, threads);

  return {
    async launch(input, by) {
      if (!(input.horizonHours > 0 && input.horizonHours <= MAX_HOURS))
        throw invalid(
          `a horizon of ${input.horizonHours} hours cannot be planned`,
          `Give one above 0 and at most ${MAX_HOURS} hours (35 days).`,
        );
      const { horizonHours, approval, from: asked, planId, carries, eventId, rests: _, runId, ...request } = input;
      if (runId !== undefined && (await runs().get(runId)) !== undefined) return this.resume(runId, by);
      const again = await beginningOf(world, { takesUp: planId, carries });
      const from = asked ?? world.clock.now();
      const id = runId ?? shortId('R', randomUUID());
      const kind = eventId === undefined ? ('plan' as const) : ('respond' as const);
      const begun = { ...firstRow(world, input, by), ...{ id, kind, from, request: { ...request } } } as const;
      await runs().insert(id, begun);
      return course.alone(id, () =>
        course.goOn(id, { runId: id, kind, from, horizonHours, approvalMode: approval, request, ...again }, by),
      );
    },

    async resume(runId, by) {
      const run = (await runs().get(runId))?.value;
      if (!run)
        throw (
          (await prunedFault(world.store, runId)) ?? notFound(`there is no run ${runId}`, '`caco runs` lists them.')
        );
      if (run.status === 'done' || run.status === 'refused') return run;
      requireItsWorld(world, run);
      return course.alone(runId, async () => {
        const pending = await threads.pending(runId, by);
        if (pending) {
          const question = pending.value as Question;
          const plan = (await world.store.collection(PLANS).get(question.planId))?.value;
          const asked = run.approvalId === null ? undefined : await asItStands(world, run.approvalId);
          // A plan that changed while it waited is judged and asked about anew; the old question is closed for good.
          const changed = asked !== undefined && plan?.digest !== asked.planDigest;
          if (changed) await supersede(world, asked.id);
          if (asked === undefined || changed || asked.status === 'waiting')
            return course.ask(runId, question, pending.id!, by);
          return course.goOn(runId, new Answer(pending.id!, question), by);
        }
        // Going on with a thread that has ended runs nothing and leads to its settlement.
        if (await threads.begun(runId, by)) return course.goOn(runId, null, by);
        const { kind, from = run.startedAt, request = {}, horizonHours, approvalMode } = run;
        const again = await beginningOf(world, run);
        return course.goOn(runId, { runId, kind, from, horizonHours, approvalMode, request, ...again }, by);
      });
    },

    async settle(given, by) {
      const events = eventsToSettle(given);
      const id = shortId('R', randomUUID());
      const from = events.map(({ start }) => start).sort()[0]!;
      const last = events
        .map(({ end }) => end)
        .sort()
        .at(-1)!;
      const horizonHours = (toEpoch(last) - toEpoch(from)) / 3600;
      const row = firstRow(world, { horizonHours, approval: 'auto' }, by);
      await runs().insert(id, { ...row, id, kind: 'settle', from, settles: [...events] });
      return course.alone(id, () => course.goOn(id, { runId: id, kind: 'settle', from, horizonHours }, by));
    },

    withdraw: (runId, by) =>
      course.alone(runId, async () => {
        const run = (await runs().get(runId))?.value;
        if (run?.status === 'running') return course.withdraw(runId, 'failed', by);
        if (run?.status !== 'waiting' || run.approvalId === null)
          throw new Fault('conflict', `run ${runId} waits for no answer`, 'See how it stands: caco runs.');
        const asked = await asItStands(world, run.approvalId);
        if (asked.status !== 'waiting' && asked.status !== 'expired')
          throw new Fault('conflict', `${asked.id} was answered: ${asked.status}`, `See it: caco show ${runId}.`);
        const { approvalId } = run;
        const others = (await runs().list()).some(
          ({ value }) => value.id !== runId && value.status === 'waiting' && value.approvalId === approvalId,
        );
        if (!others) await supersede(world, approvalId);
        return course.withdraw(runId, 'refused', by);
      }),

    async answer({ id, ...given }, by) {
      const approvalId = await meant(world, id, given, (planId) => takeUp(this, world, planId, by));
      const asked = (await world.store.collection(APPROVALS).get(approvalId))?.value;
      const waiting = asked && (await runs().get(asked.threadId))?.value;
      if (waiting) requireItsWorld(world, waiting);
      const input = { ...given, approvalId, only: await namedJobs(world, approvalId, given.only) };
      const { approval, settled } = await callTool(answerApproval, input, world, {
        actor: by.actor,
        cause: approvalId,
        signal: signalOf(by),
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

/** A run as it is listed from its first moment on. */
const firstRow = (world: World, { planId, carries, eventId, rests, horizonHours, approval }: LaunchInput, by: By) => ({
  status: 'running' as const,
  ...{ scenario: world.setting.name, seed: world.setting.seed, horizonHours, approvalMode: approval },
  ...{ workloadId: null, planId: planId ?? carries ?? null, approvalId: null, decisionId: null },
  ...(planId === undefined ? {} : { takesUp: planId }),
  ...(carries === undefined ? {} : { carries }),
  ...(rests === undefined ? {} : { rests }),
  ...(eventId === undefined ? {} : { eventId }),
  ...{ startedBy: by.actor.id, startedAt: world.clock.now(), finishedAt: null, story: null, error: null },
});

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

/** What a thread begins with whose plan is there: the plan and its workload, and nothing is computed anew. A refused one is asked about. */
const beginningOf = async (
  world: World,
  { takesUp, carries }: Pick<Run, 'takesUp' | 'carries'>,
): Promise<Partial<GraphState>> => {
  const planId = takesUp ?? carries;
  if (planId === undefined) return {};
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists what was planned.');
  const known = { planId: plan.id, workloadId: plan.workloadId, trim: true };
  return takesUp === undefined ? known : { ...known, approvalMode: 'ask' };
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
