/** One process at a time works on a run, or operates a world: two resumes at the same moment would run a node twice. */
import { Fault } from '../domain/fault.js';
import type { HeldLease } from '../domain/lease.js';
import type { Store } from '../domain/store.js';

/** Between two looks whether a lease is free. */
const LOOK_MS = 2000;

/** What is held, and what somebody who finds it held may do. */
export interface Hold {
  readonly name: string;
  readonly busy: () => Fault;
  /** Waits for its turn until this aborts; undefined: Fault `busy` at once. */
  readonly waits?: AbortSignal | undefined;
}

export const runHold = (runId: string): Hold => ({
  name: `run ${runId}`,
  busy: () =>
    new Fault('conflict', `run ${runId} is being worked on by another process`, `Wait for it: caco show ${runId}.`),
});

const pause = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(done, LOOK_MS);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });

/**
 * Does work under a lease. Fault `busy` when another living process, or another call in this one, holds it; Fault `conflict` from
 * the work once another has taken over, because this one was not heard of.
 */
export const holding = async <T>(
  store: Pick<Store, 'hold'>,
  { name, busy, waits }: Hold,
  work: (lease: HeldLease) => Promise<T>,
): Promise<T> => {
  let lease = await store.hold(name);
  while (lease === null && waits !== undefined && !waits.aborted) {
    await pause(waits);
    lease = await store.hold(name);
  }
  if (lease === null) throw busy();
  const held = lease;
  try {
    return await held.under(() => work(held));
  } finally {
    await held.release();
  }
};
