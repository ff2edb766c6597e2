/**
 * One tick over a real Slurm's queue: read it, plan it, and write 500 moves; how many of Slurm's commands were started for each, and
 * how long one at least was running. Beside it as many moves by a command for each job, in the same run. The node has room for all of
 * them in a day. Needs Debian's slurm-wlm and munge.
 * Run: npx tsx bench/slurm.ts [jobs] [moves]
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { hasSlurm, testSlurm } from '../domain/fixtures/slurm.js';
import type { Job } from '../domain/job.js';
import type { Placement } from '../domain/plan.js';
import { plusHours } from '../domain/time.js';
import { kg, kwh, money } from '../domain/units.js';
import { keep, rounded, timed } from './results.js';

const [jobs = 10_000, moves = 500] = process.argv.slice(2).map(Number);
const by = { actor: { id: 'bench', via: 'cli' as const } };
const execute = promisify(execFile);

/** Of Slurm's commands since the program began: started, running now, and seconds in which one at least was running. */
const slurm = { started: 0, running: 0, since: 0, seconds: 0 };
subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess };
  child.once('spawn', () => {
    if (!/^(squeue|scontrol|sinfo|sacct)$/.test(child.spawnfile)) return;
    slurm.started++;
    if (slurm.running++ === 0) slurm.since = performance.now();
    child.once('exit', () => {
      if (--slurm.running === 0) slurm.seconds += (performance.now() - slurm.since) / 1000;
    });
  });
});

/** What some work took, and Slurm's share of it. */
const told = async (work: () => unknown) => {
  const before = { ...slurm };
  const { seconds, cpuSeconds } = await timed(work);
  return {
    seconds: rounded(seconds),
    cpuSeconds: rounded(cpuSeconds),
    slurmSeconds: rounded(slurm.seconds - before.seconds),
    commands: slurm.started - before.started,
  };
};

/** Steps of 30 minutes, a night that is clean. */
const signalIn = (folder: string): string => {
  const path = join(folder, 'signal.csv');
  const rows = ['start,intensity_g_per_kwh,price_per_mwh'];
  const begin = Math.floor(Date.now() / 1_800_000) * 1800 - 8 * 86_400;
  for (let n = 0; n < 48 * 12; n++)
    rows.push(`${new Date((begin + n * 1800) * 1000).toISOString()},${n % 48 < 12 ? 60 : 300 + (n % 48)},100`);
  writeFileSync(path, `${rows.join('\n')}\n`);
  return path;
};

const measure = async (): Promise<void> => {
  const lab = (await testSlurm({ cpus: 1024 }))!;
  const folder = mkdtempSync(join(tmpdir(), 'caco-bench-slurm-'));
  Object.assign(process.env, { SLURM_CONF: lab.env.SLURM_CONF });
  try {
    const submit = [
      '--parsable',
      '-n1',
      '-t',
      '30',
      '--begin=now+1hour',
      '--comment',
      'caco:class=sustainable;flex=900',
    ];
    const one = () => execute('sbatch', [...submit, '--wrap', 'sleep 1'], { cwd: folder });
    for (let n = 0; n < jobs; n += 4) await Promise.all([one(), one(), one(), one()]);

    const asked = await told(() => execute('squeue', ['--json'], { maxBuffer: 1e9 }));
    const flags = { home: folder, fleet: 'slurm', dryRun: 'off', grid: `file:${signalIn(folder)}` };
    const app = await openApp(readConfig(flags, {}, folder).config);
    const { fleet, clock } = app.world;
    const waiting: Job[] = [];
    const read = await told(async () => {
      for await (const page of fleet.waiting({ start: clock.now(), end: plusHours(clock.now(), 24) }))
        waiting.push(...page);
    });
    const window = { from: clock.now(), horizonHours: 24 };
    let workloadId = '';
    const gathered = await told(async () => {
      workloadId = (await app.call('gather_jobs', window, by)).workloadId;
    });
    let plan: { status: string } = { status: '' };
    const planned = await told(async () => {
      plan = await app.call('make_plan', { ...window, workloadId, effort: 'search' }, by);
    });

    // A plan has a start in each of its steps: twelve of half an hour.
    const first = plusHours(clock.now(), 6);
    const startOf = (n: number) => plusHours(first, 0.5 * (n % 12));
    const pieceOf = (job: Job, n: number): Placement => ({
      ...{ jobId: job.id, region: job.region, start: startOf(n), end: plusHours(startOf(n), job.durationHours) },
      ...{ energyKwh: kwh(1), emissionsKg: kg(1), energyCost: money(1), instanceCost: money(0), egressCost: money(0) },
    });
    const pages = async function* () {
      yield waiting.map((job, n) => ({ job, pieces: [pieceOf(job, n)], moved: n < moves }));
    };
    let placed = 0;
    const written = await told(async () => {
      placed = (await fleet.place({ key: 'bench', pages: pages() })).placed;
    });
    const others = waiting.slice(moves, 2 * moves).map((job) => job.slurm!.id);
    const byOne = await told(async () => {
      for (const [n, id] of others.entries())
        await execute('scontrol', ['update', `JobId=${id}`, `StartTime=${startOf(n).slice(0, 19)}`]);
    });
    const undone = await told(() => fleet.undo!('bench'));
    await app.close();
    keep('slurm', {
      jobs: waiting.length,
      moves,
      placed,
      planStatus: plan.status,
      squeueAlone: asked,
      read,
      gathered,
      planned,
      written,
      undone,
      movesOneByOne: byOne,
      tickSeconds: rounded(gathered.seconds + planned.seconds + written.seconds),
      tickSlurmSeconds: rounded(gathered.slurmSeconds + planned.slurmSeconds + written.slurmSeconds),
      tickCommands: gathered.commands + planned.commands + written.commands,
      peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
    });
  } finally {
    await lab.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

if (hasSlurm()) await measure();
else process.stderr.write('There is no Slurm here (Debian: slurm-wlm, munge): nothing was measured.\n');
