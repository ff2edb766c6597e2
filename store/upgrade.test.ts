/**
 * A store that an older CACO wrote is opened as it is, and the run that waits in it is approved and finished. The two fixtures
 * were written by the program as it was when LangGraph's own savers kept the threads: `caco launch --horizon-hours 1
 * --approval ask` on a SQLite file and on a Postgres (pg_dump --inserts).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { APPROVALS } from '../domain/decision.js';
import { RUNS } from '../domain/run.js';
import { Sqlite } from '../sqlite.js';
import { testPostgres } from './fixtures/postgres.js';
import { openStore } from './store.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-upgrade-'));
const postgres = await testPostgres();
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const fixture = (name: string): Buffer =>
  gunzipSync(readFileSync(fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))));

const PLACES = [
  {
    flavour: 'sqlite',
    async settings() {
      writeFileSync(join(folder, 'caco.db'), fixture('waiting-run.db.gz'));
      return { where: join(folder, 'caco.db') };
    },
  },
  ...(postgres
    ? [
        {
          flavour: 'postgres',
          async settings() {
            const client = new pg.Client({ connectionString: postgres.url });
            await client.connect();
            await client.query(fixture('waiting-run.sql.gz').toString());
            await client.end();
            return { where: postgres.url, databaseUrl: postgres.url };
          },
        },
      ]
    : []),
];

describe.each(PLACES)('a store of before on $flavour', ({ settings }) => {
  it('is opened, and the run that waits in it is approved and finished', async () => {
    const { where, ...more } = await settings();
    const store = await openStore(where);
    const [kept] = await store.collection(RUNS).list();
    const [asked] = await store.collection(APPROVALS).list();
    expect(kept?.value).toMatchObject({ status: 'waiting', approvalId: asked?.id });
    const saver = await store.saver();
    const checkpoints = [];
    for await (const tuple of saver.list({})) checkpoints.push(tuple);
    // The newest is what a thread goes on from, and all that is taken over.
    expect(checkpoints).toHaveLength(1);
    expect(checkpoints[0]).toMatchObject({
      config: { configurable: { thread_id: kept!.id, checkpoint_ns: '' } },
      checkpoint: { v: 4, channel_values: { runId: kept!.id, planId: kept!.value.planId, horizonHours: 1 } },
    });
    await store.close();

    const app = await openApp(readConfig({ home: folder, ...more }, {}, folder).config);
    const by = { actor: { id: 'bob', via: 'cli' as const } };
    const { run } = await app.orchestrator.answer({ id: asked!.id, decision: 'approve', why: 'fine', only: null }, by);
    expect(run).toMatchObject({ id: kept!.id, status: 'done', error: null });
    expect(run!.story).toMatch(/Placed 53 jobs[\s\S]*Window closed/);
    const deeds = (await app.world.ledger.read(0, 1000)).filter(({ body }) => body.cause === kept!.id);
    // What the older program did is not done again; what waited is done once.
    for (const deed of ['gather_jobs', 'make_plan', 'record_decision', 'place_jobs', 'verify_savings'])
      expect(deeds.filter(({ body }) => body.kind === deed).length, deed).toBe(1);
    await app.close();
  });
});

it('LangGraph’s tables are gone from the file, which nobody else uses', async () => {
  const file = join(folder, 'gone.db');
  writeFileSync(file, fixture('waiting-run.db.gz'));
  await (await openStore(file)).close();
  const database = new Sqlite(file, { readOnly: true });
  const tables = database.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  database.close();
  expect(tables.map((row) => (row as { name: string }).name)).toEqual([
    'deeds',
    'documents',
    'grid_signals',
    'grid_values',
    'leases',
    'ledger_checkpoints',
    'ledger_entries',
    'ledger_nodes',
    'mail',
    'row_sets',
    'rows',
    'schema_steps',
    'sqlite_sequence',
    'thread_checkpoints',
    'thread_writes',
  ]);
});
