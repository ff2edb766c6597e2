/** Items and orders of the draft of Beckn 2.0. What a seller says there of a window, a load and a price stands in attribute packs. */
import type {
  Draft,
  MarketItem,
  MarketOrder,
  Metered,
  OrderState,
  Provider,
  Quantity,
  Quote,
} from '../../../domain/market.js';
import { plusSeconds, secondsBetween } from '../../../domain/time.js';
import { Refusal } from '../refusal.js';
import {
  amountIn,
  intensityIn,
  isBare,
  isEnergy,
  kwIn,
  kwOr,
  member,
  momentIn,
  mwhIn,
  part,
  perMwhIn,
  placeOf,
  textIn,
} from './attributes-2.0.js';
import { itemIn } from './item.js';
import type { Bag, Catalog20, Item20, Offer20, Order20, Provider20 } from './shapes-2.0.js';
import { given, kindIn, minutesIn, say } from './spelling.js';

export const CORE =
  'https://raw.githubusercontent.com/beckn/protocol-specifications-new/refs/heads/draft/schema/core/v2/context.jsonld';
export const COMPUTE_ENERGY =
  'https://raw.githubusercontent.com/beckn/protocol-specifications-new/refs/heads/draft/schema/ComputeEnergy/v1/context.jsonld';

/** What is bought is an item at the terms of an offer; one name for both, from which both can be read again. */
const escaped = (text: string) => text.replaceAll('%', '%25').replaceAll('#', '%23');
const unescaped = (text: string) => text.replaceAll('%23', '#').replaceAll('%25', '%');
const itemIdOf = (item: string, offer: string | undefined): string =>
  offer === undefined ? escaped(item) : `${escaped(item)}#${escaped(offer)}`;
const partsOfId = (id: string): { item: string; offer: string | undefined } => {
  const [item, offer] = id.split('#');
  return { item: unescaped(item!), offer: offer === undefined ? undefined : unescaped(offer) };
};

const providerIn = (of: Provider20 | undefined) =>
  of === undefined
    ? { id: '', name: null }
    : typeof of === 'string'
      ? { id: of, name: null }
      : { id: of['beckn:id'] ?? '', name: of['beckn:descriptor']?.['schema:name'] ?? null };

type Line20 = NonNullable<Order20['beckn:orderItems']>[number];

const kindOf = (pack: string | undefined, category: string | undefined) =>
  pack?.endsWith('ComputeEnergyWindow') ? 'COMPUTE_SLOT' : (kindIn(category) ?? 'DEMAND_TURN_DOWN');

/** Per MWh. Amount, unit and currency are those of one place: of the offer where it has an amount, else of the pack. */
const priceIn = (offer: Offer20 | undefined, pack: Bag | undefined, at: string) => {
  const price = offer?.['beckn:price'];
  const amount = price?.value ?? price?.price;
  if (price === undefined || amount === undefined) {
    const { spotPrice, unit, currency } = part(pack, 'pricingParameters');
    return { pricePerMwh: perMwhIn(spotPrice, unit, 1, at), currency: textIn(currency) };
  }
  const { applicableQuantity: of } = price;
  const quantity = typeof of === 'object' ? of : { unitQuantity: of };
  const units = [member(offer?.['beckn:offerAttributes'], 'unit'), quantity.unitText, quantity.unitCode];
  const told = units.flatMap((unit) => (unit ? (perMwhIn(amount, unit, quantity.unitQuantity, at) ?? []) : []));
  // Units that contradict each other leave the price unknown.
  return { pricePerMwh: new Set(told).size === 1 ? told[0]! : null, currency: price.currency ?? null };
};

