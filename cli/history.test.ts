/** A history from a scheduler's file to its emissions, by the command line as built: accounted when it ran. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** of the site in GB */
const PUE = 1.1;
const fixture = (name: string) => fileURLToPath(new URL(`../tools/fleet/fixtures/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-history-'));
beforeAll(() => {
  const rows = ['start,intensity_g_per_kwh'];
  for (let h = 0; h < 48; h++)
    rows.push(`${new Date(Date.parse('2026-11-28T00:00:00Z') + h * 3.6e6).toISOString()},${h < 12 ? 100 : 300}`);
  writeFileSync(join(folder, 'signal.csv'), `${rows.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const caco = (...args: string[]) => cacoWith({}, ...args);
const cacoWith = (more: Record<string, string>, ...args: string[]) => {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    CACO_HOME: join(folder, 'home'),
    CACO_FLEET: 'files',
    CACO_GRID: `file:${join(folder, 'signal.csv')}`,
    CACO_NOW: '2026-11-30T00:00:00Z',
    ...more,
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
  const { workloadId } = caco('ingest', fixture(name), '--time-zone', 'UTC');
  const { total } = caco('account', '--workload', workloadId);
  expect(total.jobs).toBe(jobs);
  expect(total.energyKwh).toBeCloseTo(PUE * itKwh, 6);
  expect(total.emissionsKg.value * 1000).toBeCloseTo(PUE * grams, 3);
});

it('is learned from: a job that says only its limit is planned as long as those before it ran', () => {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const at = new Date(Date.parse('2026-10-01T00:00:00Z') + i * 3.6e6).toISOString();
    return `run-${i},train-${i},ml,8,24,${(2.5 + (i % 5) / 4).toFixed(2)},${at}`;
  });
  const header = 'id,name,team,vcpus,limit_hours,duration_hours,submitted_at';
  writeFileSync(join(folder, 'ran.csv'), `${header}\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'queue.csv'), `${header}\nnext,train-60,ml,8,24,,2026-11-28T00:00:00Z\n`);

  const early = cacoWith({ CACO_DURATIONS: 'foretold' }, 'ingest', join(folder, 'queue.csv'));
  expect(early.error).toMatchObject({ code: 'not-found', remedy: expect.stringContaining('caco train --jobs') });

  const { card } = caco('train', '--jobs', join(folder, 'ran.csv'));
  expect(card).toMatchObject({ jobs: 60, learns: false, measured: 0 });
  const job = (told: { workloadId: string }) => caco('jobs', '--workload', told.workloadId).jobs[0];
  expect(job(caco('ingest', join(folder, 'queue.csv')))).toMatchObject({ durationHours: 24 });
  const told = cacoWith({ CACO_DURATIONS: 'foretold' }, 'ingest', join(folder, 'queue.csv'));
  expect(job(told)).toMatchObject({ durationHours: 3, foreseen: { askedHours: 24, lowHours: 2.5, highHours: 3.5 } });
  expect(told.assumed[0].value).toContain('foretold from 60 jobs');
});
