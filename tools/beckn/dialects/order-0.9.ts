/** Orders and items of Beckn 0.9.4: one fulfilment, one payment, flat tags, a quantity beside the item. */
import type { CommittedInterval, Draft, MarketItem, MarketOrder } from '../../../domain/market.js';
import { instant, toEpoch } from '../../../domain/time.js';
import { Refusal } from '../refusal.js';
import { itemIn } from './item.js';
import type { Order09 } from './shapes-0.9.js';
import {
  agreedQuoteIn,
  decimalIn,
  energyAt,
  given,
  instantAt,
  kindIn,
  minutesIn,
  money,
  numberIn,
  placeIn,
  quoteIn,
  say,
  sayMinutes,
  sayOr,
  sayPlace,
  sayQuote,
  windowIn,
} from './spelling.js';
import { stateIn } from './states.js';

type Item09 = NonNullable<Order09['items']>[number];
type Fulfillment09 = NonNullable<Order09['fulfillment']>;
type Tags09 = Record<string, string>;

const tagsOf = (all: Record<string, string | undefined>): Tags09 => given(all) as Tags09;

export const itemTags = (item: MarketItem): Tags09 =>
  tagsOf({
    power_kw: say(item.powerKw),
    best_effort_kw: sayOr(item.bestEffortKw),
    energy_mwh: item.energyMwh,
    notice: sayMinutes(item.noticeMinutes),
    ramp: sayMinutes(item.rampMinutes),
    recovery: sayMinutes(item.recoveryMinutes),
    rebound_kwh: sayOr(item.reboundKwh),
    carbon_intensity_g_per_kwh: sayOr(item.intensityGPerKwh),
    avoided_kgco2: sayOr(item.avoidedKg),
    carbon_source: item.carbonSource ?? undefined,
    baseline_method: item.baselineMethod ?? undefined,
    baseline_kw: sayOr(item.baselineKw),
  });

export const writeItem = (item: MarketItem, fulfillmentId: string) => ({
  id: item.id,
  descriptor: { code: item.kind, name: item.name },
  price: { currency: item.currency, value: item.pricePerMwh },
  fulfillment_id: fulfillmentId,
  time: { range: item.window },
  tags: itemTags(item),
});

export const writeFulfillment = (item: MarketItem, id: string) => ({
  id,
  type: 'DEMAND_REDUCTION',
  tracking: true,
  start: given({
    location: item.place === null ? undefined : { gps: sayPlace(item.place)! },
    time: { range: item.window },
  }),
  tags: tagsOf({
    power_kw: say(item.powerKw),
    duration: sayMinutes((toEpoch(item.window.end) - toEpoch(item.window.start)) / 60),
  }),
});

export const readItem = (
  item: Item09,
  fulfillment: Fulfillment09 | undefined,
  place: MarketItem['place'],
  at: string,
): MarketItem | null => {
  const tags: Tags09 = { ...fulfillment?.tags, ...item.tags };
  const number = (name: string) => numberIn(tags[name], `${at}/tags/${name}`);
  const minutes = (name: string) => minutesIn(tags[name], `${at}/tags/${name}`);
  return itemIn(
    {
      id: item.id,
      name: item.descriptor?.name ?? item.id,
      kind: kindIn(item.descriptor?.code) ?? 'DEMAND_TURN_DOWN',
      window: windowIn(item.time?.range ?? fulfillment?.start?.time?.range, `${at}/time/range`),
      powerKw: number('power_kw'),
      energyMwh: decimalIn(tags.energy_mwh, `${at}/tags/energy_mwh`),
      pricePerMwh: decimalIn(item.price?.value, `${at}/price/value`),
      currency: item.price?.currency,
      noticeMinutes: minutes('notice'),
      rampMinutes: minutes('ramp'),
      recoveryMinutes: minutes('recovery'),
      reboundKwh: number('rebound_kwh'),
      intensityGPerKwh: number('carbon_intensity_g_per_kwh'),
      avoidedKg: number('avoided_kgco2'),
      carbonSource: tags.carbon_source ?? null,
      baselineMethod: tags.baseline_method ?? null,
      baselineKw: number('baseline_kw'),
      bestEffortKw: number('best_effort_kw'),
      place: placeIn(fulfillment?.start?.location?.gps) ?? place,
    },
    at,
  );
};