/** An item at the terms of an offer; null where it is nothing to be bought here. */
const readItem = (item: Item20, offer: Offer20 | undefined, day: string | null, at: string): MarketItem | null => {
  const pack = item['beckn:itemAttributes'];
  const [window, capacity, grid] = ['timeWindow', 'capacityParameters', 'gridParameters'].map((n) => part(pack, n));
  const [abilities, available] = [part(pack, 'participantCapabilities'), part(pack, 'availabilityParameters')];
  const [load, baseline] = [part(abilities, 'loadCapacity'), part(pack, 'baselineData')];
  const [period] = item['beckn:availabilityWindow'] ?? [];
  if (available.currentAvailability === false) return null;
  const start = momentIn(window!.start ?? available.availableFrom ?? period?.['schema:startDate'], day, at);
  const ends = window!.end ?? available.availableUntil ?? period?.['schema:endDate'];
  const told = momentIn(ends, day, at);
  // Of times without a day, an earlier end is that of the next.
  const end = told !== null && start !== null && told <= start && isBare(ends) ? plusSeconds(told, 86_400) : told;
  if (start !== null && end !== null && end <= start)
    throw new Refusal('30000', `${at} ends at ${end}, before it starts`, at);
  const places = [item['beckn:availableAt'] ?? []].flat();
  const id = item['beckn:id'] ?? '';
  const minutes = (said: unknown) => minutesIn(textIn(said) ?? undefined, `${at}/beckn:itemAttributes`);
  return itemIn(
    {
      id: itemIdOf(id, offer?.['beckn:id']),
      name: offer?.['beckn:descriptor']?.['schema:name'] ?? item['beckn:descriptor']?.['schema:name'] ?? id,
      kind: kindOf(pack?.['@type'], item['beckn:category']?.['schema:codeValue']),
      window: start === null || end === null ? null : { start, end },
      powerKw:
        kwIn(capacity!.reservedCapacity ?? capacity!.availableCapacity, capacity!.capacityUnit, at) ??
        kwIn(load.currentAvailable ?? load.max, load.unit, at),
      energyMwh: null,
      ...priceIn(offer, pack, at),
      noticeMinutes: minutes(part(available, 'operationalConstraints').minimumNotice),
      rampMinutes: minutes(abilities.responseTime),
      recoveryMinutes: null,
      reboundKwh: null,
      intensityGPerKwh: intensityIn(grid!.carbonIntensity, grid!.carbonIntensityUnit, `${at}/carbonIntensity`),
      avoidedKg: null,
      carbonSource: null,
      baselineMethod: textIn(baseline.baselineMethod),
      baselineKw: kwOr(baseline.typicalLoad, baseline.typicalLoadUnit, at),
      bestEffortKw: null,
      place: placeOf(places[0]?.geo),
    },
    at,
  );
};

/**
 * Each item at each of its offers, by whose it is: an item's own provider, else its offer's, else the catalogue's. What says too
 * little to be bought is left out.
 */
export const readCatalog = (
  catalog: Catalog20,
  at: string,
): (Provider & { readonly items: readonly MarketItem[] })[] => {
  const day = catalog['beckn:validity']?.['schema:startDate']?.slice(0, 10) ?? null;
  const own = catalog['beckn:provider'] ?? catalog['beckn:providerId'];
  const names = new Map<string, string>();
  const found = new Map<string, MarketItem[]>();
  for (const [i, item] of (catalog['beckn:items'] ?? []).entries()) {
    if (item['beckn:isActive'] === false) continue;
    const offers = (catalog['beckn:offers'] ?? []).filter(
      (offer) => offer['beckn:isActive'] !== false && offer['beckn:items']?.includes(item['beckn:id'] ?? ''),
    );
    for (const offer of offers.length === 0 ? [undefined] : offers) {
      const told = [item['beckn:provider'], offer?.['beckn:provider'], own].filter((one) => one !== undefined);
      for (const { id, name } of told.map(providerIn)) if (name !== null && !names.has(id)) names.set(id, name);
      const read = readItem(item, offer, day, `${at}/beckn:items/${i}`);
      const { id } = providerIn(told[0]);
      if (read !== null) found.set(id, [...(found.get(id) ?? []), read]);
    }
  }
  return [...found].map(([id, items]) => ({ id, name: names.get(id) ?? id, place: null, items }));
};

