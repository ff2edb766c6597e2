/** Whose energy: conservation over any two looks, and the command's own clock moved by the test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { simulatedPowercap, simulatedZones } from '../../sim/powercap.js';
import { attribute } from './attribution.js';
import { openPowercap } from './powercap.js';
import { type Look, usedBetween } from './processes.js';
import { together, top } from './top.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-top-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sum = (values: Iterable<bigint>) => [...values].reduce((a, b) => a + b, 0n);

describe('any looks that follow one another', () => {
  const us = fc.bigInt({ min: 0n, max: 10n ** 12n });
  const group = fc.constantFrom('slurm:1', 'container:ab', 'nginx.service', 'system');
  // Few numbers of processes and starts, so that they end, begin and are dealt out again between two looks.
  const look: fc.Arbitrary<Look> = fc.record({
    activeUs: us,
    processes: fc
      .array(
        fc.record({
          pid: fc.nat(6),
          name: fc.constant('p'),
          startTicks: fc.bigInt({ min: 0n, max: 2n }),
          cpuUs: us,
          group,
        }),
        { maxLength: 12 },
      )
      .map((list) => new Map(list.map((one) => [`${one.pid} ${one.startTicks}`, one]))),
    groups: fc.array(fc.tuple(group, us)).map((list) => new Map(list)),
    paths: fc.constant(new Map()),
  });

  it('give rows that add up to the energy to the microjoule, processes that came and went included', () => {
    fc.assert(
      fc.property(
        fc.array(look, { minLength: 2, maxLength: 5 }),
        fc.bigInt({ min: 0n, max: 10n ** 14n }),
        fc.double({ min: 0, max: 500, noNaN: true }),
        (looks, energyUj, idleWatts) => {
          const used = together(looks.slice(1).map((after, i) => usedBetween(looks[i]!, after)));
          const { rows, groups } = attribute({ ...used, energyUj, seconds: 10, idleWatts });
          expect(sum(rows.map((row) => row.energyUj))).toBe(energyUj);
          expect(sum(groups.values())).toBe(energyUj);
          expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
        },
      ),
    );
  });
});

describe('the machine over a while', () => {
  const proc = join(folder, 'proc');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(proc, path)), { recursive: true });
    writeFileSync(join(proc, path), text);
  };
  const stat = (pid: number, name: string, ticks: number) =>
    write(`${pid}/stat`, `${pid} (${name}) S 1 1 1 0 -1 4194560 1 0 0 0 ${ticks} 0 0 0 20 0 1 0 7 100 10 0\n`);
  const counters = simulatedPowercap(join(folder, 'powercap'), simulatedZones({ watts: 100 }));
  let ms = 0;
  const move = () => {
    counters.show(BigInt(ms) * 1000n);
    write('stat', `cpu ${ms / 5} 0 0 0 0 0 0 0 0 0\n`);
    stat(10, 'a b) c', ms / 10);
    stat(11, 'other', ms / 20);
    for (const pid of [10, 11]) write(`${pid}/cgroup`, `0::/system.slice/unit-${pid}.service\n`);
  };
  const options = (root: string) => ({
    ...{ source: openPowercap(join(folder, root)), seconds: 4, intervalSeconds: 0.5, idleWatts: 20, wattsPerCpu: 5 },
    ...{ signal: new AbortController().signal, proc, cgroups: join(folder, 'cgroup') },
    timer: {
      nowMs: () => ms,
      sleep: async (step: number) => {
        ms += step;
        move();
      },
    },
    moment: () => ({ monotonicMs: ms, boottimeMs: ms }),
  });

  it('is split by process and unit where it is measured', async () => {
    move();
    const told = await top(options('powercap'));
    expect(told).toMatchObject({ mode: 'measured', energyUj: 400_000_000n, seconds: 4 });
    // 80 J idle; of the rest half for the first process, a quarter for the second, the remainder for the kernel.
    const rows = told.attribution.rows.map(({ kind, id, group, energyUj }) => [
      kind,
      told.names.get(id),
      group,
      energyUj,
    ]);
    expect(rows).toEqual([
      ['process', 'a b) c', 'unit-10.service', 160_000_000n],
      ['process', 'other', 'unit-11.service', 80_000_000n],
      ['kernel', undefined, 'system', 80_000_000n],
      ['idle', undefined, 'idle', 80_000_000n],
    ]);
    expect(told.use.memoryBytes).toBeGreaterThan(told.use.memoryUsedBytes);
  });

  it('is modelled by active CPU time where it is not, and says so', async () => {
    const told = await top(options('none'));
    expect(told).toMatchObject({ mode: 'modelled', energyUj: 40_000_000n, method: 'active CPU time × 5 W per vCPU' });
    expect(told.why).toContain('ENOENT');
    expect(sum(told.attribution.groups.values())).toBe(told.energyUj);
  });
});
