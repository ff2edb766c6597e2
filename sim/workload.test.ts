import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../domain/fault.js';
import { itPowerKw, Job, spanSeconds } from '../domain/job.js';
import { ceilTo, plusHours, toEpoch } from '../domain/time.js';
import { loadScenario } from './scenario.js';
import { arrivalRate, simulateJobs } from './workload.js';

const five = loadScenario('five-regions');
const gb = loadScenario('gb-hpc');
const month = simulateJobs(five, { seed: 7, start: five.start, days: 30 });

describe('thirty days in five regions', () => {
  it('are about thirty thousand valid jobs of every region, category and kind', () => {
    expect(month.length).toBeGreaterThan(27_000);
    expect(month.length).toBeLessThan(33_000);
    expect(new Set(month.map((j) => j.id)).size).toBe(month.length);
    expect(new Set(month.map((j) => j.region)).size).toBe(5);
    expect(new Set(month.map((j) => j.category)).size).toBe(3);
    expect(new Set(month.map((j) => j.kind))).toEqual(new Set(five.kinds.map((k) => k.kind)));
    for (const job of month.slice(0, 2000)) expect(Job.parse(job)).toEqual(job);
  });

  it('stay about thirty thousand for other seeds', () => {
    for (const seed of [1, 2, 3]) {
      const { length } = simulateJobs(five, { seed, start: five.start, days: 30 });
      // Poisson: 30 000 ± five times its root.
      expect(Math.abs(length - 30_000)).toBeLessThan(900);
    }
  });

  it('have log-normal durations around each kind’s median', () => {
    for (const kind of five.kinds) {
      const spans = month
        .filter((j) => j.kind === kind.kind)
        .map((j) => j.durationHours)
        .sort((a, b) => a - b);
      const median = spans[Math.floor(spans.length / 2)]!;
      // The median's standard error of a log-normal is about 1.25 σ/√n.
      const error = (1.25 * kind.durationHours.sigma) / Math.sqrt(spans.length);
      expect(Math.abs(Math.log(median / kind.durationHours.median))).toBeLessThan(4 * error);
    }
  });

  it('arrive in the rhythm of day and week', () => {
    const counts = new Map<number, number>();
    for (const job of month) {
      const hour = Math.floor(toEpoch(job.earliestStart) / 3600);
      counts.set(hour, (counts.get(hour) ?? 0) + 1);
    }
    const first = toEpoch(five.start) / 3600;
    let chi2 = 0;
    for (let hour = first; hour < first + 720; hour++) {
      const mean = arrivalRate(five, hour);
      chi2 += ((counts.get(hour) ?? 0) - mean) ** 2 / mean;
    }
    // 720 degrees of freedom: standard deviation √1440 ≈ 38.
    expect(Math.abs(chi2 - 720)).toBeLessThan(5 * 38);
    let week = 0;
    for (let hour = first; hour < first + 168; hour++) week += arrivalRate(five, hour);
    expect(week).toBeCloseTo(7000, 6);
  });

  it('keep urgent jobs at home and let sustainable ones go anywhere', () => {
    for (const job of month) {
      expect(job.allowedRegions[0]).toBe(job.region);
      if (job.category === 'urgent') expect(job.allowedRegions).toHaveLength(1);
      if (job.category === 'sustainable') expect(job.allowedRegions).toHaveLength(5);
    }
  });
});

describe('any workload', () => {
  it('is the same for the same seed and another for another', () => {
    const again = simulateJobs(five, { seed: 7, start: five.start, days: 2 });
    expect(JSON.stringify(again)).toBe(JSON.stringify(month.slice(0, again.length)));
    const other = simulateJobs(five, { seed: 8, start: five.start, days: 2 });
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(again));
  });

  it('has windows that a start on the half-hour grid always meets, and whole seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom(five, gb), (seed, scenario) => {
        for (const job of simulateJobs(scenario, { seed, start: scenario.start, days: 0.5 })) {
          const finish = toEpoch(ceilTo(job.earliestStart, 30)) + spanSeconds(job);
          expect(finish).toBeLessThanOrEqual(toEpoch(job.due!));
          expect(job.due! <= job.deadline!).toBe(true);
          expect(job.submittedAt <= job.earliestStart).toBe(true);
          expect(job.durationHours).toBe(spanSeconds(job) / 3600);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('does not depend on the interval asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 9 }), (from, length) => {
        const start = plusHours(five.start, from * 24 + 0.25);
        const part = simulateJobs(five, { seed: 7, start, days: length });
        const end = plusHours(start, length * 24);
        expect(part.map((j) => j.id)).toEqual(
          month.filter((j) => j.earliestStart >= start && j.earliestStart < end).map((j) => j.id),
        );
      }),
      { numRuns: 10 },
    );
  });

  it('refuses a number of days that makes no sense', () => {
    for (const days of [0, -1, Number.NaN, 1e9])
      expect(() => simulateJobs(five, { seed: 1, start: five.start, days })).toThrow(Fault);
  });
});

describe('the default day at the British cluster', () => {
  const day = simulateJobs(gb, { seed: gb.seed, start: gb.start, days: 1 });
  const facilityKw = (job: Job) => itPowerKw(job, { kwPerVcpu: 0.005, kwPerGpu: 0.4 }) * 1.1;

  it('is a queue of about 400 jobs and 200 MWh, a quarter of them urgent', () => {
    expect(Math.abs(day.length - 400)).toBeLessThan(60);
    const mwh = day.reduce((sum, j) => sum + facilityKw(j) * j.durationHours, 0) / 1000;
    expect(Math.abs(mwh - 200)).toBeLessThan(25);
    const urgent = day.filter((j) => j.category === 'urgent').length / day.length;
    expect(Math.abs(urgent - 0.25)).toBeLessThan(0.06);
    expect(day.some((j) => j.powerKw !== null) && day.some((j) => j.powerKw === null)).toBe(true);
    expect(day.every((j) => j.submittedAt <= gb.start)).toBe(true);
  });

  it('run as it comes peaks near but under the cap', () => {
    const load = new Map<number, number>();
    for (const job of day) {
      const start = toEpoch(ceilTo(job.earliestStart, 30)) / 1800;
      for (let slot = start; slot * 1800 < start * 1800 + spanSeconds(job); slot++)
        load.set(slot, (load.get(slot) ?? 0) + facilityKw(job));
    }
    const peak = Math.max(...load.values());
    expect(peak).toBeLessThan(12_000);
    expect(peak).toBeGreaterThan(10_500);
  });
});
