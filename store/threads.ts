/** The two tables in which a graph's threads are kept, and what an older CACO kept of them in LangGraph's own tables. */
import { type Kysely, sql } from 'kysely';
import type { Flavour } from './dialect.js';
import type { Tables } from './tables.js';

export const createThreadTables = async (db: Kysely<Tables>, flavour: Flavour): Promise<void> => {
  const bytes = flavour === 'postgres' ? sql`bytea` : sql`blob`;
  // Ids are ordered as text, byte by byte: the greatest of a namespace is its newest checkpoint.
  const text = flavour === 'postgres' ? sql`text collate "C"` : sql`text`;
  await db.schema
    .createTable('thread_checkpoints')
    .addColumn('thread', text, (c) => c.notNull())
    .addColumn('ns', text, (c) => c.notNull())
    .addColumn('id', text, (c) => c.notNull())
    .addColumn('parent', text)
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('body', bytes, (c) => c.notNull())
    .addColumn('meta', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('thread_checkpoints_by_id', ['thread', 'ns', 'id'])
    .execute();
  await db.schema
    .createTable('thread_writes')
    .addColumn('thread', text, (c) => c.notNull())
    .addColumn('ns', text, (c) => c.notNull())
    .addColumn('id', text, (c) => c.notNull())
    .addColumn('task', text, (c) => c.notNull())
    .addColumn('idx', 'integer', (c) => c.notNull())
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('body', bytes, (c) => c.notNull())
    .addPrimaryKeyConstraint('thread_writes_by_place', ['thread', 'ns', 'id', 'task', 'idx'])
    .execute();
};

/**
 * Takes over the newest checkpoint of each thread and namespace with its writes, which is what a thread goes on from. A
 * SQLite file is ours alone, so LangGraph's tables go; in a Postgres others may use them too, so there they stay.
 */
export const takeOverThreads = (db: Kysely<Tables>, flavour: Flavour): Promise<void> =>
  flavour === 'postgres' ? fromPostgresSaver(db) : fromSqliteSaver(db);

const fromSqliteSaver = async (db: Kysely<Tables>): Promise<void> => {
  const there = await sql`select 1 from sqlite_schema where name = 'checkpoints'`.execute(db);
  if (there.rows.length === 0) return;
  await sql`
    insert into thread_checkpoints (thread, ns, id, parent, type, body, meta)
    select thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, cast(metadata as text)
    from checkpoints c
    where checkpoint_id = (select max(checkpoint_id) from checkpoints
                           where thread_id = c.thread_id and checkpoint_ns = c.checkpoint_ns)`.execute(db);
  await sql`
    insert into thread_writes (thread, ns, id, task, idx, channel, type, body)
    select thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, w.type, value
    from writes w join thread_checkpoints t
      on t.thread = thread_id and t.ns = checkpoint_ns and t.id = checkpoint_id`.execute(db);
  await sql`drop table checkpoints`.execute(db);
  await sql`drop table writes`.execute(db);
};

/**
 * LangGraph's saver for Postgres keeps each channel's value apart, by the channel's version; here they are put back into
 * their checkpoint. The type `json` keeps a text as it is, where `jsonb` refuses some (\u0000).
 */
const fromPostgresSaver = async (db: Kysely<Tables>): Promise<void> => {
  const there = await sql<{ found: boolean }>`
    select to_regclass('public.checkpoints') is not null and to_regclass('public.checkpoint_blobs') is not null
       and to_regclass('public.checkpoint_writes') is not null as found`.execute(db);
  if (!there.rows[0]!.found) return;
  await sql`
    insert into thread_checkpoints (thread, ns, id, parent, type, body, meta)
    select distinct on (thread_id, checkpoint_ns) thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, 'json',
      convert_to(json_build_object(
        'v', checkpoint->'v', 'id', checkpoint->'id', 'ts', checkpoint->'ts',
        'channel_versions', coalesce(checkpoint->'channel_versions', '{}'),
        'versions_seen', coalesce(checkpoint->'versions_seen', '{}'),
        'channel_values', coalesce((
          select json_object_agg(b.channel, convert_from(b.blob, 'UTF8')::json)
          from public.checkpoint_blobs b join jsonb_each_text(checkpoint->'channel_versions') v
            on b.channel = v.key and b.version = v.value
          where b.thread_id = c.thread_id and b.checkpoint_ns = c.checkpoint_ns and b.type = 'json'), '{}'))::text, 'UTF8'),
      metadata::text
    from public.checkpoints c
    order by thread_id, checkpoint_ns, checkpoint_id collate "C" desc`.execute(db);
  await sql`
    insert into thread_writes (thread, ns, id, task, idx, channel, type, body)
    select thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, coalesce(w.type, 'json'), blob
    from public.checkpoint_writes w join thread_checkpoints t
      on t.thread = thread_id and t.ns = checkpoint_ns and t.id = checkpoint_id`.execute(db);
};
