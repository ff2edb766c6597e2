/** A program that is left on beside a real Slurm: what is submitted while it runs is planned and moved, once. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tick } from '../app.js';
import { hasAccounting, type TestSlurm, testSlurm } from '../domain/fixtures/slurm.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

if (!hasAccounting()) process.stderr.write('SKIPPED, loudly: no Slurm with accounts here; nothing was operated.\n');

describe.runIf(hasAccounting())('caco operate on a real Slurm', () => {
  let lab: TestSlurm;
  beforeAll(async () => {
    lab = (await testSlurm({ cpus: 8, nodes: 1, accounting: true }))!;
    mkdirSync(join(lab.folder, 'work'));
  });
  afterAll(() => lab?.stop());

  it('moves what comes while it runs, once, and nothing that it has no leave for', async () => {
    const cwd = join(lab.folder, 'work');
    const now = Math.floor(Date.now() / 1000);
    const best = Math.ceil((now + 7200) / 1800) * 1800;
    const time = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
    const rows = ['start,intensity_g_per_kwh,price_per_mwh'];
    for (let t = Math.floor(now / 1800) * 1800 - 7200; t < now + 30 * 3600; t += 1800)
      rows.push(`${time(t)},${t === best ? 330 : 400},100`);
    writeFileSync(join(cwd, 'signal.csv'), `${rows.join('\n')}\n`);
    const submit = (...args: string[]) =>
      lab.run('sbatch', '--parsable', '-n1', '-t', '10', '--begin=now+30minutes', ...args, '--wrap', 'true');
    const consent = ['--comment', 'caco:class=sustainable;flex=600'];
    const first = [submit(...consent), submit(...consent)];
    const silent = submit();
    const later: string[] = [];
    const env = {
      ...lab.env,
      HOME: cwd,
      CACO_HOME: join(cwd, 'home'),
      CACO_FLEET: 'slurm',
      CACO_DRY_RUN: 'off',
      CACO_GRID: `file:${join(cwd, 'signal.csv')}`,
    };
    /** Until `isEnough`, then it is ended as a person does. */
    const operate = (isEnough: (tick: Tick) => boolean) =>
      new Promise<void>((resolve, reject) => {
        const args = ['operate', '--every', '5s', '--horizon-hours', '6', '--no-review', '--json'];
        const child = spawn(process.execPath, [MAIN, ...args], { cwd, env });
        let [seen, err] = ['', ''];
        child.stdout.on('data', (data: Buffer) => {
          seen += String(data);
          const lines = seen.split('\n');
          seen = lines.pop()!;
          for (const line of lines) if (line.startsWith('{"at"') && isEnough(JSON.parse(line))) child.kill('SIGTERM');
        });
        child.stderr.on('data', (data: Buffer) => {
          err += String(data);
        });
        child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${code}: ${err}`))));
      });
    const ticks: Tick[] = [];
    let taken = 0;
    await operate((tick) => {
      ticks.push(tick);
      taken += tick.jobs;
      if (ticks.length === 1) later.push(submit(...consent), submit(...consent));
      return taken >= 5;
    });
    expect(
      ticks.flatMap(({ trouble }) => trouble),
      JSON.stringify(ticks),
    ).toEqual([]);
    expect(taken, JSON.stringify(ticks)).toBe(5);
    const start = (id: string) => Number(lab.queue().get(Number(id))!.eligible_time);
    for (const id of [...first, ...later]) expect([id, start(id)]).toEqual([id, best]);
    expect(start(silent)).toBeLessThan(best);

    // Another one goes on: nothing is new, not the job either that it could only recommend.
    const more: Tick[] = [];
    await operate((tick) => more.push(tick) === 2);
    expect(more.flatMap(({ jobs }) => jobs).filter((jobs) => jobs > 0)).toEqual([]);
    for (const id of [...first, ...later]) expect([id, start(id)]).toEqual([id, best]);
    lab.run('scancel', ...first, ...later, silent);
  });
});
