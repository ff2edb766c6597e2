/** Flexibility events through real parts: a store, plans for the fleet, runs that judge and place, processes that are killed, HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { EVENTS } from '../domain/flexibility/event.js';
import { SOLD_FLEXIBILITY } from '../domain/offer.js';
import { PLANS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import { claimDelivered, DELIVERED, periodsIn } from '../domain/settlement/delivered.js';
import { instant } from '../domain/time.js';
import { startHttp } from '../http-server/http-server.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-events-'));
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
const START = '2022-05-25T13:00:00Z';
const END = '2022-05-25T16:00:00Z';
const open = async (home: string, now = NOW, more: object = {}) => {
  const { config, settings } = readConfig({ home: join(folder, home), logLevel: 'silent', now, ...more }, {}, folder);
  const app = await openApp(config, settings);
  opened.push(app);
  return app;
};
/** A home of its own in which the plan is in force. */
const home = (name: string) => {
  cpSync(join(folder, 'plan'), join(folder, name), { recursive: true });
  return open(name);
};
const caco = (name: string, args: readonly string[], output: 'ignore' | 'pipe' = 'ignore') => {
  const env = { ...process.env, CACO_HOME: join(folder, name), CACO_NOW: NOW };
  const cli = join(import.meta.dirname, '../dist/cli/main.js');
  const child = spawn(process.execPath, [cli, ...args], {
    env,
    stdio: ['ignore', output, 'inherit'],
  });
  children.push(child);
  return { child, dead: new Promise<number | null>((resolve) => child.once('exit', resolve)) };
};

const by = { actor: { id: 'dso', via: 'http' as const } };
const GBP = (perMwh: number) => ({ perMwh, currency: 'GBP' });
const event = (ref: string, more: object = {}) => ({
  ...{ source: 'dso', ref, product: 'peak', site: 'hpc-1', start: START, end: END },
  target: { as: 'share', ratio: 0.25 },
  ...more,
});
const placings = async ({ world }: App) =>
  (await world.ledger.read(0, 1000)).filter((e) => e.body.kind === 'place_jobs').length;
const limits = async ({ world }: App) =>
  (await world.store.collection(SOLD_FLEXIBILITY).list()).map(({ id }) => id.split('/')[0]);
const takers = async ({ world }: App) => [
  ...new Set((await world.store.collection(DELIVERED).list()).map(({ value }) => value.by)),
];

/** Three jobs run from noon on, 1 100 kW at the meter; two of them, 440 and 330 kW, may be interrupted. */
beforeAll(async () => {
  const app = await open('plan', '2022-05-25T11:00:00Z');
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
  await app.close();
  opened.length = 0;
});

it('is promised once, to the target that was asked for, whatever process dies on the way', async () => {
  const app = await home('kills');
  const args = ['event', 'add', '--site', 'hpc-1', '--start', START, '--end', END, '--share', '0.25'];
  const named = ['--source', 'dso', '--ref', 'A-1', '--product', 'peak', '--price', '241GBP'];
  const status = async () => (await app.world.store.collection(EVENTS).list())[0]?.value.status;
  // Each goes on where the one before was killed, and is killed with the next entry that it writes, or the one after that.
  for (let kills = 0; kills < 12 && (await status()) !== 'confirmed'; kills++) {
    const size = await app.world.ledger.size();
    const { child, dead } = caco('kills', [...args, ...named]);
    while (child.exitCode === null && (await app.world.ledger.size()) <= size + (kills % 2))
      await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill('SIGKILL');
    await dead;
  }
  const asked = event('A-1', { price: GBP(241) });
  const confirmed = await app.respond(asked, by);
  expect(confirmed.status, confirmed.reason ?? '').toBe('confirmed');
  expect(await app.respond(asked, by)).toEqual(confirmed);
  // The plan that was in force, and the event’s.
  expect(await placings(app)).toBe(2);
  const { commitment, stamps } = confirmed;
  expect(commitment!.slots).toHaveLength(6);
  for (const slot of commitment!.slots) expect(slot).toMatchObject({ baselineKw: 1100, targetKw: 825 });
  expect(stamps).toMatchObject({ received: NOW, itBelow: null, facilityBelow: null });
  expect((await app.world.store.collection(PLANS).get(commitment!.planId))!.value.replaces).toBeDefined();
  expect(await limits(app)).toEqual(Array(6).fill(confirmed.id));
  const run = (await app.world.store.collection(RUNS).get(confirmed.runId!))!.value;
  expect(run).toMatchObject({ kind: 'respond', status: 'placed', eventId: confirmed.id });
});

