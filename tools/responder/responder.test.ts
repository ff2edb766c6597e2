/** What is chosen for running work, held against every choice there is, and what is not offered. */
import { describe, expect, it } from 'vitest';
import { plantOf } from '../../domain/flexibility/plant.js';
import type { Ability, Look, RunningJob } from '../../domain/flexibility/running.js';
import { random } from '../../sim/random.js';
import type { Option } from './levers.js';
import { boundAt, cheapest, decide, firmOf, freshState, LEVER_PRICES } from './responder.js';

const CURVE = [
  { capW: 100, watts: 100, throughputRatio: 0.2 },
  { capW: 200, watts: 195, throughputRatio: 0.72 },
  { capW: 300, watts: 289, throughputRatio: 0.93 },
  { capW: 400, watts: 368, throughputRatio: 1 },
];
const job = (id: string, more: Partial<RunningJob> = {}): RunningJob => ({
  ...{ id, tier: 'flex3', toleranceRatio: 0.5, gpus: 10, curve: CURVE, restWatts: 50, pause: null, deadline: null },
  ...{ service: null, elsewhere: [], state: 'running', capW: null, watts: 3680, remainingSeconds: null, serving: null },
  ...more,
});
const settings = (...can: Ability[]) => ({
  ...{ can: new Set(can), prices: LEVER_PRICES, plant: plantOf(20, 1), ambientC: 20 },
  ...{ leadSeconds: 40, rampUpSeconds: 600, reboundSeconds: 3600 },
});
const look = (jobs: RunningJob[], more: Partial<Look> = {}): Look => ({
  ...{ at: 0, jobs, itKw: jobs.reduce((sum, { watts }) => sum + watts!, 0) / 1000, battery: null, holding: false },
  ...more,
});
const goal = (targetKw: number, more: object = {}) => ({
  ...{ id: 'E', receivedAt: 0, from: 0, until: 3600, targetKw, baselineKw: 100 },
  ...more,
});
const decided = (jobs: RunningJob[], targetKw: number, can: Ability[], more: Partial<Look> = {}) =>
  decide(freshState(), { look: look(jobs, more), readings: [], goals: [goal(targetKw)] }, settings(...can));

