/** `event`: what networks, markets and people ask for, and what was promised. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { invalid, notFound } from '../../domain/fault.js';
import { powerText } from '../../domain/figures.js';
import { type FlexibilityEvent, STAMPS } from '../../domain/flexibility/event.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf } from '../fields.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';
import { byOf } from './launch.js';

const STAMP_WORDS = {
  received: 'received',
  decided: 'decided',
  issued: 'last command issued',
  acknowledged: 'acknowledged',
  itBelow: 'IT meter below target',
  facilityBelow: 'facility meter below and staying',
} as const;

const text = ({ id, asked, status, reason, commitment, stamps }: FlexibilityEvent): string =>
  [
    `Event ${id} (${plain(asked.source)} ${plain(asked.ref)}): ${status}${reason === null ? '.' : `: ${plain(reason)}.`}`,
    ...(status === 'confirmed' && commitment !== null
      ? [
          `  Promised at ${commitment.region} from ${commitment.start} to ${commitment.end}: at most ${powerText(commitment.targetKw)}${commitment.baselineKw === null ? '' : `, where ${powerText(commitment.baselineKw)} was planned (mean)`}, by plan ${commitment.planId}.`,
        ]
      : []),
    `  ${STAMPS.map((stamp) => `${STAMP_WORDS[stamp]} ${stamps[stamp] ?? 'not known'}`).join(' · ')}`,
  ].join('\n');

/** Confirmed and what was over are done; declined is a refusal; what waits for a person waits. */
const exitOf = (events: readonly FlexibilityEvent[]): number =>
  events.some(({ status }) => status === 'declined' || status === 'received') ? EXIT.refused : EXIT.done;

const targetOf = (options: Record<string, unknown>) => {
  const given = ['limit', 'reduce', 'share', 'increase'].filter((name) => options[name] !== undefined);
  if (given.length !== 1)
    throw invalid(
      `${given.length === 0 ? 'no target is given' : `${given.map((name) => `--${name}`).join(' and ')} are given`}`,
      'Give one of --limit KW, --reduce KW, --share RATIO (0.25 for 25 %) or --increase KW.',
    );
  const [name] = given as [string];
  const value = numberOf(`--${name}`, String(options[name]));
  if (name === 'limit') return { as: 'limit', kw: value };
  if (name === 'share') return { as: 'share', ratio: value };
  return { as: name === 'reduce' ? 'reduction' : 'increase', kw: value };
};

const rateOf = (form: unknown, flag: string) => {
  if (form === undefined) return {};
  const match = /^(-?\d+(?:\.\d+)?)([A-Z]{3})$/.exec(String(form));
  if (!match) throw invalid(`${flag} is "${form}"`, 'Give money per MWh with its currency, for example 241GBP.');
  return { perMwh: Number(match[1]), currency: match[2] };
};

const fromFlags = (options: Record<string, unknown>) => ({
  source: options.source ?? 'person',
  ref: options.ref ?? `${options.site}@${options.start}`,
  product: options.product ?? 'unnamed',
  site: options.site,
  start: options.start,
  end: options.end ?? null,
  target: targetOf(options),
  ...(options.notice === undefined ? {} : { noticeMinutes: numberOf('--notice', String(options.notice)) }),
  bestEffort: options.bestEffort === true,
  ...(options.price === undefined ? {} : { price: rateOf(options.price, '--price') }),
  ...(options.penalty === undefined ? {} : { penalty: rateOf(options.penalty, '--penalty') }),
});

/** One event or a list of them: a schedule is a list whose events lie ahead. */
const fromFile = (path: string): unknown[] => {
  let said: string;
  try {
    said = readFileSync(path, 'utf8');
  } catch (error) {
    throw notFound(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`, 'Give the path of a JSON file.');
  }
  try {
    const read: unknown = JSON.parse(said);
    return Array.isArray(read) ? read : [read];
  } catch (error) {
    throw invalid(`${path} is not JSON: ${(error as Error).message}`, 'docs/flexibility-events.md has an example.');
  }
};

const add = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const app = await context.app();
  const by = await byOf(context, 'operate');
  const given = options.file === undefined ? [fromFlags(options)] : fromFile(String(options.file));
  const events: FlexibilityEvent[] = [];
  for (const one of given) events.push(await app.respond(one, by));
  return {
    json: options.file === undefined ? events[0] : { events },
    text: events.map(text).join('\n\n'),
    exitCode: exitOf(events),
  };
};

const LIST = flagsOf('list_events', {});

const list = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const answer = await context.call('list_events', await LIST.input(options));
  const rows = answer.events.map(({ id, asked, status, commitment, reason }) => [
    id,
    status,
    plain(asked.source),
    asked.start,
    asked.end ?? 'open',
    commitment === null ? '' : powerText(commitment.targetKw),
    plain(reason ?? '').slice(0, 80),
  ]);
  return {
    json: answer,
    text:
      rows.length === 0
        ? 'No event was received. caco event add --site SITE --start T --end T --share 0.25'
        : tableText(['event', 'stands', 'source', 'from', 'to', 'at most', 'why'], rows),
  };
};

const cancel = async (context: Context, [id]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const app = await context.app();
  const event = await app.cancelEvent(id!, String(options.why ?? ''), await byOf(context, 'operate'));
  return { json: event, text: text(event) };
};

const watch = async (context: Context): Promise<Answer> => {
  const app = await context.app();
  const events = await app.respondToOpen(await byOf(context, 'operate'));
  return {
    json: { events },
    text: events.length === 0 ? 'No event waits.' : events.map(text).join('\n\n'),
    exitCode: exitOf(events),
  };
};

export const register = (program: Command) => {
  const event = program.command('event').description('requests to draw less power: add, list, cancel, watch');
  addCommand(
    event,
    'add',
    'an event: planned for, judged, and confirmed or declined with the reason',
    (c) =>
      c
        .option('--site <site>', 'site, region or cluster')
        .option('--start <time>', 'from when the target holds')
        .option('--end <time>', 'until when; open when left out')
        .option('--limit <kw>', 'facility kW that may be drawn at most')
        .option('--reduce <kw>', 'facility kW less than planned')
        .option('--share <ratio>', 'part of what is planned that stays away, 0.25 for 25 %')
        .option('--increase <kw>', 'facility kW more than planned')
        .option('--source <name>', 'who asks; a person when left out')
        .option('--ref <name>', 'what the source calls it; the same name again is the same event')
        .option('--product <name>', 'product or contract')
        .option('--notice <minutes>', 'notice that the product promises')
        .option('--best-effort', 'what can be given of it is welcome where the whole cannot')
        .option('--price <rate>', 'what is paid per MWh, for example 241GBP')
        .option('--penalty <rate>', 'what is charged per MWh that is missing')
        .option('--file <path>', 'events as JSON, one or a list, in place of the flags'),
    add,
  );
  addCommand(event, 'list', 'events, newest first', LIST.shape, list);
  addCommand(
    event,
    'cancel <id>',
    'take an event back',
    (c) => c.option('--why <text>', 'the reason, which is kept'),
    cancel,
  );
  addCommand(event, 'watch', 'go on with events that wait for an answer or were cut short', (c) => c, watch);
};
