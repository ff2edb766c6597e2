/** The two databases behind one set of queries. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  PostgresDialect,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from 'kysely';
import { Fault } from '../domain/fault.js';

export type Flavour = 'sqlite' | 'postgres';

/** SQLite's deferred `begin` fails with SQLITE_BUSY when a reader turns writer beside another process; an immediate one waits its turn. */
class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

class ImmediateSqliteDialect extends SqliteDialect {
  readonly #settings: SqliteDialectConfig;
  constructor(settings: SqliteDialectConfig) {
    super(settings);
    this.#settings = settings;
  }
  override createDriver() {
    return new ImmediateSqliteDriver(this.#settings);
  }
}

/** Opens a file (or `:memory:`) so that several processes can share it and an acknowledged write survives a power cut. */
export const openSqlite = (path: string): Sqlite.Database => {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const database = new Sqlite(path, { timeout: 15_000 });
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    return database;
  } catch (cause) {
    throw new Fault(
      'unavailable',
      `the store at ${path} cannot be opened: ${(cause as Error).message}`,
      'Check that the folder exists, is writable and has room, or point CACO_HOME elsewhere.',
      { cause },
    );
  }
};

export const sqliteDialect = (path: string): Dialect => new ImmediateSqliteDialect({ database: openSqlite(path) });

/** `url` as libpq spells it. The driver is loaded only when Postgres is used. */
export const postgresDialect = async (url: string): Promise<Dialect> => {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  // An idle connection that the server drops is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  return new PostgresDialect({ pool });
};