describe('the cheapest deeds', () => {
  it('cost no more than a job’s step above the best of all choices, and their bound lies below it', () => {
    const rng = random('choices');
    for (let round = 0; round < 60; round++) {
      const levers = Array.from({ length: 5 }, (_, j) => {
        const options: Option[] = [
          { deed: { do: 'leave' }, watts: 500 + 500 * rng.uniform(), costPerHour: 0, lossRatio: 0 },
        ];
        for (let i = 0; i < 3; i++) {
          const { watts, costPerHour } = options.at(-1)!;
          const next = {
            watts: watts * (0.4 + 0.5 * rng.uniform()),
            costPerHour: costPerHour + rng.uniform(),
            lossRatio: 0,
          };
          options.push({ deed: { do: 'move', site: String(i) }, ...next });
        }
        return { jobId: String(j), options };
      });
      const most = levers.reduce((sum, { options }) => sum + options[0]!.watts, 0);
      const limit = most * (0.5 + 0.5 * rng.uniform());
      let best = Number.POSITIVE_INFINITY;
      let steepest = 0;
      for (const { options } of levers) steepest = Math.max(steepest, options.at(-1)!.costPerHour);
      for (let n = 0; n < 4 ** 5; n++) {
        const chosen = levers.map(({ options }, j) => options[Math.floor(n / 4 ** j) % 4]!);
        if (chosen.reduce((sum, { watts }) => sum + watts, 0) > limit) continue;
        best = Math.min(
          best,
          chosen.reduce((sum, { costPerHour }) => sum + costPerHour, 0),
        );
      }
      const found = cheapest(levers, limit, () => levers[0]!.options[0]!);
      const { certificate, isKept } = found;
      expect(isKept).toBe(best < Number.POSITIVE_INFINITY);
      if (!isKept) continue;
      expect(certificate.reachedKw * 1000).toBeLessThanOrEqual(limit + 1e-6);
      expect(certificate.lowerBoundPerHour).toBeLessThanOrEqual(best + 1e-9);
      expect(certificate.costPerHour).toBeGreaterThanOrEqual(best - 1e-9);
      expect(certificate.costPerHour - best).toBeLessThanOrEqual(steepest);
      // Whatever the price is, the bound holds.
      expect(boundAt(levers, limit, rng.uniform() / 100)).toBeLessThanOrEqual(best + 1e-9);
    }
  });

  it('cap the work that is worth least first, to a whole watt, and hold back what waits', () => {
    const { commands, cheapest: found } = decided([job('a', { tier: 'flex1', toleranceRatio: 0.1 }), job('b')], 6.4, [
      'cap',
      'hold',
    ]);
    expect(commands[0]).toEqual({ do: 'hold', waiting: true });
    expect(commands.slice(1)).toEqual([{ do: 'cap', jobId: 'b', capW: expect.any(Number) }]);
    const { capW } = commands[1] as { capW: number };
    expect(Number.isInteger(capW)).toBe(true);
    expect(found!.isKept).toBe(true);
    expect(found!.certificate.gapRatio).toBeLessThan(0.02);
  });

  it('are never a cap above what the work draws anyway, nor one below the knee where resting is allowed', () => {
    const lazy = job('a', { toleranceRatio: 1, pause: { seconds: 0, resumeSeconds: 0, energyKwh: 0, lostSeconds: 0 } });
    expect(decided([lazy], 4, ['cap', 'pause', 'resume']).commands).toEqual([]);
    expect(decided([lazy], 0.8, ['cap', 'pause', 'resume']).commands).toEqual([{ do: 'pause', jobId: 'a' }]);
    expect(decided([lazy], 0.8, ['cap']).cheapest!.isKept).toBe(false);
  });

  it('serve the same tokens from fewer replicas, within the latency that was declared', () => {
    const point = (batch: number, wattsPerGpu: number, tokensPerSecond: number, latencyMs: number) => ({
      batch,
      wattsPerGpu,
      tokensPerSecond,
      latencyMs,
    });
    const service = {
      points: [point(128, 546, 3876, 28), point(512, 623, 5922, 74), point(1024, 637, 6827, 106)],
      ...{
        gpusPerReplica: 4,
        tokensPerSecond: 60_000,
        latencyLimitMs: 80,
        leastReplicas: 1,
        idleWattsPerGpu: 70,
        warmUpSeconds: 60,
      },
    };
    const serving = job('llm', {
      tier: 'flex1',
      toleranceRatio: 0,
      gpus: 64,
      watts: 34_944,
      serving: { batch: 128, replicas: 16 },
      service,
    });
    const { commands, cheapest: found } = decided([serving], 31, ['serve']);
    expect(commands).toEqual([{ do: 'serve', jobId: 'llm', batch: 512, replicas: 11 }]);
    // The twenty GPUs that were set free still draw something.
    expect(found!.certificate.reachedKw).toBeCloseTo((44 * 623 + 20 * 70) / 1000, 6);
    expect(decided([serving], 31, ['cap']).commands).toEqual([]);
  });

  it('use a battery as long as it lasts, and another site where its owner allows it', () => {
    const stiff = job('a', { tier: 'flex1', toleranceRatio: 0 });
    const battery = { storedKwh: 1, largestKw: 5, dischargingKw: 0 };
    expect(decided([stiff], 3, ['discharge'], { battery }).commands).toEqual([
      { do: 'discharge', kw: expect.closeTo(0.698, 2) },
    ]);
    expect(decided([stiff], 2, ['discharge'], { battery }).cheapest!.isKept).toBe(false);
    const north = { site: 'north', extraPerHour: 2, moveCost: 1, downSeconds: 300 };
    const mobile = job('b', { elsewhere: [north] });
    expect(decided([mobile], 0.6, ['cap', 'move']).commands).toEqual([{ do: 'move', jobId: 'b', site: 'north' }]);
  });

  it('leave a job its deadline', () => {
    const urgent = job('a', { deadline: 3700, remainingSeconds: 3600 });
    const [calm, tight] = [job('a', { deadline: 36_000, remainingSeconds: 3600 }), urgent].map(
      (one) => decided([one], 2, ['cap']).cheapest!,
    );
    expect(calm!.certificate.reachedKw).toBeLessThan(2);
    expect(tight!.certificate.reachedKw).toBeGreaterThan(3);
  });
});

