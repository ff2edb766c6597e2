/** Many moves told to few processes of a real Slurm's own: each is told of by itself, whatever becomes of its neighbours. */
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../clock.js';
import { readConfig } from '../../../config.js';
import { drain } from '../../../domain/fixtures/fleet-contract.js';
import { hasSlurm, type TestSlurm, testSlurm } from '../../../domain/fixtures/slurm.js';
import type { Job } from '../../../domain/job.js';
import type { Placement } from '../../../domain/plan.js';
import type { QueueMove } from '../../../domain/slurm-moves.js';
import type { Store } from '../../../domain/store.js';
import { fromEpoch, type Instant, plusHours, plusSeconds, toEpoch } from '../../../domain/time.js';
import { kg, kwh, money } from '../../../domain/units.js';
import { openStore } from '../../../store/store.js';
import { faultOf, scenario } from '../fixtures/trial.js';
import { FLEETS } from '../fleet.js';
import { slurmCommands } from './commands.js';
import { tellMoves } from './tell-moves.js';

if (!hasSlurm())
  process.stderr.write('SKIPPED, loudly: no Slurm here (Debian: slurm-wlm, munge); no moves were told.\n');

describe.runIf(hasSlurm())('many moves of a real Slurm', () => {
  let lab: TestSlurm;
  let store: Store;
  const clock = systemClock();
  const before = process.env.SLURM_CONF;
  beforeAll(async () => {
    lab = (await testSlurm({ cpus: 32 }))!;
    process.env.SLURM_CONF = lab.env.SLURM_CONF;
    store = await openStore(':memory:');
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.SLURM_CONF;
    else process.env.SLURM_CONF = before;
    await store?.close();
    await lab?.stop();
  });

  const submit = (...args: string[]) =>
    lab.submit('-n1', '-t', '30', '--comment', 'caco:class=sustainable;flex=1440', ...args);
  const later = (...args: string[]) => submit('--begin=now+2hours', ...args);
  const to = fromEpoch(Math.ceil(toEpoch(plusHours(clock.now(), 5)) / 60) * 60);
  const move = (target: string, over: Partial<QueueMove> = {}): QueueMove => ({
    ...{ target, cluster: null, from: null, to, targets: [target] },
    ...over,
  });
  const starts = (id: string) => Number(lab.queue().get(Number(id))?.eligible_time);
  const slurm = () => slurmCommands(undefined);

  it('goes on past each that Slurm refuses, and says of each what Slurm said of it', async () => {
    const [first, last] = [later(), later()];
    const runs = submit();
    const gone = later();
    const held = later('-a', '0-3');
    const racing = submit('-a', '0-1%1');
    await lab.until('run', () => lab.queue().get(Number(runs))?.job_state === 'RUNNING');
    lab.run('scancel', gone);
    const array = { targets: [0, 1, 2, 3].map((task) => `${held}_${task}`) };
    const said = await tellMoves(slurm(), [
      move(first),
      move('99999'),
      move(runs),
      move(gone),
      move(`${held}_[0-3]`, array),
      move(`${racing}_[0-1]`, { targets: [`${racing}_0`, `${racing}_1`] }),
      move(last),
    ]);
    expect(said.get('99999')).toBe('Invalid job id specified for job 99999');
    expect(said.get(runs)).toBe(`Job is no longer pending execution for job ${runs}`);
    expect(said.get(gone)).toBe(`Job has already finished for job ${gone}`);
    expect(said.get(`${racing}_0`)).toContain('no longer pending');
    for (const target of [first, last, ...array.targets]) expect([target, said.has(target)]).toEqual([target, false]);
    for (const id of [first, held, last]) expect([id, starts(id)]).toEqual([id, toEpoch(to)]);
    lab.run('scancel', first, last, runs, held, racing);
  });

  it('places and puts back each by itself with few processes, an owner’s cancel among them', async () => {
    const ids = Array.from({ length: 130 }, () => later());
    const { config } = readConfig({ fleet: 'slurm', dryRun: 'off' });
    const fleet = await FLEETS.slurm.open(config, { store, clock, sites: scenario.sites });
    const window = { start: clock.now(), end: plusHours(clock.now(), 48) };
    const jobs = (await drain(fleet.waiting(window))).filter((job) => ids.includes(job.slurm!.id));
    expect(jobs).toHaveLength(130);
    const was = new Map(ids.map((id) => [id, 0]));
    for (const [number, { eligible_time }] of lab.queue()) was.set(String(number), Number(eligible_time));
    lab.run('scancel', ids[7]!);
    // Each to another start.
    const startOf = (id: string): Instant => plusSeconds(to, 60 * ids.indexOf(id));
    const pieceOf = (job: Job): Placement => ({
      ...{ jobId: job.id, region: job.region, start: startOf(job.slurm!.id) },
      end: plusHours(startOf(job.slurm!.id), job.durationHours),
      ...{ energyKwh: kwh(1), emissionsKg: kg(1), energyCost: money(1), instanceCost: money(0), egressCost: money(0) },
    });
    let told = 0;
    const count = (message: unknown) => {
      const { process: child } = message as { process: ChildProcess };
      child.once('spawn', () => {
        if (child.spawnfile === 'scontrol') told++;
      });
    };
    subscribe('child_process', count);
    const pages = async function* () {
      yield jobs.map((job) => ({ job, pieces: [pieceOf(job)], moved: true }));
    };
    const placed = await fleet.place({ key: 'P-1:k', pages: pages() });
    const undoing = told;
    const queue = lab.queue();
    const undone = await fleet.undo!('P-1:k');
    unsubscribe('child_process', count);
    expect(placed).toEqual({ placed: 129, left: [`lab-${ids[7]}`] });
    for (const id of ids)
      if (id !== ids[7]) expect([id, queue.get(Number(id))?.eligible_time]).toEqual([id, toEpoch(startOf(id))]);
    expect(undone.undone).toHaveLength(129);
    const after = lab.queue();
    for (const id of ids)
      if (id !== ids[7]) expect([id, after.get(Number(id))?.eligible_time]).toEqual([id, was.get(id)]);
    // Two for the moves; the others ask for the controller's name and clock.
    expect(undoing).toBeLessThan(10);
    expect(told - undoing).toBeLessThan(10);
    lab.run('scancel', ...ids);
  });

  it('stops at the first that a controller does not answer, and lets nothing but orders through', async () => {
    const ids = Array.from({ length: 30 }, () => later());
    await lab.saved();
    await lab.killController();
    const fault = await faultOf(
      tellMoves(
        slurm(),
        ids.map((id) => move(id)),
      ),
    );
    // Each of them alone would have been waited for.
    expect(fault).toMatchObject({ code: 'unavailable', message: expect.stringContaining('Slurm does not answer') });
    expect(fault.message.match(/for job/g)).toHaveLength(1);
    await lab.startController();
    for (const target of ['1\nshutdown', '1 Priority=0', "1'"])
      await expect(tellMoves(slurm(), [move(target)])).rejects.toThrow('no word of an order');
    lab.run('scancel', ...ids);
  });
});
