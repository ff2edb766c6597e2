/**
 * Kubernetes behind the port Fleet, against a stand-in for its API server that was written from its documents: no registry carries a real
 * one. The account has the rights that docs/deploy/kubernetes.yaml gives, and no others.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, systemNow } from '../../../clock.js';
import { readConfig } from '../../../config.js';
import { rehearsalOf } from '../../../domain/change.js';
import { drain } from '../../../domain/fixtures/fleet-contract.js';
import { defaulted } from '../../../domain/fixtures/kubernetes/jobs.js';
import { jobBody, Lab } from '../../../domain/fixtures/kubernetes/lab.js';
import type { Job } from '../../../domain/job.js';
import type { Placement } from '../../../domain/plan.js';
import { Site } from '../../../domain/site.js';
import type { Store } from '../../../domain/store.js';
import { type Instant, plusHours, plusSeconds } from '../../../domain/time.js';
import { kg, kwh, money } from '../../../domain/units.js';
import type { Fleet } from '../../../domain/world.js';
import { openStore } from '../../../store/store.js';
import { faultOf, scenario } from '../fixtures/trial.js';
import { FLEETS } from '../fleet.js';
import { READERS, Reading } from '../formats/formats.js';
import { keepReleasing, openAccess, type Released, releaseDue } from './kubernetes.js';

const clock = systemClock();
const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url);
const at = (hours: number): Instant => plusHours(clock.now(), hours);
let lab: Lab;
let store: Store;
const before = process.env.KUBECONFIG;
const sites = [
  Site.parse({ ...scenario.sites[0]!, id: 'hpc-1', region: 'GB' }),
  Site.parse({ ...scenario.sites[0]!, id: 'hpc-2', region: 'FR' }),
];

beforeAll(async () => {
  store = await openStore(':memory:');
});
beforeEach(async () => {
  lab = await Lab.open();
  process.env.KUBECONFIG = lab.kubeconfig();
});
afterEach(() => lab.close());
afterAll(async () => {
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
  await store.close();
});

const open = async (flags: Record<string, unknown> = {}): Promise<Fleet> =>
  FLEETS.kubernetes.open(readConfig({ fleet: 'kubernetes', dryRun: 'off', ...flags }).config, { store, clock, sites });
const waiting = async (fleet: Fleet) =>
  new Map((await drain(fleet.waiting({ start: clock.now(), end: at(48) }))).map((job) => [job.name, job]));
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
  new Map((await drain(fleet.changes!(key))).map((change) => [change.target.split('#')[0]!.split('/')[1], change]));
const standing = (name: string) => {
  const { spec, metadata } = lab.job(name);
  return [spec.suspend, metadata.annotations?.['caco.dev/held-until'] ?? null];
};
/** One look of a releaser, so that something may be held. */
const releaserLooked = () => {
  const now = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: 'r', leaseDurationSeconds: 45, acquireTime: now, renewTime: now };
  return lab.ask('POST', '/apis/coordination.k8s.io/v1/namespaces/caco/leases', {
    metadata: { name: 'caco-releaser' },
    spec,
  });
};

async function* queueText() {
  yield readFileSync(fixture('squeue-bridge.json'), 'utf8');
}

/** Every kind of Job that waits or does not, as its owner made it. */
const everyKind = async () => {
  const { server } = lab;
  server.controller.room = 1;
  await lab.apply(jobBody('running'), 'kubectl', 'aa');
  server.controller.room = 0;
  await lab.apply(jobBody('plain'));
  await lab.apply(jobBody('unasked', { labels: { 'caco.dev/move': undefined } }));
  await lab.apply(jobBody('unwilling', { labels: { 'caco.dev/move': 'no' } }));
  await lab.apply(jobBody('queued', { labels: { 'kueue.x-k8s.io/queue-name': 'q' }, spec: { suspend: true } }));
  await lab.apply(jobBody('elsewhere', { spec: { managedBy: 'kueue.x-k8s.io/multikueue' } }));
  await lab.create(jobBody('created'));
  await lab.apply(jobBody('held', { spec: { suspend: true } }));
  await lab.handOver(jobBody('handed'));
  const made = {
    ...jobBody('of-a-set'),
    metadata: {
      ...jobBody('of-a-set').metadata,
      ownerReferences: [{ kind: 'JobSet', name: 's', uid: 'u', controller: true }],
    },
  };
  await lab.apply(made);
  await lab.apply(jobBody('urgent', { annotations: { 'caco.dev/category': 'urgent' } }));
  await lab.apply(jobBody('in-slurm', { pod: { schedulerName: 'slurm-bridge-scheduler' } }));
  for (const pod of server.storage.all('pods').filter((one) => one.metadata.name.startsWith('in-slurm')))
    server.storage.update('pods', {
      ...pod,
      metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, 'scheduler.slinky.slurm.net/slurm-jobid': '76' } },
    });
  await lab.apply(jobBody('tight', { annotations: { 'caco.dev/deadline': at(3) } }));
};

