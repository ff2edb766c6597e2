/** A program that is left on: the books after it, whatever happened on the way. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp, type Tick } from './app.js';
import { readConfig } from './config.js';
import { Fault } from './domain/fault.js';
import { holdersIn, identityOf } from './domain/held.js';
import { JOBS } from './domain/job.js';
import { OPERATIONS } from './domain/operation.js';
import { ORDERS, worldName } from './domain/plan.js';
import { RUNS } from './domain/run.js';
import { type Instant, plusHours } from './domain/time.js';
import type { Operating } from './graph/operate.js';
import { startHealth } from './http-server/operation.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-operate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});
const START = '2022-05-25T00:00:00Z' as Instant;
const newHome = () => mkdtempSync(join(folder, 'home-'));
const open = async (home = newHome()): Promise<App> => {
  const app = await openApp(readConfig({ home, now: START }, {}, home).config);
  apps.push(app);
  return app;
};

const actor = { id: 'ann', via: 'cli' } as const;
const HOURLY: Operating = {
  everySeconds: 3600,
  horizonHours: 2,
  approval: 'auto',
  noticeMinutes: 30,
  reviewHours: Number.POSITIVE_INFINITY,
  mostChanges: 2,
};
const operate = async (app: App, hours: number, over: Partial<Operating> = {}, signal?: AbortSignal) => {
  const ticks: Tick[] = [];
  const until = plusHours(START, hours);
  const by = { actor, ...(signal !== undefined && { signal }) };
  const state = await app.operate({ ...HOURLY, until, ...over }, by, (tick) => void ticks.push(tick));
  return { state, ticks };
};
const runsOf = async ({ world }: App) => (await world.store.collection(RUNS).list()).map(({ value }) => value);
/** Jobs that waited in these hours and how many of them some plan holds. */
const heldOf = async ({ world }: App, hours: number) => {
  let [jobs, held] = [0, 0];
  for await (const page of world.fleet.waiting({ start: START, end: plusHours(START, hours) })) {
    jobs += page.length;
    held += (await holdersIn(world, page)).size;
  }
  return { jobs, held };
};
/** Pieces that the fleet has, by job: of a job that is handed over twice there would be more than its plan gave it. */
const ranTwice = async ({ world }: App): Promise<string[]> => {
  const seen = new Map<string, string>();
  const twice: string[] = [];
  for (const { value: order } of await world.store.collection(ORDERS).list())
    for await (const page of world.fleet.ran(order.key))
      for (const { jobId } of page) {
        const before = seen.get(jobId);
        if (before !== undefined && before !== order.key) twice.push(jobId);
        seen.set(jobId, order.key);
      }
  return twice;
};

