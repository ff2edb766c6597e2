/** A pilot: weeks in which nothing is placed, what is told of them, and that carrying the same plans out comes to the same. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type App, openApp, type Tick } from './app.js';
import { readConfig } from './config.js';
import type { Change } from './domain/change.js';
import { BASELINE, ORDERS, PLACEMENTS } from './domain/plan.js';
import { type Instant, plusHours, plusSeconds, secondsBetween } from './domain/time.js';
import { WATCHED } from './domain/watched.js';
import type { Ran } from './domain/world.js';
import type { Operating } from './graph/operate.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-pilot-'));
const apps: App[] = [];
afterAll(async () => {
  for (const app of apps) await app.close();
  rmSync(folder, { recursive: true, force: true });
});
const START = '2022-05-25T00:00:00Z' as Instant;
const actor = { id: 'ann', via: 'cli' } as const;
const open = async (home: string, over: Record<string, unknown> = {}): Promise<App> => {
  const app = await openApp(readConfig({ home, now: START, ...over }, {}, home).config);
  apps.push(app);
  return app;
};
const TWELVE_HOURLY: Operating = {
  ...{ everySeconds: 12 * 3600, horizonHours: 12, approval: 'auto', noticeMinutes: 30 },
  ...{ reviewHours: Number.POSITIVE_INFINITY, mostChanges: 2, until: plusHours(START, 36) },
};
const operate = async (app: App) => {
  const ticks: Tick[] = [];
  await app.operate(TWELVE_HOURLY, { actor }, (tick) => void ticks.push(tick));
  return ticks;
};
const LATER = plusHours(START, 96);

describe('a pilot', () => {
  const home = join(folder, 'watched');

  it('places nothing, and tells what carrying out would have come to', async () => {
    const app = await open(home, { observe: 'on' });
    const ticks = await operate(app);
    expect(ticks.flatMap(({ trouble }) => trouble)).toEqual([]);
    expect(ticks.map(({ status }) => status)).toEqual(ticks.map(() => 'done'));
    expect(await app.world.store.collection(ORDERS).list()).toEqual([]);
    for (const { value } of await app.world.store.collection(WATCHED).list())
      for await (const page of app.world.fleet.ran(value.key)) expect(page).toEqual([]);

    await app.world.clock.waitUntil(LATER);
    const said = await app.call('report_pilot', {}, { actor });
    expect(said.touched).toEqual({ deeds: 0, orders: 0, changes: 0, otherOrders: 0 });
    expect(said.plans).toMatchObject({ over: ticks.length, open: 0, refused: 0, waiting: 0, frozen: ticks.length });
    expect(said.jobs.seen).toBe(ticks.reduce((sum, { jobs }) => sum + jobs, 0));
    expect(said.jobs.moved).toBe(ticks.reduce((sum, { moved }) => sum + moved, 0));
    expect(said.basis).toEqual({ asRan: 0, asAsked: said.jobs.moved });
    expect(said.delay!.medianHours).toBeGreaterThan(0);
    expect(said.delay!.mostHours).toBeGreaterThanOrEqual(said.delay!.p90Hours);
    const sumOf = (parts: readonly { emissionsKg: { value: number }; jobs: number }[]) => ({
      kg: parts.reduce((sum, { emissionsKg }) => sum + emissionsKg.value, 0),
      jobs: parts.reduce((sum, { jobs }) => sum + jobs, 0),
    });
    for (const parts of [said.weeks, said.teams]) {
      expect(sumOf(parts).kg).toBeCloseTo(said.saved.emissionsKg.value, 6);
      expect(sumOf(parts).jobs).toBe(said.jobs.counted);
    }
    const steps = said.difference.reduce((sum, { emissionsKg }) => sum + emissionsKg, said.expectedKg);
    expect(steps).toBeCloseTo(said.saved.emissionsKg.value, 6);

    // The same weeks, carried out: what was verified then lies within what the pilot said.
    const real = await open(join(folder, 'carried-out'));
    expect((await operate(real)).map(({ moved }) => moved)).toEqual(ticks.map(({ moved }) => moved));
    await real.world.clock.waitUntil(LATER);
    let verified = 0;
    for (const { value } of await real.world.store.collection(ORDERS).list())
      verified += (await real.call('verify_savings', { planId: value.planId }, { actor })).verification.verified
        .emissionsKg.value;
    expect(verified).toBeGreaterThan(said.saved.emissionsKg.low);
    expect(verified).toBeLessThan(said.saved.emissionsKg.high);
    // What ran drifts by a few per cent from what was asked for.
    expect(Math.abs(verified - said.saved.emissionsKg.value)).toBeLessThan(0.2 * said.saved.emissionsKg.value);
    await expect(real.call('report_pilot', {}, { actor })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('reckons from accounts where there are some, and leaves out what a scheduler would have left', async () => {
    const app = await open(home, { observe: 'on', now: LATER });
    const before = await app.call('report_pilot', {}, { actor });
    const { fleet, store } = app.world;
    const orders = (await store.collection(WATCHED).list()).map(({ value }) => value);
    const planOf = (key: string) => orders.find((order) => key.startsWith(order.key))!.planId;
    // Every job ran by itself as long as asked for with twice the power, measured; the first of each plan started when the plan has it, the second never.
    const fates = new Map<string, 'with the plan' | 'never'>();
    const ranByItself = async function* (key: string): AsyncGenerator<Ran[]> {
      const planId = planOf(key);
      const starts = new Map<string, Instant>();
      for await (const page of store.rows(PLACEMENTS).pages(planId))
        for (const { jobId, start } of page) if (start < (starts.get(jobId) ?? '9')) starts.set(jobId, start);
      for await (const page of store.rows(BASELINE).pages(planId)) {
        const moved = page.filter(({ jobId, start }) => starts.get(jobId)! > start);
        const [first, second] = moved.map(({ jobId }) => jobId);
        fates.set(first!, 'with the plan').set(second!, 'never');
        yield page
          .filter(({ jobId }) => fates.get(jobId) !== 'never')
          .map(({ jobId, region, start, end, energyKwh }) => {
            const from = fates.get(jobId) === undefined ? start : starts.get(jobId)!;
            const seconds = secondsBetween(start, end);
            return {
              jobId,
              region,
              start: from,
              end: plusSeconds(from, seconds),
              energyKwh: 2 * energyKwh,
              source: 'measured',
            };
          });
      }
    };
    let asked = 0;
    const changes = async function* (key: string): AsyncGenerator<Change[]> {
      if (!key.endsWith('rehearsed')) return;
      for await (const page of store.rows(BASELINE).pages(planOf(key)))
        yield page.map(({ jobId }): Change => {
          const left = ++asked % 5 === 0;
          return {
            ...{ jobId, target: '', from: null, to: null, command: null, at: LATER },
            ...{ state: left ? 'left' : 'rehearsed', why: left ? 'no leave' : null },
            ...(left && { lacksLeave: true as const }),
          };
        });
    };
    Object.assign(app.world, { fleet: { ...fleet, ranByItself, changes } });
    const said = await app.call('report_pilot', {}, { actor });
    expect(said.touched).toMatchObject({ deeds: 0, orders: 0, changes: 0 });
    expect(said.basis.asAsked).toBeLessThan(said.jobs.moved / 10);
    expect(said.withLeave!.jobs).toBeGreaterThan(0);
    expect(said.jobs.moved + said.withLeave!.jobs).toBeGreaterThan(before.jobs.moved * 0.9);
    expect(said.uncounted.map(({ why }) => why)).toEqual(['it never ran, as far as the accounts say']);
    // Twice the energy: twice the saving of those that have leave.
    const ratio = said.saved.emissionsKg.value / before.saved.emissionsKg.value;
    expect(ratio).toBeGreaterThan(1.2);
    expect(ratio).toBeLessThan(2);
    const withAll = said.saved.emissionsKg.value + said.withLeave!.emissionsKg.value;
    expect(withAll / before.saved.emissionsKg.value).toBeCloseTo(2, 0);
    // A measured kWh is surer than a modelled one.
    const width = ({ emissionsKg: e }: typeof said.saved) => (e.high - e.low) / e.value;
    expect(width(said.saved)).toBeLessThan(width(before.saved));
    // What started by itself when the plan would have started it is moved by nothing.
    expect(said.delay!.medianHours).toBeGreaterThan(0);
  });

  it('is told as a page, as Markdown and as JSON; bad spans are refused', async () => {
    const [html, markdown] = [join(folder, 'p.html'), join(folder, 'p.md')];
    const caco = (...args: string[]) =>
      spawnSync(
        process.execPath,
        [fileURLToPath(new URL('dist/cli/main.js', import.meta.url)), 'pilot', 'report', ...args, '--now', LATER],
        { env: { ...process.env, CACO_HOME: home }, encoding: 'utf8' },
      );
    const { stdout } = caco('--html', html, '--markdown', markdown);
    expect(stdout).toMatch(/CO2e would have been saved|A saving is not shown/);
    expect(stdout).toContain('Nothing was touched');
    expect(readFileSync(html, 'utf8')).toContain('<h2>What it would have delayed</h2>');
    expect(readFileSync(markdown, 'utf8')).toContain('| team | would have saved (CO2e) |');
    const { saved } = JSON.parse(caco('--json').stdout);
    expect(saved.emissionsKg.low).toBeLessThan(saved.emissionsKg.value);
    expect(caco('--since', '2022-06-01T00:00:00Z').stderr).toContain('nothing was watched');
    expect(caco('--since', '2022-06-01T00:00:00Z', '--until', '2022-05-01T00:00:00Z').status).toBe(2);
  });
});
