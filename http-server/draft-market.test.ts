/** Our buyer among strangers that speak 2.0: a seller in the draft, from discover to rating, and whoever speaks LTS. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MarketRequest } from '../domain/market.js';
import { examine, type Market, rank, registryRow } from '../market.js';
import { CHOSEN, draftReplies, ORDER, PROVIDER } from '../tools/beckn/fixtures/draft-seller.js';
import { hasOfficial, officialAnswerErrors, officialErrors } from '../tools/beckn/fixtures/official.js';
import { BPP, marketStand, type Stand } from './fixtures/market-stand.js';
import type { Heard, Stranger } from './fixtures/stranger.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const DOMAIN = 'beckn.one:DEG:compute-energy:1.0';
const BAP = 'bap.caco.example';
let stand: Stand;
let seller: Stranger;
let market: Market;
let base: string;

beforeAll(async () => {
  const settings = { becknDialects: '2.0-draft,1.1', becknDomains: DOMAIN, becknCallbackMaxAttempts: 2 };
  stand = await marketStand(['east.example'], settings, ({ row }) => ({ ...row, type: 'BPP' }));
  ({ market, base } = stand);
  seller = stand.strangers[0]!;
  seller.answer = () => ({
    status: 200,
    body: JSON.stringify({ transaction_id: '', timestamp: new Date().toISOString(), ack_status: 'ACK' }),
  });
});
afterAll(() => stand.close());

const official = hasOfficial ? officialErrors('core-2.0.0-draft-2025-11') : () => [];

/** What the seller says to what it heard. */
const reply = (asked: Heard, more: object = {}, message: object = draftReplies[`on_${asked.action}`]!) => {
  const context = {
    ...asked.context,
    action: `on_${asked.action}`,
    bpp_id: seller.id,
    bpp_uri: seller.url,
    timestamp: new Date().toISOString(),
    ...more,
  };
  return seller.send(base, `on_${asked.action}`, JSON.stringify({ context, message }));
};
const heardOf = async (action: string, transactionId: string, messageId?: string) => {
  const heard = await seller.until(
    (one) =>
      one.action === action &&
      one.context.transaction_id === transactionId &&
      (messageId === undefined || one.context.message_id === messageId),
  );
  expect(official(JSON.parse(heard.raw)), action).toEqual([]);
  return heard;
};
const answered = (transactionId: string, messageId: string) =>
  market.buyer.until(
    transactionId,
    ({ asked }) => asked.some((one) => one.messageId === messageId && one.state !== 'sent'),
    300_000,
  );

const NEED = {
  kind: 'COMPUTE_SLOT' as const,
  place: { latitude: 52.2, longitude: 0.1 },
  radiusKm: 30,
  window: { start: '2022-05-25T06:00:00Z' as never, end: '2022-05-25T20:00:00Z' as never },
  powerKw: 1200,
  durationMinutes: 60,
};
const draft = {
  orderId: null,
  providerId: PROVIDER,
  items: [{ id: CHOSEN, quantity: { count: null, energyMwh: '4.8' } }],
  fulfillmentId: null,
  billing: null,
  quote: null,
  payment: null,
};
const discovered = async () => {
  const id = await market.buyer.search(NEED, []);
  const heard = await heardOf('discover', id);
  return { id, heard };
};

