import { describe, expect, it } from 'vitest';
import { Fault } from '../../../domain/fault.js';
import { slice } from '../../../domain/series.js';
import type { CarbonSignal } from '../../../domain/signal.js';
import { type Instant, type Interval, instant, plusHours, plusSeconds, secondsBetween } from '../../../domain/time.js';
import type { CarbonSource, PriceSource } from '../../../domain/world.js';
import { RENEW_MINUTES, signalCache } from './cache.js';

const noon = instant('2026-11-29T12:00:00Z');
const hours = (from: number, to: number): Interval => ({ start: plusHours(noon, from), end: plusHours(noon, to) });

/** A live source on a clock that the test turns: every answer counts the requests so far, and each waits for its leave. */
const live = (options: { mostAnswers?: number } = {}) => {
  let now: Instant = noon;
  const asked: string[] = [];
  const failing = new Set<string>();
  let gate: Promise<void> = Promise.resolve();
  const answer = async (region: string, interval: Interval): Promise<CarbonSignal> => {
    asked.push(`${region} ${interval.start} ${interval.end}`);
    const nth = asked.length;
    const issuedAt = now;
    await gate;
    if (failing.has(region)) throw new Fault('unavailable', `${region} is down`, 'Try again.');
    const count = secondsBetween(interval.start, interval.end) / 1800;
    const values = Array.from({ length: count }, (_, i) => nth * 1000 + i);
    const series = slice({ start: interval.start, stepMinutes: 30, values }, interval.start, interval.end);
    return {
      region,
      source: 'scripted',
      status: 'forecast',
      issuedAt,
      kind: { accounting: 'average', scope: 'operational' },
      series: { ...series, values: [...series.values] },
      low: values.map((v) => v - 0.5),
    };
  };
  const source: CarbonSource = { regions: async () => ['GB', 'FR'], carbon: answer };
  const prices: PriceSource = {
    regions: async () => ['GB'],
    price: async (region, interval) => {
      const { kind: _, ...signal } = await answer(region, interval);
      return { ...signal, currency: 'GBP' };
    },
  };
  const cache = signalCache({ now: () => now }, options);
  const cached = cache.carbon('scripted', source);
  return {
    asked,
    failing,
    at: (seconds: number) => {
      now = plusSeconds(noon, seconds);
    },
    hold: () => {
      let open = () => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return () => open();
    },
    carbon: (interval: Interval, region = 'GB', status: 'forecast' | 'actual' = 'forecast') =>
      cached.carbon(region, interval, status),
    other: cache.carbon('another', source),
    price: cache.price('scripted', prices),
    regions: () => cached.regions(),
  };
};

describe('the cache in front of live sources', () => {
  it('asks once for what several want to know at the same moment', async () => {
    const s = live();
    const open = s.hold();
    const both = [s.carbon(hours(0, 24)), s.carbon(hours(0, 24)), s.carbon(hours(0.1, 23.2))];
    open();
    const [first, second, within] = await Promise.all(both);
    expect(s.asked).toHaveLength(1);
    expect(second).toEqual(first);
    expect(within!.series.start).toBe(noon);
    expect(within!.series.values).toEqual(first!.series.values.slice(0, 47));
    expect(within!.low).toEqual(first!.low!.slice(0, 47));
  });

  it('keeps an answer for five minutes and asks again after that', async () => {
    const s = live();
    const before = await s.carbon(hours(0, 2));
    s.at(RENEW_MINUTES * 60 - 1);
    expect(await s.carbon(hours(0, 2))).toEqual(before);
    s.at(RENEW_MINUTES * 60);
    const after = await s.carbon(hours(0, 2));
    expect(after.issuedAt > before.issuedAt).toBe(true);
    expect(after.series.values[0]).toBe(2000);
    expect(s.asked).toHaveLength(2);
  });

  it('tells questions apart by source, kind, region, status and interval', async () => {
    const s = live();
    await s.carbon(hours(0, 2));
    await s.carbon(hours(0, 3));
    await s.carbon(hours(0, 2), 'FR');
    await s.carbon(hours(0, 2), 'GB', 'actual');
    await s.other.carbon('GB', hours(0, 2), 'forecast');
    const price = await s.price.price('GB', hours(0, 2), 'forecast');
    expect(price.currency).toBe('GBP');
    expect(s.asked).toHaveLength(6);
  });

  it('gives at an earlier moment what was known then, and nothing of what came later', async () => {
    const s = live();
    s.at(100);
    const early = await s.carbon(hours(0, 2));
    s.at(1000);
    await s.carbon(hours(0, 2));
    // The system's clock was set back: what was issued at 1000 s is not known yet.
    s.at(200);
    expect(await s.carbon(hours(0, 2))).toEqual(early);
    expect(s.asked).toHaveLength(2);
  });

  it('leaves an error to those who asked, and asks again for the next', async () => {
    const s = live();
    s.failing.add('GB');
    const open = s.hold();
    const both = [s.carbon(hours(0, 2)), s.carbon(hours(0, 2)), s.carbon(hours(0, 2), 'FR')];
    open();
    const [one, two, other] = await Promise.allSettled(both);
    expect([one!.status, two!.status, other!.status]).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(s.asked).toHaveLength(2);
    s.failing.clear();
    expect((await s.carbon(hours(0, 2))).series.values).toHaveLength(4);
    expect(s.asked).toHaveLength(3);
  });

  it('keeps what it has when a later request fails', async () => {
    const s = live();
    const good = await s.carbon(hours(0, 2));
    s.failing.add('GB');
    s.at(600);
    await expect(s.carbon(hours(0, 2))).rejects.toThrow('GB is down');
    s.at(60);
    expect(await s.carbon(hours(0, 2))).toEqual(good);
  });

  it('holds a bounded number of answers and forgets the question that was asked longest ago', async () => {
    const s = live({ mostAnswers: 3 });
    for (const end of [1, 2, 3]) await s.carbon(hours(0, end));
    // Asked again, so the second is now the oldest.
    await s.carbon(hours(0, 1));
    await s.carbon(hours(0, 4));
    expect(s.asked).toHaveLength(4);
    await s.carbon(hours(0, 1));
    expect(s.asked).toHaveLength(4);
    await s.carbon(hours(0, 2));
    expect(s.asked).toHaveLength(5);
  });

  it('hands out copies: what one caller does to its answer no other sees', async () => {
    const s = live();
    const mine = await s.carbon(hours(0, 2));
    mine.series.values.fill(0);
    mine.low!.fill(0);
    expect((await s.carbon(hours(0, 2))).series.values).toEqual([1000, 1001, 1002, 1003]);
    expect(await s.regions()).toEqual(['GB', 'FR']);
  });
});
