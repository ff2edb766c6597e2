/** A program that is left on, as built, on a Postgres that goes away: it says so, waits, and does what it was there for; or ends where nobody can wait. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tick } from '../app.js';
import { identityOf } from '../domain/held.js';
import { JOBS } from '../domain/job.js';
import { ORDERS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import { freePort, query, testPostgres } from '../store/fixtures/postgres.js';
import { openStore } from '../store/store.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const START = '2022-05-25T00:00:00Z';
const postgres = await testPostgres();
if (!postgres) process.stderr.write('SKIPPED, loudly: no Postgres here; nothing was operated on one that goes away.\n');
const folder = mkdtempSync(join(tmpdir(), 'caco-outage-'));
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ticks: readonly Tick[];
}

const operate = (
  url: string,
  args: readonly string[],
  { onTick, onErr }: { onTick?: (tick: Tick) => void; onErr?: (text: string) => void } = {},
): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH ?? '', HOME: folder, CACO_HOME: mkdtempSync(join(folder, 'home-')) };
    const all = [MAIN, 'operate', '--every', '1h', '--horizon-hours', '2', '--no-review', '--now', START, '--json'];
    const child = spawn(process.execPath, [...all, ...args], { cwd: folder, env: { ...env, DATABASE_URL: url } });
    const ticks: Tick[] = [];
    let [seen, out, err] = ['', '', ''];
    child.stdout.on('data', (data: Buffer) => {
      seen += String(data);
      out += String(data);
      const lines = seen.split('\n');
      seen = lines.pop()!;
      for (const line of lines) {
        if (!line.startsWith('{"at"')) continue;
        const tick = JSON.parse(line) as Tick;
        ticks.push(tick);
        onTick?.(tick);
      }
    });
    child.stderr.on('data', (data: Buffer) => {
      err += String(data);
      onErr?.(err);
    });
    child.once('close', (code) => resolve({ code, out, err, ticks }));
  });

/** Jobs of the runs, and those of them that came to more than one; runs that are not where they were to end. */
const booksOf = async (url: string) => {
  const store = await openStore(url);
  try {
    const runs = (await store.collection(RUNS).list()).map(({ value }) => value);
    const seen = new Map<string, number>();
    for (const { workloadId } of runs)
      for await (const page of store.rows(JOBS).pages(String(workloadId)))
        for (const job of page) seen.set(identityOf(job), (seen.get(identityOf(job)) ?? 0) + 1);
    return {
      jobs: [...seen.keys()].sort(),
      twice: [...seen].filter(([, times]) => times > 1),
      statuses: [...new Set(runs.map(({ status }) => status))],
      orders: (await store.collection(ORDERS).list()).length,
    };
  } finally {
    await store.close();
  }
};

describe.runIf(postgres)('caco operate on a Postgres that goes away', () => {
  let undisturbed: Awaited<ReturnType<typeof booksOf>>;
  beforeAll(async () => {
    const calm = await postgres!.another();
    expect(await operate(calm.url, ['--for', '4h'])).toMatchObject({ code: 0 });
    undisturbed = await booksOf(calm.url);
    await calm.stop();
  });

  it('takes in and hands over the same jobs, each once, while its connections are cut again and again', async () => {
    const cutting = await postgres!.another();
    const admin = new pg.Client({ connectionString: postgres!.url });
    await admin.connect();
    const name = new URL(cutting.url).pathname.slice(1);
    let cuts = 0;
    let ended = false;
    const cut = async () => {
      while (!ended) {
        const sql = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1';
        const { rowCount } = await admin.query(sql, [name]);
        cuts += rowCount ?? 0;
        await new Promise((resume) => setTimeout(resume, 400));
      }
    };
    let cutter: Promise<void> | undefined;
    const told = await operate(cutting.url, ['--for', '4h'], {
      onTick: () => {
        cutter ??= cut();
        // The last look may need its own runs taken up: the cuts end before it.
        if (cuts >= 6) ended = true;
      },
    });
    ended = true;
    await cutter;
    await admin.end();
    expect(cuts).toBeGreaterThan(0);
    expect([told.code, told.err]).toEqual([0, expect.any(String)]);
    // What a cut broke off at the last look is taken up by the next.
    expect((await operate(cutting.url, ['--for', '4h'])).code).toBe(0);
    const books = await booksOf(cutting.url);
    expect(books.twice).toEqual([]);
    expect(books.jobs).toEqual(undisturbed.jobs);
    await cutting.stop();
  });

  it.runIf(postgres?.without)('waits for a server that is stopped, says so, and goes on when it is back', async () => {
    const { url } = postgres!;
    let restarted: Promise<void> | undefined;
    let hasHeard = () => {};
    const heard = new Promise<void>((resolve) => {
      hasHeard = resolve;
    });
    const told = await operate(url, ['--for', '4h'], {
      onTick: () => {
        // It is stopped until the program has noticed.
        restarted ??= postgres!.without!(() => heard);
      },
      onErr: (text) => {
        if (text.includes('The store is away')) hasHeard();
      },
    });
    hasHeard();
    await restarted;
    expect(told.code, told.err).toBe(0);
    expect(told.err).toContain('The store is away and is waited for');
    expect(told.ticks.flatMap(({ trouble }) => trouble).join()).toMatch(/the store was away for \d+ s/);
    const books = await booksOf(url);
    expect(books.twice).toEqual([]);
    expect(books.jobs).toEqual(undisturbed.jobs);
  });

  it('ends where the database refuses it for good, with what to do', async () => {
    const own = await postgres!.another();
    const role = `operator_${Math.random().toString(36).slice(2, 8)}`;
    await query(own.url, `create role ${role} login; grant all on schema public to ${role}`);
    const url = new URL(own.url);
    url.username = role;
    url.password = 'any';
    const refuse = `alter role ${role} nologin; select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`;
    let refused: Promise<void> | undefined;
    const told = await operate(url.toString(), [], {
      onTick: () => {
        refused ??= query(own.url, refuse);
      },
    });
    await refused;
    expect([told.code, told.out]).toEqual([6, expect.stringContaining('the database refuses this program')]);
    expect(told.out).toContain('DATABASE_URL');
    await own.stop();
    await query(postgres!.url, `drop role ${role}`);
  });

  it('says at once that there is no server when it begins, and waits for none', async () => {
    const port = await freePort();
    const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    const told = await operate(`postgres://caco@127.0.0.1:${port}/caco`, []);
    server.close();
    expect([told.code, told.ticks]).toEqual([6, []]);
  });
});
