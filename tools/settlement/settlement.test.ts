/** Events settled through the tool, from readings that were imported as an operator has them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digest } from '../../domain/digest.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import { METERED, METERS, spanSet } from '../../domain/meter.js';
import type { Store } from '../../domain/store.js';
import { fromEpoch, type Instant, instant, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { type Call, callTool } from '../tool.js';
import { listSettlements, settleEvent } from './settlement.js';

const call: Call = {
  signal: new AbortController().signal,
  progress: () => {},
  actor: { id: 'ann', via: 'cli' },
  cause: null,
};
const START = instant('2025-12-01T00:00:00Z');
const END = instant('2026-02-13T00:00:00Z');

let store: Store;
let world: World;
beforeEach(async () => {
  store = await openStore(':memory:');
  const quiet = quietWorld(store, () => instant('2026-02-14T00:00:00Z'));
  const kept = { store, cards: store.collection(METERS) };
  world = {
    ...quiet,
    meter: {
      ...quiet.meter,
      meters: async () => (await kept.cards.list()).map(({ value }) => value),
      spans: async function* (id, { start, end }) {
        for (const month of ['2025-12', '2026-01', '2026-02'])
          for await (const page of store.rows(METERED).pages(spanSet(id, instant(`${month}-01T00:00:00Z`))))
            yield page.filter((span) => span.start < end && span.end > start);
      },
    },
  };
});
afterEach(() => store.close());

/** A site of half-hours: `kwhAt` says what it used in each; null is a gap. */
const meter = async (id: string, kwhAt: (at: Instant) => number | null) => {
  await store.collection(METERS).put(id, {
    ...{ id, name: id, boundary: 'facility', source: 'test', basis: 'interval', covers: { start: START, end: END } },
    subject: { kind: 'site', id: 'hall' },
  });
  for (let at = toEpoch(START); at < toEpoch(END); at += 1800) {
    const [start, end] = [fromEpoch(at), fromEpoch(at + 1800)];
    const energyKwh = kwhAt(start);
    const span = { start, end, energyKwh, why: energyKwh === null ? 'nothing was read' : null };
    await store.rows(METERED).append(spanSet(id, start), [{ id: start, value: span }]);
  }
};

/** 1 000 kWh a half-hour; 1 060 in the adjustment window of the event’s day, then 700 and 720, and 100 more after it. */
const site = (at: Instant): number => {
  if (!at.startsWith('2026-02-12')) return 1000;
  const time = at.slice(11, 16);
  if (time >= '13:00' && time < '16:00') return 1060;
  if (time === '17:00') return 700;
  if (time === '17:30') return 720;
  return time >= '18:00' && time < '20:00' ? 1100 : 1000;
};

const event = {
  ...{ id: 'E-1', site: 'hall', meterIds: ['hall'], bankHolidays: ['2025-12-25', '2025-12-26', '2026-01-01'] },
  ...{ start: '2026-02-12T17:00:00Z', end: '2026-02-12T18:00:00Z' },
};
const bid = { as: 'bid', bidMwh: 1, price: 241, adjusted: true };
type Asked = Parameters<typeof callTool<(typeof settleEvent)['input'], (typeof settleEvent)['output']>>[1];
const settle = (more: object) => callTool(settleEvent, { ...event, ...more } as Asked, world, call);

