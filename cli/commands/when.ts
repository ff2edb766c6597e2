/** `when` and `run`: one job, right now. Flags and JSON are those of the CATS tool, with a latest finish and several places. */
import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { invalid } from '../../domain/fault.js';
import { figure, isNothing, massText, percentText } from '../../domain/figures.js';
import { DEADLINE_SLACK_SECONDS } from '../../domain/slurm.js';
import { type Instant, instant, plusSeconds } from '../../domain/time.js';
import type { WhenAnswer, WhenInput } from '../../offline.js';
import { execute, exitCodeOf, requireProgram } from '../child.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { numberOf } from '../fields.js';
import { plain, tableText } from '../terminal.js';

interface Timed {
  readonly answer: WhenAnswer;
  /** Waits until the moment has come in the world that was asked. */
  readonly wait: (until: Instant) => Promise<void>;
  readonly now: () => Instant;
}

/** `180`, `180m` or `3h`. */
const minutesOf = (text: unknown): number => {
  const match = /^(\d+(?:\.\d+)?)\s*(m|min|h)?$/.exec(String(text ?? ''));
  const minutes = match ? Number(match[1]) * (match[2] === 'h' ? 60 : 1) : Number.NaN;
  if (!(minutes > 0))
    throw invalid(`--duration is "${String(text)}"`, 'Give minutes, for example -d 180, or hours: -d 3h.');
  return minutes;
};

const inputOf = (options: Record<string, unknown>): WhenInput => {
  const at = (name: string) => (options[name] === undefined ? undefined : instant(String(options[name])));
  const durationMinutes = minutesOf(options.duration);
  const windowMinutes = options.window === undefined ? undefined : numberOf('--window', options.window);
  if (windowMinutes !== undefined && !(windowMinutes >= 1 && windowMinutes <= 2820))
    throw invalid(
      `--window is ${windowMinutes}`,
      'Give 1 to 2820 minutes; --deadline bounds the finish and may lie further ahead.',
    );
  const energyKwh =
    options.energyKwh !== undefined
      ? numberOf('--energy-kwh', options.energyKwh)
      : options.powerKw !== undefined
        ? (numberOf('--power-kw', options.powerKw) * durationMinutes) / 60
        : undefined;
  const input = {
    durationMinutes,
    places: options.location as string[] | undefined,
    from: at('startWindow'),
    latestStart: at('endWindow'),
    windowMinutes,
    deadline: at('deadline'),
    energyKwh,
  };
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as unknown as WhenInput;
};

const ask = async (context: Context, options: Record<string, unknown>): Promise<Timed> => {
  const told = context.config.now === undefined ? undefined : instant(context.config.now);
  if (options.signal === undefined) {
    const { world } = await context.app();
    const answer = await context.call('when_to_run', inputOf(options));
    return { answer, wait: (until) => world.clock.waitUntil(until, context.signal), now: () => world.clock.now() };
  }
  const { whenBySignal } = await import('../../offline.js');
  const column = options.column === undefined ? undefined : String(options.column);
  const { answer, clock } = await whenBySignal(inputOf(options), {
    path: String(options.signal),
    column,
    now: told,
  });
  return { answer, wait: (until) => clock.waitUntil(until, context.signal), now: clock.now };
};

