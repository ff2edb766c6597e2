/** Items and orders of the draft of Beckn 2.0. What a seller says there of a window, a load and a price stands in attribute packs. */
import {
  type Draft,
  MarketItem,
  type MarketOrder,
  type Metered,
  type OrderState,
  type Quote,
} from '../../../domain/market.js';
import { plusSeconds, secondsBetween, toEpoch } from '../../../domain/time.js';
import { Refusal } from '../refusal.js';
import {
  amountIn,
  figureIn,
  isBare,
  kwIn,
  member,
  momentIn,
  mwhIn,
  part,
  perMwhIn,
  placeOf,
  textIn,
} from './attributes-2.0.js';
import type { Catalog20, Item20, Offer20, Order20, Provider20 } from './shapes-2.0.js';
import { given, kindIn, minutesIn, parseClosed, say } from './spelling.js';

export const CORE =
  'https://raw.githubusercontent.com/beckn/protocol-specifications-new/refs/heads/draft/schema/core/v2/context.jsonld';
export const COMPUTE_ENERGY =
  'https://raw.githubusercontent.com/beckn/protocol-specifications-new/refs/heads/draft/schema/ComputeEnergy/v1/context.jsonld';

/** What is bought is an item at the terms of an offer; one name for both, from which both can be read again. */
const escaped = (text: string) => text.replaceAll('%', '%25').replaceAll('#', '%23');
const unescaped = (text: string) => text.replaceAll('%23', '#').replaceAll('%25', '%');
const itemIdOf = (item: string, offer: string | undefined): string =>
  offer === undefined || offer === item ? escaped(item) : `${escaped(item)}#${escaped(offer)}`;
const partsOfId = (id: string): { item: string; offer: string | undefined } => {
  const [item, offer] = id.split('#');
  return { item: unescaped(item!), offer: offer === undefined ? undefined : unescaped(offer) };
};

export const providerIn = (of: Provider20 | undefined) =>
  of === undefined
    ? { id: '', name: null }
    : typeof of === 'string'
      ? { id: of, name: null }
      : { id: of['beckn:id'] ?? '', name: of['beckn:descriptor']?.['schema:name'] ?? null };

const kindOf = (pack: string | undefined, category: string | undefined) =>
  pack?.endsWith('ComputeEnergyWindow') ? 'COMPUTE_SLOT' : (kindIn(category) ?? 'DEMAND_TURN_DOWN');

/** An item at the terms of an offer; null where it is not told when, how much or at what price: then it is nothing to be bought here. */
const readItem = (item: Item20, offer: Offer20 | undefined, day: string | null, at: string): MarketItem | null => {
  const pack = item['beckn:itemAttributes'];
  const [window, capacity, grid] = ['timeWindow', 'capacityParameters', 'gridParameters'].map((n) => part(pack, n));
  const [abilities, available] = [part(pack, 'participantCapabilities'), part(pack, 'availabilityParameters')];
  const [load, baseline] = [part(abilities, 'loadCapacity'), part(pack, 'baselineData')];
  const [period] = item['beckn:availabilityWindow'] ?? [];
  const price = offer?.['beckn:price'];
  const priced = part(pack, 'pricingParameters');
  const quantity = price?.applicableQuantity;
  const unit =
    member(offer?.['beckn:offerAttributes'], 'unit') ??
    (typeof quantity === 'object' ? quantity.unitText : undefined) ??
    priced.unit;
  const start = momentIn(window!.start ?? available.availableFrom ?? period?.['schema:startDate'], day, at);
  const ends = window!.end ?? available.availableUntil ?? period?.['schema:endDate'];
  const told = momentIn(ends, day, at);
  // Of times without a day, an earlier end is that of the next.
  const end = told !== null && start !== null && told <= start && isBare(ends) ? plusSeconds(told, 86_400) : told;
  const powerKw =
    kwIn(capacity!.reservedCapacity ?? capacity!.availableCapacity, capacity!.capacityUnit, at) ??
    kwIn(load.currentAvailable ?? load.max, load.unit, at);
  const amount = price?.value ?? price?.price ?? priced.spotPrice;
  const pricePerMwh = unit === undefined ? null : perMwhIn(amount, unit, at);
  const currency = price?.currency ?? textIn(priced.currency);
  if (start === null || end === null || powerKw === null || pricePerMwh === null || currency === null) return null;
  if (end <= start) throw new Refusal('30000', `${at} ends at ${end}, before it starts`, at);
  const places = [item['beckn:availableAt'] ?? []].flat();
  const id = item['beckn:id'] ?? '';
  const value: MarketItem = {
    id: itemIdOf(id, offer?.['beckn:id']),
    name: offer?.['beckn:descriptor']?.['schema:name'] ?? item['beckn:descriptor']?.['schema:name'] ?? id,
    kind: kindOf(pack?.['@type'], item['beckn:category']?.['schema:codeValue']),
    window: { start, end },
    powerKw,
    energyMwh: say((powerKw * (toEpoch(end) - toEpoch(start))) / 3_600_000, 6),
    pricePerMwh,
    currency: currency as MarketItem['currency'],
    noticeMinutes: minutesIn(
      textIn(part(available, 'operationalConstraints').minimumNotice) ?? undefined,
      `${at}/beckn:itemAttributes`,
    ),
    rampMinutes: minutesIn(textIn(abilities.responseTime) ?? undefined, `${at}/beckn:itemAttributes`),
    recoveryMinutes: null,
    reboundKwh: null,
    intensityGPerKwh:
      textIn(grid!.carbonIntensityUnit) === 'gCO2/kWh'
        ? figureIn(grid!.carbonIntensity, `${at}/carbonIntensity`)
        : null,
    avoidedKg: null,
    carbonSource: null,
    baselineMethod: textIn(baseline.baselineMethod),
    baselineKw: kwIn(baseline.typicalLoad, baseline.typicalLoadUnit, at),
    bestEffortKw: null,
    place: placeOf(places[0]?.geo),
  };
  return parseClosed(MarketItem, value, at);
};