describe('the loop', () => {
  it('keeps the strictest of events that overlap', () => {
    const of = (goals: ReturnType<typeof goal>[]) =>
      decide(freshState(), { look: look([job('a'), job('b')]), readings: [], goals }, settings('cap')).state.aimKw!;
    const strict = goal(5.5, { id: 'F' });
    expect(of([goal(6.5), strict])).toBe(of([strict, goal(6.5)]));
    expect(of([goal(6.5), strict])).toBe(of([strict]));
  });

  it('puts a cap just above what work draws for the last step of a minute, and takes it off again at no loss', () => {
    const can = settings('cap', 'uncap');
    const jobs = [job('a', { watts: 3000 }), job('b', { watts: 3000, toleranceRatio: 0 })];
    const at = (seconds: number, more: Partial<RunningJob> = {}) =>
      look([{ ...jobs[0]!, ...more }, jobs[1]!], { at: seconds });
    const goals = [goal(20)];
    const metered = (seconds: number) => [{ at: seconds - 10, seconds: 10, kw: 6 }];
    const early = decide(freshState(), { look: at(40), readings: metered(40), goals }, can);
    expect(early.commands).toEqual([]);
    const last = decide(early.state, { look: at(50), readings: metered(50), goals }, can);
    // 306 W a GPU lie between the caps of 300 and 400 W; work that tolerates no loss is left alone.
    expect(last.commands).toEqual([{ do: 'cap', jobId: 'a', capW: 322 }]);
    const next = decide(last.state, { look: at(60, { capW: 322 }), readings: metered(60), goals }, can);
    expect(next.commands).toEqual([{ do: 'uncap', jobId: 'a' }]);
    expect(next.state.jobs.a!.lossSeconds).toBe(0);
    // Whoever sees nothing lets nothing go.
    const blind = decide(last.state, { look: at(200, { capW: 322 }), readings: [], goals }, can);
    expect([blind.state.isBlind, blind.commands]).toEqual([true, []]);
    const over = decide(
      last.state,
      { look: at(60, { capW: 322 }), readings: metered(60), goals: [] },
      {
        ...can,
        reboundSeconds: 0,
      },
    );
    expect(over.commands).toEqual([{ do: 'uncap', jobId: 'a' }]);
  });

  it('makes use of what lay below within its minute, and makes good what lay above', () => {
    const aimAfter = (kw: number) => {
      const it = [10, 20, 30].map((at) => ({ at: at - 10, kw }));
      const state = { ...freshState(), phase: 'hold' as const, at: 20, aimKw: 8, meanAimKw: 8, overheadKw: 1, it };
      const seen = { look: look([job('a'), job('b')], { at: 30 }), readings: [], goals: [goal(8)] };
      return decide(state, seen, settings('cap')).state.aimKw!;
    };
    expect(aimAfter(6)).toBeGreaterThan(8);
    expect(aimAfter(6)).toBeLessThanOrEqual(8 * 1.03);
    expect(aimAfter(7.2)).toBeLessThan(8);
  });

  it('never lets power rise while the meter is silent, and says so', () => {
    const can = settings('cap', 'uncap');
    const held = {
      ...freshState(),
      phase: 'hold' as const,
      aimKw: 6,
      overheadKw: 1,
      at: 0,
      meter: [{ at: 0, kw: 7, arrived: 0 }],
    };
    // The target leaves room that nobody can see.
    const capped = [job('a', { capW: 200, watts: 1950 }), job('b', { capW: 200, watts: 1950 })];
    const told = decide(held, { look: { ...look(capped), at: 100 }, readings: [], goals: [goal(20)] }, can);
    expect(told.said).toEqual([expect.stringContaining('silent')]);
    expect(told.cheapest!.certificate.limitKw).toBeLessThanOrEqual(3.9);
    const spoken = decide(
      told.state,
      { look: { ...look(capped), at: 110 }, readings: [{ at: 90, seconds: 10, kw: 5 }], goals: [goal(20)] },
      can,
    );
    expect(spoken.said).toEqual([expect.stringContaining('again')]);
    expect(spoken.commands).toContainEqual({ do: 'uncap', jobId: 'a' });
  });

  it('promises no more than what all may lose, at once and later', () => {
    const site = { plant: plantOf(20), ambientC: 20, prices: LEVER_PRICES, overheadKw: null };
    const jobs = [job('a'), job('b', { tier: 'flex1', toleranceRatio: 0 })];
    const firm = firmOf(look(jobs), new Set<Ability>(['cap']), 3600, site)!;
    expect(firm.lowestKw).toBeGreaterThan(3.68 + 1.5);
    expect(firmOf(look(jobs), new Set(), 3600, site)!.lowestKw).toBeGreaterThan(7.36);
    expect(firmOf(look(jobs, { itKw: null }), new Set(), 3600, site)).toBeNull();
  });
});
