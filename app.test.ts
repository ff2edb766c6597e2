import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp } from './app.js';
import { readConfig } from './config.js';

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
