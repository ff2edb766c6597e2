/** Both dialects read whole conversations into one model and write them again, as the official schemas have them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHOSEN, draftReplies, ORDER } from '../fixtures/draft-seller.js';
import { hasOfficial, officialErrors, published } from '../fixtures/official.js';
import { Refusal } from '../refusal.js';
import { dialectOf, envelopeOf, recognise, replyIn, sellingIn } from './dialects.js';

interface Message {
  context: Record<string, unknown> & { action: string };
  message?: unknown;
  error?: unknown;
}
const conversation = (name: string) =>
  readFileSync(new URL(`../fixtures/conversations/${name}.ndjson`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Message);

const again = (message: Message): Message => {
  const dialect = dialectOf(recognise(message.context));
  const context = dialect.readContext(message.context);
  const { action } = context;
  const said = action.startsWith('on_')
    ? sellingIn(dialect.name).writeReply(action, dialect.readReply(action, message))
    : { message: dialect.writeRequest(sellingIn(dialect.name).readRequest(action, message.message), context) };
  return { context: dialect.writeContext(context), ...said } as Message;
};
const read = (message: Message) => {
  const dialect = dialectOf(recognise(message.context));
  const { action } = message.context;
  return action.startsWith('on_')
    ? dialect.readReply(action, message)
    : sellingIn(dialect.name).readRequest(action, message.message);
};

describe.each([
  ['1.1', 'core-1.1.1'],
  ['1.1', 'core-1.1.0'],
  ['0.9.4', 'core-0.9.4'],
] as const)('a conversation in %s', (name, spec) => {
  const messages = conversation(name);
  const official = hasOfficial ? officialErrors(spec) : () => [];

  it('is read whole, and says the same when it was written again', () => {
    expect(messages.length).toBeGreaterThan(18);
    for (const message of messages) {
      const written = again(message);
      expect(written.context, message.context.action).toEqual(message.context);
      expect(read(written), message.context.action).toEqual(read(message));
    }
  });
  it.runIf(hasOfficial)(`is valid by ${spec}, closed, before and after`, () => {
    for (const message of messages) {
      expect(official(message), `theirs ${message.context.action}`).toEqual([]);
      expect(official(again(message)), `ours ${message.context.action}`).toEqual([]);
    }
  });
  it.runIf(hasOfficial)('is refused by the official schema where we add a member, so the check can fail', () => {
    expect(official({ ...messages[0]!, invented: 1 } as never)).not.toEqual([]);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: members of a message that a test changes
type Change = any;

describe('the draft of 2.0, in which we buy', () => {
  const dialect = dialectOf('2.0-draft');
  const official = hasOfficial ? officialErrors('core-2.0.0-draft-2025-11') : () => [];
  const context = {
    domain: 'beckn.one:DEG:compute-energy:1.0',
    version: '2.0.0',
    bap_id: 'bap.example',
    bap_uri: 'https://bap.example/beckn',
    bpp_id: 'bpp.example',
    bpp_uri: 'https://bpp.example/beckn',
    transaction_id: 'a3f1c0de-5c37-4c51-8a2b-5f1f2c9c8d01',
    message_id: '5d2e9f7a-0f2b-4a8c-9f43-6a0b1d2c3e4f',
    timestamp: '2022-05-25T08:00:00Z',
    ttl: 'PT30S',
  };
  const reply = (action: string, message = draftReplies[action]) => ({ context: { ...context, action }, message });
  const replyOf = (action: string, message?: object) => {
    const whole = reply(action, message);
    return replyIn('2.0-draft', dialect.readContext(whole.context).action, whole);
  };

  it.runIf(hasOfficial)('has answers that the schema takes, and the one with a member more it does not', () => {
    for (const action of Object.keys(draftReplies)) expect(official(reply(action)), action).toEqual([]);
    expect(official({ ...reply('on_select'), invented: 1 } as never)).not.toEqual([]);
  });
  it('reads power, window and price per MWh out of an item and its offer', () => {
    expect(replyOf('on_discover')).toMatchObject({
      is: 'catalog',
      providers: [
        {
          id: 'provider-east',
          items: [
            {
              id: CHOSEN,
              kind: 'COMPUTE_SLOT',
              window: { start: '2022-05-25T10:00:00Z', end: '2022-05-25T14:00:00Z' },
              powerKw: 5000,
              energyMwh: '20',
              pricePerMwh: '102',
              currency: 'GBP',
              intensityGPerKwh: 120,
              rampMinutes: null,
              avoidedKg: null,
              place: { latitude: 52.2053, longitude: 0.1218 },
            },
          ],
        },
      ],
    });
  });
  it('reads an order, which has no id before it is confirmed', () => {
    const [selected, confirmed] = [replyOf('on_select'), replyOf('on_confirm')];
    expect(selected).toMatchObject({
      order: { id: null, state: 'QUOTED', itemId: CHOSEN, quantity: { count: null, energyMwh: '4.8' } },
    });
    expect(confirmed).toMatchObject({
      order: {
        id: ORDER,
        state: 'ORDER_PLACED',
        item: { powerKw: 1200, pricePerMwh: '102' },
        quote: { total: '489.6', lines: [{ title: 'ENERGY', amount: '489.6' }] },
      },
    });
  });
  /** The confirmed order with other members, or its item with another pack. */
  const confirmedWith = (more: object) => {
    const { order } = draftReplies.on_confirm as { order: object };
    return { order: { ...order, ...more } };
  };
  const itemWith = (more: object) => {
    const { order } = draftReplies.on_confirm as { order: { 'beckn:orderItems': object[] } };
    return confirmedWith({ 'beckn:orderItems': [{ ...order['beckn:orderItems'][0], ...more }] });
  };
  /** As sellers tell it while an order runs. */
  const metered = (meteringData: object) =>
    itemWith({
      'beckn:orderItemAttributes': {
        '@type': 'beckn:DemandFlexibilityPerformance',
        'beckn:baselineLoad': 1.2,
        'beckn:baselineLoadUnit': 'MW',
        'beckn:meteringData': { intervalUnit: 'kW', ...meteringData },
      },
    });
  it('reads what was metered, while an order runs and when it is settled', () => {
    const intervalData = [
      { timestamp: '2022-05-25T10:00:00Z', load: 1180 },
      { timestamp: '2022-05-25T10:15:00Z', load: 520 },
      { timestamp: '2022-05-25T10:30:00Z', load: 420 },
    ];
    const told = [
      { start: '2022-05-25T10:00:00Z', minutes: 15, baselineKw: 1200, actualKw: 1180 },
      { start: '2022-05-25T10:15:00Z', minutes: 15, baselineKw: 1200, actualKw: 520 },
    ];
    expect(replyOf('on_status', metered({ intervalData }))).toMatchObject({ order: { metered: told } });
    const settled = itemWith({
      'beckn:orderItemAttributes': {
        'beckn:commitmentParameters': { baselineLoad: 1200, baselineLoadUnit: 'kW' },
        'beckn:performanceMetrics': { meteringData: { intervalUnit: 'kW', intervalData } },
      },
    });
    expect(replyOf('on_status', settled)).toMatchObject({ order: { metered: told } });
  });
  it.each([
    ['as we wrote it', undefined, { count: 1, energyMwh: null }],
    ['energy by the code of its unit', { unitCode: 'KWH', unitQuantity: 4800 }, { count: null, energyMwh: '4.8' }],
    [
      'pieces by the code of their unit',
      { unitCode: 'C62', unitText: 'rack', unitQuantity: 2 },
      { count: 2, energyMwh: null },
    ],
    ['a bare number', 3, { count: 3, energyMwh: null }],
  ])('reads a quantity: %s', (_, quantity, expected) => {
    const draft = {
      orderId: null,
      providerId: 'p',
      items: [{ id: CHOSEN, quantity: { count: 1, energyMwh: null } }],
      fulfillmentId: null,
      billing: null,
      quote: null,
      payment: null,
    };
    const asking = { ...context, action: 'select' };
    const written = dialect.writeRequest({ action: 'select', draft }, dialect.readContext(asking)) as {
      order: { 'beckn:orderItems': { 'beckn:quantity': object }[] };
    };
    const ours = written.order['beckn:orderItems'][0]!['beckn:quantity'];
    expect(replyOf('on_select', itemWith({ 'beckn:quantity': quantity ?? ours }))).toMatchObject({
      order: { quantity: expected },
    });
  });
  const offered = (change: (catalog: { items: Change[]; offers: Change[] }) => void) => {
    const message = structuredClone(draftReplies.on_discover) as { catalogs: Change[] };
    const [catalog] = message.catalogs;
    change({ items: catalog!['beckn:items'], offers: catalog!['beckn:offers'] });
    const found = replyOf('on_discover', message);
    if (found.is !== 'catalog') throw new Error(found.is);
    return found.providers;
  };
  const itemsOf = (change: (catalog: { items: Change[]; offers: Change[] }) => void) =>
    offered(change).flatMap(({ items }) => items);
  const pack = (of: Change) => of['beckn:itemAttributes'];
  it('books each item under its own provider', () => {
    const providers = offered(({ items, offers }) => {
      items.push({ ...items[0], 'beckn:id': 'west', 'beckn:provider': 'provider-west' });
      offers.push({ ...offers[0], 'beckn:id': 'offer-west', 'beckn:items': ['west'] });
      items.push({ ...items[0], 'beckn:id': 'north', 'beckn:provider': undefined });
      offers.push({ ...offers[0], 'beckn:id': 'north', 'beckn:items': ['north'], 'beckn:provider': undefined });
    });
    expect(providers.map(({ id, name, items }) => [id, name, items.map((item) => item.id)])).toEqual([
      ['provider-east', 'Grid of the East', [CHOSEN, 'north#north']],
      ['provider-west', 'provider-west', ['west#offer-west']],
    ]);
  });
  it.each<[string, (catalog: { items: Change[]; offers: Change[] }) => void, string | null]>([
    ['for a kWh', () => {}, '102'],
    [
      'for a thousand kWh',
      ({ offers }) => {
        offers[0]!['beckn:price'] = {
          currency: 'GBP',
          value: 102,
          applicableQuantity: { unitText: 'kWh', unitQuantity: 1000 },
        };
      },
      '102',
    ],
    [
      'in two units that contradict each other',
      ({ offers }) => {
        offers[0]!['beckn:price'].applicableQuantity = { unitText: 'MWh', unitQuantity: 1 };
      },
      null,
    ],
    [
      'for an hour',
      ({ offers }) => {
        offers[0]!['beckn:offerAttributes']['beckn:unit'] = 'per_hour';
      },
      null,
    ],
    [
      'of the pack, whole, where the offer has no amount',
      ({ items, offers }) => {
        offers[0]!['beckn:price'] = { currency: 'GBP' };
        pack(items[0]!)['beckn:pricingParameters'] = { spotPrice: 90, unit: 'per_MWh', currency: 'EUR' };
      },
      '90',
    ],
    [
      'with an amount of the offer and a currency of the pack',
      ({ items, offers }) => {
        offers[0]!['beckn:price'] = { value: 0.102 };
        pack(items[0]!)['beckn:pricingParameters'] = { currency: 'EUR' };
      },
      null,
    ],
    [
      'of an item with nothing left',
      ({ items }) => {
        pack(items[0]!)['beckn:capacityParameters'].availableCapacity = 0;
      },
      null,
    ],
    [
      'of an item that is not available',
      ({ items }) => {
        pack(items[0]!)['beckn:availabilityParameters'] = { currentAvailability: false };
      },
      null,
    ],
  ])('reads a price %s', (_, change, expected) => {
    const [first, ...others] = itemsOf((catalog) => {
      change(catalog);
      // What cannot be bought hides no other.
      catalog.items.push({
        ...structuredClone(catalog.items[0]!),
        'beckn:id': 'other',
        'beckn:itemAttributes': {
          ...pack(catalog.items[0]!),
          'beckn:availabilityParameters': {},
          'beckn:capacityParameters': { availableCapacity: 1, capacityUnit: 'MW' },
        },
      });
      catalog.offers.push({
        ...structuredClone(offerOf()),
        'beckn:id': 'offer-other',
        'beckn:items': ['other'],
      });
    });
    expect(expected === null ? null : first!.pricePerMwh).toBe(expected);
    expect([first, ...others].at(-1)!.id).toBe('other#offer-other');
    expect(others.length).toBe(expected === null ? 0 : 1);
  });
  const offerOf = () => (draftReplies.on_discover as { catalogs: Change[] }).catalogs[0]!['beckn:offers'][0] as Change;
  it.each([
    ['gCO2e/kWh', 120],
    ['kgCO2/MWh', 120],
    ['tCO2/MWh', 120_000],
    ['pounds', null],
    [undefined, null],
  ])('reads an intensity in %s', (unit, expected) => {
    const [item] = itemsOf(({ items }) => {
      pack(items[0]!)['beckn:gridParameters'].carbonIntensityUnit = unit;
    });
    expect(item!.intensityGPerKwh).toBe(expected);
  });
  it('takes no word of a context for one of its own because every object has it', () => {
    for (const name of ['2.0-draft', '2.0-lts'] as const)
      expect(envelopeOf(name).spell('constructor'), name).toBe('constructor');
    expect(dialect.readContext({ ...context, action: 'constructor' }).action).toBe('constructor');
  });
  const changed = (text: string, by: string) =>
    JSON.parse(JSON.stringify(draftReplies.on_confirm).replace(text, by)) as object;
  it.each([
    ['a status that is none', changed('CONFIRMED', 'PERHAPS'), 'order status "PERHAPS" is not known'],
    ['a unit that is none', changed('"MW"', '"GWh"'), 'unit is "GWh"'],
    ['a load that is no number', changed('"reservedCapacity":1.2', '"reservedCapacity":{}'), 'must be a number'],
    ['a window that ends before it starts', changed('T14:00:00Z', 'T08:00:00Z'), 'before it starts'],
    ['a time without a zone', changed('T14:00:00Z', 'T14:00:00'), 'is not a time with a zone'],
    ['a member that an order has not', changed('"beckn:orderStatus"', '"colour":1,"beckn:orderStatus"'), 'colour'],
    ['an order without an item', confirmedWith({ 'beckn:orderItems': [] }), 'the order has no item'],
    ['a status that every object has', changed('CONFIRMED', 'constructor'), 'order status "constructor" is not known'],
    ['a unit that every object has', changed('"MW"', '"constructor"'), 'unit is "constructor"'],
    ['a quantity in a unit that is none', changed('"MWh"', '"toString"'), 'unit is "toString"'],
    ['readings that are none', metered({ intervalData: [null] }), 'must be an object of timestamp and load'],
    [
      'a currency that is none',
      changed('"currency":"GBP","value":489.6', '"currency":"quid","value":489.6'),
      'ISO 4217',
    ],
  ])('refuses %s', (_, message, says) => {
    const refused = () => replyOf('on_confirm', message);
    expect(refused).toThrow(says);
    expect(refused).toThrow(Refusal);
  });

  it.runIf(hasOfficial)('takes each answer of the published compute-energy conversation', () => {
    const answers = published('deg-2025-11-compute-energy')
      .map(({ path, message }) => ({ path, message: message as Message }))
      .filter(({ message }) => message.context.action.startsWith('on_'));
    const offers: unknown[] = [];
    for (const { path, message } of answers) {
      const { action } = dialect.readContext(message.context);
      const said = dialect.readReply(action, message);
      expect(said.is, path).toBe(
        { on_search: 'catalog', on_rating: 'rating', on_support: 'support' }[action] ?? 'order',
      );
      if (said.is === 'catalog') offers.push(...said.providers.flatMap(({ items }) => items));
    }
    expect(answers.length).toBe(11);
    expect(offers).toContainEqual(
      expect.objectContaining({
        powerKw: 5000,
        pricePerMwh: '102',
        window: { start: '2025-11-17T10:00:00Z', end: '2025-11-17T14:00:00Z' },
      }),
    );
  });
});

