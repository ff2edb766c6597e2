/** Patches that git really applies, and lines that a shell reads as meant. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../domain/job.js';
import type { Recommendation } from '../../domain/plan.js';
import type { SlurmJob } from '../../domain/slurm.js';
import { moveCommand } from '../../domain/slurm-moves.js';
import { instant, plusSeconds, toEpoch } from '../../domain/time.js';
import { callTool } from '../tool.js';
import { shiftCron } from './cron.js';
import { filesTracker } from './files.js';
import { decisionFor, HOSTILE, jobFor, planFor, recommendation, START, scene, timer } from './fixtures/scene.js';
import { patchSchedule } from './schedule-patch.js';
import { shellQuote, slurmMoves, submitLine } from './slurm.js';
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

describe('Slurm commands', () => {
  const start = instant('2026-06-02T02:00:00Z');
  const queued = (id: string, over: Partial<SlurmJob> = {}): SlurmJob => ({
    id,
    cluster: 'lab',
    eligibleAt: START,
    deadline: null,
    limitMinutes: 60,
    stays: null,
    ...over,
  });
  const row = (jobId: string, slurm?: SlurmJob, over: Partial<Recommendation> = {}) => {
    const r = recommendation(1, { jobId, toStart: start, toEnd: plusSeconds(start, 7200), ...over });
    return { recommendation: r, job: jobFor(r, slurm === undefined ? {} : { slurm }) };
  };
  const moved = (...rows: ReturnType<typeof row>[]) => slurmMoves(rows, false);

  it('say UTC and never Z', () => {
    const { moves, submissions } = moved(row('lab-41', queued('41')), row('42'));
    expect(moves.map(moveCommand)).toEqual(['TZ=UTC scontrol update JobId=41 StartTime=2026-06-02T02:00:00']);
    expect(submissions.map(submitLine)[0]).toContain("TZ=UTC sbatch --begin=2026-06-02T02:00:00 --job-name='work 42'");
  });
  it('move what came from a queue, whatever its id looks like, and submit nothing else than what did not', () => {
    const { moves, submissions, left } = moved(row('lab-41', queued('41')), row('41'), row('x y', queued('7_3')));
    expect(moves.map((move) => move.target)).toEqual(['41', '7_3']);
    expect(submissions.map((one) => one.jobId)).toEqual(['41']);
    expect(left).toEqual([]);
  });
  it('know a job that is to be submitted by itself, not by plan, workload or the time at which its file was read', () => {
    const keys = (over: Partial<Job>) => {
      const one = row('train');
      return moved({ ...one, job: { ...one.job, ...over } }).submissions.map((submission) => submission.key);
    };
    expect(keys({ submittedAt: start, earliestStart: start })).toEqual(keys({}));
    expect(keys({ name: 'another' })).not.toEqual(keys({}));
  });
  it('take tasks of one array that move alike in one command, and others apart', () => {
    const tasks = [4, 0, 1, 2, 9, 7].map((n) => row(`lab-7_${n}`, queued(`7_${n}`)));
    const later = row('lab-7_3', queued('7_3'), { toStart: plusSeconds(start, 1800), toEnd: plusSeconds(start, 9000) });
    const other = row('other-7_5', queued('7_5', { cluster: 'other' }));
    const { moves } = moved(...tasks, later, other);
    expect(moves.map((move) => [move.target, move.targets.length])).toEqual([
      ['7_[0-2,4,7,9]', 6],
      ['7_3', 1],
      ['7_5', 1],
    ]);
    expect(moveCommand(moves[0]!)).toContain("update 'JobId=7_[0-2,4,7,9]' StartTime=");
  });
  it('leave, with the reason, what Slurm could not do or would end', () => {
    const late = queued('4', { deadline: plusSeconds(start, 7200 + 119), limitMinutes: 120 });
    const just = queued('5', { deadline: plusSeconds(start, 7200 + 120), limitMinutes: 120 });
    // Slurm reckons by the limit, not by what the job is expected to take.
    const long = queued('6', { deadline: plusSeconds(start, 7200 + 3600), limitMinutes: 179 });
    const { moves, left } = moved(
      row('a', queued('1', { stays: 'its user holds it' })),
      row('b', queued('2'), { toRegion: 'eu-north-1' }),
      row('c', queued('3'), { toEnd: plusSeconds(start, 9000) }),
      row('d', late),
      row('e', just),
      row('f', long),
    );
    expect(left.map(({ jobId }) => jobId)).toEqual(['1', '2', '3', '4', '6']);
    expect(left.map(({ why }) => why).join('; ')).toMatch(/holds.*eu-north-1.*pauses.*remove.*remove/);
    expect(moves.map((move) => move.target)).toEqual(['5']);
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

  /** The script of a plan, and a run of it with programs of our own for Slurm's. */
  const scripted = async (rows: ReturnType<typeof row>[], programs: Record<string, string>) => {
    const time = timer();
    const at = await scene(filesTracker({ folder, now: time.now }), time);
    const recommendations = rows.map((one) => one.recommendation);
    const plan = planFor(recommendations);
    await at.keep(
      recommendations,
      plan,
      decisionFor(plan),
      rows.map((one) => one.job),
    );
    const answers = [];
    for (let after: string | null | undefined; after !== null; ) {
      const input = { planId: plan.id, limit: 3, ...(after === undefined ? {} : { after }) };
      const answer = await callTool(draftSlurmCommands, input, at.world, at.call());
      answers.push(answer);
      after = answer.next;
    }
    const script = answers.map((answer) => answer.script).join('');
    writeFileSync(join(folder, 'moves.sh'), script);
    for (const name of ['bin', 'jobs']) mkdirSync(join(folder, name));
    // The script's clock stands just after the jobs were read.
    for (const [name, text] of Object.entries({ date: `echo ${toEpoch(START) + 10}`, ...programs }))
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    // Nothing of a Slurm that may be installed here.
    for (const name of ['sh', 'env', 'awk', 'sed', 'tr', 'cat'])
      symlinkSync(
        execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(),
        join(folder, 'bin', name),
      );
    const env = { PATH: join(folder, 'bin'), JOB_SCRIPTS: join(folder, 'jobs') };
    const run = () => spawnSync('sh', [join(folder, 'moves.sh')], { encoding: 'utf8', env });
    return { script, run, jobs: answers.reduce((sum, answer) => sum + answer.jobs, 0) };
  };

  it('of a plan make one script over all pages, whose words a shell keeps apart', async () => {
    const rows = HOSTILE.map((name, n) => {
      const one = row(n % 2 === 0 ? `lab-${n}` : `j-${n}`, n % 2 === 0 ? queued(String(n)) : undefined);
      return { ...one, job: { ...one.job, name } };
    });
    const log = `echo "$0 $TZ $#" | sed 's/.*bin.//' >>${join(folder, 'log')}`;
    const { script, run, jobs } = await scripted(rows, {
      scontrol: `[ "$1" = show ] && { echo 'ClusterName = lab'; exit; }\n${log}`,
      sbatch: log,
      squeue: `case $* in *' -j '*) for a; do case $p in -j) echo "$a PENDING ${toEpoch(START)} 5 None" ;; esac; p=$a; done ;; esac`,
    });
    expect(jobs).toBe(rows.length);
    expect(script.match(/^#!/gm)).toHaveLength(1);
    const { status, stdout, stderr } = run();
    expect(stderr).toBe('');
    // Nothing has moved here, which is told of each.
    expect([status, stdout.match(/: refused:/g)?.length]).toEqual([1, 7]);
    const said = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
    expect(said.filter((line) => line === 'scontrol UTC 3')).toHaveLength(7);
    expect(said.filter((line) => line === 'sbatch UTC 4')).toHaveLength(6);
    expect(run().stdout.match(/submitted before/g)).toHaveLength(6);
  });

  it('go on after a refusal and a lost race, stop at nothing, and say what happened', async () => {
    const rows = [
      ...['1', '2', '3', '4', '5'].map((id) => row(`lab-${id}`, queued(id))),
      row('far-6', queued('6', { cluster: 'far' })),
    ];
    const { run } = await scripted(rows, {
      scontrol: `case "$*" in
*config) echo 'ClusterName = lab' ;;
*JobId=2\\ *) echo 'Access/permission denied for job 2' >&2; exit 1 ;;
*JobId=3\\ *) echo 'Job is no longer pending execution for job 3' >&2; : >${folder}/began; exit 1 ;;
*) : >${folder}/moved-\${2#JobId=} ;;
esac`,
      squeue: `for a; do case $p in -j) id=$a ;; esac; p=$a; done
from=${toEpoch(START)}; state=PENDING
[ -e ${folder}/moved-$id ] && from=${toEpoch(start)}
case $id in
3) [ -e ${folder}/began ] && state=RUNNING ;;
4) echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1 ;;
5) echo 'slurm_load_jobs error: Unexpected message received' >&2; exit 1 ;;
esac
echo "$id $state $from 5 None"`,
    });
    const first = run();
    expect([first.status, first.stdout.trim().split('\n').at(-1)]).toEqual([
      1,
      '1 moved, 0 submitted, 0 there already, 2 started or ended before, 1 left as they are, 2 refused or not known',
    ]);
    expect(first.stdout).toContain('2: refused: Access/permission denied for job 2');
    expect(first.stdout).toContain('3: started before it could be moved (RUNNING)');
    expect(first.stdout).toContain('4: ended before it could be moved (no longer in the queue)');
    expect(first.stdout).toContain('5: not moved: the queue could not be read');
    expect(first.stdout).toContain('6: left: it belongs to cluster far, this is lab');
    expect(run().stdout).toContain('1: there already');
  });

  it('without squeue leave it to Slurm to refuse what no longer waits', async () => {
    const { run } = await scripted([row('lab-1', queued('1')), row('lab-2', queued('2')), row('x')], {
      scontrol: `case "$*" in *JobId=2\\ *) echo 'Job is no longer pending execution for job 2' >&2; exit 1 ;; esac`,
      sbatch: 'echo Submitted batch job 9',
    });
    const last = (counts: string) => `${counts}, 0 left as they are, 0 refused or not known`;
    const ends = () => run().stdout.trim().split('\n').at(-1);
    expect(ends()).toBe(last('1 moved, 1 submitted, 0 there already, 1 started or ended before'));
    expect(ends()).toBe(last('1 moved, 0 submitted, 1 there already, 1 started or ended before'));
  });

  it('do nothing where Slurm does not answer', async () => {
    const { run } = await scripted([row('lab-1', queued('1'))], {
      scontrol: `case "$*" in *config) echo 'slurm_load_ctl_conf error: Unable to contact slurm controller'; exit 1 ;; esac; : >${folder}/touched`,
    });
    expect(run()).toMatchObject({ status: 6, stdout: '' });
    expect(existsSync(join(folder, 'touched'))).toBe(false);
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
