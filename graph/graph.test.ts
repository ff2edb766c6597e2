/** The whole way through real parts: store, saver, simulated fleet, recorded grid. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { type App, openApp, type RunEvent } from '../app.js';
import { readConfig } from '../config.js';
import { APPROVALS, DECISIONS } from '../domain/decision.js';
import { VERIFICATIONS } from '../domain/evidence/verification.js';
import { Fault } from '../domain/fault.js';
import { JOBS } from '../domain/job.js';
import { orderKeyOf, PLACEMENTS, PLANS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import { plusHours, toEpoch } from '../domain/time.js';
import { type Grid, RAN } from '../domain/world.js';
import { StoreSaver } from '../store/saver.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-graph-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

const open = async (home: string, flags: Record<string, unknown> = {}) => {
  const { config, settings } = readConfig({ home: join(folder, home), ...flags }, {}, folder);
  const app = await openApp(config, settings);
  opened.push(app);
  return app;
};
const by = (id = 'ann', onEvent?: (event: RunEvent) => void) => ({
  actor: { id, via: 'cli' as const },
  ...(onEvent ? { onEvent } : {}),
});

/** Every value of a checkpoint, so that what is not plain JSON shows. */
const notPlain = (value: unknown, path = ''): string[] => {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return [];
  if (Array.isArray(value)) return value.flatMap((v, i) => notPlain(v, `${path}/${i}`));
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.entries(value).flatMap(([k, v]) => notPlain(v, `${path}/${k}`));
  return [`${path}: ${Object.prototype.toString.call(value)}`];
};

