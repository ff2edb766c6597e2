/** The buyer's books as callbacks come in: late, unasked, one after the other, or not at all. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import type { MarketContext, MarketOrder, MarketReply } from '../../domain/market.js';
import type { Store } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import { openStore } from '../../store/store.js';
import { BOUGHT } from './bought.js';
import { type Buyer, openBuyer } from './buyer.js';
import { dialectOf, sellingIn } from './dialects/dialects.js';
import { itemOf, orderOf } from './fixtures/orders.js';
import { letterId } from './intake.js';
import type { Keyring } from './keyring.js';
import { openMarket } from './market.js';
import type { MarketSettings } from './settings.js';

const NOW = '2026-03-02T09:00:00Z' as Instant;
const SELLER = { bppId: 'bpp.example', bppUri: 'http://127.0.0.1:9/beckn' };
const ITEM = itemOf({
  noticeMinutes: 5,
  rampMinutes: 2,
  recoveryMinutes: 15,
  reboundKwh: 25,
  intensityGPerKwh: 200,
  avoidedKg: 1,
  carbonSource: 'x',
  baselineMethod: 'forecast_schedule',
  baselineKw: 500,
  bestEffortKw: 60,
});
const told = (more: Partial<MarketOrder> = {}) => orderOf(ITEM, { providerName: 'P', ...more });
const { privateKey: signingKey } = generateKeyPairSync('ed25519');
const settings = {
  bppId: 'own.example',
  bppUri: 'http://127.0.0.1:1/beckn',
  bapId: 'bap.example',
  bapUri: 'http://127.0.0.1:1/beckn',
  keyId: 'k1',
  signingKey,
  encryptionKey: null,
  registryEncryptionKey: null,
  registryUrl: null,
  trustFile: null,
  domains: ['deg:flexibility'],
  dialects: ['1.1', '0.9.4'],
  allowInsecureUrls: true,
  skewMs: 5000,
  defaultTtl: 'PT30S',
  maxBodyBytes: 1_000_000,
  timeoutMs: 2000,
  maxAttempts: 2,
  firstRetryMs: 10,
  freshMessageIds: false,
  requireSignature: false,
} as unknown as MarketSettings;

let store: Store;
let buyer: Buyer;
let nowMs = 0;
beforeEach(async () => {
  store = await openStore(':memory:');
  nowMs = Date.parse(NOW);
  buyer = openBuyer({
    world: quietWorld(store, () => NOW),
    store,
    settings,
    keyring: {} as Keyring,
    nowMs: () => nowMs,
    post: (write) => write(undefined),
  });
});

const contextOf = (
  action: string,
  transactionId: string,
  messageId: string,
  dialect: '1.1' | '0.9.4' = '1.1',
): MarketContext => ({
  dialect,
  version: dialectOf(dialect).version,
  domain: 'deg:flexibility',
  action,
  bapId: settings.bapId,
  bapUri: settings.bapUri,
  ...SELLER,
  transactionId,
  messageId,
  timestamp: NOW,
  ttl: 'PT30S',
  country: null,
  city: null,
});
/** A reply as it comes off the wire in its dialect. */
const hear = async (
  transactionId: string,
  messageId: string,
  action: string,
  reply: MarketReply,
  dialect: '1.1' | '0.9.4' = '1.1',
) => {
  const context = contextOf(action, transactionId, messageId, dialect);
  await buyer.vet(context);
  const write = await buyer.heard(context, sellingIn(dialect).writeReply(action, reply) as never);
  await store.transaction(write);
};
const need = { kind: null, place: null, radiusKm: null, window: null, powerKw: 50, durationMinutes: 30 };
const catalog: MarketReply = {
  is: 'catalog',
  name: 'P',
  providers: [{ id: 'p', name: 'P', place: null, items: [ITEM] }],
};
const draft = {
  orderId: null,
  providerId: 'p',
  items: [{ id: ITEM.id, quantity: { count: 1, energyMwh: null } }],
  fulfillmentId: null,
  billing: { name: 'B', email: null, phone: '-' },
  quote: null,
  payment: null,
};
const asked = async (transactionId: string, action: string) =>
  (await buyer.get(transactionId)).asked.findLast((one) => one.action === action)!;

