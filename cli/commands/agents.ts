/** The three agents: one JSON command per line on standard input, one JSON answer per line on standard output. */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { AgentName, App } from '../../app.js';
import { figure, moneyText } from '../../domain/figures.js';
import { plusHours } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf } from '../fields.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

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

const NOW = flagsOf('get_grid_forecast', { from: false, to: false, horizonHours: false, windowHours: false });
const FORECAST = flagsOf('get_grid_forecast', {
  from: false,
  to: false,
  horizonHours: { flag: '--hours <hours>', about: 'how far ahead (default: 24)' },
  windowHours: false,
});
const WINDOWS = flagsOf('find_green_window', {
  durationHours: { optional: true, about: 'length of the work (default: 2)' },
  energyKwh: false,
  from: false,
  deadline: false,
  regions: { flag: '--region <region>', about: 'grid region; every one with a signal when left out' },
  rankBy: false,
  limit: false,
});

const BACKFILL = flagsOf('refresh_grid', {
  from: { flag: '--from <time>', about: 'start (default: 24 hours ago)' },
  to: { flag: '--to <time>', about: 'end, exclusive (default: 48 hours from now)' },
  regions: { flag: '--region <region>', about: 'region; those of the sites when left out', repeated: true },
  sources: { flag: '--source <name>', about: 'source by name; all of CACO_GRID when left out', repeated: true },
  quantities: { flag: '--quantity <name>', repeated: true },
  anew: { flag: '--anew', about: 'ask also for what is known and may have changed' },
});

const backfill = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const brought = await context.call('refresh_grid', await BACKFILL.input(options));
  const rows = brought.signals.map((s) => [
    plain(s.source),
    plain(s.region),
    s.quantity,
    plain(s.unit),
    String(s.requests),
    String(s.added),
    String(s.gaps),
  ]);
  const down = brought.signals.filter((s) => s.trouble !== null);
  const text = [
    await context.tell('refresh_grid', { ...brought, signals: brought.signals.map((s) => ({ ...s, trouble: null })) }),
    tableText(['source', 'region', 'quantity', 'unit', 'requests', 'new', 'without'], rows),
    ...down.map((s) => `Silent: ${plain(s.source)}, ${s.quantity} of ${plain(s.region)}: ${plain(s.trouble ?? '')}`),
    ...(down.length === 0 ? [] : ['The same command goes on where this one stopped.']),
  ].join('\n');
  return { json: brought, text, ...(down.length === 0 ? {} : { exitCode: EXIT.unavailable }) };
};

const forecastAnswer = async (
  context: Context,
  { region, horizonHours = 24 }: { region?: string | undefined; horizonHours?: number | undefined },
): Promise<Answer> => {
  const from = (await context.app()).world.clock.now();
  const forecast = await context.call('get_grid_forecast', { from, to: plusHours(from, horizonHours), region });
  const rows = forecast.points.map((p) => [
    p.start,
    p.intensityGPerKwh === null ? 'no data' : figure(p.intensityGPerKwh),
    p.low === null || p.high === null ? '' : `${figure(p.low)} to ${figure(p.high)}`,
    p.pricePerMwh === null ? 'no data' : moneyText(p.pricePerMwh, p.currency),
  ]);
  const text = [
    `${forecast.region} · ${forecast.status} · ${forecast.source} · issued ${forecast.generatedAt}`,
    ...(forecast.priceSource === null ? [] : [`price: ${plain(forecast.priceSource)}`]),
    ...forecast.notes.map(plain),
    tableText(['from (UTC)', 'g/kWh', 'interval', 'per MWh'], rows),
  ].join('\n');
  return { json: forecast, text };
};

const windows = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const from = (await context.app()).world.clock.now();
  const { durationHours = 2, regions } = await WINDOWS.input(options);
  const deadline = plusHours(from, numberOf('--hours', options.hours));
  const found = await context.call('find_green_window', { durationHours, deadline, regions });
  return { json: found, text: await context.tell('find_green_window', found) };
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
    'grid agent: get_grid_forecast as JSON lines; for people: grid now|forecast|windows|backfill',
    () => {},
    (context) => listen('grid', context),
  );
  addCommand(grid, 'now', 'carbon intensity and price at this moment', NOW.shape, async (context, _, options) =>
    forecastAnswer(context, { ...(await NOW.input(options)), horizonHours: 0.5 }),
  );
  addCommand(grid, 'forecast', 'carbon intensity and price ahead', FORECAST.shape, async (context, _, options) =>
    forecastAnswer(context, await FORECAST.input(options)),
  );
  addCommand(
    grid,
    'windows',
    'the cleanest windows ahead',
    async (c) => (await WINDOWS.shape(c)).option('--hours <hours>', 'how far ahead', '24'),
    windows,
  );
  addCommand(
    grid,
    'backfill',
    'bring what is missing from the live sources: caco grid backfill --from 2025-01-01T00:00Z',
    BACKFILL.shape,
    backfill,
  );
};
