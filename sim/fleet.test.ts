import { describe, expect, it } from 'vitest';
import { drain, fleetContract } from '../domain/fixtures/fleet-contract.js';
import type { Job } from '../domain/job.js';
import { itPowerKw, spanSeconds } from '../domain/job.js';
import type { Placement } from '../domain/plan.js';
import { SITES } from '../domain/site.js';
import { ceilTo, plusHours, plusSeconds, toEpoch } from '../domain/time.js';
import { kg, kwh, money } from '../domain/units.js';
import type { Ran } from '../domain/world.js';
import { openStore } from '../store/store.js';
import { simulatedClock } from './clock.js';
import { simulatedFleet } from './fleet.js';
import { loadScenario } from './scenario.js';
import { simulateJobs } from './workload.js';

const scenario = loadScenario('gb-hpc');
const powerKw = (job: Job) => itPowerKw(job, { kwPerVcpu: 0.005, kwPerGpu: 0.4 }) * 1.1;
const day = { start: scenario.start, end: plusHours(scenario.start, 24) };

const world = async () => {
  const clock = simulatedClock(scenario.start);
  const store = await openStore(':memory:');
  return { clock, store, fleet: simulatedFleet({ scenario, seed: scenario.seed, clock, store }) };
};

/** A job in as many equal pieces as asked, an hour apart. */
const piecesOf = (job: Job, count = 1): Placement[] => {
  const span = spanSeconds(job);
  let at = ceilTo(job.earliestStart, 30);
  return Array.from({ length: count }, (_, i) => {
    const seconds = i < count - 1 ? Math.floor(span / count) : span - Math.floor(span / count) * (count - 1);
    const start = at;
    const end = plusSeconds(start, seconds);
    at = plusHours(end, 1);
    return {
      jobId: job.id,
      region: job.region,
      start,
      end,
      energyKwh: kwh((powerKw(job) * seconds) / 3600),
      emissionsKg: kg(1),
      energyCost: money(1),
      instanceCost: money(0),
      egressCost: money(0),
    };
  });
};

async function* pagesOf(jobs: readonly Job[], count = 1) {
  for (let i = 0; i < jobs.length; i += 100)
    yield jobs.slice(i, i + 100).map((job) => ({ job, pieces: piecesOf(job, count) }));
}

const spanOf = (r: Ran) => toEpoch(r.end) - toEpoch(r.start);

fleetContract('the simulated fleet', world);

describe('the simulated fleet', () => {
  it('queues the generator’s jobs, in order', async () => {
    const { fleet } = await world();
    const waiting = await drain(fleet.waiting(day));
    expect(waiting).toEqual(simulateJobs(scenario, { seed: scenario.seed, start: scenario.start, days: 1 }));
    expect(await drain(fleet.waiting({ start: day.end, end: plusHours(day.end, 1) }))).not.toEqual([]);
  });

  it('lets imported sites stand in for the scenario’s', async () => {
    const { fleet, store } = await world();
    const own = scenario.sites[0]!;
    await store.collection(SITES).put('hpc-1', { ...own, powerCapKw: 9000 });
    await store.collection(SITES).put('hpc-2', { ...own, id: 'hpc-2' });
    const sites = await fleet.sites();
    expect(sites.map((s) => [s.id, s.powerCapKw])).toEqual([
      ['hpc-1', 9000],
      ['hpc-2', 12000],
    ]);
  });

  it('runs most jobs as asked, some a few percent longer or shorter, at the planned power', async () => {
    const { fleet, clock } = await world();
    const jobs = await drain(fleet.waiting(day));
    await fleet.place({ key: 'k', pages: pagesOf(jobs, 2) });
    await clock.waitUntil(plusHours(day.end, 72));
    const ran = await drain(fleet.ran('k'));
    let exact = 0;
    for (const job of jobs) {
      const own = ran.filter((r) => r.jobId === job.id);
      expect(own.map((r) => r.start)).toEqual(piecesOf(job, 2).map((p) => p.start));
      const span = own.reduce((sum, r) => sum + spanOf(r), 0);
      const energy = own.reduce((sum, r) => sum + r.energyKwh, 0);
      // Energy is facility power × what really ran.
      expect(Math.abs(energy / ((powerKw(job) * span) / 3600) - 1)).toBeLessThan(1e-9);
      const drift = span / spanSeconds(job) - 1;
      expect(Math.abs(drift)).toBeLessThan(0.13);
      if (span === spanSeconds(job)) exact++;
      expect(own.every((r) => r.source === 'simulated')).toBe(true);
    }
    expect(exact / jobs.length).toBeGreaterThan(0.6);
    expect(exact / jobs.length).toBeLessThan(0.9);
  });
});
