/** What is told of orders whose window is over: of each its own kW, also where several were sold in one slot. */
import { describe, expect, it } from 'vitest';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import { CLAIMS, SOLD_ORDERS, type SoldOrder } from '../../domain/market.js';
import { ORDERS, worldName } from '../../domain/plan.js';
import { type Instant, plusHours } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { itemOf, orderOf } from './fixtures/orders.js';
import { movedOn } from './metering.js';

const START = '2026-03-02T10:00:00Z' as Instant;
const END = '2026-03-02T10:30:00Z' as Instant;

const soldOf = (
  id: string,
  kw: number,
  committedAtMs: number,
  slot: { baselineKw: number; spokenKw: number },
): SoldOrder => ({
  id,
  bapId: `${id}.example`,
  transactionId: id,
  dialect: '1.1',
  version: '1.1.0',
  domain: 'deg:flexibility',
  bapUri: 'https://buyer.example/beckn',
  region: 'GB',
  clusterId: null,
  planId: 'P-1',
  deliveredBy: 'P-2',
  approvalId: null,
  decisionId: null,
  confirm: null,
  delivers: null,
  quotedUntilMs: null,
  committedAtMs,
  powerKw: kw,
  capsKw: [{ start: START, end: END, ...slot, maxKw: slot.baselineKw - slot.spokenKw - kw }],
  order: orderOf(itemOf({ window: { start: START, end: END } }), {
    id,
    state: 'ORDER_PLACED',
    createdAt: '2026-03-02T08:00:00Z' as Instant,
  }),
});

/** Orders of one slot, the site's mean draw in it, and what each buyer is then told. */
const told = async (orders: readonly SoldOrder[], drawnKw: number) => {
  const store = await openStore(':memory:');
  const world = quietWorld(store, () => plusHours(END, 1));
  const ran = async function* () {
    yield [{ jobId: 'j', region: 'GB', start: START, end: END, energyKwh: drawnKw / 2 }];
  };
  const fleet = { ...world.fleet, ran } as unknown as World['fleet'];
  await store.collection(ORDERS).put('o', {
    planId: 'P-2',
    workloadId: 'W',
    key: 'k',
    world: worldName(world),
    jobs: null,
    span: { start: START, end: END },
  });
  for (const order of orders) {
    await store.collection(SOLD_ORDERS).put(order.id, order);
    const { bapId, region, clusterId, powerKw: kw } = order;
    const window = { start: START, end: END };
    await store
      .collection(CLAIMS)
      .put(order.id, { orderId: order.id, bapId, region, clusterId, window, kw, state: 'planned', untilMs: null });
  }
  const all = await movedOn({ ...world, fleet } as World);
  await store.close();
  return Object.fromEntries(
    all.map(({ order }) => {
      const [slot] = order.order.metered;
      return [order.id, { kw: slot!.baselineKw - slot!.actualKw!, note: order.order.note, state: order.order.state }];
    }),
  );
};

describe('an order whose window is over', () => {
  it('is told its own kW where a later one was sold in the same slot, whichever plan that was sold from', async () => {
    const first = soldOf('ORD-A', 50, 1, { baselineKw: 1000, spokenKw: 0 });
    const fromItsPlan = soldOf('ORD-B', 30, 2, { baselineKw: 950, spokenKw: 0 });
    const fromTheSame = soldOf('ORD-C', 20, 3, { baselineKw: 950, spokenKw: 30 });
    const { 'ORD-A': a, 'ORD-B': b, 'ORD-C': c } = await told([first, fromItsPlan, fromTheSame], 900);
    expect([a!.kw, b!.kw, c!.kw]).toEqual([50, 30, 20]);
    expect(a!.note).toContain('delivered: at least 50 kW');
    expect(a!.state).toBe('COMPLETED');
  });
  it.each([
    [80, [50, 30, 0], 'the last is short'],
    [65, [50, 15, 0], 'then the one before it'],
    [20, [20, 0, 0], 'the first one at the end'],
    [-10, [-10, 0, 0], 'and nobody is told twice what the site drew too much'],
    [120, [50, 30, 40], 'what stays away beyond all of it is the last one’s'],
  ])('falls short the latest first: of %d kW they are told %j, %s', async (awayKw, expected) => {
    const first = soldOf('ORD-A', 50, 1, { baselineKw: 1000, spokenKw: 0 });
    const fromItsPlan = soldOf('ORD-B', 30, 2, { baselineKw: 950, spokenKw: 0 });
    const fromTheSame = soldOf('ORD-C', 20, 3, { baselineKw: 950, spokenKw: 30 });
    const { 'ORD-A': a, 'ORD-B': b, 'ORD-C': c } = await told([first, fromItsPlan, fromTheSame], 1000 - awayKw);
    expect([a!.kw, b!.kw, c!.kw]).toEqual(expected);
    expect(a!.kw + b!.kw + c!.kw).toBe(awayKw);
    expect(c!.note).toContain(expected[2]! < 20 ? 'shortfall: 0 of 20 kW' : 'delivered');
  });
  it('counts nothing for an order that was cancelled or refused', async () => {
    const first = soldOf('ORD-A', 50, 1, { baselineKw: 1000, spokenKw: 0 });
    const later = soldOf('ORD-B', 30, 2, { baselineKw: 950, spokenKw: 0 });
    const gone = { ...later, order: { ...later.order, state: 'CANCELLED' as const } };
    const { 'ORD-A': a } = await told([first, gone], 950);
    expect(a!.kw).toBe(50);
  });
});
