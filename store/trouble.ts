/** What a database's own errors mean to whoever has to act on them. */
import { Fault, invalid } from '../domain/fault.js';
import { AWAY } from '../domain/store.js';

/** What is in the file is not what was written. SQLite: pages bent or cut off. Postgres: data or index corrupted. */
const DAMAGED = /^(SQLITE_(CORRUPT|NOTADB|FORMAT|IOERR_SHORT_READ)|XX001|XX002)/;
/** SQLite: full, broken, read-only. Postgres: disk full, I/O error, read-only. */
const UNWRITABLE = /^(SQLITE_(FULL|IOERR|READONLY|CANTOPEN)|53100|58030)/;
/** Postgres: a server that follows another. */
const STANDBY = /^25006/;
/** Postgres: a transaction in which nothing was said for as long as beginAlone allows. */
const SILENT = /^25P03/;
/** A text with a NUL character: neither database keeps one. */
const NUL = /^(SQLITE_NUL|22021)/;
/** SQLite's wait for another process ended. Postgres: lock and statement timeouts, deadlock. */
const BUSY = /^(SQLITE_(BUSY|LOCKED)|55P03|57014|40P01|40001)/;
/** Postgres: the role, its password or the database is not known, whoever asks again. */
const REFUSED = /^(28|3D000)/;
/** A pooler says the same in words. */
const REFUSED_TEXT = /authentication failed|no such (user|database)/i;
/** Postgres: a table of ours is not there. */
const OTHER_TABLES = /^42P01/;
/** Postgres: connection classes, shutdown, too many clients, closed for now; and the network's words. */
const GONE = /^(08|57P|53300|55000|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH)/;
const GONE_TEXT =
  /connection terminated|terminating connection|server closed the connection|connection error and is not queryable|timeout exceeded when trying to connect/i;

/** A Fault with its remedy, `unavailable` but for input that cannot be kept; or the error as it is when it is none of these. */
export const asTrouble = (cause: unknown): unknown => {
  if (cause instanceof Fault || !(cause instanceof Error)) return cause;
  const raw = (cause as { code?: unknown }).code;
  const code = typeof raw === 'string' ? raw : '';
  const fault = (what: string, remedy: string, details?: unknown) =>
    new Fault('unavailable', `${what}: ${cause.message}`, remedy, { cause, details });
  if (DAMAGED.test(code))
    return fault(
      'the store is damaged',
      'Remove caco.db, caco.db-wal and caco.db-shm, put the newest copy in place (`caco backup` makes them), then `caco ledger audit`.',
      { damaged: true },
    );
  if (NUL.test(code))
    return invalid('a text with a NUL character cannot be kept', 'Remove the character; ids and names are plain text.');
  if (UNWRITABLE.test(code))
    return fault(
      'the store cannot be written, and nothing of this was kept',
      'Make room on the disk and check that CACO_HOME is writable, then do it again.',
    );
  if (BUSY.test(code))
    return fault(
      'the store is held by another process',
      'Do it again; if it stays so, look for a process that hangs.',
      AWAY,
    );
  if (SILENT.test(code))
    return fault(
      'the database has taken back what this process began, for it said nothing for too long',
      'Do it again; if it stays so, look whether this machine is overloaded or was asleep.',
      AWAY,
    );
  if (STANDBY.test(code))
    return fault(
      'the database takes no writes',
      'It is a standby, or is being changed over: point DATABASE_URL at the primary, then do it again.',
      AWAY,
    );
  if (OTHER_TABLES.test(code))
    return fault(
      'the database has not the tables that this program knows',
      'An empty or another database stands behind DATABASE_URL: put the right one back, then start this program again.',
    );
  if (REFUSED.test(code) || REFUSED_TEXT.test(cause.message))
    return fault(
      'the database refuses this program',
      'Check user, password and database in DATABASE_URL: psql "$DATABASE_URL" -c "select 1".',
    );
  if (GONE.test(code) || GONE_TEXT.test(cause.message))
    return fault(
      'the database cannot be reached',
      'Check DATABASE_URL and that the server is up, then do it again.',
      AWAY,
    );
  return cause;
};
