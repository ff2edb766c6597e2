/** A real Slurm with accounts behind the port Fleet: what waits, what may be moved and what never, what ran, and the way back. */
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../clock.js';
import { readConfig } from '../../../config.js';
import { rehearsalOf } from '../../../domain/change.js';
import { drain } from '../../../domain/fixtures/fleet-contract.js';
import { hasAccounting, type TestSlurm, testSlurm } from '../../../domain/fixtures/slurm.js';
import type { Job } from '../../../domain/job.js';
import type { JobForecaster } from '../../../domain/job-forecast.js';
import type { Placement } from '../../../domain/plan.js';
import { Site } from '../../../domain/site.js';
import type { Store } from '../../../domain/store.js';
import { fromEpoch, type Instant, plusHours, plusSeconds, toEpoch } from '../../../domain/time.js';
import { kg, kwh, money } from '../../../domain/units.js';
import type { Fleet } from '../../../domain/world.js';
import { openStore } from '../../../store/store.js';
import { faultOf, scenario } from '../fixtures/trial.js';
import { FLEETS } from '../fleet.js';

if (!hasAccounting())
  process.stderr.write(
    'SKIPPED, loudly: no Slurm with accounts here (Debian: slurm-wlm, munge, slurmdbd, mariadb-server); no real job was moved.\n',
  );

const CONSENT = ['--comment', 'caco:class=sustainable;flex=1440'];

