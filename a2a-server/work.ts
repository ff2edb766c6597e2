/** Working on a task: a command, a question in words, or a planning run; begun once, gone on with after a crash, stopped when it is cancelled. */
import { type Task, TaskState } from '@a2a-js/sdk';
import { shortId } from '../domain/digest.js';
import { Fault } from '../domain/fault.js';
import { taskOf } from './book.js';
import type { Ground } from './ground.js';
import type { KeptTask } from './kept.js';
import { toldOf } from './our-words.js';
import { planning } from './planning.js';
import { stateOf } from './states.js';
import { kept as asKept, inState, withArtifacts } from './task.js';
import { isAlive } from './workers.js';

/** A task that ended its process this often is not begun again. */
const MOST_TRIES = 3;
/** What came of a command or a question, as the task that is over. Records what it records once, under the task's name. */
export const answered = async (ground: Ground, kept: KeptTask, task: Task, signal: AbortSignal): Promise<Task> => {
  const { app, book } = ground;
  const by = { actor: { id: kept.actor, via: 'a2a' as const }, signal };
  const place = ground.at(kept.agent);
  if (kept.asked.kind === 'words') {
    const { text } = kept.asked;
    const thread = shortId('C', { owner: kept.owner, context: task.contextId });
    const answer = await app.chat(text, thread, by);
    const artifact = await book.artifact(kept, 'answer', answer, place);
    return inState(withArtifacts(task, [artifact]), TaskState.TASK_STATE_COMPLETED, answer.answer);
  }
  const { command } = kept.asked;
  const answer = await app.agent(kept.agent, command, { ...by, key: `a2a/${kept.id}` });
  const artifact = await book.artifact(kept, 'answer', answer, place);
  const done = withArtifacts(task, [artifact]);
  if (answer.ok === true) return inState(done, TaskState.TASK_STATE_COMPLETED);
  const { code, message, remedy } = answer.error as { code: string; message: string; remedy: string };
  const state = code === 'invalid-input' ? TaskState.TASK_STATE_REJECTED : TaskState.TASK_STATE_FAILED;
  return inState(done, state, `${message}. ${remedy}`);
};

export interface Work {
  /** Begins with a task that was put down just now, or goes on with one whose process is gone. */
  start(kept: KeptTask): void;
  /** Stops what this process does for a task, and waits until it has stopped. */
  stop(id: string): Promise<void>;
  /** Every task that nobody works on any more is gone on with. */
  recover(): Promise<void>;
  /** Whether this process works on any task, or follows one that waits. */
  isBusy(): boolean;
  settled(): Promise<void>;
}

export const workOf = (ground: Ground): Work => {
  const { book } = ground;
  const underWay = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();

  const perform = async (kept: KeptTask, signal: AbortSignal) => {
    if (kept.asked.kind === 'run') return planning(ground, kept, signal);
    const begun = await book.change(kept.id, (task) => asKept(inState(task, TaskState.TASK_STATE_WORKING)));
    if (begun === undefined) return;
    const over = await answered(ground, begun, taskOf(begun), signal);
    // A question that was taken back has no answer; a command that has recorded something says so.
    if (kept.asked.kind === 'words') signal.throwIfAborted();
    await book.change(kept.id, () => ({ ...asKept(over), worker: null }));
  };

  const run = async (kept: KeptTask, signal: AbortSignal) => {
    try {
      await perform(kept, signal);
    } catch (error) {
      // Stopped with the door: the next one goes on. Cancelled: whoever did so says so.
      if (signal.aborted) return;
      if (!(error instanceof Fault)) ground.trouble(error);
      const { text, data } = toldOf(error);
      await book.change(kept.id, (task) => ({
        ...asKept(inState(task, TaskState.TASK_STATE_FAILED, text, data)),
        worker: null,
      }));
    }
  };

  const work: Work = {
    start(kept) {
      if (underWay.has(kept.id)) return;
      const stop = new AbortController();
      const done = run(kept, AbortSignal.any([stop.signal, ground.closing]))
        .catch(ground.trouble)
        .finally(() => underWay.delete(kept.id));
      underWay.set(kept.id, { stop, done });
    },
    async stop(id) {
      const found = underWay.get(id);
      found?.stop.abort(new DOMException('the task was cancelled', 'AbortError'));
      await found?.done;
    },
    async recover() {
      for (const kept of await book.open()) {
        const { worker } = kept;
        const task = taskOf(kept);
        const left = worker === null || !isAlive(worker, task.status?.timestamp);
        if (underWay.has(kept.id) || !left) continue;
        // What waits for a person is followed; it is not begun again.
        const waits = stateOf(task) === TaskState.TASK_STATE_INPUT_REQUIRED;
        const tries = waits ? kept.tries : kept.tries + 1;
        const mine = await book.change(kept.id, (now, found) => {
          if (found.tries !== kept.tries || found.worker?.id !== worker?.id) return null;
          if (tries <= MOST_TRIES) return { worker: ground.me, tries };
          const words = `The program ended ${MOST_TRIES} times while it worked on this; it is not begun again.`;
          return { ...asKept(inState(now, TaskState.TASK_STATE_FAILED, words)), worker: null };
        });
        if (mine !== undefined && tries <= MOST_TRIES) work.start(mine);
      }
    },
    isBusy: () => underWay.size > 0,
    settled: async () => void (await Promise.all([...underWay.values()].map(({ done }) => done))),
  };
  return work;
};
