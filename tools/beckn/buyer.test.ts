/** The buyer's books as callbacks come in: late, unasked, one after the other, or not at all. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fault } from '../../domain/fault.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import type { MarketContext, MarketOrder, MarketReply } from '../../domain/market.js';
import { defineCollection, type Store } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import { openStore } from '../../store/store.js';
import { undelivered } from './answers.js';
import { BOUGHT, isOver } from './bought.js';
import { type Buyer, openBuyer } from './buyer.js';
import { dialectOf, sellingIn } from './dialects/dialects.js';
import { itemOf, orderOf } from './fixtures/orders.js';
import { letterId } from './intake.js';
import type { Keyring } from './keyring.js';
import { openMarket } from './market.js';
import { rank } from './rank.js';
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

/** Nothing here is unreadable. */
const unread = (fault: Fault): never => {
  throw fault;
};

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
  const body = sellingIn(dialect).writeReply(action, reply);
  await buyer.vet(context, body);
  const write = await buyer.heard(context, body);
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
    await buyer.vet(contextOf('on_status', id, messageId), {});
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
    await buyer.vet(contextOf('on_status', id, messageId), {});
    await expect(buyer.vet(contextOf('on_update', id, messageId), {})).rejects.toThrow(
      /already used: on_status of 2026-03-02T09:00/,
    );
    await expect(buyer.vet(contextOf('on_confirm', id, messageId), {})).rejects.toThrow('nobody asked');
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
    expect(await buyer.askOpen(unread)).toBe(1);
    const waiting = await store.mail.list({ box: 'out', limit: 10 });
    expect(waiting.filter(({ action }) => action === 'status')).toHaveLength(1);
    await hear(id, (await asked(id, 'status')).messageId, 'on_status', {
      is: 'order',
      order: told({ id: 'O-1', state: 'COMPLETED' }),
    });
    expect(await buyer.askOpen(unread)).toBe(0);
  });
});

describe('what cannot be kept', () => {
  it.each([
    [
      'a window that ends before it starts',
      { window: { start: NOW, end: '2026-03-02T08:00:00Z' as Instant } },
      'window',
    ],
    ['a place that is none', { place: { latitude: Number.NaN, longitude: 0 } }, 'place.latitude'],
    ['a place beyond the pole', { place: { latitude: 91, longitude: 0 } }, 'place.latitude'],
    ['a power of nothing', { powerKw: 0 }, 'powerKw'],
  ])('is not asked for: %s', async (_, more, says) => {
    await expect(buyer.search({ ...need, ...more }, [SELLER])).rejects.toThrow(says);
    expect(await store.collection(BOUGHT).list()).toEqual([]);
  });
  it('is not asked in a domain whose answers would be refused', async () => {
    await expect(buyer.search(need, [SELLER], { domain: 'deg:other' })).rejects.toMatchObject({
      remedy: 'Set BECKN_DOMAINS=deg:flexibility,deg:other',
    });
  });
  it('is told and passed over where it was kept all the same', async () => {
    const id = await ordered();
    await store.collection(defineCollection('bought', z.unknown())).put('spoilt', { transactionId: 'spoilt' });
    const told: string[] = [];
    expect(await buyer.askOpen(({ message }) => void told.push(message))).toBe(1);
    expect(told).toEqual([expect.stringContaining('spoilt in bought')]);
    expect((await buyer.find('O-1')).transactionId).toBe(id);
  });
});

describe('an answer that comes twice, each time under an id of its own', () => {
  const entries = () => store.entries.size();
  it('is acknowledged and takes effect once; another answer is refused', async () => {
    const id = await buyer.search(need, [SELLER]);
    await hear(id, randomUUID(), 'on_search', catalog);
    await hear(id, randomUUID(), 'on_search', catalog);
    expect((await buyer.get(id)).offers).toHaveLength(1);
    const other = { ...catalog, name: 'Q' };
    await expect(hear(id, randomUUID(), 'on_search', other)).rejects.toThrow('nobody asked');
    await buyer.ask(id, { action: 'confirm', draft }, SELLER);
    const placed = { is: 'order' as const, order: told({ id: 'O-1', state: 'ORDER_PLACED' }) };
    await hear(id, randomUUID(), 'on_confirm', placed);
    const [once, order] = [await entries(), (await buyer.get(id)).order];
    expect(once).toBe(1);
    await hear(id, randomUUID(), 'on_confirm', placed);
    expect([await entries(), (await buyer.get(id)).order]).toEqual([once, order]);
    const another = { ...placed, order: told({ id: 'O-1', state: 'ORDER_PLACED', note: 'x' }) };
    await expect(hear(id, randomUUID(), 'on_confirm', another)).rejects.toThrow('nobody asked');
  });
});