/** Beside the schema's own, words that published conversations use. */
const STATES: ReadonlyMap<string, OrderState> = new Map([
  ['CREATED', 'QUOTED'],
  ['QUOTE_REQUESTED', 'QUOTED'],
  ['PENDING', 'QUOTED'],
  ['INITIALIZED', 'INITIALISED'],
  ['CONFIRMED', 'ORDER_PLACED'],
  ['ONHOLD', 'SCHEDULED'],
  ['INPROGRESS', 'IN_PROGRESS'],
  ['IN_PROGRESS', 'IN_PROGRESS'],
  ['PARTIALLYFULFILLED', 'IN_PROGRESS'],
  ['COMPLETED', 'COMPLETED'],
  ['CANCELLED', 'CANCELLED'],
  ['RETURNED', 'CANCELLED'],
  ['REFUNDED', 'CANCELLED'],
  ['REJECTED', 'REJECTED'],
  ['FAILED', 'REJECTED'],
]);
const stateIn = (said: string | undefined): OrderState => {
  const found = STATES.get(said ?? '');
  if (found !== undefined) return found;
  throw new Refusal(
    '30000',
    `order status "${(said ?? '').slice(0, 40)}" is not known; ${[...STATES.keys()].join(', ')} are`,
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

/**
 * Readings stand in the pack (performance, while an order runs) or among its metrics (settlement). A reading holds until the next
 * one; of the last it is not told how long.
 */
const meteredIn = (pack: Bag | undefined, at: string): Metered[] => {
  const metrics = part(pack, 'performanceMetrics');
  const metering = part('meteringData' in metrics ? metrics : pack, 'meteringData');
  const promised = part(pack, 'commitmentParameters');
  const baseline = (name: string) => member(promised, name) ?? member(pack, name);
  const baselineKw = kwOr(baseline('baselineLoad'), baseline('baselineLoadUnit'), at);
  const readings = Array.isArray(metering.intervalData) ? (metering.intervalData as unknown[]) : [];
  if (baselineKw === null) return [];
  const told = readings.map((reading, i) => {
    const place = `${at}/intervalData/${i}`;
    if (reading === null || typeof reading !== 'object')
      throw new Refusal('30000', `${place} must be an object of timestamp and load`, place);
    const { timestamp, load } = reading as Record<string, unknown>;
    return { start: momentIn(timestamp, null, place), actualKw: kwIn(load, metering.intervalUnit, place) };
  });
  return told.flatMap(({ start, actualKw }, i) => {
    const next = told[i + 1]?.start ?? null;
    if (start === null || next === null || next <= start) return [];
    return [{ start, minutes: secondsBetween(start, next) / 60, baselineKw, actualKw }];
  });
};

/** Units of something that is counted: words, and the codes of UN/CEFACT. */
const PIECES = new Set(['unit', 'units', 'piece', 'pieces', 'each', 'ea', 'c62', 'h87']);

/** By the code of its unit, else by its text: one says energy, or that pieces are counted. Throws Refusal for another unit. */
const quantityIn = (quantity: Line20['beckn:quantity'], at: string): Quantity => {
  const {
    unitQuantity: much,
    unitCode,
    unitText,
  } = typeof quantity === 'object' ? quantity : { unitQuantity: quantity, unitCode: undefined, unitText: undefined };
  const units = [unitCode, unitText].filter((unit) => unit !== undefined);
  if (much === undefined) return { count: null, energyMwh: null };
  const energy = units.find(isEnergy);
  if (energy !== undefined) return { count: null, energyMwh: say(mwhIn(much, energy, at)!, 9) };
  if (units.length === 0 || units.some((unit) => PIECES.has(unit.toLowerCase())))
    return { count: Number.isInteger(much) ? much : null, energyMwh: null };
  const said = units.map((unit) => `"${unit.slice(0, 40)}"`).join(', ');
  throw new Refusal('30000', `unit is ${said}, must be MWh, kWh, or one that counts pieces`, at);
};

/** Before it is confirmed an order has no id of its seller's. */
export const readOrder = (order: Order20, bound: boolean): MarketOrder => {
  const [line] = order['beckn:orderItems'] ?? [];
  const at = '/message/order/beckn:orderItems/0';
  if (line?.['beckn:orderedItem'] === undefined)
    throw new Refusal('30000', 'the order has no item', '/message/order/beckn:orderItems');
  const offer = line['beckn:acceptedOffer'] ?? order['beckn:acceptedOffers']?.[0];
  const pack = line['beckn:orderItemAttributes'];
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
    quantity: quantityIn(line['beckn:quantity'], `${at}/beckn:quantity`),
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
