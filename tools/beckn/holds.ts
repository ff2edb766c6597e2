/**
 * Capacity that is held for a buyer from init to confirm. A hold costs its buyer nothing, so it ends by itself, is not prolonged by
 * asking again, is one of few, and once it has lapsed leaves the others their turn.
 */
import { CLAIMS, type Claim, type SoldOrder } from '../../domain/market.js';
import type { Tx } from '../../domain/store.js';
import { fromEpoch } from '../../domain/time.js';
import { claimsIn } from './catalog.js';
import { Decline } from './refusal.js';

/** How many orders a buyer may hold capacity for at a time. */
export const MOST_HELD = 10;
/** After a hold has lapsed, its buyer holds nothing in that window for so long; a confirm takes what is free all the same. */
const REST_MS = 3_600_000;
const AT = '/message/order/items/0/id';

export const claimOf = (order: SoldOrder, state: Claim['state'], untilMs: number | null): Claim => ({
  orderId: order.id,
  bapId: order.bapId,
  region: order.region,
  clusterId: order.clusterId,
  window: order.order.item!.window,
  kw: order.powerKw,
  state,
  untilMs,
});

const sayTime = (ms: number) => fromEpoch(Math.ceil(ms / 1000));

/** Holds what an order is about. Answers until when, in milliseconds. Throws Decline before it has written anything. */
export const hold = async (tx: Tx, order: SoldOrder, lastingMs: number, nowMs: number): Promise<number> => {
  const claims = tx.collection(CLAIMS);
  const held = (await claimsIn(tx)).filter(({ state }) => state === 'held');
  const own = held.filter(({ bapId }) => bapId === order.bapId);
  const next = claimOf(order, 'held', nowMs + lastingMs);
  const lapsed = own.find(
    ({ untilMs, window, region }) =>
      untilMs! <= nowMs &&
      untilMs! + REST_MS > nowMs &&
      region === next.region &&
      window.start < next.window.end &&
      window.end > next.window.start,
  );
  if (lapsed !== undefined)
    throw new Decline(
      '50000',
      `${lapsed.window.start} to ${lapsed.window.end} was held for you until ${sayTime(lapsed.untilMs!)} and not confirmed: it is held for you again from ${sayTime(lapsed.untilMs! + REST_MS)} on; a confirm after select takes what is free at once`,
      AT,
    );
  const living = own.filter(({ untilMs, orderId }) => untilMs! > nowMs && orderId !== order.id);
  if (living.length >= MOST_HELD) {
    const first = Math.min(...living.map(({ untilMs }) => untilMs!));
    throw new Decline(
      '50000',
      `${living.length} orders hold capacity for you, at most ${MOST_HELD} do: confirm one, or wait until ${sayTime(first)}`,
      AT,
    );
  }
  const before = own.find(({ untilMs, orderId }) => untilMs! > nowMs && orderId === order.id);
  const untilMs = Math.min(before?.untilMs ?? Number.POSITIVE_INFINITY, next.untilMs!);
  for (const { orderId, untilMs: ended } of held) if (ended! + REST_MS <= nowMs) await claims.delete(orderId);
  // What it held instead has lapsed with this.
  if (before !== undefined && before.window.start !== next.window.start)
    await claims.put(`${order.id}/${before.window.start}`, {
      ...before,
      orderId: `${order.id}/${before.window.start}`,
      untilMs: nowMs,
    });
  await claims.put(order.id, { ...next, untilMs });
  return untilMs;
};
