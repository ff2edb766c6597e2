/**
 * The seller's side of a conversation. Up to on_init replies are records: nothing is promised. A confirm binds: its capacity is
 * committed together with the order, then the fleet is planned again under that limit, and only a plan that keeps it is confirmed.
 */
import {
  CLAIMS,
  type Draft,
  type MarketContext,
  type MarketReply,
  type MarketRequest,
  OPEN_STATES,
  RATINGS,
  SALE_PLANS,
  SOLD_ORDERS,
  type SoldOrder,
  type WorkloadShift,
} from '../../domain/market.js';
import { SOLD_FLEXIBILITY } from '../../domain/offer.js';
import type { Tx } from '../../domain/store.js';
import type { World } from '../../domain/world.js';
import { searchCatalog } from './catalog.js';
import { noteSale } from './evidence.js';
import { type Delivers, giveBack, takeExclusively } from './exclusive.js';
import { claimOf, hold } from './holds.js';
import { type Moment, orderIdOf, orderOf, QUOTE_SECONDS } from './quote.js';
import { Decline } from './refusal.js';
import type { MarketSettings } from './settings.js';

/** What an answer does to the books; null: the answer comes later. Throws Decline before it has written anything. */
export type Work = (tx: Tx) => Promise<MarketReply | null>;

/** What selling needs of the rest of the program: planning again under a limit, and leave for it. */
export type SaleOutcome =
  | { readonly is: 'planned'; readonly planId: string; readonly decisionId: string }
  | { readonly is: 'waiting'; readonly approvalId: string }
  | { readonly is: 'refused'; readonly code: string; readonly why: string };
export interface Planner {
  /** Sees to it that there is a plan to sell from. */
  freshen(): Promise<void>;
  /** Plans so that an order is kept, whose caps are among what was sold; called again it goes on where it was. */
  deliver(order: SoldOrder, standingKw: number): Promise<SaleOutcome>;
}

export interface SellerGround {
  readonly world: World;
  readonly settings: MarketSettings;
  readonly planner: Planner;
  readonly nowMs: () => number;
}

const REASONS = /^0\d\d$/;
const TARGETS = new Set([
  'order.items',
  'order.fulfillments',
  'item',
  'items',
  'fulfillment',
  'fulfillments',
  'order.billing',
  'billing',
]);

export const momentOf = ({ world, nowMs }: Pick<SellerGround, 'world' | 'nowMs'>): Moment => ({
  now: world.clock.now(),
  nowMs: nowMs(),
});

/** Somebody else's order is not there. */
const ownOrder = async (tx: Pick<Tx, 'collection'>, orderId: string, bapId: string): Promise<SoldOrder> => {
  const found = (await tx.collection(SOLD_ORDERS).get(orderId))?.value;
  if (found === undefined || found.bapId !== bapId || found.order.id === null)
    throw new Decline('30010', `there is no order ${orderId.slice(0, 100)} of yours`, '/message/order_id');
  return found;
};

export const replyOf = ({ order }: SoldOrder): MarketReply => ({ is: 'order', order });

/** The limits that every plan keeps from here on, as they were sold. */
export const limited = async (tx: Tx, order: SoldOrder): Promise<void> => {
  const { id, region, clusterId } = order;
  for (const [i, { start, end, maxKw }] of order.capsKw.entries())
    await tx.collection(SOLD_FLEXIBILITY).put(`${id}/${i}`, { id: `${id}/${i}`, region, clusterId, start, end, maxKw });
};
export const unsold = async (tx: Tx, order: SoldOrder): Promise<void> => {
  for (const i of order.capsKw.keys()) await tx.collection(SOLD_FLEXIBILITY).delete(`${order.id}/${i}`);
  await tx.collection(CLAIMS).delete(order.id);
};
/** What a request comes to. A confirm is none of it. */
export const workOf = async (ground: SellerGround, context: MarketContext, request: MarketRequest): Promise<Work> => {
  const { settings, planner } = ground;
  switch (request.action) {
    case 'search':
      await planner.freshen();
      return search(ground, request.need);
    case 'select':
      return async (tx) => replyOf(await quoted(tx, ground, context, request.draft));
    case 'init':
      return (tx) => initialise(tx, ground, context, request.draft);
    case 'status':
      return async (tx) => replyOf(await ownOrder(tx, request.orderId, context.bapId));
    case 'track':
      return async (tx) => {
        const order = await ownOrder(tx, request.orderId, context.bapId);
        return {
          is: 'tracking',
          orderId: order.id,
          url: `${settings.bppUri.replace(/\/+$/, '')}/track/${order.id}`,
          active: OPEN_STATES.has(order.order.state),
        };
      };
    case 'update':
      return (tx) => update(tx, ground, context, request);
    case 'cancel':
      return (tx) => cancel(tx, ground, context, request);
    case 'rating':
      return async (tx) => {
        const at = ground.world.clock.now();
        for (const rate of request.rates)
          await tx
            .collection(RATINGS)
            .put(`${context.bapId}/${rate.id}/${rate.about}`, { ...rate, by: context.bapId, at });
        return { is: 'rating', feedbackUrl: null };
      };
    case 'support': {
      const { phone, email } = settings.terms;
      return async () => ({ is: 'support', ref: request.ref, phone, email, url: null });
    }
    default:
      throw new Decline('40001', `${request.action} is not answered here`);
  }
};

