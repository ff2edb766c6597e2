import { afterAll, describe, expect, it } from 'vitest';
import { JOBS, WORKLOADS } from '../../domain/job.js';
import { plusHours } from '../../domain/time.js';
import { simulatedFleet } from '../../sim/fleet.js';
import { openTrial, removeFolder, scenario } from './fixtures/trial.js';
import { gatherJobs, getFlexibility } from './fleet.js';

afterAll(removeFolder);
const window = { from: scenario.start, horizonHours: 24 };

describe('the queue as a workload', () => {
  it('is the same one as long as the same jobs wait', async () => {
    const trial = await openTrial();
    const first = await trial.call(gatherJobs, window);
    expect(await trial.call(gatherJobs, window)).toEqual(first);
    expect(await trial.world.store.rows(JOBS).count(first.workloadId)).toBe(first.jobs);
    expect(await trial.world.store.collection(WORKLOADS).list()).toHaveLength(1);
  });

  it('is another one when other jobs wait, and the old one keeps its own', async () => {
    const trial = await openTrial();
    const { clock, store } = trial.world;
    const before = await trial.call(gatherJobs, window);
    const busier = { ...scenario, arrivals: { ...scenario.arrivals, jobsPerDay: scenario.arrivals.jobsPerDay * 2 } };
    Object.assign(trial.world, { fleet: simulatedFleet({ scenario: busier, seed: scenario.seed, clock, store }) });
    const after = await trial.call(gatherJobs, window);
    expect(after.jobs).toBeGreaterThan(before.jobs * 1.5);
    expect(after.workloadId).not.toBe(before.workloadId);
    expect(await store.rows(JOBS).count(before.workloadId)).toBe(before.jobs);
  });

  it('never stands in the way of what was ingested, however often it was gathered since', async () => {
    const trial = await openTrial();
    const { workloadId } = await trial.ingest({ jobs: [{ id: 'a', duration_hours: 1, vcpus: 4 }] });
    const gathered = await trial.call(gatherJobs, window);
    const workloads = trial.world.store.collection(WORKLOADS);
    const queue = (await workloads.get(gathered.workloadId))!.value;
    for (let n = 0; n < 60; n++) await workloads.insert(`W-${n}`, { ...queue, id: `W-${n}` });
    const asked = { from: scenario.start, to: plusHours(scenario.start, 2) };
    expect(await trial.call(getFlexibility, asked)).toMatchObject({ workloadId, jobs: 1 });
  });

  it('is whole when several gather it at once', async () => {
    const trial = await openTrial();
    const { fleet, store } = trial.world;
    // Pages so small that the gatherings take turns between them.
    const waiting: typeof fleet.waiting = async function* (asked) {
      for await (const page of fleet.waiting(asked))
        for (let i = 0; i < page.length; i += 10) yield page.slice(i, i + 10);
    };
    Object.assign(trial.world, { fleet: { ...fleet, waiting } });
    const all = await Promise.all([1, 2, 3].map(() => trial.call(gatherJobs, window)));
    expect(new Set(all.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await store.rows(JOBS).count(all[0]!.workloadId)).toBe(all[0]!.jobs);
  });
});