/** Each item at each of its offers; what says too little to be bought is left out. */
export const readItems = (catalog: Catalog20, at: string): MarketItem[] => {
  const day = catalog['beckn:validity']?.['schema:startDate']?.slice(0, 10) ?? null;
  return (catalog['beckn:items'] ?? []).flatMap((item, i) => {
    const offers = (catalog['beckn:offers'] ?? []).filter(
      (offer) => offer['beckn:isActive'] !== false && offer['beckn:items']?.includes(item['beckn:id'] ?? ''),
    );
    if (item['beckn:isActive'] === false) return [];
    return (offers.length === 0 ? [undefined] : offers).flatMap(
      (offer) => readItem(item, offer, day, `${at}/beckn:items/${i}`) ?? [],
    );
  });
};

/** Beside the schema's own, words that published conversations use. */
const STATES: Readonly<Record<string, OrderState>> = {
  CREATED: 'QUOTED',
  QUOTE_REQUESTED: 'QUOTED',
  PENDING: 'QUOTED',
  INITIALIZED: 'INITIALISED',
  CONFIRMED: 'ORDER_PLACED',
  ONHOLD: 'SCHEDULED',
  INPROGRESS: 'IN_PROGRESS',
  IN_PROGRESS: 'IN_PROGRESS',
  PARTIALLYFULFILLED: 'IN_PROGRESS',
  COMPLETED: 'COMPLETED',
  CANCELLED: 'CANCELLED',
  RETURNED: 'CANCELLED',
  REFUNDED: 'CANCELLED',
  REJECTED: 'REJECTED',
  FAILED: 'REJECTED',
};
const stateIn = (said: string | undefined): OrderState => {
  const found = STATES[said ?? ''];
  if (found !== undefined) return found;
  throw new Refusal(
    '30000',
    `order status "${(said ?? '').slice(0, 40)}" is not known; ${Object.keys(STATES).join(', ')} are`,
    '/message/order/beckn:orderStatus',
  );
};

const quoteIn = (value: Order20['beckn:orderValue']): Quote | null => {
  const at = '/message/order/beckn:orderValue';
  const total = amountIn(value?.value ?? value?.price, `${at}/value`);
  if (value === undefined || total === null || value.currency === undefined) return null;
  return {
    total,
    currency: value.currency as Quote['currency'],
    lines: (value.components ?? []).map((line, i) => ({
      title: line.description ?? line.type ?? '',
      amount: amountIn(line.value, `${at}/components/${i}/value`) ?? '0',
    })),
    validSeconds: null,
  };
};

