/**
 * Measures a piece of work: counters where there are any, else a model that says so. Trouble with the counters never stops the
 * work, and is told.
 */
import { readFileSync } from 'node:fs';
import { type Attribution, attribute } from './attribution.js';
import type { Moment } from './counter.js';
import { type GpuReport, gpuSession } from './gpu.js';
import type { GpuWatcher } from './gpus.js';
import { thisMoment } from './machine.js';
import { machineTimer, paced, type Timer } from './pace.js';
import { activeTicks } from './processes.js';
import type { Report } from './report.js';
import { openSession } from './session.js';
import type { Source } from './source.js';
import { type HostUse, hostUse } from './top.js';

const US_PER_TICK = 10_000n;

/** CPU time so far, in microseconds: of the whole machine, and of this process's children that have ended, with theirs. */
export interface CpuTimes {
  readonly activeUs: bigint;
  readonly childrenUs: bigint;
}

/** Null on systems without `/proc`. Fields 16 and 17 of the process: time of ended children, however short they lived. */
export const cpuTimes = (): CpuTimes | null => {
  try {
    const own = readFileSync('/proc/self/stat', 'latin1');
    const fields = own.slice(own.lastIndexOf(')') + 2).split(' ');
    return {
      activeUs: activeTicks(readFileSync('/proc/stat', 'latin1')) * US_PER_TICK,
      childrenUs: (BigInt(fields[13]!) + BigInt(fields[14]!)) * US_PER_TICK,
    };
  } catch {
    return null;
  }
};

export interface Measured {
  readonly mode: 'measured' | 'modelled';
  /** how the energy was come by, in words */
  readonly method: string;
  /** why nothing was measured; null where it was */
  readonly why: string | null;
  readonly seconds: number;
  /** CPU time of the work; null where the system does not tell */
  readonly cpuSeconds: number | null;
  /** of the work; null: not known */
  readonly energyUj: bigint | null;
  /** of the whole machine over the same time; null where it was not measured */
  readonly machineUj: bigint | null;
  /** the machine's energy as rows that add up to it; null where it was not measured */
  readonly attribution: Attribution | null;
  /** energy of the work by minute since it began; empty where it is not known */
  readonly minutesUj: readonly bigint[];
  /** whole boards meanwhile: their energy is in no other figure */
  readonly gpus: readonly GpuReport[];
  /** of all boards; null: there is none, or nothing is known */
  readonly gpuUj: bigint | null;
  readonly use: HostUse;
  readonly report: Report;
}

export interface MeasureOptions {
  readonly source: Source;
  readonly gpus?: GpuWatcher | null;
  readonly intervalSeconds: number;
  readonly maxWatts?: number | undefined;
  /** what the machine draws with nothing to do */
  readonly idleWatts: number;
  /** power of one busy virtual CPU, where nothing is measured */
  readonly wattsPerCpu: number;
  readonly timer?: Timer;
  readonly moment?: () => Moment;
  readonly cpu?: () => CpuTimes | null;
}

/** The group of the work in the attribution. */
export const WORK = 'command';

/** Parts of `total` in proportion to the weights, exact in sum: each part ends where its share of the whole ends. */
const spread = (total: bigint, weights: readonly bigint[]): bigint[] => {
  const sum = weights.reduce((s, w) => s + w, 0n);
  let [gone, given] = [0n, 0n];
  return weights.map((weight) => {
    gone += weight;
    const upTo = (total * gone) / sum;
    const part = upTo - given;
    given = upTo;
    return part;
  });
};

/** Measures while `work` runs. What `work` throws is thrown; nothing else is. */
export const measure = async <T>(
  options: MeasureOptions,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly measured: Measured }> => {
  const {
    source,
    gpus,
    intervalSeconds,
    maxWatts,
    timer = machineTimer,
    moment = thisMoment,
    cpu = cpuTimes,
  } = options;
  const boards = gpuSession();
  const session = openSession(source, maxWatts === undefined ? {} : { maxWatts });
  const minutes: bigint[] = [];
  const began = timer.nowMs();
  let counted = 0n;
  const look = () => {
    session.sample(moment());
    for (const { looks, atMs } of gpus?.take() ?? []) boards.sample(looks, atMs);
    const { totalUj } = session.report();
    const minute = Math.floor((timer.nowMs() - began) / 60_000);
    while (minutes.length <= minute) minutes.push(0n);
    if (totalUj !== null) minutes[minute]! += totalUj - counted;
    counted = totalUj ?? counted;
  };
  const before = cpu();
  const done = new AbortController();
  const looking = paced({ intervalMs: intervalSeconds * 1000, signal: done.signal, timer }, look);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await gpus?.stop();
    throw error;
  } finally {
    done.abort();
    await looking;
  }
  look();
  const after = cpu();
  const seconds = (timer.nowMs() - began) / 1000;
  // The last lines of a program that tells boards come a little after it was told to end.
  await gpus?.stop();
  for (const { looks, atMs } of gpus?.take() ?? []) boards.sample(looks, atMs);
  const times = before &&
    after && { workUs: after.childrenUs - before.childrenUs, activeUs: after.activeUs - before.activeUs };
  const reports = boards.report();
  const known = reports.flatMap(({ energyUj }) => (energyUj === null ? [] : [energyUj]));
  const beside = {
    gpus: reports,
    gpuUj: known.length === 0 ? null : known.reduce((sum, uj) => sum + uj, 0n),
    use: hostUse(times === null ? null : times.activeUs, seconds),
  };
  return { result, measured: { ...judge(options, session.report(), times, seconds, minutes), ...beside } };
};

const judge = (
  { idleWatts, wattsPerCpu }: MeasureOptions,
  report: Report,
  times: { workUs: bigint; activeUs: bigint } | null,
  seconds: number,
  minutes: readonly bigint[],
): Omit<Measured, 'gpus' | 'gpuUj' | 'use'> => {
  const cpuSeconds = times && Number(times.workUs) / 1e6;
  const common = { seconds, cpuSeconds, report };
  const { totalUj } = report;
  if (totalUj !== null && times !== null && times.workUs > 0n) {
    const attribution = attribute({
      ...{ energyUj: totalUj, seconds, idleWatts, activeUs: times.activeUs },
      processes: [{ pid: 0, startTicks: 0n, group: WORK, cpuUs: times.workUs }],
    });
    const energyUj = attribution.groups.get(WORK) ?? 0n;
    return {
      ...{ ...common, mode: 'measured', why: null, energyUj, machineUj: totalUj, attribution },
      method: 'energy counters of the processor; dynamic energy by share of CPU time',
      minutesUj: totalUj > 0n ? spread(energyUj, minutes) : minutes,
    };
  }
  if (times !== null && times.workUs === 0n)
    return {
      ...{ ...common, mode: 'modelled', energyUj: null, machineUj: totalUj, attribution: null, minutesUj: [] },
      method: 'none',
      why: 'it used less CPU time than the system tells, which is in steps of 0.01 s',
    };
  const busySeconds = cpuSeconds ?? seconds;
  const energyUj = BigInt(Math.round(busySeconds * wattsPerCpu * 1e6));
  return {
    ...{ ...common, mode: 'modelled', energyUj, machineUj: totalUj, attribution: null },
    method: `${cpuSeconds === null ? 'one CPU over the whole time' : 'CPU time'} × ${wattsPerCpu} W per vCPU`,
    why:
      totalUj === null
        ? `${report.from} gives no energy: ${report.errno ?? 'no counter moved meanwhile'}`
        : 'the system does not tell CPU times',
    minutesUj: spread(
      energyUj,
      minutes.map(() => 1n),
    ),
  };
};
