/**
 * SQLite, as the store and the ledger's lock use it. One import names the driver: it has the interface of Node's own
 * node:sqlite, which can take its place here (docs/decisions/0003 says when). What the driver leaves open is settled here:
 *
 * - `undefined` is kept as null. A statement that gets too few values is an error, not a row of nulls; so is a text with a
 *   NUL character, of which the driver would keep what stands before it.
 * - An error's `code` is SQLite's name for it (SQLITE_BUSY), read from the number, which both drivers give.
 * - A database is readable by its owner only, whatever the folder and the umask would allow.
 *
 * A BLOB comes as a Uint8Array and a row has no prototype. An integer beyond 2^53 is an error: it is never rounded.
 */
import { chmodSync, closeSync, fchmodSync, openSync, statSync } from 'node:fs';
import { backup, DatabaseSync, type StatementSyncInstance } from '@photostructure/sqlite';

const OWNER_ONLY = 0o600;

/** The result codes that somebody tells apart, by number; an extended code that is not listed has its primary code's name. */
const NAMES: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  24: 'SQLITE_FORMAT',
  26: 'SQLITE_NOTADB',
  522: 'SQLITE_IOERR_SHORT_READ',
};

const named = (cause: unknown): unknown => {
  const { errcode } = (cause ?? {}) as { errcode?: unknown };
  if (typeof errcode !== 'number') return cause;
  return Object.assign(cause as Error, { code: NAMES[errcode] ?? NAMES[errcode & 0xff] ?? 'SQLITE_ERROR' });
};

const naming = <R>(work: () => R): R => {
  try {
    return work();
  } catch (cause) {
    throw named(cause);
  }
};

/** How many `?` a statement has outside of texts, quoted names and comments. */
const placesIn = (text: string): number =>
  text.replace(/'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//g, '').split('?').length - 1;

export class Statement {
  readonly #statement: StatementSyncInstance;
  readonly #places: number;
  /** Whether it answers rows. */
  readonly reader: boolean;

  constructor(statement: StatementSyncInstance, text: string) {
    this.#statement = statement;
    this.#places = placesIn(text);
    this.reader = statement.columns().length > 0;
  }
  #bound(values: readonly unknown[]): unknown[] {
    if (values.length !== this.#places)
      throw new RangeError(`a statement with ${this.#places} places got ${values.length} values`);
    return values.map((value) => {
      if (typeof value === 'string' && value.includes('\0'))
        throw Object.assign(new TypeError('a text with a NUL character cannot be kept'), { code: 'SQLITE_NUL' });
      return value ?? null;
    });
  }
  run(values: readonly unknown[] = []): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return naming(() => this.#statement.run(...this.#bound(values)));
  }
  all(values: readonly unknown[] = []): unknown[] {
    return naming(() => this.#statement.all(...this.#bound(values)));
  }
  *iterate(values: readonly unknown[] = []): IterableIterator<unknown> {
    try {
      yield* this.#statement.iterate(...this.#bound(values));
    } catch (cause) {
      throw named(cause);
    }
  }
}

/**
 * Makes a new database's file before SQLite does, so that it is never open to others, not even for a moment. A file that is
 * there is not touched: closing a second descriptor of it would end the locks that this process holds on it.
 */
const createPrivate = (path: string): void => {
  try {
    const fd = openSync(path, 'wx', OWNER_ONLY);
    fchmodSync(fd, OWNER_ONLY);
    closeSync(fd);
  } catch {
    // It is there, or cannot be made; then opening it says why.
  }
};

/** The log and its index have the file's mode when SQLite makes them; those that were left by a crash have an older one. */
const restrict = (path: string): void => {
  for (const file of [path, `${path}-wal`, `${path}-shm`])
    try {
      if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, OWNER_ONLY);
    } catch {
      // It is not there, or belongs to somebody else, who decides.
    }
};

export interface SqliteOptions {
  /** how long a call waits, with the whole thread, for the lock of another connection; not at all when left out */
  readonly timeoutMs?: number;
  readonly readOnly?: boolean;
}

/** A file, or `:memory:`. Errors carry SQLite's name of the trouble as their `code`. */
export class Sqlite {
  readonly #database: InstanceType<typeof DatabaseSync>;

  constructor(path: string, { timeoutMs = 0, readOnly = false }: SqliteOptions = {}) {
    const isFile = path !== ':memory:' && !readOnly;
    if (isFile) createPrivate(path);
    this.#database = naming(() => new DatabaseSync(path, { timeout: timeoutMs, readOnly }));
    if (isFile) restrict(path);
  }
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }
  prepare(text: string): Statement {
    return naming(() => new Statement(this.#database.prepare(text), text));
  }
  /** One or more statements that answer nothing. */
  exec(text: string): void {
    naming(() => this.#database.exec(text));
  }
  /** Writes a copy to a file, `pages` at a time; between two portions others get their turn. */
  async backup(file: string, pages: number): Promise<void> {
    createPrivate(file);
    await backup(this.#database, file, { rate: pages }).catch((cause: unknown) => {
      throw named(cause);
    });
  }
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
