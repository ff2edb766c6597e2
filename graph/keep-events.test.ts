/** Promises carried out through real parts: a store, plans, simulated machines, processes that are killed, and meters that fall silent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type App, type KeptStep, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { Fault } from '../domain/fault.js';
import { EVENT_COURSES, EVENT_READINGS } from '../domain/flexibility/course.js';
import { EVENTS } from '../domain/flexibility/event.js';
import { minuteMeans } from '../domain/flexibility/metrics.js';
import { SOLD_ORDERS, SoldOrder } from '../domain/market.js';
import { ORDERS } from '../domain/plan.js';
import { fromEpoch, type Instant, instant, plusSeconds, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { random } from '../sim/random.js';
import { callTool } from '../tools/tool.js';
import { commandWork } from './command-work.js';
import { callOf } from './event-books.js';
import { takeSold } from './event-sales.js';
import { Keeper } from './keep-events.js';

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
  // No minute of the hour after it lies above what was drawn before it.
  const after = minuteMeans(await readings(app, id), toEpoch(END), toEpoch(END) + 3600);
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
    const cli = join(import.meta.dirname, '../dist/cli/main.js');
    const child = spawn(process.execPath, [cli, 'event', 'keep'], {
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

/** The same world with another meter or fleet, walked step by step. */
const walked = async (world: World, until: Instant, onStep: (steps: KeptStep[]) => Promise<void> | void = () => {}) => {
  const keeper = new Keeper(world, by);
  for (;;) {
    const next = await keeper.nextAt();
    if (next === null || next > until) return;
    await world.clock.waitUntil(next);
    await onStep(await keeper.step());
  }
};
const siteMeter = (readKw: () => Promise<number>) => {
  const meter = {
    ...{ id: 'site', name: 'the site', boundary: 'facility' as const, source: 'a test', basis: 'power' as const },
    ...{ subject: { kind: 'site' as const, id: 'hpc-1' }, covers: null },
  };
  return (world: World): World['meter'] => ({
    ...world.meter,
    read: async () => {
      const powerKw = await readKw();
      return { at: world.clock.now(), readings: [{ meter, energyKwh: null, powerKw }] };
    },
  });
};

it('goes by the meter of the site, and holds what is in force where that falls silent', async () => {
  const app = await home('silent');
  const { id } = await promised(app, 'S-1');
  const { clock, fleet } = app.world;
  const [silentFrom, silentUntil] = [plusSeconds(START, 900), plusSeconds(START, 1500)];
  const meter = siteMeter(async () => {
    if (clock.now() >= silentFrom && clock.now() < silentUntil)
      throw new Fault('unavailable', 'the meter of the site does not answer', 'Wait.');
    const { itKw } = await (await fleet.responding!('GB')).look();
    return (itKw ?? 0) * 1.1;
  });
  const world = { ...app.world, meter: meter(app.world) };
  const caps = new Map<string, number[]>();
  await walked(world, plusSeconds(END, 60), async () => {
    if (clock.now() < plusSeconds(silentFrom, 60) || clock.now() >= silentUntil) return;
    for (const { id: job, capW } of (await (await fleet.responding!('GB')).look()).jobs)
      caps.set(job, [...(caps.get(job) ?? []), capW ?? Number.POSITIVE_INFINITY]);
  });
  // Nothing is raised as long as nobody sees what that would do.
  for (const [job, seen] of caps)
    expect(
      seen.every((cap, i) => i === 0 || cap <= seen[i - 1]!),
      job,
    ).toBe(true);
  const course = (await courseOf(app, id))!;
  expect(course.source).toBe('measured');
  const said = course.said.map(({ what }) => what).join(' · ');
  expect(said).toContain('the facility meter is silent: what is in force is held');
  expect(said).toContain('the meter of the site does not answer');
  expect(said).toContain('the facility meter speaks again');
  const { kept } = await eventOf(app, id);
  expect(kept).toMatchObject({ source: 'measured', minutesAbove: 0 });
  expect(kept!.minutesUnread).toBeGreaterThan(7);
  // A half-hour of which a minute was not read is not known.
  expect(kept!.halfHours.map(({ meteredKwh }) => meteredKwh === null)).toEqual([true, false]);
});

