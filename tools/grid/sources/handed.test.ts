/** What the forecaster is handed beside the history: prices as far as their market had published them, from a file and from live sources. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BRITAIN, CONTINENT } from '../../../domain/day-ahead.js';
import type { Forecaster, ForecastQuestion } from '../../../domain/forecast.js';
import { endOf } from '../../../domain/series.js';
import { fromEpoch, type Instant, type Interval, instant, plusHours, toEpoch } from '../../../domain/time.js';
import { openStore } from '../../../store/store.js';
import { machineTimer } from '../../../wire/wire.js';
import { profileForecaster } from '../../forecaster/forecaster.js';
import type { CarbonFeed, Feed, PriceFeed } from './feed.js';
import { fileGrid } from './file.js';
import { openLive } from './live.js';
import { firstToAnswer } from './standing-in.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-handed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const now = instant('2022-06-20T09:00:00Z');
const ahead = { start: now, end: plusHours(now, 12) };

const listening = () => {
  const heard: ForecastQuestion[] = [];
  const forecaster: Forecaster = {
    forecast: (question) => {
      heard.push(question);
      return profileForecaster.forecast(question);
    },
  };
  return { heard, forecaster };
};

describe('prices in a file', () => {
  const ask = async (region: string, currency: string) => {
    const { heard, forecaster } = listening();
    const path = join(folder, `${region}.csv`);
    const rows = Array.from(
      { length: 24 * 24 },
      (_, i) => `${plusHours(instant('2022-06-01T00:00:00Z'), i)},${200 + (i % 24)},${50 + i}`,
    );
    writeFileSync(path, [`time,ci,price (${currency}/MWh)`, ...rows].join('\n'));
    const setting = { name: 'test', currency, start: null, sites: [{ region }] };
    await fileGrid({ path, forecaster, clock: { now: () => now }, setting }).carbon(region, ahead, 'forecast');
    return heard[0]!.price;
  };

  it('are handed on as far as the region’s auction had published them', async () => {
    const british = await ask('GB', 'GBP');
    expect([british!.market, endOf(british!.series)]).toEqual([BRITAIN, '2022-06-20T22:00:00Z']);
    const danish = await ask('DK-DK1', 'EUR');
    expect([danish!.market, endOf(danish!.series)]).toEqual([CONTINENT, '2022-06-20T22:00:00Z']);
  });

  it('are kept back where the region’s auction is not known', async () => {
    expect(await ask('US-TEX-ERCO', 'USD')).toBeUndefined();
  });
});

describe('prices of live sources', () => {
  const shared = {
    source: 'grid-x',
    attribution: 'Grid X',
    stepMinutes: 60,
    chunkHours: 24 * 30,
    measures: true,
    isExtended: true,
    settlesHours: 1,
    renewMinutes: 30,
  };
  const said = (from: Instant, to: Instant) =>
    Array.from({ length: Math.max(0, (toEpoch(to) - toEpoch(from)) / 3600) }, (_, i) => {
      const at = fromEpoch(toEpoch(from) + i * 3600);
      return { at, minutes: 60, value: 100 + (i % 24), status: 'actual' as const, published: null };
    });
  const least = (a: Instant, b: Instant) => (a < b ? a : b);
  const feedsOf = (region: string, asked: string[]): Feed[] => {
    const read = (quantity: string, until: Instant) => async (_: string, part: Interval) => {
      asked.push(quantity);
      return { said: said(part.start, least(part.end, until)) };
    };
    const carbon: CarbonFeed = {
      ...shared,
      quantity: 'carbon',
      kind: { accounting: 'average', scope: 'operational' },
      foresees: false,
      regions: () => [region],
      read: read('carbon', now),
    };
    const price: PriceFeed = {
      ...shared,
      quantity: 'price',
      currency: 'EUR',
      basis: 'wholesale',
      foresees: true,
      regions: () => [region],
      read: read('price', plusHours(now, 13)),
    };
    return [carbon, price];
  };
  const ask = async (region: string) => {
    const asked: string[] = [];
    const { heard, forecaster } = listening();
    const feeds = feedsOf(region, asked);
    const store = await openStore(':memory:');
    const live = openLive({ feeds, values: store.gridValues, clock: { now: () => now }, forecaster, waitMs: 5000 });
    const patience = { waitMs: 5000, timer: machineTimer };
    const carbon = () => firstToAnswer(live.carbon(feeds, region, ahead, 'forecast'), patience);
    await carbon();
    const before = [...asked];
    await firstToAnswer(live.price(feeds, region, { start: now, end: plusHours(now, 13) }, 'forecast'), patience);
    heard.length = 0;
    await carbon();
    live.close();
    await store.close();
    return { before, heard };
  };

  it('are handed on from what is kept, and no source is asked for them', async () => {
    const { before, heard } = await ask('DK-DK1');
    expect(before).not.toContain('price');
    const [{ price } = { price: undefined }] = heard;
    expect(price?.market).toBe(CONTINENT);
    expect(endOf(price!.series)).toBe('2022-06-20T22:00:00Z');
    expect(price!.series.values.at(-1)).not.toBeNull();
  });

  it('are kept back where the region’s auction is not known', async () => {
    expect((await ask('NZ')).heard[0]!.price).toBeUndefined();
  });
});
