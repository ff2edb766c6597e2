/** Whose energy it is now: the machine's, over a while, by process and control group; the rows add up to it. */
import { cpus, freemem, totalmem } from 'node:os';
import { type Attribution, attribute, type ProcessTime } from './attribution.js';
import type { Moment } from './counter.js';
import { thisMoment } from './machine.js';
import { machineTimer, paced, type Timer } from './pace.js';
import { type Look, lookAtProcesses, type Used, usedBetween } from './processes.js';
import type { Report } from './report.js';
import { openSession } from './session.js';
import type { Source } from './source.js';

/** What the machine did beside; it changes no share, and tells a reader what the energy went into. */
export interface HostUse {
  /** share of all CPU time that was not idle; null where the system does not tell */
  readonly cpuRatio: number | null;
  readonly cpus: number;
  readonly memoryUsedBytes: number;
  readonly memoryBytes: number;
}

export const hostUse = (activeUs: bigint | null, seconds: number): HostUse => ({
  cpuRatio: activeUs === null || seconds <= 0 ? null : Math.min(1, Number(activeUs) / 1e6 / seconds / cpus().length),
  cpus: cpus().length,
  memoryUsedBytes: totalmem() - freemem(),
  memoryBytes: totalmem(),
});

/** Uses of times that follow one another, as one. */
export const together = (uses: readonly Used[]): Used => {
  const processes = new Map<string, ProcessTime>();
  const groups = new Map<string, bigint>();
  for (const used of uses) {
    for (const one of used.processes) {
      const key = `${one.pid} ${one.startTicks}`;
      processes.set(key, { ...one, cpuUs: one.cpuUs + (processes.get(key)?.cpuUs ?? 0n) });
    }
    for (const [group, us] of used.groups) groups.set(group, us + (groups.get(group) ?? 0n));
  }
  return {
    activeUs: uses.reduce((sum, { activeUs }) => sum + activeUs, 0n),
    ...{ processes: [...processes.values()], groups },
    isLost: uses.some(({ isLost }) => isLost),
  };
};

export interface Top {
  readonly mode: 'measured' | 'modelled';
  readonly method: string;
  readonly why: string | null;
  readonly seconds: number;
  /** of the machine: what the rows add up to */
  readonly energyUj: bigint;
  readonly attribution: Attribution;
  /** names of processes by the id of their row */
  readonly names: ReadonlyMap<string, string>;
  readonly use: HostUse;
  readonly report: Report;
}

export interface TopOptions {
  readonly source: Source;
  readonly seconds: number;
  readonly intervalSeconds: number;
  readonly maxWatts?: number | undefined;
  readonly idleWatts: number;
  /** power of one busy virtual CPU, where nothing is measured */
  readonly wattsPerCpu: number;
  readonly signal: AbortSignal;
  readonly proc?: string | undefined;
  readonly cgroups?: string | undefined;
  readonly timer?: Timer;
  readonly moment?: () => Moment;
}

/** Processes are looked at this often: one that lives for less is in its group's row, or in the kernel's. */
const LOOK_EVERY_MS = 1000;

/** Rejects with the signal's reason when it aborts. Without counters the energy is modelled, and says so. */
export const top = async (options: TopOptions): Promise<Top> => {
  const { source, maxWatts, idleWatts, wattsPerCpu, signal, timer = machineTimer, moment = thisMoment } = options;
  const session = openSession(source, maxWatts === undefined ? {} : { maxWatts });
  const names = new Map<string, string>();
  const see = (before: Look | null): Look => {
    const look = lookAtProcesses(before, options.proc, options.cgroups);
    for (const { pid, startTicks, name } of look.processes.values()) names.set(`pid ${pid} ${startTicks}`, name);
    return look;
  };
  const began = timer.nowMs();
  let last = see(null);
  let lookedMs = began;
  const uses: Used[] = [];
  const look = () => {
    const next = see(last);
    uses.push(usedBetween(last, next));
    last = next;
    lookedMs = timer.nowMs();
  };
  const pace = { intervalMs: options.intervalSeconds * 1000, forMs: options.seconds * 1000, signal, timer };
  await paced(pace, () => {
    session.sample(moment());
    if (timer.nowMs() - lookedMs >= LOOK_EVERY_MS) look();
  });
  signal.throwIfAborted();
  look();
  // Energy and CPU time end at one moment, however long the look took.
  session.sample(moment());
  const report = session.report();
  const seconds = (timer.nowMs() - began) / 1000;
  const used = together(uses);
  const isMeasured = report.totalUj !== null;
  const energyUj = report.totalUj ?? (used.activeUs * BigInt(Math.round(wattsPerCpu * 1e6))) / 1_000_000n;
  return {
    mode: isMeasured ? 'measured' : 'modelled',
    method: isMeasured
      ? 'energy counters of the processor; dynamic energy by share of CPU time'
      : `active CPU time × ${wattsPerCpu} W per vCPU`,
    why: isMeasured ? null : `${report.from} gives no energy: ${report.errno ?? 'no counter moved meanwhile'}`,
    ...{ seconds, energyUj, names, report, use: hostUse(used.activeUs, seconds) },
    // A model of busy CPUs has no idle part to take off.
    attribution: attribute({ ...used, energyUj, seconds, idleWatts: isMeasured ? idleWatts : 0 }),
  };
};
