/** Large sets of rows, written in batches and read in pages; a page is bounded whatever the size of the set. */
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { Fault } from '../domain/fault.js';
import type { Page, Rows, RowsOf } from '../domain/store.js';
import type { Flavour } from './dialect.js';
import { type RowSets, rowSets } from './row-sets.js';
import type { Tables } from './tables.js';

/** Rows in one statement: few enough for either database's limit of bound values. */
const BATCH = 500;
const PAGE = 2000;

type Item<T> = { readonly id: string; readonly value: T };

/** The text of a batch insert depends on the number of rows only, so a big load compiles two statements. */
const insertText = (flavour: Flavour, count: number): string => {
  const mark = flavour === 'postgres' ? (i: number) => `$${i}` : () => '?';
  let n = 0;
  const tuples = Array.from({ length: count }, () => `(${mark(++n)},${mark(++n)},${mark(++n)},${mark(++n)})`);
  return `insert into rows (set_key, seq, id, body) values ${tuples.join(',')}`;
};
const texts = new Map<string, string>();
const cachedInsertText = (flavour: Flavour, count: number): string => {
  const key = `${flavour}${count}`;
  let text = texts.get(key);
  if (text === undefined) {
    text = insertText(flavour, count);
    if (count === BATCH) texts.set(key, text);
  }
  return text;
};

const nextSeq = async (on: Kysely<Tables>, key: number): Promise<number> => {
  const last = await on
    .selectFrom('rows')
    .select((e) => e.fn.max('seq').as('seq'))
    .where('set_key', '=', key)
    .executeTakeFirst();
  return last?.seq === null || last?.seq === undefined ? 0 : Number(last.seq) + 1;
};

/** `atomic` runs work in a transaction, joining the one that is open. */
export const rowsOf = <T>(
  db: Kysely<Tables>,
  of: RowsOf<T>,
  flavour: Flavour,
  atomic: <R>(work: (db: Kysely<Tables>) => Promise<R>) => Promise<R>,
): Rows<T> => {
  const sets = rowSets(of.name);
  return { ...readerOf<T>(db, sets), ...writerOf(db, of, sets, flavour, atomic) };
};

const readerOf = <T>(
  db: Kysely<Tables>,
  sets: RowSets,
): Pick<Rows<T>, 'pages' | 'page' | 'find' | 'findAll' | 'count'> => {
  // Many small bodies are parsed faster as one text; one large one is not copied.
  const parse = (rows: readonly { body: string }[]): T[] =>
    rows.length === 1 ? [JSON.parse(rows[0]!.body)] : JSON.parse(`[${rows.map((r) => r.body).join(',')}]`);
  const readAfter = (key: number, after: number, limit: number) =>
    db
      .selectFrom('rows')
      .select(['seq', 'body'])
      .where('set_key', '=', key)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit)
      .execute();
  const isAfter = async (key: number, seq: number): Promise<boolean> =>
    (await db
      .selectFrom('rows')
      .select('seq')
      .where('set_key', '=', key)
      .where('seq', '>', seq)
      .limit(1)
      .executeTakeFirst()) !== undefined;

  return {
    async *pages(set, size = PAGE) {
      const key = await sets.keyOf(db, set);
      if (key === undefined) return;
      for (let after = -1; ; ) {
        const rows = await readAfter(key, after, size);
        if (rows.length === 0) return;
        yield parse(rows);
        if (rows.length < size) return;
        after = Number(rows.at(-1)!.seq);
      }
    },
    async page(set, page: Page) {
      const key = await sets.keyOf(db, set);
      if (key === undefined) return { items: [], next: null };
      const limit = page.limit ?? 1000;
      const rows = await readAfter(key, page.after === undefined ? -1 : Number(page.after), limit);
      const last = rows.length < limit ? undefined : rows.at(-1);
      // A body may be megabytes long: whether there are more is asked of the index and not by reading one more.
      const more = last !== undefined && (await isAfter(key, Number(last.seq)));
      return { items: parse(rows), next: more ? String(last.seq) : null };
    },
    async find(set, id) {
      const key = await sets.keyOf(db, set);
      if (key === undefined) return undefined;
      const row = await db
        .selectFrom('rows')
        .select('body')
        .where('set_key', '=', key)
        .where('id', '=', id)
        .executeTakeFirst();
      return row && (JSON.parse(row.body) as T);
    },
    async findAll(set, ids) {
      const found = new Map<string, T>();
      const key = ids.length === 0 ? undefined : await sets.keyOf(db, set);
      if (key === undefined) return found;
      for (let from = 0; from < ids.length; from += BATCH) {
        const rows = await db
          .selectFrom('rows')
          .select(['id', 'body'])
          .where('set_key', '=', key)
          .where('id', 'in', ids.slice(from, from + BATCH))
          .execute();
        for (const row of rows) found.set(row.id, JSON.parse(row.body) as T);
      }
      return found;
    },
    async count(set) {
      const key = await sets.keyOf(db, set);
      if (key === undefined) return 0;
      const row = await db
        .selectFrom('rows')
        .select(sql<number>`count(*)`.as('n'))
        .where('set_key', '=', key)
        .executeTakeFirstOrThrow();
      return Number(row.n);
    },
  };
};

