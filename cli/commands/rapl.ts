/** `rapl read` and `rapl-sim`: energy from the processor's counters, and counters where there are none. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Fault, invalid } from '../../domain/fault.js';
import { figure, percentText } from '../../domain/figures.js';
import type { ReportJson, Where } from '../../metering.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf } from '../fields.js';
import { plain, tableText } from '../terminal.js';

type Options = Record<string, unknown>;

/** The number of a flag, or what it is when left out. */
const numberIn = <T>(options: Options, flag: string, name: string, preset: T): number | T =>
  options[name] === undefined ? preset : numberOf(flag, options[name]);

const textIn = (options: Options, name: string) => (options[name] === undefined ? undefined : String(options[name]));

/** Flags that say which counters are read; every command that reads them has these. */
export const countersFlags = (c: Command): Command =>
  c
    .option('--powercap-root <folder>', 'the class/powercap folder (default: /sys/class/powercap)')
    .option('--rapl-mode <mode>', 'sysfs: the kernel’s tree; msr: the registers themselves', 'sysfs')
    .option('--msr-cpus <list>', 'CPUs whose registers are read, such as 0,1 (default: one of each package)')
    .option('--msr-root <folder>', 'folder of the register files (default: /dev/cpu)')
    .option('--max-watts <watts>', 'more than one package can draw; bounds the time between two looks (default: 1000)');

export const countersOf = async (options: Options): Promise<Where> => {
  const { cpuList } = await import('../../metering.js');
  const mode = String(options.raplMode ?? 'sysfs');
  if (mode !== 'sysfs' && mode !== 'msr')
    throw invalid(`--rapl-mode is "${mode}"`, 'Give sysfs or msr, for example --rapl-mode sysfs.');
  return {
    mode,
    powercapRoot: textIn(options, 'powercapRoot'),
    msrRoot: textIn(options, 'msrRoot'),
    msrCpus: options.msrCpus === undefined ? undefined : cpuList(String(options.msrCpus)),
  };
};

const joulesText = (uj: string | null): string => (uj === null ? 'not known' : `${figure(Number(uj) / 1e6)} J`);

const ROLES = {
  added: '',
  inside: 'inside its package',
  around: 'contains the packages',
  mirror: 'shows another zone’s counter',
  other: 'of unknown kind',
} as const;

const gapsText = (zone: ReportJson['zones'][number]): string =>
  zone.gapCount === 0
    ? ''
    : `${zone.gapCount} gap${zone.gapCount === 1 ? '' : 's'}, the last: ${zone.gaps.at(-1)!.reason}, ${figure(zone.gaps.at(-1)!.seconds)} s`;

export const readText = (o: ReportJson): string => {
  const told =
    o.totalUj === null
      ? `No energy is known: ${o.errno ?? 'no counter moved'}.`
      : `${joulesText(o.totalUj)} in ${figure(o.seconds)} s, ${figure(Number(o.totalUj) / 1e6 / o.seconds)} W on average: measured, ${
          o.status === 'complete' ? 'all of it' : `${percentText(o.coverageRatio)} of the time of its zones`
        }.`;
  return [
    told,
    '',
    tableText(
      ['zone', 'name', 'energy', 'wraps', 'in the total', ''],
      o.zones.map((z) => [
        z.id,
        plain(z.name),
        joulesText(z.energyUj),
        String(z.wraps),
        z.role === 'added' ? 'yes' : `no: ${ROLES[z.role]}`,
        gapsText(z),
      ]),
    ),
    '',
    `  Boundary: packages and memory as the processor counts them (${plain(o.from)}); no fans, disks, power supply or GPU.`,
  ].join('\n');
};

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'Only root may read energy_uj; run the daemon (caco rapl-daemon) as root, or read as root.',
  EPERM: 'Reading registers needs root and CAP_SYS_RAWIO; try --rapl-mode sysfs.',
  ENOENT:
    'Containers and most virtual machines have no counters. Try simulated ones: caco rapl-sim --root DIR --watts 100',
};

