/** The three agents: one JSON command per line on standard input, one JSON answer per line on standard output. */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { AgentName, App } from '../../app.js';
import { figure, moneyText } from '../../domain/figures.js';
import { plusHours } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { tableText } from '../terminal.js';
import { numberOf } from './launch.js';

/** A line longer than this is answered with an error and never parsed. */
const MOST_CHARACTERS = 64 * 1024 * 1024;

const answerLine = async (app: App, name: AgentName, line: string, context: Context): Promise<unknown> => {
  const broken = (message: string) => ({
    ok: false,
    error: { code: 'invalid-input', message, remedy: 'Send one JSON command per line; docs/agents.md shows each.' },
  });
  if (line.length > MOST_CHARACTERS) return broken('the line is longer than 64 MiB');
  let command: unknown;
  try {
    command = JSON.parse(line);
  } catch (error) {
    return broken(`not JSON: ${(error as Error).message}`);
  }
  return app.agent(name, command, {
    actor: await context.actor(name === 'grid' ? 'read' : 'operate'),
    signal: context.signal,
  });
};

const write = (text: string) => new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));

const listen = async (name: AgentName, context: Context): Promise<undefined> => {
  const app = await context.app();
  if (process.stdin.isTTY) context.warn(`caco ${name} reads one JSON command per line; Ctrl-D ends it`);
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  context.signal.addEventListener('abort', () => lines.close(), { once: true });
  for await (const line of lines)
    if (line.trim() !== '') await write(JSON.stringify(await answerLine(app, name, line, context)));
  context.signal.throwIfAborted();
};

interface Forecast {
  region: string;
  source: string;
  status: string;
  generatedAt: string;
  points: {
    start: string;
    intensityGPerKwh: number | null;
    low: number | null;
    high: number | null;
    pricePerMwh: number | null;
    currency: string;
  }[];
}

const forecastAnswer = async (context: Context, hours: number, region: string | undefined): Promise<Answer> => {
  const app = await context.app();
  const from = app.world.clock.now();
  const forecast = await context.call<Forecast>('get_grid_forecast', {
    from,
    to: plusHours(from, hours),
    ...(region === undefined ? {} : { region }),
  });
  const rows = forecast.points.map((p) => [
    p.start,
    p.intensityGPerKwh === null ? 'no data' : figure(p.intensityGPerKwh),
    p.low === null || p.high === null ? '' : `${figure(p.low)} to ${figure(p.high)}`,
    p.pricePerMwh === null ? 'no data' : moneyText(p.pricePerMwh, p.currency),
  ]);
  const text = [
    `${forecast.region} · ${forecast.status} · ${forecast.source} · issued ${forecast.generatedAt}`,
    tableText(['from (UTC)', 'g/kWh', 'interval', 'per MWh'], rows),
  ].join('\n');
  return { json: forecast, text };
};

const windowsAnswer = async (
  context: Context,
  hours: number,
  durationHours: number,
  region: string | undefined,
): Promise<Answer> => {
  const app = await context.app();
  const from = app.world.clock.now();
  const found = await context.call<unknown>('find_green_window', {
    durationHours,
    deadline: plusHours(from, hours),
    ...(region === undefined ? {} : { regions: [region] }),
  });
  return { json: found, text: app.tools.find((t) => t.name === 'find_green_window')!.tell(found) };
};

export const register = (program: Command) => {
  for (const [name, summary] of [
    ['compute', 'compute agent: ingest_jobs, get_flexibility_profile as JSON lines'],
    ['coordination', 'coordination agent: run_caco_planning as JSON lines'],
  ] as const)
    addCommand(
      program,
      name,
      summary,
      () => {},
      (context) => listen(name, context),
    );

  const grid = addCommand(
    program,
    'grid',
    'grid agent: get_grid_forecast as JSON lines; for people: grid now|forecast|windows',
    () => {},
    (context) => listen('grid', context),
  );
  const forRegion = (c: Command) => c.option('--region <region>', 'grid region; the only one when left out');
  addCommand(grid, 'now', 'carbon intensity and price at this moment', forRegion, (context, _, options) =>
    forecastAnswer(context, 0.5, options.region as string | undefined),
  );
  addCommand(
    grid,
    'forecast',
    'carbon intensity and price ahead',
    (c) => forRegion(c).option('--hours <hours>', 'how far ahead', '24'),
    (context, _, options) =>
      forecastAnswer(context, numberOf('--hours', options.hours), options.region as string | undefined),
  );
  addCommand(
    grid,
    'windows',
    'the cleanest windows ahead',
    (c) =>
      forRegion(c)
        .option('--hours <hours>', 'how far ahead', '24')
        .option('--duration-hours <hours>', 'length of the work', '2'),
    (context, _, options) =>
      windowsAnswer(
        context,
        numberOf('--hours', options.hours),
        numberOf('--duration-hours', options.durationHours),
        options.region as string | undefined,
      ),
  );
};
