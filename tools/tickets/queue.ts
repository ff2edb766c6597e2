/** Puts what must be said into the outbox, together with our own record of the ticket: both or neither. */
import type { Store, Versioned } from '../../domain/store.js';
import { type Decided, decisionDoc, overviewDoc, replanDoc, type Setting } from './compose.js';
import type { Group } from './groups.js';
import type { Intent, Intents } from './intents.js';
import { decisionTicket, draftOf, followed, type Occasion, overviewTicket, said } from './records.js';
import { outcomeDoc } from './settled.js';
import { OUTBOX, type Payload, rowId, TICKETS, type Ticket } from './ticket.js';

/** False when another process changed the ticket since it was read; its next filing will see what is left to say. */
export const enqueue = async (
  store: Store,
  before: Versioned<Ticket> | undefined,
  ticket: Ticket,
  payloads: readonly Payload[],
): Promise<boolean> =>
  store.transaction(async (tx) => {
    const now = await tx.collection(TICKETS).get(ticket.id);
    if (now?.version !== before?.version) return false;
    const revision = before?.value.revision ?? 0;
    await tx.collection(TICKETS).put(ticket.id, { ...ticket, revision: revision + payloads.length });
    for (const [i, payload] of payloads.entries()) {
      const id = rowId(ticket.id, revision + i + 1, payload.action);
      await tx.collection(OUTBOX).insert(id, {
        id,
        ticketId: ticket.id,
        tracker: ticket.tracker,
        project: ticket.project,
        state: 'pending',
        payload,
        attempts: 0,
        lookups: 0,
        notBefore: null,
        reason: null,
        queuedAt: ticket.updatedAt,
        sentAt: null,
        deliveredAt: null,
        repaired: false,
      });
    }
    return true;
  });

/** The creation of a ticket that has surely not left yet. */
const unsent = async (store: Store, ticket: Ticket) => {
  if (ticket.state !== 'queued') return undefined;
  for (let revision = ticket.revision; revision > 0; revision--) {
    const row = await store.collection(OUTBOX).get(rowId(ticket.id, revision, 'create'));
    if (row) return row.value.state === 'pending' && row.value.attempts === 0 ? row : undefined;
  }
  return undefined;
};

/** Replaces the words of a ticket that waits to be filed; false when it may have left already. */
const amend = async (store: Store, before: Versioned<Ticket>, ticket: Ticket, payload: Payload): Promise<boolean> => {
  const row = await unsent(store, before.value);
  if (!row) return false;
  return store.transaction(async (tx) => {
    if (!(await tx.collection(OUTBOX).replace(row.id, row.version, { ...row.value, payload }))) return false;
    await tx.collection(TICKETS).put(ticket.id, ticket);
    return true;
  });
};

export interface Composing {
  readonly store: Store;
  readonly on: Occasion;
  readonly setting: Setting;
  readonly jobs: Decided['jobs'];
  readonly words: (group: Group) => Promise<string | null>;
}

/** True when something was queued or changed for people to see. */
export const queueIntent = async (with_: Composing, intent: Intent): Promise<boolean> => {
  const { store, on, setting, jobs } = with_;
  const before = await store.collection(TICKETS).get(intent.id);
  if (intent.do === 'create') {
    const words = await with_.words(intent.group);
    const doc = decisionDoc({ key: intent.id, group: intent.group, jobs, follows: intent.follows, words }, setting);
    const ticket = decisionTicket(on, intent);
    const draft = draftOf(ticket, doc);
    return enqueue(store, before, { ...ticket, markdown: draft.markdown }, [{ action: 'create', draft }]);
  }
  if (!before) return false;
  const known = before.value;
  if (intent.do === 'close') return queueClose(with_, before, intent.outcome);
  const next = followed(known, on, intent.group, intent.do === 'tell');
  if (intent.do === 'keep') {
    if (known.planDigest !== next.planDigest) await enqueue(store, before, next, []);
    return false;
  }
  const doc = decisionDoc({ key: intent.id, group: intent.group, jobs, follows: null, words: null }, setting);
  const draft = draftOf(next, doc);
  if (await amend(store, before, { ...next, markdown: draft.markdown }, { action: 'create', draft })) return true;
  const told = said(replanDoc({ key: intent.id, group: intent.group, jobs }, known.told, setting));
  return enqueue(store, before, next, intent.reopen ? [{ action: 'reopen' }, told] : [told]);
};

/** A ticket that has surely not left yet is not filed any more; null where it may have left. */
export const withdraw = async (store: Store, closed: Ticket): Promise<boolean | null> => {
  const row = await unsent(store, closed);
  if (!row) return null;
  return store.transaction(async (tx) => {
    const gone = { ...row.value, state: 'dead' as const, reason: `${closed.reason} before it was filed` };
    if (!(await tx.collection(OUTBOX).replace(row.id, row.version, gone))) return false;
    await tx.collection(TICKETS).put(closed.id, { ...closed, state: 'closed' });
    return true;
  });
};

const queueClose = async (
  { store, on, setting }: Composing,
  before: Versioned<Ticket>,
  outcome: 'expired' | 'applied' | 'superseded',
): Promise<boolean> => {
  const known = before.value;
  const closed: Ticket = { ...known, reason: outcome, updatedAt: on.at };
  const withdrawn = await withdraw(store, closed);
  if (withdrawn !== null) return withdrawn;
  const told = said(outcomeDoc(outcome, known, setting.plan));
  const close: Payload = { action: 'close', as: outcome === 'applied' ? 'done' : 'not-wanted' };
  return enqueue(store, before, closed, known.assigned ? [told] : [told, close]);
};

/** The one ticket whose description is edited in place. */
export const queueOverview = async (
  { store, on, setting }: Composing,
  what: Intents,
  notes: readonly string[],
): Promise<'created' | 'updated' | null> => {
  const { overview } = what;
  if (overview.do !== 'create' && overview.do !== 'update') return null;
  const before = await store.collection(TICKETS).get(overview.id);
  const fresh = overviewTicket(on, overview);
  const draft = draftOf(fresh, overviewDoc(overview.id, what.places, notes, setting));
  if (overview.do === 'create' || !before)
    return (await enqueue(store, before, { ...fresh, markdown: draft.markdown }, [{ action: 'create', draft }]))
      ? 'created'
      : null;
  const { state, reason, ref, url, assigned, dropped, revision, createdAt } = before.value;
  const kept = { state, reason, ref, url, assigned, dropped, revision, createdAt };
  const next: Ticket = { ...fresh, ...kept, markdown: draft.markdown };
  if (await amend(store, before, next, { action: 'create', draft })) return 'updated';
  return (await enqueue(store, before, next, [{ action: 'update', draft }])) ? 'updated' : null;
};
