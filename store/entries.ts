/** The ledger's rows: a hash chain whose order the database decides, and the hashes of its Merkle tiles beside it. */
import { CompiledQuery, type Kysely } from 'kysely';
import { canonicalJson } from '../domain/digest.js';
import {
  type Entry,
  EntryBody,
  type EntryText,
  entryText,
  GENESIS,
  MAX_ENTRY_BYTES,
} from '../domain/evidence/evidence.js';
import { fold, type Hash, leafHash, sha256Hex, TILE_WIDTH } from '../domain/evidence/merkle.js';
import { Fault, invalid } from '../domain/fault.js';
import type { Entries, StoredCheckpoint } from '../domain/store.js';
import type { Instant } from '../domain/time.js';
import type { Flavour } from './dialect.js';
import type { Tables } from './migrations.js';

export interface LedgerTables {
  ledger_entries: { seq: number; prev_hash: string; hash: string; body: string };
  ledger_nodes: { level: number; idx: number; hash: string };
  ledger_checkpoints: { size: number; root: string; note: string; at: string };
}

export const createLedgerTables = async (db: Kysely<Tables>): Promise<void> => {
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

/** Rows in one statement: few enough for either database's limit of bound values. */
const BATCH = 500;
/** Number of the Postgres lock that one writer holds until its transaction ends. */
export const WRITER_LOCK = 4242002;

/** `atomic` runs work in a transaction, joining the one that is open; of two, the second waits for the first. */
export const entriesOf = (
  db: Kysely<Tables>,
  flavour: Flavour,
  atomic: <R>(work: (db: Kysely<Tables>) => Promise<R>) => Promise<R>,
): Entries => {
  const query = async <R>(on: Kysely<Tables>, text: string, values: unknown[]): Promise<R[]> =>
    (await on.executeQuery<R>(CompiledQuery.raw(flavour === 'postgres' ? numbered(text) : text, values))).rows;
  const headOf = async (on: Kysely<Tables>) =>
    (
      await query<{ seq: number; hash: string }>(
        on,
        'select seq, hash from ledger_entries order by seq desc limit 1',
        [],
      )
    )[0];
  const textsOf = (on: Kysely<Tables>, from: number, limit: number) =>
    query<EntryText>(
      on,
      'select seq, prev_hash as "prevHash", hash, body from ledger_entries where seq >= ? order by seq limit ?',
      [from, limit],
    );
  const nodesOf = async (on: Kysely<Tables>, level: number, from: number, limit: number) =>
    (
      await query<{ hash: string }>(
        on,
        'select hash from ledger_nodes where level = ? and idx >= ? order by idx limit ?',
        [level, from, limit],
      )
    ).map((row) => row.hash);
  const insert = async (on: Kysely<Tables>, into: string, columns: number, rows: readonly (readonly unknown[])[]) => {
    for (let from = 0; from < rows.length; from += BATCH) {
      const batch = rows.slice(from, from + BATCH);
      const tuple = `(${Array(columns).fill('?').join(',')})`;
      await query(on, `insert into ${into} values ${Array(batch.length).fill(tuple).join(',')}`, batch.flat());
    }
  };

  /** Closes the tiles that end within the new leaves; `leaves` begin at sequence number `from`. */
  const closeTiles = async (on: Kysely<Tables>, from: number, leaves: readonly Hash[]) => {
    let level = 0;
    let start = from;
    let hashes = leaves;
    while (Math.floor((start + hashes.length) / TILE_WIDTH) > Math.floor(start / TILE_WIDTH)) {
      const opened = start - (start % TILE_WIDTH);
      const before =
        level === 0
          ? (await textsOf(on, opened, start - opened)).map((e) =>
              leafHash(entryText(Number(e.seq), e.prevHash, e.body)),
            )
          : (await nodesOf(on, level, opened, start - opened)).map((hex) => Buffer.from(hex, 'hex'));
      const all = [...before, ...hashes];
      const up: Hash[] = [];
      for (let i = 0; i + TILE_WIDTH <= all.length; i += TILE_WIDTH) up.push(fold(all.slice(i, i + TILE_WIDTH)));
      level++;
      start = opened / TILE_WIDTH;
      hashes = up;
      const first = start;
      await insert(
        on,
        'ledger_nodes (level, idx, hash)',
        3,
        up.map((hash, i) => [level, first + i, hash.toString('hex')]),
      );
    }
  };

  return {
    async append(bodies) {
      const texts = bodies.map(bodyText);
      if (texts.length === 0) return [];
      return atomic(async (on) => {
        const head = await headOf(on);
        const first = head ? Number(head.seq) + 1 : 0;
        let prevHash = head?.hash ?? GENESIS;
        const entries: Entry[] = [];
        const leaves: Hash[] = [];
        const rows: unknown[][] = [];
        for (let i = 0; i < texts.length; i++) {
          const text = entryText(first + i, prevHash, texts[i]!);
          const hash = sha256Hex(text);
          entries.push({ seq: first + i, prevHash, hash, body: bodies[i]! });
          rows.push([first + i, prevHash, hash, texts[i]]);
          leaves.push(leafHash(text));
          prevHash = hash;
        }
        await insert(on, 'ledger_entries (seq, prev_hash, hash, body)', 4, rows);
        await closeTiles(on, first, leaves);
        return entries;
      });
    },
    async read(from, limit) {
      const rows = await textsOf(db, from, limit);
      return rows.map((r) => ({ ...r, seq: Number(r.seq), body: readBody(r) }));
    },
    async texts(from, limit) {
      return (await textsOf(db, from, limit)).map((r) => ({ ...r, seq: Number(r.seq) }));
    },
    async size() {
      const head = await headOf(db);
      return head ? Number(head.seq) + 1 : 0;
    },
    nodes: (level, from, limit) => nodesOf(db, level, from, limit),
    keepCheckpoint: ({ size, root, note, at }) =>
      atomic(async (on) => {
        const last = (await checkpointsOf(on, 'order by size desc limit 1', []))[0];
        if (last && last.size > size)
          throw new Fault(
            'conflict',
            `a checkpoint of ${last.size} entries is signed already, ${size} is older`,
            'Ask for a new checkpoint.',
          );
        const head = await headOf(on);
        if (size > (head ? Number(head.seq) + 1 : 0))
          throw new Fault('conflict', `the ledger holds fewer than ${size} entries`, 'Run `caco ledger audit`.');
        if (last?.size === size) return false;
        await insert(on, 'ledger_checkpoints (size, root, note, at)', 4, [[size, root, note, at]]);
        return true;
      }),
    async replaceNote(size, before, after) {
      const changed = await db
        .updateTable('ledger_checkpoints')
        .set({ note: after })
        .where('size', '=', size)
        .where('note', '=', before)
        .executeTakeFirst();
      return Number(changed.numUpdatedRows) === 1;
    },
    async lastCheckpoint() {
      return (await checkpointsOf(db, 'order by size desc limit 1', []))[0];
    },
    checkpoints: (after, limit) => checkpointsOf(db, 'where size > ? order by size limit ?', [after, limit]),
  };

  async function checkpointsOf(on: Kysely<Tables>, rest: string, values: unknown[]): Promise<StoredCheckpoint[]> {
    const rows = await query<{ size: number; root: string; note: string; at: string }>(
      on,
      `select size, root, note, at from ledger_checkpoints ${rest}`,
      values,
    );
    return rows.map((r) => ({ ...r, size: Number(r.size), at: r.at as Instant }));
  }
};

const numbered = (text: string): string => {
  let n = 0;
  return text.replace(/\?/g, () => `$${++n}`);
};

const readBody = ({ seq, body }: EntryText): EntryBody => {
  try {
    return JSON.parse(body) as EntryBody;
  } catch (cause) {
    throw new Fault('conflict', `entry ${seq} is damaged: its body is not JSON`, 'Run `caco ledger audit`.', { cause });
  }
};

const bodyText = (body: EntryBody): string => {
  const text = canonicalJson(body);
  const parsed = EntryBody.safeParse(body);
  if (!parsed.success)
    throw invalid(
      `not the body of an entry: ${parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')}`,
      'Give kind, at, actor, cause, subject and data, and nothing else.',
    );
  const bytes = Buffer.byteLength(entryText(Number.MAX_SAFE_INTEGER, GENESIS, text));
  if (bytes > MAX_ENTRY_BYTES)
    throw invalid(
      `an entry of ${bytes} bytes is too large for the ledger, which takes ${MAX_ENTRY_BYTES}`,
      'Keep large evidence in the store and put its SHA-256 into the entry.',
    );
  return text;
};
