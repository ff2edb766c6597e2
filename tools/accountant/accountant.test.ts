import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../domain/fault.js';
import { integralOf, stepsOf } from '../../domain/footprint.js';
import { itPowerKw, JOBS, type Job, WORKLOADS } from '../../domain/job.js';
import { Method } from '../../domain/method.js';
import { BASELINE, PLACEMENTS, PLANS, type Placement } from '../../domain/plan.js';
import { integrate, type Series } from '../../domain/series.js';
import { Site } from '../../domain/site.js';
import { fromEpoch, type Instant, plusHours, toEpoch } from '../../domain/time.js';
import { hours, kg, kw, kwh, money } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { simulatedClock } from '../../sim/clock.js';
import { simulatedFleet } from '../../sim/fleet.js';
import { simulatedGrid } from '../../sim/grid.js';
import { loadScenario } from '../../sim/scenario.js';
import { simulateJobs } from '../../sim/workload.js';
import { openStore } from '../../store/store.js';
import { makePlan } from '../optimizer/optimizer.js';
import { callTool } from '../tool.js';
import {
  type AccountQuestion,
  account,
  Collector,
  type MeasureOutput,
  measureEmissions,
  runImmediately,
} from './accountant.js';

type Measured = ReturnType<typeof MeasureOutput.parse>;
const method = Method.parse({});
const ORIGIN = toEpoch('2022-06-01T00:00:00Z' as Instant);
const at = (hour: number) => fromEpoch(ORIGIN + Math.round(hour * 3600));

const job = (over: Partial<Job> = {}): Job => ({
  id: 'j',
  name: 'j',
  kind: 'batch',
  team: 'ops',
  category: 'balanced',
  submittedAt: at(0),
  earliestStart: at(0),
  due: null,
  deadline: null,
  durationHours: hours(1),
  vcpus: 10,
  gpus: 0,
  powerKw: null,
  region: 'A',
  allowedRegions: ['A'],
  clusterId: null,
  dataGb: 0,
  instanceType: null,
  interruptible: false,
  minChunkMinutes: 0,
  resumeCost: 0,
  tardinessCostPerHour: 0,
  workUnits: null,
  ...over,
});

const site = (region: string, over: object = {}) =>
  Site.parse({ id: region, region, currency: 'GBP', tariff: { energy: { kind: 'flat', pricePerMwh: 100 } }, ...over });

const steps = (values: (number | null)[], stepMinutes = 60) => stepsOf({ start: at(0), stepMinutes, values });
const flat = (value: number) => steps(new Array<number>(240).fill(value));

const question = (over: Partial<AccountQuestion> = {}): AccountQuestion => ({
  sites: [site('A')],
  carbon: [flat(400)],
  prices: [flat(100)],
  method,
  currency: 'GBP',
  by: [],
  ...over,
});

const spansOf = (jobs: readonly Job[], sites = [site('A')]) => {
  const books = new Collector(sites, method);
  for (const one of jobs) books.add(one, [runImmediately(one, null)]);
  return books.spans;
};

describe('the formula', () => {
  it('is vCPUs × hours × 0.005 × PUE × intensity over the true span', () => {
    const intensity = [300, 120, 500, 80];
    // From 00:20 on for 2 h 15 min: 40 min, 60 min, 35 min of the first three hours.
    const spans = spansOf([job({ earliestStart: at(1 / 3), durationHours: hours(2.25), vcpus: 16 })]);
    const { total } = account(spans, question({ carbon: [steps(intensity)] }));
    const hand = (16 * 0.005 * 1.1 * ((300 * 40) / 60 + 120 + (500 * 35) / 60)) / 1000;
    expect(Math.abs(total.emissionsKg!.value - hand)).toBeLessThan(1e-9);
    expect(total.energyKwh).toBeCloseTo(16 * 0.005 * 1.1 * 2.25, 12);
    expect(total.cost?.energy).toBeCloseTo((16 * 0.005 * 1.1 * 2.25 * 100) / 1000, 12);
  });

  it('agrees with the integral of the series for any span, to 1e-9', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 2, maxLength: 60 }),
        fc.constantFrom(5, 15, 30, 60),
        fc.integer({ min: 0, max: 7200 }),
        fc.integer({ min: 1, max: 20_000 }),
        (values, stepMinutes, offset, length) => {
          const series: Series = { start: at(0), stepMinutes, values };
          const from = ORIGIN + offset;
          const wanted = integrate(series, from, from + length);
          const mine = integralOf(stepsOf(series), from, from + length);
          if (wanted === null) expect(mine).toBeNaN();
          else expect(Math.abs(mine - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, wanted));
        },
      ),
    );
  });
});

