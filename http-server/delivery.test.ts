/** Answers to buyers that hang, talk nonsense, are away for an hour, or refuse: what becomes of each, by the clock of the machine. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { quietWorld } from '../domain/fixtures/quiet-world.js';
import type { Instant } from '../domain/time.js';
import type { Market } from '../market.js';
import { openStore } from '../store/store.js';
import { openMarket } from '../tools/beckn/beckn.js';
import { marketStand, type Stand } from './fixtures/market-stand.js';
import { type Stranger, signed } from './fixtures/stranger.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const HOUR_MS = 3_600_000;
let stand: Stand;
let buyer: Stranger;
let market: Market;
let store: Awaited<ReturnType<typeof openStore>>;
let aheadMs = 0;
const patience = { timeoutMs: 60_000 };
const trouble: unknown[] = [];

beforeAll(async () => {
  stand = await marketStand(['fickle.example']);
  buyer = stand.strangers[0]!;
  store = await openStore(':memory:');
  market = await openMarket({
    world: quietWorld(store, () => '2026-03-02T09:00:00Z' as Instant),
    settings: {
      ...stand.market.settings,
      firstRetryMs: 1000,
      maxAttempts: 4,
      get timeoutMs() {
        return patience.timeoutMs;
      },
    },
    planner: { freshen: async () => {}, deliver: async () => ({ is: 'refused', code: '40000', why: 'x' }) },
    onTrouble: (error) => trouble.push(error),
    nowMs: () => Date.now() + aheadMs,
  });
});
afterAll(async () => {
  await market.close();
  await store.close();
  await stand.close();
});

const ask = async (): Promise<string> => {
  const messageId = randomUUID();
  const timestamp = new Date(Date.now() + aheadMs).toISOString();
  const body = buyer.body('support', { support: { ref_id: 'r' } }, { message_id: messageId, timestamp });
  const headers = { authorization: signed(buyer.key, buyer.id, body, Math.round(aheadMs / 1000)) };
  const { status } = await market.receive({ action: 'support', body: Buffer.from(body), headers, url: 'x' });
  expect(status).toBe(200);
  await market.settle();
  return messageId;
};
const letterTo = async (messageId: string) => (await store.mail.get('out', `on_support|${messageId}`))!;
const later = async (ms: number) => {
  aheadMs += ms;
  await market.settle();
};
const ACK = { status: 200, body: '{"message":{"ack":{"status":"ACK"}}}' };
const heard = () => buyer.heard.map(({ context }) => context.message_id);

it('keeps an answer for a buyer that hangs, talks nonsense and is busy, and brings it once it listens', async () => {
  patience.timeoutMs = 200;
  buyer.answer = () => null;
  const id = await ask();
  expect(await letterTo(id)).toMatchObject({ state: 'waiting', attempts: 1 });
  patience.timeoutMs = 60_000;
  buyer.answer = () => ({ status: 200, body: 'hello' });
  await later(2000);
  expect(await letterTo(id)).toMatchObject({
    state: 'waiting',
    attempts: 2,
    reason: expect.stringContaining('acknowledgement'),
  });
  buyer.answer = () => ({ status: 503, body: '' });
  await later(4000);
  expect(await letterTo(id)).toMatchObject({ state: 'waiting', attempts: 3, reason: expect.stringContaining('503') });
  buyer.answer = () => ACK;
  await later(8000);
  expect(await letterTo(id)).toMatchObject({ state: 'done', attempts: 4 });
  expect(heard()).toEqual([id]);
});

it('gives up after the last try, and brings all in order when a buyer that was away for an hour speaks again', async () => {
  buyer.answer = () => ({ status: 502, body: '' });
  const [first, second] = [await ask(), await ask()];
  for (let n = 0; n < 8; n++) await later(HOUR_MS / 8);
  expect(await letterTo(first)).toMatchObject({ state: 'dead', reason: expect.stringContaining('502') });
  expect(await letterTo(second)).toMatchObject({ state: 'dead' });
  buyer.answer = () => ACK;
  const third = await ask();
  await market.settle();
  expect(heard().slice(1)).toEqual([first, second, third]);
});

it('does not bring again what its buyer has refused', async () => {
  buyer.answer = () => ({
    status: 400,
    body: '{"message":{"ack":{"status":"NACK"}},"error":{"code":"30000","message":"no"}}',
  });
  const refused = await ask();
  expect(await letterTo(refused)).toMatchObject({ state: 'dead', attempts: 1, reason: 'NACK (400): 30000 no' });
  buyer.answer = () => ACK;
  const next = await ask();
  expect(heard()).toContain(next);
  expect(heard()).not.toContain(refused);
  expect(trouble).toEqual([]);
});
