/** Opens the database, with its tables made. A process has one connection to a SQLite file, however often it opens it. */
import { statSync } from 'node:fs';
import { Kysely } from 'kysely';
import { Fault } from '../domain/fault.js';
import type { Sqlite } from '../sqlite.js';
import { type Flavour, openSqlite, postgresDialect, sqliteDialect } from './dialect.js';
import { migrate } from './migrations.js';
import type { Tables } from './tables.js';

export interface Connection {
  readonly flavour: Flavour;
  readonly db: Kysely<Tables>;
  /** the SQLite database under `db` */
  readonly database?: Sqlite | undefined;
  close(): Promise<void>;
}

const prepare = async (db: Kysely<Tables>, flavour: Flavour): Promise<void> => {
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
};

interface OpenFile {
  readonly db: Kysely<Tables>;
  readonly database: Sqlite;
  readonly ready: Promise<void>;
  users: number;
}

/**
 * By device and number, which name a file whatever its path. SQLite waits for a lock with the whole thread: a second
 * connection of this process would wait for a transaction of the first, and so keep it from ever ending.
 */
const openFiles = new Map<string, OpenFile>();

const numberOf = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
};

const connectFile = async (path: string): Promise<Connection> => {
  let key = numberOf(path);
  let file = key === undefined ? undefined : openFiles.get(key);
  if (file === undefined) {
    const database = openSqlite(path);
    const db = new Kysely<Tables>({ dialect: sqliteDialect(database) });
    file = { db, database, ready: prepare(db, 'sqlite'), users: 0 };
    key = numberOf(path);
    if (key !== undefined) openFiles.set(key, file);
  }
  const { db, database, ready } = file;
  const leave = async () => {
    file.users--;
    if (file.users > 0) return;
    if (key !== undefined && openFiles.get(key) === file) openFiles.delete(key);
    await db.destroy();
  };
  file.users++;
  try {
    await ready;
  } catch (cause) {
    await leave();
    throw cause;
  }
  let closed: Promise<void> | undefined;
  return {
    flavour: 'sqlite',
    db,
    database,
    close() {
      closed ??= leave();
      return closed;
    },
  };
};

const connectServer = async (url: string): Promise<Connection> => {
  const db = new Kysely<Tables>({ dialect: await postgresDialect(url) });
  await prepare(db, 'postgres');
  return { flavour: 'postgres', db, close: () => db.destroy() };
};

/** A path of a SQLite file, `:memory:`, or a `postgres://` URL. */
export const connect = (where: string): Promise<Connection> =>
  /^postgres(ql)?:/.test(where) ? connectServer(where) : connectFile(where);
