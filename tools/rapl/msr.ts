/**
 * Energy counters as model-specific registers, `/dev/cpu/N/msr`: eight little-endian bytes at the offset that is the
 * register's number. Bits 63:32 of an energy register are reserved, so here, and only here, a value is cut to 32 bits.
 * Registers: Intel SDM vol. 4; AMD PPR. Needs root, CAP_SYS_RAWIO and the kernel module `msr`.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Reading, Scale } from './counter.js';
import type { Sighting, Source } from './source.js';
import type { Kind, Zone } from './zone.js';

export type Vendor = 'intel' | 'amd';

/** Reads one register of one CPU; throws errors with a `code`. Injected in tests: AMD's registers overlap in a plain file. */
export type ReadMsr = (cpu: number, register: number) => bigint;

const UNIT: Record<Vendor, number> = { intel: 0x606, amd: 0xc0010299 };

const REGISTERS: Record<Vendor, readonly (readonly [kind: Kind, register: number])[]> = {
  intel: [
    ['package', 0x611],
    ['core', 0x639],
    ['uncore', 0x641],
    ['dram', 0x619],
    ['psys', 0x64d],
  ],
  // The counter of cores is one per core on AMD; a package's CPU can show its own core only.
  amd: [
    ['package', 0xc001029b],
    ['core', 0xc001029a],
  ],
};

/** `status unit`: bits 12:8 of the unit register are n of 2⁻ⁿ joules. */
export const energyExponent = (unitRegister: bigint): bigint => (unitRegister >> 8n) & 31n;

/** What differs from the unit register on some models. */
export interface Units {
  /** memory counts in 15.3 µJ whatever the register says */
  readonly fixedDram: boolean;
  /** the platform counts in whole joules */
  readonly wholeJoulePsys: boolean;
}

/** Haswell-X, Broadwell-X, Skylake-X, Ice Lake-X and -D, Xeon Phi. A wrong choice is a factor of 3.99. */
const FIXED_DRAM = new Set([0x3f, 0x4f, 0x55, 0x6a, 0x6c, 0x57, 0x85]);
/** Sapphire Rapids and Emerald Rapids. */
const WHOLE_JOULE_PSYS = new Set([0x8f, 0xcf]);

export const unitsOf = (family: number, model: number): Units => ({
  fixedDram: family === 6 && FIXED_DRAM.has(model),
  wholeJoulePsys: family === 6 && WHOLE_JOULE_PSYS.has(model),
});

const WIDTH = 0xffff_ffffn;

/** Microjoules per tick: 10⁶ / 2ⁿ. An exponent of 0 means one joule. */
export const scaleOf = (kind: Kind, unitRegister: bigint, units: Units): Scale => {
  if (kind === 'dram' && units.fixedDram) return { range: WIDTH, ujPerTick: [153n, 10n], ratedWatts: null };
  if (kind === 'psys' && units.wholeJoulePsys) return { range: WIDTH, ujPerTick: [1_000_000n, 1n], ratedWatts: null };
  return { range: WIDTH, ujPerTick: [1_000_000n, 1n << energyExponent(unitRegister)], ratedWatts: null };
};

export const readMsrUnder =
  (root = '/dev/cpu'): ReadMsr =>
  (cpu, register) => {
    const file = openSync(join(root, String(cpu), 'msr'), 'r');
    try {
      const bytes = Buffer.alloc(8);
      if (readSync(file, bytes, 0, 8, register) < 8)
        throw Object.assign(new Error(`no register 0x${register.toString(16)}`), { code: 'EIO' });
      return bytes.readBigUInt64LE();
    } finally {
      closeSync(file);
    }
  };

/** One CPU of a package stands for it: every CPU of it shows the same registers. */
export interface Package {
  readonly cpu: number;
  readonly name: string;
}

/**
 * One CPU of each package (and die, where a package of Intel's has several) among `cpus`. A topology that cannot be read makes
 * one package of all.
 */