it('is paid for once; of one source the newest target counts, from what would have been drawn without the older', async () => {
  const app = await home('paid');
  const first = await app.respond(event('A-1', { price: GBP(241) }), by);
  expect(first.status, first.reason ?? '').toBe('confirmed');
  expect(await takers(app)).toEqual([first.id]);
  const twice = await app.respond(event('B-1', { source: 'tso', price: GBP(100) }), by);
  expect(twice).toMatchObject({ status: 'declined', commitment: null });
  expect(twice.reason).toContain(`${first.id} of dso is promised`);
  await expect(app.respond(event('A-1', { target: { as: 'limit', kw: 1 } }), by)).rejects.toMatchObject({
    code: 'conflict',
  });
  // Whoever would sell or settle the same energy otherwise hears whose it is.
  const hour = periodsIn({ start: instant(START), end: instant('2022-05-25T14:00:00Z') });
  const take = (taker: string, as: string) =>
    app.world.store.transaction((tx) =>
      claimDelivered(
        tx,
        { sites: ['hpc-1'], meterIds: [], periods: hour },
        { by: taker, as, run: null, at: instant(NOW) },
      ),
    );
  await expect(take('ORD-1', 'market order')).rejects.toThrow(`sold as flexibility event under ${first.id}`);

  const newer = await app.respond(event('A-2', { price: GBP(241), target: { as: 'share', ratio: 0.35 } }), by);
  expect(newer.status, newer.reason ?? '').toBe('confirmed');
  expect(newer.commitment!.slots[0]).toMatchObject({ baselineKw: 1100, targetKw: 715 });
  const { events } = await app.call('list_events', {}, by);
  expect(events.find(({ id }) => id === first.id)).toMatchObject({ status: 'replaced' });
  expect(await limits(app)).toEqual(Array(6).fill(newer.id));
  expect(await takers(app)).toEqual([newer.id]);

  expect((await app.cancelEvent(newer.id, 'over', by)).status).toBe('cancelled');
  expect(await limits(app)).toEqual([]);
  expect(await takers(app)).toEqual([]);
  await take('ORD-1', 'market order');
  const sold = await app.respond(event('A-3', { price: GBP(241) }), by);
  expect(sold).toMatchObject({ status: 'declined' });
  expect(sold.reason).toContain('was sold as market order under ORD-1');
  await expect(app.cancelEvent(sold.id, '', by)).rejects.toMatchObject({ code: 'conflict' });
});

it('is declined in a clear word, or promised as far as it can be where that is welcome', async () => {
  const app = await home('words');
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
  const best = await app.respond(event('C-8', { target: { as: 'limit', kw: 100 }, bestEffort: true }), by);
  expect(best.status, best.reason ?? '').toBe('confirmed');
  expect(best.reason).toContain('230 kW less than asked for');
  expect(best.commitment!.targetKw).toBeCloseTo(330, 6);
});