describe('a conversation that was broken off', () => {
  const meeting = async (id: string) => rank(await buyer.get(id), { carbonPricePerTonne: 75, currency: 'GBP' }).length;
  const over = async (id: string) => isOver(await buyer.get(id), await meeting(id), nowMs);
  it('is over once all have answered and nothing of it meets the need', async () => {
    const id = await buyer.search({ ...need, powerKw: 5000 }, [SELLER]);
    expect(await over(id)).toBe(false);
    await hear(id, (await asked(id, 'search')).messageId, 'on_search', catalog);
    expect((await buyer.get(id)).offers).toHaveLength(1);
    expect(await over(id)).toBe(true);
  });
  it('goes on where something meets it, until it is refused', async () => {
    const id = await buyer.search(need, [SELLER]);
    await hear(id, (await asked(id, 'search')).messageId, 'on_search', catalog);
    expect(await over(id)).toBe(false);
    const selecting = await buyer.ask(id, { action: 'select', draft }, SELLER);
    await hear(id, selecting, 'on_select', { is: 'error', code: '40002', message: 'sold', paths: null });
    expect(await over(id)).toBe(true);
  });
});

describe('a question that cannot be delivered', () => {
  const openHere = (trouble: unknown[]) =>
    openMarket({
      world: quietWorld(store, () => NOW),
      settings,
      planner: { freshen: async () => {}, deliver: async () => ({ is: 'refused', code: '40000', why: 'x' }) },
      onTrouble: (error) => trouble.push(error),
    });
  it('has arrived, and has not failed, where its answer has come all the same', async () => {
    const id = await buyer.search(need, [SELLER]);
    const [letter] = await store.mail.list({ box: 'out', limit: 1 });
    await hear(id, (await asked(id, 'search')).messageId, 'on_search', catalog);
    expect(await store.mail.count('out')).toMatchObject({ waiting: 0, done: 1 });
    await store.transaction((tx) => undelivered(tx, letter!, 'nobody there'));
    expect(await asked(id, 'search')).toMatchObject({ state: 'answered', error: null });
  });
  it('is one of few at a time, however many are asked', async () => {
    let [now, most, all] = [0, 0, 0];
    const server = createServer((_, res) => {
      most = Math.max(most, ++now);
      all++;
      setTimeout(() => {
        now--;
        res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":{"ack":{"status":"ACK"}}}');
      }, 100);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const market = await openHere([]);
    const sellers = Array.from({ length: 60 }, (_, i) => ({
      bppId: `s-${i}`,
      bppUri: `http://127.0.0.1:${port}/${i}`,
    }));
    await market.buyer.search(need, sellers);
    while ((await store.mail.count('out')).done < 60) await new Promise((resolve) => setTimeout(resolve, 20));
    expect([all, most <= 20]).toEqual([60, true]);
    await market.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('has failed after the last try, as if its seller had answered with an error', async () => {
    const trouble: unknown[] = [];
    const market = await openHere(trouble);
    const id = await market.buyer.search(need, [SELLER]);
    const found = await market.buyer.until(id, ({ asked }) => asked[0]!.state !== 'sent', 300_000);
    expect(found.asked[0]).toMatchObject({ state: 'failed', error: expect.stringContaining('not delivered') });
    expect(await store.mail.count('out')).toMatchObject({ waiting: 0, dead: 1 });
    expect((await store.collection(BOUGHT).get(id))!.value.offers).toEqual([]);
    expect(trouble).toEqual([]);
    await market.close();
  });
});
