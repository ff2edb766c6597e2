/**
 * A planning task that goes to governance: a run of ours stands behind it, and the task says how the run stands, whoever brings it
 * forward. While a person has to answer the task waits; nothing that an agent says decides.
 */
import { type Artifact, type Task, TaskState } from '@a2a-js/sdk';
import type { RunEvent } from '../app.js';
import { APPROVALS } from '../domain/decision.js';
import { shortId } from '../domain/digest.js';
import { VERIFICATIONS } from '../domain/evidence/verification.js';
import { Fault } from '../domain/fault.js';
import { PLANS } from '../domain/plan.js';
import { RUNS, type Run } from '../domain/run.js';
import type { Ground } from './ground.js';
import type { KeptTask } from './kept.js';
import { pause } from './pause.js';
import { isOver } from './states.js';
import { kept as asKept, inState, withArtifacts } from './task.js';

/** How often a run that another process, or a person, brings forward is looked at. */
const LOOK_MS = 500;
/** Whoever answers brings the run forward; only where nobody does, as when a time runs out, is it done here. */
const LOOKS_OF_GRACE = 10;
/** Steps within a node are told this often at most. */
const TELL_MS = 500;

export const runIdOf = (taskId: string): string => shortId('R', { a2a: taskId });

const schedule = async (ground: Ground, kept: KeptTask, planId: string, signal: AbortSignal): Promise<Artifact[]> => {
  const { app, book } = ground;
  const at = ground.at(kept.agent);
  const command = { command: 'get_plan', plan_id: planId };
  const answer = await app.agent('coordination', command, { actor: { id: kept.actor, via: 'a2a' }, signal });
  if (answer.ok !== true) return [];
  const { offers, ...plan } = answer;
  return [await book.artifact(kept, 'schedule', plan, at), await book.artifact(kept, 'offers', { offers }, at)];
};

const evidence = async ({ app, book, at }: Ground, kept: KeptTask, planId: string): Promise<Artifact[]> => {
  const all = await app.world.store.collection(VERIFICATIONS).list({ limit: 200 });
  const found = all.find(({ value }) => value.planId === planId);
  return found === undefined ? [] : [await book.artifact(kept, 'evidence', found.value, at(kept.agent))];
};

/** The question as another agent is shown it: who may answer and where, and what the answer binds to. */
const question = async ({ app }: Ground, run: Run) => {
  const { store } = app.world;
  const approval = (await store.collection(APPROVALS).get(run.approvalId!))?.value;
  const plan = (await store.collection(PLANS).get(run.planId!))?.value;
  return {
    text: `Plan ${run.planId} waits for a person: caco approve ${run.approvalId}, or POST /approvals/${run.approvalId}. An agent’s message decides nothing.`,
    data: {
      run_id: run.id,
      approval_id: run.approvalId,
      plan_id: run.planId,
      plan_digest: plan?.digest ?? null,
      reasons: approval?.reasons ?? [],
      approvals_needed: approval?.approvalsNeeded ?? null,
      expires_at: approval?.expiresAt ?? null,
    },
  };
};

/** The task as the run stands; artefacts are made before it is changed. */
const told = async (ground: Ground, kept: KeptTask, run: Run, signal: AbortSignal): Promise<(task: Task) => Task> => {
  const made = run.planId === null ? [] : await schedule(ground, kept, run.planId, signal);
  const story = run.story ?? `Run ${run.id} is ${run.status}.`;
  const data = { run_id: run.id, plan_id: run.planId, decision_id: run.decisionId, status: run.status };
  switch (run.status) {
    case 'waiting': {
      const asked = await question(ground, run);
      return (task) => inState(withArtifacts(task, made), TaskState.TASK_STATE_INPUT_REQUIRED, asked.text, asked.data);
    }
    case 'done': {
      const proof = run.planId === null ? [] : await evidence(ground, kept, run.planId);
      return (task) => inState(withArtifacts(task, [...made, ...proof]), TaskState.TASK_STATE_COMPLETED, story, data);
    }
    case 'placed':
      return (task) =>
        inState(
          withArtifacts(task, made),
          TaskState.TASK_STATE_COMPLETED,
          `${story} What came of it is ${run.error ?? 'verified later'}.`,
          data,
        );
    case 'refused':
      return (task) => inState(withArtifacts(task, made), TaskState.TASK_STATE_REJECTED, story, data);
    case 'failed':
      return (task) => inState(task, TaskState.TASK_STATE_FAILED, run.error ?? story, data);
    default:
      return (task) => inState(withArtifacts(task, made), TaskState.TASK_STATE_WORKING, `Run ${run.id} goes on.`, data);
  }
};