it('waits for a person where the policy asks one: a yes promises it, a no declines it, who takes it back asks no more', async () => {
  const app = await home('person');
  const operator = { actor: { id: 'operator', via: 'cli' as const } };
  const text = 'Moving more than 0 jobs needs the approval of an operator.';
  const { setId } = await app.call('ingest_policy', { text, name: 'rules.md', tz: 'Europe/London' }, operator);
  await app.call('confirm_policy', { setId, meanings: [] }, operator);
  const waiting = async (ref: string, more: object = {}) => {
    const found = await app.respond(event(ref, more), by);
    expect(found).toMatchObject({ status: 'received', reason: expect.stringContaining('waits for a person') });
    return { found, approvalId: (await app.world.store.collection(RUNS).get(found.runId!))!.value.approvalId! };
  };
  const answer = (id: string, decision: 'approve' | 'reject') =>
    app.orchestrator.answer({ id, decision, why: 'so be it', only: null }, operator);

  const back = await waiting('D-1');
  expect((await app.cancelEvent(back.found.id, '', by)).status).toBe('cancelled');
  await expect(answer(back.approvalId, 'approve')).rejects.toMatchObject({ code: 'conflict' });
  expect(await placings(app)).toBe(1);

  const no = await waiting('D-2', { target: { as: 'limit', kw: 800 }, price: GBP(10) });
  expect(await takers(app)).toEqual([no.found.id]);
  await answer(no.approvalId, 'reject');
  expect(await app.respond(no.found.asked, by)).toMatchObject({ status: 'declined' });
  expect(await takers(app)).toEqual([]);

  const yes = await waiting('D-3', { target: { as: 'limit', kw: 900 } });
  const late = await waiting('D-4', { target: { as: 'limit', kw: 400 }, source: 'tso' });
  await answer(yes.approvalId, 'approve');
  expect((await app.openEvents()).map(({ id }) => id)).toEqual([yes.found.id, late.found.id]);
  const confirmed = await app.respond(yes.found.asked, by);
  // It was handed over by whoever gave the answer: when, nobody wrote down.
  expect(confirmed).toMatchObject({ status: 'confirmed', stamps: { decided: NOW, issued: null } });
  expect(await placings(app)).toBe(2);
  // What this one was planned from is in force no more, so its yes placed nothing: the same is planned from what is, and placed.
  await answer(late.approvalId, 'approve');
  const anew = await app.respond(late.found.asked, by);
  expect(anew).toMatchObject({ status: 'confirmed', commitment: { targetKw: 400 } });
  expect(anew.runId).not.toBe(late.found.runId);
  const plan = (await app.world.store.collection(PLANS).get(anew.commitment!.planId))!.value;
  expect(plan.replaces).toBe(confirmed.commitment!.planId);
});

it('is kept from the next slot on where a person answers after it had begun', async () => {
  const app = await home('late');
  const operator = { actor: { id: 'operator', via: 'cli' as const } };
  const text = 'Moving more than 0 jobs needs the approval of an operator.';
  const { setId } = await app.call('ingest_policy', { text, name: 'rules.md', tz: 'Europe/London' }, operator);
  await app.call('confirm_policy', { setId, meanings: [] }, operator);
  const waiting = await app.respond(event('L-1', { target: { as: 'limit', kw: 800 } }), by);
  expect(waiting.status).toBe('received');
  const { approvalId } = (await app.world.store.collection(RUNS).get(waiting.runId!))!.value;
  await app.world.clock.waitUntil(instant('2022-05-25T13:40:00Z'));
  await app.orchestrator.answer({ id: approvalId!, decision: 'approve', why: 'late', only: null }, operator);
  const late = await app.respond(waiting.asked, by);
  expect(late.status, late.reason ?? '').toBe('confirmed');
  // Of what was over, and of the half-hour that had begun, nothing is promised.
  expect(late.commitment!.start).toBe('2022-05-25T14:00:00Z');
  expect(late.commitment!.end).toBe(END);
  expect(late.reason).toContain('a part of it was over when it was answered: it is kept from 2022-05-25T14:00:00Z on');
  expect(late.stamps.decided! >= instant('2022-05-25T13:40:00Z')).toBe(true);
  expect(await limits(app)).toHaveLength(4);
});

it('has no end until it is taken back: a plan that reaches further prolongs it', async () => {
  const app = await home('open-end');
  const open = await app.respond(event('O-1', { end: null, target: { as: 'limit', kw: 770 } }), by);
  expect(open.status, open.reason ?? '').toBe('confirmed');
  expect(open.reason).toContain('its end is open: it is promised until 2022-05-26T11:00:00Z');
  expect((await app.tendEvents(by)).events).toEqual([]);
  await app.world.clock.waitUntil(instant('2022-05-26T09:00:00Z'));
  const next = { id: 'next-day', earliest_start: '2022-05-26T12:00:00Z', duration_hours: 6, power_kw: 400 };
  const { workloadId } = await app.call('ingest_jobs', { jobs: [{ ...next, interruptible: true }] }, by);
  const order = { horizonHours: 24, approval: 'auto', workloadId: workloadId!, rests: true } as const;
  expect((await app.orchestrator.launch(order, by)).status).toBe('placed');
  const { events, trouble } = await app.tendEvents(by);
  expect(trouble).toEqual([]);
  expect(events).toMatchObject([{ id: open.id, status: 'confirmed' }]);
  const { commitment, reason } = events[0]!;
  expect(commitment!.start).toBe(open.commitment!.start);
  expect(commitment!.end > open.commitment!.end).toBe(true);
  expect(reason).toContain(`it is promised until ${commitment!.end}`);
  expect(await limits(app)).toEqual(Array(commitment!.slots.length).fill(open.id));
  expect((await app.tendEvents(by)).events).toEqual([]);
  expect((await app.cancelEvent(open.id, '', by)).status).toBe('cancelled');
  expect(await limits(app)).toEqual([]);
});

