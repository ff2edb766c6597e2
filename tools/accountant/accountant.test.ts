import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integralOf, stepsOf } from '../../domain/footprint.js';
import type { Job } from '../../domain/job.js';
import { Method } from '../../domain/method.js';
import { integrate, type Series } from '../../domain/series.js';
import { Site } from '../../domain/site.js';
import { fromEpoch, type Instant, toEpoch } from '../../domain/time.js';
import { hours, kw } from '../../domain/units.js';
import { type AccountQuestion, account, Collector, runImmediately } from './accountant.js';

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
    // What ran stands where it ran, whatever the grid of a plan.
    const ran = runImmediately(job({ earliestStart: at(0), startedAt: at(5.1), durationHours: hours(2) }), 30);
    expect([ran.from, ran.to]).toEqual([ORIGIN + 5.1 * 3600, ORIGIN + 7.1 * 3600]);
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