describe('a run', () => {
  it('visits all six nodes in order and ends verified, with a story', async () => {
    const app = await open('whole');
    const nodes: string[] = [];
    const run = await app.orchestrator.launch(
      { horizonHours: 12, approval: 'auto' },
      by('ann', (event) => event.type === 'node' && nodes.push(event.node)),
    );
    expect(run.status).toBe('done');
    expect(new Set(nodes.slice(0, 2))).toEqual(new Set(['compute', 'grid']));
    expect(nodes.slice(2)).toEqual([
      'coordination',
      'governance',
      'governance-record',
      'executor',
      'copilot',
      'executor',
      'copilot',
    ]);
    expect(run.story).toContain('Window closed');
    const plan = (await app.world.store.collection(PLANS).get(run.planId!))!.value;
    let ran = 0;
    for await (const page of app.world.store.rows(PLACEMENTS).pages(plan.id)) ran += page.length;
    expect(ran).toBeGreaterThan(0);
  });

  it('does not call a fleet simulated of which nothing is measured, nor a machine free without a word', async () => {
    const app = await open('files', { fleet: 'files', simulate: 'all' });
    const jobs = [1, 2].map((n) => ({ id: `j-${n}`, duration_hours: 1, power_kw: 300, category: 'sustainable' }));
    await app.call('ingest_jobs', { jobs }, by());
    const { story } = await app.orchestrator.launch({ horizonHours: 6, approval: 'auto' }, by());
    expect(story).toContain('Window closed (as placed, nothing measured');
    expect(story).not.toContain('simulated fleet');
    const cloud = await open('cloud', { scenario: 'five-regions' });
    const { assumed } = (await cloud.call('ingest_jobs', { jobs }, by())) as { assumed: { field: string }[] };
    expect(assumed).toContainEqual({ field: 'instance_type', value: expect.stringContaining('no cost'), count: 2 });
  });

  it('ends before it plans where sources are down, each asked three times and named; a region without a signal is no outage', async () => {
    const app = await open('down', { scenario: 'five-regions' });
    const { grid } = app.world;
    const asked: string[] = [];
    const carbon: Grid['carbon'] = async (region, ...rest) => {
      asked.push(region);
      if (region === 'us-east-1' || region === 'us-west-2')
        throw new Fault('unavailable', `nobody answers for ${region}`, 'Try again.');
      if (region === 'eu-west-1') throw new Fault('not-found', `no signal for ${region}`, 'Name a source.');
      return grid.carbon(region, ...rest);
    };
    Object.assign(app.world, { grid: { ...grid, carbon } });
    await expect(app.orchestrator.launch({ horizonHours: 2, approval: 'auto' }, by())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/us-east-1.*us-west-2|us-west-2.*us-east-1/),
    });
    expect(asked.filter((region) => region === 'us-east-1')).toHaveLength(3);
    expect(await app.world.store.collection(PLANS).list({ limit: 1 })).toEqual([]);
  });

  it('that is cancelled in the pause before another try ends, and nothing is tried again', async () => {
    const app = await open('cancelled', { scenario: 'five-regions' });
    const { grid } = app.world;
    const cancel = new AbortController();
    const asked: string[] = [];
    const carbon: Grid['carbon'] = async (region) => {
      asked.push(region);
      setTimeout(() => cancel.abort(), 20);
      throw new Fault('unavailable', `nobody answers for ${region}`, 'Try again.');
    };
    Object.assign(app.world, { grid: { ...grid, carbon } });
    await expect(
      app.orchestrator.launch({ horizonHours: 2, approval: 'auto' }, { ...by(), signal: cancel.signal }),
    ).rejects.toThrow();
    const tries = asked.length;
    // Longer than the first pause, which is 200 ms.
    await new Promise((done) => setTimeout(done, 500));
    expect(asked).toHaveLength(tries);
    expect(asked.filter((region) => region === 'us-east-1').length).toBeLessThan(3);
    // It did not fail: it can be gone on with.
    expect((await app.world.store.collection(RUNS).list({ limit: 1 }))[0]!.value.status).toBe('running');
  });

  it('calls a cost not known when no price came true: not zero, in the story, the record and the answer', async () => {
    const app = await open('unpriced');
    const { grid, clock } = app.world;
    const planned = clock.now();
    const price: Grid['price'] = async (...asked) => {
      const signal = await grid.price(...asked);
      if (clock.now() === planned) return signal;
      return { ...signal, series: { ...signal.series, values: signal.series.values.map(() => null) } };
    };
    Object.assign(app.world, { grid: { ...grid, price } });
    const run = await app.orchestrator.launch({ horizonHours: 5, approval: 'auto' }, by());
    const [kept] = await app.world.store.collection(VERIFICATIONS).list({ limit: 1 });
    const { verified, byTeam, jobs } = kept!.value;
    expect(jobs).toBeGreaterThan(0);
    expect(verified).toMatchObject({ cost: null, withoutPrice: jobs });
    expect(byTeam.map((t) => t.saved.cost)).toEqual(byTeam.map(() => null));
    expect(run.story!.replaceAll(/\s+/g, ' ')).toContain('Cost: not known;');
    const { answer } = await app.chat('What did we save?', undefined, { actor: { id: 'ann', via: 'cli' } });
    expect(answer).toContain('the bill is not known');
    expect(answer).not.toContain('£0');
  });

  it('keeps its threads as plain JSON of a few kB, whatever the fleet’s size', async () => {
    const kept = vi.spyOn(StoreSaver.prototype, 'put');
    for (const horizonHours of [2, 24]) {
      const app = await open(`size-${horizonHours}`);
      await app.orchestrator.launch({ horizonHours, approval: 'auto' }, by());
    }
    const values = kept.mock.calls.map(([, checkpoint]) => checkpoint.channel_values);
    kept.mockRestore();
    expect(values.length).toBeGreaterThan(10);
    expect(values.flatMap((value) => notPlain(value))).toEqual([]);
    expect(Math.max(...values.map((value) => JSON.stringify(value).length))).toBeLessThan(8 * 1024);
  });

  it('asks, waits, and goes on with the answer of another process exactly once', async () => {
    const first = await open('ask');
    const waiting = await first.orchestrator.launch({ horizonHours: 6, approval: 'ask' }, by('ann'));
    expect(waiting.status).toBe('waiting');
    await opened.pop()!.close();

    const second = await open('ask');
    const still = await second.orchestrator.resume(waiting.id, by('bob'));
    expect(still.status).toBe('waiting');
    const { approval, run } = await second.orchestrator.answer(
      { id: waiting.approvalId!, decision: 'approve', why: 'fine', only: null },
      by('bob'),
    );
    expect(approval.status).toBe('approved');
    expect(run!.status).toBe('done');
    const decision = (await second.world.store.collection(DECISIONS).get(run!.decisionId!))!.value;
    expect(decision).toMatchObject({ status: 'approved', by: ['bob'], reasons: ['fine'] });
    await expect(
      second.orchestrator.answer({ id: waiting.approvalId!, decision: 'approve', why: 'again', only: null }, by('eve')),
    ).rejects.toMatchObject({ code: 'conflict' });
  });

  it('places nothing after a rejection, and says who refused and why', async () => {
    const app = await open('reject');
    const waiting = await app.orchestrator.launch({ horizonHours: 6, approval: 'ask' }, by('ann'));
    const { run } = await app.orchestrator.answer(
      { id: waiting.approvalId!, decision: 'reject', why: 'maintenance tonight', only: null },
      by('bob'),
    );
    expect(run!.status).toBe('refused');
    expect(run!.story).toContain('maintenance tonight');
    const entries = await app.world.ledger.read(0, 1000);
    expect(entries.filter((e) => e.body.kind === 'place_jobs')).toEqual([]);
  });

  it('moves the approved jobs only when some are approved, and runs the rest as before', async () => {
    const app = await open('partly');
    const waiting = await app.orchestrator.launch({ horizonHours: 12, approval: 'ask' }, by('ann'));
    const { store } = app.world;
    const moved: string[] = [];
    const { RECOMMENDATIONS } = await import('../domain/plan.js');
    for await (const page of store.rows(RECOMMENDATIONS).pages(waiting.planId!))
      moved.push(...page.map((r) => r.jobId));
    const only = moved.slice(0, 2);
    const { run } = await app.orchestrator.answer(
      { id: waiting.approvalId!, decision: 'approve', why: 'these two', only },
      by('bob'),
    );
    const decision = (await store.collection(DECISIONS).get(run!.decisionId!))!.value;
    expect(decision).toMatchObject({ status: 'partly-approved', jobs: only });
    expect(run!.story).toContain('2 jobs');
  });

  it('is answered and resumed in its own world only: another one has not its sites, signals and clock', async () => {
    const first = await open('worlds', { scenario: 'five-regions' });
    const waiting = await first.orchestrator.launch({ horizonHours: 3, approval: 'ask' }, by('ann'));
    await opened.pop()!.close();
    for (const other of [{}, { scenario: 'five-regions', seed: 99 }]) {
      const app = await open('worlds', other);
      const asked = { id: waiting.approvalId!, decision: 'approve' as const, why: 'fine', only: null };
      const elsewhere = { code: 'conflict', remedy: expect.stringContaining('--scenario five-regions') };
      await expect(app.orchestrator.answer(asked, by('bob'))).rejects.toMatchObject(elsewhere);
      await expect(app.orchestrator.resume(waiting.id, by('bob'))).rejects.toMatchObject(elsewhere);
      expect((await app.world.store.collection(APPROVALS).get(waiting.approvalId!))!.value.votes).toEqual([]);
    }
    const { store, clock } = opened.at(-1)!.world;
    const plan = (await store.collection(PLANS).get(waiting.planId!))!.value;
    const decision = { id: 'D-ELSEWHERE', planId: plan.id, planDigest: plan.digest, at: clock.now() };
    const leave = { status: 'approved' as const, by: ['bob'], reasons: [], jobs: null };
    await store.collection(DECISIONS).put(decision.id, { ...decision, ...leave });
    const gb = await open('worlds');
    await expect(
      gb.call(
        'execute_plan',
        { planId: plan.id, decisionId: decision.id, dryRun: false },
        { ...by('bob'), decisionId: decision.id },
      ),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('has no site') });
  });

  it('refuses when nobody answers in time', async () => {
    const app = await open('late');
    const waiting = await app.orchestrator.launch({ horizonHours: 6, approval: 'ask' }, by('ann'));
    const approval = (await app.world.store.collection(APPROVALS).get(waiting.approvalId!))!.value;
    await app.world.clock.waitUntil(plusHours(approval.expiresAt, 1));
    const run = await app.orchestrator.resume(waiting.id, by('ann'));
    expect(run.status).toBe('refused');
    expect((await app.world.store.collection(APPROVALS).get(approval.id))!.value.status).toBe('expired');
  });

  it.each([0, -3, 87_600, Number.NaN])('refuses a horizon of %s hours and begins nothing', async (horizonHours) => {
    const app = await open('bad');
    await expect(app.orchestrator.launch({ horizonHours, approval: 'auto' }, by())).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect(await app.world.store.collection(RUNS).list()).toEqual([]);
  });
});

describe('what ran', () => {
  it('is every placed job once, of the gathered workload', async () => {
    const app = await open('ran', { scenario: 'five-regions' });
    const run = await app.orchestrator.launch({ horizonHours: 3, approval: 'auto' }, by());
    const { store, fleet } = app.world;
    const plan = (await store.collection(PLANS).get(run.planId!))!.value;
    const ids = new Set<string>();
    for await (const page of fleet.ran(orderKeyOf(plan)))
      for (const piece of page) {
        expect(RAN.schema.safeParse(piece).success).toBe(true);
        expect(toEpoch(piece.end)).toBeGreaterThan(toEpoch(piece.start));
        ids.add(piece.jobId);
      }
    expect(ids.size).toBe(await store.rows(JOBS).count(run.workloadId!));
  });
});
