/** Lets go of holds whose time has come: the dead man's rule of this fleet. It needs the API server and nothing else of this program. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../../domain/fault.js';
import { type Instant, secondsBetween } from '../../../domain/time.js';
import { type Api, rowOf, saidIn } from './api.js';
import { applyHold, heldUntil, isPast, jobPath, type Named, namedIn } from './hold.js';
import { claim, giveUp } from './lease.js';
import { pathsOf } from './queue.js';
import { follow, listed, type Wanted } from './watch.js';

export const RELEASER_LEASE = 'caco-releaser';
const LEASE_SECONDS = 45;
/** A releaser that has not looked for so long is taken to be gone: nothing more is held. */
export const RELEASER_SILENT_SECONDS = 600;

export interface Held extends Named {
  readonly until: Instant;
}

export interface Released extends Held {
  /** null: it was let go; else why it is held all the same */
  readonly trouble: string | null;
}

const wanted = (path: string): Wanted<Held> => ({
  path,
  read: (job) => {
    const until = heldUntil(job);
    return until === null ? null : { ...namedIn(job), until };
  },
});

/** Throws Fault `unavailable`. A Job that is gone, or that nobody holds any more, was let go. */
const letGo = async (api: Api, held: Held): Promise<Released> => {
  const { status, body } = await applyHold(api, held, null);
  // An apply with the uid of a Job that is gone makes none and is refused.
  const gone = status === 404 || (status >= 400 && (await api.ask(jobPath(held))).status === 404);
  if (gone) return { ...held, trouble: null };
  if (status >= 300) return { ...held, trouble: saidIn(body) };
  return { ...held, trouble: rowOf(body.spec).suspend === true ? 'somebody else holds it as well' : null };
};



/** One look at everything: what was due and what is still to come. */
export const releaseDue = async (
  api: Api,
  now: () => Instant,
  namespaces: readonly string[],
): Promise<{ readonly released: Released[]; readonly held: Held[] }> => {
  const all: Held[] = [];
  for (const path of pathsOf('/apis/batch/v1', 'jobs', namespaces)) all.push(...(await listed(api, wanted(path))).records.values());
  const due = all.filter(({ until }) => isPast(until, now()));
  const released: Released[] = [];
  for (const one of due) released.push(await letGo(api, one));
  return { released, held: all.filter((one) => !due.includes(one)) };
};

export interface Keeping {
  readonly api: Api;
  readonly now: () => Instant;
  readonly namespaces: readonly string[];
  /** where its lease is */
  readonly home: string;
  readonly holder: string;
  readonly signal: AbortSignal;
  onReleased(released: Released): void;
  onTrouble(why: string): void;
}

/** The lease is renewed, and what is due looked at, at least as often. */
const LOOK_SECONDS = 10;

/** Until the signal aborts. Of several the holder of the lease acts; the others stand by. Throws Fault `forbidden`. */
export const keepReleasing = async (by: Keeping): Promise<void> => {
  const { api, signal } = by;
  const end = new AbortController();
  const stop = () => end.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const all = pathsOf('/apis/batch/v1', 'jobs', by.namespaces).map((path) => ({ path, records: new Map<string, Held>() }));
  let wake = new AbortController();
  const pause = async (ms: number, until: AbortSignal) => {
    await sleep(ms, undefined, { signal: until }).catch(() => {});
  };
  const following = all.map(({ path, records }) =>
    follow(api, wanted(path), records, { signal: end.signal, pause, onTrouble: by.onTrouble, onChange: () => wake.abort() }),
  );
  const lease = { namespace: by.home, name: RELEASER_LEASE, holder: by.holder, seconds: LEASE_SECONDS };
  const look = async () => {
    while (!end.signal.aborted) {
      await attempt(by, async () => {
        if ((await claim(api, lease)) === null) await releaseIn(by, all.flatMap(({ records }) => [...records]), all);
      });
      wake = new AbortController();
      await pause(nextMs(all, by.now()), AbortSignal.any([wake.signal, end.signal]));
    }
  };
  try {
    await Promise.all([...following, look()]);
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
    await attempt(by, () => giveUp(api, lease));
  }
};

type Records = readonly { readonly records: Map<string, Held> }[];

const releaseIn = async (by: Keeping, held: readonly (readonly [string, Held])[], all: Records): Promise<void> => {
  for (const [uid, one] of held) {
    if (by.signal.aborted) return;
    if (!isPast(one.until, by.now())) continue;
    const released = await letGo(by.api, one);
    by.onReleased(released);
    // The watch tells of it as well; where somebody else holds it, it is no hold of ours any more.
    if (all.some(({ records }) => records.get(uid) === one)) for (const { records } of all) records.delete(uid);
  }
};

/** What the server refuses for good ends the releaser; anything else is told and tried again. */
const attempt = async ({ onTrouble }: Pick<Keeping, 'onTrouble'>, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'forbidden') throw error;
    onTrouble(error.message);
  }
};

/** Until the next hold ends, but never longer than a look lasts, and never at once: a change wakes it. */
const nextMs = (all: Records, now: Instant): number => {
  let seconds = LOOK_SECONDS;
  for (const { records } of all)
    for (const { until } of records.values()) seconds = Math.min(seconds, Math.max(1, secondsBetween(now, until)));
  return seconds * 1000;
};