const spoken = (at: Instant) => `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;

/**
 * When Slurm is to begin it. Slurm takes a begin that leaves no room to a deadline and then removes the job unrun, so the begin
 * lies before the best start where that is too near.
 */
const beginOf = (start: Instant, durationMinutes: number, deadline: Instant | undefined): Instant => {
  if (deadline === undefined) return start;
  const safe = plusSeconds(deadline, -(Math.round(durationMinutes * 60) + DEADLINE_SLACK_SECONDS));
  return safe < start ? safe : start;
};

export const whenText = (o: WhenAnswer, durationMinutes: number, deadline?: Instant): string => {
  const best = o.carbonIntensityOptimal;
  const now = o.carbonIntensityNow;
  const where = o.places.length > 1 ? ` in ${plain(o.location)}` : '';
  const compared =
    now === null
      ? 'what starting at once would emit is not known'
      : o.savedRatio === null || o.savedRatio <= 0
        ? 'waiting would not be cleaner'
        : `${percentText(o.savedRatio)} less than the ${figure(now.value)} g/kWh of starting at once`;
  const lines = [
    `${o.waitMinutes === 0 ? 'Start now' : `Start at ${spoken(best.start)}`}${where}: ${figure(best.value)} g/kWh on average until ${spoken(o.finish)}; ${compared}.`,
  ];
  if (o.emmissionEstimate)
    lines.push(
      isNothing(o.emmissionEstimate.savings)
        ? `  ${massText(o.emmissionEstimate.best / 1000)} CO2e.`
        : `  ${massText(o.emmissionEstimate.best / 1000)} CO2e instead of ${massText(o.emmissionEstimate.now / 1000)}.`,
    );
  if (o.places.length > 1)
    lines.push(
      '',
      tableText(
        ['place', 'start', 'finish', 'g/kWh', 'at once'],
        o.places.map((p) => [
          plain(p.location),
          spoken(p.carbonIntensityOptimal.start),
          spoken(p.finish),
          figure(p.carbonIntensityOptimal.value),
          p.carbonIntensityNow === null ? '–' : figure(p.carbonIntensityNow.value),
        ]),
      ),
    );
  for (const { location, why } of o.unseen) lines.push(`  Left out: ${plain(location)}: ${plain(why)}.`);
  for (const said of o.assumed) lines.push(`  ${plain(said)}`);
  const [source] = o.places;
  if (source) lines.push(`  Source: ${plain(source.source)}; known since ${spoken(source.generatedAt)}.`);
  const begin = beginOf(best.start, durationMinutes, deadline);
  if (begin < best.start)
    lines.push(
      `  The command for Slurm begins earlier, so that ${DEADLINE_SLACK_SECONDS / 60} min are left to the deadline.`,
    );
  // Slurm reads a time without a zone in the zone of whoever calls it.
  lines.push(
    '',
    `  Next: caco run -d ${durationMinutes} -- COMMAND   TZ=UTC sbatch --begin=${begin.slice(0, 19)} SCRIPT`,
  );
  return lines.join('\n');
};

const when = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const { answer } = await ask(context, options);
  const text =
    options.format === undefined
      ? whenText(answer, minutesOf(options.duration), inputOf(options).deadline)
      : JSON.stringify(answer, null, 2);
  if (options.format !== undefined && options.format !== 'json')
    throw invalid(`--format is "${String(options.format)}"`, 'The only format is json.');
  return { json: answer, text };
};

const run = async (
  context: Context,
  command: string[],
  options: Record<string, unknown>,
): Promise<Answer | undefined> => {
  requireProgram(command[0]!);
  const { answer, wait, now } = await ask(context, options);
  const askedAt = now();
  const best = answer.carbonIntensityOptimal;
  if (answer.waitMinutes > 0)
    context.warn(
      `Waits until ${spoken(best.start)} (${plain(answer.location)}, ${figure(best.value)} g/kWh); Ctrl-C gives up.`,
    );
  // The books are opened before the wait: a store that cannot be written is better known now.
  await context.app();
  await wait(best.start);
  context.signal.throwIfAborted();
  const startedAt = now();
  const began = process.hrtime.bigint();
  const { code, by } = await execute(command, context.json, context.signal);
  const seconds = Math.round(Number(process.hrtime.bigint() - began) / 1e9);
  const { run: noted } = await context.call(
    'record_command_run',
    {
      program: command[0]!,
      commandDigest: createHash('sha256').update(JSON.stringify(command)).digest('hex'),
      location: answer.location,
      source: answer.places[0]!.source,
      askedAt,
      plannedStart: best.start,
      plannedMinutes: minutesOf(options.duration),
      meanGPerKwh: best.value,
      nowGPerKwh: answer.carbonIntensityNow?.value ?? null,
      startedAt,
      finishedAt: plusSeconds(startedAt, seconds),
      exitCode: code,
    },
    // Written even when Ctrl-C ended the command.
    { signal: new AbortController().signal },
  );
  const exitCode = exitCodeOf({ code, by });
  if (context.json) return { json: { ...answer, run: noted }, text: '', exitCode };
  context.warn(`Ran from ${spoken(startedAt)}, exit ${exitCode}; noted as ${noted.id}.`);
  process.exitCode = exitCode;
  return undefined;
};

const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value];

const shape = (c: Command) =>
  c
    .requiredOption('-d, --duration <minutes>', 'how long it runs; 3h means hours')
    .option(
      '-l, --location <place>',
      'region, site or British postcode; may be given several times, home first',
      collect,
    )
    .option('--deadline <time>', 'when it must have finished')
    .option('--window <minutes>', 'search no further than this for a start, 1 to 2820')
    .option('--start-window <time>', 'earliest start')
    .option('--end-window <time>', 'latest start')
    .option('--signal <file>', 'take the intensity from this CSV or JSON file, as given')
    .option('--column <name>', "column of the file, in brackets what its header does not say: 'value (lb/MWh)'")
    .option('--power-kw <kw>', 'power while it runs, for an estimate of emissions')
    .option('--energy-kwh <kwh>', 'energy of the whole run, for an estimate of emissions');

export const register = (program: Command) => {
  addCommand(
    program,
    'when',
    'the best moment to start one job',
    (c) => void shape(c).option('--format <format>', 'json: as --json, as CATS spells it'),
    when,
  );
  addCommand(
    program,
    'run <command...>',
    'wait for the best moment and run a command: caco run -d 180 -- make train',
    (c) => void shape(c),
    run,
  );
};
