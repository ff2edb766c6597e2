/** Events settled in a thread: each once, whatever dies meanwhile; one that cannot be settled keeps no other waiting. Real store, real saver. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { METERED, METERS, spanSet } from '../domain/meter.js';
import { RUNS } from '../domain/run.js';
import { STATEMENTS, statementId } from '../domain/settlement/statement.js';
import { fromEpoch, instant, toEpoch } from '../domain/time.js';
import { type OpenStore, openStore } from '../store/store.js';
import { DEAD, dying } from './fixtures/dying.js';
import { buildGraph } from './graph.js';
import { openOrchestrator } from './orchestrator.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-settle-'));
const ann = { actor: { id: 'ann', via: 'cli' as const } };
let app: App;
let opened: OpenStore;
let homes = 0;
afterEach(async () => {
  await opened.close();
  await app.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const START = '2022-03-01T00:00:00Z';
const END = '2022-05-20T00:00:00Z';
/** 1 000 kWh a half-hour, 700 in an hour of the two days with events; two readings are missing. */
const begin = async () => {
  const home = join(folder, `home-${homes++}`);
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, folder);
  app = await openApp(config, settings);
  opened = await openStore(join(home, 'caco.db'));
  const { store } = app.world;
  await store.collection(METERS).put('hall', {
    ...{ id: 'hall', name: 'hall', boundary: 'facility', source: 'test', basis: 'interval' },
    ...{ covers: { start: instant(START), end: instant(END) }, subject: { kind: 'site', id: 'hall' } },
  });
  const rows = new Map<string, { id: string; value: object }[]>();
  for (let at = toEpoch(instant(START)); at < toEpoch(instant(END)); at += 1800) {
    const [start, end] = [fromEpoch(at), fromEpoch(at + 1800)];
    const energyKwh = start.startsWith('2022-05-18T17') ? null : /^2022-05-1[12]T17/.test(start) ? 700 : 1000;
    const set = spanSet('hall', start);
    const value = { start, end, energyKwh, why: energyKwh === null ? 'nothing was read' : null };
    rows.set(set, [...(rows.get(set) ?? []), { id: start, value }]);
  }
  for (const [set, spans] of rows) await store.rows(METERED).append(set, spans as never);
};

const event = (day: string, more: object = {}) => ({
  ...{ id: `DFS-${day}`, site: 'hall', meterIds: ['hall'], bankHolidays: ['2022-04-15', '2022-04-18', '2022-05-02'] },
  ...{ start: `${day}T16:00:00Z`, end: `${day}T18:00:00Z` },
  eventDays: ['2022-05-11', '2022-05-12'],
  terms: { as: 'bid', bidMwh: 1, price: 241, adjusted: false },
  ...more,
});
const TWO = [event('2022-05-11'), event('2022-05-12')];
const settlements = async () =>
  (await app.world.ledger.read(0, 100_000)).filter(({ body }) => body.kind === 'settlement');

it('are settled once each, at whichever write the process died', async () => {
  for (let writes = 0, whole = false; !whole; writes++) {
    expect(writes).toBeLessThan(50);
    await begin();
    const { store } = app.world;
    const saver = await opened.saver();
    const first = openOrchestrator(app.world, buildGraph(app.world, dying(saver, writes)), saver);
    whole = await first.settle(TWO, ann).then(
      () => true,
      (error: Error) => {
        expect(error.message).toBe(DEAD);
        return false;
      },
    );
    const [kept] = await store.collection(RUNS).list({ limit: 1 });
    const second = openOrchestrator(app.world, buildGraph(app.world, saver), saver);
    const run = await second.resume(kept!.id, ann);
    const when = `after ${writes} writes`;
    expect(run, when).toMatchObject({ kind: 'settle', status: 'done', error: null });
    expect(run.settled, when).toEqual(TWO.map(({ id }) => ({ id, run: 'II', fault: null })));
    expect(run.story, when).toContain('Settled 2 of 2 events.');
    expect(
      (await settlements()).map(({ body }) => body.subject),
      when,
    ).toEqual(TWO.map(({ id }) => id));
    if (whole) break;
    await opened.close();
    await app.close();
  }
});

it('that were settled before are settled no second time, and a later run takes their place', async () => {
  await begin();
  const before = await app.settle(TWO, ann);
  const again = await app.settle(TWO, ann);
  expect(again.statements).toEqual(before.statements);
  expect(await settlements()).toHaveLength(2);
  const later = await app.settle([event('2022-05-12', { run: 'SF' })], ann);
  expect(later.statements[0]).toMatchObject({ run: 'SF' });
  expect(await settlements()).toHaveLength(3);
  const { totals, csv } = again.together;
  expect(totals).toMatchObject([{ gross: 289.2, net: null }]);
  expect(csv.split('\r\n')[0]).toBe('event,site,start,run,line,mwh,per_mwh,amount,currency,evidence');
});

it('of which one cannot be settled are settled all the same, and it is said why', async () => {
  await begin();
  const { run, failed, statements } = await app.settle([event('2022-05-18'), ...TWO], ann);
  expect(run.status).toBe('done');
  expect(failed).toMatchObject([
    { id: 'DFS-2022-05-18', fault: { code: 'invalid-input', remedy: expect.stringContaining('caco meter import') } },
  ]);
  expect(statements).toHaveLength(2);
  expect(run.story).toContain('DFS-2022-05-18, run II: not settled, for period 37 of 2022-05-18 is not metered');
  const kept = app.world.store.collection(STATEMENTS);
  expect(await kept.get(statementId('DFS-2022-05-18', 'II'))).toBeUndefined();
});

it('are refused before anything is begun where the file is wrong', async () => {
  await begin();
  await expect(app.settle([], ann)).rejects.toThrow('0 events');
  await expect(app.settle([TWO[0], TWO[0]], ann)).rejects.toThrow('stands there twice');
  await expect(app.settle([{ ...TWO[0], terms: { as: 'gift' } }], ann)).rejects.toThrow('0.terms');
  expect(await app.world.store.collection(RUNS).list()).toEqual([]);
});
