/** One process at a time works on a run: two resumes at the same moment would run a node twice. */
import { hostname } from 'node:os';
import { Fault } from '../domain/fault.js';
import { HOLDERS, type Holder } from '../domain/run.js';
import type { Store } from '../domain/store.js';

const BEAT_MS = 5_000;
/** A holder on another host that missed this many milliseconds is taken for dead. */
const STALE_MS = 60_000;

const here = () => ({ host: hostname(), pid: process.pid });

/** On this host the process table knows; elsewhere only the missing heartbeat tells. Real time: it is about processes, not about the world. */
const isAlive = (holder: Holder): boolean => {
  if (holder.host === here().host) {
    try {
      process.kill(holder.pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  }
  return Date.now() - Date.parse(holder.beat) < STALE_MS;
};

const working = new Set<string>();

/** Runs work while holding the run. Fault `conflict` when another living process, or another call in this one, holds it. */
export const holding = async <T>(store: Store, runId: string, work: () => Promise<T>): Promise<T> => {
  const busy = () =>
    new Fault('conflict', `run ${runId} is being worked on by another process`, `Wait for it: caco show ${runId}.`);
  if (working.has(runId)) throw busy();
  working.add(runId);
  try {
    await take(store, runId, busy);
    const beat = setInterval(() => void renew(store, runId).catch(() => {}), BEAT_MS);
    try {
      return await work();
    } finally {
      clearInterval(beat);
      await store.collection(HOLDERS).delete(runId);
    }
  } finally {
    working.delete(runId);
  }
};

const mine = (runId: string): Holder => {
  const now = new Date().toISOString();
  return { runId, ...here(), since: now, beat: now };
};

const take = async (store: Store, runId: string, busy: () => Fault) => {
  const holders = store.collection(HOLDERS);
  for (;;) {
    const found = await holders.get(runId);
    if (found === undefined) {
      try {
        await holders.insert(runId, mine(runId));
        return;
      } catch (error) {
        if (error instanceof Fault && error.code === 'conflict') continue;
        throw error;
      }
    }
    if (isAlive(found.value) && !(found.value.pid === process.pid && found.value.host === here().host)) throw busy();
    if (await holders.replace(runId, found.version, mine(runId))) return;
  }
};

const renew = async (store: Store, runId: string) => {
  const found = await store.collection(HOLDERS).get(runId);
  if (found)
    await store.collection(HOLDERS).replace(runId, found.version, { ...found.value, beat: new Date().toISOString() });
};
