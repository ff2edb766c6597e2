/** `event keep`, `show`: what is promised, carried out every ten seconds, and what was measured of it. */
import type { Command } from 'commander';
import type { KeptStep } from '../../app.js';
import { notFound } from '../../domain/fault.js';
import { counted, energyText, percentText, powerText } from '../../domain/figures.js';
import { EVENT_COURSES, type EventCourse } from '../../domain/flexibility/course.js';
import { EVENTS, type FlexibilityEvent } from '../../domain/flexibility/event.js';
import type { KeptFigures } from '../../domain/flexibility/kept.js';
import { plusSeconds } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { secondsOf } from '../fields.js';
import { plain, tableText } from '../terminal.js';
import { eventText } from './event-asked.js';
import { byOf } from './launch.js';

const SOURCES: Record<KeptFigures['source'], string> = {
  measured: 'by the site’s meter',
  simulated: 'by a simulated meter',
  modelled: 'modelled: nobody measures the facility',
  unknown: 'by nobody',
};

const figuresText = (kept: KeptFigures): string => {
  const { worstMinute, rebound } = kept;
  const share = (part: number | null) => (part === null ? 'not known' : percentText(part));
  const kw = (value: number | null) => (value === null ? 'no baseline' : powerText(value));
  return [
    `  Kept, ${SOURCES[kept.source]}:`,
    tableText(
      ['', ''],
      [
        ['minutes above the target', `${kept.minutesAbove} of ${kept.minutes}, ${kept.minutesUnread} not read`],
        ['share of readings above', percentText(kept.aboveRatio)],
        [
          'worst minute',
          `${powerText(worstMinute.kw)} at ${worstMinute.at}, ${powerText(Math.abs(worstMinute.aboveTargetKw))} ${worstMinute.aboveTargetKw > 0 ? 'above' : 'below'} the target`,
        ],
        ['drawn less allowed, mean', powerText(kept.biasKw)],
        ['error, 95th percentile', powerText(kept.p95ErrorKw)],
        [
          'delivered of requested',
          `${kw(kept.deliveredKw)} of ${kw(kept.requestedKw)} (${share(kept.deliveredRatio)})`,
        ],
        [
          'afterwards',
          rebound === null
            ? 'not read'
            : `highest minute ${powerText(rebound.highestKw)}, ${rebound.minutesAbove} of ${rebound.minutes} above the baseline`,
        ],
      ],
    ),
    '',
    tableText(
      ['half-hour', 'period', 'baseline', 'metered', 'delivered', 'requested'],
      kept.halfHours.map((one) => [
        one.start,
        `${one.date}/${one.period}`,
        ...[one.baselineKwh, one.meteredKwh, one.deliveredKwh, one.requestedKwh].map((kwh) =>
          kwh === null ? 'not known' : energyText(kwh),
        ),
      ]),
    ),
  ].join('\n');
};

const courseText = ({ phase, at, facilityKw, targetKw, commands, refused, can, source, said }: EventCourse): string =>
  [
    `  ${phase} at ${at}: the facility draws ${facilityKw === null ? 'nobody knows what' : powerText(facilityKw)}${targetKw === null ? '' : `, ${powerText(targetKw)} at most`} (${SOURCES[source]}); ${counted(commands, 'command')} carried out, ${refused} refused; the fleet can ${can.length === 0 ? 'do nothing to what runs' : can.join(', ')}.`,
    ...said.map((one) => `  ${one.at} ${plain(one.what)}`),
  ].join('\n');

const textOf = (event: FlexibilityEvent, course: EventCourse | undefined): string =>
  [
    eventText(event),
    ...(course === undefined
      ? ['  Nothing was measured or done for it yet: caco event keep carries out what is promised.']
      : [courseText(course)]),
    ...(event.kept === undefined ? [] : [figuresText(event.kept)]),
  ].join('\n');

const show = async (context: Context, [id]: string[]): Promise<Answer> => {
  const { store } = (await context.app()).world;
  const event = (await store.collection(EVENTS).get(id!))?.value;
  if (event === undefined) throw notFound(`there is no event ${id}`, 'caco event list lists them.');
  const course = (await store.collection(EVENT_COURSES).get(id!))?.value;
  return { json: { event, course: course ?? null }, text: textOf(event, course) };
};

/** Seconds of the world’s time after which an event that goes on as before is told again. */
const TOLD_EVERY_S = 600;

const stepText = ({ eventId, at, phase, facilityKw, targetKw, commands, said }: KeptStep): string =>
  [
    at,
    eventId,
    phase,
    facilityKw === null ? 'power not known' : powerText(facilityKw),
    ...(targetKw === null ? [] : [`at most ${powerText(targetKw)}`]),
    ...(commands === 0 ? [] : [counted(commands, 'command')]),
    ...said.map(plain),
  ].join(' · ');

const keep = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const app = await context.app();
  const by = await byOf(context, 'operate');
  const forSeconds = options.for === undefined ? undefined : secondsOf('--for', options.for);
  const told = new Map<string, { phase: string; at: number }>();
  const over = new Map<string, FlexibilityEvent>();
  let steps = 0;
  const onStep = (step: KeptStep) => {
    steps++;
    if (step.event !== null) over.set(step.eventId, step.event);
    const before = told.get(step.eventId);
    const at = Date.parse(step.at) / 1000;
    const isNews = before === undefined || before.phase !== step.phase || step.said.length > 0;
    if (!isNews && at < before.at + TOLD_EVERY_S) return;
    told.set(step.eventId, { phase: step.phase, at });
    process.stdout.write(`${context.json ? JSON.stringify(step) : stepText(step)}\n`);
  };
  const until = forSeconds === undefined ? undefined : plusSeconds(app.world.clock.now(), forSeconds);
  await app.keepEvents({ ...by, signal: context.signal }, { until, onStep });
  const { store } = app.world;
  const events = await Promise.all(
    [...over].map(async ([id, event]) => textOf(event, (await store.collection(EVENT_COURSES).get(id))?.value)),
  );
  return {
    json: { steps, events: [...over.values()] },
    text: [
      ...events,
      steps === 0 ? 'Nothing is promised that lies ahead.' : `Stopped after ${counted(steps, 'step')}.`,
    ].join('\n\n'),
  };
};

export const registerKept = (event: Command) => {
  addCommand(event, 'show <id>', 'one event: what was promised, done and measured', (c) => c, show);
  addCommand(
    event,
    'keep',
    'left on: carries out what is promised, every ten seconds, by the work that runs, and measures it',
    (c) =>
      c.option('--for <time>', 'ends by itself after it; until Ctrl-C, or until nothing is promised, when left out'),
    keep,
  );
};