const read = async (context: Context, _: string[], options: Options): Promise<Answer> => {
  const { openCounters, readFor, reportJson } = await import('../../metering.js');
  const source = openCounters(await countersOf(options));
  const first = source.look();
  if (first.sightings.length === 0)
    throw new Fault(
      'unavailable',
      `${source.from} shows no energy counter: ${first.errno ?? 'it holds no zone'}`,
      REMEDIES[first.errno ?? 'ENOENT'] ?? REMEDIES.ENOENT!,
    );
  const report = await readFor(source, {
    seconds: numberIn(options, '--duration', 'duration', 10),
    intervalSeconds: numberIn(options, '--interval', 'interval', 0.1),
    maxWatts: numberIn(options, '--max-watts', 'maxWatts', undefined),
    signal: context.signal,
  });
  const json = reportJson(report);
  const isKnown = json.totalUj !== null;
  const remedy = isKnown
    ? ''
    : `\n  ${REMEDIES[json.errno ?? ''] ?? 'Read for longer, or look at the gaps with --json.'}`;
  return { json, text: `${readText(json)}${remedy}`, exitCode: isKnown ? EXIT.done : EXIT.unavailable };
};

const simulate = async (context: Context, _: string[], options: Options): Promise<Answer> => {
  const { paced, simulatedMsr, simulatedPowercap, simulatedZones, trueTotalUj, usedUj } = await import(
    '../../metering.js'
  );
  const zones = simulatedZones({
    watts: numberOf('--watts', options.watts),
    sockets: numberIn(options, '--sockets', 'sockets', 1),
    wrapSeconds: numberIn(options, '--wrap-seconds', 'wrapSeconds', undefined),
  });
  const intervalMs = numberIn(options, '--interval', 'interval', 0.02) * 1000;
  const seconds = numberIn(options, '--duration', 'duration', undefined);
  for (const [flag, value] of [
    ['--interval', intervalMs],
    ['--duration', seconds],
  ] as const)
    if (value !== undefined && !(value > 0)) throw invalid(`${flag} is ${value}`, `Give seconds above 0: ${flag} 1.`);
  const root = String(options.root);
  const counters = [
    simulatedPowercap(root, zones),
    ...(options.msrRoot === undefined ? [] : [simulatedMsr(String(options.msrRoot), zones)]),
  ];
  context.warn(`Counters move under ${root}; Ctrl-C ends. Read them: caco rapl read --powercap-root ${root}`);
  const began = process.hrtime.bigint();
  let elapsedUs = 0n;
  const forMs = seconds === undefined ? {} : { forMs: seconds * 1000 };
  await paced({ intervalMs, ...forMs, signal: context.signal }, () => {
    elapsedUs = (process.hrtime.bigint() - began) / 1000n;
    for (const c of counters) c.show(elapsedUs);
  });
  const json = {
    root,
    seconds: Number(elapsedUs) / 1e6,
    zones: zones.map((z) => ({ id: z.id, name: z.name, energyUj: String(usedUj(z, elapsedUs)) })),
    totalUj: String(trueTotalUj(zones, elapsedUs)),
  };
  return {
    json,
    text: `${joulesText(json.totalUj)} were truly used by packages and memory in ${figure(json.seconds)} s.`,
  };
};

/** A driver that is not kept loaded takes a second or two to answer. */
const GPU_LOOK_MS = 3000;

const status = async (_: Context, __: string[], options: Options): Promise<Answer> => {
  const metering = await import('../../metering.js');
  const { askDaemon, expositionOf, gpuExpositionOf, lookAtGpus, nodeExpositionOf, SOCKET_PATH } = metering;
  const json = await askDaemon(textIn(options, 'socketPath') ?? SOCKET_PATH);
  if (options.prometheus !== undefined) {
    const style = options.prometheus;
    if (style !== true && style !== 'caco' && style !== 'node-exporter')
      throw invalid(`--prometheus is "${String(style)}"`, 'Give caco or node-exporter, or nothing.');
    const program = String(options.nvidiaSmi);
    const boards =
      options.gpus === false
        ? []
        : await lookAtGpus({ program, drmRoot: textIn(options, 'drmRoot'), withinMs: GPU_LOOK_MS });
    const zones = style === 'node-exporter' ? nodeExpositionOf(json) : expositionOf(json);
    return { json, text: `${zones}${gpuExpositionOf(boards)}`.trimEnd() };
  }
  const { ticks, intervalSeconds, missedTicks, jitterP99Ms } = json.pacing;
  const late = jitterP99Ms === null ? '' : `, 99 % of them less than ${figure(jitterP99Ms)} ms late`;
  return {
    json,
    text: `${readText(json)}\n  Looked ${ticks} times, every ${intervalSeconds} s${late}; ${missedTicks} missed.`,
  };
};