describe('a Kubernetes cluster as a fleet', () => {
  it('has what its nodes can give, by site, and refuses a site that is not there', async () => {
    expect(await (await open()).sites()).toMatchObject([{ id: 'hpc-1', vcpuCapacity: 31, gpuCapacity: 4 }]);
    const two = await open({ kubernetesSites: 'zone-a=hpc-1,zone-b=hpc-2' });
    expect(await two.sites()).toMatchObject([
      { id: 'hpc-1', vcpuCapacity: 15.5, gpuCapacity: 2 },
      { id: 'hpc-2', vcpuCapacity: 15.5 },
    ]);
    const fault = await faultOf(Promise.resolve((await open({ kubernetesSites: 'zone-a=nowhere' })).sites()));
    expect([fault.code, fault.message]).toEqual(['invalid-input', expect.stringContaining('nowhere')]);
  });

  it('tells what waits, twice the same, each once, with why some of it stays', async () => {
    await everyKind();
    const fleet = await open();
    const all = await waiting(fleet);
    expect(await drain(fleet.waiting({ start: clock.now(), end: at(48) }))).toEqual([...all.values()]);
    const stays = Object.fromEntries([...all].map(([name, job]) => [name, job.kubernetes!.stays]));
    expect(stays).toEqual({
      plain: null,
      unasked: null,
      handed: null,
      urgent: null,
      tight: null,
      unwilling: 'its owner does not want it moved (caco.dev/move)',
      queued: 'Kueue holds and releases it (queue q)',
      elsewhere: 'kueue.x-k8s.io/multikueue runs it',
      created: 'kubectl-create owns spec.suspend, which is never taken by force',
      held: 'kubectl holds it',
      'of-a-set': 'JobSet s made it and decides when it runs',
      'in-slurm': 'slurm-bridge has put it into Slurm’s queue (job 76), where its place would be lost',
    });
    expect(all.get('plain')).toMatchObject({ team: 'ml', vcpus: 2, durationHours: 1, region: 'GB', clusterId: 'lab' });
    expect(all.get('handed')!.kubernetes!.held).toBe(true);
    // A Job that may run at either site is at none of them for sure.
    await lab.apply(jobBody('in-b', { pod: { nodeSelector: { 'topology.kubernetes.io/zone': 'zone-b' } } }));
    const there = await waiting(await open({ kubernetesSites: 'zone-a=hpc-1,zone-b=hpc-2' }));
    expect([...there].map(([name, { region }]) => [name, region])).toEqual([['in-b', 'FR']]);
    expect([...(await waiting(await open({ kubernetesNamespaces: 'aa' }))).keys()]).toEqual([]);
  });

  it('counts work that slurm-bridge shows in both queues once: here, where its owner is', async () => {
    await everyKind();
    const reading = new Reading({ unit: null, start: null, timeZone: 'UTC', clusterId: null });
    const slurm = [];
    for await (const rows of READERS['slurm-json'](queueText(), reading)) slurm.push(...rows);
    expect(slurm.map((row) => ('code' in row ? row : row.name))).toEqual(['native']);
    expect(reading.skipped).toEqual([{ what: 'shadows of Kubernetes pods, which count there', count: 1 }]);
    const here = [...(await waiting(await open())).keys()];
    expect(
      [...here, ...slurm.map((row) => ('code' in row ? '' : row.name))].filter((name) => name === 'in-slurm'),
    ).toHaveLength(1);
  });

  it('rehearses first, holds what may be held, reads it back, changes nothing at a second call, and puts it back', async () => {
    await everyKind();
    await releaserLooked();
    const fleet = await open();
    const items = [...(await waiting(fleet)).values()].map((job) => [job, at(6)] as const);
    const to = items[0]![1];
    const names = items.map(([{ name }]) => name);
    const was = names.map(standing);

    const rehearsal = await (await open({ dryRun: 'on' })).place({ key: 'P-1:k', pages: order(items) });
    expect(rehearsal).toMatchObject({ placed: 0, rehearsed: 2 });
    expect(names.map(standing)).toEqual(was);
    const { metadata } = lab.job('plain');
    expect((await changesOf(fleet, rehearsalOf('P-1:k'))).get('plain')!.command).toBe(
      `echo '{"apiVersion":"batch/v1","kind":"Job","metadata":{"namespace":"ml","name":"plain","uid":"${metadata.uid}","annotations":{"caco.dev/held-until":"${to}"}},"spec":{"suspend":true}}' | kubectl apply --server-side --field-manager=caco -f -`,
    );

    expect((await fleet.place({ key: 'P-1:k', pages: order(items) })).placed).toBe(2);
    const changes = await changesOf(fleet, 'P-1:k');
    expect(
      [...changes]
        .filter(([, { state }]) => state === 'made')
        .map(([name]) => name)
        .sort(),
    ).toEqual(['handed', 'plain']);
    expect(changes.get('unasked')!.why).toContain('only recommended');
    expect(changes.get('urgent')).toMatchObject({ state: 'left', why: 'it is urgent' });
    expect(changes.get('tight')).toMatchObject({ state: 'left', why: 'its deadline has become too near' });
    expect([standing('plain'), standing('handed')]).toEqual([
      [true, to],
      [true, to],
    ]);
    // Its pods are gone, and what its owner said of it stands.
    expect(lab.job('plain').status).toMatchObject({ active: 0 });
    expect(lab.job('plain').metadata.labels).toEqual(metadata.labels);
    const others = names.filter((name) => !['plain', 'handed'].includes(name));
    expect(others.map(standing)).toEqual(
      names
        .map((name, n) => [name, was[n]] as const)
        .filter(([name]) => others.includes(name))
        .map(([, one]) => one),
    );

    const { version } = lab.server.storage;
    await fleet.place({ key: 'P-1:k', pages: order(items.slice(0, 1)) });
    const patches = lab.server.requests.filter(
      (line) => line.startsWith('PATCH /apis/batch') && line.includes('fieldManager=caco') && line.includes('plain'),
    );
    expect(patches).toHaveLength(1);
    expect(lab.server.storage.version - version).toBeLessThan(5);

    const { undone, kept } = await fleet.undo!('P-1:k');
    expect([undone.length, kept]).toEqual([2, []]);
    expect(standing('plain')).toEqual([false, null]);
    expect(standing('handed')[0]).toBe(true);
    expect((await fleet.undo!('P-1:k')).undone).toHaveLength(2);
    expect((await fleet.place({ key: 'P-1:k', pages: order(items) })).placed).toBe(0);
    expect(lab.server.requests.filter((line) => line.includes('force=true'))).toEqual([]);
  });

  it('loses a race aloud, gives way to whoever takes the field, and never touches another Job of the name', async () => {
    const { server } = lab;
    await releaserLooked();
    for (const name of ['racing', 'taken', 'again', 'gone']) await lab.apply(jobBody(name));
    const fleet = await open();
    const jobs = await waiting(fleet);
    const others = ['taken', 'again', 'gone'];
    await lab.ask(
      'PATCH',
      '/apis/batch/v1/namespaces/ml/jobs/taken?fieldManager=ann',
      { spec: { suspend: true } },
      'application/merge-patch+json',
    );
    for (const name of ['again', 'gone']) await lab.ask('DELETE', `/apis/batch/v1/namespaces/ml/jobs/${name}`);
    await lab.apply(jobBody('again'));
    // Between the look and the patch it gets a node.
    server.onRequest = (line) => {
      if (!line.startsWith('PATCH') || !line.includes('racing')) return;
      server.controller.room = 1;
      for (const pod of server.storage.all('pods').filter(({ metadata }) => !metadata.name.startsWith('racing')))
        server.storage.remove('pods', 'ml', pod.metadata.name, server.now());
      server.controller.schedule();
    };
    const items = ['racing', ...others].map((name) => [jobs.get(name)!, at(5)] as const);
    expect((await fleet.place({ key: 'P-2:k', pages: order(items) })).placed).toBe(0);
    const changes = await changesOf(fleet, 'P-2:k');
    expect(changes.get('racing')).toMatchObject({ state: 'lost', why: expect.stringContaining('started before') });
    expect(changes.get('taken')).toMatchObject({ state: 'left', why: 'ann holds it' });
    expect(changes.get('again')!.state).toBe('lost');
    expect(changes.get('gone')!.state).toBe('lost');
    expect(lab.job('racing').status.ready).toBe(1);
    expect(standing('again')).toEqual([false, null]);
    expect(server.storage.get('jobs', 'ml', 'gone')).toBeUndefined();
  });

  it('holds nothing where nobody would let go, where another one places, or where clocks differ', async () => {
    await lab.apply(jobBody('one'));
    const fleet = await open();
    const job = (await waiting(fleet)).get('one')!;
    const place = () => faultOf(Promise.resolve(fleet.place({ key: 'P-3:k', pages: order([[job, at(4)]]) })));
    const alone = await place();
    expect([alone.code, alone.message]).toEqual(['unavailable', expect.stringContaining('nobody would let go')]);
    await releaserLooked();
    const now = new Date().toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: 'another', leaseDurationSeconds: 60, acquireTime: now, renewTime: now };
    const path = '/apis/coordination.k8s.io/v1/namespaces/caco/leases/caco-placing';
    const lease = await lab.ask('GET', path);
    await lab.ask('PUT', path, { metadata: { ...lease.metadata }, spec });
    expect(await place()).toMatchObject({ code: 'conflict', message: expect.stringContaining('another') });
    lab.server.skewSeconds = 3600;
    // The head of an answer tells whole seconds.
    expect((await place()).message).toMatch(/\b(?:3599|36\d\d) s ahead/);
    lab.server.skewSeconds = 65;
    expect((await faultOf(Promise.resolve(fleet.undo!('P-3:k')))).code).toBe('conflict');
    expect(standing('one')).toEqual([false, null]);
  });

  it('completes an order that was cut short, moves over what another replaces, and tells what ran', async () => {
    const { server } = lab;
    await releaserLooked();
    for (const name of ['a', 'b']) await lab.apply(jobBody(name));
    const fleet = await open();
    const jobs = [...(await waiting(fleet)).values()];
    const all = jobs.map((job) => [job, at(4)] as const);
    const broken = async function* () {
      yield* order(all.slice(0, 1));
      throw new Error('the line went dead');
    };
    await expect(fleet.place({ key: 'P-4:k', pages: broken() })).rejects.toThrow('dead');
    expect(await fleet.place({ key: 'P-4:k', pages: order(all) })).toEqual({ placed: 2, left: [] });
    const later = at(7);
    const next = { key: 'P-5:k', replaces: 'P-4:k', pages: order([[jobs[0]!, later]]) };
    expect(await fleet.place(next)).toEqual({ placed: 1, left: [] });
    expect(standing('a')).toEqual([true, later]);
    expect((await fleet.undo!('P-4:k')).undone).toEqual([jobs[1]!.id]);
    expect((await fleet.undo!('P-5:k')).undone).toEqual([jobs[0]!.id]);
    expect([standing('a'), standing('b')]).toEqual([
      [false, null],
      [false, null],
    ]);

    await lab.apply(jobBody('c'));
    const c = (await waiting(fleet)).get('c')!;
    // Its start is now: nothing is to be done, and it runs.
    await fleet.place({ key: 'P-6:k', pages: order([[c, clock.now()]]) });
    server.controller.room = 9;
    server.skewSeconds = 2;
    server.controller.schedule();
    server.skewSeconds = 30;
    server.controller.finish('ml', 'c');
    const far = { now: () => plusSeconds(clock.now(), 40) };
    const { config } = readConfig({ fleet: 'kubernetes', dryRun: 'off' });
    const ran = await drain((await FLEETS.kubernetes.open(config, { store, clock: far, sites })).ran('P-6:k'));
    expect(ran).toMatchObject([{ jobId: c.id, region: 'GB', source: 'modelled' }]);
    const seconds = (Date.parse(ran[0]!.end) - Date.parse(ran[0]!.start)) / 1000;
    expect(seconds).toBeGreaterThan(20);
    // As planned per hour: 1 kWh in an hour.
    expect(ran[0]!.energyKwh).toBeCloseTo(seconds / 3600, 9);
    // Without its pods the Job itself says when.
    for (const pod of server.storage.all('pods')) server.storage.remove('pods', 'ml', pod.metadata.name, server.now());
    expect(
      await drain((await FLEETS.kubernetes.open(config, { store, clock: far, sites })).ran('P-6:k')),
    ).toMatchObject([{ jobId: c.id }]);
  });

  it('says what it may not do, who would let go, and what waits', async () => {
    lab.server.kueue = true;
    await lab.apply(jobBody('one'));
    const found = async (flags = {}) => new Map((await (await open(flags)).examine!()).map((one) => [one.what, one]));
    const first = await found();
    expect(first.get('kubernetes')).toMatchObject({ state: 'ok', found: expect.stringContaining('v1.34.0') });
    expect(first.get('kueue')!.found).toContain('v1beta2');
    expect(first.get('kubernetes rights')!.state).toBe('ok');
    expect(first.get('kubernetes releaser')!.state).toBe('missing');
    expect(first.get('kubernetes queue')!.found).toBe('1 Jobs wait, 1 of them may be moved');
    await releaserLooked();
    expect((await found()).get('kubernetes releaser')!.state).toBe('ok');
    lab.server.tokens.set('planner', [{ apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'list'] }]);
    expect((await found()).get('kubernetes rights')).toMatchObject({
      state: 'missing',
      found: expect.stringContaining('patch jobs'),
    });
  });
});

