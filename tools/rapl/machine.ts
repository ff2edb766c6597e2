/** The machine's clocks. Neither is the wall clock, which people and time servers set. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Moment } from './counter.js';

/** Changes at every start of the machine, and with it every counter. Null where the system does not tell. */
export type Boot = string | null;

export const bootId = (): Boot => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
};

/** The monotonic clock stands still during suspend, the uptime runs on. Both begin at the start of the machine. */
export const thisMoment = (): Moment => ({
  monotonicMs: Number(process.hrtime.bigint()) / 1e6,
  boottimeMs: uptime() * 1000,
});
