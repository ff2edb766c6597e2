/** From what a buyer chose to an order with its price; or the reason why not, with the code that says so. */
import { nano, nanoText } from '../../domain/decimal.js';
import { shortId } from '../../domain/digest.js';
import type { Claim, Draft, MarketContext, MarketItem, Quote, SoldOrder } from '../../domain/market.js';
import type { Tx } from '../../domain/store.js';
import { type Instant, plusSeconds } from '../../domain/time.js';
import { claimsIn, committedKw, itemOf, kwOf, leftKw, type Part, partOfItem, partToday, windowOf } from './catalog.js';
import { committedPower } from './commitment.js';
import { say } from './dialects/dialects.js';
import { Decline } from './refusal.js';
import type { SellerTerms } from './settings.js';

export const QUOTE_SECONDS = 900;
const FEE_PERCENT = 10;
const PAYMENTS = new Set(['POST-FULFILLMENT', 'ON-FULFILLMENT']);
const AT = '/message/order/items/0';

export const orderIdOf = ({ bapId, transactionId }: Pick<MarketContext, 'bapId' | 'transactionId'>): string =>
  shortId('ORD', { bapId, transactionId });

/** Price per MWh times energy, to whole hundredths of the currency; sums are of integers. */
export const quoteOf = (item: MarketItem, energyMwh: string): Quote => {
  const hundredths = Math.round((Number(nano(Number(item.pricePerMwh))) * Number(energyMwh)) / 1e7);
  const total = nanoText(BigInt(hundredths) * 10_000_000n);
  return {
    total,
    currency: item.currency,
    lines: [{ title: 'ENERGY', amount: total }],
    validSeconds: QUOTE_SECONDS,
  };
};

export interface Moment {
  readonly now: Instant;
  readonly nowMs: number;
}

/** Throws Decline. What is held by the same order already is its own to take. */
export const orderOf = async (
  tx: Tx,
  context: MarketContext,
  draft: Draft,
  terms: SellerTerms,
  at: Moment,
): Promise<SoldOrder> => {
  if (draft.providerId !== null && draft.providerId !== terms.providerId)
    throw new Decline(
      '30001',
      `there is no provider ${draft.providerId}; ours is ${terms.providerId}`,
      '/message/order/provider/id',
    );
  if (draft.items.length !== 1)
    throw new Decline('40000', `an order has one item, this one ${draft.items.length}`, '/message/order/items');
  const [{ id: itemId, quantity, commitment }] = draft.items as [Draft['items'][number]];
  const known = await partOfItem(tx, itemId);
  if (known === null) throw new Decline('30004', `there is no item ${itemId.slice(0, 200)}`, `${AT}/id`);
  const window = windowOf(known);
  if (window.start < plusSeconds(at.now, terms.noticeMinutes * 60))
    throw new Decline(
      '30008',
      `its window begins at ${window.start}, and ${terms.noticeMinutes} min notice are needed at ${at.now}`,
      `${AT}/id`,
    );
  const committed = commitment === undefined ? null : committedPower(known, commitment);
  const part = await partToday(tx, known, at.now);
  const orderId = orderIdOf(context);
  const claims = await claimsIn(tx);
  const left = part === null ? 0 : Math.floor(leftKw(part, claims, at.nowMs, orderId) * 10) / 10;
  if (part === null || left < 0.1)
    throw new Decline('40002', `${itemId} is sold or no longer offered: 0 kW are left of it`, `${AT}/id`);
  const powerKw = agreed(powerOf(part, quantity, Math.min(left, kwOf(part)), committed), committed);
  return build(context, draft, { part, itemId, powerKw, orderId, claims }, terms, at);
};

/** A quantity and a commitment that both are told say the same. */
const agreed = (powerKw: number, committed: number | null): number => {
  if (committed === null || Math.abs(powerKw - committed) < 0.05) return powerKw;
  throw new Decline(
    '40002',
    `${say(committed, 1)} kW are committed, and the quantity comes to ${say(powerKw, 1)} kW`,
    `${AT}/quantity`,
  );
};