/** The daemon is a program of its own, so that its process holds nothing of this one. */
const daemon = async (context: Context, _: string[], options: Options): Promise<undefined> => {
  const built = fileURLToPath(new URL('../../tools/rapl/daemon.main.js', import.meta.url));
  const program = existsSync(built) ? [built] : ['--import', 'tsx', built.replace(/js$/, 'ts')];
  const given = Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    if (!DAEMON_FLAGS.has(flag) || value === undefined) return [];
    return value === true ? [flag] : [`${flag}=${String(value)}`];
  });
  const child = spawn(process.execPath, [...program, ...given], { stdio: ['ignore', 'inherit', 'inherit'] });
  const end = () => child.kill('SIGTERM');
  context.signal.addEventListener('abort', end, { once: true });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? EXIT.defect));
  });
  context.signal.removeEventListener('abort', end);
  return undefined;
};

const DAEMON_FLAGS: ReadonlySet<string> = new Set([
  '--powercap-root',
  '--rapl-mode',
  '--msr-cpus',
  '--msr-root',
  '--max-watts',
  '--interval',
  '--socket-path',
  '--socket-group',
  '--socket-mode',
  '--state',
  '--json',
]);

export const register = (program: Command) => {
  const rapl = program.command('rapl').description('energy from the processor’s own counters');
  addCommand(
    rapl,
    'read',
    'read the counters for a while: packages and memory, wraps and gaps told',
    (c) =>
      void countersFlags(c)
        .option('--duration <seconds>', 'how long', '10')
        .option('--interval <seconds>', 'time between two looks', '0.1'),
    read,
  );
  addCommand(
    rapl,
    'status',
    'what the daemon has counted so far',
    (c) =>
      void c
        .option('--socket-path <path>', 'its socket (default: /run/caco/rapl.sock)')
        .option('--prometheus [names]', 'as text for Prometheus, by names of caco or of node-exporter')
        .option('--no-gpus', 'leave GPUs alone')
        .option('--nvidia-smi <program>', 'the program that is asked for NVIDIA boards', 'nvidia-smi')
        .option('--drm-root <folder>', 'where boards of other makers stand (default: /sys/class/drm)'),
    status,
  );
  addCommand(
    program,
    'rapl-daemon',
    'read the counters all the time and tell them over a Unix socket; needs root where counters are real',
    (c) =>
      void countersFlags(c)
        .option('--interval <seconds>', 'time between two looks', '0.1')
        .option('--socket-path <path>', 'where clients connect (default: /run/caco/rapl.sock)')
        .option('--socket-group <group>', 'group that may connect, such as carbon-users (default: the process’s own)')
        .option('--socket-mode <mode>', 'permission bits of the socket, octal', '660')
        .option('--state <file>', 'keeps totals over a restart (default: beside the socket, .state)'),
    daemon,
  );
  addCommand(
    program,
    'rapl-sim',
    'counters that move where there are none: a powercap tree, and register files if asked',
    (c) =>
      void c
        .requiredOption('--root <folder>', 'becomes the class/powercap folder')
        .requiredOption('--watts <watts>', 'packages and memory together')
        .option('--sockets <n>', 'packages', '1')
        .option('--wrap-seconds <seconds>', 'begin anew this often; else the kernel’s range, the first wrap after 3 s')
        .option('--interval <seconds>', 'time between two steps of the counters', '0.02')
        .option('--duration <seconds>', 'end by itself')
        .option('--msr-root <folder>', 'register files too, with cpuinfo and topology'),
    simulate,
  );
};
