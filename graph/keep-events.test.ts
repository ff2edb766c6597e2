/** Promises carried out through real parts: a store, plans, simulated machines, processes that are killed, and meters that fall silent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type App, type KeptStep, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { EVENT_COURSES, EVENT_READINGS } from '../domain/flexibility/course.js';
import { EVENTS } from '../domain/flexibility/event.js';
import { fromEpoch, type Instant, instant, plusSeconds, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { random } from '../sim/random.js';
import { callTool } from '../tools/tool.js';
import { commandWork } from './command-work.js';
import { callOf } from './event-books.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-keep-'));
const opened: App[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const NOW = '2022-05-25T12:40:00Z';
const START = instant('2022-05-25T13:00:00Z');
const END = instant('2022-05-25T14:00:00Z');
const LIMIT_KW = 770;
const by = { actor: { id: 'dso', via: 'http' as const } };

const open = async (home: string, settings: object = {}) => {
  const read = readConfig({ home: join(folder, home), logLevel: 'silent', now: NOW, ...settings }, {}, folder);
  const app = await openApp(read.config, read.settings);
  opened.push(app);
  return app;
};
/** A home of its own in which the plan is in force. */
const home = (name: string, settings: object = {}) => {
  cpSync(join(folder, 'plan'), join(folder, name), { recursive: true });
  return open(name, settings);
};
const event = (ref: string, more: object = {}) => ({
  ...{ source: 'dso', ref, product: 'peak', site: 'hpc-1', start: START, end: END },
  target: { as: 'limit', kw: LIMIT_KW },
  ...more,
});
const promised = async (app: App, ref: string, more: object = {}) => {
  const found = await app.respond(event(ref, more), by);
  expect(found.status, found.reason ?? '').toBe('confirmed');
  return found;
};
const readings = async ({ world }: { world: World }, id: string) => {
  const found: { at: number; kw: number }[] = [];
  for await (const page of world.store.rows(EVENT_READINGS).pages(id)) found.push(...page);
  return found.sort((a, b) => a.at - b.at);
};
const courseOf = async ({ world }: { world: World }, id: string) =>
  (await world.store.collection(EVENT_COURSES).get(id))?.value;
const eventOf = async ({ world }: { world: World }, id: string) =>
  (await world.store.collection(EVENTS).get(id))!.value;
const commandings = async ({ world }: { world: World }) =>
  (await world.ledger.read(0, 10_000)).filter((entry) => entry.body.kind === 'command_work').length;

/**
 * Three jobs on GPUs run from noon on, 1 100 kW at the meter; two of them, 440 and 330 kW, may be interrupted. Without the smaller one
 * what is left is planned at the very limit, so that only what can be done within seconds keeps it.
 */
beforeAll(async () => {
  const { config, settings } = readConfig(
    { home: join(folder, 'plan'), logLevel: 'silent', now: '2022-05-25T11:00:00Z' },
    {},
    folder,
  );
  const app = await openApp(config, settings);
  const job = (id: string, powerKw: number, interruptible: boolean) => ({
    ...{ id, kind: 'training', earliest_start: '2022-05-25T12:00:00Z', duration_hours: 6, interruptible },
    ...{ power_kw: powerKw, gpus: 2 * powerKw, due: '2022-05-25T18:00:00Z', tardiness_cost_per_hour: 1000 },
    deadline: interruptible ? '2022-05-26T12:00:00Z' : '2022-05-25T18:00:00Z',
  });
  const jobs = [job('run-a', 400, true), job('run-b', 300, true), job('fixed-c', 300, false)];
  const { workloadId } = await app.call('ingest_jobs', { jobs }, by);
  const run = await app.orchestrator.launch(
    { horizonHours: 24, approval: 'auto', workloadId: workloadId!, rests: true },
    by,
  );
  expect(run.status).toBe('placed');
  await app.close();
});