const powerOf = (
  part: Part,
  { count, energyMwh }: Draft['items'][number]['quantity'],
  leftOfIt: number,
  committed: number | null,
): number => {
  const { start, end } = windowOf(part);
  const hours = (Date.parse(end) - Date.parse(start)) / 3_600_000;
  if (count !== null && count !== 1)
    throw new Decline('40002', `count is ${count}; the window is there once`, `${AT}/quantity`);
  if (energyMwh === null && committed === null) return leftOfIt;
  const kw = energyMwh === null ? committed! : (Number(energyMwh) * 1000) / hours;
  if (!(kw > 0)) throw new Decline('40002', `${energyMwh} MWh are asked for, must be above 0`, `${AT}/quantity`);
  if (kw > leftOfIt * (1 + 1e-9))
    throw new Decline(
      '40002',
      `${say(kw, 1)} kW are asked for (${say((kw * hours) / 1000, 6)} MWh); ${say(leftOfIt, 1)} kW are left`,
      `${AT}/quantity`,
    );
  return kw;
};

const build = (
  context: MarketContext,
  draft: Draft,
  of: { part: Part; itemId: string; powerKw: number; orderId: string; claims: readonly Claim[] },
  terms: SellerTerms,
  at: Moment,
): SoldOrder => {
  const { part, itemId, powerKw, orderId, claims } = of;
  const { offer } = part;
  const window = windowOf(part);
  const hours = (Date.parse(window.end) - Date.parse(window.start)) / 3_600_000;
  const item = { ...itemOf(part, terms, powerKw), id: itemId };
  const energyMwh = say((powerKw * hours) / 1000, 9);
  const quote = quoteOf(item, energyMwh);
  if (draft.payment?.type !== null && draft.payment?.type !== undefined && !PAYMENTS.has(draft.payment.type))
    throw new Decline(
      '40004',
      `payment ${draft.payment.type} is not taken; ${[...PAYMENTS].join(', ')} are`,
      '/message/order/payments/0/type',
    );
  return {
    id: orderId,
    bapId: context.bapId,
    transactionId: context.transactionId,
    dialect: context.dialect,
    version: context.version,
    domain: context.domain,
    bapUri: context.bapUri,
    region: offer.region,
    clusterId: offer.clusterId,
    planId: part.plan.id,
    deliveredBy: null,
    approvalId: null,
    decisionId: null,
    confirm: null,
    delivers: null,
    quotedUntilMs: at.nowMs + QUOTE_SECONDS * 1000,
    committedAtMs: null,
    powerKw,
    // Two sales from one plan add up: a limit that spoke of its own kW only would be kept by what the other one sold.
    capsKw: offer.slots.slice(part.from, part.to).map(({ start, end, baselineKw, peakKw }) => {
      const spokenKw = committedKw({ start, end }, offer.region, claims, orderId);
      return { start, end, baselineKw, spokenKw, maxKw: Math.max(0, (peakKw ?? baselineKw) - spokenKw - powerKw) };
    }),
    order: {
      id: null,
      state: 'QUOTED',
      providerId: terms.providerId,
      providerName: terms.providerName,
      itemId,
      item,
      quantity:
        draft.items[0]!.quantity.energyMwh === null ? { count: 1, energyMwh: null } : { count: null, energyMwh },
      quote,
      billing: draft.billing,
      paymentType: draft.payment?.type ?? 'POST-FULFILLMENT',
      cancelBy: plusSeconds(window.start, -terms.noticeMinutes * 60),
      cancellationFeePercent: FEE_PERCENT,
      metered: [],
      cancelled: null,
      note: null,
      evidence: null,
      createdAt: at.now,
      updatedAt: at.now,
    },
  };
};