/** Brings the run forward and the task with it, until the run is over or the signal aborts. Throws Fault where the run does. */
export const planning = async (ground: Ground, kept: KeptTask, signal: AbortSignal): Promise<void> => {
  if (kept.asked.kind !== 'run') return;
  const { app, book } = ground;
  const runs = app.world.store.collection(RUNS);
  const id = kept.runId ?? runIdOf(kept.id);
  const teller = tellerOf(ground, kept);
  const by = { actor: { id: kept.actor, via: 'a2a' as const }, signal, onEvent: teller.hear };
  const rowOf = async () => (await runs.get(id))?.value;
  let shown: string | null = null;
  let settledFor = 0;
  const show = async (run: Run): Promise<boolean> => {
    const look = `${run.status} ${run.approvalId} ${run.planId}`;
    if (look === shown) return false;
    shown = look;
    const change = await told(ground, kept, run, signal);
    await teller.settled();
    const changed = await book.change(kept.id, (task) => {
      const next = change(task);
      return { ...asKept(next), ...(isOver(next) ? { worker: null } : {}) };
    });
    return changed === undefined || run.status === 'done' || run.status === 'refused' || run.status === 'placed';
  };

  const before = await rowOf();
  if (before === undefined) {
    const input = await app.launchOf(kept.asked.command);
    await book.change(kept.id, (task) => asKept(inState(task, TaskState.TASK_STATE_WORKING, 'The planning begins.')));
    if (await show(await app.orchestrator.launch({ ...input, approval: kept.asked.approval, runId: id }, by))) return;
  } else if (before.status === 'running' || before.status === 'failed') {
    if (await show(await resumed(ground, id, by))) return;
  }
  while (!signal.aborted) {
    const run = await rowOf();
    if (run === undefined || run.status === 'failed') {
      const why = run?.error ?? `run ${id} was pruned`;
      throw new Fault('conflict', why, `See how it stands: caco show ${id}.`);
    }
    if (await show(run)) return;
    settledFor = run.status === 'waiting' && (await isSettled(ground, run)) ? settledFor + 1 : 0;
    if (settledFor > LOOKS_OF_GRACE && (await show(await resumed(ground, id, by)))) return;
    await pause(LOOK_MS, signal);
  }
};

/** An answer that was given, or a time that ran out: the run goes on, whoever notices first. */
const isSettled = async ({ app }: Ground, run: Run): Promise<boolean> => {
  const approval = (await app.world.store.collection(APPROVALS).get(run.approvalId!))?.value;
  return approval !== undefined && (approval.status !== 'waiting' || app.world.clock.now() >= approval.expiresAt);
};

/** Where another process works on the run, it is left to it. */
const resumed = async (
  { app }: Ground,
  id: string,
  by: Parameters<typeof app.orchestrator.resume>[1],
): Promise<Run> => {
  try {
    return await app.orchestrator.resume(id, by);
  } catch (error) {
    const run = (await app.world.store.collection(RUNS).get(id))?.value;
    if (error instanceof Fault && error.code === 'conflict' && run !== undefined && run.status !== 'failed') return run;
    throw error;
  }
};

/** Nodes as they are done, and now and then how far one has come. */
const tellerOf = ({ book, trouble }: Ground, kept: KeptTask) => {
  let last = 0;
  let before: Promise<unknown> = Promise.resolve();
  const hear = (event: RunEvent) => {
    if (event.type === 'status') return;
    const now = Date.now();
    if (event.type === 'progress' && now - last < TELL_MS) return;
    last = now;
    const told =
      event.type === 'node'
        ? { text: `${event.node} is done.`, data: { node: event.node } }
        : { text: 'The planning goes on.', data: event.data };
    before = before
      .then(() =>
        book.change(kept.id, (task) => asKept(inState(task, TaskState.TASK_STATE_WORKING, told.text, told.data))),
      )
      .catch(trouble);
  };
  return { hear, settled: () => before };
};