describe('a conversation in the draft of 2.0', () => {
  it('goes from discover to rating, each request as the official schema has it', async () => {
    const { id, heard } = await discovered();
    expect(heard.message.text_search).toContain('1200 kW');
    expect(heard.message.filters.expression).toContain("['availableCapacity'] >= 1.2");
    expect(heard.message.spatial[0]).toMatchObject({ op: 's_dwithin', distanceMeters: 30_000 });
    // Published sellers make new message ids for their answers.
    const ack = await reply(heard, { message_id: randomUUID() });
    expect(ack).toMatchObject({ status: 200, body: { ack_status: 'ACK', transaction_id: id } });
    const found = await market.buyer.until(id, ({ offers }) => offers.length > 0, 300_000);
    const [best] = rank(found, { carbonPricePerTonne: 75, currency: 'GBP' });
    expect(best).toMatchObject({ pricePerMwh: 102, kgPerMwh: 120, scorePerMwh: 111, item: { id: CHOSEN } });
    const offer = { bppId: best!.bppId, bppUri: found.offers[0]!.bppUri };
    const ask = async (request: MarketRequest) => {
      const messageId = await market.buyer.ask(id, request, offer);
      const asked = await heardOf(request.action, id, messageId);
      expect((await reply(asked)).body).toMatchObject({ ack_status: 'ACK' });
      const { order, asked: all } = await answered(id, messageId);
      expect(all.find((one) => one.messageId === messageId)).toMatchObject({ state: 'answered', error: null });
      return { message: asked.message, order: order! };
    };
    const selected = await ask({ action: 'select', draft });
    expect(selected.message.order).toMatchObject({
      'beckn:id': id,
      'beckn:seller': PROVIDER,
      'beckn:orderItems': [{ 'beckn:quantity': { unitText: 'MWh', unitQuantity: 4.8 } }],
    });
    const billing = { name: 'Compute Ltd', email: null, phone: null };
    const held = await ask({ action: 'init', draft: { ...draft, billing } });
    expect(held.message.order['beckn:buyer']).toMatchObject({ 'beckn:displayName': 'Compute Ltd' });
    expect(held.order).toMatchObject({ id: null, state: 'INITIALISED', quote: { total: '489.6' } });
    const confirmed = await ask({ action: 'confirm', draft: { ...draft, billing, quote: held.order.quote } });
    expect(confirmed.message.order['beckn:orderValue']).toMatchObject({ value: 489.6, currency: 'GBP' });
    expect(confirmed.order).toMatchObject({ id: ORDER, state: 'ORDER_PLACED', item: { powerKw: 1200 } });
    const stood = await ask({ action: 'status', orderId: ORDER });
    expect(stood).toMatchObject({ message: { order: { 'beckn:id': ORDER } }, order: { state: 'IN_PROGRESS' } });
    const shifted = await ask({
      action: 'update',
      targets: [],
      draft: { ...market.buyer.draftOf(await market.buyer.get(id)), billing: null, quote: null },
      shift: { action: 'workload_shift', reason: 'grid_stress_response', reductionKw: 300, event: 'event-1' },
    });
    const { 'beckn:fulfillment': fulfilment, 'beckn:orderAttributes': attributes } = shifted.message.order;
    expect(fulfilment['beckn:deliveryAttributes']).toMatchObject({
      'beckn:flexibilityAction': {
        actionType: 'workload_shift',
        shiftDetails: { shiftedLoad: 0.3, shiftedLoadUnit: 'MW' },
        loadReductionCommitment: { loadReduction: 0.3, reductionUnit: 'MW' },
      },
      'beckn:workloadMetadata': { workloadStatus: 'migrating' },
    });
    expect(attributes).toMatchObject({
      'beckn:updateType': 'flexibility_response',
      'beckn:responseToEvent': 'event-1',
    });
    await ask({ action: 'track', orderId: ORDER });
    expect((await market.buyer.get(id)).tracking).toBe('https://seller.example/track/77');
    await ask({ action: 'support', ref: ORDER });
    const rated = await ask({ action: 'rating', rates: [{ about: 'order', id: ORDER, value: 5 }] });
    expect(rated.message).toMatchObject({ id: ORDER, ratingValue: 5, category: 'order' });
    const cancelled = await ask({ action: 'cancel', orderId: ORDER, reasonId: '001', why: null });
    expect(cancelled.order.state).toBe('CANCELLED');
    expect(stand.trouble).toEqual([]);
  });

  it('takes no answer in another dialect, of another shape, or to nothing, and says so in its own', async () => {
    const { id, heard } = await discovered();
    const refused = async (sent: ReturnType<typeof reply>, says: string) => {
      const { status, body } = await sent;
      expect(status).toBe(400);
      return expect(JSON.stringify(body)).toContain(says);
    };
    const old = { version: '1.1.0', location: { country: { code: 'GBR' }, city: { code: '*' } } };
    const { schema_context: _, ...context } = heard.context;
    const body = JSON.stringify({
      context: {
        ...context,
        ...old,
        action: 'on_search',
        bpp_id: seller.id,
        bpp_uri: seller.url,
        timestamp: new Date().toISOString(),
      },
      message: { catalog: {} },
    });
    await refused(seller.send(base, 'on_search', body), 'we speak 2.0-draft in this transaction, not 1.1');
    await refused(reply(heard, { colour: 1 }), '/context/colour');
    await refused(reply(heard, {}, { catalogs: [{ colour: 1 }] }), '/message/catalogs/0/colour');
    await refused(reply({ ...heard, action: 'select' }), 'nobody asked');
    const wrong = await reply(heard, { transaction_id: randomUUID() });
    expect(wrong.body).toMatchObject({ ack_status: 'NACK', error: { code: '30000' } });
    expect((await market.buyer.get(id)).offers).toEqual([]);
  });

  it('counts a question as failed that was taken and will have no answer', async () => {
    const before = seller.answer;
    seller.answer = () => ({
      status: 409,
      body: JSON.stringify({
        status: 'ACK',
        signature: 's',
        error: { errorCode: 'BIZ_NO_MATCH', errorMessage: 'none' },
      }),
    });
    const id = await market.buyer.search(NEED, []);
    const { asked } = await market.buyer.until(id, (of) => of.asked[0]!.state !== 'sent', 300_000);
    seller.answer = before;
    expect(asked[0]).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/no answer will follow \(409\): BIZ_NO_MATCH none/),
    });
  });

  it('is not sold in: a request gets a NACK of its own shape', async () => {
    const { heard } = await discovered();
    const context = {
      ...heard.context,
      bap_id: seller.id,
      bap_uri: seller.url,
      transaction_id: randomUUID(),
      message_id: randomUUID(),
      timestamp: new Date().toISOString(),
    };
    const { status, body } = await seller.send(base, 'discover', JSON.stringify({ context, message: heard.message }));
    expect(status).toBe(400);
    expect(body).toMatchObject({
      ack_status: 'NACK',
      transaction_id: context.transaction_id,
      error: { message: expect.stringContaining('2.0-draft is not answered here; send 1.1') },
    });
    if (hasOfficial) expect(officialAnswerErrors('core-2.0.0-draft-2025-11')('discover 400', body)).toEqual([]);
  });
});

