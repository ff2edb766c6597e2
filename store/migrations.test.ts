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
import type { Instant } from '../domain/time.js';
import { Sqlite } from '../sqlite.js';
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
      `delete from schema_steps where step > 0; drop table thread_checkpoints, thread_writes, mail, leases, grid_signals, grid_values;
       drop index documents_in_order; alter table documents drop column open_until`,
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

describe('documents say when they are over', () => {
  /** Takes back the step that gave them the column, as a store of before it has it. */
  const TAKEN_BACK = [
    'drop index documents_by_end',
    'drop index documents_in_order',
    'alter table documents drop column open_until',
    'delete from schema_steps where step > 5',
  ];
  const NOON = '2026-01-01T12:00:00Z' as Instant;
  const raw = (name: string) => defineCollection(name, z.unknown());

  const beforeAndAfter = async (where: string, takeBack: () => Promise<void>) => {
    const store = await openStore(where);
    const end = (hour: string) => ({ span: { end: `2026-01-01T${hour}:00:00Z` } });
    const written: [string, string, unknown][] = [
      ['runs', 'R-over', { status: 'done', finishedAt: '2026-01-01T09:00:00Z' }],
      ['runs', 'R-failed', { status: 'failed', finishedAt: null }],
      ['orders', 'P-over', end('11')],
      ['orders', 'P-open', end('13')],
      ['watched-orders', 'P-seen', end('13')],
      ['ticket-outbox', 'told', { state: 'delivered', repaired: true, deliveredAt: '2026-01-01T09:00:00Z' }],
      ['ticket-outbox', 'dead', { state: 'dead', repaired: false, deliveredAt: null }],
      ['notes', 'N-1', 'anything'],
    ];
    for (const [name, id, value] of written) await store.collection(raw(name)).put(id, value);
    await store.close();
    await takeBack();
    const opened = await openStore(where);
    const open: string[] = [];
    for (const name of ['runs', 'orders', 'watched-orders', 'ticket-outbox', 'notes'])
      open.push(...(await opened.collection(raw(name)).open(NOON)).map(({ id }) => id));
    await opened.close();
    return open;
  };
  const OPEN = ['R-failed', 'P-open', 'P-seen', 'dead', 'N-1'];

  it('in a store that was written before they did', async () => {
    const file = join(folder, 'ends.db');
    const open = await beforeAndAfter(file, async () => {
      const database = new Sqlite(file);
      for (const statement of TAKEN_BACK) database.exec(statement);
      database.close();
    });
    expect(open).toEqual(OPEN);
  });

  it.runIf(postgres)('on Postgres too', async () => {
    const open = await beforeAndAfter(postgres!.url, async () => {
      const client = new pg.Client({ connectionString: postgres!.url });
      await client.connect();
      for (const statement of TAKEN_BACK) await client.query(statement);
      await client.end();
    });
    expect(open).toEqual(OPEN);
  });
});