describe('caco operate', () => {
  it('plans what has newly come at each tick, each job once, and verifies what is over', async () => {
    const app = await open();
    const { state, ticks } = await operate(app, 2);
    expect(ticks).toHaveLength(3);
    expect(ticks.map(({ at }) => at)).toEqual(ticks.map((_, i) => plusHours(START, i)));
    expect(ticks.flatMap(({ trouble }) => trouble)).toEqual([]);
    expect(ticks[0]!.moved).toBeGreaterThan(0);
    const { jobs, held } = await heldOf(app, 2);
    expect(held).toBe(jobs);
    expect(await ranTwice(app)).toEqual([]);
    expect(state).toMatchObject({ stopped: true, ticks: 3, missed: 0, nextAt: plusHours(START, 3) });
    expect((await runsOf(app)).map(({ status }) => status)).toEqual(ticks.map(() => 'placed'));

    // Another process goes on from there: nothing is taken in twice, and what was said is still known.
    await app.close();
    apps.pop();
    const next = await open(app.config.home);
    const more = await operate(next, 36, { everySeconds: 36 * 3600 });
    expect(more.ticks.map(({ at }) => at)).toEqual([3, 36].map((hours) => plusHours(START, hours)));
    expect(more.state.ticks).toBe(5);
    // Windows have closed: their runs were verified when their time had come, not before.
    expect(more.ticks.reduce((sum, { finished }) => sum + finished, 0)).toBeGreaterThan(0);
    expect(await ranTwice(next)).toEqual([]);
  });

  it('looks again at what is under way, and moves it only where that is better', async () => {
    const app = await open();
    const { ticks } = await operate(app, 3, { reviewHours: 1, horizonHours: 3 });
    const reviews = ticks.flatMap(({ reviewed }) => reviewed ?? []);
    expect(reviews.length).toBeGreaterThan(1);
    const followed = new Set(reviews.flatMap(({ byPlanId }) => byPlanId ?? []));
    const orders = (await app.world.store.collection(ORDERS).list()).map(({ value }) => value.planId);
    for (const planId of followed) expect(orders).toContain(planId);
    expect(await ranTwice(app)).toEqual([]);
    const { jobs, held } = await heldOf(app, 3);
    expect(held).toBe(jobs);
  });

  it('waits for people without asking twice for the same jobs, and goes on after their answer', async () => {
    const app = await open();
    const { ticks } = await operate(app, 2, { approval: 'ask' });
    expect(ticks.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting']);
    const waiting = await runsOf(app);
    const first = waiting.at(-1)!;
    const answer = { id: first.approvalId!, decision: 'reject' as const, why: 'not today', only: null };
    await app.orchestrator.answer(answer, { actor: { id: 'bob', via: 'cli' } });
    const [tick] = (await operate(app, 3, { approval: 'ask' })).ticks;
    expect(tick!.status).toBe('waiting');
    // Neither what waits for an answer nor what was refused is put before them again.
    const asked: string[] = [];
    for (const { request } of await runsOf(app))
      for await (const page of app.world.store.rows(JOBS).pages(String(request!.workloadId)))
        asked.push(...page.map(identityOf));
    expect(asked.length).toBeGreaterThan(ticks[0]!.jobs);
    expect(new Set(asked).size).toBe(asked.length);
  });

  it('says what does not work, and takes it up at the next tick', async () => {
    const app = await open();
    const { grid, clock } = app.world;
    let down = true;
    const silent = () => {
      throw new Fault('unavailable', 'the source is silent', 'Ask later.');
    };
    Object.assign(app.world, {
      grid: new Proxy(grid, {
        get: (of, name) => (down && name === 'carbon' ? silent : Reflect.get(of, name)),
      }),
    });
    const ticks: Tick[] = [];
    await app.operate({ ...HOURLY, until: plusHours(START, 2) }, { actor }, (tick) => {
      ticks.push(tick);
      down = false;
    });
    expect(ticks[0]!.trouble.join()).toContain('the source is silent');
    expect(ticks.slice(1).flatMap(({ trouble }) => trouble)).toEqual([]);
    expect((await runsOf(app)).filter(({ status }) => status === 'failed')).toEqual([]);
    const { jobs, held } = await heldOf(app, 2);
    expect(held).toBe(jobs);
    expect(clock.now()).toBe(plusHours(START, 2));
  });

  it('says which moments it missed, and makes up none', async () => {
    const app = await open();
    const { clock } = app.world;
    let waits = 0;
    const late = { ...clock, waitUntil: (at: Instant) => clock.waitUntil(++waits === 2 ? plusHours(at, 3) : at) };
    Object.assign(app.world, { clock: late });
    const { ticks, state } = await operate(app, 4);
    expect(ticks.map(({ at, missed }) => [at, missed])).toEqual([
      [START, 0],
      [plusHours(START, 4), 3],
    ]);
    expect(state.missed).toBe(3);
  });

  it('finishes the tick that it is in when it is ended, and lets nobody else operate meanwhile', async () => {
    const app = await open();
    const stop = new AbortController();
    const second: Promise<unknown>[] = [];
    const health = await startHealth(app, 0);
    const told: Response[] = [];
    const state = await app.operate({ ...HOURLY }, { actor, signal: stop.signal }, async () => {
      second.push(app.operate(HOURLY, { actor }, () => {}).catch((error: unknown) => error));
      told.push(await fetch(`${health.url}/healthz`), await fetch(health.url));
      stop.abort();
    });
    expect(state).toMatchObject({ stopped: true, ticks: 1 });
    expect(await second[0]).toMatchObject({ code: 'conflict' });
    expect((await runsOf(app)).map(({ status }) => status)).toEqual(['placed']);
    expect(told.map(({ status }) => status)).toEqual([200, 200]);
    expect(await told[0]!.json()).toMatchObject({ ok: true, operation: { ticks: 1 } });
    expect(await told[1]!.text()).toContain('As it should be');
    // What cannot be done is said at once, not at every look.
    const asked = (over: Partial<Operating>) => app.operate({ ...HOURLY, ...over }, { actor }, () => {});
    for (const over of [{ horizonHours: 0 }, { noticeMinutes: -1 }, { mostChanges: 0.5 }])
      await expect(asked(over)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(startHealth(app, 70_000)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(startHealth(app, Number(new URL(health.url).port))).rejects.toMatchObject({ code: 'unavailable' });
    await health.close();
  });

  it('is taken up where it was killed: nothing lost, nothing twice', async () => {
    const home = newHome();
    const args = ['operate', '--every', '1h', '--for', '4h', '--horizon-hours', '2', '--review', '2h'];
    const started = (lines: number) =>
      new Promise<void>((resolve, reject) => {
        const child = spawn(process.execPath, ['dist/cli/main.js', ...args, '--now', START, '--home', home]);
        let seen = '';
        let [killed, failed] = [false, ''];
        child.stderr.on('data', (data: Buffer) => {
          failed += String(data);
        });
        child.stdout.on('data', (data: Buffer) => {
          seen += String(data);
          if (seen.split('\n').length <= lines || killed) return;
          killed = true;
          // Somewhere in the tick after it.
          setTimeout(() => child.kill('SIGKILL'), 150);
        });
        child.once('exit', (code) => (code === 0 || killed ? resolve() : reject(new Error(failed))));
      });
    for (const lines of [1, 1]) await started(lines);
    const app = await open(home);
    const state = (await app.world.store.collection(OPERATIONS).get(worldName(app.world)))!.value;
    expect(state.stopped).toBe(false);
    await operate(app, 4);
    const { jobs, held } = await heldOf(app, 4);
    expect(held).toBe(jobs);
    expect(await ranTwice(app)).toEqual([]);
    expect((await runsOf(app)).map(({ status }) => status).filter((s) => s === 'running' || s === 'failed')).toEqual(
      [],
    );
  });
});