const search = (ground: SellerGround, need: Parameters<typeof searchCatalog>[1]): Work => {
  const { terms } = ground.settings;
  return async (tx) => ({
    is: 'catalog',
    name: terms.providerName,
    providers: [
      {
        id: terms.providerId,
        name: terms.providerName,
        place: terms.place,
        items: await searchCatalog(tx, need, terms, momentOf(ground)),
      },
    ],
  });
};

/** At today's price. Throws Decline. */
const quoteFor = async (tx: Tx, ground: SellerGround, context: MarketContext, draft: Draft): Promise<SoldOrder> => {
  const before = (await tx.collection(SOLD_ORDERS).get(orderIdOf(context)))?.value;
  if (before !== undefined && before.order.id !== null)
    throw new Decline(
      '40001',
      `the transaction has the order ${before.id}; begin another for more`,
      '/context/transaction_id',
    );
  const order = await orderOf(tx, context, draft, ground.settings.terms, momentOf(ground));
  return before === undefined ? order : { ...order, order: { ...order.order, createdAt: before.order.createdAt } };
};

/** Writes the quote down, so that init and confirm may rest on it. */
const quoted = async (tx: Tx, ground: SellerGround, context: MarketContext, draft: Draft): Promise<SoldOrder> => {
  const order = await quoteFor(tx, ground, context, draft);
  await tx.collection(SOLD_ORDERS).put(order.id, order);
  return order;
};

const initialise = async (tx: Tx, ground: SellerGround, context: MarketContext, draft: Draft): Promise<MarketReply> => {
  if (draft.billing === null || draft.billing.name === '')
    throw new Decline('30000', 'init needs billing with a name', '/message/order/billing');
  const order = await quoteFor(tx, ground, context, draft);
  const nowMs = ground.nowMs();
  const quotedUntilMs = await hold(tx, order, QUOTE_SECONDS * 1000, nowMs);
  const quote = { ...order.order.quote!, validSeconds: Math.max(1, Math.floor((quotedUntilMs - nowMs) / 1000)) };
  const held: SoldOrder = { ...order, quotedUntilMs, order: { ...order.order, quote, state: 'INITIALISED' } };
  await tx.collection(SOLD_ORDERS).put(held.id, held);
  return replyOf(held);
};

/**
 * Capacity and order in one transaction: what is committed here nobody else can have. Called again, after a crash or for the
 * same confirm, it answers the order as it stands.
 */