const quantityIn = (quantity: Item09['quantity'], at: string): Draft['items'][number]['quantity'] => {
  const { measure, count } = quantity ?? {};
  return {
    count: count ?? null,
    energyMwh: energyAt(measure?.value ?? null, measure?.unit, `${at}/quantity/measure/unit`),
  };
};

const billingIn = (billing: Order09['billing']): Draft['billing'] =>
  billing === undefined ? null : { name: billing.name, email: billing.email ?? null, phone: billing.phone };

const quantityOf = ({ count, energyMwh }: MarketOrder['quantity']) =>
  given({
    count: count ?? undefined,
    measure: energyMwh === null ? undefined : { value: Number(energyMwh), unit: 'MWh' },
  });

const idOf = ({ id }: Item09, at: string): string => {
  if (id !== undefined) return id;
  throw new Refusal('30000', `${at} has no id`, `${at}/id`);
};

export const readDraft = (order: Order09): Draft => ({
  orderId: order.id ?? null,
  providerId: order.provider?.id ?? null,
  items: (order.items ?? []).map((item, i) => {
    const at = `/message/order/items/${i}`;
    const commitment = committedIn(item.tags ?? {}, `${at}/tags`);
    return {
      id: idOf(item, at),
      quantity: quantityIn(item.quantity, at),
      ...(commitment.length === 0 ? {} : { commitment }),
    };
  }),
  fulfillmentId: order.fulfillment?.id ?? null,
  billing: billingIn(order.billing),
  quote: agreedQuoteIn(order.quote),
  payment:
    order.payment === undefined
      ? null
      : {
          type: order.payment.type ?? null,
          amount: decimalIn(order.payment.params?.amount, '/message/order/payment/params/amount'),
        },
});

/** Tags `commitment_kw@TIME` of an item, each with the `duration@TIME` of its interval, as metering is told. */
const committedIn = (tags: Tags09, at: string): CommittedInterval[] =>
  Object.entries(tags).flatMap(([name, kw]) => {
    if (!name.startsWith('commitment_kw@')) return [];
    const start = name.slice('commitment_kw@'.length);
    const place = `${at}/${name}`;
    const minutes = minutesIn(tags[`duration@${start}`], place);
    if (minutes === null) throw new Refusal('30000', `${place} needs duration@${start}`, place);
    return [{ start: instantAt(start, place), minutes, kw: numberIn(kw, place)!, at: place }];
  });

const billingOf = (billing: NonNullable<Draft['billing']>) =>
  given({ name: billing.name, email: billing.email ?? undefined, phone: billing.phone ?? '-' });

/** 0.9 has no PRE-ORDER. */
const paymentType = (type: string) => (type === 'PRE-ORDER' ? 'ON-ORDER' : type);

export const writeDraft = (draft: Draft) =>
  given({
    id: draft.orderId ?? undefined,
    provider: draft.providerId === null ? undefined : { id: draft.providerId },
    items: draft.items.map(({ id, quantity }) => ({ id, quantity: quantityOf(quantity) })),
    fulfillment: { id: draft.fulfillmentId ?? 'f-1' },
    billing: draft.billing === null ? undefined : billingOf(draft.billing),
    quote: draft.quote === null ? undefined : sayQuote(draft.quote),
    payment:
      draft.payment === null || draft.quote === null
        ? undefined
        : given({
            type: draft.payment.type === null ? undefined : paymentType(draft.payment.type),
            status: 'NOT-PAID',
            params: { amount: money(draft.payment.amount ?? draft.quote.total), currency: draft.quote.currency },
          }),
  });

const STATE_WORD = { ACTIVE: 'Confirmed', COMPLETE: 'Completed', CANCELLED: 'Cancelled' } as const;

