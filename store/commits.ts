/**
 * One writer at a time, and one commit for all that ask to write at the same moment: a commit waits for the disk, and with SQLite
 * the whole thread waits with it. Whoever asked hears nothing before that commit, so what is acknowledged is on the disk.
 */
import { CompiledQuery, type Kysely } from 'kysely';
import type { Tables } from './tables.js';

type Work<R> = (on: Kysely<Tables>) => Promise<R>;

interface Asked {
  readonly work: Work<unknown>;
  readonly done: (value: unknown) => void;
  readonly failed: (error: unknown) => void;
}

const SAVEPOINT = CompiledQuery.raw('savepoint asked');
const ROLLBACK = CompiledQuery.raw('rollback to savepoint asked');
const RELEASE = CompiledQuery.raw('release savepoint asked');

/** Bounds how long the first of them waits for the others. */
const AT_ONCE = 64;

/** `alone` runs work as a transaction of its own. Works of one commit see what those before them wrote. */
export const sharedCommits = (alone: <R>(work: Work<R>) => Promise<R>): (<R>(work: Work<R>) => Promise<R>) => {
  const asked: Asked[] = [];
  let running = false;

  /** What became of each; a work that fails takes back what it wrote and nothing else. One alone stands or falls with the commit. */
  const inTurn = async (on: Kysely<Tables>, works: readonly Asked[]): Promise<(() => void)[]> => {
    const [only] = works;
    if (works.length === 1) {
      const value = await only!.work(on);
      return [() => only!.done(value)];
    }
    const ends: (() => void)[] = [];
    for (const { work, done, failed } of works) {
      await on.executeQuery(SAVEPOINT);
      try {
        const value = await work(on);
        ends.push(() => done(value));
      } catch (error) {
        // On a full disk or a lost connection the database has taken all of it back by itself; then all of it has failed.
        await on.executeQuery(ROLLBACK).catch(() => {
          throw error;
        });
        ends.push(() => failed(error));
      }
      await on.executeQuery(RELEASE);
    }
    return ends;
  };

  const run = async () => {
    running = true;
    while (asked.length > 0) {
      // Requests that the network has brought by now are read first, and share this commit.
      await new Promise((resume) => setImmediate(resume));
      let works: Asked[] = [];
      const take = () => {
        works = asked.splice(0, AT_ONCE);
        return works;
      };
      try {
        // Taken once it is our turn: while other processes have theirs, more is asked.
        for (const end of await alone((on) => inTurn(on, take()))) end();
      } catch (error) {
        for (const { failed } of works.length === 0 ? take() : works) failed(error);
      }
    }
    running = false;
  };

  return <R>(work: Work<R>) =>
    new Promise<R>((done, failed) => {
      asked.push({ work, done: done as (value: unknown) => void, failed });
      if (!running) void run();
    });
};
