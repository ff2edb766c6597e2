/** The tables, as a list of steps that is only ever added to. Every process applies what is missing before it works. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { Fault } from '../domain/fault.js';
import { beginAlone, type Flavour } from './dialect.js';
import { OPEN, type Tables } from './tables.js';
import { createThreadTables, takeOverThreads } from './threads.js';

type Step = (db: Transaction<Tables>, flavour: Flavour) => Promise<void>;

const serial = (flavour: Flavour) => (flavour === 'postgres' ? sql`bigserial` : sql`integer`);
/** Byte order, whatever the server's locale: keyset paging compares text. */
const text = (flavour: Flavour) => (flavour === 'postgres' ? sql`text collate "C"` : sql`text`);

const createLedgerTables = async (db: Kysely<Tables>): Promise<void> => {
  await db.schema
    .createTable('ledger_entries')
    .addColumn('seq', 'integer', (c) => c.primaryKey())
    .addColumn('prev_hash', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('ledger_nodes')
    .addColumn('level', 'integer', (c) => c.notNull())
    .addColumn('idx', 'integer', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('ledger_nodes_in_order', ['level', 'idx'])
    .execute();
  await db.schema
    .createTable('ledger_checkpoints')
    .addColumn('size', 'integer', (c) => c.primaryKey())
    .addColumn('root', 'text', (c) => c.notNull())
    .addColumn('note', 'text', (c) => c.notNull())
    .addColumn('at', 'text', (c) => c.notNull())
    .execute();
};

const createMailTable: Step = async (db, flavour) => {
  const t = text(flavour);
  await db.schema
    .createTable('mail')
    .addColumn('seq', serial(flavour), (c) => c.primaryKey())
    .addColumn('box', t, (c) => c.notNull())
    .addColumn('id', t, (c) => c.notNull())
    .addColumn('thread', t, (c) => c.notNull())
    .addColumn('peer', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('url', 'text')
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('digest', 'text')
    .addColumn('exchange', 'text')
    .addColumn('state', t, (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('next_at', 'bigint', (c) => c.notNull())
    .addColumn('lease_by', 'text')
    .addColumn('lease_until', 'bigint', (c) => c.notNull())
    .addColumn('reason', 'text')
    .addColumn('refused', 'integer', (c) => c.notNull())
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('settled_at', 'bigint')
    .addUniqueConstraint('mail_by_id', ['box', 'id'])
    .execute();
  await db.schema.createIndex('mail_that_waits').on('mail').columns(['box', 'state', 'next_at']).execute();
  await db.schema.createIndex('mail_of_a_thread').on('mail').columns(['box', 'thread', 'state', 'seq']).execute();
};

/** Before it a document said who worked on a run, which a process that hung could not lose. */
const createLeaseTable: Step = async (db, flavour) => {
  await db.deleteFrom('documents').where('collection', '=', 'holders').execute();
  await db.schema
    .createTable('leases')
    // Without `autoincrement` SQLite would give the number of a row that is gone to the next one.
    .addColumn('token', serial(flavour), (c) =>
      flavour === 'sqlite' ? c.primaryKey().autoIncrement() : c.primaryKey(),
    )
    .addColumn('name', text(flavour), (c) => c.notNull().unique())
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .execute();
};

/** Until then the origin of a workload had to be guessed from its source: "queue of gb-hpc", "jobs submitted one by one". */
const workloadsSayTheirOrigin: Step = async (db) => {
  const workloads = await db
    .selectFrom('documents')
    .select(['seq', 'body'])
    .where('collection', '=', 'workloads')
    .execute();
  for (const { seq, body } of workloads) {
    const { id, source, ...rest } = JSON.parse(body) as { id: string; source: string };
    const submitted = source === 'jobs submitted one by one';
    const origin = source.startsWith('queue of ') ? 'queue' : submitted ? 'submitted' : 'ingested';
    await db
      .updateTable('documents')
      .set({ body: JSON.stringify({ id, origin, source, ...rest }) })
      .where('seq', '=', seq)
      .execute();
  }
};

const createGridTables: Step = async (db, flavour) => {
  const t = text(flavour);
  await db.schema
    .createTable('grid_signals')
    .ifNotExists()
    .addColumn('key', serial(flavour), (c) => c.primaryKey())
    .addColumn('source', t, (c) => c.notNull())
    .addColumn('region', t, (c) => c.notNull())
    .addColumn('quantity', t, (c) => c.notNull())
    .addColumn('unit', t, (c) => c.notNull())
    .addUniqueConstraint('grid_signals_by_name', ['source', 'region', 'quantity', 'unit'])
    .execute();
  await db.schema
    .createTable('grid_values')
    .ifNotExists()
    .addColumn('signal', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('foreseen', 'integer', (c) => c.notNull())
    .addColumn('seen', 'bigint', (c) => c.notNull())
    .addColumn('minutes', 'integer', (c) => c.notNull())
    .addColumn('value', 'double precision')
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('published', 'bigint')
    .addColumn('checked', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('grid_values_in_order', ['signal', 'at', 'foreseen', 'seen'])
    .execute();
};

/** As the collections of that time said it; a document that says otherwise since says so when it is written next. */
const OVER_AT = {
  runs: ({ status, finishedAt }: { status: string; finishedAt: string | null }) =>
    status === 'done' || status === 'refused' ? finishedAt : null,
  orders: ({ span }: { span: { end: string } }) => span.end,
  'watched-orders': ({ span }: { span: { end: string } }) => span.end,
  'ticket-outbox': (message: { state: string; repaired: boolean; deliveredAt: string | null }) =>
    message.state === 'delivered' && message.repaired ? message.deliveredAt : null,
} satisfies Record<string, (value: never) => string | null>;

/** Until then every look at what is under way read all that there had ever been. */
const documentsSayWhenTheyAreOver: Step = async (db, flavour) => {
  await db.schema
    .alterTable('documents')
    .addColumn('open_until', text(flavour), (c) => c.notNull().defaultTo(OPEN))
    .execute();
  for (const [collection, overAt] of Object.entries(OVER_AT))
    for (let after = -1; ; ) {
      const found = await db
        .selectFrom('documents')
        .select(['seq', 'body'])
        .where('collection', '=', collection)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(500)
        .execute();
      for (const { seq, body } of found) {
        const at = (overAt as (value: unknown) => string | null)(JSON.parse(body));
        if (at !== null) await db.updateTable('documents').set({ open_until: at }).where('seq', '=', seq).execute();
      }
      if (found.length < 500) break;
      after = Number(found.at(-1)!.seq);
    }
  await db.schema
    .createIndex('documents_by_end')
    .on('documents')
    .columns(['collection', 'open_until', 'seq'])
    .execute();
  await db.schema.createIndex('documents_in_order').on('documents').columns(['collection', 'seq']).execute();
};

const STEPS: Step[] = [
  async (db, flavour) => {
    const t = text(flavour);
    await db.schema
      .createTable('documents')
      .addColumn('seq', serial(flavour), (c) => c.primaryKey())
      .addColumn('collection', t, (c) => c.notNull())
      .addColumn('id', t, (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addUniqueConstraint('documents_by_id', ['collection', 'id'])
      .execute();
    await db.schema
      .createTable('row_sets')
      .addColumn('key', serial(flavour), (c) => c.primaryKey())
      .addColumn('kind', t, (c) => c.notNull())
      .addColumn('name', t, (c) => c.notNull())
      .addUniqueConstraint('row_sets_by_name', ['kind', 'name'])
      .execute();
    await db.schema
      .createTable('rows')
      .addColumn('set_key', 'integer', (c) => c.notNull())
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('id', t, (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('rows_in_order', ['set_key', 'seq'])
      .addUniqueConstraint('rows_by_id', ['set_key', 'id'])
      .execute();
    await db.schema
      .createTable('deeds')
      .addColumn('key', t, (c) => c.primaryKey())
      .addColumn('tool', 'text', (c) => c.notNull())
      .addColumn('actor', 'text', (c) => c.notNull())
      .addColumn('input_digest', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('output', 'text')
      .addColumn('at', 'text', (c) => c.notNull())
      .execute();
    await createLedgerTables(db);
  },
  workloadsSayTheirOrigin,
  async (db, flavour) => {
    await createThreadTables(db, flavour);
    await takeOverThreads(db, flavour);
  },
  createGridTables,
  createMailTable,
  createLeaseTable,
  documentsSayWhenTheyAreOver,
];

const MIGRATION_LOCK = 4242001;
/** The others wait for whoever is at it: a large store is moved to new tables in minutes. */
const MIGRATION_WAIT_MS = 600_000;

/** One process at a time: SQLite by the immediate transaction, Postgres by an advisory lock. */
export const migrate = async (db: Kysely<Tables>, flavour: Flavour): Promise<void> => {
  await db.transaction().execute(async (tx) => {
    if (flavour === 'postgres') await beginAlone(tx, MIGRATION_LOCK, MIGRATION_WAIT_MS);
    await sql`create table if not exists schema_steps (step integer primary key)`.execute(tx);
    const { done } = await tx
      .selectFrom('schema_steps')
      .select((e) => e.fn.count<number>('step').as('done'))
      .executeTakeFirstOrThrow();
    if (Number(done) > STEPS.length)
      throw new Fault(
        'unsupported',
        `the store was written by a newer CACO (its schema is at step ${done}, this program knows ${STEPS.length})`,
        'Use that version or a newer one, or point CACO_HOME (or DATABASE_URL) at a store of its own.',
      );
    for (let step = Number(done); step < STEPS.length; step++) {
      await STEPS[step]!(tx, flavour);
      await tx.insertInto('schema_steps').values({ step }).execute();
    }
  });
};
