/** Collections: documents with a version each, over one table. */
import type { Kysely } from 'kysely';
import { Fault } from '../domain/fault.js';
import type { Collection, CollectionOf, Page, Versioned } from '../domain/store.js';
import { OPEN, type Tables } from './tables.js';

const PAGE = 500;

/** Nothing is guessed of a document that another version wrote in another shape. */
const documentOf = <T>({ name, schema }: CollectionOf<T>, { id, body }: { id: string; body: string }): T => {
  const parsed = schema.safeParse(JSON.parse(body));
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 3).map((issue) => issue.path.join('.') || issue.message);
  throw new Fault(
    'unsupported',
    `${id} in ${name} was written by another version of CACO and cannot be read by this one (${fields.join(', ')})`,
    'Read it with the version that wrote it, or begin a store of its own: another CACO_HOME or DATABASE_URL.',
  );
};

export const documentsOf = <T>(db: Kysely<Tables>, of: CollectionOf<T>): Collection<T> => {
  const collection = of.name;
  const read = (row: { id: string; version: number; body: string }): Versioned<T> => ({
    id: row.id,
    version: Number(row.version),
    value: documentOf(of, row),
  });
  const stored = (value: T) => ({ body: JSON.stringify(value), open_until: of.overAt?.(value) ?? OPEN });
  const mine = () => db.selectFrom('documents').select(['id', 'version', 'body']).where('collection', '=', collection);

  return {
    async get(id) {
      const row = await mine().where('id', '=', id).executeTakeFirst();
      return row && read(row);
    },
    async insert(id, value) {
      const added = await db
        .insertInto('documents')
        .values({ collection, id, version: 1, ...stored(value) } as Tables['documents'])
        .onConflict((c) => c.columns(['collection', 'id']).doNothing())
        .executeTakeFirst();
      if (Number(added.numInsertedOrUpdatedRows ?? 0) === 0)
        throw new Fault(
          'conflict',
          `${collection} already holds ${id}`,
          'Use another id, or change the one that is there.',
        );
    },
    async put(id, value) {
      const now = stored(value);
      await db
        .insertInto('documents')
        .values({ collection, id, version: 1, ...now } as Tables['documents'])
        .onConflict((c) =>
          c.columns(['collection', 'id']).doUpdateSet((e) => ({ ...now, version: e('documents.version', '+', 1) })),
        )
        .execute();
    },
    async replace(id, version, value) {
      const changed = await db
        .updateTable('documents')
        .set({ ...stored(value), version: version + 1 })
        .where('collection', '=', collection)
        .where('id', '=', id)
        .where('version', '=', version)
        .executeTakeFirst();
      return Number(changed.numUpdatedRows) === 1;
    },
    async delete(id) {
      await db.deleteFrom('documents').where('collection', '=', collection).where('id', '=', id).execute();
    },
    async list(page: Page = {}) {
      let query = mine()
        .orderBy('seq', 'desc')
        .limit(page.limit ?? 1000);
      const { after } = page;
      if (after !== undefined)
        query = query.where('seq', '<', (e) =>
          e
            .selectFrom('documents as d')
            .select('d.seq')
            .where('d.collection', '=', collection)
            .where('d.id', '=', after),
        );
      return (await query.execute()).map(read);
    },
    async open(at) {
      return (await mine().where('open_until', '>', at).orderBy('seq', 'desc').execute()).map(read);
    },
    async over(by) {
      const rows = await db
        .selectFrom('documents')
        .select('id')
        .where('collection', '=', collection)
        .where('open_until', '<=', by)
        .limit(1000)
        .execute();
      return rows.map(({ id }) => id);
    },
    async *pages(unreadable) {
      for (let before: number | undefined; ; ) {
        let query = mine().select('seq').orderBy('seq', 'desc').limit(PAGE);
        if (before !== undefined) query = query.where('seq', '<', before);
        const rows = await query.execute();
        yield rows.flatMap((row) => {
          try {
            return [read(row)];
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
            unreadable(error);
            return [];
          }
        });
        if (rows.length < PAGE) return;
        before = Number(rows.at(-1)!.seq);
      }
    },
  };
};