const anyJob = fc
  .record({
    start: fc.integer({ min: 0, max: 100_000 }),
    seconds: fc.integer({ min: 1, max: 60_000 }),
    vcpus: fc.integer({ min: 1, max: 200 }),
    team: fc.constantFrom('ops', 'ml', 'web'),
    category: fc.constantFrom('urgent' as const, 'balanced' as const, 'sustainable' as const),
    region: fc.constantFrom('A', 'B'),
    units: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: null }),
  })
  .map(({ start, seconds, region, units, ...rest }) =>
    job({
      ...rest,
      region,
      allowedRegions: [region],
      earliestStart: fromEpoch(ORIGIN + start),
      durationHours: hours(seconds / 3600),
      workUnits: units,
    }),
  );
const two = [site('A'), site('B')];
const wave = Array.from({ length: 240 }, (_, i) => 200 + 150 * Math.sin(i));
const both = { sites: two, carbon: [steps(wave), flat(50)], prices: [flat(100), flat(30)] };

describe('sums', () => {
  it('groups add up to the total in every figure, whatever they are grouped by', () => {
    fc.assert(
      fc.property(
        fc.array(anyJob, { minLength: 1, maxLength: 25 }),
        fc.subarray(['region', 'team', 'hour', 'category'] as const, { minLength: 1 }),
        (jobs, by) => {
          const { total, groups } = account(spansOf(jobs, two), question({ ...both, by }));
          const sum = (of: (g: (typeof groups)[number]) => number) => groups.reduce((all, g) => all + of(g), 0);
          const near = (a: number, b: number) =>
            expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(b)));
          near(
            sum((g) => g.energyKwh),
            total.energyKwh,
          );
          near(
            sum((g) => g.emissionsKg!.value),
            total.emissionsKg!.value,
          );
          near(
            sum((g) => g.cost!.total),
            total.cost!.total,
          );
          near(
            sum((g) => g.workUnits ?? 0),
            total.workUnits ?? 0,
          );
          expect(sum((g) => g.jobs)).toBe(jobs.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('bounds: errors add within a region and hour, and in quadrature between them', () => {
    const one = (over: Partial<Job>) => job({ vcpus: 200, ...over });
    const half = (jobs: Job[]) => {
      const { emissionsKg } = account(spansOf(jobs, two), question({ ...both, carbon: [flat(400), flat(400)] })).total;
      return (emissionsKg!.high - emissionsKg!.low) / 2 / emissionsKg!.value;
    };
    expect(half([one({}), one({ id: 'k', team: 'ml' })])).toBeCloseTo(0.2, 12);
    expect(half([one({}), one({ id: 'k', earliestStart: at(1) })])).toBeCloseTo(0.2 / Math.SQRT2, 12);
    expect(half([one({}), one({ id: 'k', region: 'B' })])).toBeCloseTo(0.2 / Math.SQRT2, 12);
  });

  it('the published vector: three jobs of one region and hour, 24 ± 4.8 kg', () => {
    const jobs = [10, 20, 30].map((kWh, i) => job({ id: `j${i}`, powerKw: kw(kWh) }));
    const books = new Collector([site('A', { pue: 1 })], method);
    for (const one of jobs) books.add(one, [runImmediately(one, null)]);
    const { emissionsKg } = account(books.spans, question({ sites: [site('A', { pue: 1 })] })).total;
    expect(emissionsKg).toEqual({
      value: 24,
      low: expect.closeTo(19.2, 12),
      high: expect.closeTo(28.8, 12),
      confidence: 0.95,
    });
  });

  it('two halves of a window are the whole', () => {
    fc.assert(
      fc.property(
        fc.array(anyJob, { minLength: 1, maxLength: 15 }),
        fc.integer({ min: 1, max: 150_000 }),
        (jobs, cut) => {
          const spans = spansOf(jobs, two);
          const whole = account(spans, question(both)).total;
          const before = account(spans, question({ ...both, to: ORIGIN + cut })).total;
          const after = account(spans, question({ ...both, from: ORIGIN + cut })).total;
          expect(before.energyKwh + after.energyKwh).toBeCloseTo(whole.energyKwh, 8);
          expect(before.emissionsKg!.value + after.emissionsKg!.value).toBeCloseTo(whole.emissionsKg!.value, 8);
          expect(before.cost!.total + after.cost!.total).toBeCloseTo(whole.cost!.total, 8);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('who pays for what', () => {
  it('a tenant pays machines and egress, an owner energy and the peak; nothing is paid twice', () => {
    const tenant = (region: string) =>
      site(region, {
        payer: 'tenant',
        instancePricesPerHour: { big: 2 },
        egressPerGb: 0.02,
        tariff: { energy: { kind: 'flat', pricePerMwh: 100 } },
      });
    const sites = [tenant('A'), tenant('B')];
    const books = new Collector(sites, method);
    books.add(job({ instanceType: 'big', dataGb: 50, due: at(1), tardinessCostPerHour: 7, resumeCost: 3 }), [
      { region: 'B', from: ORIGIN, to: ORIGIN + 1800 },
      { region: 'B', from: ORIGIN + 7200, to: ORIGIN + 9000 },
    ]);
    const away = account(
      books.spans,
      question({ sites, carbon: [flat(1), flat(1)], prices: [flat(0), flat(0)] }),
    ).total;
    expect(away.cost).toMatchObject({ energy: 0, instance: 2, egress: 1, tardiness: expect.closeTo(7 * 1.5 + 3, 12) });
    const owner = [site('A', { tariff: { energy: { kind: 'flat', pricePerMwh: 100 }, demandChargePerKw: 10 } })];
    const twoAtOnce = spansOf([job({ powerKw: kw(5) }), job({ id: 'k', powerKw: kw(5) })], owner);
    const { total, demandCost, groups } = account(twoAtOnce, question({ sites: owner, by: ['team'] }));
    expect(demandCost).toBeCloseTo(10 * 11, 9);
    expect(total.cost!.energy - groups[0]!.cost!.energy).toBeCloseTo(demandCost, 9);
  });
});

describe('what is not known', () => {
  it('is never counted as zero', () => {
    const spans = spansOf([job({ durationHours: hours(2) })]);
    const half = account(spans, question({ carbon: [steps([400, null])] })).total;
    expect(half.carbonCoverageRatio).toBeCloseTo(0.5, 12);
    expect(half.emissionsKg!.value).toBeCloseTo(10 * 0.005 * 1.1 * 0.4, 12);
    const none = account(spans, question({ carbon: [null], prices: [null] })).total;
    expect([none.emissionsKg, none.cost, none.energyKwh > 0]).toEqual([null, null, true]);
  });
});

const scenario = loadScenario('five-regions');
let world: World;
let jobs: Job[];
beforeEach(async () => {
  const clock = simulatedClock(scenario.start);
  const store = await openStore(':memory:');
  const fleet = simulatedFleet({ scenario, seed: scenario.seed, clock, store });
  const grid = simulatedGrid(scenario, scenario.seed, clock);
  world = { clock, store, fleet, grid, method, scenario, model: null } as unknown as World;
  jobs = simulateJobs(scenario, { seed: 7, start: scenario.start, days: 1 });
});
const keep = async (id: string, of: readonly Job[]) => {
  await world.store.rows(JOBS).append(
    id,
    of.map((value) => ({ id: value.id, value })),
  );
  await world.store.collection(WORKLOADS).put(id, {
    id,
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
    const { total, schedule, factors, unseen, sci } = await measure({ by: ['region', 'category'] });
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
    expect([schedule, total.jobs, unseen]).toEqual(['immediate', jobs.length, []]);
    expect(Math.abs(total.emissionsKg!.value - hand) / hand).toBeLessThan(1e-9);
    expect(Math.abs(total.energyKwh - energy) / energy).toBeLessThan(1e-9);
    expect(factors.map((f) => f.region).sort()).toEqual(scenario.sites.map((s) => s.region).sort());
    expect(sci!.gPerUnit).toBeCloseTo((sci!.operationalG + sci!.embodiedG) / sci!.units, 9);
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
