/** A store that an earlier version wrote is read as it is: what is new in its documents is filled in once, when it is opened. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JOBS, newestIngested, WORKLOADS } from '../domain/job.js';
import { defineCollection, type Store } from '../domain/store.js';
import { testPostgres } from './fixtures/postgres.js';
import { openStore } from './store.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-migrations-'));
const postgres = await testPostgres();
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const origins = async (store: Store) =>
  (await store.collection(WORKLOADS).list()).map(({ value }) => [value.origin, value.source]);

describe('workloads say their origin', () => {
  it('in a store that was written before they did, with everything else as it was', async () => {
    const file = join(folder, 'caco.db');
    writeFileSync(file, gunzipSync(readFileSync(new URL('fixtures/store-of-step-0.db.gz', import.meta.url))));
    const store = await openStore(file);
    expect(await origins(store)).toEqual([
      ['ingested', 'jobs given in a call'],
      ['submitted', 'jobs submitted one by one'],
      ['queue', 'queue of gb-hpc'],
      ['ingested', 'jobs given in a call'],
    ]);
    const newest = await newestIngested(store);
    expect(newest).toMatchObject({ id: 'W-0P74K2PM', jobs: 1, earliestStart: '2022-05-25T00:00:00Z' });
    expect(newest!.assumed).toHaveLength(14);
    expect((await store.rows(JOBS).page('W-0P74K2PM', {})).items.map((job) => job.id)).toEqual(['b']);
    expect(await store.entries.size()).toBe(4);
    await store.close();
    const again = await openStore(file);
    expect(await newestIngested(again)).toEqual(newest);
    await again.close();
  });

  it.runIf(postgres)('on Postgres too', async () => {
    const { url } = postgres!;
    const store = await openStore(url);
    const before = defineCollection('workloads', z.record(z.string(), z.unknown()));
    for (const [id, source] of [
      ['W-1', 'queue of a file'],
      ['W-2', 'file queue of mine.csv'],
    ] as const)
      await store.collection(before).put(id, {
        id,
        source,
        createdAt: '2026-01-01T00:00:00Z',
        jobs: 0,
        earliestStart: null,
        latestEnd: null,
        assumed: [],
      });
    await store.close();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      'delete from schema_steps where step > 0; drop table thread_checkpoints, thread_writes, mail, leases, grid_signals, grid_values',
    );
    await client.end();
    const opened = await openStore(url);
    expect(await origins(opened)).toEqual([
      ['ingested', 'file queue of mine.csv'],
      ['queue', 'queue of a file'],
    ]);
    await opened.close();
  });
});
