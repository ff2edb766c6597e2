/** What we keep: SQLite by default, Postgres when a URL is given; one set of queries and migrations over both. */
import { Kysely } from 'kysely';
import { Fault } from '../domain/fault.js';
import type { Store, Tx } from '../domain/store.js';
import { deedsOf } from './deeds.js';
import { type Flavour, postgresDialect, sqliteDialect } from './dialect.js';
import { documentsOf } from './documents.js';
import { entriesOf } from './entries.js';
import { migrate, type Tables } from './migrations.js';
import { rowsOf } from './rows.js';

/** A path of a SQLite file, `:memory:`, or a `postgres://` URL. */
export const openStore = async (where: string): Promise<Store> => {
  const flavour: Flavour = /^postgres(ql)?:/.test(where) ? 'postgres' : 'sqlite';
  const dialect = flavour === 'postgres' ? await postgresDialect(where) : sqliteDialect(where);
  const db = new Kysely<Tables>({ dialect });
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

  const bind = (on: Kysely<Tables>, inside: boolean): Tx => {
    const atomic = <R>(work: (db: Kysely<Tables>) => Promise<R>): Promise<R> =>
      inside ? work(on) : on.transaction().execute(work);
    return {
      collection: (of) => documentsOf(on, of),
      rows: (of) => rowsOf(on, of, flavour, atomic),
      deeds: deedsOf(on),
      entries: entriesOf(on, flavour, atomic),
    };
  };
  return {
    ...bind(db, false),
    transaction: (work) => db.transaction().execute((tx) => work(bind(tx, true))),
    close: () => db.destroy(),
  };
};
