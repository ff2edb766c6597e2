/** The durable outbox: what was queued reaches the tracker at least once, and what got there twice is found and repaired. */
import { digest } from '../../domain/digest.js';
import { Fault } from '../../domain/fault.js';
import type { Store, Versioned } from '../../domain/store.js';
import { type Instant, plusSeconds, toEpoch } from '../../domain/time.js';
import type { FoundTicket, TicketTracker, TrackerTrouble } from '../../domain/world.js';
import { toAdf } from './adf.js';
import { code, paragraph } from './document.js';
import { type Held, holdLane } from './lane.js';
import { toMarkdown } from './markdown.js';
import { FOUND_CLOSED, OUTBOX, type OutboxRow, TICKETS, type Ticket } from './ticket.js';

const PAUSE_S = 900;
const REPAIR_AFTER_S = 900;
const KEEP_S = 30 * 86_400;
const MAX_ATTEMPTS = 6;

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
export const rowsOf = (store: Store, tracker: TicketTracker) =>
  mine<OutboxRow>((page) => store.collection(OUTBOX).list(page), tracker);
export const ticketsOf = (store: Store, tracker: TicketTracker) =>
  mine<Ticket>((page) => store.collection(TICKETS).list(page), tracker);

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

const later = (...times: (Instant | null)[]): Instant | null =>
  times.reduce((a, b) => (a === null ? b : b === null || a > b ? a : b), null);

/**
 * Sends what is due and returns; nothing sleeps here, waits are in the rows. Safe to call at any time, by several
 * processes and after a crash. Only defects of ours are thrown.
 */
export const deliver = async (
  deps: { store: Store; tracker: TicketTracker; nowMs?: () => number },
  signal?: AbortSignal,
): Promise<Delivery> => {
  const { store, tracker } = deps;
  const held = await holdLane(store, laneOf(tracker), deps.nowMs);
  if (!held) return { delivered: 0, open: 0, dead: 0, repaired: 0, busy: true, alerts: [] };
  const sender = senderOf(store, tracker, held);
  try {
    await sender.recover();
    const settled = new Set<string>();
    for (const { id } of await rowsOf(store, tracker)) {
      if (signal?.aborted || sender.stopped()) break;
      const row = await store.collection(OUTBOX).get(id);
      if (!row || row.value.state === 'delivered' || row.value.state === 'dead') continue;
      // Messages about one ticket keep their order.
      if (settled.has(row.value.ticketId)) continue;
      if (!(await sender.step(row))) settled.add(row.value.ticketId);
    }
    await sender.repair();
    return await sender.report();
  } finally {
    await held.release();
  }
};

