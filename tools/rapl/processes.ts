/** CPU time of processes and control groups, from `/proc` and the cgroup v2 tree. What cannot be read is not there. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessTime, SYSTEM } from './attribution.js';

/** The kernel tells times to programs in hundredths of a second, on every machine of ours. */
const US_PER_TICK = 10_000n;

interface Seen {
  readonly pid: number;
  readonly name: string;
  readonly startTicks: bigint;
  readonly cpuUs: bigint;
  readonly group: string;
}

export interface Look {
  /** time that no CPU was idle, since the start of the machine */
  readonly activeUs: bigint;
  readonly processes: ReadonlyMap<string, Seen>;
  /** CPU time of groups that keep it themselves */
  readonly groups: ReadonlyMap<string, bigint>;
  /** where in the cgroup tree they keep it */
  readonly paths: ReadonlyMap<string, string>;
}

/** What one interval's attribution needs of two looks. */
export interface Used {
  readonly activeUs: bigint;
  readonly processes: readonly ProcessTime[];
  readonly groups: ReadonlyMap<string, bigint>;
  readonly isLost: boolean;
}

const bytes = Buffer.alloc(65_536);

/** Thousands of these files are read at once, and Node's own way of reading a file costs twice as much. None is as long. */
const textOf = (path: string): string | null => {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0));
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
};

/**
 * Fields of the first line of `/proc/stat`: user nice system idle iowait irq softirq steal guest guest_nice. A guest's time is
 * within user and nice already; waiting for a disk is idle.
 */
export const activeTicks = (stat: string): bigint => {
  const fields = /^cpu +(.+)$/m.exec(stat)?.[1]?.trim().split(/\s+/).map(BigInt) ?? [];
  const [user = 0n, nice = 0n, system = 0n, , , irq = 0n, softirq = 0n, steal = 0n] = fields;
  return user + nice + system + irq + softirq + steal;
};

/** utime and stime are fields 14 and 15, starttime 22; the name in brackets may hold blanks and brackets itself. */
export const processTicks = (stat: string): { ticks: bigint; startTicks: bigint } | null => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, start] = [fields[11], fields[12], fields[19]];
  if (![utime, stime, start].every((field) => field !== undefined && /^\d+$/.test(field))) return null;
  return { ticks: BigInt(utime!) + BigInt(stime!), startTicks: BigInt(start!) };
};

/** The path of the unified hierarchy, else of the one that counts CPU time. */
export const cgroupOf = (text: string): string | null =>
  /^0::(.+)$/m.exec(text)?.[1] ?? /^\d+:[^:]*cpuacct[^:]*:(.+)$/m.exec(text)?.[1] ?? null;

const CONTAINER =
  /(?:docker[-/]|libpod-|crio-|cri-containerd-|containerd[-/]|kubepods.*[-/])([0-9a-f]{12})[0-9a-f]{52}/;

/**
 * The group by its control group's path, and the part of the path that counts the group's time: a Slurm job, a container, else
 * the unit of the system.
 */
export const groupOf = (cgroup: string | null): { group: string; path: string | null } => {
  if (cgroup === null) return { group: SYSTEM, path: null };
  const job = /^.*\/job_(\d+)(?=\/|$)/.exec(cgroup);
  if (job) return { group: `slurm:${job[1]}`, path: job[0] };
  const container = CONTAINER.exec(cgroup);
  if (container) {
    const end = cgroup.indexOf('/', container.index + container[0].length);
    return { group: `container:${container[1]}`, path: end < 0 ? cgroup : cgroup.slice(0, end) };
  }
  const unit = /^.*?\/([^/]+\.(?:service|scope))(?=\/|$)/.exec(cgroup);
  return unit ? { group: unit[1]!, path: unit[0] } : { group: SYSTEM, path: null };
};

/** `usage_usec` of `cpu.stat`: whole since the group was made. */
const usageUs = (stat: string | null): bigint | null => {
  const found = stat && /^usage_usec (\d+)$/m.exec(stat);
  return found ? BigInt(found[1]!) : null;
};

/** Groups of the look before are asked again: all of a group's processes may have ended. */
export const lookAtProcesses = (before: Look | null, proc = '/proc', cgroups = '/sys/fs/cgroup'): Look => {
  const processes = new Map<string, Seen>();
  const paths = new Map(before?.paths);
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const stat = textOf(join(proc, name, 'stat'));
    const times = stat === null ? null : processTicks(stat);
    // It ended between the list and the look.
    if (times === null) continue;
    const { group, path } = groupOf(cgroupOf(textOf(join(proc, name, 'cgroup')) ?? ''));
    if (path !== null) paths.set(group, path);
    const { ticks, startTicks } = times;
    const called = stat!.slice(stat!.indexOf('(') + 1, stat!.lastIndexOf(')')).slice(0, 64);
    processes.set(`${name} ${startTicks}`, {
      pid: Number(name),
      name: called,
      startTicks,
      cpuUs: ticks * US_PER_TICK,
      group,
    });
  }
  const groups = new Map<string, bigint>();
  for (const [group, path] of paths) {
    const used = usageUs(textOf(join(cgroups, path, 'cpu.stat')));
    if (used === null) paths.delete(group);
    else groups.set(group, used);
  }
  return { activeUs: activeTicks(textOf(join(proc, 'stat')) ?? '') * US_PER_TICK, processes, groups, paths };
};

const atLeast0 = (value: bigint): bigint => (value > 0n ? value : 0n);

/**
 * What was used between two looks. A process that the first one did not see began in between. A process that the second one
 * does not see ended: its group's own time has it, or it is lost.
 */
export const usedBetween = (before: Look, after: Look): Used => {
  const groups = new Map(
    [...after.groups].map(([group, used]) => [group, atLeast0(used - (before.groups.get(group) ?? 0n))]),
  );
  const ended = [...before.processes].filter(([key]) => !after.processes.has(key)).map(([, seen]) => seen);
  return {
    activeUs: atLeast0(after.activeUs - before.activeUs),
    processes: [...after.processes].map(([key, { pid, startTicks, group, cpuUs }]) => ({
      ...{ pid, startTicks, group },
      cpuUs: atLeast0(cpuUs - (before.processes.get(key)?.cpuUs ?? 0n)),
    })),
    groups,
    isLost: ended.some(({ group }) => !groups.has(group)),
  };
};