describe.each(['1.1', '0.9.4'] as const)('what a seller says in %s', (name) => {
  const message = conversation(name).find(({ context }) => context.action === 'on_confirm')!;
  const catalogue = conversation(name).find(({ context }) => context.action === 'on_search')!;
  /** With a text of it replaced everywhere. */
  const replyTo = (of: Message, pattern: RegExp, by: string) => {
    const text = JSON.stringify(of.message);
    const replaced = text.replace(pattern, by);
    expect(replaced).not.toBe(text);
    return replyIn(name, of.context.action, { message: JSON.parse(replaced) });
  };

  it('of a state that every object has is no state', () => {
    expect(replyTo(message, /"code":"ORDER_PLACED"/, '"code":"constructor"')).toMatchObject({
      order: { state: 'ORDER_PLACED' },
    });
  });
  it('of a price without a currency is no quote', () => {
    expect(replyTo(message, /"price":\{"currency":"GBP","value":"67.50"\}/, '"price":{"value":"67.50"}')).toMatchObject(
      {
        order: { quote: null },
      },
    );
    expect(() => replyTo(message, /"currency":"GBP","value":"67.50"/, '"currency":"","value":"67.50"')).toThrow(
      /quote\.currency/,
    );
  });
  it('of an item without a price, or with nothing left, hides no other', () => {
    // biome-ignore lint/suspicious/noExplicitAny: as it lies on the wire
    const withFirst = (change: (item: any) => void) => {
      const body = structuredClone(catalogue.message) as Change;
      const [provider] = body.catalog.providers ?? body.catalog['bpp/providers'];
      provider.items.push({ ...structuredClone(provider.items[0]), id: 'other' });
      change(provider.items[0]);
      const reply = replyIn(name, 'on_search', { message: body });
      return reply.is === 'catalog' ? reply.providers.flatMap(({ items }) => items.map(({ id }) => id)) : [];
    };
    expect(withFirst(() => {})).toEqual(['flex-20251120-1700', 'other']);
    expect(withFirst((item) => void delete item.price)).toEqual(['other']);
    expect(withFirst((item) => void delete item.price.currency)).toEqual(['other']);
    const nothing = (item: Change) => {
      if (name === '0.9.4') item.tags.power_kw = '0';
      else item.tags[0].list[0].value = '0';
    };
    expect(withFirst(nothing)).toEqual(['other']);
  });
});