export const packagesOf = (
  cpus: readonly number[],
  vendor: Vendor,
  topology = '/sys/devices/system/cpu',
): readonly Package[] => {
  const numberIn = (cpu: number, file: string): number => {
    try {
      return Number.parseInt(readFileSync(join(topology, `cpu${cpu}`, 'topology', file), 'utf8'), 10) || 0;
    } catch {
      return 0;
    }
  };
  const found = new Map<string, Package & { socket: number; die: number }>();
  for (const cpu of cpus) {
    const socket = Math.max(0, numberIn(cpu, 'physical_package_id'));
    const die = vendor === 'intel' ? numberIn(cpu, 'die_id') : 0;
    const key = `${socket}:${die}`;
    if (!found.has(key)) found.set(key, { cpu, socket, die, name: `package-${socket}` });
  }
  const all = [...found.values()];
  const hasDies = (socket: number) => all.filter((p) => p.socket === socket).length > 1;
  return all.map(({ cpu, socket, die }) => ({
    cpu,
    name: hasDies(socket) ? `package-${socket}-die-${die}` : `package-${socket}`,
  }));
};

export interface Processor {
  readonly vendor: Vendor;
  readonly units: Units;
}

/** Null for a maker whose registers are not known. */
export const processorOf = (cpuinfo: string): Processor | null => {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.+)$`, 'm').exec(cpuinfo)?.[1]?.trim();
  const maker = field('vendor_id');
  const vendor =
    maker === 'GenuineIntel' ? 'intel' : maker === 'AuthenticAMD' || maker === 'HygonGenuine' ? 'amd' : null;
  return vendor && { vendor, units: unitsOf(Number(field('cpu family')), Number(field('model'))) };
};

/** CPUs that have a register file, in order. Empty where the module `msr` is not loaded. */
export const cpusUnder = (root = '/dev/cpu'): number[] => {
  try {
    return readdirSync(root)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
};

const errnoOf = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') throw error;
  return code;
};

/** A register that does not exist gives EIO at the first read and is no zone. */
export const openMsr = (of: {
  readonly packages: readonly Package[];
  readonly processor: Processor;
  readonly readMsr: ReadMsr;
  readonly from?: string;
}): Source => {
  const { vendor, units } = of.processor;
  const scales = new Map<string, Scale>();
  const absent = new Set<string>();
  const top = of.packages.map(({ cpu, name }): Zone & { cpu: number } => ({
    ...{ id: `msr:${cpu}:package`, name, parent: null, secondView: false, cpu },
  }));

  const sight = (pack: Zone & { cpu: number }, kind: Kind, register: number): Sighting | null => {
    const { cpu } = pack;
    const inner = kind === 'psys' ? null : pack;
    const zone: Zone =
      kind === 'package' ? pack : { id: `msr:${cpu}:${kind}`, name: kind, parent: inner, secondView: false };
    if (absent.has(zone.id)) return null;
    const unknown: Scale = { range: WIDTH, ujPerTick: [1n, 1n], ratedWatts: null };
    try {
      const scale = scales.get(zone.id) ?? scaleOf(kind, of.readMsr(cpu, UNIT[vendor]), units);
      const reading: Reading = { ticks: of.readMsr(cpu, register) & WIDTH };
      scales.set(zone.id, scale);
      return { zone, scale, reading };
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EIO' && kind !== 'package' && !scales.has(zone.id)) {
        absent.add(zone.id);
        return null;
      }
      return { zone, scale: scales.get(zone.id) ?? unknown, reading: { errno } };
    }
  };

  return {
    mode: 'msr',
    from: of.from ?? '/dev/cpu',
    look: () => ({
      sightings: top.flatMap((pack) =>
        REGISTERS[vendor].map(([kind, register]) => sight(pack, kind, register)).filter((seen) => seen !== null),
      ),
      errno: top.length === 0 ? 'ENOENT' : null,
    }),
  };
};
