import { expect, it } from 'vitest';
import { JOBS, WORKLOADS } from '../../domain/job.js';
import { Method } from '../../domain/method.js';
import type { World } from '../../domain/world.js';
import { simulatedClock } from '../../sim/clock.js';
import { simulatedFleet } from '../../sim/fleet.js';
import { simulatedGrid } from '../../sim/grid.js';
import { loadScenario } from '../../sim/scenario.js';
import { simulateJobs } from '../../sim/workload.js';
import { openStore } from '../../store/store.js';
import { callTool } from '../tool.js';
import { makePlan } from './optimizer.js';

it('no plan ranks a marginal intensity against an average one; a region alone can be planned by either', async () => {
  const scenario = loadScenario('five-regions');
  const clock = simulatedClock(scenario.start);
  const store = await openStore(':memory:');
  const grid = simulatedGrid(scenario, scenario.seed, clock);
  const odd = scenario.sites[2]!.region;
  const world = {
    clock,
    store,
    fleet: simulatedFleet({ scenario, seed: scenario.seed, clock, store }),
    grid: {
      ...grid,
      carbon: async (...asked: Parameters<typeof grid.carbon>) => {
        const signal = await grid.carbon(...asked);
        return asked[0] === odd ? { ...signal, kind: { ...signal.kind, accounting: 'marginal' } } : signal;
      },
    },
    method: Method.parse({}),
    setting: scenario,
    model: null,
    ledger: {},
  } as unknown as World;
  const jobs = simulateJobs(scenario, { seed: 7, start: scenario.start, days: 1 });
  await store.rows(JOBS).append(
    'W-1',
    jobs.map((value) => ({ id: value.id, value })),
  );
  await store.collection(WORKLOADS).put('W-1', {
    id: 'W-1',
    origin: 'ingested',
    source: 'test',
    createdAt: scenario.start,
    jobs: jobs.length,
    earliestStart: null,
    latestEnd: null,
    assumed: [],
  });
  const plan = (input: object) =>
    callTool(makePlan, { workloadId: 'W-1', horizonHours: 24, ...input }, world, {
      actor: { id: 'somebody', via: 'cli' },
      cause: null,
      signal: new AbortController().signal,
      progress: () => {},
    });
  await expect(plan({})).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(`${odd} is marginal operational, others are average operational`),
  });
  expect((await plan({ region: odd })).plan?.signals[0]?.kind).toBe('marginal operational');
  await store.close();
});
