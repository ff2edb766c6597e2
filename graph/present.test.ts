/** Runs in a world that lives in the present: they rest until what they placed has run. Real store, saver, grid and fleet. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { systemClock } from '../clock.js';
import { readConfig } from '../config.js';
import { findingOf, VERIFICATIONS } from '../domain/evidence/verification.js';
import { PLANS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import { type Instant, plusHours, toEpoch } from '../domain/time.js';
import { type OpenStore, openStore } from '../store/store.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-present-'));
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const ann = { actor: { id: 'ann', via: 'cli' as const } };
const auto = { horizonHours: 3, approval: 'auto' as const };

/** A world whose clock is the system's, over a timer that only `pass` moves. Whoever waits for it fails the test. */
const live = async (home: string): Promise<{ app: App; pass: (until: Instant) => Promise<void> }> => {
  const { config, settings } = readConfig({ home: join(folder, home) }, {}, folder);
  const app = await openApp(config, settings);
  opened.push(app);
  const hand = app.world.clock;
  const clock = systemClock({
    nowMs: () => toEpoch(hand.now()) * 1000,
    sleep: () => Promise.reject(new Error('somebody waits')),
  });
  Object.assign(app.world, { clock });
  return { app, pass: (until) => hand.waitUntil(until) };
};

const threadsOf = async (home: string): Promise<string[]> => {
  const store: OpenStore = await openStore(join(folder, home, 'caco.db'));
  const threads: string[] = [];
  for await (const { config } of (await store.saver()).list({})) threads.push(config.configurable!.thread_id);
  await store.close();
  return threads;
};

const deedsOf = async ({ world }: App, runId: string) =>
  (await world.ledger.read(0, 100_000)).filter((entry) => entry.body.cause === runId).map((entry) => entry.body.kind);

describe('a run in the present', () => {
  it('returns once it has placed and filed, says when it is verified, and is settled then by another process', async () => {
    const { app, pass } = await live('placed');
    const placed = await app.orchestrator.launch(auto, ann);
    const plan = (await app.world.store.collection(PLANS).get(placed.planId!))!.value;
    expect(placed).toMatchObject({ status: 'placed', settleAfter: plusHours(plan.finishesAt, 4), finishedAt: null });
    expect(placed.story!.replaceAll(/\s+/g, ' ')).toMatch(
      new RegExp(`Placed .* nothing is verified\\. Verified after .* UTC: caco resume ${placed.id}`),
    );
    expect(await app.world.store.collection(VERIFICATIONS).list()).toEqual([]);
    const { next } = await app.call('get_status', {}, ann);
    expect(next[0]).toBe(`verify what run ${placed.id} placed, after ${placed.settleAfter}: caco resume ${placed.id}`);

    await pass(plusHours(placed.settleAfter!, -0.01));
    expect(await app.orchestrator.resume(placed.id, ann)).toMatchObject({ status: 'placed', story: placed.story });
    await opened.pop()!.close();
    expect(await threadsOf('placed')).toEqual([placed.id]);

    const second = await live('placed');
    await second.pass(placed.settleAfter!);
    const done = await second.app.orchestrator.resume(placed.id, ann);
    expect(done.status).toBe('done');
    expect(done.story).toContain('Window closed (simulated fleet, actual signals): verified');
    expect(done.story).not.toContain('caco resume');
    expect((await deedsOf(second.app, placed.id)).filter((kind) => kind === 'place_jobs')).toHaveLength(1);
    await opened.pop()!.close();
    expect(await threadsOf('placed')).toEqual([]);
  });

  it('loses nothing when it is stopped, at whichever step that was', async () => {
    const { app, pass } = await live('stopped');
    for (let steps = 0, whole = false; !whole; steps++) {
      expect(steps).toBeLessThan(100);
      const stop = new AbortController();
      let seen = 0;
      // A window of its own, with jobs of its own.
      const from = plusHours(app.world.clock.now(), steps);
      const launched = app.orchestrator.launch(
        { horizonHours: 1, approval: 'auto', from },
        {
          ...ann,
          signal: stop.signal,
          onEvent: ({ type }) => type !== 'progress' && seen++ === steps && stop.abort(new Error('Ctrl-C')),
        },
      );
      whole = await launched.then(
        () => seen <= steps,
        () => false,
      );
      const [kept] = await app.world.store.collection(RUNS).list({ limit: 1 });
      const run = await app.orchestrator.resume(kept!.id, ann);
      expect(run, `after ${steps} steps`).toMatchObject({ status: 'placed', error: null });
      const deeds = await deedsOf(app, run.id);
      for (const deed of ['gather_jobs', 'make_plan', 'record_decision', 'place_jobs', 'file_tickets'])
        expect(deeds.filter((kind) => kind === deed).length, `${deed} ${steps}`).toBe(1);
    }
    const runs = (await app.world.store.collection(RUNS).list()).map((run) => run.value);
    await pass(runs.map((run) => run.settleAfter!).reduce((a, b) => (a > b ? a : b)));
    const stop = new AbortController();
    const onEvent = () => stop.abort(new Error('Ctrl-C'));
    await expect(app.orchestrator.resume(runs[0]!.id, { ...ann, signal: stop.signal, onEvent })).rejects.toThrow();
    for (const { id } of runs) {
      expect(await app.orchestrator.resume(id, ann)).toMatchObject({ status: 'done' });
      expect((await deedsOf(app, id)).filter((kind) => kind === 'verify_savings')).toHaveLength(1);
    }
  });
});

