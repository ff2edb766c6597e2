/** A session whatever the counters do: its total is the truth or less by a gap that it tells, and never falls. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MICROJOULES, type Reading } from './counter.js';
import { type KeptSession, openSession } from './session.js';
import type { Source } from './source.js';
import type { Zone } from './zone.js';

const RANGE = 262_143_328_850n;
const at = (ms: number, suspendedMs = 0) => ({ monotonicMs: ms, boottimeMs: ms + suspendedMs });

/** A package whose readings the test sets; undefined: the zone is not there. */
const machine = (range: bigint | null = RANGE) => {
  const zone: Zone = { id: 'intel-rapl:0', name: 'package-0', parent: null, secondView: false };
  const state: { reading: Reading | undefined } = { reading: undefined };
  const source: Source = {
    mode: 'sysfs',
    from: 'test',
    look: () => ({
      sightings:
        state.reading === undefined
          ? []
          : [{ zone, scale: { range, ujPerTick: MICROJOULES, ratedWatts: null }, reading: state.reading }],
      errno: null,
    }),
  };
  return { source, set: (reading: Reading | undefined) => Object.assign(state, { reading }) };
};

type Step =
  | { kind: 'run'; watts: number; ms: number }
  | { kind: 'fail'; errno: string; ms: number }
  | { kind: 'bad'; ms: number }
  | { kind: 'gone'; ms: number }
  | { kind: 'suspend'; ms: number }
  | { kind: 'restart'; ms: number };

const ms = fc.integer({ min: 1, max: 200_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('run' as const), watts: fc.integer({ min: 0, max: 999 }), ms }),
  },
  fc.record({ kind: fc.constant('fail' as const), errno: fc.constantFrom('EACCES', 'EIO', 'EPERM'), ms }),
  fc.record({ kind: fc.constantFrom('bad' as const, 'gone' as const, 'suspend' as const, 'restart' as const), ms }),
);

describe('a session', () => {
  it('never falls, never counts more than was used, and misses nothing outside its gaps', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: RANGE }), fc.array(step, { maxLength: 40 }), (start, steps) => {
        const { source, set } = machine();
        let session = openSession(source);
        let [now, asleep, truth] = [0, 0, 0n];
        set({ ticks: start });
        session.sample(at(0));
        let before = 0n;
        for (const s of steps) {
          now += s.ms;
          const used = BigInt(s.kind === 'run' ? s.watts : 100) * BigInt(s.ms) * 1000n;
          truth += used;
          const reading: Reading = { ticks: (start + truth) % (RANGE + 1n) };
          if (s.kind === 'suspend') asleep += 10_000;
          if (s.kind === 'restart') {
            const kept = session.keep('boot', 0);
            session = openSession(source, { resume: { kept, boot: 'boot', at: at(now, asleep), wallMs: 0 } });
          }
          set(
            s.kind === 'fail'
              ? { errno: s.errno }
              : s.kind === 'bad'
                ? { bad: 'nan' }
                : s.kind === 'gone'
                  ? undefined
                  : reading,
          );
          session.sample(at(now, asleep));
          const { totalUj } = session.report();
          expect(totalUj ?? 0n).toBeGreaterThanOrEqual(before);
          expect(totalUj ?? 0n).toBeLessThanOrEqual(truth);
          before = totalUj ?? 0n;
        }
        now += 10;
        set({ ticks: (start + truth) % (RANGE + 1n) });
        session.sample(at(now, asleep));
        const report = session.report();
        const [zone] = report.zones;
        if (zone!.gapCount === 0) expect(report.totalUj).toBe(truth);
        // A long step is a gap only where half a wrap at the greatest power would fit: 131 s.
        if (steps.every((s) => s.kind === 'run' && s.ms < 131_000)) expect(zone!.gapCount).toBe(0);
      }),
    );
  });

  it('opens a gap over a suspend, even a short one', () => {
    const { source, set } = machine();
    const session = openSession(source);
    set({ ticks: 0n });
    session.sample(at(0));
    set({ ticks: 5_000_000n });
    session.sample(at(100, 60_000));
    set({ ticks: 6_000_000n });
    session.sample(at(200, 60_000));
    const report = session.report();
    expect(report.totalUj).toBe(1_000_000n);
    expect(report.zones[0]!.gaps).toMatchObject([{ reason: 'suspended', fromMs: 0, toMs: 100 }]);
    expect(report.coverageRatio).toBe(0.5);
  });

  it('takes a counter that began anew unseen for a gap, not for a wrap', () => {
    const { source, set } = machine();
    const session = openSession(source);
    set({ ticks: 9_000_000_000n });
    session.sample(at(0));
    set({ ticks: 1_000_000n });
    session.sample(at(100));
    expect(session.report().totalUj).toBeNull();
    expect(session.report().zones[0]!.gaps).toMatchObject([{ reason: 'fell-too-far' }]);
  });

  it('tells a failure that still goes on as a gap up to now', () => {
    const { source, set } = machine();
    const session = openSession(source);
    set({ ticks: 0n });
    session.sample(at(0));
    set({ ticks: 10n });
    session.sample(at(100));
    set({ errno: 'EACCES' });
    session.sample(at(300));
    const gaps = () => session.report().zones[0]!.gaps;
    expect(gaps()).toMatchObject([{ fromMs: 100, toMs: 300, reason: 'unreadable', errno: 'EACCES' }]);
    // The counter went on meanwhile: once it can be read again nothing is lost.
    set({ ticks: 30n });
    session.sample(at(400));
    expect(gaps()).toEqual([]);
    expect(session.report().totalUj).toBe(30n);
  });

  it('remembers the newest hundred gaps and counts them all', () => {
    const { source, set } = machine(null);
    const session = openSession(source);
    for (let i = 0; i < 301; i++) {
      set({ ticks: BigInt(1000 - i) });
      session.sample(at(i));
    }
    const [zone] = session.report().zones;
    expect([zone!.gaps.length, zone!.gapCount]).toEqual([100, 300]);
  });
});

