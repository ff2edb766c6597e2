/** The ledger's rows: a hash chain whose order the database decides. */
import { type Kysely, sql } from 'kysely';
import { canonicalJson, digest } from '../domain/digest.js';
import type { Entry, EntryBody } from '../domain/evidence.js';
import type { Entries } from '../domain/store.js';
import type { Flavour } from './dialect.js';
import type { Tables } from './migrations.js';

export interface LedgerTables {
  ledger_entries: { seq: number; prev_hash: string; hash: string; body: string };
}

export const createLedgerTables = async (db: Kysely<Tables>): Promise<void> => {
  await db.schema
    .createTable('ledger_entries')
    .addColumn('seq', 'integer', (c) => c.primaryKey())
    .addColumn('prev_hash', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .execute();
};

const GENESIS = '0'.repeat(64);

export const entriesOf = (
  db: Kysely<Tables>,
  flavour: Flavour,
  atomic: <R>(work: (db: Kysely<Tables>) => Promise<R>) => Promise<R>,
): Entries => ({
  append: (bodies) =>
    atomic(async (on) => {
      if (flavour === 'postgres') await sql`select pg_advisory_xact_lock(4242002)`.execute(on);
      const head = await on
        .selectFrom('ledger_entries')
        .select(['seq', 'hash'])
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst();
      let seq = head ? Number(head.seq) + 1 : 0;
      let prevHash = head?.hash ?? GENESIS;
      const entries: Entry[] = [];
      for (const body of bodies) {
        const hash = digest({ seq, prevHash, body });
        entries.push({ seq, prevHash, hash, body });
        await on
          .insertInto('ledger_entries')
          .values({ seq, prev_hash: prevHash, hash, body: canonicalJson(body) })
          .execute();
        prevHash = hash;
        seq++;
      }
      return entries;
    }),
  async read(from, limit) {
    const rows = await db
      .selectFrom('ledger_entries')
      .selectAll()
      .where('seq', '>=', from)
      .orderBy('seq')
      .limit(limit)
      .execute();
    return rows.map((r) => ({
      seq: Number(r.seq),
      prevHash: r.prev_hash,
      hash: r.hash,
      body: JSON.parse(r.body) as EntryBody,
    }));
  },
  async size() {
    const row = await db
      .selectFrom('ledger_entries')
      .select((e) => e.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(row.n);
  },
});
