/**
 * A real Slurm, planned and moved by the program as built: sixty jobs of all kinds go in, the approved plan is carried out, with the
 * program and the controller killed in the middle of it, every moved job starts when it was planned, and the undo takes it back.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasAccounting, type TestSlurm, testSlurm } from '../domain/fixtures/slurm.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** More of them, by hand: CACO_KILLS=20,5 */
const [KILLS = 2, CONTROLLER_KILLS = 1] = (process.env.CACO_KILLS ?? '2,1').split(',').map(Number);
const CPUS = 128;
/** Slurm looks for work at least this often, where the machine lets it. */
const CYCLE_SECONDS = 60;

if (!hasAccounting())
  process.stderr.write('SKIPPED, loudly: no Slurm with accounts here; no plan was carried out on a real cluster.\n');

describe.runIf(hasAccounting())('a plan for a real Slurm', () => {
  let lab: TestSlurm;
  const at = (name: string) => join(lab.folder, 'work', name);
  const now = () => Math.floor(Date.now() / 1000);
  const utc = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);

  interface Said {
    readonly code: number | null;
    readonly out: string;
    readonly err: string;
    readonly seconds: number;
  }
  /** `killedAfterMs`: as by kill -9; the code is null then. */
  const caco = (args: readonly string[], env: Record<string, string> = {}, killedAfterMs?: number): Promise<Said> =>
    new Promise((resolve) => {
      const begun = Date.now();
      const child = spawn(process.execPath, [MAIN, ...args], {
        cwd: at('.'),
        env: {
          ...lab.env,
          HOME: at('.'),
          CACO_HOME: at('home'),
          CACO_FLEET: 'slurm',
          CACO_GRID: `file:${at('signal.csv')}`,
          CACO_SLOT_MINUTES: '5',
          ...env,
        },
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (text) => {
        out += text;
      });
      child.stderr.on('data', (text) => {
        err += text;
      });
      const timer = killedAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killedAfterMs);
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ code, out, err, seconds: (Date.now() - begun) / 1000 });
      });
    });
  const json = ({ out, err }: Said) => {
    expect(out, err).not.toBe('');
    return JSON.parse(out);
  };
  const OFF = { CACO_DRY_RUN: 'off' };

  /** Ten clean minutes from `best` on, in epoch seconds. */
  const signal = (best: number) => {
    const rows = ['start,intensity_g_per_kwh,price_per_mwh'];
    for (let t = Math.floor(now() / 300) * 300 - 7200; t < now() + 40 * 3600; t += 300)
      rows.push(`${utc(t)}Z,${t >= best && t < best + 600 ? 50 : 400},100`);
    writeFileSync(at('signal.csv'), `${rows.join('\n')}\n`);
  };
  const slot = (seconds: number) => Math.ceil((now() + seconds) / 300) * 300;
  /** A run that waits for a person. */
  const launched = async (env: Record<string, string> = {}) => {
    const said = await caco(['launch', '--horizon-hours', '4', '--approval', 'ask', '--json'], env);
    expect([said.code, said.err]).toEqual([4, expect.any(String)]);
    return json(said) as { runId: string; approvalId: string };
  };
  const changes = async (run: string) => {
    const all = json(await caco(['changes', run, '--json'])).changes as Record<string, string | null>[];
    return new Map(all.map((change) => [change.target!, change]));
  };
  const made = (all: Awaited<ReturnType<typeof changes>>) => [...all.values()].filter(({ state }) => state === 'made');
  /** Every record of the queue, with what a move may never touch, and the start. */
  const queue = () =>
    [...lab.queue().values()].map((job) => ({
      id: String(job.job_id),
      start: Number(job.eligible_time),
      rest: [
        ...[job.job_state, job.account, job.comment, job.admin_comment, job.tres_req_str, job.deadline, job.time_limit],
        ...[job.dependency, job.array_task_string, job.partition, job.priority === 0],
      ],
    }));
  const rests = () => queue().map(({ id, rest }) => [id, rest]);
  const movable: string[] = [];
  const untouchable: Record<string, string> = {};

  beforeAll(async () => {
    lab = (await testSlurm({ cpus: CPUS / 2, nodes: 2, accounting: true }))!;
    mkdirSync(at('.'));
    lab.run(
      'scontrol',
      'create',
      'reservation',
      'ReservationName=later',
      'StartTime=now+40hours',
      'Duration=60',
      'Nodes=ALL',
      'Users=root',
    );
    lab.run('sbatch', '--job-name', 'blocker', `-n${CPUS}`, '-t', '2000', '--wrap', 'sleep 100000');
    await lab.until('running', () => [...lab.queue().values()].some((job) => job.job_state === 'RUNNING'));
    const submit = (...args: string[]) =>
      lab.run('sbatch', '--parsable', '-n1', '-t', '5', ...args, '--wrap', 'sleep 2');
    const consent = ['--comment', 'caco:class=sustainable;flex=600'];
    for (let n = 0; n < 18; n++) movable.push(submit('--job-name', `it's "${n}" | $(x)`, ...consent));
    for (const tasks of ['0-5', '0-3%2']) {
      const array = submit('-a', tasks, ...consent);
      for (let n = 0; n <= Number(tasks[2]); n++) movable.push(`${array}_${n}`);
    }
    for (let n = 0; n < 2; n++) {
      movable.push(submit(...consent, ':', '-n2', '-t', '5'));
      movable.push(submit('--gres=gpu:1', ...consent));
      movable.push(submit('--deadline=now+9hours', ...consent));
    }
    movable.push(submit('--requeue', ...consent), submit('--nice=50', ...consent));
    for (let n = 0; n < 3; n++) {
      untouchable[`dependent ${n}`] = submit('-d', `afterok:${movable[n]}`, ...consent);
      untouchable[`held by its user ${n}`] = submit('-H', ...consent);
      untouchable[`held by an administrator ${n}`] = submit(...consent);
      lab.run('scontrol', 'hold', untouchable[`held by an administrator ${n}`]!);
      untouchable[`unwilling ${n}`] = submit('--comment', 'caco:move=no;flex=600');
      untouchable[`silent ${n}`] = submit('--comment', 'deploy;flex=600');
      untouchable[`without a comment ${n}`] = submit();
    }
    for (let n = 0; n < 2; n++) {
      untouchable[`reserved ${n}`] = submit('--reservation=later', ...consent);
      untouchable[`urgent ${n}`] = submit('--comment', 'caco:class=urgent');
      untouchable[`beyond ${n}`] = submit('--begin=now+30hours', ...consent);
    }
    expect(movable.length + Object.keys(untouchable).length).toBe(60);
    // The first pass over an array sets from when its tasks may start.
    await lab.until('looked at', () =>
      [...lab.queue().values()].every((job) => job.state_reason !== 'None' || job.job_state === 'RUNNING'),
    );
  });
  afterAll(() => lab?.stop());

  /** How long an approval takes here and now, kills aside. */
  let approvalSeconds = 0;

  it('is rehearsed until an operator says otherwise: every command is told and nothing is changed', async () => {
    signal(slot(7200));
    const before = queue();
    const { runId, approvalId } = await launched();
    const approved = await caco(['approve', approvalId, '--why', 'looks right']);
    approvalSeconds = approved.seconds;
    expect([approved.code, approved.out]).toEqual([
      0,
      expect.stringContaining(`Dry run: ${movable.length} jobs would be`),
    ]);
    const told = await changes(runId);
    for (const id of movable) expect([id, told.get(id)?.state]).toEqual([id, 'rehearsed']);
    for (const [what, id] of Object.entries(untouchable))
      expect([what, told.get(id)?.state ?? 'not planned']).toEqual([
        what,
        expect.stringMatching(/left|not-needed|not planned/),
      ]);
    const { out } = await caco(['changes', runId]);
    expect(out).toMatch(/^ {2}TZ=UTC scontrol update JobId=\d+ StartTime=\d{4}-/m);
    expect(queue()).toEqual(before);
  });

  it('is carried out whole, whatever is killed in the middle of it, and taken back whole', async () => {
    const best = slot(7200);
    signal(best);
    const before = queue();
    const held = () => [...lab.queue().values()].filter((job) => job.priority === 0).map((job) => job.job_id);
    const heldBefore = held();
    const random = () => Math.random() * approvalSeconds * 1100;
    let [kills, controllerKills] = [0, 0];
    while (kills < KILLS || controllerKills < CONTROLLER_KILLS) {
      const { runId, approvalId } = await launched(OFF);
      for (let n = 0; n < 3 && kills < KILLS; n++) {
        const said = await caco(['approve', approvalId, '--why', 'yes'], OFF, random());
        if (said.code === null) kills++;
      }
      if (controllerKills < CONTROLLER_KILLS) {
        await lab.saved();
        const running = caco(['resume', runId], OFF);
        await pause(random() / 2);
        await lab.killController();
        controllerKills++;
        const said = await running;
        expect([0, 4, 6], said.err).toContain(said.code);
        await lab.startController();
      }
      await caco(['approve', approvalId, '--why', 'yes'], OFF);
      const resumed = await caco(['resume', runId], OFF);
      expect(resumed.code, resumed.err).toBe(0);
      const all = await changes(runId);
      expect(
        made(all)
          .map(({ target }) => target)
          .sort(),
      ).toEqual([...movable].sort());
      const starts = new Set(
        queue()
          .filter(({ start }) => start >= best && start <= best + 600)
          .map(({ id }) => id),
      );
      for (const id of movable.filter((one) => !one.includes('_'))) expect([id, starts.has(id)]).toEqual([id, true]);
      expect(rests()).toEqual(before.map(({ id, rest }) => [id, rest]));
      expect(held()).toEqual(heldBefore);

      if (kills < KILLS) {
        const said = await caco(['undo', runId], OFF, random());
        if (said.code === null) kills++;
      }
      const undone = await caco(['undo', runId, '--json'], OFF);
      expect(undone.code, undone.err).toBe(0);
      expect(
        [...(await changes(runId)).values()].filter(({ state, command }) => state === 'undone' && command !== null),
      ).toHaveLength(movable.length);
      const after = queue();
      expect(after.filter(({ start }) => start >= best - 60 && start <= best + 660)).toEqual([]);
      expect(after.map(({ id, rest }) => [id, rest])).toEqual(before.map(({ id, rest }) => [id, rest]));
    }
  });

  it('has every moved job start within a cycle of its planned time, and what ran is in the books', async () => {
    const best = slot(Math.max(420, approvalSeconds * 8));
    signal(best);
    const { runId, approvalId } = await launched(OFF);
    const approved = await caco(['approve', approvalId, '--why', 'yes'], OFF);
    expect(approved.code, approved.err).toBe(0);
    const all = made(await changes(runId));
    expect(all.map(({ target }) => target).sort()).toEqual([...movable].sort());
    // Jobs that their users submit for the same instants: how late Slurm starts those is no doing of the program.
    const ownUsers = [best, best + 300].flatMap((begin) => {
      const args = ['--parsable', `--begin=${utc(begin)}`, '-n1', '-t', '5'];
      const wrapped = ['--wrap', 'sleep 2'];
      return [lab.run('sbatch', ...args, ...wrapped), lab.run('sbatch', ...args, ':', '-n2', '-t', '5', ...wrapped)];
    });
    expect(now()).toBeLessThan(best);
    lab.run('scancel', '--name', 'blocker');
    const accounts = () => {
      const rows = lab
        .run('sacct', '-X', '-n', '-P', '-a', '-j', [...movable, ...ownUsers].join(','), '-o', 'JobID,State,Start')
        .split('\n');
      return new Map(
        rows.map((row) => row.split('|')).map(([id, state, start]) => [id!.replace('+0', ''), { state, start }]),
      );
    };
    const ended = () => {
      const found = accounts();
      return [...movable, ...ownUsers].every((id) => found.get(id)?.state === 'COMPLETED');
    };
    while (!ended()) await pause(5000);
    const found = accounts();
    const lateness = (id: string, planned: string) =>
      (Date.parse(`${found.get(id)!.start}Z`) - Date.parse(planned)) / 1000;
    const ownLate = Math.max(...ownUsers.map((id, n) => lateness(id, `${utc(n < 2 ? best : best + 300)}Z`)));
    const throttled = movable[24]!.split('_')[0]!;
    for (const { target, to } of all) {
      const late = lateness(target!, to!);
      expect([target, late]).toEqual([target, expect.toSatisfy((seconds: number) => seconds >= 0)]);
      // Of that array two run at a time: Slurm keeps it, and the others wait for their turn.
      if (!target!.startsWith(`${throttled}_`))
        expect([target, late, ownLate]).toEqual([
          target,
          expect.toSatisfy((seconds: number) => seconds <= Math.max(CYCLE_SECONDS, 2 * ownLate)),
          ownLate,
        ]);
    }
    const later = new Date((best + 12 * 3600) * 1000).toISOString();
    const settled = await caco(['resume', runId, '--now', later, '--json'], OFF);
    expect(settled.code, settled.err).toBe(0);
    const { verified } = json(settled);
    // What was only recommended is not counted, and said.
    const asked = Object.entries(untouchable).filter(([what]) => /^(silent|without)/.test(what));
    expect(verified.jobs).toBe(movable.length);
    expect(verified.unverified.map(({ jobId }: { jobId: string }) => jobId).sort()).toEqual(
      asked.map(([, id]) => `lab-${id}`).sort(),
    );
    // What has run is not undone.
    expect(json(await caco(['undo', runId, '--json'], OFF))).toMatchObject({ undone: 0, kept: movable.length });
  });
});