it('says on a day when clocks change that the rules of settlement have no baseline for it', async () => {
  const app = await open('clocks', '2022-10-29T22:00:00Z', { grid: 'sim' });
  const job = { id: 'night', earliest_start: '2022-10-30T00:00:00Z', duration_hours: 5, power_kw: 400 };
  const more = { due: '2022-10-30T05:00:00Z', tardiness_cost_per_hour: 1000, interruptible: true };
  const { workloadId } = await app.call('ingest_jobs', { jobs: [{ ...job, ...more }] }, by);
  const order = { horizonHours: 24, approval: 'auto', workloadId: workloadId!, rests: true } as const;
  expect((await app.orchestrator.launch(order, by)).status).toBe('placed');
  const hours = { start: '2022-10-30T00:00:00Z', end: '2022-10-30T02:00:00Z' };
  const limit = { target: { as: 'limit', kw: 500 } };
  const paid = await app.respond(event('T-1', { ...hours, ...limit, price: GBP(100) }), by);
  expect(paid.status, paid.reason ?? '').toBe('confirmed');
  expect(paid.reason).toContain('clocks change on 2022-10-30');
  // Four half-hours of a day that has fifty: each is taken once.
  expect(await app.world.store.collection(DELIVERED).list()).toHaveLength(4);
});

it('comes over HTTP, and from a file that is watched until Ctrl-C', async () => {
  const app = await home('doors');
  const server = await startHttp(app, { port: 0 });
  try {
    const ask = async (path: string, body?: unknown) => {
      const headers = { 'Content-Type': 'application/json' };
      const posted = { method: 'POST', headers, body: JSON.stringify(body) };
      const answer = await fetch(`${server.url}${path}`, body === undefined ? {} : posted);
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
    };
    const bad = await ask('/flexibility/events', { source: 'dso', ref: 'E-0' });
    expect(bad).toMatchObject({
      status: 400,
      json: { code: 'invalid-input', detail: expect.stringContaining('target') },
    });
    const first = await ask('/flexibility/events', event('E-1'));
    expect(first).toMatchObject({ status: 200, json: { status: 'confirmed' } });
    expect(await ask('/flexibility/events', event('E-1'))).toEqual(first);
    expect((await ask('/flexibility/events', event('E-1', { end: null }))).status).toBe(409);
    const path = `/flexibility/events/${first.json.id}`;
    expect((await ask(path)).json).toEqual(first.json);
    expect((await ask('/flexibility/events')).json).toMatchObject({ events: [{ id: first.json.id }] });
    expect(await ask(`${path}/cancel`, { why: 'a test' })).toMatchObject({
      status: 200,
      json: { status: 'cancelled' },
    });
    expect((await ask('/flexibility/events/E-none')).status).toBe(404);
    expect((await ask('/flexibility/events/E-none/cancel', {})).status).toBe(404);
  } finally {
    await server.close();
  }
  const file = join(folder, 'events.json');
  writeFileSync(
    file,
    JSON.stringify([event('F-0', { site: 'nowhere' }), event('F-1', { target: { as: 'limit', kw: 9 } })]),
  );
  const { child, dead } = caco('doors', ['event', 'watch', '--file', file, '--every', '1s'], 'pipe');
  let said = '';
  const told = (word: string) =>
    new Promise<void>((resolve) => {
      const look = () => said.includes(word) && resolve();
      child.stdout!.on('data', look);
      look();
    });
  child.stdout!.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  await told('(dso F-1): declined');
  writeFileSync(file, JSON.stringify(event('F-2', { target: { as: 'increase', kw: 9 } })));
  await told('(dso F-2): declined');
  child.kill('SIGINT');
  expect(await dead).toBe(0);
  expect(said).toContain('there is no site or region nowhere');
  expect(said).toContain('Stopped after 2 events');
});
