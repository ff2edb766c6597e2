import { beforeEach, describe, expect, it } from 'vitest';
import { DECISIONS } from '../../domain/decision.js';
import { Fault } from '../../domain/fault.js';
import { inHalves, shuffled } from '../../domain/fixtures/any-order.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import { itPowerKw, JOBS, type Job, WORKLOADS } from '../../domain/job.js';
import { Method } from '../../domain/method.js';
import { BASELINE, orderKeyOf, PLACEMENTS, PLANS, type Placement } from '../../domain/plan.js';
import { orderedPieces } from '../../domain/schedule.js';
import { integrate, type Series } from '../../domain/series.js';
import { fromEpoch, type Instant, plusHours, toEpoch } from '../../domain/time.js';
import { kg, kwh, money } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { simulatedClock } from '../../sim/clock.js';
import { simulatedFleet } from '../../sim/fleet.js';
import { simulatedGrid } from '../../sim/grid.js';
import { loadScenario } from '../../sim/scenario.js';
import { simulateJobs } from '../../sim/workload.js';
import { openStore } from '../../store/store.js';
import { makePlan } from '../optimizer/optimizer.js';
import { callTool } from '../tool.js';
import { type MeasureOutput, measureEmissions } from './accountant.js';

type Measured = ReturnType<typeof MeasureOutput.parse>;
const method = Method.parse({});

const scenario = loadScenario('five-regions');
let world: World;
let jobs: Job[];
beforeEach(async () => {
  const clock = simulatedClock(scenario.start);
  const store = await openStore(':memory:');
  const fleet = simulatedFleet({ scenario, seed: scenario.seed, clock, store });
  const grid = simulatedGrid(scenario, scenario.seed, clock);
  const { meter } = quietWorld(store, clock.now);
  world = { clock, store, fleet, meter, grid, method, setting: scenario, model: null } as unknown as World;
  jobs = simulateJobs(scenario, { seed: 7, start: scenario.start, days: 1 });
});
const keep = async (id: string, of: readonly Job[]) => {
  await world.store.rows(JOBS).append(
    id,
    of.map((value) => ({ id: value.id, value })),
  );
  await world.store.collection(WORKLOADS).put(id, {
    id,
    origin: 'ingested',
    source: 'test',
    createdAt: scenario.start,
    jobs: of.length,
    earliestStart: null,
    latestEnd: null,
    assumed: [],
  });
};
const measure = async (input: object = {}) =>
  (await callTool(measureEmissions, input, world, {
    actor: { id: 'somebody', via: 'mcp' },
    cause: null,
    signal: new AbortController().signal,
    progress: () => {},
  })) as Measured;
const faultOf = async (work: Promise<unknown>) => {
  const error = await work.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
};

