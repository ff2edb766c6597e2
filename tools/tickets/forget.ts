/** Tickets of plans that were pruned, where nobody waits for anything about them any more. */
import { everyDocument } from '../../domain/listing.js';
import { PRUNED } from '../../domain/retention.js';
import type { Store, Versioned } from '../../domain/store.js';
import { OUTBOX, type OutboxRow, TICKETS, type Ticket } from './ticket.js';

const OVER: ReadonlySet<Ticket['state']> = new Set(['closed', 'declined', 'failed']);

/** Ours only: at the tracker they stay as they are. One with a message that has yet to leave stays. How many went. */
export const forgetTickets = async (store: Store): Promise<number> => {
  const gone = new Set<string>();
  for await (const { id, value } of everyDocument(store, TICKETS))
    if (OVER.has(value.state) && (await store.collection(PRUNED).get(value.planId))) gone.add(id);
  if (gone.size === 0) return 0;
  const messages: Versioned<OutboxRow>[] = [];
  for await (const message of everyDocument(store, OUTBOX))
    if (gone.has(message.value.ticketId)) messages.push(message);
  for (const { value } of messages)
    if (value.state !== 'delivered' && value.state !== 'dead') gone.delete(value.ticketId);
  await store.transaction(async (tx) => {
    for (const { id, value } of messages) if (gone.has(value.ticketId)) await tx.collection(OUTBOX).delete(id);
    for (const id of gone) await tx.collection(TICKETS).delete(id);
  });
  return gone.size;
};
