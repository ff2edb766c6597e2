/** The two databases behind one set of queries. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresDialect,
  PostgresDriver,
  type QueryResult,
  SqliteDialect,
  SqliteDriver,
  sql,
} from 'kysely';
import type { Pool } from 'pg';
import { Fault } from '../domain/fault.js';
import { Sqlite, type Statement } from '../sqlite.js';
import type { Tables } from './tables.js';
import { asTrouble } from './trouble.js';

export type Flavour = 'sqlite' | 'postgres';

/** How long a writer waits for another process. Transactions are short, so this is reached only when one hangs. */
const WAIT_MS = 30_000;
/** SQLite answers at once, so a loop of queries would keep timers and requests waiting; this is how long it may. */
const TURN_MS = 10;
/** Pages kept in memory, in KiB; SQLite's own 2 MB are too few for the indexes of a million rows. */
const CACHE_KIB = 16_384;
/** Pages in the log before they move to the file; each such move waits for the disk twice. */
const LOG_PAGES = 4000;
/** Prepared statements kept per file; batch inserts come in as many texts as there are sizes of a last batch. */
const STATEMENTS = 200;

/** One connection for all queries of a process. Compiling a statement costs more than running most of them, so they are kept. */
class SqliteConnection implements DatabaseConnection {
  readonly #database: Sqlite;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Sqlite) {
    this.#database = database;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const statement = this.#statement(sql);
      if (statement.reader) return { rows: statement.all(parameters) as R[] };
      const { changes, lastInsertRowid } = statement.run(parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (cause) {
      throw asTrouble(cause);
    }
  }

  // biome-ignore lint/correctness/useYield: the port has it, and everything here is read in pages.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the store reads in pages; nothing is streamed');
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      if (this.#statements.size >= STATEMENTS) this.#statements.delete(this.#statements.keys().next().value!);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/**
 * SQLite's deferred `begin` fails with SQLITE_BUSY when a reader turns writer beside another process; an immediate one waits
 * its turn.
 */
class SharedSqliteDriver extends SqliteDriver {
  readonly #database: Sqlite;
  readonly #connection: SqliteConnection;
  #turnBegan = 0;

  constructor(database: Sqlite) {
    super({ database });
    this.#database = database;
    this.#connection = new SqliteConnection(database);
  }
  override async acquireConnection(): Promise<DatabaseConnection> {
    // The lock of the one connection is the parent's.
    await super.acquireConnection();
    if (performance.now() - this.#turnBegan > TURN_MS) {
      await new Promise((resume) => setImmediate(resume));
      this.#turnBegan = performance.now();
    }
    return this.#connection;
  }
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk makes SQLite roll back by itself; a second rollback would hide the reason.
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}

class SharedSqliteDialect extends SqliteDialect {
  readonly #database: Sqlite;
  constructor(database: Sqlite) {
    super({ database });
    this.#database = database;
  }
  override createDriver(): Driver {
    return new SharedSqliteDriver(this.#database);
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** The first switch to WAL wants the file alone and does not always wait for it, so of several that open it at once some try again. */
const useWal = (database: Sqlite): void => {
  for (let left = WAIT_MS; ; left -= 20)
    try {
      database.exec('pragma journal_mode = WAL');
      return;
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== 'SQLITE_BUSY' || left <= 0) throw cause;
      Atomics.wait(sleeper, 0, 0, 20);
    }
};

/** Opens a file (or `:memory:`) so that several processes can share it and an acknowledged write survives a power cut. */
export const openSqlite = (path: string): Sqlite => {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const database = new Sqlite(path, { timeoutMs: WAIT_MS });
    useWal(database);
    database.exec('pragma synchronous = FULL');
    database.exec(`pragma cache_size = -${CACHE_KIB}`);
    database.exec(`pragma wal_autocheckpoint = ${LOG_PAGES}`);
    return database;
  } catch (cause) {
    const trouble = asTrouble(cause);
    if (trouble instanceof Fault && (trouble.details as { damaged?: true } | undefined)?.damaged) throw trouble;
    throw new Fault(
      'unavailable',
      `the store at ${path} cannot be opened: ${(cause as Error).message}`,
      'Check that the folder exists, is writable and has room, or point CACO_HOME elsewhere.',
      { cause },
    );
  }
};

export const sqliteDialect = (database: Sqlite): Dialect => new SharedSqliteDialect(database);

class ExplainingPostgresDriver extends PostgresDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    try {
      const connection = await super.acquireConnection();
      return explaining(connection);
    } catch (cause) {
      throw asTrouble(cause);
    }
  }
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // On a lost connection the server rolls back by itself; the first error says more than this one.
    await super.rollbackTransaction(connection).catch(() => {});
  }
}

const explained = new WeakSet<DatabaseConnection>();

/** The same connection, whose errors say what to do. The driver knows it by identity, so it is changed in place. */
const explaining = (connection: DatabaseConnection): DatabaseConnection => {
  if (explained.has(connection)) return connection;
  explained.add(connection);
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
    try {
      return await execute<R>(query);
    } catch (cause) {
      throw asTrouble(cause);
    }
  };
  return connection;
};

class ExplainingPostgresDialect extends PostgresDialect {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    super({ pool });
    this.#pool = pool;
  }
  override createDriver(): Driver {
    return new ExplainingPostgresDriver({ pool: this.#pool });
  }
}

/** A transaction that says nothing for so long is taken back by the server: its process hangs, and everybody waits for it. */
const SILENT_MS = 20_000;

/**
 * Takes a lock that ends with the transaction, as do its limits: behind a pooler nothing may be left in a session, which is
 * somebody else's a moment later. Whoever waits for the lock in vain hears so.
 */
export const beginAlone = async (tx: Kysely<Tables>, lock: number, waitMs = WAIT_MS): Promise<void> => {
  const limit = (name: string, ms: number) => sql`set_config(${sql.lit(name)}, ${sql.lit(String(ms))}, true)`;
  const limits = sql`${limit('idle_in_transaction_session_timeout', SILENT_MS)}, ${limit('lock_timeout', waitMs)}`;
  await sql`select ${limits}, pg_advisory_xact_lock(${sql.lit(lock)})`.execute(tx);
};

/** `url` as libpq spells it. The driver is loaded only when Postgres is used. */
export const postgresPool = async (url: string): Promise<Pool> => {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: WAIT_MS,
    // A server that went without a word is noticed, although nothing is being sent.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // An idle connection that the server drops is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  // So would one that is cut between two statements of a transaction; the next statement hears of it.
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
};

export const postgresDialect = async (url: string): Promise<Dialect> =>
  new ExplainingPostgresDialect(await postgresPool(url));
