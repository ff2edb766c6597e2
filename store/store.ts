/** What we keep: SQLite by default, Postgres when a URL is given; one set of queries and migrations over both. */
import type { Kysely } from 'kysely';
import { Fault } from '../domain/fault.js';
import { leasesHeld } from '../domain/lease.js';
import type { Store, Tx } from '../domain/store.js';
import { aboutPostgres, aboutSqlite } from './about.js';
import { backupSqlite } from './backup.js';
import { sharedCommits } from './commits.js';
import { connect } from './connections.js';
import { deedsOf } from './deeds.js';
import { beginAlone } from './dialect.js';
import { documentsOf } from './documents.js';
import { entriesOf, WRITER_LOCK } from './entries.js';
import { gridValuesOf } from './grid-values.js';
import { holdLease, requireLeases } from './leases.js';
import { mailOf } from './mail.js';
import { rowsOf } from './rows.js';
import type { StoreSaver } from './saver.js';
import { shrink, sizeOf } from './space.js';
import type { Tables } from './tables.js';

const POSTGRES_BACKUP = 'Use Postgres’ own tool: pg_dump --format=custom --file=FILE "$DATABASE_URL"';

type Work<R> = (on: Kysely<Tables>) => Promise<R>;

/** The same, whose named writes go through `write`. */
const written = <T extends object>(
  of: (on: Kysely<Tables>) => T,
  writes: readonly (keyof T)[],
  on: Kysely<Tables>,
  write: <R>(work: Work<R>) => Promise<R>,
): T => {
  const through = writes.map((name) => [
    name,
    (...args: unknown[]) => write((db) => (of(db)[name] as (...args: unknown[]) => Promise<unknown>)(...args)),
  ]);
  return { ...of(on), ...Object.fromEntries(through) };
};

/** The store, and what only the program's root asks of it. */
export interface OpenStore extends Store {
  /** Where a graph keeps its threads: in this store. LangGraph is loaded when it is first asked for. */
  saver(): Promise<StoreSaver>;
}

/** A path of a SQLite file, `:memory:`, or a `postgres://` URL. */
export const openStore = async (where: string): Promise<OpenStore> => {
  const { db, flavour, database, close } = await connect(where);

  /** One writer at a time in both: SQLite by the immediate transaction, Postgres by a lock that ends with it. */
  const share = sharedCommits(
    <R>(work: Work<R>): Promise<R> =>
      db.transaction().execute(async (tx) => {
        if (flavour === 'postgres') await beginAlone(tx, WRITER_LOCK);
        return work(tx);
      }),
  );
  /** What is done under a lease is kept only while the lease is in force, which one transaction with it decides. */
  const alone = <R>(work: Work<R>): Promise<R> => {
    const leases = leasesHeld();
    if (leases.length === 0) return share(work);
    return share(async (on) => {
      await requireLeases(on, leases);
      return work(on);
    });
  };
  /** A single statement, which is a transaction by itself. */
  const write = <R>(work: Work<R>): Promise<R> => (leasesHeld().length === 0 ? work(db) : alone(work));

  const bind = (on: Kysely<Tables>, inside: boolean): Tx => {
    const atomic = <R>(work: Work<R>): Promise<R> => (inside ? work(on) : alone(work));
    const whole = <T extends object>(of: (on: Kysely<Tables>) => T, ...writes: readonly (keyof T)[]): T =>
      inside ? of(on) : written(of, writes, on, write);
    return {
      collection: (of) => whole((on) => documentsOf(on, of), 'insert', 'put', 'replace', 'delete'),
      rows: (of) => whole((on) => rowsOf(on, of, flavour, atomic), 'remove'),
      deeds: whole(deedsOf, 'intend', 'finish', 'forget'),
      entries: whole((on) => entriesOf(on, flavour, atomic), 'replaceNote'),
      gridValues: gridValuesOf(on, atomic),
      mail: whole((on) => mailOf(on, flavour, atomic), 'settle', 'arrived', 'revive', 'release', 'forget'),
    };
  };
  let saver: Promise<StoreSaver> | undefined;
  return {
    ...bind(db, false),
    transaction: (work) => alone((tx) => work(bind(tx, true))),
    hold: (name, leaseMs) => holdLease(db, flavour, alone, name, leaseMs),
    saver() {
      saver ??= import('./saver.js').then(({ StoreSaver }) => new StoreSaver(db, alone, write));
      return saver;
    },
    async backup(file) {
      if (!database) throw new Fault('unsupported', 'a Postgres store is not copied into a file', POSTGRES_BACKUP);
      await backupSqlite(database, where, file);
    },
    about: () => (flavour === 'sqlite' ? aboutSqlite(db) : aboutPostgres(where)),
    size: () => sizeOf(db, database),
    shrink: async () => shrink(database),
    close,
  };
};