export const commit = async (
  tx: Tx,
  ground: SellerGround,
  context: MarketContext,
  draft: Draft,
  delivers: (order: SoldOrder) => Delivers,
): Promise<SoldOrder> => {
  const orders = tx.collection(SOLD_ORDERS);
  const before = (await orders.get(orderIdOf(context)))?.value;
  if (before?.order.state === 'COMMITTED') return before;
  if (before !== undefined && before.order.id !== null)
    throw new Decline(
      '40001',
      `order ${before.id} of this transaction is confirmed already`,
      '/context/transaction_id',
    );
  if (before === undefined && (draft.billing === null || draft.quote === null))
    throw new Decline(
      '40003',
      'a confirm without init needs billing and the quote that it accepts',
      '/message/order/quote',
    );
  const at = momentOf(ground);
  if (before?.quotedUntilMs !== undefined && before.quotedUntilMs !== null && before.quotedUntilMs < at.nowMs) {
    const ago = Math.ceil((at.nowMs - before.quotedUntilMs) / 1000);
    throw new Decline(
      '40003',
      `the quote ended ${ago} s ago; ask for another with select or init`,
      '/message/order/quote/ttl',
    );
  }
  const order = await orderOf(tx, context, draft, ground.settings.terms, at);
  const quote = order.order.quote!;
  if (
    draft.quote !== null &&
    (Number(draft.quote.total) !== Number(quote.total) || draft.quote.currency !== quote.currency)
  )
    throw new Decline(
      '40003',
      `the quote says ${draft.quote.total} ${draft.quote.currency}, the price is ${quote.total} ${quote.currency}`,
      '/message/order/quote/price',
    );
  const billing = draft.billing ?? before?.order.billing ?? null;
  if (billing === null) throw new Decline('30000', 'confirm needs billing', '/message/order/billing');
  const committed: SoldOrder = {
    ...order,
    delivers: delivers(order),
    confirm: JSON.stringify(context),
    committedAtMs: at.nowMs,
    order: { ...order.order, billing, state: 'COMMITTED', createdAt: before?.order.createdAt ?? at.now },
  };
  await takeExclusively(tx, committed, at.now);
  await orders.put(committed.id, committed);
  await tx.collection(CLAIMS).put(committed.id, claimOf(committed, 'committed', null));
  await limited(tx, committed);
  return committed;
};

/** How a committed order ends: as an order that binds, or refused and given back. */
export const concluded = async (
  tx: Tx,
  ground: SellerGround,
  order: SoldOrder,
  outcome: SaleOutcome,
): Promise<MarketReply | null> => {
  const orders = tx.collection(SOLD_ORDERS);
  const now = (await orders.get(order.id))?.value;
  // It was cancelled, or another process concluded it: whoever did has answered.
  if (now === undefined || now.order.state !== 'COMMITTED') return null;
  if (outcome.is === 'waiting') {
    await orders.put(now.id, { ...now, approvalId: outcome.approvalId });
    return null;
  }
  const at = ground.world.clock.now();
  if (outcome.is === 'refused') {
    await unsold(tx, now);
    await giveBack(tx, now);
    if (now.deliveredBy !== null)
      await tx.collection(SALE_PLANS).put(now.deliveredBy, { orderId: now.id, kept: false });
    const rejected: SoldOrder = {
      ...now,
      confirm: null,
      order: { ...now.order, state: 'REJECTED', note: outcome.why, updatedAt: at },
    };
    await orders.put(now.id, rejected);
    await noteSale(tx, ground.world, 'market_refusal', rejected);
    return { is: 'error', code: outcome.code, message: outcome.why, paths: null };
  }
  const { planId, decisionId } = outcome;
  const placed: SoldOrder = {
    ...now,
    deliveredBy: planId,
    decisionId,
    confirm: null,
    order: { ...now.order, id: now.id, state: 'ORDER_PLACED', updatedAt: at },
  };
  await tx.collection(SALE_PLANS).put(planId, { orderId: now.id, kept: true });
  const entry = await noteSale(tx, ground.world, 'market_order', placed);
  const kept = { ...placed, order: { ...placed.order, evidence: String(entry) } };
  await orders.put(kept.id, kept);
  await tx.collection(CLAIMS).put(kept.id, claimOf(kept, 'planned', null));
  return replyOf(kept);
};

type Update = Extract<MarketRequest, { action: 'update' }>;