describe.runIf(hasAccounting())('a Slurm cluster as a fleet', () => {
  let lab: TestSlurm;
  let store: Store;
  const clock = systemClock();
  const before = process.env.SLURM_CONF;
  beforeAll(async () => {
    lab = (await testSlurm({ cpus: 32, accounting: true }))!;
    process.env.SLURM_CONF = lab.env.SLURM_CONF;
    store = await openStore(':memory:');
    const user = userInfo().username;
    for (const account of ['physics', 'chemistry']) {
      lab.run('sacctmgr', '-i', 'add', 'account', account);
      lab.run('sacctmgr', '-i', 'add', 'user', user, `account=${account}`);
    }
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.SLURM_CONF;
    else process.env.SLURM_CONF = before;
    await store?.close();
    await lab?.stop();
  });

  const open = async (flags: Record<string, unknown> = {}): Promise<Fleet> =>
    FLEETS.slurm.open(readConfig({ fleet: 'slurm', dryRun: 'off', ...flags }).config, {
      store,
      clock,
      sites: scenario.sites,
    });
  const soon = () => ({ start: clock.now(), end: plusHours(clock.now(), 48) });
  const waiting = async (fleet: Fleet) =>
    new Map((await drain(fleet.waiting(soon()))).map((job) => [job.slurm!.id, job]));
  const eligible = (id: string) => Number(lab.queue().get(Number(id.split('_')[0]))?.eligible_time);
  /** Waits, and is not taken for a moment ago's: a look of the scheduler has set from when it may start. */
  const submitLater = (...args: string[]) => lab.submit('-n1', '-t', '30', '--begin=now+2hours', ...args);
  const pieceOf = (job: Job, start: Instant): Placement => ({
    jobId: job.id,
    region: job.region,
    start,
    end: plusHours(start, job.durationHours),
    energyKwh: kwh(1),
    emissionsKg: kg(0.1),
    energyCost: money(1),
    instanceCost: money(0),
    egressCost: money(0),
  });
  const order = async function* (items: readonly (readonly [Job, Instant])[], moved = true) {
    yield items.map(([job, start]) => ({ job, pieces: [pieceOf(job, start)], moved }));
  };
  const changesOf = async (fleet: Fleet, key: string) =>
    new Map((await drain(fleet.changes!(key))).map((change) => [change.target, change]));
  const at = (hours: number) => fromEpoch(Math.ceil(toEpoch(plusHours(clock.now(), hours)) / 60) * 60);
  const update = (id: string, ...what: string[]) => lab.run('scontrol', 'update', `JobId=${id}`, ...what);

  it('has the cluster’s CPUs and GPUs at the site of its partitions, and refuses a site that is not there', async () => {
    const [site, ...others] = await (await open()).sites();
    expect(others).toEqual([]);
    expect(Site.parse(site)).toEqual({ ...scenario.sites[0], vcpuCapacity: 32, gpuCapacity: 2 });
    const fault = await faultOf((await open({ slurmPartitions: 'main=nowhere' })).sites());
    expect([fault.code, fault.message]).toEqual(['invalid-input', expect.stringContaining('no such site')]);
  });

  it('takes a job that says only its limit to run as long as is foretold, and leaves the limit to Slurm', async () => {
    const id = submitLater('-J', 'train-7', '-A', 'physics', ...CONSENT);
    const own = submitLater('-A', 'physics', '--comment', 'caco:flex=1440;duration=20');
    const jobForecaster: JobForecaster = {
      digest: 'a model',
      forecast: ({ name, limitHours }) =>
        name === 'train-7' && limitHours === 0.5
          ? { hours: { low: 0.1, expected: 0.2, high: 0.3 }, powerKw: null, by: '40 jobs' }
          : 'nothing like it ran',
    };
    const { config } = readConfig({ fleet: 'slurm' });
    const fleet = await FLEETS.slurm.open(config, { store, clock, sites: scenario.sites, jobForecaster });
    const jobs = await waiting(fleet);
    expect(jobs.get(id)).toMatchObject({
      durationHours: 0.2,
      foreseen: { askedHours: 0.5, lowHours: 0.1, highHours: 0.3, by: '40 jobs' },
      slurm: { limitMinutes: 30 },
    });
    expect(jobs.get(own)).toMatchObject({ durationHours: 20 / 60 });
    expect(jobs.get(own)!.foreseen).toBeUndefined();
    for (const job of [id, own]) lab.run('scancel', job);
  });

  it('tells what waits in partitions and accounts that are ours, twice the same, with why some of it stays', async () => {
    const main = submitLater('-A', 'physics', ...CONSENT);
    const first = submitLater('-p', 'first', '-A', 'chemistry', ...CONSENT);
    const both = submitLater('-p', 'main,first', ...CONSENT);
    const array = submitLater('-a', '0-2', ...CONSENT);
    const het = lab.submit('-n1', '-t', '30', '--begin=now+2hours', ...CONSENT, ':', '-n2', '-t', '60');
    const unlimited = lab.submit('-n1', '-t', 'UNLIMITED', '--begin=now+2hours', ...CONSENT);
    const awaited = submitLater(...CONSENT);
    const hurried = lab.submit('-n1', '-t', '10', '-d', `afterok:${awaited}`, '--deadline=now+20hours', ...CONSENT);
    const fleet = await open();
    const all = await waiting(fleet);
    expect(await drain(fleet.waiting(soon()))).toEqual([...all.values()]);
    expect([...all.keys()].sort()).toEqual(
      [main, first, both, het, awaited, hurried, ...[0, 1, 2].map((n) => `${array}_${n}`)].sort(),
    );
    expect(all.has(unlimited)).toBe(false);
    expect(all.get(het)).toMatchObject({ id: `lab-${het}`, vcpus: 3, durationHours: 1, clusterId: 'lab' });
    expect(all.get(awaited)!.slurm!.stays).toBe(`job ${hurried}, which has a deadline, waits for it`);
    expect(all.get(hurried)!.slurm!.stays).toBe('it waits for other jobs');
    const few = await waiting(await open({ slurmPartitions: 'first', slurmAccounts: 'chemistry' }));
    expect([...few.keys()]).toEqual([first]);
    lab.run('scancel', main, first, both, array, het, unlimited, awaited, hurried);
  });

  it('moves what may be moved, reads it back, changes nothing at a second call, and puts it back', async () => {
    const ids = {
      plain: submitLater(...CONSENT),
      array: submitLater('-a', '0-3', ...CONSENT),
      het: lab.submit('-n1', '-t', '30', '--begin=now+2hours', ...CONSENT, ':', '-n2', '-t', '30'),
      unasked: submitLater(),
      unwilling: submitLater('--comment', 'caco:move=no;flex=600'),
      heldByUser: submitLater('-H', ...CONSENT),
      heldByAdmin: submitLater(...CONSENT),
      taken: submitLater(...CONSENT),
      tight: lab.submit('-n1', '-t', '30', '--begin=now+2hours', '--deadline=now+5hours', ...CONSENT),
      dependent: '',
    };
    ids.dependent = submitLater('-d', `afterany:${ids.unasked}`, ...CONSENT);
    lab.run('scontrol', 'hold', ids.heldByAdmin);
    const fleet = await open();
    const jobs = [...(await waiting(fleet)).values()];
    const to = at(6);
    const starts = () => [...lab.queue().values()].map((job) => [job.job_id, job.eligible_time, job.priority === 0]);
    // Since the plan was made its owner has moved one, and another is cancelled.
    update(ids.taken, 'StartTime=now+9hours');
    const was = starts();
    const items = jobs.map((job) => [job, to] as const);

    const rehearsal = await (await open({ dryRun: 'on' })).place({ key: 'P-1:k', pages: order(items) });
    expect(rehearsal).toMatchObject({ placed: 0, rehearsed: 6 });
    expect(starts()).toEqual(was);
    expect((await changesOf(fleet, rehearsalOf('P-1:k'))).get(`${ids.array}_2`)).toMatchObject({
      state: 'rehearsed',
      command: `TZ=UTC scontrol update 'JobId=${ids.array}_[0-3]' StartTime=${to.slice(0, 19)}`,
    });

    const placed = await fleet.place({ key: 'P-1:k', pages: order(items) });
    expect(placed.placed).toBe(6);
    const changes = await changesOf(fleet, 'P-1:k');
    const why = (id: string) => [changes.get(id)?.state, changes.get(id)?.why];
    expect(why(ids.plain)).toEqual(['made', null]);
    expect(why(ids.het)).toEqual(['made', null]);
    expect(why(ids.unasked)[1]).toContain('only recommended');
    expect(why(ids.unwilling)[1]).toContain('does not want it moved');
    expect(why(ids.heldByUser)).toEqual(['left', 'its user holds it']);
    expect(why(ids.heldByAdmin)).toEqual(['left', 'an administrator holds it']);
    expect(why(ids.taken)).toEqual(['left', 'somebody else changed its start since']);
    expect(why(ids.tight)).toEqual(['left', 'Slurm would remove it at its deadline']);
    expect(why(ids.dependent)).toEqual(['left', 'it waits for other jobs']);
    for (const id of [ids.plain, ids.array, ids.het, String(Number(ids.het) + 1)])
      expect([id, eligible(id)]).toEqual([id, toEpoch(to)]);
    // The array is still in one piece.
    expect(lab.queue().get(Number(ids.array))?.array_task_string).toBe('0-3');
    const moved = [ids.plain, ids.array, ids.het, String(Number(ids.het) + 1)].map(Number);
    const others = (rows: unknown[][]) => rows.filter(([id]) => !moved.includes(id as number));
    expect(others(starts())).toEqual(others(was));

    const again = starts();
    expect(await fleet.place({ key: 'P-1:k', pages: order(items.slice(0, 1)) })).toEqual(placed);
    expect(starts()).toEqual(again);

    // Its owner moves one on, and holds another: both are theirs now.
    update(ids.plain, 'StartTime=now+11hours');
    lab.run('scontrol', 'uhold', `${ids.array}_1`);
    const undone = await fleet.undo!('P-1:k');
    expect([undone.undone.length, undone.kept.length]).toEqual([4, 2]);
    expect(starts().filter(([id]) => id === Number(ids.het))).toEqual(was.filter(([id]) => id === Number(ids.het)));
    expect(eligible(ids.plain)).toBeGreaterThan(toEpoch(plusHours(clock.now(), 10)));
    const last = starts();
    // Told again, for whoever did not hear it; nothing is done.
    const told = await fleet.undo!('P-1:k');
    expect([told.undone.length, told.kept.length, told.commands]).toEqual([4, 2, []]);
    expect(starts()).toEqual(last);
    // What was undone is not done again.
    await fleet.place({ key: 'P-1:k', pages: order(items) });
    expect(starts()).toEqual(last);
    lab.run('scancel', '-u', userInfo().username);
  });

  it('completes an order that was cut short anywhere, and knows what the crash left behind', async () => {
    const ids = Array.from({ length: 6 }, () => submitLater(...CONSENT));
    const fleet = await open();
    const jobs = [...(await waiting(fleet)).values()].filter((job) => ids.includes(job.slurm!.id));
    const to = at(5);
    const broken = async function* () {
      yield* order(jobs.slice(0, 2).map((job) => [job, to] as const));
      throw new Error('the line went dead');
    };
    await expect(fleet.place({ key: 'P-2:k', pages: broken() })).rejects.toThrow('dead');
    expect(ids.filter((id) => eligible(id) === toEpoch(to))).toHaveLength(2);
    // The undo of half an order is the undo of what was done of it.
    const all = jobs.map((job) => [job, to] as const);
    expect(await fleet.place({ key: 'P-2:k', pages: order(all) })).toEqual({ placed: 6, left: [] });
    expect(ids.every((id) => eligible(id) === toEpoch(to))).toBe(true);
    const { undone } = await fleet.undo!('P-2:k');
    expect(undone).toHaveLength(6);
    lab.run('scancel', ...ids);
  });

  it('is undone while it is carried out, anywhere in it: afterwards nothing of it is left', async () => {
    const ids = Array.from({ length: 4 }, () => submitLater(...CONSENT));
    const fleet = await open();
    const jobs = [...(await waiting(fleet)).values()].filter((job) => ids.includes(job.slurm!.id));
    const was = ids.map(eligible);
    const all = jobs.map((job) => [job, at(6)] as const);
    const meanwhile = async function* () {
      yield* order(all.slice(0, 2));
      await fleet.undo!('P-8:k');
      yield* order(all.slice(2));
    };
    expect(await fleet.place({ key: 'P-8:k', pages: meanwhile() })).toMatchObject({ placed: 0 });
    expect(ids.map(eligible)).toEqual(was);
    // Two programs at once, as they come: whoever is last, the undo holds.
    await Promise.all([fleet.place({ key: 'P-9:k', pages: order(all) }), fleet.undo!('P-9:k')]);
    expect(ids.map(eligible)).toEqual(was);
    // Before any of it was done: none of it is done later.
    await fleet.undo!('P-10:k');
    expect((await fleet.place({ key: 'P-10:k', pages: order(all) })).left).toHaveLength(4);
    expect(ids.map(eligible)).toEqual(was);
    lab.run('scancel', ...ids);
  });

  it('leaves a job alone whose owner gave it just the planned start, at the undo too', async () => {
    const id = submitLater(...CONSENT);
    const fleet = await open();
    const job = (await waiting(fleet)).get(id)!;
    const to = at(5);
    update(id, `StartTime=${to.slice(0, 19)}`);
    await fleet.place({ key: 'P-11:k', pages: order([[job, to]]) });
    expect((await changesOf(fleet, 'P-11:k')).get(id)!.state).toBe('not-needed');
    expect(await fleet.undo!('P-11:k')).toMatchObject({ undone: [], kept: [], commands: [] });
    expect(eligible(id)).toBe(toEpoch(to));
    lab.run('scancel', id);
  });

  it('moves jobs over from the order that one replaces, and back to where they were before both', async () => {
    const id = submitLater(...CONSENT);
    const fleet = await open();
    const job = (await waiting(fleet)).get(id)!;
    const was = eligible(id);
    await fleet.place({ key: 'P-3:k', pages: order([[job, at(4)]]) });
    const to = at(7);
    const next = { key: 'P-4:k', replaces: 'P-3:k', pages: order([[job, to]]) };
    expect(await fleet.place(next)).toEqual({ placed: 1, left: [] });
    expect(eligible(id)).toBe(toEpoch(to));
    expect(await drain(fleet.changes!('P-3:k'))).toEqual([]);
    await fleet.undo!('P-3:k');
    expect(eligible(id)).toBe(toEpoch(to));
    expect((await fleet.undo!('P-4:k')).undone).toEqual([job.id]);
    expect(eligible(id)).toBe(was);
    lab.run('scancel', id);
  });

  it('loses a race aloud, leaves urgent work alone, and tells what ran and how it is known', async () => {
    const quick = (...args: string[]) =>
      lab.run('sbatch', '--parsable', '-n1', '-t', '5', ...args, '--wrap', 'sleep 3');
    const moved = quick('--begin=now+3hours', ...CONSENT);
    const racing = quick('--begin=now+3hours', ...CONSENT);
    const urgent = quick('--begin=now+3hours', '--comment', 'caco:class=urgent;flex=600');
    const plain = quick('--begin=now+3hours');
    const fleet = await open();
    const jobs = await waiting(fleet);
    const to = plusSeconds(clock.now(), 20);
    update(racing, 'StartTime=now');
    await lab.until('started', () => lab.queue().get(Number(racing))?.job_state !== 'PENDING');
    const pages = async function* () {
      yield* order([moved, racing, urgent].map((id) => [jobs.get(id)!, to] as const));
      yield* order([[jobs.get(plain)!, to]], false);
    };
    // Planned earlier than it may start: a plan that does not move it leaves it as it is.
    expect(await fleet.place({ key: 'P-5:k', pages: pages() })).toMatchObject({ placed: 2 });
    const changes = await changesOf(fleet, 'P-5:k');
    expect(changes.get(racing)!.state).toBe('lost');
    expect(changes.get(urgent)).toMatchObject({ state: 'left', why: 'it is urgent' });
    expect(changes.get(plain)!.state).toBe('not-needed');
    await lab.until('ran', () => lab.run('sacct', '-X', '-n', '-P', '-j', moved, '-o', 'State') === 'COMPLETED');
    const ran = await drain(fleet.ran('P-5:k'));
    expect(ran).toMatchObject([{ jobId: `lab-${moved}`, region: 'GB', source: 'modelled' }]);
    const [{ start, end, energyKwh }] = ran as [(typeof ran)[number]];
    expect(toEpoch(start)).toBeGreaterThanOrEqual(toEpoch(to));
    // As planned per hour: 1 kWh in five minutes.
    expect(energyKwh).toBeCloseTo((toEpoch(end) - toEpoch(start)) / 300, 9);
    expect(await drain(fleet.ran('P-5:k'))).toEqual(ran);
    // What ran is not undone.
    // … and what was to run as it would have anyway belongs to the order no longer.
    expect(await fleet.undo!('P-5:k')).toMatchObject({ undone: [], kept: [`lab-${moved}`] });
    expect((await changesOf(fleet, 'P-5:k')).get(plain)!.state).toBe('undone');
    expect(await drain(fleet.ran('P-5:k'))).toMatchObject([{ jobId: `lab-${moved}` }]);
    lab.run('scancel', urgent, plain);
  });

  it('says that Slurm does not answer, never that nothing waits, and goes on when it does', async () => {
    const id = submitLater(...CONSENT);
    const fleet = await open();
    const job = (await waiting(fleet)).get(id)!;
    await lab.saved();
    await lab.killController();
    const place = () => fleet.place({ key: 'P-6:k', pages: order([[job, at(3)]]) });
    // One after the other: a promise that waits for its turn would be rejected with nobody there to hear it.
    for (const ask of [() => drain(fleet.waiting(soon())), () => fleet.sites(), place])
      expect((await faultOf(Promise.resolve(ask()))).code).toBe('unavailable');
    await lab.startController();
    // A controller that has just begun may take no change yet: what is left then is placed by a later look.
    let told = await place();
    for (let looks = 0; (told.left?.length ?? 0) > 0 && looks < 60; looks++) {
      await new Promise((resume) => setTimeout(resume, 1000));
      told = await place();
    }
    expect(told).toEqual({ placed: 1, left: [] });
    const far = { now: () => plusHours(clock.now(), 1) };
    const config = readConfig({ fleet: 'slurm', dryRun: 'off' }).config;
    const ahead = await FLEETS.slurm.open(config, { store, clock: far, sites: scenario.sites });
    const fault = await faultOf(Promise.resolve(ahead.undo!('P-6:k')));
    expect([fault.code, fault.message]).toEqual(['conflict', expect.stringContaining('clock')]);
    lab.run('scancel', id);
  });
});
