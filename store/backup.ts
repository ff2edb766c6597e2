/** A copy of the store as it is at one moment, made while others go on writing. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Fault } from '../domain/fault.js';
import { Sqlite } from '../sqlite.js';
import { asTrouble } from './trouble.js';

/** Pages copied before timers and requests get their turn: 8 MiB. */
const PAGES = 2048;

const sync = (path: string): void => {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** What an interrupted copy left, as far as it can be removed: the reason for the interruption is what is told. */
const removeParts = (path: string): void => {
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    try {
      rmSync(path + suffix, { force: true });
    } catch {}
};

/** `where` as openStore takes it. Whole or absent; never replaces a file. */
export const backupSqlite = async (database: Sqlite, where: string, file: string): Promise<void> => {
  const target = resolve(file);
  if (existsSync(target))
    throw new Fault('conflict', `${target} is there already`, 'Give a new name; a backup replaces nothing.');
  const beside = `${target}.${process.pid}.tmp`;
  // A reader of its own holds one state for the whole copy: beside a writer, a copy by pages would start over and over.
  const source = where === ':memory:' ? database : new Sqlite(where, { readOnly: true, timeoutMs: 30_000 });
  try {
    mkdirSync(dirname(target), { recursive: true });
    if (source !== database) {
      source.exec('begin');
      source.prepare('select count(*) from sqlite_schema').all();
    }
    await source.backup(beside, PAGES);
    sync(beside);
    renameSync(beside, target);
    sync(dirname(target));
  } catch (cause) {
    removeParts(beside);
    const trouble = asTrouble(cause);
    if (trouble instanceof Fault) throw trouble;
    throw new Fault(
      'unavailable',
      `the backup cannot be written to ${target}: ${(cause as Error).message}`,
      'Check that the folder is writable and has room.',
      { cause },
    );
  } finally {
    if (source !== database) source.close();
  }
};
