/** How much room the store takes on its disk, and how it gives back what is free. */
import { type Kysely, sql } from 'kysely';
import type { Sqlite } from '../sqlite.js';
import type { Tables } from './tables.js';

/** `database` is the SQLite database under `db`; without one it is Postgres. */
export const sizeOf = async (db: Kysely<Tables>, database: Sqlite | undefined): Promise<number> => {
  const found = database
    ? await sql<{
        bytes: number;
      }>`select page_count * page_size as bytes from pragma_page_count, pragma_page_size`.execute(db)
    : await sql<{ bytes: string }>`select pg_database_size(current_database()) as bytes`.execute(db);
  return Number(found.rows[0]!.bytes);
};

/**
 * Writes a SQLite file anew without its free pages; it needs as much room again while it does. Postgres keeps freed room for
 * itself and needs no help.
 */
export const shrink = (database: Sqlite | undefined): boolean => {
  if (!database) return false;
  try {
    database.exec('vacuum');
    database.exec('pragma wal_checkpoint(truncate)');
    return true;
  } catch (error) {
    // Somebody reads or writes, or a transaction of ours is open: the room is used again, and another time gives it back.
    const { code, message } = error as { code?: string; message: string };
    if (
      code === 'SQLITE_BUSY' ||
      code === 'SQLITE_LOCKED' ||
      code === 'SQLITE_FULL' ||
      /within a transaction/.test(message)
    )
      return false;
    throw error;
  }
};
