/** Which process works on a task, and whether it still can. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Worker } from './kept.js';

/** Another host's worker whose task has not changed for this long is taken for dead. */
const STALE_MS = 60_000;

/** Workers of this process that have not ended. */
const ours = new Set<string>();

/** A worker of this process, until `end`. */
export const newWorker = (): Worker & { end(): void } => {
  const id = randomUUID();
  ours.add(id);
  return { host: hostname(), pid: process.pid, id, end: () => void ours.delete(id) };
};

/** `lastChange` of the task, where it has one. A number of ours that is none of our workers' was another process's before us. */
export const isAlive = ({ host, pid, id }: Worker, lastChange: string | undefined): boolean => {
  if (host !== hostname()) return Date.now() - Date.parse(lastChange ?? '') < STALE_MS;
  if (pid === process.pid) return ours.has(id);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