describe('measure_emissions', () => {
  it('accounts a workload as it would run without a plan, equal to the formula worked out by hand', async () => {
    await keep('W-1', jobs);
    const { total, schedule, factors, unseen, sci, basis } = await measure({
      by: ['region', 'category'],
      foresight: 'actual',
    });
    let hand = 0;
    let energy = 0;
    const signals = new Map<string, Series>();
    const end = fromEpoch(toEpoch(scenario.start) + 10 * 86_400);
    for (const { region } of scenario.sites)
      signals.set(region, (await world.grid.carbon(region, { start: scenario.start, end }, 'actual')).series);
    for (const one of jobs) {
      const start = Math.ceil(toEpoch(one.earliestStart) / 1800) * 1800;
      const power = itPowerKw(one, method) * 1.1;
      energy += power * one.durationHours;
      hand +=
        (power * integrate(signals.get(one.region)!, start, start + Math.round(one.durationHours * 3600))!) / 1000;
    }
    expect([schedule, basis, total.jobs, unseen]).toEqual(['immediate', 'hindsight', jobs.length, []]);
    expect(Math.abs(total.emissionsKg!.value - hand) / hand).toBeLessThan(1e-9);
    expect(Math.abs(total.energyKwh - energy) / energy).toBeLessThan(1e-9);
    expect(factors.map((f) => f.region).sort()).toEqual(scenario.sites.map((s) => s.region).sort());
    expect(sci!.gPerUnit).toBeCloseTo((sci!.operationalG + sci!.embodiedG) / sci!.units, 9);
  });

  it('takes hours after now from the forecast, hours before it as they came true, and says which', async () => {
    await keep('W-1', jobs.slice(0, 30));
    const [first] = scenario.sites;
    const at = (hours: number) => fromEpoch(toEpoch(scenario.start) + hours * 3600);
    const later = (now: Instant) => {
      const clock = simulatedClock(now);
      world = { ...world, clock, grid: simulatedGrid(scenario, scenario.seed, clock) };
    };
    const ahead = await measure();
    expect([ahead.basis, ahead.now]).toEqual(['forecast', scenario.start]);
    expect(ahead.total.emissionsKg!.value).toBe((await measure({ foresight: 'forecast' })).total.emissionsKg!.value);
    const hindsight = await measure({ foresight: 'actual' });
    expect(hindsight.basis).toBe('hindsight');
    expect(hindsight.total.emissionsKg!.value).not.toBe(ahead.total.emissionsKg!.value);
    expect(measureEmissions.tell(hindsight)).toContain('which nobody could have known');
    expect(measureEmissions.tell(ahead)).toContain('CO2e as forecast');

    later(at(6));
    const half = await measure();
    expect(half.basis).toBe('actual and forecast');
    const [before, after] = [await measure({ to: at(6) }), await measure({ from: at(6) })];
    expect([before.basis, after.basis]).toEqual(['actual', 'forecast']);
    expect(half.total.emissionsKg!.value).toBeCloseTo(
      before.total.emissionsKg!.value + after.total.emissionsKg!.value,
      9,
    );
    expect(half.factors.find((f) => f.region === first!.region)!.status).toMatch(
      /^actual; \d+ % of the time by forecast$/,
    );

    later(at(24 * 30));
    const over = await measure();
    expect(over.basis).toBe('actual');
    expect(over.total.emissionsKg!.value).toBeCloseTo(hindsight.total.emissionsKg!.value, 9);
  });

  it('takes a history as it came true, also where its world begins with it', async () => {
    await keep(
      'W-H',
      jobs.slice(0, 10).map((job) => ({ ...job, startedAt: job.earliestStart })),
    );
    const ran = await measure();
    expect(ran.basis).toBe('actual');
    expect(ran.total).toEqual((await measure({ foresight: 'actual' })).total);
    expect(ran.total).not.toEqual((await measure({ foresight: 'forecast' })).total);
  });

  it('adds no marginal intensity to an average one: the regions of the other kind are told as not known', async () => {
    await keep('W-1', jobs);
    const all = await measure({ by: ['region'] });
    const [first, odd] = all.factors.map((f) => f.region) as [string, string];
    const { grid } = world;
    world = {
      ...world,
      grid: {
        ...grid,
        carbon: async (region, interval, status) => {
          const signal = await grid.carbon(region, interval, status);
          return region === odd ? { ...signal, kind: { ...signal.kind, accounting: 'marginal' } } : signal;
        },
      },
    };
    const { total, groups, unseen, factors } = await measure({ by: ['region'] });
    expect(groups.find((g) => g.region === odd)?.emissionsKg).toBeNull();
    const without = all.total.emissionsKg!.value - all.groups.find((g) => g.region === odd)!.emissionsKg!.value;
    expect(total.emissionsKg!.value).toBeCloseTo(without, 6);
    expect(total.energyKwh).toBeCloseTo(all.total.energyKwh, 6);
    expect(factors.map((f) => f.region)).toEqual(all.factors.map((f) => f.region).filter((r) => r !== odd));
    expect(unseen).toContainEqual(expect.stringContaining(`${odd} is marginal operational and the account is average`));
    expect(first).not.toBe(odd);
  });

  it('a plan: baseline and planned from their rows; unknown ids and schedules are named', async () => {
    const some = jobs.filter((j) => j.durationHours < 3).slice(0, 20);
    await keep('W-2', some);
    const placed = (delayHours: number) =>
      some.map((one): { id: string; value: Placement } => {
        const from = Math.ceil(toEpoch(one.earliestStart) / 1800) * 1800 + delayHours * 3600;
        return {
          id: `${one.id}#0`,
          value: {
            jobId: one.id,
            region: one.region,
            start: fromEpoch(from),
            end: fromEpoch(from + Math.round(one.durationHours * 3600)),
            energyKwh: kwh(itPowerKw(one, method) * 1.1 * one.durationHours),
            emissionsKg: kg(0),
            energyCost: money(0),
            instanceCost: money(0),
            egressCost: money(0),
          },
        };
      });
    await world.store.rows(BASELINE).append('P-1', placed(0));
    await world.store.rows(PLACEMENTS).append('P-1', placed(5));
    const immediate = await measure({ workloadId: 'W-2' });
    const nothing = immediate.total.emissionsKg!;
    await world.store.collection(PLANS).put('P-1', {
      id: 'P-1',
      digest: 'd'.repeat(64),
      workloadId: 'W-2',
      window: { start: scenario.start, end: plusHours(scenario.start, 24) },
      finishesAt: plusHours(scenario.start, 48),
      region: null,
      clusterId: null,
      madeAt: scenario.start,
      carbonPricePerTonne: 75,
      jobs: { total: some.length, movable: 0, moved: 0, urgent: 0, unplaced: 0 },
      baseline: { cost: immediate.total.cost!, emissionsKg: nothing, energyKwh: kwh(0), peakKw: 0, lateJobs: 0 },
      planned: { cost: immediate.total.cost!, emissionsKg: nothing, energyKwh: kwh(0), peakKw: 0, lateJobs: 0 },
      savings: { cost: 0, emissionsKg: nothing },
      objective: 0,
      lowerBound: null,
      gap: null,
      savingsGap: null,
      bindingLimits: [],
      engine: 'none',
      stoppedBy: 'done',
      policySetId: null,
      signals: [],
      unseen: [],
    } as never);
    const baseline = await measure({ planId: 'P-1', schedule: 'baseline' });
    const planned = await measure({ planId: 'P-1' });
    expect(baseline.total.emissionsKg!.value).toBeCloseTo(nothing.value, 9);
    expect(planned.schedule).toBe('planned');
    expect(planned.total.energyKwh).toBeCloseTo(baseline.total.energyKwh, 9);
    expect(planned.total.emissionsKg!.value).not.toBeCloseTo(nothing.value, 6);
    // Nobody approved it, so the workload still stands as it would run.
    expect((await measure({ workloadId: 'W-2' })).schedule).toBe('immediate');
    expect((await measure({ planId: 'P-1', schedule: 'ran' })).unseen).toEqual([
      `${some.length} jobs have not run yet.`,
    ]);
    expect((await faultOf(measure({ planId: 'P-9' }))).code).toBe('not-found');
    expect((await faultOf(measure({ workloadId: 'W-9' }))).code).toBe('not-found');
    expect((await faultOf(measure({ planId: 'P-1', workloadId: 'W-2' }))).code).toBe('invalid-input');
    expect((await faultOf(measure({ by: ['colour'] }))).code).toBe('invalid-input');
  });

  it('accounts what ran to the same figures in whatever order the fleet tells it', async () => {
    await keep('W-3', jobs.slice(0, 60));
    const by = { actor: { id: 'somebody', via: 'mcp' }, cause: null, signal: new AbortController().signal } as const;
    const made = await callTool(makePlan, { workloadId: 'W-3', horizonHours: 24 }, world, {
      ...by,
      progress: () => {},
    });
    const plan = made.plan!;
    const key = orderKeyOf(plan);
    await world.fleet.place({
      key,
      pages: orderedPieces(world.store, { workloadId: 'W-3', planId: plan.id, jobs: null }),
    });
    await world.clock.waitUntil(plusHours(plan.finishesAt, 24));
    const asked = { planId: plan.id, schedule: 'ran', by: ['team', 'region'] };
    const { fleet } = world;
    let energy = 0;
    for await (const page of fleet.ran(key)) for (const row of page) energy += row.energyKwh;
    const whole = await measure(asked);
    expect(whole.total.jobs).toBe(60);
    expect(whole.unseen).toEqual([]);
    expect(whole.total.energyKwh).toBeCloseTo(energy, 6);
    expect([whole.measuredRatio, whole.meters]).toEqual([0, []]);
    // A meter of one site knows all of the time, and what it tells beyond the jobs is a rest.
    const [site] = await fleet.sites();
    const card = { id: 'hall', name: 'hall', source: 'file', basis: 'counter', covers: null } as const;
    const hall = { ...card, boundary: 'facility', subject: { kind: 'site', id: site!.id } } as const;
    const all = async () => ({ energyKwh: energy + 1000, coveredSeconds: 60, seconds: 60 });
    const quiet = world.meter;
    world = { ...world, meter: { ...quiet, meters: async () => [hall], energy: all } };
    const metered = await measure(asked);
    const there = metered.meters[0]!;
    expect(there.restKwh! + there.accountedKwh!).toBeCloseTo(energy + 1000, 6);
    expect(metered.unseen).toEqual([expect.stringContaining('idle power and other work')]);
    world = { ...world, meter: quiet };
    const halves = inHalves(fleet);
    world = { ...world, fleet: halves };
    const inOrder = await measure(asked);
    expect(inOrder.total.energyKwh).toBeCloseTo(energy, 6);
    world = { ...world, fleet: shuffled(halves) };
    expect(await measure(asked)).toEqual(inOrder);

    const ran = async function* (of: string) {
      yield [
        {
          jobId: 'unheard-of',
          region: 'eu-west-1',
          start: plan.window.start,
          end: plan.window.end,
          energyKwh: 5,
          source: 'measured' as const,
        },
      ];
      yield* halves.ran(of);
    };
    world = { ...world, fleet: { ...fleet, ran } };
    expect(await measure(asked)).toEqual({
      ...inOrder,
      unseen: ['1 jobs ran under the order that workload W-3 does not hold; their 5.00 kWh are not accounted.'],
    });
  });

  it('agrees with a plan on its own totals: cost, energy, emissions and their bounds', async () => {
    await keep('W-4', jobs.slice(0, 60));
    const actor = { id: 'somebody', via: 'mcp' } as const;
    const by = { actor, cause: null, signal: new AbortController().signal, progress: () => {} };
    const { plan } = await callTool(makePlan, { workloadId: 'W-4', horizonHours: 24 }, world, by);
    for (const [schedule, totals] of [
      ['baseline', plan!.baseline],
      ['planned', plan!.planned],
    ] as const) {
      const { total } = await measure({ planId: plan!.id, schedule, foresight: 'forecast' });
      const { value, low, high } = total.emissionsKg!;
      for (const [mine, theirs] of [
        [value, totals.emissionsKg.value],
        [low, totals.emissionsKg.low],
        [high, totals.emissionsKg.high],
        [total.energyKwh, totals.energyKwh],
        [total.cost!.total, totals.cost.total],
        [total.cost!.instance, totals.cost.instance],
        [total.cost!.egress, totals.cost.egress],
        [total.cost!.tardiness, totals.cost.tardiness],
      ] as const)
        expect(Math.abs(mine - theirs)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(theirs)));
    }
  });

  it('finds the plan that was approved for a workload however many were made since for others', async () => {
    await keep('W-5', jobs.slice(0, 5));
    const actor = { id: 'somebody', via: 'mcp' } as const;
    const by = { actor, cause: null, signal: new AbortController().signal, progress: () => {} };
    const { plan } = await callTool(makePlan, { workloadId: 'W-5', horizonHours: 24 }, world, by);
    const decision = {
      planId: plan!.id,
      planDigest: plan!.digest,
      status: 'approved' as const,
      by: ['rule:test'],
      reasons: [],
      jobs: null,
      at: scenario.start,
    };
    await world.store.collection(DECISIONS).put('D-1', { ...decision, id: 'D-1' });
    for (let i = 0; i < 501; i++) {
      const [id, digest] = [`P-${i}`, String(i).padStart(64, '0')];
      await world.store.collection(PLANS).put(id, { ...plan!, id, digest, workloadId: 'W-6' });
      const other = { ...decision, id: `D-${id}`, planId: id, planDigest: digest };
      await world.store.collection(DECISIONS).put(other.id, other);
    }
    expect(await measure({ workloadId: 'W-5' })).toMatchObject({ planId: plan!.id, schedule: 'planned' });
  });

  it('names jobs whose region has no site and machines without a price', async () => {
    const [first, second] = [jobs[0]!, jobs[1]!];
    await keep('W-3', [
      { ...first, region: 'mars', allowedRegions: ['mars'] },
      { ...second, instanceType: 'quantum' },
    ]);
    const { unseen, total } = await measure();
    expect(total.jobs).toBe(1);
    expect(unseen[0]).toContain('mars');
    expect(unseen.some((text) => text.includes('quantum'))).toBe(true);
  });

  it('an empty store has nothing to account', async () => {
    expect((await faultOf(measure())).remedy).toContain('caco ingest');
  });
});
