import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MICROJOULES } from './counter.js';
import type { KeptSession } from './session.js';
import { openState, readState } from './state.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-state-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = { monotonicMs: 5, boottimeMs: 6 };
const kept = (totalUj: bigint, gaps = 0): KeptSession => ({
  ...{ boot: 'b', at, wallMs: 1, sinceMs: 0, totalUj },
  known: [
    {
      zone: {
        id: 'intel-rapl:0:0',
        name: 'dram',
        secondView: false,
        parent: { id: 'intel-rapl:0', name: 'package-0', parent: null, secondView: false },
      },
      scale: { range: 2n ** 40n, ujPerTick: MICROJOULES, ratedWatts: null },
      mirrorOf: null,
      count: {
        ...{ sinceMs: 0, ticks: 2n ** 60n + 1n, last: { ticks: 3n, at }, trouble: null, wraps: 1, badReadings: 0 },
        ...{ coveredMs: 5, gapCount: gaps },
        gaps: Array.from({ length: gaps }, () => ({ fromMs: 1, toMs: 2, reason: 'suspended' as const, errno: null })),
      },
    },
  ],
});

describe('the state of a daemon', () => {
  it('comes back as it was, a shorter one after a longer one too', () => {
    const path = join(folder, 'a');
    const file = openState(path);
    for (const one of [kept(1n, 90), kept(2n, 90), kept(3n), kept(4n)]) file.write(one);
    expect(readState(path)).toEqual({ turn: 4, kept: kept(4n) });
    openState(path, 4).write(kept(5n));
    expect(readState(path)).toEqual({ turn: 5, kept: kept(5n) });
  });

  it('is the one before where the newest was cut in the middle of a write', () => {
    const path = join(folder, 'b');
    const file = openState(path);
    for (const one of [kept(1n), kept(2n), kept(3n)]) file.write(one);
    const newest = [path, `${path}.other`].find((name) => readFileSync(name, 'utf8').includes('"totalUj":"3"'))!;
    truncateSync(newest, 200);
    expect(readState(path)).toEqual({ turn: 2, kept: kept(2n) });
  });

  it.each(['', '{"v":1}', '{"v":2,"turn":9}', 'null', '[]', '{"v":1,"turn":1,"known":"all"}'])(
    'is none where %j lies: it is put aside, never guessed at',
    (text) => {
      const path = join(folder, `c${text.length}`);
      writeFileSync(path, `${text}\n`);
      const found = readState(path);
      expect(found.kept).toBeNull();
      if (text !== '') expect(readFileSync(`${path}.broken`, 'utf8')).toBe(`${text}\n`);
    },
  );
});
