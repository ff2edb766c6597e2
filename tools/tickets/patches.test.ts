/** Patches that git really applies, and lines that a shell reads as meant. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instant } from '../../domain/time.js';
import { callTool } from '../tool.js';
import { shiftCron } from './cron.js';
import { filesTracker } from './files.js';
import { decisionFor, HOSTILE, jobFor, planFor, recommendation, scene, timer } from './fixtures/scene.js';
import { patchSchedule } from './schedule-patch.js';
import { shellQuote, slurmLine } from './slurm.js';
import { draftSchedulePatch, draftSlurmCommands } from './tickets.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caco-patch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const applied = (path: string, text: string, diff: string): string => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  writeFileSync(join(folder, 'x.patch'), diff);
  execFileSync('git', ['apply', '--unsafe-paths', 'x.patch'], {
    cwd: folder,
    env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
  });
  return readFileSync(join(folder, path), 'utf8');
};

const WORKFLOW = `name: nightly # keep me
on:
  push: { branches: [main] }
  schedule:
    - cron: '0 2 * * 1-5'   # UTC
    - cron: "30 4 * * *"
jobs:
  a:
    runs-on: ubuntu-latest
    steps: [{ run: "echo '0 2 * * 1-5'" }]
`;
const CRONJOBS = `apiVersion: batch/v1
kind: CronJob
metadata: {name: train}
spec:
  schedule: 0 2 * * *
  timeZone: Europe/London
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: report
spec:
  schedule: "0 2 * * *"
  jobTemplate: {}`;
const CRONTAB = `SHELL=/bin/sh
# 0 2 * * * commented out
0  2 * * *\t/opt/train.sh --night
0 2 * * * root /opt/other.sh
*/5 * * * * /opt/poll.sh
`;

describe('schedule patches', () => {
  it.each([
    [
      'github-actions',
      '.github/workflows/n.yml',
      WORKFLOW,
      '0 2 * * 1-5',
      '30 11 * * 1-5',
      null,
      [["cron: '0 2 * * 1-5'   # UTC", "cron: '30 11 * * 1-5'   # UTC"]],
    ],
    ['github-actions', 'w.yml', WORKFLOW, '30 4 * * *', '*/30 4 * * *', null, [['"30 4 * * *"', '"*/30 4 * * *"']]],
    ['kubernetes', 'k/jobs.yaml', CRONJOBS, '0 2 * * *', '0 11 * * *', 'report', [['"0 2 * * *"', '"0 11 * * *"']]],
    [
      'kubernetes',
      'k/jobs.yaml',
      CRONJOBS,
      '0 2 * * *',
      '*/9 11 * * *',
      'train',
      [['schedule: 0 2 * * *\n', "schedule: '*/9 11 * * *'\n"]],
    ],
    ['crontab', 'crontab', CRONTAB, '0 2 * * *', '0 11 * * *', 'train.sh', [['0  2 * * *\t/opt', '0 11 * * *\t/opt']]],
    [
      'crontab',
      'crontab',
      CRONTAB.replaceAll('\n', '\r\n'),
      '0 2 * * *',
      '0 11 * * *',
      'other',
      [['0 2 * * * root', '0 11 * * * root']],
    ],
  ] as const)('%s %s changes the one schedule and nothing else', (kind, path, text, from, to, only, edits) => {
    const patched = patchSchedule({ kind, path, text, from, to, only });
    let wanted: string = text;
    for (const [a, b] of edits) wanted = wanted.replace(a, b);
    expect(wanted).not.toBe(text);
    expect(patched.text).toBe(wanted);
    expect(applied(path, text, patched.diff)).toBe(wanted);
  });

  it('names what there is when nothing fits, and refuses paths outside and bad files', () => {
    const of = { kind: 'github-actions' as const, path: 'w.yml', text: WORKFLOW, to: '0 3 * * *', only: null };
    expect(() => patchSchedule({ ...of, from: '9 9 * * *' })).toThrow(/holds no schedule/);
    expect(() => patchSchedule({ ...of, from: '0 2 * * 1-5', path: '../w.yml' })).toThrow(/path/);
    expect(() => patchSchedule({ ...of, from: '0 2 * * 1-5', to: '0 3 * *\n* evil' })).toThrow(/five fields|schedule/);
    expect(() => patchSchedule({ ...of, from: '0 2 * * 1-5', text: 'on: [' })).toThrow(/not YAML/);
  });
});

describe('shiftCron', () => {
  it.each([
    ['0 2 * * *', 570, '30 11 * * *'],
    ['0 23 * * 1-5', 120, '0 1 * * 2,3,4,5,6'],
    ['30 0 * * sun', -60, '30 23 * * 6'],
    ['15 * * * *', 50, '5 * * * *'],
    ['0,30 2 * * *', 60, '0,30 3 * * *'],
    ['0,30 2 * * *', 45, null],
    ['0 2 1 * *', 60, '0 3 1 * *'],
    ['0 23 1 * *', 120, null],
    ['*/5 2 * * *', 60, null],
    ['0 2-4 * * *', 60, null],
    ['0 1,23 * * 1', 120, null],
    ['0 1,23 * * *', 120, '0 1,3 * * *'],
  ])('%s by %i minutes is %s', (from, minutes, to) => expect(shiftCron(from, minutes)).toBe(to));

  it.each([
    '60 2 * * *',
    '0 24 * * *',
    '0 2 0 * *',
    '0 2 * 13 *',
    '0 2 * * 8',
    '0 4-2 * * *',
    '0 2 * * mom',
    '0/0 2 * * *',
    '0 2 , * *',
    '0 2 * * 1-2-3',
  ])('a schedule that never comes true is refused: %s', (schedule) => {
    expect(() => shiftCron(schedule, 60)).toThrow(/is not/);
    const of = { kind: 'github-actions' as const, path: 'w.yml', text: WORKFLOW, from: '0 2 * * 1-5', only: null };
    expect(() => patchSchedule({ ...of, to: schedule })).toThrow(/is not/);
  });
  it.each(['*/5 0-6/2 1,15 jan-MAR fri-mon', '5/15 2 * * 7'])('%s is a schedule', (to) => {
    const of = { kind: 'github-actions' as const, path: 'w.yml', text: WORKFLOW, from: '0 2 * * 1-5', only: null };
    expect(patchSchedule({ ...of, to }).text).toContain(to);
  });

  it('moves and moves back', () => {
    const list = (max: number) => fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(list(59), list(23), fc.integer({ min: -1439, max: 1439 }), (minutes, hours, by) => {
        const sorted = (of: number[]) => [...of].sort((a, b) => a - b).join(',');
        const schedule = `${sorted(minutes)} ${sorted(hours)} * * *`;
        const there = shiftCron(schedule, by);
        if (there !== null) expect(shiftCron(there, -by)).toBe(schedule);
      }),
    );
  });
});

describe('Slurm lines', () => {
  const start = instant('2026-11-22T02:00:00Z');
  it('say UTC and never Z', () => {
    expect(slurmLine({ jobId: '41', name: 'x', start })).toBe(
      'TZ=UTC scontrol update JobId=41 StartTime=2026-11-22T02:00:00',
    );
    expect(slurmLine({ jobId: '41_7', name: 'x', start })).toContain('JobId=41_7 ');
    expect(slurmLine({ jobId: 'train', name: "a'b", start })).toContain(
      `sbatch --begin=2026-11-22T02:00:00 --job-name='a'\\''b'`,
    );
  });
  it('are one word each to a shell, whatever the name', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE)), (name) => {
        const out = execFileSync('sh', ['-c', `printf '%s|' ${shellQuote(name)}`], { encoding: 'utf8' });
        expect(out.split('|').length - 1).toBe(shellQuote(name).split('|').length);
        expect(`${out}`).toBe(`${shellQuote(name).slice(1, -1).replaceAll("'\\''", "'")}|`);
      }),
      { numRuns: 60 },
    );
  });
  it('of a plan make a script that a shell accepts and that names every job in place', async () => {
    const time = timer();
    const at = await scene(filesTracker({ folder, now: time.now }), time);
    const rows = HOSTILE.map((_, n) => recommendation(1, { jobId: n % 2 === 0 ? String(100 + n) : `j-${n}` }));
    const plan = planFor(rows);
    await at.keep(
      rows,
      plan,
      decisionFor(plan),
      rows.map((r, n) => jobFor(r, { name: HOSTILE[n]! })),
    );
    const { script, jobs } = await callTool(draftSlurmCommands, { planId: plan.id }, at.world, at.call());
    expect(jobs).toBe(rows.length);
    expect(script.trimEnd().split('\n')).toHaveLength(rows.length + 3);
    writeFileSync(join(folder, 'moves.sh'), script);
    execFileSync('sh', ['-n', join(folder, 'moves.sh')]);
    // With the two commands replaced by `echo`, the script does nothing but name the jobs.
    mkdirSync(join(folder, 'bin'));
    for (const tool of ['scontrol', 'sbatch'])
      writeFileSync(join(folder, 'bin', tool), '#!/bin/sh\necho "$TZ $#"\n', { mode: 0o755 });
    const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, JOB_SCRIPTS: '/jobs' };
    const said = execFileSync('sh', [join(folder, 'moves.sh')], { encoding: 'utf8', env });
    expect(said.trim().split('\n')).toEqual(rows.map(() => 'UTC 3'));
  });
});

describe('draft_schedule_patch', () => {
  it('wants one of two ways to say the new time', async () => {
    const at = await scene(filesTracker({ folder, now: timer().now }), timer());
    const input = { kind: 'github-actions', path: 'w.yml', text: WORKFLOW, from: '0 2 * * 1-5' };
    await expect(callTool(draftSchedulePatch, input, at.world, at.call())).rejects.toMatchObject({
      code: 'invalid-input',
    });
    const { diff, to } = await callTool(draftSchedulePatch, { ...input, shiftMinutes: 570 }, at.world, at.call());
    expect(to).toBe('30 11 * * 1-5');
    expect(applied('w.yml', WORKFLOW, diff)).toContain("cron: '30 11 * * 1-5'");
  });
});
