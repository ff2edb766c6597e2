/** Orders and items of Beckn 1.1. */
import type { CommittedInterval, Draft, MarketItem, MarketOrder, Metered } from '../../../domain/market.js';
import { type Instant, instant, toEpoch } from '../../../domain/time.js';
import { Refusal } from '../refusal.js';
import { itemIn } from './item.js';
import type { Order11 } from './shapes-1.1.js';
import {
  agreedQuoteIn,
  decimalIn,
  energyAt,
  energyIn,
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
import { stateIn, statusOf } from './states.js';
import { group, groups, nonEmpty, type Tags11, tagsIn } from './tags-1.1.js';

/** Beckn 1.1: tag groups, arrays of fulfilments and payments. The default. */
type Item11 = NonNullable<Order11['items']>[number];
type Fulfillment11 = NonNullable<Order11['fulfillments']>[number];

export const FULFILLMENT = 'f-1';

export const writeItem = (item: MarketItem, fulfillmentId: string) =>
  given({
    id: item.id,
    descriptor: { code: item.kind, name: item.name },
    price: { currency: item.currency, value: item.pricePerMwh },
    category_ids: [item.kind],
    fulfillment_ids: [fulfillmentId],
    time: { range: item.window },
    tags: groups(
      group('flexibility', {
        power_kw: say(item.powerKw),
        duration: sayMinutes((toEpoch(item.window.end) - toEpoch(item.window.start)) / 60),
        best_effort_kw: sayOr(item.bestEffortKw),
        notice: sayMinutes(item.noticeMinutes),
        ramp: sayMinutes(item.rampMinutes),
        recovery: sayMinutes(item.recoveryMinutes),
        rebound_kwh: sayOr(item.reboundKwh),
      }),
      group('carbon', {
        intensity_g_per_kwh: sayOr(item.intensityGPerKwh),
        source: item.carbonSource ?? undefined,
        avoided_kgco2: sayOr(item.avoidedKg),
      }),
      group('baseline', { method: item.baselineMethod ?? undefined, load_kw: sayOr(item.baselineKw) }),
    ),
  });

export const readItem = (
  item: Item11,
  fulfillments: readonly Fulfillment11[],
  place: MarketItem['place'],
  at: string,
): MarketItem | null => {
  const tag = tagsIn(item.tags);
  const own = fulfillments.find((f) => item.fulfillment_ids?.includes(f.id ?? '')) ?? fulfillments[0];
  const stop = own?.stops?.[0];
  const measure =
    item.quantity?.available?.measure ?? item.quantity?.maximum?.measure ?? item.quantity?.selected?.measure;
  const number = (group: string, name: string) => numberIn(tag(group, name), `${at}/tags`);
  const minutes = (name: string) => minutesIn(tag('flexibility', name), `${at}/tags`);
  return itemIn(
    {
      id: item.id,
      name: item.descriptor?.name ?? item.id,
      kind: kindIn(item.descriptor?.code) ?? 'DEMAND_TURN_DOWN',
      window: windowIn(item.time?.range ?? stop?.time?.range, `${at}/time/range`),
      powerKw: number('flexibility', 'power_kw'),
      energyMwh: energyIn(numberIn(measure?.value, `${at}/quantity`), measure?.unit),
      pricePerMwh: decimalIn(item.price?.value, `${at}/price/value`),
      currency: item.price?.currency,
      noticeMinutes: minutes('notice'),
      rampMinutes: minutes('ramp'),
      recoveryMinutes: minutes('recovery'),
      reboundKwh: number('flexibility', 'rebound_kwh'),
      intensityGPerKwh: number('carbon', 'intensity_g_per_kwh'),
      avoidedKg: number('carbon', 'avoided_kgco2'),
      carbonSource: tag('carbon', 'source') ?? null,
      baselineMethod: tag('baseline', 'method') ?? null,
      baselineKw: number('baseline', 'load_kw'),
      bestEffortKw: number('flexibility', 'best_effort_kw'),
      place: placeIn(stop?.location?.gps) ?? place,
    },
    at,
  );
};

const idOf = ({ id }: Item11, at: string): string => {
  if (id !== undefined) return id;
  throw new Refusal('30000', `${at} has no id`, `${at}/id`);
};
const quantityIn = ({ quantity }: Item11, at: string): Draft['items'][number]['quantity'] => {
  const { count, measure } = quantity?.selected ?? {};
  const pointer = `${at}/quantity/selected/measure`;
  return {
    count: count ?? null,
    energyMwh: energyAt(numberIn(measure?.value, `${pointer}/value`), measure?.unit, `${pointer}/unit`),
  };
};
const billingIn = (billing: Order11['billing']): Draft['billing'] =>
  billing === undefined
    ? null
    : { name: billing.name ?? '', email: billing.email ?? null, phone: billing.phone ?? null };

export const readDraft = (order: Order11): Draft => ({
  orderId: order.id ?? null,
  providerId: order.provider?.id ?? null,
  items: (order.items ?? []).map((item, i) => {
    const at = `/message/order/items/${i}`;
    const commitment = committedIn(item.tags, `${at}/tags`);
    return {
      id: idOf(item, at),
      quantity: quantityIn(item, at),
      ...(commitment.length === 0 ? {} : { commitment }),
    };
  }),
  fulfillmentId: order.fulfillments?.[0]?.id ?? null,
  billing: billingIn(order.billing),
  quote: agreedQuoteIn(order.quote),
  payment:
    order.payments?.[0] === undefined
      ? null
      : {
          type: order.payments[0].type ?? null,
          amount: decimalIn(order.payments[0].params?.amount, '/message/order/payments/0/params/amount'),
        },
});

/** Groups `commitment` of an item: `t`, `duration` and `kw` of each interval, as metering is told. */
const committedIn = (tags: Tags11, at: string): CommittedInterval[] =>
  (tags ?? []).flatMap((of, i) => {
    if (of.descriptor?.code !== 'commitment') return [];
    const tag = tagsIn([of]);
    const [start, kw, minutes] = ['t', 'kw', 'duration'].map((name) => tag('commitment', name));
    if (start === undefined || kw === undefined || minutes === undefined)
      throw new Refusal('30000', `${at}/${i} needs t, duration and kw`, `${at}/${i}/list`);
    const place = `${at}/${i}/list/${of.list!.findIndex(({ descriptor }) => descriptor?.code === 'kw')}/value`;
    return [
      { start: instantAt(start, place), minutes: minutesIn(minutes, place)!, kw: numberIn(kw, place)!, at: place },
    ];
  });

export const selectedOf = ({ count, energyMwh }: MarketOrder['quantity']) => ({
  selected: given({
    count: count ?? undefined,
    measure: energyMwh === null ? undefined : { value: energyMwh, unit: 'MWh' },
  }),
});

export const writeDraft = (draft: Draft) =>
  given({
    id: draft.orderId ?? undefined,
    provider: draft.providerId === null ? undefined : { id: draft.providerId },
    items: draft.items.map(({ id, quantity }) => ({ id, quantity: selectedOf(quantity) })),
    fulfillments: [{ id: draft.fulfillmentId ?? FULFILLMENT }],
    billing:
      draft.billing === null
        ? undefined
        : given({
            name: draft.billing.name,
            email: draft.billing.email ?? undefined,
            phone: draft.billing.phone ?? undefined,
          }),
    quote: draft.quote === null ? undefined : sayQuote(draft.quote),
    payments:
      draft.payment === null || draft.quote === null
        ? undefined
        : [
            given({
              id: 'p-1',
              collected_by: 'BPP',
              type: draft.payment.type ?? undefined,
              status: 'NOT-PAID',
              params: { amount: money(draft.payment.amount ?? draft.quote.total), currency: draft.quote.currency },
            }),
          ],
  });

/** Up to what an order says beside its tags about the site, so many intervals are told. */
const meteringTags = (metered: readonly Metered[]) =>
  metered.map((slot) =>
    group('metering', {
      t: slot.start,
      duration: sayMinutes(slot.minutes),
      baseline_kw: say(slot.baselineKw),
      actual_kw: sayOr(slot.actualKw),
    }),
  );

export const writeOrder = (order: MarketOrder) => {
  const { item, itemId, quote } = order;
  const bound = order.id !== null;
  return given({
    id: order.id ?? undefined,
    status: bound ? statusOf(order.state) : undefined,
    provider: given({
      id: order.providerId,
      descriptor: order.providerName === null ? undefined : { name: order.providerName },
    }),
    items: [
      { ...(item === null ? { id: itemId } : writeItem(item, FULFILLMENT)), quantity: selectedOf(order.quantity) },
    ],
    fulfillments: [
      given({
        ...(item === null ? { id: FULFILLMENT } : fulfillmentOf(item, FULFILLMENT)),
        state: bound
          ? given({ descriptor: { code: order.state }, updated_at: order.updatedAt ?? undefined })
          : undefined,
      }),
    ],
    quote: quote === null ? undefined : sayQuote(quote),
    billing:
      order.billing === null
        ? undefined
        : given({
            name: order.billing.name,
            email: order.billing.email ?? undefined,
            phone: order.billing.phone ?? undefined,
          }),
    payments:
      order.paymentType === null || quote === null
        ? undefined
        : [
            {
              id: 'p-1',
              collected_by: 'BPP',
              type: order.paymentType,
              status: 'NOT-PAID',
              params: { amount: money(quote.total), currency: quote.currency },
            },
          ],
    cancellation_terms:
      order.cancelBy === null
        ? undefined
        : [
            {
              fulfillment_state: { descriptor: { code: 'ORDER_PLACED' } },
              reason_required: true,
              cancel_by: { timestamp: order.cancelBy },
              cancellation_fee: { percentage: say(order.cancellationFeePercent ?? 0) },
            },
          ],
    cancellation:
      order.cancelled === null
        ? undefined
        : {
            time: order.cancelled.at,
            cancelled_by: order.cancelled.by,
            reason: given({
              id: order.cancelled.reasonId ?? undefined,
              descriptor: order.cancelled.why === null ? undefined : { short_desc: order.cancelled.why },
            }),
          },
    created_at: order.createdAt ?? undefined,
    updated_at: order.updatedAt ?? undefined,
    tags: nonEmpty([
      ...meteringTags(order.metered),
      ...groups(
        group('evidence', { ledger_entry: order.evidence ?? undefined }),
        group('note', { text: order.note ?? undefined }),
      ),
    ]),
  });
};

export const fulfillmentOf = (item: MarketItem, id: string) => ({
  id,
  type: 'DEMAND_REDUCTION',
  tracking: true,
  stops: [
    {
      id: 's-1',
      type: 'start',
      ...(item.place === null ? {} : { location: { gps: sayPlace(item.place)! } }),
      time: { range: item.window },
    },
  ],
});

export const readOrder = (order: Order11): MarketOrder => {
  const [item] = order.items ?? [];
  if (item === undefined) throw new Refusal('30000', 'the order has no item', '/message/order/items');
  const fulfillments = order.fulfillments ?? [];
  const [term] = order.cancellation_terms ?? [];
  const at = '/message/order/items/0';
  const tag = tagsIn(order.tags);
  return {
    id: order.id ?? null,
    state: stateIn(order.status, fulfillments[0]?.state?.descriptor?.code),
    providerId: order.provider?.id ?? '',
    providerName: order.provider?.descriptor?.name ?? null,
    itemId: idOf(item, at),
    // A seller may name an item by its id alone: what it is stood in the catalogue.
    item: readItem(item, fulfillments, null, at),
    quantity: quantityIn(item, at),
    quote: quoteIn(order.quote),
    billing: billingIn(order.billing),
    paymentType: order.payments?.[0]?.type ?? null,
    cancelBy: instantIn(term?.cancel_by?.timestamp),
    cancellationFeePercent: numberIn(term?.cancellation_fee?.percentage, '/message/order/cancellation_terms/0'),
    metered: meteredIn(order.tags),
    cancelled:
      order.cancellation?.time === undefined
        ? null
        : {
            at: instant(order.cancellation.time),
            by: order.cancellation.cancelled_by ?? 'CONSUMER',
            reasonId: order.cancellation.reason?.id ?? null,
            why: order.cancellation.reason?.descriptor?.short_desc ?? null,
          },
    note: tag('note', 'text') ?? null,
    evidence: tag('evidence', 'ledger_entry') ?? null,
    createdAt: instantIn(order.created_at),
    updatedAt: instantIn(order.updated_at),
  };
};

const instantIn = (text: string | undefined): Instant | null => (text === undefined ? null : instant(text));

const meteredIn = (tags: Tags11): Metered[] =>
  (tags ?? []).flatMap((of) => {
    if (of.descriptor?.code !== 'metering') return [];
    const tag = tagsIn([of]);
    const start = tag('metering', 't');
    const baselineKw = numberIn(tag('metering', 'baseline_kw'), '/message/order/tags');
    if (start === undefined || baselineKw === null) return [];
    const actualKw = numberIn(tag('metering', 'actual_kw'), '/message/order/tags');
    const minutes = minutesIn(tag('metering', 'duration'), '/message/order/tags') ?? 30;
    return [{ start: instant(start), minutes, baselineKw, actualKw }];
  });