describe('an event', () => {
  it('is paid by what the meter shows against days like it, with both baselines and the rebound beside', async () => {
    await meter('hall', site);
    const rebound = { until: '2026-02-12T20:00:00Z', price: 80, avoidedPrice: 120 };
    const found = await settle({ terms: bid, rebound });
    expect(found.baseline).toMatchObject({ inDayAdjustmentKwh: 60, used: 'adjusted' });
    expect(found.deliveredMwh).toBe(0.7);
    expect(found.lines).toEqual([{ product: 'utilisation', run: 'II', volumeMwh: 0.7, price: 241, amount: 168.7 }]);
    expect(found).toMatchObject({ gross: 168.7, avoided: 69.6, rebound: -32, net: 206.3, clippedMwh: null });
    expect(found.notes.join(' ')).toContain('Without the in-day adjustment 580 kWh were delivered, with it 700 kWh');
    expect(found.document).toContain('| **net** |  |  | 206.30 GBP |');

    const wholesale = {
      ...{ as: 'wholesale', contractedMwh: 0.3, tradePrice: 100, systemPrice: [110, 90], compensationPrice: 98.53 },
    };
    const { settlements } = await callTool(listSettlements, {}, world, call);
    expect(settlements).toHaveLength(1);
    const [{ asked, figures, evidence }] = settlements as [(typeof settlements)[0]];
    expect(figures).toMatchObject({ id: 'E-1', gross: 168.7, periods: [{ period: 35 }, { period: 36 }] });
    expect(digest({ asked, figures })).toBe(found.evidence);
    expect(evidence).toBe(found.evidence);
    expect(await callTool(listSettlements, { event: 'E-2' }, world, call)).toEqual({ settlements: [], next: null });

    const traded = await settle({ terms: wholesale });
    expect(traded.deliveredMwh).toBe(0.58);
    expect(traded.lines).toMatchObject([
      { product: 'trade', volumeMwh: 0.6, amount: 60 },
      { product: 'imbalance', amount: -1.8 },
    ]);
    expect(traded).toMatchObject({ rebound: null, net: null });
    expect(traded.document).toContain('not known');
  });

  it('is settled once: another name for the same half-hours hears whose they are', async () => {
    await meter('hall', site);
    await settle({ terms: bid });
    await expect(settle({ id: 'E-2', terms: bid })).rejects.toThrow(/settled as bid under E-1/);
    await expect(settle({ terms: { ...bid, price: 250 } })).resolves.toMatchObject({ id: 'E-1' });
    const later = { start: '2026-02-12T17:30:00Z', end: '2026-02-12T18:30:00Z' };
    await expect(settle({ id: 'E-2', ...later, terms: bid })).rejects.toThrow(/period 36 of 2026-02-12/);
    // Another name for the site makes no other energy of it: the meter knows.
    await expect(settle({ id: 'E-2', site: 'annex', terms: bid })).rejects.toThrow(/under E-1|measures the site hall/);
  });

  it('is settled again by a later run, never by an earlier one, and the ledger holds each', async () => {
    await meter('hall', site);
    const first = await settle({ terms: bid, run: 'R1' });
    await expect(settle({ terms: bid, run: 'II' })).rejects.toThrow('settled by run R1, and II comes before it');
    const second = await settle({ terms: bid, run: 'R2' });
    const entries = (await store.entries.read(0, 100)).filter(({ body }) => body.kind === 'settlement');
    expect(entries.map(({ body }) => body.subject)).toEqual(['E-1', 'E-1']);
    expect(entries.map(({ body }) => (body.data as { evidence: string }).evidence)).toEqual([
      first.evidence,
      second.evidence,
    ]);
  });

  it('of several meters is settled on their sum, and says what each by itself would have shown', async () => {
    const during = (at: Instant) => at >= event.start && at < event.end;
    await meter('a', (at) => (during(at) ? 0 : 10));
    await meter('b', (at) => (during(at) ? 10 : 0));
    const found = await settle({ meterIds: ['a', 'b'], terms: { ...bid, adjusted: false } });
    expect(found).toMatchObject({ deliveredMwh: 0, clippedMwh: 0.02, gross: 0 });
  });

  it('without days to compare with delivered nothing, and what came later is not known', async () => {
    await meter('hall', (at) => (at < '2026-02-10' ? null : site(at)));
    const rebound = { until: '2026-02-12T20:00:00Z', price: 80, avoidedPrice: 120 };
    const found = await settle({ terms: bid, rebound });
    expect(found).toMatchObject({ status: 'insufficient', deliveredMwh: 0, gross: 0, rebound: null, net: null });
  });

  it('is refused where it cannot be known, with what to do', async () => {
    await meter('hall', (at) => (at === '2026-02-12T17:30:00Z' ? null : site(at)));
    await expect(settle({ terms: bid })).rejects.toThrow('period 36 of 2026-02-12 is not metered');
    await expect(settle({ terms: bid, meterIds: ['other'] })).rejects.toThrow('there is no meter other');
    await expect(settle({ terms: bid, start: '2026-02-12T17:10:00Z' })).rejects.toThrow(
      'no stretch of settlement periods',
    );
    await expect(settle({ terms: bid, end: '2026-02-13T02:00:00Z' })).rejects.toThrow('another settlement day');
    await expect(settle({ terms: bid, meterIds: ['hall', 'hall'] })).rejects.toThrow('named twice');
    await expect(settle({ terms: bid, site: 'annex' })).rejects.toThrow('measures the site hall');
    const late = { until: '2026-02-12T19:10:00Z', price: 80, avoidedPrice: 120 };
    await expect(settle({ terms: bid, end: '2026-02-12T17:30:00Z', rebound: late })).rejects.toThrow('no stretch');
    const falling = [
      { delivered: 0.95, paid: 1 },
      { delivered: 0.6, paid: 0 },
    ];
    const contract = { as: 'utilisation', instructedKw: 400, price: 300, averaging: 'event', adjusted: false };
    await expect(settle({ terms: { ...contract, curve: falling } })).rejects.toThrow('must rise');
    const lists = { ...bid, bidMwh: [1, 1, 1] };
    await expect(settle({ terms: lists, end: '2026-02-12T17:30:00Z' })).rejects.toThrow('bidMwh has 3 values');
  });
});
