/** Flexibility events through real parts: a store, a plan with the fleet, runs that judge and place, and a process that is killed. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { SOLD_FLEXIBILITY } from '../domain/offer.js';
import { PLANS } from '../domain/plan.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-events-'));
const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = async (now: string) => {
  const { config, settings } = readConfig({ home: join(folder, 'home'), now }, {}, folder);
  const app = await openApp(config, settings);
  opened.push(app);
  return app;
};
const by = { actor: { id: 'dso', via: 'http' as const } };
const END = '2022-05-25T16:00:00Z';
const event = (ref: string, more: object = {}) => ({
  ...{ source: 'dso', ref, product: 'peak', site: 'hpc-1', start: '2022-05-25T13:00:00Z', end: END },
  target: { as: 'share', ratio: 0.25 },
  ...more,
});
const placings = async (app: App) =>
  (await app.world.ledger.read(0, 1000)).filter((e) => e.body.kind === 'place_jobs').length;

/** Three jobs run from noon on; two of them may be interrupted. */
beforeAll(async () => {
  const app = await open('2022-05-25T11:00:00Z');
  const job = (id: string, powerKw: number, interruptible: boolean) => ({
    ...{ id, earliest_start: '2022-05-25T12:00:00Z', duration_hours: 6, power_kw: powerKw, interruptible },
    // Late work is dear, so all of it runs at once until somebody asks for less.
    ...{ due: '2022-05-25T18:00:00Z', tardiness_cost_per_hour: 1000 },
    deadline: interruptible ? '2022-05-26T12:00:00Z' : '2022-05-25T18:00:00Z',
  });
  const jobs = [job('run-a', 400, true), job('run-b', 300, true), job('fixed-c', 300, false)];
  const { workloadId } = await app.call('ingest_jobs', { jobs }, by);
  const run = await app.orchestrator.launch(
    { horizonHours: 24, approval: 'auto', workloadId: workloadId!, rests: true },
    by,
  );
  expect(run.status).toBe('placed');
});

it('is promised once, whatever process dies on the way; then stands against what would be paid a second time', async () => {
  // Whenever it is killed, whoever goes on ends at the same promise.
  const cli = join(import.meta.dirname, '../cli/main.ts');
  const args = ['event', 'add', '--site', 'hpc-1', '--start', '2022-05-25T13:00:00Z', '--end', END, '--share', '0.25'];
  const named = ['--source', 'dso', '--ref', 'A-1', '--product', 'peak', '--price', '241GBP'];
  const env = { ...process.env, CACO_HOME: join(folder, 'home'), CACO_NOW: '2022-05-25T12:40:00Z' };
  for (const events of [1, 2, 3]) {
    const child = spawn(process.execPath, ['--import', 'tsx', cli, ...args, ...named], { env, stdio: 'ignore' });
    const dead = new Promise((resolve) => child.once('exit', resolve));
    const app = await open('2022-05-25T12:40:00Z');
    const size = await app.world.ledger.size();
    // After so many entries of its own, or when it is done.
    while (child.exitCode === null && (await app.world.ledger.size()) < size + events)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await dead;
  }
  const app = await open('2022-05-25T12:40:00Z');
  const asked = event('A-1', { price: { perMwh: 241, currency: 'GBP' } });
  const before = await placings(app);
  const confirmed = await app.respond(asked, by);
  expect(confirmed.status, confirmed.reason ?? '').toBe('confirmed');
  expect(await app.respond(asked, by)).toEqual(confirmed);
  expect(await placings(app)).toBeLessThanOrEqual(Math.max(2, before));
  const { commitment, stamps } = confirmed;
  expect(commitment!.slots).toHaveLength(6);
  for (const { baselineKw, targetKw } of commitment!.slots) expect(targetKw).toBeCloseTo(0.75 * baselineKw!, 6);
  expect(stamps).toMatchObject({ received: '2022-05-25T12:40:00Z', itBelow: null, facilityBelow: null });
  expect((await app.world.store.collection(PLANS).get(commitment!.planId))!.value.replaces).toBeDefined();
  expect(await app.world.store.collection(SOLD_FLEXIBILITY).list()).toHaveLength(6);

  const priced = { source: 'tso', price: { perMwh: 100, currency: 'GBP' } };
  const twice = await app.respond(event('B-1', priced), by);
  expect(twice.status).toBe('declined');
  expect(twice.reason).toContain(`${confirmed.id} of dso is promised`);
  await expect(app.respond(event('A-1', { target: { as: 'limit', kw: 1 } }), by)).rejects.toMatchObject({
    code: 'conflict',
  });
  expect((await app.cancelEvent(confirmed.id, 'over', by)).status).toBe('cancelled');
  expect(await app.world.store.collection(SOLD_FLEXIBILITY).list()).toHaveLength(0);
});

it('is declined in a clear word', async () => {
  const app = await open('2022-05-25T12:40:00Z');
  const reason = async (ref: string, more: object) => {
    const { status, reason: why } = await app.respond(event(ref, more), by);
    expect(status).toBe('declined');
    return why!;
  };
  expect(await reason('C-1', { target: { as: 'limit', kw: 100 } })).toMatch(/fixed-c needs 330 kW/);
  expect(await reason('C-2', { start: '2022-05-25T10:00:00Z', end: '2022-05-25T11:00:00Z' })).toContain('was over');
  expect(await reason('C-3', { target: { as: 'increase', kw: 5 } })).toContain('only a turn-down');
  expect(await reason('C-4', { noticeMinutes: 60 })).toContain('20 minutes before it begins');
  expect(await reason('C-5', { start: '2022-06-25T10:00:00Z', end: null })).toContain('no plan is in force');
  await expect(app.respond(event('C-6', { site: 'nowhere' }), by)).rejects.toMatchObject({ code: 'not-found' });
  await expect(app.respond(event('C-7', { end: '2022-05-25T12:00:00Z' }), by)).rejects.toThrow(
    /ends .* before it begins/,
  );
  await expect(app.respond({ source: 'dso' }, by)).rejects.toMatchObject({ code: 'invalid-input' });
});