describe.each(['1.1', '0.9.4'] as const)('a conversation in %s', (dialect) => {
  it('shows the state as it is, and keeps notice, ramp and recovery from the catalogue to the metering', async () => {
    const id = await buyer.search(need, [SELLER], { dialect });
    await hear(id, (await asked(id, 'search')).messageId, 'on_search', catalog, dialect);
    const [offer] = (await buyer.get(id)).offers;
    const flexible = { noticeMinutes: 5, rampMinutes: 2, recoveryMinutes: 15, reboundKwh: 25 };
    expect(offer!.item).toMatchObject(flexible);
    const state = async (action: 'select' | 'init' | 'confirm', order: MarketOrder) => {
      await hear(id, await buyer.ask(id, { action, draft }, SELLER), `on_${action}`, { is: 'order', order }, dialect);
      const bought = (await buyer.get(id)).order!;
      expect(bought.item, action).toMatchObject(flexible);
      return bought.state;
    };
    expect(await state('select', told())).toBe('QUOTED');
    expect(await state('init', told({ state: 'INITIALISED' }))).toBe('INITIALISED');
    expect(await state('confirm', told({ id: 'O-1', state: 'ORDER_PLACED', item: null }))).toBe('ORDER_PLACED');
    const bare = { ...ITEM, noticeMinutes: null, rampMinutes: null, recoveryMinutes: null, reboundKwh: null };
    await hear(
      id,
      randomUUID(),
      'on_status',
      { is: 'order', order: told({ id: 'O-1', state: 'COMPLETED', item: bare }) },
      dialect,
    );
    expect((await buyer.get(id)).order).toMatchObject({ id: 'O-1', state: 'COMPLETED', item: flexible });
  });
});

describe('an answer that comes late', () => {
  it('is recorded; an on_confirm is applied, for its seller believes in a contract', async () => {
    const id = await buyer.search(need, [SELLER]);
    await hear(id, (await asked(id, 'search')).messageId, 'on_search', catalog);
    const selecting = await buyer.ask(id, { action: 'select', draft }, SELLER);
    const confirming = await buyer.ask(id, { action: 'confirm', draft }, SELLER);
    nowMs += 3_600_000;
    await hear(id, selecting, 'on_select', { is: 'order', order: told() });
    expect((await buyer.get(id)).order).toBeNull();
    expect((await asked(id, 'select')).state).toBe('late');
    await hear(id, confirming, 'on_confirm', { is: 'order', order: told({ id: 'O-1', state: 'ORDER_PLACED' }) });
    expect((await buyer.get(id)).order).toMatchObject({ id: 'O-1', state: 'ORDER_PLACED' });
  });
});

const ordered = async (): Promise<string> => {
  const id = await buyer.search(need, [SELLER]);
  const confirming = await buyer.ask(id, { action: 'confirm', draft }, SELLER);
  await hear(id, confirming, 'on_confirm', { is: 'order', order: told({ id: 'O-1', state: 'ORDER_PLACED' }) });
  return id;
};

describe('messages that nobody asked for', () => {
  it('may come for an order; another one under the same id is refused, and the earlier is named', async () => {
    const id = await ordered();
    const messageId = randomUUID();
    await buyer.vet(contextOf('on_status', id, messageId));
    await store.mail.receive({
      id: letterId(SELLER.bppId, 'on_status', messageId),
      thread: 't',
      peer: SELLER.bppId,
      action: 'on_status',
      url: null,
      body: '{}',
      digest: 'd',
      exchange: null,
      atMs: Date.parse(NOW),
    });
    await buyer.vet(contextOf('on_status', id, messageId));
    await expect(buyer.vet(contextOf('on_update', id, messageId))).rejects.toThrow(
      /already used: on_status of 2026-03-02T09:00/,
    );
    await expect(buyer.vet(contextOf('on_confirm', id, messageId))).rejects.toThrow('nobody asked');
  });
});

