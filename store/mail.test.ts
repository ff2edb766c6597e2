import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { NewLetter } from '../domain/mail.js';
import { testPostgres } from './fixtures/postgres.js';
import { type OpenStore, openStore } from './store.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-mail-'));
const postgres = await testPostgres();
const opened: OpenStore[] = [];
afterAll(async () => {
  for (const store of opened) await store.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let n = 0;
const open = async (where = join(folder, `${n++}.db`)) => {
  const store = await openStore(where);
  opened.push(store);
  return store;
};
const letter = (id: string, thread: string, more: Partial<NewLetter> = {}): NewLetter => ({
  id,
  thread,
  peer: 'grid.example',
  action: 'on_status',
  url: null,
  body: `{"id":"${id}"}`,
  digest: id,
  exchange: null,
  atMs: 1000,
  ...more,
});
const claim = (holder: string, atMs: number, limit = 10) => ({ holder, atMs, leaseMs: 500, limit });
const ids = (letters: readonly { id: string }[]) => letters.map(({ id }) => id);

const laws = (name: string, where: () => Promise<string>) =>
  describe(`mail in ${name}`, () => {
    it('keeps a letter once, and says whether what came again is the same', async () => {
      const { mail } = await open(await where());
      const all = await Promise.all([1, 2, 3].map(() => mail.receive(letter('a', 't', { digest: 'x' }))));
      expect(all.map(({ is }) => is).sort()).toEqual(['new', 'same', 'same']);
      const other = await mail.receive(letter('a', 't', { digest: 'y', action: 'cancel' }));
      expect(other).toMatchObject({ is: 'other', before: { id: 'a', action: 'on_status', atMs: 1000 } });
      expect(await mail.count('in')).toEqual({ waiting: 1, done: 0, dead: 0 });
    });

    it('gives each letter to one holder, and of a thread the first that waits only', async () => {
      const { mail } = await open(await where());
      await mail.put([letter('a1', 'a'), letter('a2', 'a'), letter('b1', 'b'), letter('b2', 'b')]);
      expect(ids(await mail.claim('out', claim('one', 1000, 1)))).toEqual(['a1']);
      expect(ids(await mail.claim('out', claim('two', 1000)))).toEqual(['b1']);
      expect(await mail.claim('out', claim('three', 1000))).toEqual([]);
      expect(await mail.settle({ box: 'out', id: 'a1', attempts: 1 }, 'two', { state: 'done', atMs: 1001 })).toBe(
        false,
      );
      expect(await mail.settle({ box: 'out', id: 'a1', attempts: 1 }, 'one', { state: 'done', atMs: 1001 })).toBe(true);
      expect(ids(await mail.claim('out', claim('three', 1002)))).toEqual(['a2']);
    });

    it('gives a letter to whoever puts it in for a claim, unless an earlier one of its thread waits', async () => {
      const { mail } = await open(await where());
      const by = (holder: string) => ({ holder, atMs: 1000, leaseMs: 500, limit: 10 });
      const claimed = await mail.put([letter('a1', 'a'), letter('a2', 'a'), letter('b1', 'b')], by('one'));
      expect(claimed).toMatchObject([
        { id: 'a1', attempts: 1, box: 'out' },
        { id: 'b1', attempts: 1 },
      ]);
      expect(await mail.claim('out', claim('two', 1000))).toEqual([]);
      expect(await mail.put([letter('a1', 'a')], by('two'))).toEqual([]);
      expect(await mail.settle(claimed[0]!, 'two', { state: 'done', atMs: 1001 })).toBe(false);
      expect(await mail.settle(claimed[0]!, 'one', { state: 'done', atMs: 1001 })).toBe(true);
      expect(ids(await mail.claim('out', claim('two', 1002)))).toEqual(['a2']);
      expect(await mail.receive(letter('i1', 'i'), by('one'))).toMatchObject({ is: 'new', claimed: { id: 'i1' } });
      expect(await mail.receive(letter('i1', 'i'), by('two'))).toMatchObject({ is: 'same' });
      expect(await mail.receive(letter('i2', 'i'), by('one'))).toEqual({ is: 'new', claimed: null });
      // Its holder has died: another takes it.
      expect(ids(await mail.claim('in', claim('heir', 1500)))).toEqual(['i1']);
    });

    it('passes a letter on when its holder has died, and not before', async () => {
      const { mail } = await open(await where());
      await mail.put([letter('a', 'a')]);
      await mail.claim('out', claim('dead', 1000));
      expect(await mail.nextDueMs('out')).toBe(1500);
      expect(await mail.claim('out', claim('heir', 1499))).toEqual([]);
      expect(await mail.claim('out', claim('heir', 1500))).toMatchObject([{ id: 'a', attempts: 2 }]);
      expect(await mail.settle({ box: 'out', id: 'a', attempts: 1 }, 'dead', { state: 'dead', atMs: 1501 })).toBe(
        false,
      );
      // One who hung and has claimed it anew himself: of his two claims the newer one counts.
      expect(await mail.claim('out', claim('heir', 2000))).toMatchObject([{ id: 'a', attempts: 3 }]);
      expect(await mail.settle({ box: 'out', id: 'a', attempts: 2 }, 'heir', { state: 'done', atMs: 2001 })).toBe(
        false,
      );
      expect(await mail.settle({ box: 'out', id: 'a', attempts: 3 }, 'heir', { state: 'done', atMs: 2001 })).toBe(true);
    });

    it('lets a thread wait for its first letter, go on past a dead one, and revive it', async () => {
      const { mail } = await open(await where());
      await mail.put([letter('a1', 'a'), letter('a2', 'a')]);
      await mail.claim('out', claim('one', 1000));
      await mail.settle({ box: 'out', id: 'a1', attempts: 1 }, 'one', { state: 'waiting', atMs: 1000, nextAtMs: 3000 });
      expect(await mail.claim('out', claim('one', 2999))).toEqual([]);
      await mail.claim('out', claim('one', 3000));
      await mail.settle({ box: 'out', id: 'a1', attempts: 2 }, 'one', {
        state: 'dead',
        atMs: 3001,
        reason: 'nobody there',
      });
      expect(ids(await mail.claim('out', claim('one', 3002)))).toEqual(['a2']);
      expect(await mail.list({ box: 'out', state: 'dead', limit: 5 })).toMatchObject([{ reason: 'nobody there' }]);
      expect(await mail.revive({ box: 'out', id: 'a1' }, 4000)).toBe(1);
      expect(ids(await mail.claim('out', claim('two', 4000)))).toEqual(['a1']);
    });

    it('stands or falls with the transaction that it is put in', async () => {
      const store = await open(await where());
      await expect(
        store.transaction(async (tx) => {
          await tx.mail.put([letter('a', 'a')]);
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      expect(await store.mail.count('out')).toEqual({ waiting: 0, done: 0, dead: 0 });
    });
  });

laws('SQLite', async () => join(folder, `${n++}.db`));
if (postgres) laws('Postgres', async () => (await postgres.another()).url);

describe('a store of before there was mail', () => {
  it('gets its table when it is opened', async () => {
    const file = join(folder, 'old.db');
    writeFileSync(file, gunzipSync(readFileSync(new URL('fixtures/store-of-step-0.db.gz', import.meta.url))));
    const { mail } = await open(file);
    expect((await mail.receive(letter('a', 't'))).is).toBe('new');
    expect(await mail.forget(10_000)).toBe(0);
  });
});
