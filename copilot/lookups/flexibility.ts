/** Answers about flexibility: what could be given at a time, and what became of the events that asked for it. */
import type { ToolAnswer } from '../../catalogue.js';
import type { FlexibilityEvent } from '../../domain/flexibility/event.js';
import { type Instant, plusHours, plusSeconds } from '../../domain/time.js';
import { type Desk, events as eventsOf, read } from '../desk.js';
import { Draft } from '../facts.js';
import { type Lookup, type Slots, stretchOf } from '../lookup.js';
import { periodOf } from '../question/period.js';
import type { Stretch } from '../question/stretch.js';

const MOST_LISTED = 12;
const AHEAD_HOURS = 24;
const asked = (label: string) => ({ label, source: 'your question' });

type Flexibility = ToolAnswer<'get_flexibility'>;

/** What can be put off: under the plan in force firm is what can be sold. Of several slots the one with the least counts. */
const couldGive = async (slots: Slots, desk: Desk): Promise<Draft> => {
  const named = coming(stretchOf(slots), desk.now);
  const from = named?.from ?? desk.now;
  const to =
    named === undefined
      ? plusHours(from, AHEAD_HOURS)
      : named.to > from
        ? named.to
        : plusSeconds(from, desk.world.method.slotMinutes * 60);
  const draft = new Draft();
  if (to <= desk.now) {
    draft.answered = false;
    return draft.say(
      `${draft.time(to, asked('until'))} is over: nothing can be put off any more. Ask for a time ahead.`,
    );
  }
  const found = await read(desk, 'get_flexibility', { from, to });
  const source = found.planId === null ? 'waiting work, no plan' : `plan ${found.planId}`;
  const fact = { source, about: [] };
  draft.cite(source).from(desk.world.setting.dataNote);
  if (found.slots.length === 0 || found.jobs === 0) {
    draft.answered = false;
    return draft.say(
      'I know of no work at that time, so nothing can be promised of it. Ask for a time within the plan.',
    );
  }
  const least = found.slots.reduce((a, b) => (b.firmKw < a.firmKw ? b : a));
  const when =
    named !== undefined && named.from === named.to
      ? `at ${draft.time(from, asked('when'))}`
      : `in every slot from ${draft.time(from, asked('from'))} to ${draft.time(to, asked('until'))}`;
  const firm = draft.power(least.firmKw, { ...fact, label: 'firm: can surely be put off', key: true });
  const best = draft.power(least.bestEffortKw, { ...fact, label: 'when everything goes well' });
  draft.say(
    `${verdict(draft, slots, least.firmKw)}Work that waits can put off ${firm} for certain ${when}, and ${best} when everything goes well.`,
  );
  if (least.firmKw > 0)
    draft.say(
      `The firm part can stay away for ${draft.hours(least.maxDurationMinutes / 60, { ...fact, label: 'how long it can stay away' })}.`,
    );
  if (found.planId === null) draft.say('No plan is in force: what is put off by one is no longer there to be sold.');
  if (found.slots.length > 1)
    draft.table(
      ['from (UTC)', 'firm', 'best effort', 'for up to'],
      shown(found).map((slot) => [
        draft.time(slot.start, { ...fact, label: 'slot' }, 'short'),
        draft.power(slot.firmKw, { ...fact, label: `firm from ${slot.start}` }),
        draft.power(slot.bestEffortKw, { ...fact, label: `best effort from ${slot.start}` }),
        draft.hours(slot.maxDurationMinutes / 60, { ...fact, label: `for how long from ${slot.start}` }),
      ]),
    );
  return draft;
};

/** "How much do we have at 17:00" is about the next 17:00, though its words may also ask about the last one. */
const coming = (named: Stretch | undefined, now: Instant): Stretch | undefined =>
  named !== undefined && named.to <= now && plusHours(named.from, 24) >= now && named.from !== now
    ? { from: plusHours(named.from, 24), to: plusHours(named.to, 24) }
    : named;

/** In order of time; of many slots those with the most, for they are what can be sold. */
const shown = ({ slots }: Flexibility) =>
  slots.length <= MOST_LISTED
    ? slots
    : [...slots]
        .sort((a, b) => b.firmKw - a.firmKw)
        .slice(0, MOST_LISTED)
        .sort((a, b) => (a.start < b.start ? -1 : 1));

const verdict = (draft: Draft, { powerKw }: Slots, firmKw: number): string => {
  if (powerKw === undefined) return '';
  const wanted = draft.power(powerKw, asked('power that was asked about'));
  if (firmKw >= powerKw) return `Yes, ${wanted} could be promised. `;
  if (firmKw <= 0) return `No, nothing of ${wanted} could be promised. `;
  const missing = draft.power(powerKw - firmKw, { label: 'what is missing', source: 'waiting work' });
  return `No: of ${wanted} ${missing} could not be promised. `;
};

const STATES: Readonly<Record<FlexibilityEvent['status'], string>> = {
  received: 'waits for an answer',
  confirmed: 'promised',
  declined: 'declined',
  cancelled: 'cancelled',
  replaced: 'replaced by a newer one',
  over: 'over',
};

const boundsOf = (slots: Slots, now: Instant) => {
  const named = stretchOf(slots);
  if (named !== undefined) return { from: named.from, to: named.to > named.from ? named.to : plusSeconds(named.to, 1) };
  return slots.period === undefined ? {} : periodOf(slots.period, now);
};

