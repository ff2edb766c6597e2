/** `energy run`: what one command used, measured on counters where there are any, else modelled and said so. */
import type { Command } from 'commander';
import type { Estimate } from '../../domain/estimate.js';
import { Fault } from '../../domain/fault.js';
import { figure, massText, percentText } from '../../domain/figures.js';
import { fromEpoch, type Instant, plusSeconds } from '../../domain/time.js';
import type { HalfHour, Measured } from '../../metering.js';
import { type Ending, execute, exitCodeOf, requireProgram } from '../child.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { numberOf } from '../fields.js';
import { plain } from '../terminal.js';
import { countersFlags, countersOf } from './rapl.js';

interface Emitted {
  readonly region: string;
  readonly source: string;
  readonly accounting: string;
  /** where the world's clock stood when the command began */
  readonly startedAt: Instant;
  readonly halfHours: readonly HalfHour[];
  readonly emissionsKg: Estimate | null;
}

/** The energy stands without the grid: why there are no emissions is told, never thrown. */
const emitted = async (
  context: Context,
  measured: Measured,
  region: string | undefined,
): Promise<{ told: Emitted } | { told: null; why: string }> => {
  if (measured.energyUj === null) return { told: null, why: 'its energy is not known' };
  try {
    const { emissionsOf, halfHours, spanOf } = await import('../../metering.js');
    const { world } = await context.app();
    const regions = await world.grid.regions();
    const place = region ?? (await world.fleet.sites())[0]?.region ?? regions[0];
    if (place === undefined) return { told: null, why: 'the grid has no region' };
    // A simulated or recorded world has a time of its own; the command ends at its now.
    const startedAt = plusSeconds(world.clock.now(), -Math.round(measured.seconds));
    const span = spanOf(startedAt, measured.minutesUj.length);
    const by = async (status: 'actual' | 'forecast') => {
      const { series, source, kind } = await world.grid.carbon(place, span, status);
      return { rows: halfHours(measured.minutesUj, startedAt, series), source, kind };
    };
    const actual = await by('actual');
    // What came true of this half-hour is often published later.
    const isPublished = actual.rows.every((row) => row.intensityGPerKwh !== null);
    const { rows, source, kind } = isPublished ? actual : await by('forecast');
    const { uncertaintyRatio, confidence } = context.config;
    return {
      told: {
        ...{ region: place, source, accounting: kind.accounting, startedAt, halfHours: rows },
        emissionsKg: emissionsOf(rows, uncertaintyRatio, confidence),
      },
    };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { told: null, why: error.message };
  }
};

const joules = (uj: bigint | null) => (uj === null ? 'energy that is not known' : `${figure(Number(uj) / 1e6)} J`);

const textOf = (program: string, m: Measured, told: Emitted | null, why: string | null): string => {
  const cpu = m.cpuSeconds === null ? '' : `, ${figure(m.cpuSeconds)} s of CPU time`;
  const lines = [`${plain(program)} used ${joules(m.energyUj)} in ${figure(m.seconds)} s${cpu}: ${m.mode}.`];
  if (m.machineUj !== null && m.mode === 'measured')
    lines.push(
      `  The machine used ${joules(m.machineUj)} meanwhile${m.report.status === 'complete' ? '' : `, known for ${percentText(m.report.coverageRatio)} of the time`}.`,
    );
  lines.push(`  Method: ${m.method}.`);
  if (m.why !== null) lines.push(`  Not measured: ${plain(m.why)}.`);
  const estimate = told?.emissionsKg;
  if (told && estimate)
    lines.push(
      `  ${massText(estimate.value)} CO2e (${massText(estimate.low)} to ${massText(estimate.high)}, ${percentText(estimate.confidence)}) by the half-hours from ${told.startedAt} in ${plain(told.region)}. Source: ${plain(told.source)}.`,
    );
  else lines.push(`  Emissions are not known: ${plain(why ?? 'the intensity of some half-hour is not known')}.`);
  return lines.join('\n');
};

const run = async (
  context: Context,
  command: string[],
  options: Record<string, unknown>,
): Promise<Answer | undefined> => {
  requireProgram(command[0]!);
  const { kwhOf, measure, openCounters, reportJson } = await import('../../metering.js');
  const source = openCounters(await countersOf(options));
  const began = fromEpoch(Math.floor(Date.now() / 1000));
  const { result, measured } = await measure<Ending>(
    {
      source,
      intervalSeconds: numberOf('--interval', options.interval),
      maxWatts: options.maxWatts === undefined ? undefined : numberOf('--max-watts', options.maxWatts),
      idleWatts: numberOf('--idle-watts', options.idleWatts),
      wattsPerCpu: context.config.kwPerVcpu * 1000,
    },
    () => execute(command, context.json, context.signal),
  );
  const found = await emitted(context, measured, options.region === undefined ? undefined : String(options.region));
  const why = found.told === null ? found.why : null;
  const { report, attribution } = measured;
  const exitCode = exitCodeOf(result);
  if (!context.json) {
    context.warn(textOf(command[0]!, measured, found.told, why));
    process.exitCode = exitCode;
    return undefined;
  }
  const counters = reportJson(report);
  const json = {
    ...counters,
    mode: measured.mode,
    method: measured.method,
    why: measured.why,
    attributionMode: attribution === null ? 'monitor_only' : 'cpu_time',
    exitCode: result.code,
    began,
    seconds: measured.seconds,
    cpuSeconds: measured.cpuSeconds,
    energyUj: measured.energyUj === null ? null : String(measured.energyUj),
    energyKwh: measured.energyUj === null ? null : kwhOf(measured.energyUj),
    totalUj: measured.machineUj === null ? null : String(measured.machineUj),
    rows:
      attribution?.rows.map(({ kind, group, energyUj, allocationRatio }) => ({
        ...{ kind, group, allocationRatio },
        energyUj: String(energyUj),
      })) ?? [],
    emissionsKg: found.told?.emissionsKg ?? null,
    emissionsUnknown: found.told?.emissionsKg ? null : (why ?? 'the intensity of some half-hour is not known'),
    intensity: found.told && {
      ...{ region: found.told.region, source: found.told.source, accounting: found.told.accounting },
      ...{ startedAt: found.told.startedAt, halfHours: found.told.halfHours },
    },
  };
  return { json, text: '', exitCode };
};

export const register = (program: Command) => {
  const energy = program.command('energy').description('what a piece of work used');
  addCommand(
    energy,
    'run <command...>',
    'run a command and say what it used: caco energy run -- make test',
    (c) =>
      void countersFlags(c)
        .option('--interval <seconds>', 'time between two looks at the counters', '0.1')
        .option('--idle-watts <watts>', 'what the machine draws with nothing to do; taken off before the split', '0')
        .option('--region <region>', 'whose grid; the first site’s when left out'),
    run,
  );
};