describe('work that somebody brought', () => {
  const start = '2031-03-03T00:00:00Z' as Instant;
  const signal = join(folder, 'tomorrow.csv');
  const rows = Array.from({ length: 48 }, (_, i) => `${plusHours(start, i)},${i < 6 ? 300 : 180}`);
  writeFileSync(signal, `time,carbon_intensity_g_per_kwh\n${rows.join('\n')}\n`);
  const jobs = ['a', 'b'].map((id) => ({
    id,
    duration_hours: 2,
    power_kw: 50,
    category: 'sustainable',
    submitted_at: start,
    earliest_start: start,
    deadline: plusHours(start, 20),
  }));
  const open = async (home: string, flags: Record<string, unknown>) => {
    const { config, settings } = readConfig({ home: join(folder, home), grid: `file:${signal}`, ...flags }, {}, folder);
    const app = await openApp(config, settings);
    opened.push(app);
    return app;
  };
  const brought = async (home: string, flags: Record<string, unknown> = {}) => {
    const app = await open(home, { now: start, ...flags });
    const { workloadId } = await app.call('ingest_jobs', { jobs }, ann);
    return {
      app,
      run: await app.orchestrator.launch({ horizonHours: 20, approval: 'auto', workloadId: workloadId! }, ann),
    };
  };
  const flat = (story: string | null) => story!.replaceAll(/\s+/g, ' ');

  it.each(['sim', 'files'])(
    'is placed by the fleet %s and not verified before it has happened; its sources are named',
    async (fleet) => {
      const { app, run } = await brought(fleet, { fleet });
      expect(run.status).toBe('placed');
      const story = flat(run.story);
      expect(story).toContain(
        'Signals: the file tomorrow.csv. Jobs as taken in, and taken to run as placed: nothing measures them.',
      );
      expect(story).toContain('hpc-1 is a site of the scenario gb-hpc; yours is brought by caco site import FILE.');
      expect(story).toContain(`caco resume ${run.id} --now ${run.settleAfter}`);
      expect(story).not.toMatch(/Real:|recorded from|Window closed/);
      expect(await app.world.store.collection(VERIFICATIONS).list()).toEqual([]);
      const { answer } = await app.chat('explain the plan', undefined, { actor: ann.actor });
      expect(answer).toContain('tomorrow.csv');
      expect(answer).not.toContain('Real:');
      expect((await app.call('get_status', {}, ann)).dataNote).toContain('the file tomorrow.csv');
      await opened.pop()!.close();

      const later = await open(fleet, { fleet, now: run.settleAfter });
      const done = await later.orchestrator.resume(run.id, ann);
      expect(done.status).toBe('done');
      const told = flat(done.story);
      expect(told).toMatch(/Window closed \(as placed, nothing measured; actual signals\): reckoned .* CO2e saved/);
      expect(told).not.toMatch(/verified|simulated/);
      const [record] = await later.world.store.collection(VERIFICATIONS).list();
      expect(record!.value.ranAs).toEqual(['modelled']);
      expect(findingOf(record!.value)).toMatch(/^Reckoned as placed, nothing measured: .* CO2e saved/);
      const said = await later.chat('what did we save?', undefined, { actor: ann.actor });
      expect(said.answer).toContain('nothing was measured');
    },
  );

  it('is played to its end at once where a person asked for a simulation', async () => {
    const { run } = await brought('all', { simulate: 'all' });
    expect(run.status).toBe('done');
    const story = flat(run.story);
    expect(story).toContain('Jobs as taken in. Simulated, as was asked: what they really used.');
    expect(story).toContain('Window closed (simulated fleet, actual signals): verified');
  });

  it('leaves the words of a world that is as its scenario describes it, and no others', async () => {
    const { config } = readConfig({ home: join(folder, 'words') }, {}, folder);
    const shipped = await openApp(config);
    opened.push(shipped);
    expect(shipped.world.setting.dataNote).toMatch(/^Real: GB carbon intensity .* Simulated: the jobs/);
    const filed = await open('words-file', {});
    expect(filed.world.setting.dataNote).toBe(
      'Signals: the file tomorrow.csv. Simulated: the jobs and what they really used.',
    );
  });
});