const update = async (tx: Tx, ground: SellerGround, context: MarketContext, request: Update): Promise<MarketReply> => {
  const { draft, targets, shift } = request;
  const order = await ownOrder(tx, draft.orderId ?? '', context.bapId);
  const unknown = targets.find((target) => !TARGETS.has(target));
  if (unknown !== undefined)
    throw new Decline(
      '30012',
      `update_target "${unknown.slice(0, 80)}" is not known; ${[...TARGETS].join(', ')} are`,
      '/message/update_target',
    );
  if (!OPEN_STATES.has(order.order.state))
    throw new Decline(
      '50002',
      `order ${order.id} is ${order.order.state} and is not changed any more`,
      '/message/order/id',
    );
  const changesItems = draft.items.some(
    ({ id, quantity }) => id !== order.order.itemId || differs(quantity.energyMwh, order),
  );
  const mayChange = (what: string) => targets.some((target) => target.includes(what));
  if (changesItems && !mayChange('item'))
    throw new Decline(
      '30013',
      'the items differ from the order, and update_target does not name them',
      '/message/order/items',
    );
  if (draft.billing !== null && !mayChange('billing') && draft.billing.name !== order.order.billing?.name)
    throw new Decline(
      '30013',
      'billing differs from the order, and update_target does not name it',
      '/message/order/billing',
    );
  if (changesItems)
    throw new Decline(
      '50002',
      'what was sold is not changed: cancel the order and buy another',
      '/message/order/items',
    );
  const note = shift === null ? order.order.note : shifted(shift, order);
  const billing = mayChange('billing') ? (draft.billing ?? order.order.billing) : order.order.billing;
  const changed: SoldOrder = {
    ...order,
    order: { ...order.order, billing, note, updatedAt: ground.world.clock.now() },
  };
  await tx.collection(SOLD_ORDERS).put(changed.id, changed);
  if (shift !== null) await noteSale(tx, ground.world, 'market_update', changed);
  return replyOf(changed);
};

const differs = (energyMwh: string | null, { powerKw, order }: SoldOrder): boolean => {
  if (energyMwh === null) return false;
  const { start, end } = order.item!.window;
  const mwh = (powerKw * (Date.parse(end) - Date.parse(start))) / 3_600_000 / 1000;
  return Math.abs(Number(energyMwh) - mwh) > 1e-6;
};

/** Work that was sold to stay away is away by the plan; more than that would be another order. */
const shifted = (shift: WorkloadShift, order: SoldOrder): string => {
  if (shift.action === 'continue_with_acknowledgement') return 'the buyer knows of the alert and the order goes on';
  if (shift.reductionKw !== null && shift.reductionKw > order.powerKw * (1 + 1e-9))
    throw new Decline(
      '50002',
      `${shift.reductionKw} kW are asked for, ${order.powerKw} kW were sold: buy the rest`,
      '/message/order/fulfillments/0/tags',
    );
  return `${shift.reductionKw ?? order.powerKw} kW stay away by plan ${order.deliveredBy}${shift.event === null ? '' : ` for ${shift.event}`}`;
};

type Cancel = Extract<MarketRequest, { action: 'cancel' }>;

const cancel = async (tx: Tx, ground: SellerGround, context: MarketContext, request: Cancel): Promise<MarketReply> => {
  const order = await ownOrder(tx, request.orderId, context.bapId);
  const { reasonId, why } = request;
  if (reasonId === null || !REASONS.test(reasonId))
    throw new Decline(
      '30011',
      `cancellation reason "${reasonId ?? ''}" is not known; 001 to 099 are`,
      '/message/cancellation_reason_id',
    );
  const at = ground.world.clock.now();
  if (!OPEN_STATES.has(order.order.state))
    throw new Decline('50001', `order ${order.id} is ${order.order.state} already`, '/message/order_id');
  if (order.order.item!.window.start <= at)
    throw new Decline('50001', `its window began at ${order.order.item!.window.start}`, '/message/order_id');
  const fee =
    order.order.cancelBy !== null && at > order.order.cancelBy ? (order.order.cancellationFeePercent ?? 0) : 0;
  const cancelled: SoldOrder = {
    ...order,
    order: {
      ...order.order,
      state: 'CANCELLED',
      cancelled: { at, by: 'CONSUMER', reasonId, why },
      note: fee === 0 ? 'cancelled in time: no fee' : `cancelled late: a fee of ${fee} %`,
      updatedAt: at,
    },
  };
  await tx.collection(SOLD_ORDERS).put(order.id, cancelled);
  await unsold(tx, order);
  await giveBack(tx, order);
  await noteSale(tx, ground.world, 'market_cancellation', cancelled);
  return replyOf(cancelled);
};
