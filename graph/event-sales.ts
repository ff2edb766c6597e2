/** What was sold on the market, as events: one for each order that binds, promised as it was sold, so that it is carried out and measured as any other. */
import { EVENTS, EventAsked, eventIdOf, type FlexibilityEvent } from '../domain/flexibility/event.js';
import { everyDocument } from '../domain/listing.js';
import { OPEN_STATES, SOLD_ORDERS, type SoldOrder } from '../domain/market.js';
import { secondsBetween } from '../domain/time.js';
import { type Desk, record } from './event-books.js';
import { commitmentOver } from './event-plan.js';
import { inTurn } from './turn.js';

const SOURCE = 'market';

/** Money per MWh by what the buyer pays in all; null: no price was agreed. */
const priceOf = ({ order, powerKw }: SoldOrder): EventAsked['price'] => {
  const { start, end } = order.item!.window;
  const mwh = (powerKw * secondsBetween(start, end)) / 3.6e6;
  return order.quote === null || mwh === 0
    ? null
    : { perMwh: Number(order.quote.total) / mwh, currency: order.quote.currency };
};

/** The market names no charge for what is missing: what an order costs us then is settled by its own rules. */
const askedBy = (sold: SoldOrder): EventAsked => {
  const { window, id } = sold.order.item!;
  return EventAsked.parse({
    ...{ source: SOURCE, ref: sold.id, product: id.slice(0, 100), site: sold.clusterId ?? sold.region, ...window },
    ...{ target: { as: 'reduction', kw: sold.powerKw }, price: priceOf(sold), penalty: null },
  });
};

/** What stays away counts from what was offered, less what others had bought of it before; the plan’s own limit holds as well. */
const slotsOf = ({ capsKw, powerKw }: SoldOrder) =>
  capsKw.map(({ start, end, baselineKw, spokenKw, maxKw }) => ({
    ...{ start, end, baselineKw: baselineKw - spokenKw },
    targetKw: Math.max(0, Math.min(maxKw, baselineKw - spokenKw - powerKw)),
  }));

const eventOf = async ({ world }: Desk, sold: SoldOrder): Promise<FlexibilityEvent> => {
  const asked = askedBy(sold);
  const decided = sold.order.updatedAt ?? world.clock.now();
  const can = [...((await world.fleet.responding?.(sold.region))?.can ?? [])];
  return {
    ...{ id: eventIdOf(asked), asked, status: 'confirmed', reason: null, runId: null, orderId: sold.id },
    commitment: {
      ...commitmentOver({ region: sold.region, planId: sold.deliveredBy!, decisionId: sold.decisionId }, slotsOf(sold)),
      can,
    },
    stamps: {
      ...{ received: sold.order.createdAt ?? decided, decided },
      ...{ issued: null, acknowledged: null, itBelow: null, facilityBelow: null },
    },
  };
};

/** Events of orders that newly bind, and of those that bind no more: what changed. Whoever looks again finds each once. */
export const takeSold = (desk: Desk): Promise<FlexibilityEvent[]> =>
  inTurn(desk.world, 'sale', async () => {
    const { store, clock } = desk.world;
    const changed: FlexibilityEvent[] = [];
    for await (const { value: sold } of everyDocument(store, SOLD_ORDERS)) {
      const { item, state } = sold.order;
      // A slot of computing that was sold asks nobody to draw less.
      if (item?.kind !== 'DEMAND_TURN_DOWN' || item.window.end <= clock.now() || sold.capsKw.length === 0) continue;
      const known = (await store.collection(EVENTS).get(eventIdOf({ source: SOURCE, ref: sold.id })))?.value;
      const binds = OPEN_STATES.has(state) && sold.deliveredBy !== null && sold.decisionId !== null;
      if (known === undefined && binds) changed.push(await record(desk, await eventOf(desk, sold)));
      if (known?.status === 'confirmed' && known.orderId === sold.id && state === 'CANCELLED') {
        const reason = `order ${sold.id} was cancelled by the ${sold.order.cancelled?.by === 'PROVIDER' ? 'seller' : 'buyer'}`;
        changed.push(await record(desk, { ...known, status: 'cancelled', reason }));
      }
    }
    return changed;
  });