describe('the API server', () => {
  const pages = async (fleet: Fleet) => [...(await waiting(fleet)).keys()];

  it('is asked again where it has too much to do, where a list has grown old, and with a new token where the old one ended', async () => {
    for (let n = 0; n < 3; n++) await lab.apply(jobBody(`j${n}`));
    const fleet = await open();
    lab.server.refuse(2, 429, { retryAfter: '0' });
    expect(await pages(fleet)).toHaveLength(3);
    lab.server.refuse(1, 503);
    expect(await pages(fleet)).toHaveLength(3);
    const file = join(lab.folder, 'token');
    writeFileSync(file, 'planner\n');
    process.env.KUBECONFIG = lab.kubeconfig({ tokenFile: 'token' });
    const byFile = await open();
    expect(await pages(byFile)).toHaveLength(3);
    lab.server.tokens.set('second', lab.server.tokens.get('planner')!);
    lab.server.tokens.delete('planner');
    const ended = await faultOf(Promise.resolve(byFile.sites()));
    expect([ended.code, ended.message]).toEqual(['forbidden', expect.stringContaining('401')]);
    writeFileSync(file, 'second\n');
    expect(await pages(byFile)).toHaveLength(3);
    const said = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'second' },
    });
    process.env.KUBECONFIG = lab.kubeconfig({
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: [said] },
    });
    expect(await pages(await open())).toHaveLength(3);
    // Half of a list that a new one overtook is no list.
    const { api, namespaces } = openAccess(readConfig({ fleet: 'kubernetes' }).config);
    for (let n = 0; n < 600; n++) lab.server.storage.create('jobs', jobOf(`many-${n}`), lab.server.now());
    let once = true;
    lab.server.onRequest = (line) => {
      if (once && line.includes('continue=')) lab.server.storage.compact();
      if (line.includes('continue=')) once = false;
    };
    expect((await releaseDue(api, systemNow, namespaces)).held).toHaveLength(600);
  });
});

