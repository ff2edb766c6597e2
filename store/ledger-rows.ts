/** The ledger's statements: its entries, the hashes of its tree and its checkpoints, by number. */
import { CompiledQuery, type Kysely } from 'kysely';
import type { EntryText } from '../domain/evidence/evidence.js';
import type { StoredCheckpoint } from '../domain/store.js';
import type { Instant } from '../domain/time.js';
import type { Flavour } from './dialect.js';
import type { Tables } from './tables.js';

/** Rows in one statement: few enough for either database's limit of bound values. */
const BATCH = 500;

export interface LedgerRows {
  head(): Promise<{ seq: number; hash: string } | undefined>;
  /** At most `limit` entries from the sequence number `from`. */
  texts(from: number, limit: number): Promise<EntryText[]>;
  /** Hashes of the tree at a level, in hex. */
  nodes(level: number, from: number, limit: number): Promise<string[]>;
  lastCheckpoint(): Promise<StoredCheckpoint | undefined>;
  /** Those of more than `size` entries, the smallest first. */
  checkpoints(size: number, limit: number): Promise<StoredCheckpoint[]>;
  /** `into` is a table with its columns. */
  insert(into: string, columns: number, rows: readonly (readonly unknown[])[]): Promise<void>;
}

/** On a connection or within a transaction. */
export const ledgerRows = (on: Kysely<Tables>, flavour: Flavour): LedgerRows => {
  const query = async <R>(text: string, values: unknown[]): Promise<R[]> =>
    (await on.executeQuery<R>(CompiledQuery.raw(flavour === 'postgres' ? numbered(text) : text, values))).rows;
  const checkpointsBy = async (rest: string, values: unknown[]): Promise<StoredCheckpoint[]> => {
    const rows = await query<{ size: number; root: string; note: string; at: string }>(
      `select size, root, note, at from ledger_checkpoints ${rest}`,
      values,
    );
    return rows.map((r) => ({ ...r, size: Number(r.size), at: r.at as Instant }));
  };
  return {
    async head() {
      const text = 'select seq, hash from ledger_entries order by seq desc limit 1';
      const row = (await query<{ seq: number; hash: string }>(text, []))[0];
      return row && { seq: Number(row.seq), hash: row.hash };
    },
    async texts(from, limit) {
      const text =
        'select seq, prev_hash as "prevHash", hash, body from ledger_entries where seq >= ? order by seq limit ?';
      return (await query<EntryText>(text, [from, limit])).map((r) => ({ ...r, seq: Number(r.seq) }));
    },
    async nodes(level, from, limit) {
      const text = 'select hash from ledger_nodes where level = ? and idx >= ? order by idx limit ?';
      return (await query<{ hash: string }>(text, [level, from, limit])).map((row) => row.hash);
    },
    lastCheckpoint: async () => (await checkpointsBy('order by size desc limit 1', []))[0],
    checkpoints: (size, limit) => checkpointsBy('where size > ? order by size limit ?', [size, limit]),
    async insert(into, columns, rows) {
      const tuple = `(${Array(columns).fill('?').join(',')})`;
      for (let from = 0; from < rows.length; from += BATCH) {
        const batch = rows.slice(from, from + BATCH);
        await query(`insert into ${into} values ${Array(batch.length).fill(tuple).join(',')}`, batch.flat());
      }
    },
  };
};

const numbered = (text: string): string => {
  let n = 0;
  return text.replace(/\?/g, () => `$${++n}`);
};
