/** A history from a scheduler's file to its emissions, by the command line as built: accounted when it ran. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** of the site in GB */
const PUE = 1.1;
const fixture = (name: string) => fileURLToPath(new URL(`../tools/fleet/fixtures/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-history-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const caco = (...args: string[]) => {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    CACO_HOME: join(folder, 'home'),
    CACO_FLEET: 'files',
    CACO_GRID: `file:${join(folder, 'signal.csv')}`,
    CACO_NOW: '2026-11-30T00:00:00Z',
  };
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args, '--json'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout);
};

it.each([
  // 100 g/kWh until noon, 300 g/kWh from then on: 1 h × 4 + 2 h × 8 + 10 h × 16 vCPUs of 5 W, all after noon.
  ['sacct-jobid-second.txt', 3, 0.9, 0.9 * 300],
  // 10 h and 115 min of 5 h before noon, the rest after; 16 vCPUs of 5 W.
  ['sacct-requeued.txt', 3, 16 * 0.08, 0.08 * ((10 + 115 / 60) * 100 + (185 / 60 + 1) * 300)],
  // 101 630 J, measured
  ['reportseff-66.txt', 1, 101_630 / 3.6e6, (101_630 / 3.6e6) * 300],
])('%s', (name, jobs, itKwh, grams) => {
  const rows = ['start,intensity_g_per_kwh'];
  for (let h = 0; h < 48; h++)
    rows.push(`${new Date(Date.parse('2026-11-28T00:00:00Z') + h * 3.6e6).toISOString()},${h < 12 ? 100 : 300}`);
  writeFileSync(join(folder, 'signal.csv'), `${rows.join('\n')}\n`);
  const { workloadId } = caco('ingest', fixture(name), '--time-zone', 'UTC');
  const { total } = caco('account', '--workload', workloadId);
  expect(total.jobs).toBe(jobs);
  expect(total.energyKwh).toBeCloseTo(PUE * itKwh, 6);
  expect(total.emissionsKg.value * 1000).toBeCloseTo(PUE * grams, 3);
});