it('keeps every minute below, fills the six moments from what was commanded and measured, and lets go without a peak', async () => {
  const app = await home('kept');
  const { id, commitment } = await promised(app, 'A-1');
  expect(commitment!.can).toEqual(['cap', 'uncap', 'pause', 'resume']);
  const steps: KeptStep[] = [];
  await app.keepEvents(by, { onStep: (step) => steps.push(step) });
  const { stamps, kept, unknown } = await eventOf(app, id);
  expect(kept).toMatchObject({ source: 'simulated', minutes: 60, minutesAbove: 0, minutesUnread: 0 });
  expect(kept!.worstMinute.kw).toBeLessThanOrEqual(LIMIT_KW);
  expect(kept!.halfHours.map(({ period, meteredKwh }) => [period, meteredKwh! < LIMIT_KW / 2])).toEqual([
    [29, true],
    [30, true],
  ]);
  expect(unknown).toEqual({});
  const order = [stamps.received, stamps.decided, stamps.issued, stamps.acknowledged] as Instant[];
  expect(stamps.itBelow).not.toBeNull();
  expect(order.every((at, i) => i === 0 || order[i - 1]! <= at)).toBe(true);
  expect(stamps.facilityBelow! <= plusSeconds(START, 30)).toBe(true);
  const course = (await courseOf(app, id))!;
  expect(course).toMatchObject({ phase: 'over', refused: 0, heldUntil: END });
  expect(course.commands).toBeGreaterThan(10);
  expect(await commandings(app)).toBeGreaterThan(10);
  // What was done ten times over: no minute after it above what was drawn before.
  const after = (await readings(app, id)).filter(({ at }) => at >= toEpoch(END) && at < toEpoch(END) + 3600);
  expect(Math.max(...after.map(({ kw }) => kw))).toBeLessThan(1.01 * course.baselineKw!);
  // Nothing is held any more, and nothing is done for what is over.
  const hall = await app.world.fleet.responding!('GB');
  expect((await hall.look()).jobs.every(({ capW, state }) => capW === null && state === 'running')).toBe(true);
  const told = steps.length;
  await app.keepEvents(by, { onStep: (step) => steps.push(step) });
  expect(steps.length).toBe(told);
});

it('does nothing without a promise, and nothing twice', async () => {
  const app = await home('leave');
  const command = (eventId: string) =>
    callTool(
      commandWork,
      { region: 'GB', eventIds: [eventId], commands: [{ do: 'pause', jobId: 'run-a' }] },
      app.world,
      callOf(by, eventId),
    );
  await expect(command('E-none')).rejects.toMatchObject({ code: 'forbidden' });
  const no = await app.respond(event('B-1', { target: { as: 'limit', kw: 1 } }), by);
  await expect(command(no.id)).rejects.toMatchObject({ code: 'forbidden' });
  const { id } = await promised(app, 'B-2');
  const hall = await app.world.fleet.responding!('GB');
  const state = async () => (await hall.look()).jobs.find((job) => job.id === 'run-a')!.state;
  for (let times = 0; times < 3; times++) expect((await command(id)).acknowledged).toMatchObject([{ outcome: 'done' }]);
  await app.world.clock.waitUntil(plusSeconds(app.world.clock.now(), 30));
  // Saving takes twenty seconds, however often it was asked for.
  expect(await state()).toBe('paused');
});

it('brings power below again within half a minute, whatever process dies on the way', async () => {
  const app = await home('kills');
  const { id } = await promised(app, 'K-1');
  const rng = random('keep-kills');
  const lasts = toEpoch(END) - toEpoch(START);
  const moments = Array.from({ length: 10 }, () => toEpoch(START) + Math.floor(rng.uniform() * (lasts - 300))).sort(
    (a, b) => a - b,
  );
  const at = async () => toEpoch((await courseOf(app, id))?.at ?? instant(NOW));
  const begunAgain: number[] = [];
  for (const moment of moments) {
    // Nobody holds anything for as long as it takes to come back: what was written to the machines stays in force.
    const now = Math.max(await at(), toEpoch(instant(NOW))) + (begunAgain.length === 0 ? 0 : 60);
    if (begunAgain.length > 0) begunAgain[begunAgain.length - 1] = now;
    const env = { ...process.env, CACO_HOME: join(folder, 'kills'), CACO_NOW: fromEpoch(now) };
    const cli = join(import.meta.dirname, '../cli/main.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', cli, 'event', 'keep'], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.push(child);
    const dead = new Promise((resolve) => child.once('exit', resolve));
    while (child.exitCode === null && (await at()) < moment) await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill('SIGKILL');
    await dead;
    begunAgain.push(await at());
  }
  await app.world.clock.waitUntil(fromEpoch((await at()) + 60));
  begunAgain[begunAgain.length - 1] = toEpoch(app.world.clock.now());
  await app.keepEvents(by, { onStep: () => {} });
  const read = await readings(app, id);
  for (const again of begunAgain.filter((one) => one >= toEpoch(START) && one + 30 <= toEpoch(END))) {
    const soon = read.filter((one) => one.at >= again - 6 && one.at < again + 36);
    expect(Math.min(...soon.map(({ kw }) => kw)), `after ${fromEpoch(again)}`).toBeLessThanOrEqual(LIMIT_KW);
  }
  const { kept, status } = await eventOf(app, id);
  expect(status).toBe('confirmed');
  expect(kept!.minutesAbove).toBeLessThanOrEqual(begunAgain.length);
  expect(kept!.worstMinute.kw).toBeLessThan(1.02 * LIMIT_KW);
  expect((await courseOf(app, id))!.phase).toBe('over');
});
