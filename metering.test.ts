/** Readers on simulated counters, by a clock that the test moves: nothing here waits. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  openCounters,
  readFor,
  simulatedMsr,
  simulatedPowercap,
  simulatedZones,
  trueTotalUj,
  usedUj,
} from './metering.js';
import type { SimulatedCounters } from './sim/powercap.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-metering-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const signal = new AbortController().signal;

/** Time that only sleeping moves; whenever it moves, the counters do. */
const clockOf = (counters: SimulatedCounters) => {
  let ms = 0;
  return {
    timer: {
      nowMs: () => ms,
      sleep: async (step: number) => {
        ms += step;
        counters.show(BigInt(Math.round(ms * 1000)));
      },
    },
    moment: () => ({ monotonicMs: ms, boottimeMs: ms }),
  };
};

describe('a simulated tree that wraps every three seconds', () => {
  const zones = simulatedZones({ watts: 390, wrapSeconds: 3 });
  const root = join(folder, 'powercap');

  it('is read at 10 Hz for a minute to the microjoule', async () => {
    const clock = clockOf(simulatedPowercap(root, zones));
    const source = openCounters({ powercapRoot: root });
    const report = await readFor(source, { seconds: 60, intervalSeconds: 0.1, signal, ...clock });
    expect(report).toMatchObject({ status: 'complete', totalUj: 390n * 60_000_000n, coverageRatio: 1 });
    for (const zone of zones) {
      const told = report.zones.find(({ id }) => id === zone.id)!;
      expect([told.id, told.energyUj]).toEqual([zone.id, usedUj(zone, 60_000_000n)]);
      expect(told.wraps).toBeGreaterThanOrEqual(19);
    }
  });

  it('is not known at all to a reader that looks every 15 s: each step may hold several wraps', async () => {
    const clock = clockOf(simulatedPowercap(root, zones));
    const source = openCounters({ powercapRoot: root });
    const report = await readFor(source, { seconds: 60, intervalSeconds: 15, signal, ...clock });
    expect(report).toMatchObject({ mode: 'unavailable', totalUj: null, coverageRatio: 0 });
    expect(report.zones[0]!.gaps.map((gap) => gap.reason)).toEqual(Array(4).fill('interval-too-long'));
  });
});

describe('simulated registers', () => {
  it('give the energy that was used to the tick, over their wrap', async () => {
    const zones = simulatedZones({ watts: 200, sockets: 2 });
    const root = join(folder, 'cpu');
    const clock = clockOf(simulatedMsr(root, zones));
    const source = openCounters({ mode: 'msr', msrRoot: root });
    const report = await readFor(source, { seconds: 10, intervalSeconds: 0.1, signal, ...clock });
    expect(report.source).toBe('msr');
    const off = trueTotalUj(zones, 10_000_000n) - report.totalUj!;
    // Each of four counters may hide one tick of 61 µJ at either end.
    expect(off < 0n ? -off : off).toBeLessThan(4n * 62n);
    expect(report.zones.filter((z) => z.kind === 'package').map((z) => z.wraps)).toEqual([1, 1]);
    const chosen = await readFor(openCounters({ mode: 'msr', msrRoot: root, msrCpus: [1] }), {
      ...{ seconds: 1, intervalSeconds: 0.1, signal, ...clock },
    });
    expect(chosen.zones.map((z) => z.name)).not.toContain('package-0');
    expect(() => openCounters({ mode: 'msr', msrRoot: root, msrCpus: [9] })).toThrow(/no register file of CPU 9/);
  });
});

describe('reading', () => {
  it('refuses times that make no sense, and ends when it is told to', async () => {
    const source = openCounters({ powercapRoot: folder });
    for (const [seconds, intervalSeconds] of [
      [0, 1],
      [Number.NaN, 1],
      [1, 0],
    ] as const)
      await expect(readFor(source, { seconds, intervalSeconds, signal })).rejects.toThrow(
        expect.objectContaining({ code: 'invalid-input' }),
      );
    const abort = new AbortController();
    const reading = readFor(source, { seconds: 1000, intervalSeconds: 500, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});
