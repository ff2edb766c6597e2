/** Deeds: what was intended, and what became of it. */
import type { Kysely } from 'kysely';
import type { Deed, Deeds } from '../domain/store.js';
import type { Instant } from '../domain/time.js';
import type { Tables } from './tables.js';

/** Keys in one statement. */
const BATCH = 500;

export const deedsOf = (db: Kysely<Tables>): Deeds => ({
  async get(key) {
    const row = await db.selectFrom('deeds').selectAll().where('key', '=', key).executeTakeFirst();
    return (
      row && {
        key: row.key,
        tool: row.tool,
        actor: row.actor,
        inputDigest: row.input_digest,
        state: row.state as Deed['state'],
        output: row.output === null ? undefined : JSON.parse(row.output),
        at: row.at as Instant,
      }
    );
  },
  async intend(deed) {
    const row = {
      key: deed.key,
      tool: deed.tool,
      actor: deed.actor,
      input_digest: deed.inputDigest,
      state: 'intended',
      output: null,
      at: deed.at,
    };
    // A deed that failed for sure may be intended again; one that is intended or done may not.
    const written = await db
      .insertInto('deeds')
      .values(row)
      .onConflict((c) =>
        c
          .column('key')
          .doUpdateSet({ state: 'intended', output: null, at: deed.at, actor: deed.actor })
          .where('deeds.state', '=', 'failed'),
      )
      .executeTakeFirst();
    return Number(written.numInsertedOrUpdatedRows ?? 0) === 1;
  },
  async finish(key, state, output) {
    const changed = await db
      .updateTable('deeds')
      .set({ state, output: output === undefined ? null : JSON.stringify(output) })
      .where('key', '=', key)
      .where('state', '=', 'intended')
      .executeTakeFirst();
    return Number(changed.numUpdatedRows) === 1;
  },
  async forget(before, mayGo) {
    const settled = await db
      .selectFrom('deeds')
      .select('key')
      .where('at', '<', before)
      .where('state', '!=', 'intended')
      .execute();
    const keys = settled.map(({ key }) => key).filter(mayGo);
    for (let from = 0; from < keys.length; from += BATCH)
      await db
        .deleteFrom('deeds')
        .where('key', 'in', keys.slice(from, from + BATCH))
        .where('state', '!=', 'intended')
        .execute();
    return keys.length;
  },
});
