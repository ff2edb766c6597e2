/** One process at a time: a lock file that names its holder, so that a killed holder's lock is taken over. */
import { readFileSync, rmSync } from 'node:fs';
import { Fault } from '../../domain/fault.js';
import { createWhole } from './files.js';

const WAIT_MS = 10;
const TRIES = 1000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const holderOf = (path: string): number | undefined => {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

/** Takes the lock, waiting up to ten seconds for another process. Fault `unavailable` after that. */
export const takeLock = (path: string): (() => void) => {
  for (let turn = 0; turn < TRIES; turn++) {
    if (createWhole(path, String(process.pid), 0o600)) return () => rmSync(path, { force: true });
    const holder = holderOf(path);
    // The remover of a dead holder's lock is whoever renames... one process wins the next createWhole.
    if (holder !== undefined && !alive(holder)) rmSync(path, { force: true });
    else Atomics.wait(sleeper, 0, 0, WAIT_MS);
  }
  throw new Fault('unavailable', `${path} is held by process ${holderOf(path)}`, 'Wait for it, or end it.');
};

export const underLock = <R>(path: string, work: () => R): R => {
  const release = takeLock(path);
  try {
    return work();
  } finally {
    release();
  }
};
