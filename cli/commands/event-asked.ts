/** `event add`, `list`, `cancel`, `watch`: what networks, markets and people ask for, and what was promised. */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { counted, powerText } from '../../domain/figures.js';
import { type FlexibilityEvent, STAMPS } from '../../domain/flexibility/event.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf, secondsOf } from '../fields.js';
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

export const eventText = ({ id, asked, status, reason, commitment, stamps, unknown }: FlexibilityEvent): string =>
  [
    `Event ${id} (${plain(asked.source)} ${plain(asked.ref)}): ${status}${reason === null ? '.' : `: ${plain(reason)}.`}`,
    ...(status === 'confirmed' && commitment !== null
      ? [
          `  Promised at ${commitment.region} from ${commitment.start} to ${commitment.end}: at most ${powerText(commitment.targetKw)}${commitment.baselineKw === null ? '' : `, where ${powerText(commitment.baselineKw)} was planned (mean)`}, by plan ${commitment.planId}.`,
        ]
      : []),
    `  ${STAMPS.map((stamp) => `${STAMP_WORDS[stamp]} ${stamps[stamp] ?? `not known${unknown?.[stamp] === undefined ? '' : ` (${plain(unknown[stamp])})`}`}`).join(' · ')}`,
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
    text: events.map(eventText).join('\n\n'),
    exitCode: exitOf(events),
  };
};

const LIST = flagsOf('list_events', {});

const list = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const answer = await context.call('list_events', await LIST.input(options));
  const rows = answer.events.map(({ id, asked, status, commitment, reason, stamps, kept }) => [
    id,
    status,
    plain(asked.source),
    asked.start,
    asked.end ?? 'open',
    commitment === null ? '' : powerText(commitment.targetKw),
    stamps.facilityBelow ?? '',
    kept === undefined ? '' : `${kept.minutesAbove} of ${kept.minutes}`,
    plain(reason ?? '').slice(0, 80),
  ]);
  return {
    json: answer,
    text:
      rows.length === 0
        ? 'No event was received. caco event add --site SITE --start T --end T --share 0.25'
        : tableText(['event', 'stands', 'source', 'from', 'to', 'at most', 'below from', 'minutes above', 'why'], rows),
  };
};

const cancel = async (context: Context, [id]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const app = await context.app();
  const event = await app.cancelEvent(id!, String(options.why ?? ''), await byOf(context, 'operate'));
  return { json: event, text: eventText(event) };
};

/** Answers what waits, and what the file has that is new; each event that stands otherwise than before is told. */
const watch = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const everyMs = secondsOf('--every', options.every) * 1000;
  const app = await context.app();
  // What is under way at Ctrl-C is answered first.
  const { signal: __, ...by } = await byOf(context, 'operate');
  const told = new Map<string, string>();
  const stands = new Map<string, FlexibilityEvent>();
  const troubles = new Set<string>();
  const tell = (key: string, line: string, json: unknown) => {
    if (told.get(key) === line) return;
    told.set(key, line);
    if (options.once !== true) process.stdout.write(`${context.json ? JSON.stringify(json) : line}\n`);
  };
  const stood = (event: FlexibilityEvent) => {
    stands.set(event.id, event);
    tell(event.id, eventText(event), event);
  };
  const look = async () => {
    for (const one of options.file === undefined ? [] : fromFile(String(options.file))) {
      if (context.signal.aborted) return;
      try {
        stood(await app.respond(one, by));
      } catch (error) {
        // One that cannot be answered keeps nobody else waiting.
        if (!(error instanceof Fault) || options.once === true) throw error;
        tell(JSON.stringify(one), `${plain(error.message)}. ${plain(error.remedy)}`, { error: error.toJSON() });
      }
    }
    const { events, trouble } = await app.tendEvents(by);
    for (const event of events) stood(event);
    for (const what of trouble) {
      troubles.add(what);
      tell(what, plain(what), { trouble: what });
    }
    // What waits for a person waits on, and is told once.
    for (const event of await app.openEvents()) stood(event);
  };
  await look();
  while (options.once !== true && !context.signal.aborted) {
    await setTimeout(everyMs, undefined, { signal: context.signal }).catch(() => {});
    if (!context.signal.aborted) await look();
  }
  const events = [...stands.values()];
  if (options.once === true)
    return {
      json: { events, ...(troubles.size === 0 ? {} : { trouble: [...troubles] }) },
      text: [...(events.length === 0 ? ['No event waits.'] : events.map(eventText)), ...[...troubles].map(plain)].join(
        '\n\n',
      ),
      exitCode: troubles.size > 0 ? EXIT.refused : exitOf(events),
    };
  return { json: { events }, text: `Stopped after ${counted(events.length, 'event')}. Nothing is half done.` };
};

export const registerAsked = (event: Command) => {
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
  addCommand(
    event,
    'watch',
    'left on: goes on with events that wait for a person or were cut short, and answers what a file brings',
    (c) =>
      c
        .option('--every <time>', 'how often it looks: 10s, 1m, 5m', '1m')
        .option('--file <path>', 'events as JSON, one or a list, read at each look: a schedule')
        .option('--once', 'looks once and ends'),
    watch,
  );
};
