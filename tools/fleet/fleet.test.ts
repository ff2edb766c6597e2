import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../domain/job.js';
import { importedSites } from '../../domain/site.js';
import { faultOf, file, openTrial, removeFolder, type Trial } from './fixtures/trial.js';
import { getFlexibility, importSites, listJobs, submitJob } from './fleet.js';

let trial: Trial;
beforeEach(async () => {
  trial = await openTrial();
});
afterAll(removeFolder);
const call: Trial['call'] = (...given) => trial.call(...given);
const ingest: Trial['ingest'] = (input) => trial.ingest(input);

describe('sites', () => {
  const yaml = `sites:
  - id: hpc-1
    region: GB
    clusterId: hpc-1
    powerCapKw: 9000
    pue: 1.2
    tariff:
      energy: { kind: bands, timeZone: Europe/London, bands: [{ from: "00:00", to: "00:00", pricePerMwh: 90 }] }
      demandChargePerKw: 2
`;
  it.each([
    ['sites.yaml', yaml],
    ['sites.json', JSON.stringify([{ id: 'hpc-1', region: 'GB', cluster_id: 'hpc-1', power_cap_kw: 9000, pue: 1.2 }])],
    ['sites.csv', 'id,region,cluster_id,power_cap_kw,pue,energy_price_per_mwh\nhpc-1,GB,hpc-1,9000,1.2,90\n'],
  ])('%s takes effect at once', async (name, content) => {
    const answer = (await call(importSites, { path: file(name, content) })) as {
      accepted: number;
      rejected: unknown[];
    };
    expect([answer.accepted, answer.rejected]).toEqual([1, []]);
    const sites = await trial.world.fleet.sites();
    expect(sites).toHaveLength(1);
    expect(sites[0]).toMatchObject({ id: 'hpc-1', powerCapKw: 9000, pue: 1.2, currency: 'GBP' });
    expect(await importedSites(trial.world.store)).toEqual(sites);
  });
  it('does not let two sites stand in one region, which no plan could tell apart', async () => {
    const second = { id: 'hpc-2', region: 'GB', clusterId: 'hpc-2' };
    const answer = (await call(importSites, {
      sites: [second, { id: 'a', region: 'FR' }, { id: 'b', region: 'FR' }],
    })) as {
      rejected: { field: string; remedy: string }[];
    };
    expect(answer.rejected).toMatchObject([
      { field: 'region', remedy: expect.stringContaining('hpc-1') },
      { field: 'region', remedy: expect.stringContaining('id a') },
    ]);
    expect((await trial.world.fleet.sites()).map((site) => site.id)).toEqual(['hpc-1', 'a']);
  });
  it('names what is wrong and keeps the rest', async () => {
    const answer = (await call(importSites, {
      sites: [
        { id: 'ok', region: 'FR' },
        { id: 'low', region: 'GB', pue: 0.5 },
        { id: 'dollar', region: 'GB', currency: 'USD' },
        { id: 'zone', region: 'GB', timeZone: 'Mars/Base' },
        { id: 'odd', region: 'GB', powerCap: 3 },
        { id: 'ok', region: 'GB' },
      ],
    })) as { accepted: number; rejected: { line: number; field: string; remedy: string }[]; warnings: string[] };
    expect([answer.accepted, answer.rejected.map((r) => [r.line, r.field])]).toEqual([
      1,
      [
        [2, 'pue'],
        [3, 'currency'],
        [4, 'timeZone'],
        [5, 'powerCap'],
        [6, 'id'],
      ],
    ]);
    expect(answer.warnings[0]).toContain('FR');
  });
});

