/** Which counters are read: the kernel's tree, or registers. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, invalid } from '../../domain/fault.js';
import { cpusUnder, openMsr, packagesOf, processorOf, readMsrUnder } from './msr.js';
import { openPowercap, POWERCAP_ROOT } from './powercap.js';
import type { Source } from './source.js';

export const MSR_ROOT = '/dev/cpu';

export interface Where {
  readonly mode?: 'sysfs' | 'msr' | undefined;
  /** the `class/powercap` folder */
  readonly powercapRoot?: string | undefined;
  /** the folder of register files; one that holds a `cpuinfo` is described by it and holds its own topology */
  readonly msrRoot?: string | undefined;
  /** CPUs to read; those of one package count once. One of each package when left out. */
  readonly msrCpus?: readonly number[] | undefined;
}

const openRegisters = ({ msrRoot = MSR_ROOT, msrCpus }: Where): Source => {
  const own = join(msrRoot, 'cpuinfo');
  const isDescribed = existsSync(own);
  const cpuinfo = isDescribed ? own : '/proc/cpuinfo';
  const processor = existsSync(cpuinfo) ? processorOf(readFileSync(cpuinfo, 'utf8')) : null;
  if (processor === null)
    throw new Fault(
      'unsupported',
      'the energy registers of this processor are not known',
      'Intel and AMD are read; leave out --rapl-mode msr, or give a folder with --msr-root.',
    );
  const there = cpusUnder(msrRoot);
  const absent = msrCpus?.find((cpu) => !there.includes(cpu));
  if (absent !== undefined && there.length > 0)
    throw invalid(`there is no register file of CPU ${absent}`, `Give CPUs of ${there[0]} to ${there.at(-1)}.`);
  const topology = isDescribed ? msrRoot : undefined;
  return openMsr({
    packages: packagesOf(msrCpus ?? there, processor.vendor, topology),
    processor,
    readMsr: readMsrUnder(msrRoot),
    from: msrRoot,
  });
};

/** Nothing is read yet, and nothing thrown for what cannot be read later. Fault `unsupported` or `invalid-input` in mode msr. */
export const openCounters = (where: Where = {}): Source =>
  where.mode === 'msr' ? openRegisters(where) : openPowercap(where.powercapRoot ?? POWERCAP_ROOT);

/** `0,1` or `0-3,8`. */
export const cpuList = (text: string): number[] =>
  text.split(',').flatMap((part) => {
    const [, from, to] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to ?? from)];
    if (from === undefined || last < first)
      throw invalid(`"${text}" is no list of CPUs`, 'Give numbers parted by commas, for example --msr-cpus 0,1.');
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
