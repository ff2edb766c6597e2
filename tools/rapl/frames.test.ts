/** The frames of a powercap tree, each with the energy that was truly used: what a session makes of them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Files, openPowercap } from './powercap.js';
import { openSession } from './rapl.js';
import type { Report } from './report.js';

type Value = string | { readonly errno: string };
interface Frame {
  readonly t_ms: number;
  readonly files: Readonly<Record<string, Value>>;
}
interface Expected {
  readonly total_uj: string | null;
  readonly tolerance_uj?: number;
  readonly status?: Report['status'];
  readonly reason?: string;
  readonly missing?: string[];
  readonly zones_delta_uj?: Record<string, string>;
  readonly wraps?: Record<string, number>;
  readonly psys_uj?: string;
  readonly bad_samples?: number;
  readonly mirrored?: [string, string][];
  readonly gaps?: { zone: string; from_ms?: number; to_ms?: number }[];
  readonly wrong_answers?: Record<string, string>;
}

const fixtures = fileURLToPath(new URL('./fixtures/frames/', import.meta.url));
const cases = readdirSync(fixtures);
const load = <T>(id: string, file: string): T => JSON.parse(readFileSync(join(fixtures, id, file), 'utf8')) as T;
const framesOf = (id: string) => load<{ frames: Frame[] }>(id, 'frames.json').frames;

const fail = (code: string): never => {
  throw Object.assign(new Error(code), { code });
};

/** A tree in memory that can fail as the frames say; `show` puts the next frame in place. */
const memory = () => {
  let files: Frame['files'] = {};
  const isThere = (path: string) => {
    const value = files[path];
    return typeof value === 'string' || (value !== undefined && value.errno !== 'ENOENT');
  };
  const tree: Files = {
    list: (folder) => (folder === '.' ? [...new Set(Object.keys(files).filter(isThere).map(dirname))] : []),
    read(path) {
      const value = files[path];
      if (value === undefined) return fail('ENOENT');
      return typeof value === 'string' ? value : fail(value.errno);
    },
  };
  const show = (frame: Frame) => {
    files = frame.files;
  };
  return { tree, show };
};

const at = (ms: number) => ({ monotonicMs: ms, boottimeMs: ms });

const reportOf = (id: string): Report => {
  const { tree, show } = memory();
  const session = openSession(openPowercap('memory', tree));
  for (const frame of framesOf(id)) {
    show(frame);
    session.sample(at(frame.t_ms));
  }
  return session.report();
};

const zone = (report: Report, id: string) => report.zones.find((z) => z.id === id)!;

describe.each(cases)('%s', (id) => {
  const report = reportOf(id);
  const expected = load<Expected>(id, 'expected.json');

  it('has the true total, or none', () => {
    if (expected.total_uj === null) expect(report.totalUj).toBeNull();
    else {
      const off = report.totalUj! - BigInt(expected.total_uj);
      expect(off < 0n ? -off : off).toBeLessThanOrEqual(BigInt(expected.tolerance_uj ?? 0));
    }
    for (const wrong of Object.values(expected.wrong_answers ?? {})) expect(String(report.totalUj)).not.toBe(wrong);
  });

  it('says what each zone counted, how often it wrapped, and what is not known', () => {
    for (const [name, uj] of Object.entries(expected.zones_delta_uj ?? {}))
      expect([name, zone(report, name).energyUj]).toEqual([name, BigInt(uj)]);
    for (const [name, wraps] of Object.entries(expected.wraps ?? {}))
      expect([name, zone(report, name).wraps]).toEqual([name, wraps]);
    const gaps = report.zones.flatMap((z) => z.gaps.map((gap) => ({ zone: z.id, ...gap })));
    if (expected.gaps) expect(gaps).toHaveLength(expected.gaps.length);
    for (const [i, gap] of (expected.gaps ?? []).entries()) {
      expect(gaps[i]!.zone).toBe(gap.zone);
      if (gap.from_ms !== undefined) expect([gaps[i]!.fromMs, gaps[i]!.toMs]).toEqual([gap.from_ms, gap.to_ms]);
    }
    if (expected.status) expect(report.status).toBe(expected.status);
    if (expected.reason) expect(report.errno).toBe(expected.reason);
    if (expected.missing) expect(report.missing).toEqual(expected.missing);
    if (expected.psys_uj) expect(report.psysUj).toBe(BigInt(expected.psys_uj));
    if (expected.bad_samples !== undefined)
      expect(report.zones.reduce((sum, z) => sum + z.badReadings, 0)).toBe(expected.bad_samples);
    for (const [first, second] of expected.mirrored ?? []) expect(zone(report, second).mirrorOf).toBe(first);
  });
});

describe('coverage', () => {
  it('is the share of zone time whose energy is known', () => {
    expect(reportOf('a-two-sockets-wrap').coverageRatio).toBe(1);
    expect(reportOf('c1-all-unreadable').coverageRatio).toBe(0);
    expect(reportOf('c2-dram-unreadable').coverageRatio).toBe(0.5);
    // 400 of 800 ms are lost of one package of two.
    expect(reportOf('d-zone-vanishes').coverageRatio).toBe(0.75);
  });
});

describe('a tree of files with the shape of sysfs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-powercap-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is read through its links, and each zone once', () => {
    const id = 'a-two-sockets-wrap';
    const devices = join(folder, 'devices/virtual/powercap/intel-rapl');
    const root = join(folder, 'class/powercap');
    mkdirSync(root, { recursive: true });
    const place = (zoneId: string) => {
      const upper = zoneId.split(':').slice(0, 2).join(':');
      return upper === zoneId ? zoneId : join(upper, zoneId);
    };
    const write = (frame: Frame) => {
      for (const [path, value] of Object.entries(frame.files)) {
        const file = join(devices, place(dirname(path)), path.split('/')[1]!);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, String(value));
      }
    };
    const frames = framesOf(id);
    write(frames[0]!);
    for (const zoneId of ['intel-rapl', ...new Set(Object.keys(frames[0]!.files).map(dirname))])
      symlinkSync(join(devices, zoneId === 'intel-rapl' ? '' : place(zoneId)), join(root, zoneId));
    const session = openSession(openPowercap(root));
    for (const frame of frames) {
      write(frame);
      session.sample(at(frame.t_ms));
    }
    expect(session.report()).toMatchObject({ totalUj: 213_000_000n, status: 'complete' });
    expect(session.report().zones).toHaveLength(6);
  });

  it('that is not there is told, not thrown', () => {
    const session = openSession(openPowercap(join(folder, 'nowhere')));
    session.sample(at(0));
    session.sample(at(100));
    expect(session.report()).toMatchObject({ totalUj: null, errno: 'ENOENT', mode: 'unavailable', zones: [] });
  });

  it('with a folder in place of a counter is told, not thrown', () => {
    const root = join(folder, 'odd');
    mkdirSync(join(root, 'intel-rapl:0/energy_uj'), { recursive: true });
    writeFileSync(join(root, 'intel-rapl:0/name'), 'package-0\n');
    const session = openSession(openPowercap(root));
    session.sample(at(0));
    session.sample(at(100));
    expect(session.report()).toMatchObject({ totalUj: null, errno: 'EISDIR', missing: ['intel-rapl:0'] });
  });
});