export const writeOrder = (order: MarketOrder, status: keyof typeof STATE_WORD) => {
  const bound = order.id !== null;
  const { item, itemId, quote } = order;
  const fulfillment = item === null ? { id: 'f-1', tags: {} } : writeFulfillment(item, 'f-1');
  const last = order.metered.at(-1);
  return given({
    id: order.id ?? undefined,
    state: bound ? STATE_WORD[status] : undefined,
    provider: { id: order.providerId },
    items: [{ ...(item === null ? { id: itemId } : writeItem(item, 'f-1')), quantity: quantityOf(order.quantity) }],
    fulfillment: given({
      ...fulfillment,
      state: bound ? given({ descriptor: { code: order.state }, updated_at: order.updatedAt ?? undefined }) : undefined,
      tags: tagsOf({
        ...fulfillment.tags,
        metering_t: last?.start,
        metering_baseline_kw: last === undefined ? undefined : say(last.baselineKw),
        metering_actual_kw: sayOr(last?.actualKw ?? null),
        ...Object.fromEntries(
          order.metered.flatMap((slot) => [
            [`baseline_kw@${slot.start}`, say(slot.baselineKw)],
            [`actual_kw@${slot.start}`, sayOr(slot.actualKw)],
            [`duration@${slot.start}`, sayMinutes(slot.minutes)],
          ]),
        ),
        note: order.note ?? undefined,
        ledger_entry: order.evidence ?? undefined,
        cancel_by: order.cancelBy ?? undefined,
        cancellation_fee_percent: sayOr(order.cancellationFeePercent),
        cancelled_at: order.cancelled?.at,
        cancelled_by: order.cancelled?.by,
        cancellation_reason_id: order.cancelled?.reasonId ?? undefined,
      }),
    }),
    billing: order.billing === null ? undefined : billingOf(order.billing),
    quote: quote === null ? undefined : sayQuote(quote),
    payment:
      order.paymentType === null || quote === null
        ? undefined
        : {
            type: paymentType(order.paymentType),
            status: 'NOT-PAID',
            params: { amount: money(quote.total), currency: quote.currency },
          },
    created_at: order.createdAt ?? undefined,
    updated_at: order.updatedAt ?? undefined,
  });
};

export const readOrder = (order: Order09): MarketOrder => {
  const [item] = order.items ?? [];
  if (item === undefined) throw new Refusal('30000', 'the order has no item', '/message/order/items');
  const { fulfillment } = order;
  const tags: Tags09 = fulfillment?.tags ?? {};
  const at = '/message/order/items/0';
  const cancelledAt = tags.cancelled_at ?? (order.state === 'Cancelled' ? order.updated_at : undefined);
  return {
    id: order.id ?? null,
    state: stateIn(order.state, fulfillment?.state?.descriptor?.code),
    providerId: order.provider?.id ?? '',
    providerName: null,
    itemId: idOf(item, at),
    item: readItem(item, fulfillment, null, at),
    quantity: quantityIn(item.quantity, at),
    quote: quoteIn(order.quote),
    billing: billingIn(order.billing),
    paymentType: order.payment?.type ?? null,
    cancelBy: tags.cancel_by === undefined ? null : instant(tags.cancel_by),
    cancellationFeePercent: numberIn(tags.cancellation_fee_percent, '/message/order/fulfillment/tags'),
    metered: Object.entries(tags).flatMap(([name, value]) => {
      if (!name.startsWith('baseline_kw@')) return [];
      const start = name.slice('baseline_kw@'.length);
      const at = `/message/order/fulfillment/tags/${name}`;
      return [
        {
          start: instant(start),
          minutes: minutesIn(tags[`duration@${start}`], at) ?? 30,
          baselineKw: numberIn(value, at) ?? 0,
          actualKw: numberIn(tags[`actual_kw@${start}`], at),
        },
      ];
    }),
    cancelled:
      cancelledAt === undefined
        ? null
        : {
            at: instant(cancelledAt),
            by: tags.cancelled_by === 'PROVIDER' ? 'PROVIDER' : 'CONSUMER',
            reasonId: tags.cancellation_reason_id ?? null,
            why: null,
          },
    note: tags.note ?? null,
    evidence: tags.ledger_entry ?? null,
    createdAt: order.created_at === undefined ? null : instant(order.created_at),
    updatedAt: order.updated_at === undefined ? null : instant(order.updated_at),
  };
};