describe('the doctor', () => {
  const found = async (rows: object[]) => {
    const { app, server, home } = stand;
    const file = join(home, 'own.json');
    writeFileSync(file, JSON.stringify(rows));
    return examine({ world: app.world, config: { ...app.config, becknTrustFile: file } }, server.url);
  };
  const own = () => (['BPP', 'BAP'] as const).map((role) => registryRow(market.settings, role));

  it('finds nothing where keys, rows and address are right, and names the step that is not', async () => {
    const bad = (checks: Awaited<ReturnType<typeof found>>) => checks.filter(({ ok }) => !ok);
    expect(bad(await found(own()))).toEqual([]);
    const { signing_public_key } = seller.row;
    const [bpp, bap] = own();
    expect(bad(await found([{ ...bpp, signing_public_key }, bap!]))).toMatchObject([
      { check: `registered as ${bpp!.subscriber_id}`, finding: expect.stringContaining('another public key') },
    ]);
    expect(bad(await found([bpp!, { ...bap!, url: 'https://elsewhere.example/beckn' }]))).toMatchObject([
      { check: `registered as ${BAP}`, finding: expect.stringContaining('https://elsewhere.example/beckn') },
    ]);
  });
});

describe('a message of 2.0 LTS', () => {
  const message = (more: object = {}) =>
    JSON.stringify({
      context: {
        action: 'select',
        version: '2.0.0',
        bapId: seller.id,
        bapUri: seller.url,
        bppId: BPP,
        bppUri: base,
        transactionId: randomUUID(),
        messageId: randomUUID(),
        timestamp: new Date().toISOString(),
        ...more,
      },
      message: { contract: {} },
    });
  it.each([
    ['of a known sender', () => seller.send(base, 'select', message()), 400, 'CTX_VERSION_UNSUPPORTED'],
    ['without a signature', () => seller.send(base, 'select', message(), null), 401, 'AUT_SIGNATURE_INVALID'],
    ['to another path', () => seller.send(base, 'init', message()), 400, 'CTX_INVALID'],
    [
      'that is stale',
      () => seller.send(base, 'select', message({ timestamp: '2020-01-01T00:00:00Z' })),
      400,
      'CTX_INVALID',
    ],
    ['with a member of 1.x', () => seller.send(base, 'select', message({ bap_id: 'x' })), 400, ''],
    [
      'that answers what nobody asked in it',
      () =>
        seller.send(
          base,
          'on_select',
          message({ action: 'on_select', bapId: BAP, bppId: seller.id, bppUri: seller.url }),
        ),
      400,
      'CTX_VERSION_UNSUPPORTED',
    ],
  ] as const)('%s is refused, in the shape of LTS where it is LTS', async (_, send, status, code) => {
    const { status: said, body } = await send();
    expect(said).toBe(status);
    if (code === '') return expect(body).toMatchObject({ message: { ack: { status: 'NACK' } } });
    expect(body).toMatchObject({ status: 'NACK', error: { errorCode: code } });
    if (!hasOfficial) return;
    for (const spec of ['core-2.0.0-lts', 'core-2.0.0-lts-2026-05'] as const)
      expect(officialAnswerErrors(spec)(`select ${status}`, body), spec).toEqual([]);
  });
});
