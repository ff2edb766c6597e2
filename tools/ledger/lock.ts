/**
 * One process at a time. The operating system's file locks are used, by way of SQLite: they end with their holder, however it
 * ends, so that there is no dead holder's lock to take over and no process number to mistake.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '../../domain/fault.js';
import { Sqlite } from '../../sqlite.js';

const WAIT_MS = 10_000;

export interface Lock {
  /** Waits up to ten seconds for another process; Fault `unavailable` after that. Not for work that waits itself. */
  under<R>(work: () => R): R;
}

/** `path` becomes an empty file that stays. */
export const openLock = (path: string): Lock => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let database: Sqlite | undefined;
  return {
    under(work) {
      try {
        database ??= new Sqlite(path, { timeoutMs: WAIT_MS });
        database.exec('begin immediate');
      } catch (cause) {
        throw new Fault(
          'unavailable',
          `${path} cannot be locked: ${(cause as Error).message}`,
          'Wait for the process that holds it, or end it; check that the folder is writable.',
          { cause },
        );
      }
      try {
        return work();
      } finally {
        database.exec('rollback');
      }
    },
  };
};
