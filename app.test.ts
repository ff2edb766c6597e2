import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp } from './app.js';
import { readConfig } from './config.js';
import { instant, plusHours, toEpoch } from './domain/time.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-app-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

/** An app in a folder of its own, with this caco.yaml. */
const open = async (yaml: string, flags: Record<string, unknown> = {}) => {
  const home = mkdtempSync(join(folder, 'home-'));
  writeFileSync(join(home, 'caco.yaml'), yaml);
  const app = await openApp(readConfig({ home, ...flags }, {}, home).config);
  opened.push(app);
  return app;
};

const LEEDS = `
fleet: files
setting:
  name: leeds
  currency: GBP
  thresholds:
    maxSavedKg: 1000
    maxCost: 5000
    maxMovedJobs: 100
    maxSavingRatio: 0.8
    maxSignalAgeHours: 6
    refuseAboveRisk: 0.95
`;

it('sends no trace of a run anywhere because an environment says so, model or none', async () => {
  process.env.LANGSMITH_TRACING = 'true';
  process.env.LANGCHAIN_TRACING_V2 = 'true';
  await open('', {});
  expect(Object.keys(process.env).filter((name) => /^LANG(SMITH|CHAIN)_/.test(name))).toEqual([]);
});

describe('a place of its own', () => {
  it('is described in caco.yaml, and its sites are the imported ones', async () => {
    const app = await open(LEEDS, { now: '2022-06-01T00:00:00Z' });
    const { setting, clock, fleet } = app.world;
    expect(setting).toMatchObject({ name: 'leeds', title: 'leeds', currency: 'GBP', seed: 0, start: null });
    expect(setting.thresholds.approvalHours).toBe(24);
    expect(clock.now()).toBe('2022-06-01T00:00:00Z');
    expect(await fleet.sites()).toEqual([]);
    const sites = join(folder, 'sites.csv');
    writeFileSync(sites, 'id,region,power_cap_kw\nhall-1,GB,900\n');
    await app.call('import_sites', { path: sites }, { actor: { id: 'ann', via: 'cli' } });
    expect(await fleet.sites()).toMatchObject([{ id: 'hall-1', region: 'GB', currency: 'GBP', powerCapKw: 900 }]);
  });

  it('cannot be simulated, and says what to set instead', async () => {
    const now = '2022-06-01T00:00:00Z';
    await expect(open(LEEDS, { now, fleet: 'sim' })).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(open(LEEDS, { now, fleet: 'sim' })).rejects.toThrow('simulated fleet');
    await expect(open(LEEDS, { now, grid: 'sim' })).rejects.toThrow('simulated grid');
  });

  it('must say what now is where nothing is live', async () => {
    await expect(open(LEEDS)).rejects.toThrow('nobody has said what now is in leeds');
    const app = await open(`${LEEDS}  start: '2022-06-02T00:00:00Z'\n`);
    expect(app.world.clock.now()).toBe('2022-06-02T00:00:00Z');
  });

  it('lists every mistake in its description', async () => {
    const wrong = LEEDS.replace('maxCost: 5000', 'maxCosts: 5000').replace('currency: GBP', 'currency: pounds');
    await expect(open(wrong)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/currency.*thresholds/s),
    });
  });

  it('gives way to a scenario that was said more strongly', async () => {
    const app = await open(LEEDS, { scenario: 'gb-hpc', fleet: 'sim' });
    expect(app.world.setting.name).toBe('gb-hpc');
    expect(app.world.clock.now()).toBe(app.world.setting.start);
  });
});

describe('a live grid', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  /** The Carbon Intensity API, which forecasts 100, 101, 102 … g/kWh from the half-hour that is asked for. */
  const api = async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const [from = '', to = ''] = (request.url ?? '').split('/').slice(2);
      const count = (toEpoch(instant(to)) - toEpoch(instant(from))) / 1800;
      const data = Array.from({ length: count }, (_, i) => ({
        from: plusHours(instant(from), i / 2),
        intensity: { forecast: 100 + i, actual: null, index: 'low' },
      }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { asked, carbonIntensityUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const forecast = (app: App, from = app.world.clock.now()) =>
    app.call(
      'get_grid_forecast',
      { region: 'GB', from, horizonHours: 2 },
      { actor: { id: 'ann', via: 'cli' } },
    ) as Promise<{
      points: { start: string; intensityGPerKwh: number; pricePerMwh: number | null }[];
      source: string;
    }>;

  it('lives by the system’s clock and is asked about the present, once for who asks at once', async () => {
    const { asked, carbonIntensityUrl } = await api();
    const before = Math.floor(Date.now() / 1000);
    const app = await open(LEEDS, { grid: 'live', carbonIntensityUrl });
    const now = toEpoch(app.world.clock.now());
    expect(before <= now && now <= Date.now() / 1000).toBe(true);
    const from = app.world.clock.now();
    const [first, second] = await Promise.all([forecast(app, from), forecast(app, from)]);
    expect(toEpoch(instant(first.points[0]!.start))).toBeGreaterThan(now - 1800 - 1);
    expect(first.points.map((p) => p.pricePerMwh)).toEqual(first.points.map(() => null));
    expect(second.points).toEqual(first.points);
    expect(first.source).toContain('NESO');
    expect(asked).toHaveLength(1);
  });

  it('is asked about another day when it was told what now is', async () => {
    const { asked, carbonIntensityUrl } = await api();
    const app = await open(LEEDS, { grid: 'live', carbonIntensityUrl, now: '2026-03-01T10:10:00Z' });
    expect(app.world.clock.now()).toBe('2026-03-01T10:10:00Z');
    const { points } = await forecast(app);
    expect(asked).toEqual(['/intensity/2026-03-01T10:00Z/2026-03-01T13:00Z']);
    expect(points.map((p) => p.intensityGPerKwh)).toEqual([100, 101, 102, 103, 104]);
  });

  it('is completed by a recorded one: what the first does not price the second does', async () => {
    const { carbonIntensityUrl } = await api();
    const now = '2022-06-01T00:00:00Z';
    const app = await open(LEEDS, { grid: 'carbon-intensity,recorded', carbonIntensityUrl, now });
    const { points } = await forecast(app);
    expect(points[0]).toMatchObject({ intensityGPerKwh: 100, pricePerMwh: 289.4 });
  });
});
