/** A year’s projection: from a series whose figures can be worked out by hand, and from the years of real prices where they are at hand. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import type { Store } from '../../domain/store.js';
import { fromEpoch, instant, toEpoch, wallClock } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { fileGrid } from '../grid/sources/file.js';
import { type Call, callTool } from '../tool.js';
import { projectRevenue } from './revenue.js';
import { creditable } from './years.js';

const call: Call = {
  signal: new AbortController().signal,
  progress: () => {},
  actor: { id: 'ann', via: 'cli' },
  cause: null,
};
const NOW = instant('2026-12-01T00:00:00Z');

let store: Store;
beforeEach(async () => {
  store = await openStore(':memory:');
});
afterEach(() => store.close());

type Asked = Partial<
  Parameters<typeof callTool<(typeof projectRevenue)['input'], (typeof projectRevenue)['output']>>[1]
>;
const project = (price: World['grid']['price'], asked: object) => {
  const quiet = quietWorld(store, () => NOW);
  const world = { ...quiet, grid: { ...quiet.grid, price } };
  return callTool(projectRevenue, { mw: 2, prices: 'wholesale', from: 2023, to: 2023, ...asked } as Asked, world, call);
};

/** Half-hours of prices by the wall clock in London; null: a gap. */
const prices =
  (at: (minuteOfDay: number, date: string) => number | null): World['grid']['price'] =>
  async (region, interval) => {
    const [start, end] = [toEpoch(interval.start), toEpoch(interval.end)];
    const values = Array.from({ length: (end - start) / 1800 }, (_, i) => {
      const { minuteOfDay, date } = wallClock(fromEpoch(start + i * 1800), 'Europe/London');
      return at(minuteOfDay, date);
    });
    const series = { start: interval.start, stepMinutes: 30, values };
    return { region, source: 'by hand', status: 'actual' as const, issuedAt: NOW, series, currency: 'GBP' };
  };

/** 110 from 16 to 19 h, 75 by night, else 90. */
const plain = (minute: number) => (minute >= 960 && minute < 1140 ? 110 : minute < 360 ? 75 : 90);
const every = (value: number) => ({ mean: value, low: value, high: value });

describe('a projection', () => {
  it('is gross, rebound and net of the days that the baseline can credit, and its claim is taken apart to the pound', async () => {
    const found = await project(prices(plain), {});
    const [year] = found.years;
    expect(year).toMatchObject({
      year: 2023,
      whole: true,
      days: 365,
      soldPerMwh: 110,
      boughtBackPerMwh: 75,
      cappedDays: 0,
    });
    // Five working days and four others in every sixty stay without an event, and so do the days on which clocks change.
    expect(year!.soldDays + year!.uncreditedDays).toBe(365);
    expect(year!.uncreditedDays).toBeGreaterThan(40);
    const mwh = 6 * year!.soldDays;
    expect(year).toMatchObject({ soldMwh: mwh, gross: mwh * 110, rebound: -mwh * 75, net: mwh * 35 });
    expect(found.products[0]).toMatchObject({
      product: 'wholesale',
      gross: every(mwh * 110),
      net: every(mwh * 35),
      netPerMwh: 35,
      // A lever that costs more than what is left is a loss.
      levers: ['work that waits anyway, begun later'],
    });
    const [claim] = found.claims;
    const taken = claim!.reasons.reduce((sum, { amount }) => sum + amount!, 0);
    expect(claim!.said.from + taken).toBeCloseTo(claim!.found!.mean, 5);
    expect(found.document).toContain('**200 000 a year for 2 MW**');
  });

  it('counts the published 2 190 MWh as the fact sheet does where every day were credited', async () => {
    const found = await project(prices(plain), {});
    const perDay = found.years[0]!.net / found.years[0]!.soldDays;
    expect(perDay * 365).toBeCloseTo(76_650, 6);
  });

  it('sells no day that leaves less than its lever costs, and on fewer days those that pay most', async () => {
    const rising = prices((minute, date) => (minute >= 960 && minute < 1140 ? 80 + Number(date.slice(5, 7)) : 75));
    const some = await project(rising, { leastPerMwh: 16 });
    expect(some.years[0]!.soldDays).toBeLessThanOrEqual(62);
    expect(some.years[0]!.soldPerMwh).toBeGreaterThanOrEqual(91);
    const few = await project(rising, { daysPerYear: 10 });
    expect(few.years[0]).toMatchObject({ soldDays: 10, soldPerMwh: 92 });
    expect(few.notes.join(' ')).toContain('known only when the year is over');
    const none = await project(rising, { leastPerMwh: 1000 });
    expect(none.products[0]).toMatchObject({ gross: every(0), net: every(0), netPerMwh: null, levers: [] });
  });

  it('works wholesale prices back out of a tariff made from them, and says where its cap hides them', async () => {
    const tariff = prices((minute, date) => {
      const added = minute >= 960 && minute < 1140 ? 120 : 0;
      // No two half-hours of a tariff without a cap cost the same.
      const price = ((plain(minute) + minute / 10_000) * 2 + added) * 1.05;
      return date.startsWith('2023-06') ? Math.min(price, 300) : price;
    });
    const { years, notes } = await project(tariff, { prices: 'agile', at: '16:00' });
    expect(years[0]!.cappedDays).toBeGreaterThan(20);
    expect(years[0]!.cappedDays).toBeLessThanOrEqual(30);
    expect(notes.join(' ')).toContain('at least what is said');
    const { years: open } = await project(tariff, { prices: 'agile', at: '16:00', daysPerYear: 5 });
    expect(open[0]!.soldPerMwh).toBeCloseTo(110 + 1035 / 10_000, 9);
  });

  it('makes no year of a part of one, and never a price of a gap', async () => {
    const part = await project(
      prices((minute, date) => (date < '2023-04-01' ? plain(minute) : null)),
      {},
    );
    expect(part.years).toMatchObject([{ whole: false, days: 89 }]);
    expect(part.products.map(({ net }) => net)).toEqual([null, null, null, null]);
    expect(part.claims.map(({ found }) => found)).toEqual([null, null, null]);
    expect(part.document).toContain('2023 (in part)');
    await expect(
      project(
        prices(() => null),
        {},
      ),
    ).rejects.toThrow('no price of GB is known from 2023 to 2023');
    await expect(project(prices(plain), { from: 2024 })).rejects.toThrow('2024 comes after 2023');
    await expect(project(prices(plain), { at: '16:10' })).rejects.toThrow('must be dearest or a time');
  });

  it('takes contracts as they are given, and stretches no example of others', async () => {
    const network = { availabilityPerMwHour: 4, availabilityHours: 100, utilisationPerMwh: 300, utilisationHours: 20 };
    const { products } = await project(prices(plain), { network, balancing: { perMwh: 120, hours: 50 } });
    expect(products[2]).toMatchObject({ gross: every(12_000), rebound: every(-7500), net: every(4500), netPerMwh: 45 });
    expect(products[3]).toMatchObject({ gross: every(800 + 12_000), net: every(9800) });
    const without = await project(prices(plain), {});
    expect(without.products[3]).toMatchObject({ gross: null, basis: expect.stringContaining('not stretched') });
  });
});

