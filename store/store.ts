/** What we keep: SQLite by default, Postgres when a URL is given; one set of queries and migrations over both. */
import { type Kysely, sql } from 'kysely';
import { Fault } from '../domain/fault.js';
import type { Store, Tx } from '../domain/store.js';
import { backupSqlite } from './backup.js';
import { sharedCommits } from './commits.js';
import { connect } from './connections.js';
import { deedsOf } from './deeds.js';
import { documentsOf } from './documents.js';
import { entriesOf, WRITER_LOCK } from './entries.js';
import { gridValuesOf } from './grid-values.js';
import { mailOf } from './mail.js';
import { rowsOf } from './rows.js';
import type { StoreSaver } from './saver.js';
import { shrink, sizeOf } from './space.js';
import type { Tables } from './tables.js';

const POSTGRES_BACKUP = 'Use Postgres’ own tool: pg_dump --format=custom --file=FILE "$DATABASE_URL"';

/** The store, and what only the program's root asks of it. */
export interface OpenStore extends Store {
  /** Where a graph keeps its threads: in this store. LangGraph is loaded when it is first asked for. */
  saver(): Promise<StoreSaver>;
}

/** A path of a SQLite file, `:memory:`, or a `postgres://` URL. */
export const openStore = async (where: string): Promise<OpenStore> => {
  const { db, flavour, database, close } = await connect(where);

  /** One writer at a time in both: SQLite by the immediate transaction, Postgres by a lock that ends with it. */
  const alone = sharedCommits(
    <R>(work: (on: Kysely<Tables>) => Promise<R>): Promise<R> =>
      db.transaction().execute(async (tx) => {
        if (flavour === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(WRITER_LOCK)})`.execute(tx);
        return work(tx);
      }),
  );
  const bind = (on: Kysely<Tables>, inside: boolean): Tx => {
    const atomic = <R>(work: (db: Kysely<Tables>) => Promise<R>): Promise<R> => (inside ? work(on) : alone(work));
    return {
      collection: (of) => documentsOf(on, of),
      rows: (of) => rowsOf(on, of, flavour, atomic),
      deeds: deedsOf(on),
      entries: entriesOf(on, flavour, atomic),
      gridValues: gridValuesOf(on, atomic),
      mail: mailOf(on, flavour, atomic),
    };
  };
  let saver: Promise<StoreSaver> | undefined;
  return {
    ...bind(db, false),
    transaction: (work) => alone((tx) => work(bind(tx, true))),
    saver() {
      saver ??= import('./saver.js').then(({ StoreSaver }) => new StoreSaver(db, alone));
      return saver;
    },
    async backup(file) {
      if (!database) throw new Fault('unsupported', 'a Postgres store is not copied into a file', POSTGRES_BACKUP);
      await backupSqlite(database, where, file);
    },
    size: () => sizeOf(db, database),
    shrink: async () => shrink(database),
    close,
  };
};
