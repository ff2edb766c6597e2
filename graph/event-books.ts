/**
 * The books of flexibility events: how each stands, the limits that later plans keep of what was promised, and that what is paid for is
 * paid for once. All of it changes in one transaction.
 */
import { z } from 'zod';
import { notFound } from '../domain/fault.js';
import { type Commitment, EVENTS, FlexibilityEvent } from '../domain/flexibility/event.js';
import { everyDocument } from '../domain/listing.js';
import { SOLD_FLEXIBILITY } from '../domain/offer.js';
import { claimDelivered, periodsIn, releaseDelivered } from '../domain/settlement/delivered.js';
import type { Tx } from '../domain/store.js';
import type { Instant } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { deliverersOf } from '../tools/beckn/beckn.js';
import { type Call, callTool, defineTool } from '../tools/tool.js';
import type { Orchestrator } from './orchestrator.js';
import { type By, signalOf } from './thread.js';

/** What whoever answers an event works with. */
export interface Desk {
  readonly world: World;
  readonly orchestrator: Orchestrator;
  readonly by: By;
}

/** Kept to this module: what is written here follows from an answer, and there is no other way to write it. */
const recordEvents = defineTool({
  name: 'record_events',
  title: 'Record flexibility events',
  description: 'Writes down events and how they stand.',
  toolset: 'plan',
  effect: 'records',
  input: z.strictObject({ events: z.array(FlexibilityEvent).min(1) }),
  output: z.strictObject({ events: z.array(FlexibilityEvent) }),
  run: async ({ events }, world, call) => {
    const delivers = await deliverersOf(world);
    const at = world.clock.now();
    call.commit(async (tx) => {
      for (const event of events) {
        const before = (await tx.collection(EVENTS).get(event.id))?.value;
        await tx.collection(EVENTS).put(event.id, event);
        // A market order holds its limits and its energy itself, from the moment it was sold.
        if (event.orderId !== undefined) continue;
        await keepLimits(tx, before, event);
        const region = (event.commitment ?? before?.commitment)?.region;
        if (event.asked.price === null || region === undefined) continue;
        const places = delivers({ region, clusterId: null });
        // What was promised and has begun was delivered, and stays taken; what was never promised was not.
        const kept = before?.status === 'confirmed' ? at : null;
        const given = before?.commitment == null ? [] : periodsFrom(before.commitment, kept);
        await releaseDelivered(tx, { ...places, periods: given }, event.id);
        if (event.commitment === null || (event.status !== 'received' && event.status !== 'confirmed')) continue;
        const periods = periodsFrom(event.commitment, null);
        await claimDelivered(tx, { ...places, periods }, { by: event.id, as: 'flexibility event', run: null, at });
      }
    });
    return { events };
  },
  tell: ({ events }) => events.map(({ id, status }) => `${id}: ${status}.`).join(' '),
});

/** Settlement periods of the slots that begin at `from` or later; null: of all of them. */
const periodsFrom = ({ slots }: Commitment, from: Instant | null) => {
  const left = slots.filter(({ start }) => from === null || start >= from);
  return left.length === 0 ? [] : periodsIn({ start: left[0]!.start, end: left.at(-1)!.end });
};

/** Plans that are made later keep what is confirmed, and nothing else. */
const keepLimits = async (
  tx: Pick<Tx, 'collection'>,
  before: FlexibilityEvent | undefined,
  { id: eventId, status, commitment }: FlexibilityEvent,
): Promise<void> => {
  const sold = tx.collection(SOLD_FLEXIBILITY);
  for (const i of before?.commitment?.slots.keys() ?? []) await sold.delete(`${eventId}/${i}`);
  if (status !== 'confirmed' || commitment === null) return;
  for (const [i, { start, end, targetKw }] of commitment.slots.entries()) {
    const id = `${eventId}/${i}`;
    await sold.put(id, { id, region: commitment.region, clusterId: null, start, end, maxKw: targetKw });
  }
};

/** Calls on behalf of an event. */
export const callOf = (by: By, eventId: string): Call => ({
  actor: by.actor,
  cause: eventId,
  signal: signalOf(by),
  progress: () => {},
});

/**
 * Writes down how events stand, all of them or none, and answers the first. Fault `conflict` where what one is paid for was sold, settled
 * or claimed under another name.
 */
export const record = async (
  { world, by }: Pick<Desk, 'world' | 'by'>,
  event: FlexibilityEvent,
  ...others: FlexibilityEvent[]
): Promise<FlexibilityEvent> => {
  const { events } = await callTool(recordEvents, { events: [event, ...others] }, world, callOf(by, event.id));
  return events[0]!;
};

/** Fault `not-found` for one that is not known. */
export const eventOf = async ({ store }: Pick<World, 'store'>, id: string): Promise<FlexibilityEvent> => {
  const found = (await store.collection(EVENTS).get(id))?.value;
  if (found === undefined) throw notFound(`there is no event ${id}`, '`caco event list` lists them.');
  return found;
};

/** In the order in which they came. */
export const allEvents = async ({ store }: Pick<World, 'store'>): Promise<FlexibilityEvent[]> => {
  const found: FlexibilityEvent[] = [];
  for await (const { value } of everyDocument(store, EVENTS)) found.push(value);
  return found.reverse();
};