it('of events on every day the baseline credits forty working days, and from then on leaves five in sixty', () => {
  const dayAt = (i: number) => fromEpoch(toEpoch(instant('2026-01-12T12:00:00Z')) + i * 86_400).slice(0, 10);
  const isWorking = (date: string) => ![0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay());
  const working = Array.from({ length: 300 }, (_, i) => dayAt(i)).filter(isWorking);
  const closed = new Set(['2025-12-25', '2025-12-26', '2026-01-01']);
  const credited = creditable(working, closed);
  const first = working.find((date) => !credited.has(date));
  // The fact sheet's vector: events from 2026-01-12 on are credited until 2026-03-06.
  expect(first).toBe('2026-03-09');
  for (const date of working.slice(60)) {
    if (!credited.has(date)) continue;
    const before = working
      .slice(0, working.indexOf(date))
      .filter((day) => Date.parse(date) - Date.parse(day) <= 60 * 86_400_000);
    expect(before.filter((day) => !credited.has(day)).length).toBeGreaterThanOrEqual(5);
  }
});

const REAL = new URL('../../../shared/data/gb-2020-2022/gb_hourly.csv', import.meta.url).pathname;
const real = existsSync(REAL);
if (!real) console.warn(`revenue: the years of real prices are not tested, for ${REAL} is not there`);
it.skipIf(!real)('of 2020 to 2022 in Great Britain is far below what was claimed, and says by how much', async () => {
  const grid = fileGrid({
    path: REAL,
    clock: { now: () => NOW },
    forecaster: null,
    setting: { name: 'test', currency: 'GBP', start: null, sites: [{ region: 'GB' }] },
  });
  const found = await project(grid.price, { from: 2020, to: 2022, prices: 'agile' });
  expect(found.years.map(({ year, whole }) => [year, whole])).toEqual([
    [2020, true],
    [2021, true],
    [2022, true],
  ]);
  const [wholesale, dfs] = found.products;
  expect(wholesale!.net!.low).toBeLessThan(wholesale!.net!.mean);
  expect(wholesale!.net!.high).toBeLessThan(110_000);
  expect(wholesale!.net!.low).toBeGreaterThan(50_000);
  expect(dfs!.gross!.high).toBeLessThan(22_000);
  expect(found.claims[2]!.found!.high).toBeLessThan(0.05);
});
