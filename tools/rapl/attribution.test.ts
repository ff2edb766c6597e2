import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute, type Span, split } from './attribution.js';

interface Vector {
  readonly input: {
    readonly interval_s: number;
    readonly zones_uj: Record<string, number>;
    readonly active_ticks: number;
    readonly procs_delta_ticks: { pid: number; cg: string; t: number }[];
  };
  readonly methods: {
    readonly caco: {
      readonly idle_w: number;
      readonly idle_uj: number;
      readonly dynamic_uj: number;
      readonly dynamic_split_uj: Record<string, number>;
      readonly per_job_uj: Record<string, number>;
    };
  };
  readonly idle_by_reservation: { cores: Record<string, number>; idle_uj: Record<string, number> };
}
const vector = JSON.parse(readFileSync(new URL('./fixtures/attribution.json', import.meta.url), 'utf8')) as Vector;
const { input, methods, idle_by_reservation } = vector;
const { caco } = methods;

const us = (ticks: number) => BigInt(ticks) * 10_000n;
const span: Span = {
  energyUj: BigInt(Object.values(input.zones_uj).reduce((a, b) => a + b)),
  seconds: input.interval_s,
  idleWatts: caco.idle_w,
  activeUs: us(input.active_ticks),
  processes: input.procs_delta_ticks.map(({ pid, cg, t }) => ({ pid, startTicks: 7n, group: cg, cpuUs: us(t) })),
};
const inRow = (row: Record<string, number>) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, BigInt(v)]));

describe('the given interval', () => {
  const told = attribute(span);

  it('has its idle energy taken off, and the rest split by CPU time', () => {
    expect([told.idleUj, told.dynamicUj]).toEqual([BigInt(caco.idle_uj), BigInt(caco.dynamic_uj)]);
    const dynamic = told.rows.filter(({ kind }) => kind !== 'idle');
    expect(Object.fromEntries(dynamic.map((row) => [row.id.replace(' 7', ''), row.energyUj]))).toEqual(
      inRow(caco.dynamic_split_uj),
    );
    expect(dynamic.find(({ id }) => id === 'pid 101 7')!.allocationRatio).toBe(0.5);
  });

  it('adds up by job', () => {
    expect(Object.fromEntries(told.groups)).toEqual(inRow(caco.per_job_uj));
  });

  it('splits idle energy by the cores that jobs hold, where that is known', () => {
    const { free, ...held } = idle_by_reservation.cores;
    const of = Object.values(held).reduce((a, b) => a + b, free!);
    const cores = new Map(Object.entries(held));
    const idle = attribute({ ...span, reserved: { cores, of } }).rows.filter(({ kind }) => kind === 'idle');
    expect(
      Object.fromEntries(idle.map(({ group, energyUj }) => [group === 'idle' ? 'free' : group, energyUj])),
    ).toEqual(inRow(idle_by_reservation.idle_uj));
  });
});

describe('the rows of any interval', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });
  const group = fc.constantFrom('a', 'b', 'c', 'system');
  const spans: fc.Arbitrary<Span> = fc.record({
    energyUj: amount,
    seconds: fc.double({ min: 0.001, max: 1e5, noNaN: true }),
    idleWatts: fc.double({ min: 0, max: 2000, noNaN: true }),
    activeUs: amount,
    processes: fc.array(
      fc.record({ pid: fc.nat(), startTicks: fc.bigInt({ min: 0n, max: 99n }), group, cpuUs: amount }),
      { maxLength: 30 },
    ),
    groups: fc.array(fc.tuple(group, amount)).map((entries) => new Map(entries)),
    isLost: fc.boolean(),
    reserved: fc.record({
      cores: fc.array(fc.tuple(group, fc.double({ min: 0, max: 64, noNaN: true }))).map((entries) => new Map(entries)),
      of: fc.nat(128),
    }),
  });
  const sum = (values: Iterable<bigint>) => [...values].reduce((a, b) => a + b, 0n);

  it('add up to its energy to the microjoule, by row and by group, and none is negative', () => {
    fc.assert(
      fc.property(spans, (any) => {
        const { rows, groups, idleUj, dynamicUj } = attribute(any);
        expect(sum(rows.map((row) => row.energyUj))).toBe(any.energyUj);
        expect(sum(groups.values())).toBe(any.energyUj);
        expect(idleUj + dynamicUj).toBe(any.energyUj);
        for (const { energyUj, allocationRatio } of rows) {
          expect(energyUj).toBeGreaterThanOrEqual(0n);
          expect(allocationRatio).toBeLessThanOrEqual(1);
        }
        for (const name of groups.keys())
          expect(groups.get(name)).toBe(sum(rows.filter((row) => row.group === name).map((row) => row.energyUj)));
      }),
    );
  });

  it('are each within a microjoule of their exact share', () => {
    fc.assert(
      fc.property(
        amount,
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 50 }),
        (total, ws) => {
          fc.pre(ws.some((w) => w > 0n));
          const all = ws.reduce((a, b) => a + b);
          const parts = split(
            total,
            ws.map((weight, i) => ({ id: String(i), weight })),
          );
          for (const [i, part] of parts.entries()) {
            const off = part * all - total * ws[i]!;
            expect(off < 0n ? -off : off).toBeLessThan(all);
          }
        },
      ),
    );
  });
});

describe('what nobody is seen to own', () => {
  it('is the group’s own where its control group counted it: processes that came and went', () => {
    const { rows } = attribute({ ...span, idleWatts: 0, groups: new Map([['job_B', us(1000)]]) });
    expect(rows.find(({ kind }) => kind === 'ended')).toMatchObject({ group: 'job_B', allocationRatio: 200 / 3200 });
    expect(rows.some(({ kind }) => kind === 'kernel')).toBe(false);
  });

  it('is unattributed where processes were lost, or where nothing ran at all', () => {
    expect(attribute({ ...span, isLost: true }).rows.some(({ kind }) => kind === 'unattributed')).toBe(true);
    const silent = attribute({ ...span, activeUs: 0n, processes: [], idleWatts: 10 });
    expect(silent.rows.map(({ kind, energyUj }) => [kind, energyUj])).toEqual([
      ['unattributed', 1_000_000_000n],
      ['idle', 100_000_000n],
    ]);
  });
});
