/** Following a task as it changes, by whichever process it is worked on: told from what is kept, so that nothing is missed. */
import type { StreamResponse, Task } from '@a2a-js/sdk';
import { type TaskBook, taskOf } from './book.js';
import { eventsBetween } from './events.js';
import { request } from './request.js';

/** Other processes tell nobody of their changes: what is kept is looked at this often. */
const LOOK_MS = 500;

export interface Follower {
  /** The task when `isThere`, or as it stands when the client goes or the door closes. */
  until(id: string, isThere: (task: Task) => boolean): Promise<Task | undefined>;
  /** First the whole task, then each change, up to and with the one after which `isThere`. */
  stream(id: string, isThere: (task: Task) => boolean): AsyncGenerator<StreamResponse, void, undefined>;
}

/** Resolves at the next change of the task in this process, after a while, or when a signal aborts. */
const nextChange = (book: TaskBook, id: string, signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      book.changes.off('changed', heard);
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    };
    const heard = (changed: string) => {
      if (changed === id) done();
    };
    const timer = setTimeout(done, LOOK_MS);
    book.changes.on('changed', heard);
    for (const signal of signals) signal.addEventListener('abort', done, { once: true });
    if (signals.some(({ aborted }) => aborted)) done();
  });

export const followerOf = (book: TaskBook, closing: AbortSignal): Follower => {
  const follow = async function* (id: string): AsyncGenerator<Task, void, undefined> {
    const gone = request.getStore()?.gone;
    const signals = gone === undefined ? [closing] : [closing, gone];
    for (;;) {
      // Listened for before it is read: a change in between is not slept over.
      const next = nextChange(book, id, signals);
      const kept = await book.get(id);
      if (kept === undefined) return;
      yield taskOf(kept);
      if (signals.some(({ aborted }) => aborted)) return;
      await next;
    }
  };
  return {
    async until(id, isThere) {
      let last: Task | undefined;
      for await (const task of follow(id)) {
        last = task;
        if (isThere(task)) break;
      }
      return last;
    },
    async *stream(id, isThere) {
      let before: Task | null = null;
      for await (const task of follow(id)) {
        yield* eventsBetween(before, task);
        before = task;
        if (isThere(task)) return;
      }
    },
  };
};