/** A reading holds until the next one; of the last it is not told how long. */
const meteredIn = (pack: Parameters<typeof part>[0], at: string): Metered[] => {
  const metering = part(part(pack, 'performanceMetrics'), 'meteringData');
  const promised = part(pack, 'commitmentParameters');
  const baselineKw = kwIn(promised.baselineLoad, promised.baselineLoadUnit, at);
  const readings = Array.isArray(metering.intervalData) ? (metering.intervalData as Record<string, unknown>[]) : [];
  if (baselineKw === null) return [];
  const told = readings.map(({ timestamp, load }, i) => ({
    start: momentIn(timestamp, null, `${at}/intervalData/${i}`),
    actualKw: kwIn(load, metering.intervalUnit, `${at}/intervalData/${i}`),
  }));
  return told.flatMap(({ start, actualKw }, i) => {
    const next = told[i + 1]?.start ?? null;
    if (start === null || next === null || next <= start) return [];
    return [{ start, minutes: secondsBetween(start, next) / 60, baselineKw, actualKw }];
  });
};

/** Before it is confirmed an order has no id of its seller's. */
export const readOrder = (order: Order20, bound: boolean): MarketOrder => {
  const [line] = order['beckn:orderItems'] ?? [];
  const at = '/message/order/beckn:orderItems/0';
  if (line?.['beckn:orderedItem'] === undefined)
    throw new Refusal('30000', 'the order has no item', '/message/order/beckn:orderItems');
  const offer = line['beckn:acceptedOffer'] ?? order['beckn:acceptedOffers']?.[0];
  const pack = line['beckn:orderItemAttributes'];
  const quantity = line['beckn:quantity'];
  const [much, unit] = typeof quantity === 'object' ? [quantity.unitQuantity, quantity.unitText] : [quantity];
  const energy = unit === undefined || much === undefined ? null : mwhIn(much, unit, `${at}/beckn:quantity`);
  const buyer = order['beckn:buyer'];
  const provider = providerIn(order['beckn:seller']);
  const named = { 'beckn:id': line['beckn:orderedItem'], 'beckn:itemAttributes': pack };
  return {
    id: bound ? order['beckn:id'] : null,
    state: stateIn(order['beckn:orderStatus']),
    providerId: provider.id,
    providerName: provider.name,
    itemId: itemIdOf(line['beckn:orderedItem'], offer?.['beckn:id']),
    item: pack === undefined ? null : readItem(named, offer, null, at),
    quantity: {
      count: energy === null && Number.isInteger(much) ? much! : null,
      energyMwh: energy === null ? null : say(energy, 9),
    },
    quote: quoteIn(order['beckn:orderValue']),
    billing:
      typeof buyer === 'object' && buyer['beckn:displayName'] !== undefined
        ? { name: buyer['beckn:displayName'], email: null, phone: null }
        : null,
    paymentType: null,
    cancelBy: null,
    cancellationFeePercent: null,
    metered: meteredIn(pack, at),
    cancelled: null,
    note: null,
    evidence: null,
    createdAt: null,
    updatedAt: null,
  };
};

/** An order as a buyer writes it. `id` is the buyer's until its seller has given one. */
export const writeDraft = (
  draft: Draft,
  of: { readonly id: string; readonly status: string; readonly bapId: string },
) =>
  given({
    '@context': CORE,
    '@type': 'beckn:Order',
    'beckn:id': of.id,
    'beckn:orderStatus': of.status,
    'beckn:seller': draft.providerId ?? '',
    'beckn:buyer': given({
      '@context': CORE,
      '@type': 'beckn:Buyer',
      'beckn:id': of.bapId,
      'beckn:displayName': draft.billing?.name,
    }),
    'beckn:orderItems': draft.items.map(({ id, quantity }, i) => {
      const { item, offer } = partsOfId(id);
      return given({
        'beckn:lineId': `line-${i + 1}`,
        'beckn:orderedItem': item,
        'beckn:quantity':
          quantity.energyMwh === null
            ? { unitText: 'unit', unitQuantity: quantity.count ?? 1 }
            : { unitText: 'MWh', unitQuantity: Number(quantity.energyMwh) },
        'beckn:acceptedOffer':
          offer === undefined
            ? undefined
            : {
                '@context': CORE,
                '@type': 'beckn:Offer',
                'beckn:id': offer,
                'beckn:descriptor': { '@type': 'beckn:Descriptor' },
                'beckn:provider': draft.providerId ?? '',
                'beckn:items': [item],
              },
      });
    }),
    'beckn:orderValue':
      draft.quote === null
        ? undefined
        : {
            currency: draft.quote.currency,
            value: Number(draft.quote.total),
            components: draft.quote.lines.map(({ title, amount }) => ({
              type: Number(amount) < 0 ? 'DISCOUNT' : 'UNIT',
              value: Number(amount),
              currency: draft.quote!.currency,
              description: title,
            })),
          },
  });
