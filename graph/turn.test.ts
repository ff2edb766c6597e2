/** Whoever asks works alone, from whichever connection; a turn whose owner is gone is taken over. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '../store/store.js';
import { inTurn, TURNS } from './turn.js';

it('lets one at a time work, over two connections to one store, and goes on after one that failed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-turn-'));
  const stores = await Promise.all([0, 1].map(() => openStore(join(folder, 'caco.db'))));
  let inside = 0;
  let most = 0;
  const work = async (i: number) => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside--;
    if (i === 3) throw new Error('failed');
    return i;
  };
  const all = await Promise.allSettled(
    Array.from({ length: 8 }, (_, i) => inTurn({ store: stores[i % 2]! }, 'sale', () => work(i))),
  );
  expect(most).toBe(1);
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

it('takes over from a process of this machine that is gone, without waiting for its end', async () => {
  const store = await openStore(':memory:');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const untilMs = Date.now() + 3_600_000;
  await store.collection(TURNS).put('sale', { holder: `${hostname()}|${pid}|x`, untilMs });
  expect(await inTurn({ store }, 'sale', async () => 'mine')).toBe('mine');
  await store.close();
});