/** The newest event of the stretch is told whole, the others stand in a table. */
const events = async (slots: Slots, desk: Desk): Promise<Draft> => {
  const { from, to }: { from?: Instant | undefined; to?: Instant | undefined } = boundsOf(slots, desk.now);
  const found = (await eventsOf(desk)).filter(
    ({ asked: { start, end } }) =>
      (to === undefined || start < to) && (from === undefined || end === null || end > from),
  );
  const draft = new Draft().cite('flexibility events').from(desk.world.setting.dataNote);
  const [newest] = found;
  if (newest === undefined)
    return draft.say(
      from === undefined && to === undefined
        ? 'No event has asked for less power. `caco event add` takes one.'
        : 'No event asked for less power in that time. `caco event list` shows all of them.',
    );
  await tellEvent(draft, newest, desk);
  if (found.length > 1)
    draft.table(
      ['event', 'of', 'from (UTC)', 'to (UTC)', 'target', ''],
      found.slice(0, MOST_LISTED).map((event) => {
        const fact = { source: `event ${event.id}`, about: [event.id] };
        return [
          draft.name(event.id, { ...fact, label: 'event' }),
          draft.name(event.asked.source, { ...fact, label: 'who asks' }),
          draft.time(event.asked.start, { ...fact, label: 'it begins' }, 'short'),
          event.asked.end === null ? 'open' : draft.time(event.asked.end, { ...fact, label: 'it ends' }, 'short'),
          event.commitment === null
            ? '–'
            : draft.power(event.commitment.targetKw, { ...fact, label: 'promised ceiling' }),
          STATES[event.status],
        ];
      }),
    );
  if (found.length > MOST_LISTED)
    draft.lines(
      `and ${draft.count(found.length - MOST_LISTED, 'older event', { label: 'events not shown', source: 'flexibility events' })}: caco event list`,
    );
  return draft;
};

const tellEvent = async (draft: Draft, event: FlexibilityEvent, desk: Desk) => {
  const fact = { source: `event ${event.id}`, about: [event.id] };
  const { commitment, kept, status, asked: wish } = event;
  const end = wish.end === null ? 'on, without an end' : `to ${draft.time(wish.end, { ...fact, label: 'it ends' })}`;
  draft.say(
    `Event ${draft.name(event.id, { ...fact, label: 'the event' })} of ${draft.name(wish.source, { ...fact, label: 'who asks' })} at ${draft.name(wish.site, { ...fact, label: 'its site' })}, from ${draft.time(wish.start, { ...fact, label: 'it begins' })} ${end}: ${STATES[status]}.`,
  );
  if (status === 'declined' && event.reason !== null)
    draft.say(`The reason: ${draft.name(event.reason, { ...fact, label: 'reason' })}.`);
  if (commitment !== null)
    draft.say(
      `At most ${draft.power(commitment.targetKw, { ...fact, label: 'promised ceiling', key: true })} ${commitment.baselineKw === null ? 'was promised' : `instead of ${draft.power(commitment.baselineKw, { ...fact, label: 'mean as planned without it' })} was promised`}, kept by plan ${draft.name(commitment.planId, { ...fact, label: 'the plan' })}.`,
    );
  if (kept !== undefined) {
    const minutes = (n: number, label: string) => draft.count(n, 'minute', { ...fact, label });
    draft.say(
      `${kept.source === 'measured' ? 'Measured' : kept.source === 'simulated' ? 'Simulated' : 'Modelled'}: ${minutes(kept.minutesAbove, 'minutes above the target')} of ${minutes(kept.minutes, 'minutes of the promise')} lay above the target${kept.minutesUnread > 0 ? `, ${minutes(kept.minutesUnread, 'minutes not read')} were not read` : ''}; mean ${draft.power(kept.meanKw, { ...fact, label: 'mean power' })}.`,
      ...(kept.deliveredKw === null || kept.requestedKw === null
        ? []
        : [
            `Delivered was ${draft.power(kept.deliveredKw, { ...fact, label: 'mean delivered' })} where ${draft.power(kept.requestedKw, { ...fact, label: 'mean requested' })} was asked for.`,
          ]),
    );
  } else if (status === 'over') draft.say('How it was kept is not known: nobody read a meter meanwhile.');
  if (commitment !== null) await tellMoney(draft, event, desk);
};

/** What it brought and what it cost, by its settlement; without one neither is known. */
const tellMoney = async (draft: Draft, event: FlexibilityEvent, desk: Desk) => {
  const { settlements } = await read(desk, 'list_settlements', { event: event.id, limit: 1 });
  const [settled] = settlements;
  if (settled === undefined)
    return void draft.say(
      'It is not settled: what it brought and what it cost is not known. `caco settle FILE` settles it.',
    );
  const { figures, run } = settled;
  const fact = { source: `settlement of ${figures.id}, run ${run}`, about: [event.id] };
  const money = (amount: number, label: string, key = false) =>
    draft.money(amount, figures.currency, { ...fact, label, key });
  draft.cite(fact.source);
  draft.say(
    `Settled (run ${draft.name(run, { ...fact, label: 'settlement run' })}): ${money(figures.gross, 'paid for it', true)} in all for ${draft.energy(figures.deliveredMwh * 1000, { ...fact, label: 'energy delivered' })}${figures.avoided === null ? '' : `, ${money(figures.avoided, 'energy not bought meanwhile')} of energy not bought`}.`,
    figures.rebound === null || figures.net === null
      ? 'What was bought later instead is not known, and so is what remains.'
      : `Bought later instead: ${money(-figures.rebound, 'energy bought later instead')}; what remains is ${money(figures.net, 'what remains', true)}.`,
  );
};

export const flexibilityLookups: readonly Lookup[] = [
  {
    name: 'could_give',
    description:
      'How much power could be put off at a time, for certain and at best, and whether a given power could be promised',
    uses: ['from', 'to', 'powerKw'],
    answer: couldGive,
  },
  {
    name: 'events',
    description: 'Flexibility events: what was asked, promised, kept by the meters, paid, and what it cost',
    uses: ['from', 'to', 'period'],
    answer: events,
  },
];
