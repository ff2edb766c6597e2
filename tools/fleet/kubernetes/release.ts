/** Lets go of holds whose time has come: the dead man's rule of this fleet. It needs the API server and nothing else of this program. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../../domain/fault.js';
import type { Instant } from '../../../domain/time.js';
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
  for (const path of pathsOf('/apis/batch/v1', 'jobs', namespaces))
    all.push(...(await listed(api, wanted(path))).records.values());
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

/** How often the lease is renewed, and how often what is due is looked for in what the watch has told. */
const RENEW_MS = 10_000;
const LOOK_MS = 1000;

/** Until the signal aborts. Of several the holder of the lease acts; the others stand by. Throws Fault `forbidden`. */
export const keepReleasing = async (by: Keeping): Promise<void> => {
  const { api, home, holder } = by;
  const end = new AbortController();
  const signal = AbortSignal.any([by.signal, end.signal]);
  const pause = (ms: number, until: AbortSignal) => sleep(ms, undefined, { signal: until }).catch(() => {});
  const all = pathsOf('/apis/batch/v1', 'jobs', by.namespaces).map((path) => ({
    path,
    records: new Map<string, Held>(),
  }));
  const lease = { namespace: home, name: RELEASER_LEASE, holder, seconds: LEASE_SECONDS };
  const look = async () => {
    let leads = false;
    let claimedMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      await attempt(by, async () => {
        if (performance.now() - claimedMs >= RENEW_MS) {
          leads = false;
          leads = (await claim(api, lease)) === null;
          claimedMs = performance.now();
        }
        if (leads) for (const { records } of all) await releaseIn(by, records);
      });
      await pause(LOOK_MS, signal);
    }
  };
  try {
    const following = all.map(({ path, records }) =>
      follow(api, wanted(path), records, { signal, pause, onTrouble: by.onTrouble }),
    );
    await Promise.all([...following, look()]);
  } finally {
    end.abort();
    await attempt(by, () => giveUp(api, lease));
  }
};

const releaseIn = async (by: Keeping, records: Map<string, Held>): Promise<void> => {
  for (const [uid, one] of [...records]) {
    if (by.signal.aborted) return;
    if (!isPast(one.until, by.now())) continue;
    by.onReleased(await letGo(by.api, one));
    // The watch tells of it as well. Where somebody else holds it, it is no hold of ours any more.
    if (records.get(uid) === one) records.delete(uid);
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