describe('the threads of runs', () => {
  it('are gone when their run has ended, and cut to their last checkpoint while it waits', async () => {
    const { config, settings } = readConfig({ home: join(folder, 'threads') }, {}, folder);
    const app = await openApp(config, settings);
    opened.push(app);
    const start = app.world.clock.now();
    for (const hours of [0, 1, 2]) {
      const run = await app.orchestrator.launch({ ...auto, horizonHours: 1, from: plusHours(start, hours) }, ann);
      expect(run.status).toBe('done');
    }
    const ask = { horizonHours: 2, approval: 'ask' as const };
    const turned = await app.orchestrator.launch({ ...ask, from: plusHours(start, 40) }, ann);
    const no = { id: turned.approvalId!, decision: 'reject' as const, why: 'not today', only: null };
    expect((await app.orchestrator.answer(no, ann)).run!.status).toBe('refused');
    const waiting = await app.orchestrator.launch({ ...ask, from: plusHours(start, 60) }, ann);
    expect(waiting.status).toBe('waiting');
    expect(await threadsOf('threads')).toEqual([waiting.id]);
    await opened.pop()!.close();

    const second = await openApp(config, settings);
    opened.push(second);
    const yes = { id: waiting.approvalId!, decision: 'approve' as const, why: 'good', only: null };
    expect((await second.orchestrator.answer(yes, ann)).run).toMatchObject({ id: waiting.id, status: 'done' });
    expect(await threadsOf('threads')).toEqual([]);
  });

  it('that a process left which died as its run ended go with the first run that ends in another', async () => {
    const { config, settings } = readConfig({ home: join(folder, 'left') }, {}, folder);
    const before = await openApp(config, settings);
    opened.push(before);
    const left = await before.orchestrator.launch({ horizonHours: 1, approval: 'ask' }, ann);
    const asked = before.world.store.collection(RUNS);
    await asked.put(left.id, { ...(await asked.get(left.id))!.value, status: 'done' });
    const app = await openApp(config, settings);
    opened.push(app);
    const start = app.world.clock.now();
    const runs = app.world.store.collection(RUNS);
    const failed = { horizonHours: 1, approval: 'auto' as const, maxPowerKw: 0.5, from: plusHours(start, 20) };
    await expect(app.orchestrator.launch(failed, ann)).rejects.toMatchObject({ code: 'conflict' });
    const [kept] = await runs.list({ limit: 1 });
    await app.orchestrator.launch({ horizonHours: 1, approval: 'auto', from: plusHours(start, 30) }, ann);
    // One that failed can be resumed, so that it keeps its own.
    expect([...new Set(await threadsOf('left'))]).toEqual([kept!.id]);
  });
});
