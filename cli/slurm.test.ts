/** A real Slurm's queue, planned and moved by the command line as built: nothing is submitted, and a second run changes nothing. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasSlurm, type TestSlurm, testSlurm } from '../domain/fixtures/slurm.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const PATIENCE = { timeout: 1_800_000 };
const HOUR = 3600;

describe('a deadline that Slurm enforces', () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-deadline-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const caco = (...args: string[]) => {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      CACO_HOME: join(folder, 'home'),
      CACO_FLEET: 'files',
      CACO_GRID: `file:${join(folder, 'signal.csv')}`,
      CACO_NOW: '2026-11-29T15:00:00Z',
    };
    const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, env, encoding: 'utf8' });
    expect(stdout, stderr).not.toBe('');
    return stdout;
  };
  const DEADLINE = Date.parse('2026-11-29T23:00:00Z') / 1000;
  const waiting = (id: number, over: object) => ({
    job_id: id,
    job_state: 'PENDING',
    state_reason: 'Priority',
    submit_time: DEADLINE - 8 * HOUR,
    eligible_time: DEADLINE - 8 * HOUR,
    deadline: DEADLINE,
    time_limit: 30,
    cpus: 2,
    name: 'zero-slack',
    comment: 'caco:class=sustainable;flex=900',
    ...over,
  });

  it(
    'keeps two minutes of a plan, reckoned by the time limit, and what cannot wait stays and is told',
    PATIENCE,
    () => {
      // The cleaner the later: without slack each job would end at its deadline.
      const rows = ['start,intensity_g_per_kwh,price_per_mwh'];
      for (let n = 0; n < 48; n++)
        rows.push(`${new Date((DEADLINE - 9 * HOUR + n * 1800) * 1000).toISOString()},${400 - n},100`);
      writeFileSync(join(folder, 'signal.csv'), `${rows.join('\n')}\n`);
      const jobs = [
        waiting(63, {}),
        // It is expected to take half an hour; Slurm reckons with an hour and a half.
        waiting(64, { time_limit: 90, comment: 'caco:class=sustainable;flex=900;duration=30' }),
        waiting(65, { eligible_time: DEADLINE - 1800 - 60 }),
        waiting(66, { deadline: 0 }),
      ];
      writeFileSync(join(folder, 'queue.json'), JSON.stringify({ meta: {}, errors: [], jobs }));
      const { workloadId, accepted, assumed } = JSON.parse(caco('ingest', 'queue.json', '--json'));
      expect(accepted).toBe(4);
      expect(assumed).toContainEqual({ field: 'deadline', value: expect.stringContaining('2 min'), count: 3 });
      const { planId, unseen } = JSON.parse(caco('plan', '--workload', workloadId, '--json'));
      expect(unseen).toContain(
        '1 jobs of Slurm stay where they are: waiting would leave less than 2 min to its deadline',
      );
      const script = caco('export', '--sbatch', '--plan', planId);
      const starts = new Map([...script.matchAll(/JobId=(\d+) StartTime=(\S+)/g)].map((m) => [m[1], m[2]]));
      expect(starts).toEqual(
        new Map([
          ['63', '2026-11-29T22:00:00'],
          ['64', '2026-11-29T21:00:00'],
          ['66', expect.stringMatching(/^2026-11-30/)],
        ]),
      );
      expect(script).toContain('# not moved: 65: waiting would leave less than 2 min to its deadline\n');
      expect(script).not.toMatch(/^submit /m);
    },
  );

  it('is kept by the command that `caco when` prints', PATIENCE, () => {
    const told = caco('when', '-d', '30', '--deadline', '2026-11-29T23:00:00Z');
    expect(told).toContain('Start at 2026-11-29 22:30 UTC');
    expect(told).toMatch(/TZ=UTC sbatch --begin=2026-11-29T22:28:00 SCRIPT$/m);
    expect(caco('when', '-d', '30', '--window', '120')).toMatch(/TZ=UTC sbatch --begin=2026-11-29T17:00:00 SCRIPT$/m);
  });
});

if (!hasSlurm())
  process.stderr.write('SKIPPED, loudly: no Slurm here (Debian: slurm-wlm, munge); no real queue was moved.\n');

describe.runIf(hasSlurm())('a real Slurm', () => {
  let lab: TestSlurm;
  /** the clean hour, and what the queue was before */
  let clean: number;
  const jobs: Record<string, string> = {};
  const at = (name: string) => join(lab.folder, 'work', name);
  const caco = (args: string[], env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: at('.'),
      env: {
        ...lab.env,
        HOME: at('.'),
        CACO_HOME: at('home'),
        CACO_FLEET: 'files',
        CACO_GRID: `file:${at('signal.csv')}`,
        CACO_NOW: new Date(now * 1000).toISOString(),
        ...env,
      },
      encoding: 'utf8',
    });
    expect([status, stderr], stdout).toEqual([0, expect.any(String)]);
    return stdout;
  };
  const script = (name: string, env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync('dash', [at(name)], {
      cwd: at('.'),
      env: { ...lab.env, ...env },
      encoding: 'utf8',
    });
    return { status, stdout, stderr, last: stdout.trim().split('\n').at(-1) };
  };
  let now: number;
  let movedBy: string;
  const signal = (best: number) => {
    const rows = ['start,intensity_g_per_kwh,price_per_mwh'];
    for (let t = Math.floor(now / 1800) * 1800 - HOUR; t < now + 60 * HOUR; t += 1800)
      rows.push(`${new Date(t * 1000).toISOString().slice(0, 19)}Z,${t >= best && t < best + 2 * HOUR ? 50 : 400},100`);
    writeFileSync(at('signal.csv'), `${rows.join('\n')}\n`);
  };
  /** queue → jobs → plan; the plan's id */
  const plan = (): string => {
    writeFileSync(at('queue.json'), lab.run('squeue', '--json'));
    const { workloadId } = JSON.parse(caco(['ingest', 'queue.json', '--json']));
    return JSON.parse(caco(['plan', '--workload', workloadId, '--json'])).planId;
  };
  const eligible = (id: string | number) => Number(lab.queue().get(Number(id))?.eligible_time);
  /** All of waiting jobs that a move may not touch. */
  const untouched = () =>
    [...lab.queue().values()]
      .filter((j) => j.job_state === 'PENDING' && String(j.job_id) !== jobs.racing)
      .map((j) => [
        j.job_id,
        j.account,
        j.comment,
        j.admin_comment,
        j.tres_req_str,
        j.tres_per_node,
        j.deadline,
        j.time_limit,
        j.priority === 0,
      ])
      .sort((a, b) => Number(a[0]) - Number(b[0]));

  beforeAll(async () => {
    lab = (await testSlurm())!;
    mkdirSync(at('.'));
    const comment = ['--comment', 'caco:class=sustainable;flex=1440'];
    // Its first task fills the node.
    jobs.partly = lab.submit('-n2', '-t', '60', '-a', '0-3', ...comment);
    await lab.until('running', () => [...lab.queue().values()].some((job) => job.job_state === 'RUNNING'));
    jobs.plain = lab.submit('-n1', '-t', '30', '-A', 'physics', '--job-name', `it's "quoted" | $(x)`, ...comment);
    jobs.array = lab.submit('-n1', '-t', '30', '-a', '0-9%2', ...comment);
    jobs.gpu = lab.submit('-n1', '-t', '30', '--gres=gpu:1', ...comment);
    jobs.het = lab.submit('-n1', '-t', '30', ...comment, ':', '-n1', '-t', '30', ...comment);
    jobs.begin = lab.submit('-n1', '-t', '30', '--begin=now+90minutes', ...comment);
    // Its begin leaves a minute to its deadline.
    jobs.tight = lab.submit('-n1', '-t', '30', '--begin=now+36000', '--deadline=now+37860', ...comment);
    jobs.deadline = lab.submit('-n1', '-t', '60', '--deadline=now+20hours', ...comment);
    jobs.heldByUser = lab.submit('-n1', '-t', '30', '-H', ...comment);
    jobs.heldByAdmin = lab.submit('-n1', '-t', '30', ...comment);
    lab.run('scontrol', 'hold', jobs.heldByAdmin);
    jobs.dependent = lab.submit('-n1', '-t', '30', '-d', `afterok:${jobs.plain}`, ...comment);
    jobs.unwilling = lab.submit('-n1', '-t', '30', '--comment', 'caco:move=no;class=sustainable;flex=1440');
    jobs.racing = lab.submit('-n2', '-t', '30', '-p', 'first', ...comment);
    // The first pass over an array sets from when its tasks may start.
    await lab.until('looked at once', () => {
      const one = lab.queue().get(Number(jobs.racing));
      return one?.state_reason !== 'None' && eligible(jobs.array!) > 0;
    });
    now = Math.floor(Date.now() / 1000);
    clean = (Math.ceil(now / HOUR) + 8) * HOUR;
    signal(clean);
  }, PATIENCE.timeout);
  afterAll(() => lab?.stop(), PATIENCE.timeout);

  it(
    'is moved as planned, in a shell of another zone, and nothing is submitted, twice in a row',
    PATIENCE,
    async () => {
      const before = untouched();
      const id = plan();
      movedBy = id;
      const told = caco(['export', '--sbatch', '--plan', id, '--out', 'moves.sh']);
      expect(told).toContain('Written to moves.sh');
      const text = readFileSync(at('moves.sh'), 'utf8');
      expect(text).not.toMatch(/^submit /m);
      for (const [name, why] of [
        ['heldByUser', 'its user holds it'],
        ['heldByAdmin', 'an administrator holds it'],
        ['dependent', 'it waits for other jobs'],
        ['unwilling', 'its owner does not want it moved (caco:move=no)'],
        ['tight', 'waiting would leave less than 2 min to its deadline'],
      ] as const)
        expect(text).toContain(`# not moved: ${jobs[name]}: ${why}\n`);
      expect(text).toContain(`'JobId=${jobs.array}_[0-9]'`);
      expect(text).toContain(`'JobId=${jobs.partly}_[1-3]'`);

      // Between the export and its run one starts, and one is moved by its owner.
      lab.run('scancel', `${jobs.partly}_0`);
      await lab.until('started', () => lab.queue().get(Number(jobs.racing))?.job_state === 'RUNNING');
      lab.run('scontrol', 'update', `JobId=${jobs.gpu}`, 'StartTime=now+30hours');
      const taken = eligible(jobs.gpu!);
      const numbers = [...lab.queue().keys()];

      const first = script('moves.sh', { TZ: 'America/New_York' });
      expect([first.status, first.stderr]).toEqual([0, '']);
      expect(first.stdout).toContain(`${jobs.racing}: started before it could be moved (RUNNING)`);
      expect(first.stdout).toContain(`${jobs.gpu}: left: its start was changed since the queue was read`);
      expect(first.last).toBe(
        '17 moved, 0 submitted, 0 there already, 1 started or ended before, 1 left as they are, 0 refused or not known',
      );
      const starts = () => Object.values(jobs).map((job) => [job, eligible(job)]);
      const after = starts();
      for (const name of ['plain', 'array', 'partly', 'het', 'begin', 'deadline'] as const) {
        expect([name, eligible(jobs[name]!)]).toEqual([
          name,
          expect.toSatisfy((t) => t >= clean && t <= clean + 1.5 * HOUR),
        ]);
      }
      expect(eligible(Number(jobs.het) + 1)).toBe(eligible(jobs.het!));
      expect(eligible(jobs.gpu!)).toBe(taken);
      // The arrays are still in one piece, and nothing else of any job has changed.
      expect(lab.queue().get(Number(jobs.array))?.array_task_string).toBe('0-9%2');
      expect(lab.queue().get(Number(jobs.partly))?.array_task_string).toBe('1-3');
      expect(untouched()).toEqual(before);
      expect([...lab.queue().keys()]).toEqual(numbers);

      const second = script('moves.sh', { TZ: 'America/New_York' });
      expect([second.status, second.stderr]).toEqual([0, '']);
      expect(second.last).toBe(
        '0 moved, 0 submitted, 17 there already, 1 started or ended before, 1 left as they are, 0 refused or not known',
      );
      expect(starts()).toEqual(after);
      expect([...lab.queue().keys()]).toEqual(numbers);
    },
  );

  it('goes back where it was by the undo, and a hold of since then is respected', PATIENCE, () => {
    // Two tasks are held meanwhile: the others go one by one.
    lab.run('scontrol', 'uhold', `${jobs.array}_[3-4]`);
    const input = JSON.stringify({ planId: movedBy, undo: true });
    const undo = JSON.parse(caco(['tool', 'draft_slurm_commands', '--input', input, '--json']));
    writeFileSync(at('undo.sh'), undo.script);
    const first = script('undo.sh');
    expect([first.status, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toContain(`${jobs.array}_3: left: it is held (JobHeldUser)`);
    expect(first.last).toBe(
      '15 moved, 0 submitted, 0 there already, 1 started or ended before, 3 left as they are, 0 refused or not known',
    );
    for (const name of ['plain', 'het', 'deadline'] as const) expect(eligible(jobs[name]!)).toBeLessThan(clean - HOUR);
    expect(script('undo.sh').last).toBe(
      '0 moved, 0 submitted, 15 there already, 1 started or ended before, 3 left as they are, 0 refused or not known',
    );
  });

  it(
    'gets jobs of another origin once, whatever is run again, and begins them at the right instant in New York',
    PATIENCE,
    () => {
      mkdirSync(at('scripts'));
      writeFileSync(at('scripts/nightly report.sh'), '#!/bin/sh\nsleep 600\n');
      writeFileSync(at('scripts/76.sh'), '#!/bin/sh\nsleep 600\n');
      const rows = ['id,name,duration_hours,vcpus,category,submitted_at,deadline'];
      const by = (t: number) => new Date(t * 1000).toISOString();
      for (const id of ['nightly report', '76'])
        rows.push(`${id},"it's ""$(here)"", 1",1,1,sustainable,${by(now - 60)},${by(now + 30 * HOUR)}`);
      writeFileSync(at('jobs.csv'), `${rows.join('\n')}\n`);
      const { workloadId } = JSON.parse(caco(['ingest', 'jobs.csv', '--json']));
      const { planId } = JSON.parse(caco(['plan', '--workload', workloadId, '--json']));
      caco(['export', '--sbatch', '--plan', planId, '--out', 'new.sh']);
      expect(script('new.sh')).toMatchObject({ status: 2, stderr: expect.stringContaining('JOB_SCRIPTS') });

      const before = new Set(lab.queue().keys());
      const env = { JOB_SCRIPTS: at('scripts'), TZ: 'America/New_York' };
      const first = script('new.sh', env);
      expect([first.status, first.stderr]).toEqual([0, '']);
      expect(first.last).toMatch(/^0 moved, 2 submitted, 0 there already/);
      const added = () => [...lab.queue().values()].filter((job) => !before.has(Number(job.job_id)));
      expect(
        added().map((job) => [
          job.name,
          Number(job.eligible_time) >= clean,
          Number(job.eligible_time) < clean + 2 * HOUR,
        ]),
      ).toEqual(Array(2).fill([`it's "$(here)", 1`, true, true]));
      expect(script('new.sh', env).last).toMatch(/^0 moved, 0 submitted, 2 there already/);
      // Without receipts the queue itself knows them by their key.
      for (const name of readdirSync(at('scripts'))) if (name.startsWith('caco-op-')) rmSync(at(`scripts/${name}`));
      expect(script('new.sh', env).last).toMatch(/^0 moved, 0 submitted, 2 there already/);
      expect(added()).toHaveLength(2);
    },
  );

  it('is told the right instant by the command that `caco when` prints, in any zone', PATIENCE, () => {
    writeFileSync(at('one.sh'), '#!/bin/sh\nsleep 600\n');
    const deadline = new Date((clean + HOUR) * 1000).toISOString();
    const told = caco(['when', '-d', '60', '--deadline', deadline]);
    const [, command] = /(TZ=UTC sbatch .*) SCRIPT$/m.exec(told) ?? [];
    for (const zone of ['America/New_York', 'Asia/Kolkata', 'UTC']) {
      const options = { cwd: at('.'), env: { ...lab.env, TZ: zone }, encoding: 'utf8' } as const;
      const { stdout, stderr } = spawnSync('sh', ['-c', `${command} one.sh`], options);
      const [, number] = /Submitted batch job (\d+)/.exec(stdout) ?? [stderr];
      // Two minutes before the best start: that one would end at the deadline.
      expect(eligible(number!)).toBe(clean - 120);
    }
    expect(told).toContain('begins earlier, so that 2 min are left to the deadline');
  });
});
