/** A piece of work on counters and clocks that the test moves. */
import { describe, expect, it } from 'vitest';
import type { Series } from '../../domain/series.js';
import { instant } from '../../domain/time.js';
import { MICROJOULES } from './counter.js';
import { emissionsOf, halfHours, spanOf } from './emissions.js';
import { cpuTimes, type MeasureOptions, measure, WORK } from './measure.js';
import type { Source } from './source.js';

/** 100 W, of which the work has a quarter of the CPU time; time passes by `run` only. */
const machine = (isThere: boolean) => {
  let ms = 0;
  const waiting = new Set<() => void>();
  const source: Source = {
    mode: 'sysfs',
    from: 'test',
    look: () => ({
      sightings: isThere
        ? [
            {
              zone: { id: 'intel-rapl:0', name: 'package-0', parent: null, secondView: false },
              scale: { range: 262_143_328_850n, ujPerTick: MICROJOULES, ratedWatts: null },
              reading: { ticks: 7n + BigInt(ms) * 100_000n },
            },
          ]
        : [],
      errno: isThere ? null : 'ENOENT',
    }),
  };
  const options: MeasureOptions = {
    ...{ source, intervalSeconds: 1, idleWatts: 20, wattsPerCpu: 5 },
    timer: {
      nowMs: () => ms,
      sleep: (_, signal) =>
        new Promise((resolve, reject) => {
          const give = () => reject(signal.reason);
          waiting.add(() => {
            signal.removeEventListener('abort', give);
            resolve(undefined);
          });
          signal.addEventListener('abort', give, { once: true });
        }),
    },
    moment: () => ({ monotonicMs: ms, boottimeMs: ms }),
    cpu: () => ({ activeUs: BigInt(ms) * 4000n, childrenUs: BigInt(ms) * 1000n }),
  };
  const run = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      ms += 1000;
      for (const wake of waiting) wake();
      waiting.clear();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { options, run };
};
const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);

describe('a piece of work', () => {
  it('is measured where counters move, its share by CPU time after idle power', async () => {
    const { options, run } = machine(true);
    const { result, measured } = await measure(options, async () => {
      await run(150);
      return 'done';
    });
    expect(result).toBe('done');
    // (100 W − 20 W) × 150 s ÷ 4
    expect(measured).toMatchObject({ mode: 'measured', why: null, energyUj: 3_000_000_000n, cpuSeconds: 150 });
    expect(measured.machineUj).toBe(15_000_000_000n);
    expect(sum([...measured.attribution!.groups.values()])).toBe(measured.machineUj);
    expect(measured.attribution!.groups.get(WORK)).toBe(measured.energyUj);
    expect(measured.minutesUj).toHaveLength(3);
    expect(sum(measured.minutesUj)).toBe(measured.energyUj);
  });

  it('is modelled where there are none, which is said with the reason', async () => {
    const { options, run } = machine(false);
    const { measured } = await measure(options, () => run(90));
    expect(measured).toMatchObject({ mode: 'modelled', energyUj: 450_000_000n, machineUj: null, attribution: null });
    expect(measured.method).toBe('CPU time × 5 W per vCPU');
    expect(measured.why).toContain('ENOENT');
    expect(measured.minutesUj).toEqual([225_000_000n, 225_000_000n]);
    const blind = await measure({ ...options, cpu: () => null }, () => run(10));
    expect(blind.measured).toMatchObject({ mode: 'modelled', energyUj: 50_000_000n, cpuSeconds: null });
  });

  it('that is too short to be told from none has no energy that is known, not 0', async () => {
    const { options, run } = machine(true);
    const cpu = () => ({ activeUs: 5n, childrenUs: 10_000n });
    const { measured } = await measure({ ...options, cpu }, () => run(1));
    expect(measured).toMatchObject({ energyUj: null, machineUj: 100_000_000n, minutesUj: [] });
  });

  it('that fails, fails as it did', async () => {
    const { options } = machine(true);
    await expect(measure(options, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it('is told CPU times by this system, or none', () => {
    const times = cpuTimes();
    if (times !== null) expect(times.activeUs).toBeGreaterThan(times.childrenUs);
  });
});

describe('its emissions', () => {
  const series = (values: (number | null)[]): Series => ({
    start: instant('2026-01-01T00:00:00Z'),
    stepMinutes: 30,
    values,
  });
  const start = instant('2026-01-01T00:28:00Z');
  const kwhs = (...n: number[]) => n.map((k) => BigInt(k) * 3_600_000_000_000n);

  it('are those of the half-hours in which energy was used', () => {
    const rows = halfHours(kwhs(1, 1, 3), start, series([100, 400]));
    expect(rows).toEqual([
      { start: '2026-01-01T00:00:00Z', energyKwh: 2, intensityGPerKwh: 100, emissionsKg: 0.2 },
      { start: '2026-01-01T00:30:00Z', energyKwh: 3, intensityGPerKwh: 400, emissionsKg: expect.closeTo(1.2, 9) },
    ]);
    // Both lie in one hour, whose errors are one.
    const estimate = emissionsOf(
      rows,
      { uncertaintyRatio: 0.2, confidence: 0.95 },
      { method: 'analytical_truncated' },
    )!;
    expect(estimate.value).toBeCloseTo(1.4, 9);
    expect(estimate.high - estimate.value).toBeCloseTo(0.28, 9);
    expect(spanOf(start, 3)).toEqual({ start: '2026-01-01T00:00:00Z', end: '2026-01-01T01:00:00Z' });
  });

  it('are not known where an intensity is not', () => {
    expect(
      emissionsOf(
        halfHours(kwhs(1, 1, 1), start, series([100, null])),
        { uncertaintyRatio: 0.2, confidence: 0.95 },
        { method: 'monte_carlo' },
      ),
    ).toBeNull();
  });
});
