/** The durable outbox: what was queued reaches the tracker at least once, and what got there twice is found and repaired. */
import type { Store, Versioned } from '../../domain/store.js';
import { plusSeconds } from '../../domain/time.js';
import type { TicketTracker } from '../../domain/world.js';
import { toAdf } from './adf.js';
import { create } from './creation.js';
import { paragraph } from './document.js';
import { mergeDuplicates } from './duplicates.js';
import { asSender } from './lane.js';
import { toMarkdown } from './markdown.js';
import { arrived, died, lost, MAX_ATTEMPTS, type Round, rest, troubleOf, write } from './round.js';
import { OUTBOX, type OutboxRow, TICKETS, type Ticket } from './ticket.js';

const KEEP_S = 30 * 86_400;

export interface Delivery {
  /** messages that arrived in this call */
  readonly delivered: number;
  /** messages that wait for a time, a look-up or leave */
  readonly open: number;
  readonly dead: number;
  /** extra tickets with the same key that were closed */
  readonly repaired: number;
  /** another process sends to this project */
  readonly busy: boolean;
  /** what a person should know, once each */
  readonly alerts: readonly string[];
}

const laneOf = (tracker: TicketTracker) => `${tracker.name}:${tracker.project}`;

/** Rows and tickets of one tracker, the oldest first. */
const mine = async <T extends { tracker: string; project: string }>(
  list: (page: { after?: string }) => Promise<Versioned<T>[]>,
  tracker: TicketTracker,
): Promise<Versioned<T>[]> => {
  const all: Versioned<T>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await list(after === undefined ? {} : { after });
    all.push(...page.filter((row) => row.value.tracker === tracker.name && row.value.project === tracker.project));
    if (page.length < 1000) return all.reverse();
    after = page.at(-1)!.id;
  }
};
/** Messages that somebody has yet to do something about, the oldest first. */
const openRows = async (store: Store, { name, project, now }: TicketTracker): Promise<Versioned<OutboxRow>[]> =>
  (await store.collection(OUTBOX).open(now()))
    .filter(({ value }) => value.tracker === name && value.project === project)
    .reverse();
export const ticketsOf = (store: Store, tracker: TicketTracker) =>
  mine<Ticket>((page) => store.collection(TICKETS).list(page), tracker);

/**
 * Sends what is due and returns; nothing sleeps here, waits are in the rows. Safe to call at any time, by several
 * processes and after a crash. Only defects of ours are thrown.
 */
export const deliver = async (
  deps: { store: Store; tracker: TicketTracker; leaseMs?: number },
  signal?: AbortSignal,
): Promise<Delivery> => {
  const { store, tracker, leaseMs } = deps;
  const busy = { delivered: 0, open: 0, dead: 0, repaired: 0, busy: true, alerts: [] };
  return (await asSender(store, laneOf(tracker), (held) => sendDue({ store, tracker, held }, signal), leaseMs)) ?? busy;
};

const sendDue = async (
  { store, tracker, held }: Pick<Round, 'store' | 'tracker' | 'held'>,
  signal: AbortSignal | undefined,
): Promise<Delivery> => {
  const resting = held.lane.notBefore !== null && held.lane.notBefore > tracker.now();
  const round: Round = { store, tracker, held, alerts: [], delivered: 0, repaired: 0, stopped: resting };
  await recover(round);
  const settled = new Set<string>();
  for (const { id } of await openRows(store, tracker)) {
    if (signal?.aborted || round.stopped) break;
    const row = await store.collection(OUTBOX).get(id);
    if (!row || row.value.state === 'delivered' || row.value.state === 'dead') continue;
    // Messages about one ticket keep their order.
    if (settled.has(row.value.ticketId)) continue;
    if (!(await step(round, row))) settled.add(row.value.ticketId);
  }
  await mergeDuplicates(round, await openRows(store, tracker));
  return report(round);
};

/** The lane is ours, so nobody sends: a row in `sending` is what a crash left behind. */
const recover = async (round: Round) => {
  const { store, tracker } = round;
  for (const row of await openRows(store, tracker))
    if (row.value.state === 'sending')
      await write(
        round,
        row,
        row.value.payload.action === 'create'
          ? lost(round, row.value.sentAt ?? tracker.now(), null)
          : { state: 'pending' },
      );
  for (const id of await store.collection(OUTBOX).over(plusSeconds(tracker.now(), -KEEP_S)))
    await store.collection(OUTBOX).delete(id);
};

const step = async (round: Round, row: Versioned<OutboxRow>): Promise<boolean> => {
  const { notBefore, payload, ticketId } = row.value;
  if (notBefore !== null && notBefore > round.tracker.now()) return false;
  if (!(await round.held.update())) {
    round.stopped = true;
    return false;
  }
  if (payload.action === 'create') return create(round, row);
  const ticket = (await round.store.collection(TICKETS).get(ticketId))?.value;
  if (!ticket || ticket.ref === null) return died(round, row, 'its ticket was never filed', {});
  return tell(round, row, ticket);
};

/** Everything but a creation may be sent twice without harm. */
const tell = async (round: Round, row: Versioned<OutboxRow>, ticket: Ticket): Promise<boolean> => {
  const { payload } = row.value;
  const ref = ticket.ref!;
  const sending = await write(round, row, {
    state: 'sending',
    attempts: row.value.attempts + 1,
    sentAt: round.tracker.now(),
  });
  if (!sending) return false;
  try {
    if (payload.action === 'update') await round.tracker.update(ref, payload.draft);
    if (payload.action === 'comment')
      await round.tracker.comment(ref, { id: row.id, markdown: payload.markdown, adf: payload.adf });
    if (payload.action === 'reopen') {
      if (await round.tracker.reopen(ref)) return await arrived(round, sending, { state: 'open', reason: null });
      return await died(round, sending, `${ref} cannot be reopened; a person has to`, {});
    }
    if (payload.action === 'close') {
      if (await round.tracker.close(ref, payload.as)) return await arrived(round, sending, { state: 'closed' });
      const note = [paragraph('Finished; CACO finds no way to close this here. Please close it.')];
      await round.tracker.comment(ref, { id: row.id, markdown: toMarkdown(note), adf: toAdf(note) });
      return await arrived(round, sending, { state: 'needs-manual-close' });
    }
    return await arrived(round, sending, {});
  } catch (error) {
    const trouble = troubleOf(error);
    const tried = { state: 'pending' as const, attempts: row.value.attempts };
    if (trouble.fate === 'not-allowed') return rest(round, sending, error, tried);
    if (trouble.fate === 'refused' || sending.value.attempts >= MAX_ATTEMPTS)
      return died(round, sending, trouble.message, {});
    return rest(round, sending, error, { state: 'waiting' });
  }
};

const report = async (round: Round): Promise<Delivery> => {
  const states = (await openRows(round.store, round.tracker)).map((row) => row.value.state);
  return {
    delivered: round.delivered,
    open: states.filter((state) => state !== 'delivered' && state !== 'dead').length,
    dead: states.filter((state) => state === 'dead').length,
    repaired: round.repaired,
    busy: false,
    alerts: round.alerts,
  };
};