describe('what is not a message', () => {
  const [search, , select] = conversation('1.1') as [Message, Message, Message];
  const [search09] = conversation('0.9.4') as [Message];
  const refusal = (message: unknown) => {
    try {
      const { context, ...body } = message as Message;
      const dialect = dialectOf(recognise(context));
      dialect.readContext(context);
      sellingIn(dialect.name).readRequest(context.action, body.message);
      return null;
    } catch (error) {
      if (error instanceof Refusal) return `${error.code} ${error.paths}: ${error.message}`;
      throw error;
    }
  };
  const with_ = (message: Message, context: object, body: object = {}) => ({
    ...message,
    context: { ...message.context, ...context },
    ...body,
  });
  it.each([
    ['a context of both versions', with_(search, { core_version: '1.0.0' }), '/context/core_version'],
    ['a context of both spellings', with_(search, { bapId: 'x' }), '/context'],
    ['no version', with_(search, { version: undefined }), 'neither'],
    ['version 3', with_(search, { version: '3.0.0' }), '3.0.0'],
    ['2.0 under snake case', with_(search, { version: '2.0.0', location: undefined }), '2.0-draft'],
    ['an unknown member of the context', with_(search, { colour: 'red' }), '/context/colour'],
    [
      'an unknown member of the message',
      with_(search, {}, { message: { intent: { colour: 1 } } }),
      '/message/intent/colour',
    ],
    ['no message', with_(search, {}, { message: undefined }), '/message'],
    ['a transaction id that is no UUID', with_(search, { transaction_id: 'txn-1' }), '/context/transaction_id'],
    ['a bap_uri that is no URL', with_(search, { bap_uri: 'javascript:alert(1)' }), '/context/bap_uri'],
    [
      '0.9 shapes in 1.1',
      with_(select, {}, { message: { order: { fulfillment: { id: 'f' } } } }),
      '/message/order/fulfillment',
    ],
    ['1.1 tags in 0.9', with_(search09, {}, { message: { intent: { tags: [] } } }), '/message/intent/tags'],
    ['1.1 shapes in 0.9', with_(search09, {}, { message: { intent: { fulfillment: { stops: [] } } } }), 'stops'],
    ['an action that is none', with_(search, { action: 'destroy' }), 'destroy'],
    [
      'a quote that names no currency',
      with_(select, {}, { message: { order: { quote: { price: { value: '1' } } } } }),
      '/message/order/quote/price/currency',
    ],
    [
      'a power that is no number',
      with_(search09, {}, { message: { intent: { tags: { power_kw: '1e3' } } } }),
      'power_kw',
    ],
    [
      'a power of 400 digits',
      with_(search09, {}, { message: { intent: { tags: { power_kw: '9'.repeat(400) } } } }),
      'too large',
    ],
    ['a negative power', with_(search09, {}, { message: { intent: { tags: { power_kw: '-5' } } } }), 'above 0'],
    [
      'a duration without its P',
      with_(search09, {}, { message: { intent: { tags: { duration: '30' } } } }),
      'duration',
    ],
    [
      '__proto__',
      JSON.parse(JSON.stringify(search).replace('"intent":{', '"intent":{"__proto__":{"a":1},')),
      '__proto__',
    ],
  ])('%s', (_, message, says) => expect(refusal(message)).toContain(says));

  it('is taken with members that the official schema has and we have no use for', () => {
    const order = {
      ...(select.message as { order: object }).order,
      xinput: { required: false },
      add_ons: [{ id: 'a' }],
    };
    expect(refusal(with_(select, {}, { message: { order } }))).toBeNull();
  });
});
