/** What stands behind the store, as an operator wants to know it. */
import { type Kysely, sql } from 'kysely';
import type { AboutStore } from '../domain/store.js';
import type { Tables } from './tables.js';

export const aboutSqlite = async (db: Kysely<Tables>): Promise<AboutStore> => {
  const { rows } = await sql<{ version: string }>`select sqlite_version() as version`.execute(db);
  return { kind: 'sqlite', version: rows[0]!.version };
};

interface Told {
  readonly version: string;
  readonly pid: number;
  readonly standby: boolean;
  readonly makes: boolean;
}

/** By a connection of its own: a server names its process to whoever connects, and one between gives another number. */
export const aboutPostgres = async (url: string): Promise<AboutStore> => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Told>(
      `select current_setting('server_version') as version, pg_backend_pid() as pid, pg_is_in_recovery() as standby,
              has_schema_privilege(current_schema(), 'create') as makes`,
    );
    const { version, pid, standby, makes } = rows[0]!;
    const { processID } = client as unknown as { readonly processID: number };
    return { kind: 'postgres', version, pooled: processID !== pid, standby, makesTables: makes };
  } finally {
    await client.end();
  }
};
