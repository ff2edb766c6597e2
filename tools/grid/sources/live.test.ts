/** The program over live sources, which are local servers that replay what the real ones answer: the present day is planned. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp } from '../../../app.js';
import { readConfig } from '../../../config.js';
import { PLANS } from '../../../domain/plan.js';
import { knownUntil, whyUnknown } from '../../../domain/signal.js';
import { fromEpoch, type Instant, instant, plusHours, toEpoch } from '../../../domain/time.js';
import { startHttp } from '../../../http-server/http-server.js';
import { closedPort, httpPeer, type Peer } from '../../../wire/fixtures/peer.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-live-'));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const minute = (at: Instant) => `${at.slice(0, 16)}Z`;
/** Cleaner and cheaper at night. */
const wave = (at: Instant, middle: number, swing: number) =>
  Math.round(middle - swing * Math.cos((((toEpoch(at) / 3600 - 3) % 24) / 24) * 2 * Math.PI));
const halfHours = (from: Instant, to: Instant) =>
  Array.from({ length: (toEpoch(to) - toEpoch(from)) / 1800 }, (_, i) => fromEpoch(toEpoch(from) + i * 1800));

/** Every keyless server of Great Britain in one: by its path it knows which one is meant. */
const replaying = async (now: Instant) => {
  const peer: Peer = await httpPeer((request, response) => {
    const url = new URL(request.url ?? '', 'http://local');
    const answer = (document: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    const [, what, from, to] = url.pathname.split('/');
    if (what === 'intensity') {
      const end = instant(to!) < plusHours(now, 48) ? instant(to!) : plusHours(now, 48);
      // It begins with the half-hour before the one that was asked for.
      const rows = halfHours(plusHours(instant(from!), -0.5), end).map((at) => ({
        from: minute(at),
        to: minute(plusHours(at, 0.5)),
        intensity: {
          forecast: wave(at, 180, 80),
          actual: plusHours(at, 0.5) <= now ? wave(at, 182, 78) : null,
          index: 'moderate',
        },
      }));
      return answer({ data: rows });
    }
    if (url.pathname.includes('standard-unit-rates')) {
      const last = plusHours(now, 20);
      const end = url.searchParams.get('period_to')! < last ? instant(url.searchParams.get('period_to')!) : last;
      const slots = halfHours(
        instant(url.searchParams.get('period_from')!),
        fromEpoch(Math.floor(toEpoch(end) / 1800) * 1800),
      );
      const results = slots
        .map((at) => ({
          value_exc_vat: 20,
          value_inc_vat: wave(at, 21, 9),
          valid_from: at,
          valid_to: plusHours(at, 0.5),
        }))
        .reverse();
      return answer({ count: results.length, next: null, previous: null, results });
    }
    return answer({ data: [] });
  });
  open.push(peer);
  return peer.url;
};

const world = async (home: string, base: string, over: Record<string, string> = {}): Promise<App> => {
  const urls = Object.fromEntries(
    ['CARBON_INTENSITY', 'OCTOPUS', 'ELEXON', 'ENERGINET', 'RTE', 'OPEN_METEO'].map((name) => [
      `CACO_${name}_URL`,
      base,
    ]),
  );
  const env = { CACO_HOME: join(folder, home), CACO_GRID: 'live', ...urls, ...over };
  const app = await openApp(readConfig({}, env, folder).config);
  open.push(app);
  return app;
};
const by = { actor: { id: 'bob', via: 'cli' as const } };

describe('CACO_GRID=live', () => {
  it('plans the present day on what the servers say', async () => {
    const now = new Date().toISOString();
    const app = await world('day', await replaying(instant(now)));
    const run = await app.orchestrator.launch({ horizonHours: 24, approval: 'auto' }, by);
    expect(run).toMatchObject({ error: null, planId: expect.any(String) });
    const forecast = await app.call('get_grid_forecast', { horizonHours: 24 }, by);
    expect(forecast.source).toContain('NESO Carbon Intensity API');
    expect(forecast.priceSource).toContain('Octopus');
    expect(forecast.stats.coverageRatio).toBe(1);
    expect(Math.abs(toEpoch(forecast.generatedAt) - toEpoch(instant(now)))).toBeLessThan(600);
    const windows = await app.call('find_green_window', { durationHours: 3 }, by);
    expect(windows.windows[0]!.meanGPerKwh).toBeLessThan(140);
  });

  it('plans on what was said before when the servers are gone, and says how old it is', async () => {
    const now = instant(new Date().toISOString());
    const app = await world('old', await replaying(now));
    const brought = await app.call('refresh_grid', { to: plusHours(now, 40) }, by);
    expect(brought.signals.find((s) => s.source === 'carbon-intensity')).toMatchObject({ gaps: 0, trouble: null });
    const gone = `http://127.0.0.1:${await closedPort()}`;
    const later = await world('old', gone, { CACO_NOW: plusHours(now, 2) });
    const old = await later.call('get_grid_forecast', { horizonHours: 12 }, by);
    expect(old.stats.coverageRatio).toBe(1);
    expect(old.ageHours).toBeGreaterThan(1.9);
    expect(old.notes.join(' ')).toMatch(/carbon-intensity does not answer .* is used/);
    // Asked first: carried out, the world that is told its now would jump to the end, of which nobody can tell what came true.
    const run = await later.orchestrator.launch({ horizonHours: 12, approval: 'ask' }, by);
    expect(run).toMatchObject({ error: null, planId: expect.any(String) });
    const made = await later.world.store.collection(PLANS).get(run.planId!);
    expect(made!.value.unseen.join(' ')).toContain('carbon-intensity does not answer');
  });

  it('waits for servers that hang no longer than was said, places, and claims nothing until somebody tells what came true', async () => {
    const now = instant(new Date().toISOString());
    const app = await world('hung', await replaying(now));
    await app.call('refresh_grid', { to: plusHours(now, 40) }, by);
    // It takes every request and never answers.
    const hanging = await httpPeer(() => {});
    open.push(hanging);
    const at = { CACO_NOW: plusHours(now, 2), CACO_GRID_WAIT_S: '1' };
    const later = await world('hung', hanging.url, at);
    const placed = await later.orchestrator.launch({ horizonHours: 12, approval: 'auto' }, by);
    expect(placed).toMatchObject({
      status: 'placed',
      settleAfter: expect.any(String),
      error: expect.stringMatching(/^not verified yet: carbon-intensity has not answered/),
    });
    const made = await later.world.store.collection(PLANS).get(placed.planId!);
    const unseen = made!.value.unseen.join('; ');
    expect(unseen).toMatch(/carbon-intensity does not answer .*: what it said by .* is used/);
    expect(unseen).toMatch(/octopus does not answer/);
    const account = await later.call('measure_emissions', { planId: placed.planId!, foresight: 'forecast' }, by);
    expect(account.unseen.join(' ')).toMatch(/carbon-intensity does not answer .*: what it said by .* is used/);
    // Somebody tells, once that time has come.
    const told = await world('hung', await replaying(placed.settleAfter!), { CACO_NOW: placed.settleAfter! });
    const done = await told.orchestrator.resume(placed.id, by);
    expect(done).toMatchObject({ status: 'done', error: null, story: expect.stringContaining('Window closed') });
  });

  it('answers over the Carbon Aware routes what was known when it is asked about', async () => {
    const now = instant(new Date().toISOString());
    const app = await world('batch', await replaying(now));
    await app.call('refresh_grid', { to: plusHours(now, 40) }, by);
    const later = await world('batch', `http://127.0.0.1:${await closedPort()}`, { CACO_NOW: plusHours(now, 2) });
    const server = await startHttp(later, { port: 0 });
    open.push(server);
    const ask = async (requestedAt: Instant) => {
      const answer = await fetch(`${server.url}/emissions/forecasts/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ location: 'GB', requestedAt, dataEndAt: plusHours(requestedAt, 6) }]),
      });
      return { status: answer.status, body: JSON.parse(await answer.text()) };
    };
    const { status, body } = await ask(plusHours(now, 0.25));
    expect(status).toBe(200);
    expect(body[0].forecastData.length).toBeGreaterThanOrEqual(11);
    expect(instant(body[0].generatedAt) <= plusHours(now, 0.25)).toBe(true);
    // Nothing was kept by then.
    expect((await ask(plusHours(now, -1))).status).toBe(501);
  });

  it('says how far its sources know, also where the hours in question lie wholly beyond', async () => {
    const now = instant(`${new Date().toISOString().slice(0, 13)}:00:00Z`);
    const end = plusHours(now, 48);
    const app = await world('reach', await replaying(now), { CACO_NOW: now });
    const beyond = await app.call('get_grid_forecast', { from: plusHours(now, 60), to: plusHours(now, 66) }, by);
    expect(beyond).toMatchObject({ knownUntil: end, stats: { meanGPerKwh: null } });
    const near = await app.call('get_grid_forecast', { from: now, to: plusHours(now, 6) }, by);
    expect(near.knownUntil).toBe(end);
    const run = await app.orchestrator.launch({ horizonHours: 72, approval: 'ask' }, by);
    const made = await app.world.store.collection(PLANS).get(run.planId!);
    expect(made!.value.unseen.join(' ')).toContain(`now is ${now}, and nothing is known of GB from ${end} on`);
    const actual = (from: number, to: number) =>
      app.world.grid.carbon('GB', { start: plusHours(now, from), end: plusHours(now, to) }, 'actual');
    expect((await actual(-3, 3)).knownUntil).toBe(now);
    const ahead = await actual(6, 9);
    expect([ahead.knownUntil, ahead.series.values.every((value) => value === null)]).toEqual([now, true]);
  });

  it('knows until now what came true, also where nothing was asked before', async () => {
    const now = instant(`${new Date().toISOString().slice(0, 13)}:00:00Z`);
    const app = await world('unasked', await replaying(now), { CACO_NOW: now });
    const hours = { start: plusHours(now, 6), end: plusHours(now, 9) };
    const ahead = await app.world.grid.carbon('GB', hours, 'actual');
    expect([ahead.knownUntil, ahead.series.values.every((value) => value === null)]).toEqual([now, true]);
    expect(whyUnknown('GB', knownUntil(ahead), hours, now)).toBe(
      `what is known of GB ends at ${now}, and now is ${now}`,
    );
  });

  it('H13: does not call now what ended before, in a tool’s answer nor in words', async () => {
    const path = new URL('fixtures/recorded/carbon-intensity/national_current_stale_2019-09-12.json', import.meta.url);
    const stale = await httpPeer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(readFileSync(path));
    });
    open.push(stale);
    const then = { CACO_GRID: 'carbon-intensity', CACO_NOW: '2019-09-12T08:57:00Z' };
    const app = await world('stale', stale.url, then);
    const forecast = await app.call('get_grid_forecast', { region: 'GB', horizonHours: 1 }, by);
    expect(forecast).toMatchObject({ knownUntil: '2019-09-12T08:30:00Z', stats: { meanGPerKwh: null } });
    for (const question of ['How clean is the grid now?', 'How clean is the grid in GB now?']) {
      const { answer } = await app.chat(question, undefined, by);
      expect(answer).toMatch(/there is no figure.*\(nothing is known from Thu 12 Sep 2019 08:30 UTC on\)/);
      expect(answer).not.toMatch(/18[48]|194|min old/);
    }
  });

  it('says what is to be done where nothing was ever known', async () => {
    const app = await world('nothing', `http://127.0.0.1:${await closedPort()}`);
    await expect(app.call('get_grid_forecast', { region: 'GB' }, by)).rejects.toMatchObject({
      code: 'unavailable',
      remedy: expect.stringContaining('CACO_GRID=recorded'),
    });
  });
});