describe('flexibility', () => {
  const job = (id: string, extra: object) => ({
    id,
    duration_hours: 1,
    power_kw: 100,
    earliest_start: '2022-06-01T00:00:00Z',
    ...extra,
  });
  const ask = async (to = '2022-06-01T03:00:00Z') =>
    (await call(getFlexibility, { from: '2022-06-01T00:00:00Z', to, clusterId: 'hpc-1' })) as {
      slots: { start: string; firmKw: number; bestEffortKw: number; maxDurationMinutes: number }[];
      urgentJobs: number;
    };
  it('counts a job where it would run, for as long as it may wait', async () => {
    await ingest({
      jobs: [
        job('a', { due: '2022-06-01T03:00:00Z', deadline: '2022-06-01T05:00:00Z' }),
        job('u', { category: 'urgent', deadline: '2022-06-01T05:00:00Z' }),
      ],
    });
    const { slots, urgentJobs } = await ask();
    const kw = 100 * 1.1;
    expect(slots.map((s) => [s.firmKw, s.maxDurationMinutes])).toEqual([
      [expect.closeTo(kw, 9), 120],
      [expect.closeTo(kw, 9), 90],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(urgentJobs).toBe(1);
  });
  it('tells firm from best effort', async () => {
    await ingest({ jobs: [job('b', { due: '2022-06-01T01:00:00Z', deadline: '2022-06-01T05:00:00Z' })] });
    const { slots } = await ask();
    expect(slots[0]).toMatchObject({ firmKw: 0, bestEffortKw: expect.closeTo(110, 9), maxDurationMinutes: 0 });
  });
  it('never promises more than runs, and firm never above best effort', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            start: fc.integer({ min: 0, max: 300 }),
            hours: fc.integer({ min: 1, max: 300 }),
            kw: fc.integer({ min: 1, max: 500 }),
            slack: fc.integer({ min: 0, max: 600 }),
            interruptible: fc.boolean(),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (given) => {
          const at = (minutes: number) => new Date(Date.UTC(2022, 5, 1) + minutes * 60_000).toISOString();
          const jobs = given.map((g, i) => ({
            id: `j${i}`,
            duration_hours: g.hours / 60,
            power_kw: g.kw,
            earliest_start: at(g.start),
            due: at(g.start + g.hours + Math.floor(g.slack / 2)),
            deadline: at(g.start + g.hours + g.slack),
            interruptible: g.interruptible,
          }));
          await ingest({ jobs });
          const { slots } = await ask('2022-06-01T12:00:00Z');
          slots.forEach((slot, i) => {
            const from = i * 30;
            const load = given
              .filter((g) => Math.ceil(g.start / 30) * 30 < from + 30 && Math.ceil(g.start / 30) * 30 + g.hours > from)
              .reduce((sum, g) => sum + g.kw * 1.1, 0);
            expect(slot.firmKw).toBeLessThanOrEqual(slot.bestEffortKw);
            expect(slot.bestEffortKw).toBeLessThanOrEqual(load + 1e-9);
            expect(slot.maxDurationMinutes > 0).toBe(slot.firmKw > 0);
          });
        },
      ),
      { numRuns: 25 },
    );
  });
  it('refuses windows that end before they begin and clusters that nobody knows', async () => {
    expect((await faultOf(ask('2022-05-01T00:00:00Z'))).code).toBe('invalid-input');
    const unknown = call(getFlexibility, {
      from: '2022-06-01T00:00:00Z',
      to: '2022-06-02T00:00:00Z',
      clusterId: 'hpc-9',
    });
    expect((await faultOf(unknown)).code).toBe('not-found');
  });
  it('looks at the queue when nothing was ingested', async () => {
    const { slots } = await ask('2022-06-02T00:00:00Z');
    expect(slots).toHaveLength(48);
    expect(Math.max(...slots.map((s) => s.firmKw))).toBeGreaterThan(100);
  });
});

describe('jobs one by one', () => {
  it('submits, replaces by id, and lists in pages', async () => {
    for (const id of ['a', 'b', 'c', 'b'])
      await call(submitJob, { id, durationHours: 2, vcpus: 4, team: id === 'b' ? 'ml' : 'ops' }, 'mcp');
    const first = (await call(listJobs, { limit: 2 })) as { jobs: Job[]; next: string | null; total: number };
    expect([first.jobs.map((j) => j.id), first.total]).toEqual([['a', 'b'], 3]);
    const rest = (await call(listJobs, { limit: 2, cursor: first.next! })) as { jobs: Job[]; next: string | null };
    expect([rest.jobs.map((j) => j.id), rest.next]).toEqual([['c'], null]);
    const ml = (await call(listJobs, { team: 'ml' })) as { jobs: Job[] };
    expect(ml.jobs.map((j) => j.id)).toEqual(['b']);
    expect((await faultOf(call(submitJob, { durationHours: 2 }))).message).toContain('vcpus');
    const [one] = first.jobs;
    expect(await call(listJobs, { ids: ['nobody', one!.id] })).toMatchObject({ jobs: [one], next: null });
    expect(await call(listJobs, { ids: [one!.id], team: 'nobody' })).toMatchObject({ jobs: [] });
    const { jobs: named } = (await call(listJobs, { name: one!.name.toUpperCase() })) as { jobs: Job[] };
    expect(named).toContainEqual(one);
    expect((await faultOf(call(listJobs, { cursor: "1' or 1=1" }))).code).toBe('invalid-input');
  });
});
