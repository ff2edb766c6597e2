/** What we keep: SQLite by default, Postgres when a URL is given; one set of queries and migrations over both. */
import { Kysely, sql } from 'kysely';
import { Fault } from '../domain/fault.js';
import type { Store, Tx } from '../domain/store.js';
import { backupSqlite } from './backup.js';
import { deedsOf } from './deeds.js';
import { type Flavour, openSqlite, postgresDialect, sqliteDialect } from './dialect.js';
import { documentsOf } from './documents.js';
import { entriesOf, WRITER_LOCK } from './entries.js';
import { migrate, type Tables } from './migrations.js';
import { rowsOf } from './rows.js';

const isPostgres = (where: string): boolean => /^postgres(ql)?:/.test(where);

const POSTGRES_BACKUP = 'Use Postgres’ own tool: pg_dump --format=custom --file=FILE "$DATABASE_URL"';

/** A path of a SQLite file, `:memory:`, or a `postgres://` URL. */
export const openStore = async (where: string): Promise<Store> => {
  const flavour: Flavour = isPostgres(where) ? 'postgres' : 'sqlite';
  const database = flavour === 'sqlite' ? openSqlite(where) : undefined;
  const db = new Kysely<Tables>({ dialect: database ? sqliteDialect(database) : await postgresDialect(where) });
  try {
    await migrate(db, flavour);
  } catch (cause) {
    await db.destroy().catch(() => {});
    if (cause instanceof Fault) throw cause;
    throw new Fault(
      'unavailable',
      `the store cannot be opened: ${(cause as Error).message}`,
      'Check DATABASE_URL or CACO_HOME and that the database is up.',
      { cause },
    );
  }

  /** One writer at a time in both: SQLite by the immediate transaction, Postgres by a lock that ends with it. */
  const alone = <R>(work: (on: Kysely<Tables>) => Promise<R>): Promise<R> =>
    db.transaction().execute(async (tx) => {
      if (flavour === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(WRITER_LOCK)})`.execute(tx);
      return work(tx);
    });
  const bind = (on: Kysely<Tables>, inside: boolean): Tx => {
    const atomic = <R>(work: (db: Kysely<Tables>) => Promise<R>): Promise<R> => (inside ? work(on) : alone(work));
    return {
      collection: (of) => documentsOf(on, of),
      rows: (of) => rowsOf(on, of, flavour, atomic),
      deeds: deedsOf(on),
      entries: entriesOf(on, flavour, atomic),
    };
  };
  return {
    ...bind(db, false),
    transaction: (work) => alone((tx) => work(bind(tx, true))),
    async backup(file) {
      if (!database) throw new Fault('unsupported', 'a Postgres store is not copied into a file', POSTGRES_BACKUP);
      await backupSqlite(database, where, file);
    },
    close: () => db.destroy(),
  };
};
