import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOREIGN_DATA, lacksData, shippedText } from '../../../checks/public-data.js';
import { instance } from '../engine/fixtures/solved.js';
import { baselinesOf, POLICIES, parseCaco, replayStudy } from '../optimizer.js';
import { Curve } from './curve.js';

const telling = { currency: 'USD', uncertaintyRatio: 0.2, confidence: 0.95 };
const job = (id: string, more: object = {}) => ({
  id,
  team: 'a',
  sla: 'balanced',
  home: 0,
  regions: [0],
  release: 0,
  due: 12,
  deadline: 12,
  slots: 2,
  powerKw: 10,
  vcpu: 0,
  gpu: 0,
  dataGb: 0,
  tardyUsdPerHour: 0,
  ...more,
});
const problemOf = (jobs: object[], maxPowerKw: number | null = 20) =>
  parseCaco({
    format: 'caco-opt-1',
    name: 'small',
    slotHours: 1,
    slots: 12,
    carbonPriceUsdPerTonne: 75,
    regions: [
      {
        id: 'site',
        pue: 1,
        priceUsdPerMwh: Array(12).fill(50),
        ciGPerKwh: [300, 280, 260, 240, 100, 90, 110, 250, 300, 80, 300, 300],
        maxPowerKw,
      },
    ],
    jobs,
  });

describe('named policies', () => {
  it('each says what it breaks; those that heed limits break none, the planner is best of the lawful', async () => {
    const rows = await baselinesOf(problemOf(['a', 'b', 'c', 'd'].map((id) => job(id))), { telling });
    expect(rows.map((r) => r.policy)).toEqual([...POLICIES.map((p) => p.name), 'caco']);
    const of = (name: string) => rows.find((r) => r.policy === name)!;
    // Four jobs of 10 kW want the same two hours of a site that takes two.
    expect(of('lets-wait-awhile').violations).toMatchObject({
      slotsOverPower: 2,
      mostOverCapKw: 20,
      energyOverCapRatio: 0.5,
    });
    expect(of('lets-wait-awhile').violates.join()).toContain('above power caps');
    expect(of('wait-awhile').violations.interrupted).toBe(4);
    for (const name of ['fcfs', 'edf-threshold', 'greedy', 'greedy-edf', 'caco']) expect(of(name).isLawful).toBe(true);
    for (const r of rows.filter((x) => x.isLawful)) {
      expect(of('caco').objective).toBeLessThanOrEqual(r.objective + 1e-9);
      expect(of('caco').lowerBound!).toBeLessThanOrEqual(r.objective + 1e-9);
    }
    expect(of('run-immediately').savedKgRatio).toBe(0);
  });

  it('claims no saving for work that is left out, and refuses an unknown policy', async () => {
    const rows = await baselinesOf(problemOf(Array.from({ length: 20 }, (_, i) => job(`j${i}`))), {
      telling,
      policies: ['greedy', 'run-immediately'],
    });
    expect(rows[0]!.violations.unplaced).toBeGreaterThan(0);
    expect(rows[0]!.savedKgRatio).toBeNull();
    await expect(baselinesOf(problemOf([job('a')]), { telling, policies: ['magic'] })).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });

  it('never moves urgent jobs', async () => {
    const rows = await baselinesOf(problemOf([job('u', { sla: 'urgent' })], null), { telling });
    for (const r of rows) expect(r.objective).toBeCloseTo(rows[0]!.objective, 9);
  });

  it('cost what an independent program found on ten thousand jobs', async () => {
    const problem = instance('r-10k-336-tight');
    const rows = await baselinesOf(problem, {
      telling,
      policies: ['run-immediately', 'lets-wait-awhile', 'seed-planner'],
    });
    expect(rows.map((r) => Number(r.objective.toFixed(2)))).toEqual([2128.13, 1984.43, 1246.23]);
    expect(rows.map((r) => Number((100 * r.violations.energyOverCapRatio).toFixed(1)))).toEqual([5.5, 20.4, 32.6]);
    expect(rows[1]!.lateJobs).toBe(2550);
  });
});

