/** `energy run`: what one command used, measured on counters where there are any, else modelled and said so. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { EstimateMethod } from '../../domain/estimate.js';
import { Fault, invalid } from '../../domain/fault.js';
import { figure, massText, percentText } from '../../domain/figures.js';
import { fromEpoch, type Instant, plusSeconds } from '../../domain/time.js';
import type { EmissionsRecord, HalfHour, Measured } from '../../metering.js';
import { type Ending, execute, exitCodeOf, requireProgram } from '../child.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { addTop, gpuText, useText } from '../energy-top.js';
import { numberOf } from '../fields.js';
import { plain } from '../terminal.js';
import { countersFlags, countersOf } from './rapl.js';

type Options = Record<string, unknown>;

interface Emitted {
  readonly region: string;
  readonly source: string;
  readonly accounting: string;
  /** where the world's clock stood when the command began */
  readonly startedAt: Instant;
  readonly halfHours: readonly HalfHour[];
  readonly emissions: EmissionsRecord | null;
}

const methodOf = (options: Options): EstimateMethod => {
  const read = EstimateMethod.safeParse(options.method);
  if (read.success) return read.data;
  throw invalid(`--method is "${String(options.method)}"`, `Give ${EstimateMethod.options.join(' or ')}.`);
};

/** The energy stands without the grid: why there are no emissions is told, never thrown. */
const emitted = async (
  context: Context,
  measured: Measured,
  minutesUj: readonly bigint[],
  options: Options,
): Promise<{ told: Emitted } | { told: null; why: string }> => {
  if (measured.energyUj === null) return { told: null, why: 'its energy is not known' };
  try {
    const { emissionsOf, halfHours, spanOf } = await import('../../metering.js');
    const { world } = await context.app();
    const regions = await world.grid.regions();
    const asked = options.region === undefined ? undefined : String(options.region);
    const place = asked ?? (await world.fleet.sites())[0]?.region ?? regions[0];
    if (place === undefined) return { told: null, why: 'the grid has no region' };
    // A simulated or recorded world has a time of its own; the command ends at its now.
    const startedAt = plusSeconds(world.clock.now(), -Math.round(measured.seconds));
    const span = spanOf(startedAt, minutesUj.length);
    const by = async (status: 'actual' | 'forecast') => {
      const { series, source, kind } = await world.grid.carbon(place, span, status);
      return { rows: halfHours(minutesUj, startedAt, series), source, kind };
    };
    const actual = await by('actual');
    // What came true of this half-hour is often published later.
    const isPublished = actual.rows.every((row) => row.intensityGPerKwh !== null);
    const { rows, source, kind } = isPublished ? actual : await by('forecast');
    return {
      told: {
        ...{ region: place, source, accounting: kind.accounting, startedAt, halfHours: rows },
        emissions: emissionsOf(rows, context.config, {
          method: methodOf(options),
          seed: numberOf('--draw', options.draw),
        }),
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
  lines.push(...gpuText(m.gpus), useText(m.use), `  Method: ${m.method}.`);
  if (m.why !== null) lines.push(`  Not measured: ${plain(m.why)}.`);
  const estimate = told?.emissions;
  if (told && estimate)
    lines.push(
      `  ${massText(estimate.value)} CO2e (${massText(estimate.low)} to ${massText(estimate.high)}, ${percentText(estimate.confidence)}, ${estimate.method}) by the half-hours from ${told.startedAt} in ${plain(told.region)}. Source: ${plain(told.source)}.`,
    );
  else lines.push(`  Emissions are not known: ${plain(why ?? 'the intensity of some half-hour is not known')}.`);
  return lines.join('\n');
};

/** Evidence, where a home exists to keep it in. A world that cannot take it is told of, and nothing is lost of the measurement. */
const recorded = async (
  context: Context,
  command: readonly string[],
  measured: Measured,
  told: Emitted | null,
  options: Options,
): Promise<{ seq: number; hash: string; meterId: string | null } | null> => {
  const job = options.job === undefined ? null : String(options.job);
  const text = (uj: bigint | null) => (uj === null ? null : String(uj));
  try {
    const { world } = await context.app();
    const startedAt = told?.startedAt ?? plusSeconds(world.clock.now(), -Math.round(measured.seconds));
    const dynamic = measured.attribution?.rows.find(({ kind }) => kind === 'process');
    return await context.call('record_energy_run', {
      program: basename(command[0]!).slice(0, 500),
      commandDigest: createHash('sha256').update(JSON.stringify(command)).digest('hex'),
      ...{ startedAt, finishedAt: plusSeconds(startedAt, Math.round(measured.seconds)) },
      ...{ mode: measured.mode, method: measured.method, why: measured.why?.slice(0, 500) ?? null },
      attributionMode: measured.attribution === null ? 'monitor_only' : 'cpu_time',
      boundary: 'processor packages and memory, by share of CPU time',
      ...{ energyUj: text(measured.energyUj), machineUj: text(measured.machineUj) },
      gpuUj: text(measured.gpuUj),
      allocationRatio: dynamic?.allocationRatio ?? null,
      coverageRatio: measured.report.coverageRatio,
      ...{ region: told?.region ?? null, intensitySource: told?.source ?? null },
      halfHours: (told?.halfHours ?? []).slice(0, 100).map(({ start, energyKwh, intensityGPerKwh }) => ({
        ...{ start, energyKwh, intensityGPerKwh },
      })),
      emissions: told?.emissions
        ? {
            ...{ method: told.emissions.method, seed: told.emissions.seed, draws: told.emissions.draws },
            ...{ valueKg: told.emissions.value, lowKg: told.emissions.low, highKg: told.emissions.high },
            ...{ confidence: told.emissions.confidence, uncertaintyRatio: told.emissions.uncertaintyRatio },
          }
        : null,
      jobId: job,
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    context.warn(`Nothing was recorded: ${error.message}`);
    return null;
  }
};

/** OpenTelemetry's own variables decide; a collector that is away costs a line and nothing else. */
const exported = async (context: Context, measured: Measured, program: string): Promise<void> => {
  const { otlpBody, otlpHeaders, otlpUrl, pointsOf, sendOtlp } = await import('../../metering.js');
  const url = otlpUrl(process.env);
  if (url === null || process.env.OTEL_SDK_DISABLED === 'true') return;
  const nowMs = Date.now();
  const service = process.env.OTEL_SERVICE_NAME ?? 'caco';
  const body = otlpBody(pointsOf(measured, program), { startMs: nowMs - measured.seconds * 1000, nowMs, service });
  try {
    await sendOtlp(body, url, otlpHeaders(process.env.OTEL_EXPORTER_OTLP_HEADERS), context.signal);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    context.warn(`OpenTelemetry: ${error.message}`);
  }
};

/** Measuring makes no home: one that is not there before the world is opened gets no entry. */
const keepsBooks = ({ config: { home, databaseUrl } }: Context, options: Options): boolean =>
  options.record !== false && (databaseUrl !== undefined || existsSync(home));

const run = async (context: Context, command: string[], options: Options): Promise<Answer | undefined> => {
  requireProgram(command[0]!);
  methodOf(options);
  const { gpuJson, kwhOf, measure, openCounters, openGpus, reportJson } = await import('../../metering.js');
  const isKept = keepsBooks(context, options);
  const source = openCounters(await countersOf(options));
  const began = fromEpoch(Math.floor(Date.now() / 1000));
  const gpus =
    options.gpus === false
      ? null
      : openGpus({
          program: String(options.nvidiaSmi),
          drmRoot: options.drmRoot === undefined ? undefined : String(options.drmRoot),
          intervalMs: numberOf('--gpu-interval', options.gpuInterval) * 1000,
        });
  const { result, measured } = await measure<Ending>(
    {
      ...{ source, gpus, intervalSeconds: numberOf('--interval', options.interval) },
      maxWatts: options.maxWatts === undefined ? undefined : numberOf('--max-watts', options.maxWatts),
      idleWatts: numberOf('--idle-watts', options.idleWatts),
      wattsPerCpu: context.config.kwPerVcpu * 1000,
    },
    () => execute(command, context.json, context.signal),
  );
  const found = await emitted(context, measured, measured.minutesUj, options);
  const why = found.told === null ? found.why : null;
  const entry = isKept ? await recorded(context, command, measured, found.told, options) : null;
  await exported(context, measured, basename(command[0]!));
  const { report, attribution } = measured;
  const exitCode = exitCodeOf(result);
  if (!context.json) {
    context.warn(textOf(command[0]!, measured, found.told, why));
    if (entry !== null) context.warn(`  Ledger entry ${entry.seq}.`);
    process.exitCode = exitCode;
    return undefined;
  }
  const text = (uj: bigint | null) => (uj === null ? null : String(uj));
  const json = {
    ...reportJson(report),
    ...{ mode: measured.mode, method: measured.method, why: measured.why },
    attributionMode: attribution === null ? 'monitor_only' : 'cpu_time',
    ...{ exitCode: result.code, began, seconds: measured.seconds, cpuSeconds: measured.cpuSeconds },
    energyUj: text(measured.energyUj),
    energyKwh: measured.energyUj === null ? null : kwhOf(measured.energyUj),
    totalUj: text(measured.machineUj),
    gpuUj: text(measured.gpuUj),
    gpus: measured.gpus.map(gpuJson),
    use: measured.use,
    rows:
      attribution?.rows.map(({ kind, group, energyUj, allocationRatio }) => ({
        ...{ kind, group, allocationRatio },
        energyUj: String(energyUj),
      })) ?? [],
    emissionsKg: found.told?.emissions ?? null,
    emissionsUnknown: found.told?.emissions ? null : (why ?? 'the intensity of some half-hour is not known'),
    intensity: found.told && {
      ...{ region: found.told.region, source: found.told.source, accounting: found.told.accounting },
      ...{ startedAt: found.told.startedAt, halfHours: found.told.halfHours },
    },
    ledger: entry,
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
        .option('--no-gpus', 'leave GPUs alone')
        .option('--nvidia-smi <program>', 'the program that is asked for NVIDIA boards', 'nvidia-smi')
        .option('--drm-root <folder>', 'where boards of other makers stand (default: /sys/class/drm)')
        .option('--gpu-interval <seconds>', 'time between two looks at GPUs', '0.1')
        .option('--region <region>', 'whose grid; the first site’s when left out')
        .option(
          '--method <method>',
          'how the interval of the emissions is made: analytical_truncated or monte_carlo',
          'analytical_truncated',
        )
        .option('--draw <seed>', 'seed of the draws of monte_carlo', '1')
        .option('--job <id>', 'the job that the command is: its energy is kept as that job’s meter')
        .option('--no-record', 'no ledger entry, though a home exists'),
    run,
  );
  addTop(energy);
};