it('says so where the facility is modelled, and where nothing can be done to what runs', async () => {
  const app = await home('other');
  const { id } = await promised(app, 'O-1');
  const hall = await app.world.fleet.responding!('GB');
  const real = {
    can: hall.can,
    look: () => hall.look(),
    readings: async () => [],
    command: (commands: Parameters<typeof hall.command>[0]) => hall.command(commands),
  };
  const modelled = { ...app.world, fleet: { ...app.world.fleet, responding: async () => real } };
  await walked(modelled, plusSeconds(START, 300));
  const course = (await courseOf(app, id))!;
  expect(course.source).toBe('modelled');
  expect(course.said.map(({ what }) => what).join()).toContain('nobody measures the facility');
  expect(course.commands).toBeGreaterThan(0);

  const { responding: _, ...files } = app.world.fleet;
  const without = { ...app.world, fleet: files };
  await walked(without, plusSeconds(START, 600));
  expect((await courseOf(app, id))!).toMatchObject({ source: 'unknown', can: [] });
  expect((await app.cancelEvent(id, 'enough', by)).status).toBe('cancelled');
  await walked(app.world, plusSeconds(START, 700));
  const after = (await courseOf(app, id))!;
  expect(after.phase).toBe('recovering');
  expect((await eventOf(app, id)).status).toBe('cancelled');
});

it('takes what was sold on the market for an event, once, with the order’s price', async () => {
  const app = await home('sold');
  const { store } = app.world;
  const order = (await store.collection(ORDERS).list())[0]!.value;
  const window = { start: START, end: END };
  const item = {
    ...{
      id: 'offer-1',
      name: 'an hour less',
      kind: 'DEMAND_TURN_DOWN' as const,
      window,
      powerKw: 330,
      energyMwh: '0.33',
    },
    ...{ pricePerMwh: '200', currency: 'GBP', noticeMinutes: null, rampMinutes: null, recoveryMinutes: null },
    ...{ reboundKwh: null, intensityGPerKwh: null, avoidedKg: null, carbonSource: null, baselineMethod: null },
    ...{ baselineKw: null, bestEffortKw: null, place: null },
  };
  const sold = SoldOrder.parse({
    ...{ id: 'ORD-1', bapId: 'grid.example', transactionId: 't', dialect: '1.1', version: '1.1.0', domain: 'd' },
    ...{ bapUri: 'https://grid.example', region: 'GB', clusterId: 'hpc-1', planId: order.planId },
    ...{ deliveredBy: order.planId, approvalId: null, decisionId: order.decisionId, confirm: null },
    ...{ quotedUntilMs: null, powerKw: 330, order: undefined },
    capsKw: [{ ...window, baselineKw: 1100, maxKw: 770 }],
    order: {
      ...{ id: 'ORD-1', state: 'SCHEDULED', providerId: 'p', providerName: null, itemId: 'offer-1', item },
      ...{ quantity: { count: 1, energyMwh: null }, billing: null, paymentType: null, cancelBy: null },
      quote: { total: '66', currency: 'GBP', lines: [], validSeconds: null },
      ...{ cancellationFeePercent: null, metered: [], cancelled: null, note: null, evidence: null },
      ...{ createdAt: instant(NOW), updatedAt: instant(NOW) },
    },
  });
  await store.collection(SOLD_ORDERS).put(sold.id, sold);
  const desk = { world: app.world, orchestrator: app.orchestrator, by };
  const [taken] = await takeSold(desk);
  expect(taken).toMatchObject({ status: 'confirmed', orderId: 'ORD-1', commitment: { targetKw: 770 } });
  expect(taken!.asked).toMatchObject({ source: 'market', price: { perMwh: 200, currency: 'GBP' }, penalty: null });
  expect(await takeSold(desk)).toEqual([]);
  const again = await app.respond(event('M-1', { price: { perMwh: 1, currency: 'GBP' } }), by);
  expect(again.reason).toContain(`${taken!.id} of market is promised`);
  await expect(app.cancelEvent(taken!.id, '', by)).rejects.toThrow('sold on the market as order ORD-1');
  const cancelled = { at: instant(NOW), by: 'CONSUMER' as const, reasonId: null, why: null };
  await store
    .collection(SOLD_ORDERS)
    .put(sold.id, { ...sold, order: { ...sold.order, state: 'CANCELLED', cancelled } });
  expect(await takeSold(desk)).toMatchObject([{ status: 'cancelled', reason: expect.stringContaining('buyer') }]);
});

it('is kept between the looks of a program that is left on, which undo nothing', async () => {
  const app = await home('operated');
  const { id } = await promised(app, 'P-1');
  const ticks: string[] = [];
  await app.operate(
    {
      ...{ everySeconds: 300, horizonHours: 24, approval: 'auto', noticeMinutes: 0, reviewHours: 0.5, mostChanges: 9 },
      until: plusSeconds(END, 600),
    },
    by,
    (tick) => {
      ticks.push(...(tick.events ?? []), ...tick.trouble);
    },
  );
  const { kept } = await eventOf(app, id);
  expect(kept).toMatchObject({ minutes: 60, minutesAbove: 0, minutesUnread: 0 });
  expect(ticks.join('\n')).toContain(`${id} is over: 0 of 60 minutes above its target`);
});
