/** Tickets of plans that were pruned, where nobody waits for anything about them any more. */
import { PRUNED } from '../../domain/retention.js';
import type { CollectionOf, Store, Tx, Versioned } from '../../domain/store.js';
import { OUTBOX, TICKETS, type Ticket } from './ticket.js';

const OVER: ReadonlySet<Ticket['state']> = new Set(['closed', 'declined', 'failed']);

/** Ours only: at the tracker they stay as they are. One with a message that has yet to leave stays. How many went. */
export const forgetTickets = async (store: Store): Promise<number> => {
  const gone = new Set<string>();
  for (const { id, value } of await every(store, TICKETS))
    if (OVER.has(value.state) && (await store.collection(PRUNED).get(value.planId))) gone.add(id);
  if (gone.size === 0) return 0;
  const messages = (await every(store, OUTBOX)).filter(({ value }) => gone.has(value.ticketId));
  for (const { value } of messages)
    if (value.state !== 'delivered' && value.state !== 'dead') gone.delete(value.ticketId);
  await store.transaction(async (tx) => {
    for (const { id, value } of messages) if (gone.has(value.ticketId)) await tx.collection(OUTBOX).delete(id);
    for (const id of gone) await tx.collection(TICKETS).delete(id);
  });
  return gone.size;
};

const every = async <T>(store: Pick<Tx, 'collection'>, of: CollectionOf<T>): Promise<Versioned<T>[]> => {
  const all: Versioned<T>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.collection(of).list({ after, limit: 500 });
    all.push(...page);
    if (page.length < 500) return all;
    after = page.at(-1)!.id;
  }
};
