/** `energy top`: whose energy the machine's is, by process and control group, over a while. */
import type { Command } from 'commander';
import { invalid } from '../domain/fault.js';
import { figure, percentText } from '../domain/figures.js';
import type { GpuReport, HostUse, Top } from '../metering.js';
import { type Answer, addCommand, type Context } from './command.js';
import { countersFlags, countersOf } from './commands/rapl.js';
import { numberOf } from './fields.js';
import { plain, tableText } from './terminal.js';

const joules = (uj: bigint | null) => (uj === null ? 'energy that is not known' : `${figure(Number(uj) / 1e6)} J`);

export const gpuText = (gpus: readonly GpuReport[]): string[] =>
  gpus.map((gpu) => {
    const how =
      gpu.method === 'counter'
        ? 'its energy counter'
        : `${gpu.powerIs === 'unstated' ? '' : `${gpu.powerIs} `}power at ${gpu.looks} looks, ${gpu.intervalMs === null ? 'once' : `every ${figure(gpu.intervalMs)} ms`}`;
    return `  GPU ${plain(gpu.name)}: ${joules(gpu.energyUj)}, the whole board, by ${how}.`;
  });

export const useText = (use: HostUse): string =>
  `  Beside it: ${use.cpuRatio === null ? 'CPU use not known' : `${percentText(use.cpuRatio)} of ${use.cpus} CPUs busy`}, ${figure(use.memoryUsedBytes / 2 ** 30)} of ${figure(use.memoryBytes / 2 ** 30)} GiB of memory in use.`;

const byEnergy = (a: { energyUj: bigint }, b: { energyUj: bigint }) =>
  a.energyUj === b.energyUj ? 0 : a.energyUj > b.energyUj ? -1 : 1;

const SHOWN = 20;

const topText = (t: Top, by: 'process' | 'group'): string => {
  const watts = Number(t.energyUj) / 1e6 / t.seconds;
  const rows =
    by === 'group'
      ? [...t.attribution.groups].map(([group, energyUj]) => ({ what: group, of: '', energyUj }))
      : t.attribution.rows.map((row) => ({
          what: row.kind === 'process' ? `${t.names.get(row.id) ?? ''} ${row.id.split(' ')[1]}`.trim() : row.kind,
          ...{ of: row.group, energyUj: row.energyUj },
        }));
  const shown = rows.filter(({ energyUj }) => energyUj > 0n).sort(byEnergy);
  return [
    `The machine used ${joules(t.energyUj)} in ${figure(t.seconds)} s, ${figure(watts)} W: ${t.mode}.`,
    '',
    tableText(
      [by, ...(by === 'process' ? ['group'] : []), 'energy', 'share'],
      shown
        .slice(0, SHOWN)
        .map(({ what, of, energyUj }) => [
          ...[plain(what), ...(by === 'process' ? [plain(of)] : [])],
          ...[joules(energyUj), t.energyUj > 0n ? percentText(Number(energyUj) / Number(t.energyUj)) : ''],
        ]),
    ),
    ...(shown.length > SHOWN ? [`  … and ${shown.length - SHOWN} more: --json`] : []),
    '',
    useText(t.use),
    `  Method: ${t.method}.`,
    ...(t.why === null ? [] : [`  Not measured: ${plain(t.why)}.`]),
  ].join('\n');
};

const run = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const { openCounters, reportJson, top } = await import('../metering.js');
  const by = String(options.by);
  if (by !== 'process' && by !== 'group') throw invalid(`--by is "${by}"`, 'Give process or group.');
  const seconds = numberOf('--duration', options.duration);
  const intervalSeconds = numberOf('--interval', options.interval);
  const idleWatts = numberOf('--idle-watts', options.idleWatts);
  if (!(seconds > 0 && intervalSeconds > 0 && idleWatts >= 0))
    throw invalid('times and watts make no sense', 'Give numbers above 0: --duration 5 --interval 0.1.');
  const told = await top({
    ...{ source: openCounters(await countersOf(options)), seconds, intervalSeconds, idleWatts },
    maxWatts: options.maxWatts === undefined ? undefined : numberOf('--max-watts', options.maxWatts),
    wattsPerCpu: context.config.kwPerVcpu * 1000,
    signal: context.signal,
  });
  const json = {
    ...{ mode: told.mode, method: told.method, why: told.why, seconds: told.seconds },
    totalUj: String(told.energyUj),
    idleUj: String(told.attribution.idleUj),
    dynamicUj: String(told.attribution.dynamicUj),
    rows: [...told.attribution.rows].sort(byEnergy).map((row) => ({
      ...{ kind: row.kind, id: row.id, name: told.names.get(row.id) ?? null, group: row.group },
      ...{ energyUj: String(row.energyUj), allocationRatio: row.allocationRatio },
    })),
    groups: [...told.attribution.groups]
      .map(([group, energyUj]) => ({ group, energyUj }))
      .sort(byEnergy)
      .map(({ group, energyUj }) => ({ group, energyUj: String(energyUj) })),
    use: told.use,
    counters: reportJson(told.report),
  };
  return { json, text: topText(told, by) };
};

export const addTop = (energy: Command) => {
  addCommand(
    energy,
    'top',
    'whose energy it is now: by process, container, Slurm job and unit; the rows add up to the machine’s',
    (c) =>
      void countersFlags(c)
        .option('--duration <seconds>', 'how long', '5')
        .option('--interval <seconds>', 'time between two looks at the counters', '0.1')
        .option('--by <what>', 'process or group: Slurm job, container, unit of the system', 'process')
        .option('--idle-watts <watts>', 'what the machine draws with nothing to do; a row of its own', '0'),
    run,
  );
};
