/** Registers as files, and registers injected where a file cannot hold them. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { microjoulesOf, safeIntervalMs } from './counter.js';
import { cpusUnder, openMsr, packagesOf, processorOf, type ReadMsr, readMsrUnder, scaleOf, unitsOf } from './msr.js';
import { openSession } from './session.js';

const fixtures = fileURLToPath(new URL('./fixtures/msr/', import.meta.url));
const load = <T>(file: string): T => JSON.parse(readFileSync(join(fixtures, file), 'utf8')) as T;
const folder = mkdtempSync(join(tmpdir(), 'caco-msr-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (ms: number) => ({ monotonicMs: ms, boottimeMs: ms });
const plain = { fixedDram: false, wholeJoulePsys: false };

describe('the unit register', () => {
  it.each(
    load<{ name: string; msr_0x606_hex: string; energy_unit_j: number; true_wrap_j: number }[]>('power-unit.json'),
  )('$name says what a tick is worth', ({ msr_0x606_hex, energy_unit_j, true_wrap_j }) => {
    const scale = scaleOf('package', BigInt(msr_0x606_hex), plain);
    expect(Number(scale.ujPerTick[0]) / Number(scale.ujPerTick[1])).toBe(energy_unit_j * 1e6);
    expect(microjoulesOf(scale.range! + 1n, scale)).toBe(BigInt(true_wrap_j) * 1_000_000n);
  });

  it('of exponent 0 means one joule', () => {
    expect(microjoulesOf(3n, scaleOf('package', 0n, plain))).toBe(3_000_000n);
  });

  it('is overruled for memory and platform on the models that count otherwise', () => {
    const unit = 0xa0e03n;
    expect(microjoulesOf(1000n, scaleOf('dram', unit, unitsOf(6, 0x55)))).toBe(15_300n);
    expect(microjoulesOf(1000n, scaleOf('dram', unit, unitsOf(6, 0x8f)))).toBe(61_035n);
    expect(microjoulesOf(2n, scaleOf('psys', unit, unitsOf(6, 0x8f)))).toBe(2_000_000n);
    expect(unitsOf(0x19, 0x55)).toEqual(plain);
  });

  it('bounds the time between two looks to half a wrap', () => {
    const { rows } = load<{ rows: { esu: number; watts: number; wrap_seconds: number }[] }>('wrap-period.json');
    for (const { esu, watts, wrap_seconds } of rows) {
      const safeMs = safeIntervalMs(scaleOf('package', BigInt(esu) << 8n, plain), watts)!;
      expect(safeMs / 500).toBeCloseTo(wrap_seconds, 0);
    }
  });
});

describe('a server', () => {
  const root = join(folder, 'server');
  const show = (frame: number) => {
    mkdirSync(join(root, '0'), { recursive: true });
    copyFileSync(join(fixtures, `server/frame${frame}/cpu0.msr`), join(root, '0', 'msr'));
  };
  const read = (units: { fixedDram: boolean; wholeJoulePsys: boolean }) => {
    show(0);
    const session = openSession(
      openMsr({
        packages: packagesOf(cpusUnder(root), 'intel', join(folder, 'no-topology')),
        processor: { vendor: 'intel', units },
        readMsr: readMsrUnder(root),
      }),
    );
    session.sample(at(0));
    show(1);
    session.sample(at(1000));
    return session.report();
  };
  const expected = load<{
    package: { joules: number; wraps: number };
    dram: { joules_if_fixed_unit_15_3uJ: number; joules_if_0x606_unit: number };
    core: { joules: number };
  }>('server/expected.json');
  const uj = (joules: number) => BigInt(Math.floor(joules * 1e6));

  it('has its reserved bits cut off, and only those', () => {
    const report = read({ ...plain, fixedDram: true });
    const zone = (kind: string) => report.zones.find((z) => z.kind === kind)!;
    expect([zone('package').energyUj, zone('package').wraps]).toEqual([uj(expected.package.joules), 1]);
    expect(zone('core').energyUj).toBe(uj(expected.core.joules));
    expect(zone('dram').energyUj).toBe(uj(expected.dram.joules_if_fixed_unit_15_3uJ));
    expect(report.totalUj).toBe(zone('package').energyUj! + zone('dram').energyUj!);
    expect(report.source).toBe('msr');
  });

  it('counts memory by the unit register where the model does', () => {
    const dram = read(plain).zones.find((z) => z.kind === 'dram')!;
    expect(dram.energyUj).toBe(uj(expected.dram.joules_if_0x606_unit));
  });

  it('shows no zone for a register that its file does not hold', () => {
    const bytes = readFileSync(join(fixtures, 'server/frame0/cpu0.msr')).subarray(0, 0x640);
    mkdirSync(join(folder, 'short/0'), { recursive: true });
    writeFileSync(join(folder, 'short/0/msr'), bytes);
    const { sightings } = openMsr({
      packages: [{ cpu: 0, name: 'package-0' }],
      processor: { vendor: 'intel', units: plain },
      readMsr: readMsrUnder(join(folder, 'short')),
    }).look();
    expect(sightings.map(({ zone }) => zone.id)).toEqual(['msr:0:package', 'msr:0:dram']);
  });
});

describe('AMD', () => {
  const { samples, expected } = load<{
    samples: { regs: Record<string, string> }[];
    expected: { joules: number; wraps: number };
  }>('amd.json');

  it('is read at its own registers', () => {
    let now = 0;
    const readMsr: ReadMsr = (_, register) => {
      const text = samples[now]!.regs[`0x${register.toString(16).toUpperCase()}`];
      if (text === undefined) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      return BigInt(text);
    };
    const packages = [{ cpu: 0, name: 'package-0' }];
    const session = openSession(openMsr({ packages, processor: { vendor: 'amd', units: plain }, readMsr }));
    session.sample(at(0));
    now = 1;
    session.sample(at(1000));
    const report = session.report();
    expect(report.totalUj).toBe(BigInt(Math.floor(expected.joules * 1e6)));
    expect(report.zones.map((z) => [z.kind, z.wraps])).toEqual([['package', expected.wraps]]);
  });
});

describe('the CPUs to read', () => {
  const topology = join(folder, 'topology');
  const place = (cpu: number, socket: number, die: number) => {
    const to = join(topology, `cpu${cpu}`, 'topology');
    mkdirSync(to, { recursive: true });
    writeFileSync(join(to, 'physical_package_id'), `${socket}\n`);
    writeFileSync(join(to, 'die_id'), `${die}\n`);
  };

  it('are one of each package, so that nothing is counted by every CPU', () => {
    for (const cpu of [0, 1, 2, 3]) place(cpu, cpu % 2, 0);
    expect(packagesOf([0, 1, 2, 3], 'intel', topology)).toEqual([
      { cpu: 0, name: 'package-0' },
      { cpu: 1, name: 'package-1' },
    ]);
  });

  it('are one of each die on Intel, and of each socket on AMD', () => {
    for (const cpu of [0, 1]) place(cpu, 0, cpu);
    expect(packagesOf([0, 1], 'intel', topology).map((p) => p.name)).toEqual(['package-0-die-0', 'package-0-die-1']);
    expect(packagesOf([0, 1], 'amd', topology).map((p) => p.name)).toEqual(['package-0']);
  });

  it('belong to a maker whose registers are known, or to none', () => {
    const told = (maker: string) =>
      processorOf(`processor : 0\nvendor_id\t: ${maker}\ncpu family\t: 6\nmodel\t\t: 85\n`);
    expect(told('GenuineIntel')).toEqual({ vendor: 'intel', units: { fixedDram: true, wholeJoulePsys: false } });
    expect(told('AuthenticAMD')?.vendor).toBe('amd');
    expect(told('SomethingElse')).toBeNull();
  });
});