/** On hold under our name, as the server keeps it. */
const jobOf = (name: string, until = at(2)) => ({
  ...jobBody(name),
  metadata: {
    ...{ name, namespace: 'ml', labels: { 'caco.dev/move': 'yes' }, annotations: { 'caco.dev/held-until': until } },
    managedFields: [
      {
        ...{ manager: 'caco', operation: 'Apply', apiVersion: 'batch/v1', fieldsType: 'FieldsV1', time: until },
        fieldsV1: { 'f:spec': { 'f:suspend': {} }, 'f:metadata': { 'f:annotations': { 'f:caco.dev/held-until': {} } } },
      },
    ],
  },
  spec: defaulted({ spec: { ...jobBody(name).spec, suspend: true } }).spec,
});

describe('the releaser', () => {
  const running = (now: () => Instant = systemNow) => {
    process.env.KUBECONFIG = lab.kubeconfig({ token: 'releaser' });
    const { api, namespaces, home } = openAccess(readConfig({ fleet: 'kubernetes' }).config);
    const end = new AbortController();
    const released: Released[] = [];
    const troubles: string[] = [];
    const ended = keepReleasing({
      ...{ api, namespaces, home, now, holder: `r-${Math.random()}`, signal: end.signal },
      onReleased: (one) => void released.push(one),
      onTrouble: (why) => void troubles.push(why),
    });
    return { api, namespaces, released, troubles, ended, stop: () => end.abort() };
  };
  const hold = (name: string, until?: Instant) =>
    lab.server.storage.create('jobs', jobOf(name, until), lab.server.now());
  /** Watches come and go; the test ends with its own limit where this never holds. */
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((go) => setTimeout(go, 50));
  };
  const watches = () => lab.server.requests.filter((line) => line.includes('watch=1')).length;

  it('lets go of what is due and of nothing else, whatever breaks, and gives up its lease', async () => {
    let now = clock.now();
    hold('soon', plusSeconds(now, 100));
    hold('late', plusHours(now, 30));
    // Somebody wants it suspended as well: what we want no longer is theirs alone.
    hold('shared', plusSeconds(now, 100));
    await lab.apply(
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'shared' }, spec: { suspend: true } },
      'ann',
    );
    const one = running(() => now);
    await until(() => watches() === 1);
    lab.server.cut();
    await until(() => watches() === 2);
    lab.server.storage.compact();
    hold('new', plusSeconds(now, 50));
    lab.server.expireStreams();
    await until(() => watches() === 3);
    lab.server.bookmark();
    lab.server.refuse(2, 429, { path: /jobs$/, retryAfter: '0' });
    lab.server.cut();
    await until(() => watches() >= 4);
    expect(one.released).toEqual([]);
    now = plusSeconds(now, 101);
    await until(() => one.released.length === 3);
    expect(one.released.map(({ name, trouble }) => [name, trouble]).sort()).toEqual([
      ['new', null],
      ['shared', 'somebody else holds it as well'],
      ['soon', null],
    ]);
    expect([standing('soon'), standing('new')]).toEqual([
      [false, null],
      [false, null],
    ]);
    expect(standing('shared')[0]).toBe(true);
    expect(standing('late')[0]).toBe(true);
    one.stop();
    await one.ended;
    const lease = lab.server.storage.get('leases', 'caco', 'caco-releaser')!;
    expect(lease.spec.holderIdentity).toBe('');
    expect(lease.spec.renewTime).toMatch(/\.\d{6}Z$/);
    expect(lab.server.requests.filter((line) => line.includes('force=true'))).toEqual([]);
  });

  it('stands by while another one has the lease, and ends where it has no right to look', async () => {
    await releaserLooked();
    hold('due', plusSeconds(clock.now(), -5));
    const second = running();
    await until(
      () => watches() === 1 && lab.server.requests.some((line) => line.startsWith('GET') && line.includes('leases')),
    );
    expect([second.released, standing('due')[0]]).toEqual([[], true]);
    second.stop();
    await second.ended;
    // By hand, whoever has the lease: it is asked for once.
    const { released } = await releaseDue(second.api, systemNow, second.namespaces);
    expect(released.map(({ name }) => name)).toEqual(['due']);
    lab.server.tokens.set('releaser', []);
    await expect(running().ended).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('lets nothing be held for ever: a hold that does not say until when ends a day after its Job was made', async () => {
    const { server } = lab;
    for (const [name, said] of [
      ['unsaid', undefined],
      ['garbage', 'tomorrow'],
      ['far', '9999-01-01T00:00:00Z'],
    ] as const) {
      const job = jobOf(name);
      server.storage.create(
        'jobs',
        {
          ...job,
          metadata: { ...job.metadata, annotations: said === undefined ? {} : { 'caco.dev/held-until': said } },
        },
        server.now(),
      );
    }
    const { api, namespaces } = openAccess(readConfig({ fleet: 'kubernetes' }).config);
    const left = async (hours: number) =>
      (await releaseDue(api, () => at(hours), namespaces)).held.map(({ name }) => name);
    expect(await left(23)).toEqual(['unsaid', 'garbage', 'far']);
    expect(await left(25)).toEqual(['far']);
    expect(await left(32 * 24)).toEqual([]);
  });
});
