/** Jobs and sites through the command line, as a process and as built. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it, vi } from 'vitest';

// Real processes, many of them: nothing is judged by its time, and only a test that hangs ends by this limit.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 1_800_000 });

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-ingest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const caco = (args: string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args, '--json'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, CACO_HOME: join(folder, 'home') },
    input,
    encoding: 'utf8',
  });
  expect(stdout, stderr).not.toBe('');
  return { status, answer: JSON.parse(stdout) };
};

it('ingest, jobs, flexibility, site import and account share one world and its contract', () => {
  const path = join(folder, 'jobs.csv');
  writeFileSync(
    path,
    `id,duration_hours,vcpus,earliest_start,deadline,team
a,2,1000,2022-06-01T00:00:00Z,2022-06-01T09:00:00Z,ml
b,-2,10,,,ml
`,
  );
  const taken = caco(['ingest', path]);
  expect([taken.status, taken.answer.accepted]).toEqual([0, 1]);
  expect(taken.answer.rejected).toMatchObject([
    { line: 3, field: 'duration_hours', message: expect.any(String), remedy: expect.any(String) },
  ]);
  const { workloadId } = taken.answer;
  expect(caco(['jobs', '--workload', workloadId]).answer.jobs.map((j: { id: string }) => j.id)).toEqual(['a']);

  const window = ['--from', '2022-06-01T00:00:00Z', '--to', '2022-06-01T03:00:00Z', '--cluster', 'hpc-1'];
  const { slots } = caco(['flexibility', ...window]).answer;
  expect(slots[0]).toEqual({ start: '2022-06-01T00:00:00Z', firmKw: 5.5, bestEffortKw: 5.5, maxDurationMinutes: 420 });

  const before = caco(['account', '--workload', workloadId, '--by', 'team']).answer;
  expect(before.groups).toMatchObject([{ team: 'ml', jobs: 1, energyKwh: 11 }]);
  expect(before.total.cost).toMatchObject({ currency: 'GBP', instance: 0, egress: 0 });

  const sites = join(folder, 'sites.yaml');
  writeFileSync(sites, 'sites:\n  - { id: hpc-1, region: GB, clusterId: hpc-1, pue: 1.32, energyPricePerMwh: 100 }\n');
  expect(caco(['site', 'import', sites]).answer.accepted).toBe(1);
  const after = caco(['account', '--workload', workloadId]).answer.total;
  expect(after.emissionsKg.value / before.total.emissionsKg.value).toBeCloseTo(1.2, 9);
  expect(after.cost.energy).toBeCloseTo(1.32, 9);
});

it('bad files say what to do, with the exit code of the contract', () => {
  expect(caco(['ingest', join(folder, 'none.csv')])).toMatchObject({
    status: 3,
    answer: { error: { code: 'not-found' } },
  });
  const trace = caco(['ingest', '-'], 'arrival_time,length,cpus\n0,10,1\n');
  expect([trace.status, trace.answer.error.remedy]).toEqual([2, expect.stringContaining('--unit')]);
  expect(caco(['ingest', '-'], 'id,duration_hours,vcpus\nx,-1,1\n')).toMatchObject({
    status: 2,
    answer: { workloadId: null },
  });
  expect(caco(['account', '--workload', 'W-NONE']).status).toBe(3);
});
