/**
 * Taking a task back. Whoever works on it stops and says what became of it; where that is another process, it is left a wish in the
 * store, which it looks for while it works.
 */
import { type Task, TaskState } from '@a2a-js/sdk';
import { TaskNotCancelableError } from '@a2a-js/sdk/errors';
import { Fault } from '../domain/fault.js';
import { RUNS } from '../domain/run.js';
import { taskOf } from './book.js';
import type { Ground } from './ground.js';
import { A2A_WISHES, type KeptTask } from './kept.js';
import { pause } from './pause.js';
import { isOver, stateOf } from './states.js';
import { kept as asKept, inState } from './task.js';
import type { Work } from './work.js';
import { isAlive } from './workers.js';

/** Wishes of other processes are looked for this often while this one works. */
const LOOK_MS = 500;
/** Looks after which a process that did not answer is taken for too busy. */
const MOST_LOOKS = 60;

export interface Canceller {
  /** The task, cancelled by `by`. Throws TaskNotCancelableError for one that is over, or whose plan was answered already. */
  cancel(kept: KeptTask, by: string): Promise<Task>;
  /** Does what other processes wish of tasks that this one works on. */
  heed(): Promise<void>;
}

const refusal = (id: string, why: string) => new TaskNotCancelableError(`task ${id} cannot be cancelled: ${why}`);
export const cancellerOf = ({ app, book, me, closing }: Ground, work: Work): Canceller => {
  const { store } = app.world;
  const wishes = store.collection(A2A_WISHES);

  const here = async (kept: KeptTask, by: string): Promise<Task> => {
    await work.stop(kept.id);
    if (kept.runId !== null && (await store.collection(RUNS).get(kept.runId)) !== undefined)
      try {
        await app.orchestrator.withdraw(kept.runId, { actor: { id: by, via: 'a2a' } });
      } catch (error) {
        work.start((await book.get(kept.id)) ?? kept);
        throw error instanceof Fault ? refusal(kept.id, error.message) : error;
      }
    await book.change(kept.id, (task) => ({
      ...asKept(inState(task, TaskState.TASK_STATE_CANCELED, `Cancelled by ${by}.`)),
      worker: null,
    }));
    const now = taskOf((await book.get(kept.id)) ?? kept);
    if (stateOf(now) !== TaskState.TASK_STATE_CANCELED) throw refusal(kept.id, 'it is over');
    return now;
  };

  const elsewhere = async ({ id }: KeptTask, by: string): Promise<Task> => {
    await wishes.put(id, { by, refused: null });
    try {
      for (let looks = 0; looks < MOST_LOOKS && !closing.aborted; looks++) {
        await pause(LOOK_MS, closing);
        const refused = (await wishes.get(id))?.value.refused ?? null;
        if (refused !== null) throw new TaskNotCancelableError(refused);
        const kept = await book.get(id);
        if (kept === undefined) break;
        const task = taskOf(kept);
        if (stateOf(task) === TaskState.TASK_STATE_CANCELED) return task;
        if (isOver(task)) throw refusal(id, 'it is over');
      }
      throw refusal(id, 'the process that works on it did not answer; ask again');
    } finally {
      await wishes.delete(id);
    }
  };

  return {
    async cancel(kept, by) {
      const { worker } = kept;
      const isOthers = worker !== null && worker.id !== me.id;
      if (isOthers && isAlive(worker, taskOf(kept).status?.timestamp)) return elsewhere(kept, by);
      if (!isOthers) return here(kept, by);
      // Its process is gone: it is ours from now on.
      await work.recover();
      return here((await book.get(kept.id)) ?? kept, by);
    },
    async heed() {
      if (!work.isBusy()) return;
      for (const { id, value } of await wishes.list()) {
        const kept = await book.get(id);
        if (value.refused !== null || kept?.worker?.id !== me.id) continue;
        try {
          await here(kept, value.by);
        } catch (error) {
          if (!(error instanceof TaskNotCancelableError)) throw error;
          await wishes.put(id, { ...value, refused: error.message });
        }
      }
    },
  };
};
