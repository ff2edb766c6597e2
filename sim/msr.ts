/**
 * Register files whose counters move, one per package as `/dev/cpu/N/msr`, with the processor's description and topology beside
 * them. Reserved bits are set: a reader that does not cut them off is wrong at once.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { preparing, type SimulatedCounters, type SimulatedZone, usedUj } from './powercap.js';

const UNIT_REGISTER = 0x606;
/** Power 2⁻³ W, energy 2⁻¹⁴ J, time 2⁻¹⁰ s. */
const UNIT = 0xa0e03n;
const TICKS_PER_JOULE = 1n << 14n;
const REGISTERS: Readonly<Record<string, number>> = { package: 0x611, core: 0x639, dram: 0x619, psys: 0x64d };
const FILE_BYTES = 0x660;
const WIDTH = 0xffff_ffffn;
const RESERVED = 0xdead_beefn << 32n;
/** A client processor of Intel's: memory counts by the unit register. */
const CPUINFO = 'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 158\n';

/** `root` is the folder that a reader takes for `/dev/cpu`. Ranges are 32 bits, whatever the zones say. */
export const simulatedMsr = (root: string, zones: readonly SimulatedZone[]): SimulatedCounters => {
  const packages = zones.filter(({ name }) => name.startsWith('package-'));
  const psys = zones.find(({ name }) => name === 'psys');
  const ticks = (zone: SimulatedZone, elapsedUs: bigint) => {
    const seconds3 = (zone.microwatts * 3n * TICKS_PER_JOULE) / 1_000_000n;
    return (WIDTH - seconds3 + (usedUj(zone, elapsedUs) * TICKS_PER_JOULE) / 1_000_000n) & WIDTH;
  };
  const show = (elapsedUs: bigint) => {
    for (const [cpu, pack] of packages.entries()) {
      const bytes = Buffer.alloc(FILE_BYTES);
      bytes.writeBigUInt64LE(UNIT, UNIT_REGISTER);
      const own = zones.filter(({ id }) => id.startsWith(`${pack.id}:`));
      for (const zone of [pack, ...own, ...(psys ? [psys] : [])]) {
        const register = REGISTERS[zone === pack ? 'package' : zone.name]!;
        bytes.writeBigUInt64LE(RESERVED | ticks(zone, elapsedUs), register);
      }
      const path = join(root, String(cpu), 'msr');
      writeFileSync(`${path}.new`, bytes);
      renameSync(`${path}.new`, path);
    }
  };
  preparing(root, () => {
    for (const cpu of packages.keys()) {
      mkdirSync(join(root, String(cpu)), { recursive: true });
      mkdirSync(join(root, `cpu${cpu}`, 'topology'), { recursive: true });
      writeFileSync(join(root, `cpu${cpu}`, 'topology', 'physical_package_id'), `${cpu}\n`);
    }
    writeFileSync(join(root, 'cpuinfo'), CPUINFO);
    show(0n);
  });
  return { show };
};
