/**
 * A powercap tree whose counters move: two folders deep, with the kernel's names, links and ranges, and the energy that was
 * truly used beside it. Counters begin shortly before their range, so that a wrap is seen within seconds.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '../domain/fault.js';

/** What a kernel with an energy unit of 2⁻¹⁴ J says. */
const KERNEL_RANGE_UJ = 262_143_328_850n;
/** Seconds to the first wrap where the range is the kernel's. */
const FIRST_WRAP_S = 3;
const MEMORY_SHARE = 0.15;
const CORE_SHARE = 0.7;
/** The platform draws more than packages and memory. */
const PLATFORM_FACTOR = 1.3;

export interface SimulatedZone {
  readonly id: string;
  readonly name: string;
  readonly microwatts: bigint;
  readonly rangeUj: bigint;
  readonly startUj: bigint;
}

export interface MachineShape {
  /** packages and memory together, W */
  readonly watts: number;
  readonly sockets?: number;
  /** how often each counter begins anew; the kernel's range when left out */
  readonly wrapSeconds?: number | undefined;
}

/** The zones of a machine; microwatts of packages and memory add up to its watts. Fault `invalid-input`. */
export const simulatedZones = ({ watts, sockets = 1, wrapSeconds }: MachineShape): SimulatedZone[] => {
  if (!(watts > 0 && watts <= 1e6))
    throw invalid(`the power is ${watts} W`, 'Give watts above 0 and up to 1000000, for example --watts 100.');
  if (!(Number.isInteger(sockets) && sockets >= 1 && sockets <= 64))
    throw invalid(`the number of sockets is ${sockets}`, 'Give a whole number from 1 to 64, for example --sockets 2.');
  if (wrapSeconds !== undefined && !(wrapSeconds > 0))
    throw invalid(`a wrap is asked for every ${wrapSeconds} s`, 'Give seconds above 0, for example --wrap-seconds 5.');
  const zone = (id: string, name: string, microwatts: bigint): SimulatedZone => {
    const secondsUj = (seconds: number) => (microwatts * BigInt(Math.round(seconds * 1000))) / 1000n;
    const rangeUj = wrapSeconds === undefined ? KERNEL_RANGE_UJ : secondsUj(wrapSeconds);
    const ahead = secondsUj(wrapSeconds === undefined ? FIRST_WRAP_S : wrapSeconds / 2);
    return { id, name, microwatts, rangeUj, startUj: ahead < rangeUj ? rangeUj - ahead : 0n };
  };
  const total = BigInt(Math.round(watts * 1e6));
  const zones = Array.from({ length: sockets }, (_, s) => {
    const share = total / BigInt(sockets) + (BigInt(s) < total % BigInt(sockets) ? 1n : 0n);
    const memory = BigInt(Math.round(Number(share) * MEMORY_SHARE));
    const core = BigInt(Math.round(Number(share - memory) * CORE_SHARE));
    return [
      zone(`intel-rapl:${s}`, `package-${s}`, share - memory),
      zone(`intel-rapl:${s}:0`, 'core', core),
      zone(`intel-rapl:${s}:1`, 'dram', memory),
    ];
  }).flat();
  return [...zones, zone(`intel-rapl:${sockets}`, 'psys', BigInt(Math.round(watts * 1e6 * PLATFORM_FACTOR)))];
};

/** What a zone has used since the start, in whole microjoules. */
export const usedUj = (zone: SimulatedZone, elapsedUs: bigint): bigint => (zone.microwatts * elapsedUs) / 1_000_000n;

/** What packages and memory have used. */
export const trueTotalUj = (zones: readonly SimulatedZone[], elapsedUs: bigint): bigint =>
  zones
    .filter(({ name }) => name === 'dram' || name.startsWith('package-'))
    .reduce((sum, zone) => sum + usedUj(zone, elapsedUs), 0n);

const folderOf = (id: string): string => {
  const upper = id.split(':').slice(0, 2).join(':');
  return upper === id ? id : join(upper, id);
};

/** A reader never meets half a file: each is written beside and moved into place. */
const replace = (path: string, text: string) => {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
};

export interface SimulatedCounters {
  /** Moves every counter to where it stands so many microseconds after the start. */
  show(elapsedUs: bigint): void;
}

/** Fault `invalid-input` for a folder in which nothing can be written. */
export const preparing = (root: string, work: () => void): void => {
  try {
    work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw invalid(
      `counters cannot be written under ${root}: ${code}`,
      'Give a folder of your own, for example --root out/rapl.',
    );
  }
};

/**
 * `root` is the folder that a reader takes for `class/powercap`; it is made where it is missing, and zones of an earlier
 * simulation in it are made anew.
 */
export const simulatedPowercap = (root: string, zones: readonly SimulatedZone[]): SimulatedCounters => {
  const show = (elapsedUs: bigint) => {
    for (const zone of zones) {
      const value = (zone.startUj + usedUj(zone, elapsedUs)) % (zone.rangeUj + 1n);
      replace(join(root, folderOf(zone.id), 'energy_uj'), `${value}\n`);
    }
  };
  preparing(root, () => {
    mkdirSync(root, { recursive: true });
    for (const name of readdirSync(root))
      if (/^intel-rapl:\d+(:\d+)?$/.test(name)) rmSync(join(root, name), { recursive: true, force: true });
    for (const { id, name, rangeUj, microwatts } of zones) {
      const folder = folderOf(id);
      mkdirSync(join(root, folder), { recursive: true });
      if (folder !== id) symlinkSync(folder, join(root, id));
      writeFileSync(join(root, folder, 'name'), `${name}\n`);
      writeFileSync(join(root, folder, 'max_energy_range_uj'), `${rangeUj}\n`);
      writeFileSync(join(root, folder, 'constraint_0_max_power_uw'), `${microwatts}\n`);
    }
    show(0n);
  });
  return { show };
};