describe('a seller that does not keep to what was agreed', () => {
  const quote = (total: string) => ({
    total,
    currency: 'GBP',
    lines: [{ title: 'ENERGY', amount: total }],
    validSeconds: null,
  });
  const agreed = async () => {
    const id = await buyer.search(need, [SELLER]);
    await hear(id, await buyer.ask(id, { action: 'init', draft }, SELLER), 'on_init', {
      is: 'order',
      order: told({ quote: quote('67.5') }),
    });
    return { id, confirming: await buyer.ask(id, { action: 'confirm', draft }, SELLER) };
  };
  const placed = (more: Partial<MarketOrder>): MarketReply => ({
    is: 'order',
    order: told({ id: 'O-1', state: 'ORDER_PLACED', ...more }),
  });

  it('changes no price: what was agreed stays, and the difference is said', async () => {
    const { id, confirming } = await agreed();
    await hear(id, confirming, 'on_confirm', placed({ quote: quote('6750'), note: 'thank you' }));
    expect((await buyer.get(id)).order).toMatchObject({
      id: 'O-1',
      quote: { total: '67.5' },
      note: 'the seller says 6750 GBP, 67.5 GBP were agreed; thank you',
    });
    await hear(id, randomUUID(), 'on_status', placed({ state: 'COMPLETED', quote: null }));
    expect((await buyer.get(id)).order).toMatchObject({ state: 'COMPLETED', quote: { total: '67.5' }, note: null });
  });
  it('speaks of another order in vain', async () => {
    const { id, confirming } = await agreed();
    await hear(id, confirming, 'on_confirm', placed({ quote: quote('67.5') }));
    const asking = await buyer.ask(id, { action: 'status', orderId: 'O-1' });
    await hear(id, asking, 'on_status', placed({ id: 'O-2', state: 'CANCELLED' }));
    expect((await buyer.get(id)).order).toMatchObject({ id: 'O-1', state: 'ORDER_PLACED', note: null });
    expect(await asked(id, 'status')).toMatchObject({ state: 'failed', error: 'it is about order O-2, ours is O-1' });
  });
});

describe('a buyer that was started again', () => {
  it('asks once for each order that is open', async () => {
    const id = await ordered();
    await buyer.search(need, [SELLER]);
    expect(await buyer.askOpen()).toBe(1);
    const waiting = await store.mail.list({ box: 'out', limit: 10 });
    expect(waiting.filter(({ action }) => action === 'status')).toHaveLength(1);
    await hear(id, (await asked(id, 'status')).messageId, 'on_status', {
      is: 'order',
      order: told({ id: 'O-1', state: 'COMPLETED' }),
    });
    expect(await buyer.askOpen()).toBe(0);
  });
});

describe('a question that cannot be delivered', () => {
  it('has failed after the last try, as if its seller had answered with an error', async () => {
    const trouble: unknown[] = [];
    const market = await openMarket({
      world: quietWorld(store, () => NOW),
      settings,
      planner: { freshen: async () => {}, deliver: async () => ({ is: 'refused', code: '40000', why: 'x' }) },
      onTrouble: (error) => trouble.push(error),
    });
    const id = await market.buyer.search(need, [SELLER]);
    const found = await market.buyer.until(id, ({ asked }) => asked[0]!.state !== 'sent', 300_000);
    expect(found.asked[0]).toMatchObject({ state: 'failed', error: expect.stringContaining('not delivered') });
    expect(await store.mail.count('out')).toMatchObject({ waiting: 0, dead: 1 });
    expect((await store.collection(BOUGHT).get(id))!.value.offers).toEqual([]);
    expect(trouble).toEqual([]);
    await market.close();
  });
});
