/** A set of rows by its kind and name, behind the number that its rows carry. */
import type { Kysely } from 'kysely';
import type { Tables } from './tables.js';

export interface RowSets {
  /** undefined: there is no set of that name. */
  keyOf(on: Kysely<Tables>, name: string): Promise<number | undefined>;
  /** Its key; made when it is not there. */
  open(on: Kysely<Tables>, name: string): Promise<number>;
  rename(on: Kysely<Tables>, key: number, to: string): Promise<void>;
  /** With its rows. */
  drop(on: Kysely<Tables>, key: number): Promise<void>;
}

export const rowSets = (kind: string): RowSets => {
  const keyOf = async (on: Kysely<Tables>, name: string): Promise<number | undefined> => {
    const row = await on
      .selectFrom('row_sets')
      .select('key')
      .where('kind', '=', kind)
      .where('name', '=', name)
      .executeTakeFirst();
    return row && Number(row.key);
  };
  return {
    keyOf,
    async open(on, name) {
      const known = await keyOf(on, name);
      if (known !== undefined) return known;
      await on
        .insertInto('row_sets')
        .values({ kind, name } as Tables['row_sets'])
        .onConflict((c) => c.columns(['kind', 'name']).doNothing())
        .execute();
      return (await keyOf(on, name))!;
    },
    async rename(on, key, to) {
      await on.updateTable('row_sets').set({ name: to }).where('key', '=', key).execute();
    },
    async drop(on, key) {
      await on.deleteFrom('rows').where('set_key', '=', key).execute();
      await on.deleteFrom('row_sets').where('key', '=', key).execute();
    },
  };
};