describe('a curve', () => {
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 5 }) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
  );
  it('finds the cheapest slots, starts and quantiles that looking at every one finds', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 24 }),
        fc.nat(23),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 24 }),
        (values, lo, length, width) => {
          const curve = new Curve(Float64Array.from(values));
          const hi = Math.min(values.length, lo + width);
          const slots = values.map((v, t) => ({ v, t })).filter(({ v, t }) => t >= lo && t < hi && !Number.isNaN(v));
          const chosen = curve.cheapestSlots(lo, hi, length);
          if (slots.length < length) expect(chosen).toBeNull();
          else {
            const want = [...slots]
              .sort((a, b) => a.v - b.v || a.t - b.t)
              .slice(0, length)
              .map(({ t }) => t)
              .sort((a, b) => a - b);
            const got: number[] = [];
            for (let p = 0; p < chosen!.length; p += 2) for (let t = chosen![p]!; t < chosen![p + 1]!; t++) got.push(t);
            expect(got).toEqual(want);
          }
          let best = -1;
          let least = Number.POSITIVE_INFINITY;
          for (let s = lo; s + length <= values.length; s++) {
            const sum = values.slice(s, s + length).reduce((a, b) => a + b, 0);
            if (sum < least) [best, least] = [s, sum];
          }
          expect(curve.cheapestStart(lo, values.length, length)).toBe(best);
          if (slots.length > 0) {
            const sorted = slots.map(({ v }) => v).sort((a, b) => a - b);
            const at = 0.3 * (sorted.length - 1);
            const linear =
              sorted[Math.floor(at)]! +
              (at % 1) * (sorted[Math.min(sorted.length - 1, Math.floor(at) + 1)]! - sorted[Math.floor(at)]!);
            expect(curve.quantile(lo, hi, 0.3)).toBeCloseTo(linear, 9);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('replayed studies', () => {
  /** Nothing is off, and as many figures as ever were held against one. */
  const agrees = ({ rows, held }: ReturnType<typeof replayStudy>, figures: number) => {
    expect(rows.filter((r) => r.ok === false)).toEqual([]);
    expect(held).toBe(figures);
  };

  it('of cost against carbon in Britain agrees with an independent recomputation', () => {
    const folder = mkdtempSync(join(tmpdir(), 'study-'));
    mkdirSync(join(folder, 'gb-2020-2022'));
    writeFileSync(join(folder, 'gb-2020-2022/gb_hourly.csv'), shippedText('gb-2020-2022/gb_hourly.csv.gz'));
    agrees(replayStudy('gb-cost-carbon', folder), 33);
    rmSync(folder, { recursive: true });
  });

  const lwa = [
    ...['DE', 'GB', 'FR'].map((zone) => `carbon/lwa-2020/${zone}_30min.csv`),
    'jobs/lwa/noise_std_normal_10x18000_f32le.bin',
  ];
  it.skipIf(lacksData('the replay of Let’s Wait Awhile', lwa))('of nightly jobs agrees with what was published', () => {
    agrees(replayStudy('lwa-nightly', FOREIGN_DATA), 60);
  });

  const em = ['carbon/em-2022/hourly_123_zones.csv', 'carbon/carbon-synthetic-720h.csv', 'jobs/gaia/pai_1k.csv'];
  it.skipIf(lacksData('the replay of GAIA', em))('of GAIA agrees with what was published', () => {
    const gaia = replayStudy('gaia', FOREIGN_DATA, { capped: false, year: false });
    expect(gaia.rows.filter((r) => r.ok === false)).toEqual([]);
    expect(gaia.rows.some((r) => r.case.includes('notebook') && r.ok === null)).toBe(true);
  });

  it('name an unknown study and a missing file', () => {
    expect(() => replayStudy('x', '.')).toThrow(/no study/);
    expect(() => replayStudy('limits', '/nowhere')).toThrow(/cannot be read/);
  });
});