describe('a session of another process', () => {
  const first = (): KeptSession => {
    const { source, set } = machine();
    const session = openSession(source);
    set({ ticks: 0n });
    session.sample(at(1000));
    set({ ticks: 70n });
    session.sample(at(2000));
    return session.keep('boot-1', 50_000);
  };

  it('goes on where it was on the same boot: the counter ran meanwhile', () => {
    const { source, set } = machine();
    const session = openSession(source, { resume: { kept: first(), boot: 'boot-1', at: at(9000), wallMs: 0 } });
    set({ ticks: 170n });
    session.sample(at(9000));
    expect(session.report()).toMatchObject({ totalUj: 170n, status: 'complete', spanMs: 8000 });
  });

  it('has a gap as long as the machine was away after another boot', () => {
    const { source, set } = machine();
    const resume = { kept: first(), boot: 'boot-2', at: at(400), wallMs: 80_000 };
    const session = openSession(source, { resume });
    set({ ticks: 500n });
    session.sample(at(400));
    set({ ticks: 530n });
    session.sample(at(500));
    const report = session.report();
    expect(report).toMatchObject({ totalUj: 100n, status: 'partial', spanMs: 31_100 });
    expect(report.zones[0]!.gaps).toMatchObject([{ reason: 'other-boot', fromMs: 400 - 30_000, toMs: 400 }]);
  });
});

describe('a total', () => {
  const zoneOf = (id: string, name: string): Zone => ({ id, name, parent: null, secondView: id.includes('mmio') });
  const sourceOf = (seen: () => readonly (readonly [Zone, bigint])[]): Source => ({
    mode: 'sysfs',
    from: 'test',
    look: () => ({
      sightings: seen().map(([zone, ticks]) => ({
        zone,
        scale: { range: RANGE, ujPerTick: MICROJOULES, ratedWatts: null },
        reading: { ticks },
      })),
      errno: null,
    }),
  });

  it('does not fall when a second view loses its part to the first', () => {
    const mmio = zoneOf('intel-rapl-mmio:0', 'package-0');
    const direct = zoneOf('intel-rapl:0', 'package-0');
    let now: [Zone, bigint][] = [[mmio, 0n]];
    const session = openSession(sourceOf(() => now));
    const totals: unknown[] = [];
    for (const [ms, next] of [
      [0, [[mmio, 0n]]],
      [100, [[mmio, 100n]]],
      [
        200,
        [
          [mmio, 200n],
          [direct, 200n],
        ],
      ],
      [
        300,
        [
          [mmio, 300n],
          [direct, 300n],
        ],
      ],
    ] as [number, [Zone, bigint][]][]) {
      now = next;
      session.sample(at(ms));
      totals.push(session.report().totalUj);
    }
    expect(totals).toEqual([null, 100n, 100n, 200n]);
  });

  it('adds dies of one socket that only began alike', () => {
    const dies = [zoneOf('intel-rapl:0', 'package-0-die-0'), zoneOf('intel-rapl:1', 'package-0-die-1')] as const;
    let values: [bigint, bigint] = [5_000_000n, 5_000_100n];
    const session = openSession(sourceOf(() => dies.map((zone, i) => [zone, values[i]!] as const)));
    session.sample(at(0));
    expect(session.report().zones[1]!.mirrorOf).toBe('intel-rapl:0');
    values = [15_000_000n, 35_000_100n];
    session.sample(at(100));
    expect(session.report()).toMatchObject({ totalUj: 40_000_000n });
    expect(session.report().zones[1]!.mirrorOf).toBeNull();
  });

  it('does not take two counters that stand at 0 for one', () => {
    const dies = [zoneOf('intel-rapl:0', 'package-0-die-0'), zoneOf('intel-rapl:1', 'package-0-die-1')] as const;
    let value = 0n;
    const session = openSession(sourceOf(() => dies.map((zone) => [zone, value] as const)));
    session.sample(at(0));
    value = 10n;
    session.sample(at(100));
    expect(session.report().totalUj).toBe(20n);
  });
});