const senderOf = (store: Store, tracker: TicketTracker, held: Held) => {
  const outbox = store.collection(OUTBOX);
  const tickets = store.collection(TICKETS);
  const local = tracker.lookupDelaysS.length === 0;
  const alerts: string[] = [];
  let delivered = 0;
  let repaired = 0;
  let stop = held.lane.notBefore !== null && held.lane.notBefore > tracker.now();

  /** False when the row is no longer what was read: another hand was faster. */
  const write = async (row: Versioned<OutboxRow>, change: Partial<OutboxRow>): Promise<Versioned<OutboxRow> | null> => {
    const value = { ...row.value, ...change };
    return (await outbox.replace(row.id, row.version, value)) ? { id: row.id, version: row.version + 1, value } : null;
  };
  const change = async (id: string, patch: Partial<Ticket>) => {
    await store.transaction(async (tx) => {
      const ticket = await tx.collection(TICKETS).get(id);
      if (ticket) await tx.collection(TICKETS).put(id, { ...ticket.value, ...patch, updatedAt: tracker.now() });
    });
  };
  const arrived = async (row: Versioned<OutboxRow>, patch: Partial<Ticket>) => {
    const at = tracker.now();
    await store.transaction(async (tx) => {
      await tx.collection(OUTBOX).put(row.id, {
        ...row.value,
        state: 'delivered',
        notBefore: null,
        reason: null,
        deliveredAt: at,
        repaired: row.value.payload.action !== 'create' || local,
      });
      const ticket = await tx.collection(TICKETS).get(row.value.ticketId);
      if (ticket) await tx.collection(TICKETS).put(ticket.id, { ...ticket.value, ...patch, updatedAt: at });
    });
    delivered += 1;
    if (held.lane.paused !== null) await held.update({ paused: null, notBefore: null });
    return true;
  };
  const died = async (row: Versioned<OutboxRow>, reason: string, patch: Partial<Ticket>) => {
    await write(row, { state: 'dead', reason, notBefore: null });
    await change(row.value.ticketId, patch);
    alerts.push(`${row.value.ticketId}: ${reason}`);
    return false;
  };
  /** Trouble that says nothing about this row: it stays as it was, and the lane rests. */
  const rest = async (row: Versioned<OutboxRow>, error: unknown, before: Partial<OutboxRow>) => {
    const trouble = troubleOf(error);
    if (trouble.fate === 'not-allowed') {
      if (held.lane.paused === null) alerts.push(`${tracker.name} lets nobody in: ${trouble.message}`);
      await write(row, { ...before, reason: trouble.message });
      await held.update({ paused: trouble.message, notBefore: plusSeconds(tracker.now(), PAUSE_S) });
    } else {
      const wait = Math.max(trouble.retryAfterS ?? 0, backoffS(row.value));
      const notBefore = local ? null : plusSeconds(tracker.now(), wait);
      await write(row, { ...before, notBefore: later(notBefore, before.notBefore ?? null), reason: trouble.message });
      await held.update({ notBefore });
    }
    stop = true;
    return false;
  };

  const adopt = async (row: Versioned<OutboxRow>, hits: readonly FoundTicket[]) => {
    const hit = hits.find((h) => h.open) ?? hits[0]!;
    if (hit.open) return arrived(row, { state: 'open', ref: hit.ref, url: hit.url, assigned: hit.assigned });
    const state = hit.declined ? ('declined' as const) : ('closed' as const);
    return died(row, `its key is on ${hit.ref}, which is ${hit.declined ? 'declined' : 'closed'}`, {
      state,
      reason: FOUND_CLOSED,
      ref: hit.ref,
      url: hit.url,
    });
  };

  const create = async (row: Versioned<OutboxRow>): Promise<boolean> => {
    const { payload, state, lookups } = row.value;
    if (payload.action !== 'create') throw new Error('not a creation');
    let hits: FoundTicket[];
    try {
      hits = await tracker.find(row.value.ticketId);
    } catch (error) {
      return rest(row, error, {});
    }
    if (hits.length > 0) return adopt(row, hits);
    if (state === 'unknown' && lookups + 1 < tracker.lookupDelaysS.length) {
      const next = plusSeconds(row.value.sentAt ?? tracker.now(), tracker.lookupDelaysS[lookups + 1]!);
      await write(row, { lookups: lookups + 1, notBefore: later(next, row.value.notBefore) });
      return false;
    }
    if (row.value.attempts >= MAX_ATTEMPTS)
      return died(row, `given up after ${row.value.attempts} attempts: ${row.value.reason ?? 'no answer'}`, {
        state: 'failed',
      });
    const at = tracker.now();
    const sending = await write(row, {
      state: 'sending',
      attempts: row.value.attempts + 1,
      lookups: 0,
      notBefore: null,
      sentAt: at,
    });
    if (!sending) return false;
    try {
      const { ref, url, dropped } = await tracker.file(payload.draft);
      return await arrived(sending, { state: 'open', ref, url, dropped: dropped ?? [] });
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble.fate === 'refused')
        return died(sending, trouble.message, { state: 'failed', reason: trouble.message });
      if (trouble.fate === 'not-allowed')
        return rest(sending, error, { state: 'pending', attempts: row.value.attempts });
      if (trouble.fate === 'throttled') return rest(sending, error, { state: 'waiting' });
      if (trouble.fate === 'not-sent') return rest(sending, error, { state: 'pending' });
      await write(sending, { ...lost(at, trouble.retryAfterS), reason: trouble.message });
      if (trouble.retryAfterS !== null) {
        await held.update({ notBefore: plusSeconds(at, trouble.retryAfterS) });
        stop = true;
      }
      return false;
    }
  };

  const lost = (at: Instant, retryAfterS: number | null): Partial<OutboxRow> => ({
    state: 'unknown',
    lookups: 0,
    notBefore: local ? null : plusSeconds(at, Math.max(tracker.lookupDelaysS[0] ?? 0, retryAfterS ?? 0)),
  });

  /** Everything but a creation may be sent twice without harm. */
  const tell = async (row: Versioned<OutboxRow>, ticket: Ticket): Promise<boolean> => {
    const { payload } = row.value;
    const ref = ticket.ref!;
    const sending = await write(row, { state: 'sending', attempts: row.value.attempts + 1, sentAt: tracker.now() });
    if (!sending) return false;
    try {
      if (payload.action === 'update') await tracker.update(ref, payload.draft);
      if (payload.action === 'comment')
        await tracker.comment(ref, { id: row.id, markdown: payload.markdown, adf: payload.adf });
      if (payload.action === 'reopen') {
        if (await tracker.reopen(ref)) return await arrived(sending, { state: 'open', reason: null });
        return await died(sending, `${ref} cannot be reopened; a person has to`, {});
      }
      if (payload.action === 'close') {
        if (await tracker.close(ref, payload.as)) return await arrived(sending, { state: 'closed' });
        const note = [paragraph('Finished; CACO finds no way to close this here. Please close it.')];
        await tracker.comment(ref, { id: row.id, markdown: toMarkdown(note), adf: toAdf(note) });
        return await arrived(sending, { state: 'needs-manual-close' });
      }
      return await arrived(sending, {});
    } catch (error) {
      const trouble = troubleOf(error);
      const tried = { state: 'pending' as const, attempts: row.value.attempts };
      if (trouble.fate === 'not-allowed') return rest(sending, error, tried);
      if (trouble.fate === 'refused' || sending.value.attempts >= MAX_ATTEMPTS)
        return died(sending, trouble.message, {});
      return rest(sending, error, { state: 'waiting' });
    }
  };

  const step = async (row: Versioned<OutboxRow>): Promise<boolean> => {
    const { notBefore, payload, ticketId } = row.value;
    if (notBefore !== null && notBefore > tracker.now()) return false;
    if (!(await held.update())) {
      stop = true;
      return false;
    }
    if (payload.action === 'create') return create(row);
    const ticket = (await tickets.get(ticketId))?.value;
    if (!ticket || ticket.ref === null) return died(row, 'its ticket was never filed', {});
    return tell(row, ticket);
  };

  /** The lane is ours, so nobody sends: a row in `sending` is what a crash left behind. */
  const recover = async () => {
    for (const row of await rowsOf(store, tracker)) {
      if (row.value.state === 'sending')
        await write(
          row,
          row.value.payload.action === 'create' ? lost(row.value.sentAt ?? tracker.now(), null) : { state: 'pending' },
        );
      const gone = row.value.repaired && row.value.deliveredAt !== null;
      if (gone && toEpoch(tracker.now()) - toEpoch(row.value.deliveredAt!) > KEEP_S) await outbox.delete(row.id);
    }
  };

  /** Once, well after a creation: several tickets with one key are made one. None is ever deleted. */
  const repair = async () => {
    for (const row of await rowsOf(store, tracker)) {
      const { deliveredAt, ticketId } = row.value;
      if (stop || row.value.repaired || deliveredAt === null || row.value.state !== 'delivered') continue;
      if (plusSeconds(deliveredAt, REPAIR_AFTER_S) > tracker.now()) continue;
      try {
        const open = (await tracker.find(ticketId)).filter((hit) => hit.open);
        const kept = open[0];
        for (const extra of open.slice(1)) {
          const note = [
            paragraph('Duplicate of ', code(kept!.ref), ', filed twice after a lost answer. CACO goes on there.'),
          ];
          await tracker.comment(extra.ref, {
            id: `${ticketId}:duplicate`,
            markdown: toMarkdown(note),
            adf: toAdf(note),
          });
          if (!extra.assigned && !(await tracker.close(extra.ref, 'not-wanted')))
            alerts.push(`${extra.ref} is a duplicate of ${kept!.ref} and has to be closed by hand`);
          repaired += 1;
        }
        if (kept) await change(ticketId, { ref: kept.ref, url: kept.url });
        await write(row, { repaired: true });
      } catch (error) {
        // The look will be repeated: nothing depends on it meanwhile.
        alerts.push(`${ticketId}: the look for duplicates failed: ${troubleOf(error).message}`);
        return;
      }
    }
  };

  const report = async (): Promise<Delivery> => {
    const states = (await rowsOf(store, tracker)).map((row) => row.value.state);
    return {
      delivered,
      open: states.filter((state) => state !== 'delivered' && state !== 'dead').length,
      dead: states.filter((state) => state === 'dead').length,
      repaired,
      busy: false,
      alerts,
    };
  };
  return { recover, step, repair, report, stopped: () => stop };
};