const writerOf = <T>(
  db: Kysely<Tables>,
  of: RowsOf<T>,
  sets: RowSets,
  flavour: Flavour,
  atomic: <R>(work: (db: Kysely<Tables>) => Promise<R>) => Promise<R>,
): Pick<Rows<T>, 'append' | 'upsert' | 'remove' | 'rename' | 'clear'> => {
  const textOf = of.toText ?? ((value: T) => JSON.stringify(value));
  const insert = async (on: Kysely<Tables>, key: number, first: number, items: readonly Item<T>[]) => {
    for (let from = 0; from < items.length; from += BATCH) {
      const batch = items.slice(from, from + BATCH);
      const values: unknown[] = [];
      for (let i = 0; i < batch.length; i++) values.push(key, first + from + i, batch[i]!.id, textOf(batch[i]!.value));
      await on.executeQuery(CompiledQuery.raw(cachedInsertText(flavour, batch.length), values));
    }
  };
  return {
    async append(set, items) {
      if (items.length === 0) return;
      try {
        await atomic(async (on) => {
          const key = await sets.open(on, set);
          await insert(on, key, await nextSeq(on, key), items);
        });
      } catch (cause) {
        if (/unique|duplicate/i.test((cause as Error).message))
          throw new Fault(
            'conflict',
            `${of.name} ${set} already holds one of these ids`,
            'Give each row an id of its own.',
            { cause },
          );
        throw cause;
      }
    },
    async upsert(set, items) {
      return atomic(async (on) => {
        const key = await sets.open(on, set);
        const known = new Set<string>();
        for (let from = 0; from < items.length; from += BATCH) {
          const ids = items.slice(from, from + BATCH).map((i) => i.id);
          const found = await on
            .selectFrom('rows')
            .select('id')
            .where('set_key', '=', key)
            .where('id', 'in', ids)
            .execute();
          for (const row of found) known.add(row.id);
        }
        const fresh = items.filter((i) => !known.has(i.id));
        const changed = items.filter((i) => known.has(i.id));
        await insert(on, key, await nextSeq(on, key), fresh);
        for (const item of changed)
          await on
            .updateTable('rows')
            .set({ body: textOf(item.value) })
            .where('set_key', '=', key)
            .where('id', '=', item.id)
            .execute();
        return { added: fresh.length, changed: changed.length };
      });
    },
    async remove(set, ids) {
      const key = await sets.keyOf(db, set);
      if (key === undefined) return;
      for (let from = 0; from < ids.length; from += BATCH)
        await db
          .deleteFrom('rows')
          .where('set_key', '=', key)
          .where('id', 'in', ids.slice(from, from + BATCH))
          .execute();
    },
    async rename(set, to) {
      await atomic(async (on) => {
        const key = await sets.keyOf(on, set);
        const taken = await sets.keyOf(on, to);
        if (taken !== undefined) await sets.drop(on, taken);
        if (key !== undefined) await sets.rename(on, key, to);
      });
    },
    async clear(set) {
      await atomic(async (on) => {
        const key = await sets.keyOf(on, set);
        if (key !== undefined) await sets.drop(on, key);
      });
    },
  };
};
