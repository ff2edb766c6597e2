/** One call of `deliver`: what it holds, and what becomes of a message in it. */
import { digest } from '../../domain/digest.js';
import { Fault } from '../../domain/fault.js';
import type { Store, Versioned } from '../../domain/store.js';
import { type Instant, plusSeconds } from '../../domain/time.js';
import type { TicketTracker, TrackerTrouble } from '../../domain/world.js';
import type { Held } from './lane.js';
import { OUTBOX, type OutboxRow, TICKETS, type Ticket } from './ticket.js';

const PAUSE_S = 900;
export const MAX_ATTEMPTS = 6;

export interface Round {
  readonly store: Store;
  readonly tracker: TicketTracker;
  /** The lane, which is ours until the round ends. */
  readonly held: Held;
  readonly alerts: string[];
  delivered: number;
  /** extra tickets with one key that were closed */
  repaired: number;
  /** The lane rests: nothing more is sent in this round. */
  stopped: boolean;
}

/** A tracker of files answers at once and loses no answer. */
const isLocal = ({ tracker }: Round): boolean => tracker.lookupDelaysS.length === 0;

export const troubleOf = (error: unknown): TrackerTrouble & { message: string } => {
  if (!(error instanceof Fault)) throw error;
  const details = error.details as Partial<TrackerTrouble> | undefined;
  return {
    fate: details?.fate ?? 'unknown',
    retryAfterS: details?.retryAfterS ?? null,
    message: `${error.message}. ${error.remedy}`,
  };
};

/** Doubles from 30 s to an hour, ±25 % by row, so that several rows do not return together. */
const backoffS = (row: OutboxRow): number => {
  const spread = Number.parseInt(digest([row.id, row.attempts]).slice(0, 4), 16) / 0xffff;
  return Math.round(Math.min(3600, 30 * 2 ** Math.max(0, row.attempts - 1)) * (0.75 + spread / 2));
};

export const later = (...times: (Instant | null)[]): Instant | null =>
  times.reduce((a, b) => (a === null ? b : b === null || a > b ? a : b), null);

/** null when the row is no longer what was read: another hand was faster. */
export const write = async (
  round: Round,
  row: Versioned<OutboxRow>,
  change: Partial<OutboxRow>,
): Promise<Versioned<OutboxRow> | null> => {
  const value = { ...row.value, ...change };
  return (await round.store.collection(OUTBOX).replace(row.id, row.version, value))
    ? { id: row.id, version: row.version + 1, value }
    : null;
};

export const change = async (round: Round, id: string, patch: Partial<Ticket>) => {
  await round.store.transaction(async (tx) => {
    const ticket = await tx.collection(TICKETS).get(id);
    if (ticket) await tx.collection(TICKETS).put(id, { ...ticket.value, ...patch, updatedAt: round.tracker.now() });
  });
};

/** At the tracker; true. */
export const arrived = async (round: Round, row: Versioned<OutboxRow>, patch: Partial<Ticket>) => {
  const at = round.tracker.now();
  await round.store.transaction(async (tx) => {
    await tx.collection(OUTBOX).put(row.id, {
      ...row.value,
      state: 'delivered',
      notBefore: null,
      reason: null,
      deliveredAt: at,
      repaired: row.value.payload.action !== 'create' || isLocal(round),
    });
    const ticket = await tx.collection(TICKETS).get(row.value.ticketId);
    if (ticket) await tx.collection(TICKETS).put(ticket.id, { ...ticket.value, ...patch, updatedAt: at });
  });
  round.delivered += 1;
  if (round.held.lane.paused !== null) await round.held.update({ paused: null, notBefore: null });
  return true;
};

/** Given up, which a person is told; false. */
export const died = async (round: Round, row: Versioned<OutboxRow>, reason: string, patch: Partial<Ticket>) => {
  await write(round, row, { state: 'dead', reason, notBefore: null });
  await change(round, row.value.ticketId, patch);
  round.alerts.push(`${row.value.ticketId}: ${reason}`);
  return false;
};

/** Trouble that says nothing about this row: it stays as it was, and the lane rests; false. */
export const rest = async (round: Round, row: Versioned<OutboxRow>, error: unknown, before: Partial<OutboxRow>) => {
  const trouble = troubleOf(error);
  if (trouble.fate === 'not-allowed') {
    if (round.held.lane.paused === null) round.alerts.push(`${round.tracker.name} lets nobody in: ${trouble.message}`);
    await write(round, row, { ...before, reason: trouble.message });
    await round.held.update({ paused: trouble.message, notBefore: plusSeconds(round.tracker.now(), PAUSE_S) });
  } else {
    const wait = Math.max(trouble.retryAfterS ?? 0, backoffS(row.value));
    const notBefore = isLocal(round) ? null : plusSeconds(round.tracker.now(), wait);
    await write(round, row, {
      ...before,
      notBefore: later(notBefore, before.notBefore ?? null),
      reason: trouble.message,
    });
    await round.held.update({ notBefore });
  }
  round.stopped = true;
  return false;
};

/** What a row is whose creation may or may not have arrived: it is looked up before it is sent again. */
export const lost = (round: Round, at: Instant, retryAfterS: number | null): Partial<OutboxRow> => ({
  state: 'unknown',
  lookups: 0,
  notBefore: isLocal(round) ? null : plusSeconds(at, Math.max(round.tracker.lookupDelaysS[0] ?? 0, retryAfterS ?? 0)),
});
