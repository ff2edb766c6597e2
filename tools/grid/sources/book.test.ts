import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../domain/fault.js';
import type { Said } from '../../../domain/grid-values.js';
import { fromEpoch, type Instant, type Interval, instant, plusHours, toEpoch } from '../../../domain/time.js';
import { handTimer } from '../../../wire/fixtures/hand-timer.js';
import type { Timer } from '../../../wire/wire.js';
import { keyOf } from './book.js';
import type { CarbonFeed, PriceFeed } from './feed.js';
import { askedThrough } from './fixtures/asked.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-book-'));
const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const noon = instant('2026-06-01T12:00:00Z');
const until = (hours: number, from: Instant = noon): Interval => ({ start: from, end: plusHours(from, hours) });

interface Telling {
  readonly minutes?: number;
  readonly status?: Said['status'];
  readonly valueAt?: (at: Instant, n: number) => number | null;
  readonly fails?: (n: number) => Fault | null | 'silence';
}

/** A source that tells a value for each step of what it is asked; `asked` lists that. */
const telling = (
  { minutes = 30, status, valueAt = () => 100, fails = () => null }: Telling = {},
  over: Partial<CarbonFeed> = {},
) => {
  const asked: Interval[] = [];
  const feed: CarbonFeed = {
    source: 'told',
    quantity: 'carbon',
    kind: { accounting: 'average', scope: 'operational' },
    attribution: 'what is told',
    stepMinutes: minutes,
    chunkHours: 240,
    foresees: true,
    measures: true,
    isExtended: false,
    settlesHours: 48,
    renewMinutes: 5,
    regions: () => ['GB'],
    read: async (_, part) => {
      asked.push(part);
      const n = asked.length;
      const failure = fails(n);
      if (failure === 'silence') return new Promise<never>(() => {});
      if (failure !== null) throw failure;
      const said: Said[] = [];
      for (let at = toEpoch(part.start); at < toEpoch(part.end); at += minutes * 60) {
        const when = fromEpoch(at);
        const line = { at: when, minutes, value: valueAt(when, n), published: null };
        said.push({ ...line, status: status ?? 'forecast' });
        if (status === undefined) said.push({ ...line, status: 'actual' });
      }
      return { said };
    },
    ...over,
  };
  return { asked, feed };
};

const down = () => new Fault('unavailable', 'the source is down', 'Wait.');

/** A world whose clock is turned by hand. */
const world = async (
  feeds: readonly (CarbonFeed | PriceFeed)[],
  { timer, waitMs, where }: { timer?: Timer; waitMs?: number; where?: string } = {},
) => {
  let now = noon;
  const grid = await askedThrough(feeds, {
    now: () => now,
    ...(timer === undefined ? {} : { timer }),
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(where === undefined ? {} : { where }),
  });
  closing.push(grid);
  return {
    grid,
    at: (time: Instant) => {
      now = time;
    },
  };
};

describe('the book of live sources', () => {
  it('asks once for what is fresh, and only for the part that is missing', async () => {
    const { asked, feed } = telling();
    const { grid, at } = await world([feed]);
    await grid.carbon('GB', until(2), 'forecast');
    await grid.carbon('GB', until(1.5), 'forecast');
    expect(asked).toEqual([until(2)]);
    await grid.carbon('GB', until(4), 'forecast');
    expect(asked.slice(1)).toEqual([until(2, plusHours(noon, 2))]);
    at(plusHours(noon, 0.1));
    await grid.carbon('GB', until(4), 'forecast');
    expect(asked[2]).toEqual(until(4));
  });

  it('never asks again for what has settled, be it a gap', async () => {
    const { asked, feed } = telling({
      valueAt: (at) => (at === '2026-05-01T01:00:00Z' ? null : 100),
      status: 'actual',
    });
    const { grid, at } = await world([feed]);
    const may = until(3, instant('2026-05-01T00:00:00Z'));
    const { series } = await grid.carbon('GB', may, 'actual');
    expect(series.values).toEqual([100, 100, null, 100, 100, 100]);
    at(plusHours(noon, 24 * 300));
    expect((await grid.carbon('GB', may, 'actual')).series.values).toEqual(series.values);
    expect(asked).toHaveLength(1);
  });

  it('asks nobody about times of which no source can know, and keeps no gap of them', async () => {
    const { asked, feed } = telling();
    const { grid } = await world([feed]);
    for (const far of ['2500-01-01T00:00:00Z', '1066-10-14T00:00:00Z'])
      expect((await grid.carbon('GB', until(1, instant(far)), 'forecast')).series.values).toEqual([null, null]);
    expect(asked).toEqual([]);
    expect(await grid.values.signals()).toEqual([]);
  });

  it('shares one request among those who ask at once, and one store among processes', async () => {
    const where = join(folder, 'shared.db');
    const { asked, feed } = telling();
    const one = await world([feed], { where });
    await Promise.all([1, 2, 3].map(() => one.grid.carbon('GB', until(2), 'forecast')));
    const other = telling();
    const two = await world([other.feed], { where });
    expect((await two.grid.carbon('GB', until(2), 'forecast')).series.values).toEqual([100, 100, 100, 100]);
    expect([asked.length, other.asked.length]).toEqual([1, 0]);
  });

  it('keeps every word with its time: what was known is not changed by what came later', async () => {
    const { feed } = telling({ status: 'forecast', valueAt: (_, n) => 100 * n });
    const { grid, at } = await world([feed]);
    const value = async () => (await grid.carbon('GB', until(1), 'forecast')).series.values[0];
    expect(await value()).toBe(100);
    const later = plusHours(noon, 0.25);
    at(later);
    expect(await value()).toBe(200);
    const then = await grid.live.grid.carbonAsOf('GB', until(1), noon);
    expect(then).toMatchObject({ issuedAt: noon, series: { values: [100, 100] } });
    const now = await grid.live.grid.carbonAsOf('GB', until(1), later);
    expect(now).toMatchObject({ issuedAt: later, series: { values: [200, 200] } });
    expect(await grid.live.grid.carbonAsOf('GB', until(1), plusHours(noon, -1))).toBeNull();
  });

  it('shows nothing that came true later than now, and keeps what was foreseen beside what came', async () => {
    const { feed } = telling({ valueAt: (at) => (at < '2026-06-01T12:30:00Z' ? 90 : 110) });
    const { grid, at } = await world([feed]);
    await grid.carbon('GB', until(1), 'forecast');
    at(plusHours(noon, 2));
    const kept = await grid.values.read(keyOf(feed, 'GB'), until(1), plusHours(noon, 3));
    expect(kept.map(({ status }) => status)).toEqual(['actual', 'forecast', 'actual', 'forecast']);
  });

  it('is not made to forget by a source that has nothing any more', async () => {
    const { feed } = telling({ status: 'forecast', valueAt: (_, n) => (n === 1 ? 100 : null) });
    const { grid, at } = await world([feed]);
    await grid.carbon('GB', until(1), 'forecast');
    at(plusHours(noon, 2));
    expect((await grid.carbon('GB', until(1), 'forecast')).series.values).toEqual([100, 100]);
  });

  it('adds nothing twice when a clock goes back, and takes steps of another length', async () => {
    const { feed } = telling({ status: 'forecast', valueAt: (_, n) => n });
    const hourly = telling({ status: 'forecast', minutes: 60, valueAt: () => 50 }, { stepMinutes: 60 });
    const { grid, at } = await world([feed]);
    await grid.carbon('GB', until(1), 'forecast');
    at(plusHours(noon, -1));
    await grid.carbon('GB', until(1), 'forecast');
    at(plusHours(noon, 3));
    expect(await grid.values.read(keyOf(feed, 'GB'), until(1), plusHours(noon, 9))).toHaveLength(2);
    const mixed = {
      ...feed,
      read: async (region: string, part: Interval, signal: AbortSignal) => {
        const [fine, coarse] = [
          await feed.read(region, until(1), signal),
          await hourly.feed.read(region, until(2, part.start), signal),
        ];
        return { said: [...coarse.said, ...fine.said] };
      },
    };
    const two = await world([mixed]);
    const { series } = await two.grid.carbon('GB', until(2), 'forecast');
    expect(series.stepMinutes).toBe(30);
    expect(series.values).toEqual([series.values[0], series.values[0], 50, 50]);
    expect(series.values[0]).not.toBe(50);
  });
});

describe('a source that is silent', () => {
  it('is waited for as long as was said and no longer; what it said before is used, and that is said', async () => {
    const timer = handTimer();
    const { feed } = telling({ fails: (n) => (n === 1 ? null : 'silence') });
    const { grid, at } = await world([feed], { timer, waitMs: 10_000 });
    await grid.carbon('GB', until(4), 'forecast');
    at(plusHours(noon, 1));
    const answer = grid.carbon('GB', until(2, plusHours(noon, 1)), 'forecast');
    await timer.waiting((ms) => ms === 10_000);
    timer.pass(10_000);
    const signal = await answer;
    expect(signal.series.values).toEqual([100, 100, 100, 100]);
    expect(signal.issuedAt).toBe(noon);
    expect(signal.notes?.join(' ')).toMatch(
      /told does not answer \(told has not answered within 10 s\).*2026-06-01T12:00:00Z is used/,
    );
    // Another region or hour does not wait for it again.
    const next = await grid.carbon('GB', until(1, plusHours(noon, 2)), 'forecast');
    expect(next.series.values).toEqual([100, 100]);
  });

  it('has another one of its kind stand in, which says for whom', async () => {
    const first = telling({ fails: down });
    const second = telling({ valueAt: () => 200 }, { source: 'other', attribution: 'another' });
    const { grid } = await world([first.feed, second.feed]);
    const signal = await grid.carbon('GB', until(1), 'forecast');
    expect(signal.series.values).toEqual([200, 200]);
    expect(signal.source).toBe('another, standing in for told');
    expect(signal.notes).toContain('the source is down.');
  });

  it('has nobody of another kind stand in', async () => {
    const first = telling({ fails: down });
    const marginal = telling({}, { source: 'other', kind: { accounting: 'marginal', scope: 'operational' } });
    const lifecycle = telling({}, { source: 'third', kind: { accounting: 'average', scope: 'lifecycle' } });
    const { grid } = await world([first.feed, marginal.feed, lifecycle.feed]);
    await expect(grid.carbon('GB', until(1), 'forecast')).rejects.toMatchObject({ code: 'unavailable' });
    expect([marginal.asked, lifecycle.asked]).toEqual([[], []]);
  });

  it('is stood in for where it has no value for the time', async () => {
    const first = telling({ valueAt: () => null });
    const second = telling({ valueAt: () => 200 }, { source: 'other' });
    const { grid } = await world([first.feed, second.feed]);
    const signal = await grid.carbon('GB', until(1), 'forecast');
    expect(signal.notes).toContain('told has no value for this time.');
    expect(signal.series.values).toEqual([200, 200]);
  });

  it('is told apart from one whose horizon is short', async () => {
    const end = plusHours(noon, 14.5);
    const { feed } = telling({ status: 'forecast', valueAt: (at) => (at < end ? 100 : null) });
    const { grid } = await world([feed]);
    const signal = await grid.carbon('GB', until(48), 'forecast');
    expect(signal.series.values.filter((v) => v !== null)).toHaveLength(29);
    expect(signal.notes).toEqual([`told tells nothing after ${end}.`]);
  });
});

describe('what tells of the past only', () => {
  it('is gone on from by the forecaster, with bounds, and is not asked for the future', async () => {
    const wave = (at: Instant) => 200 + 50 * Math.sin((toEpoch(at) / 86_400) * 2 * Math.PI);
    const { asked, feed } = telling(
      { status: 'actual', valueAt: (at) => (at < noon ? wave(at) : null) },
      { foresees: false, isExtended: true },
    );
    const { grid } = await world([feed]);
    const signal = await grid.carbon('GB', until(24), 'forecast');
    expect(asked.at(-1)!.end <= plusHours(noon, 1)).toBe(true);
    expect(signal.series.values).toHaveLength(48);
    expect(signal.series.values).not.toContain(null);
    expect(signal.high!.filter((v) => v !== null).length).toBeGreaterThan(40);
    expect(signal.source).toMatch(/profile forecast.*what is told/);
  });
});

describe('a year that is brought in', () => {
  const year = { start: instant('2025-01-01T00:00:00Z'), end: instant('2026-01-01T00:00:00Z') };
  const by = { signal: new AbortController().signal, progress: () => {} };
  const quick = handTimerThatRuns();

  it('comes in parts, goes on after it was cut short, and holds no hole and no double', async () => {
    const where = join(folder, 'year.db');
    const first = telling({ status: 'actual', fails: (n) => (n === 20 ? down() : null) });
    const one = await world([first.feed], { where, timer: quick });
    const told: [number, number][] = [];
    const [cut] = await one.grid.live.grid.refresh(
      { interval: year, regions: ['GB'] },
      { ...by, progress: (done, total) => told.push([done, total]) },
    );
    expect(cut).toMatchObject({ requests: 19, trouble: 'the source is down' });
    expect(told.at(-1)).toEqual([20, 37]);
    const second = telling({ status: 'actual' });
    const two = await world([second.feed], { where, timer: quick });
    const [whole] = await two.grid.live.grid.refresh({ interval: year, regions: ['GB'] }, by);
    expect(whole).toMatchObject({ requests: 18, gaps: 0, trouble: null });
    expect(cut!.added + whole!.added).toBe(365 * 48);
    const kept = await two.grid.values.read(keyOf(second.feed, 'GB'), year, plusHours(noon, 1));
    expect(kept.map(({ at }) => at)).toEqual(Array.from({ length: 365 * 48 }, (_, i) => plusHours(year.start, i / 2)));
    const [again] = await two.grid.live.grid.refresh({ interval: year, regions: ['GB'] }, by);
    expect(again).toMatchObject({ requests: 0, added: 0 });
  });
});

/** Waits between two requests are over at once; limits of a request are not reached. */
function handTimerThatRuns(): Timer {
  return {
    ticks: () => performance.now(),
    after: (ms, then) => {
      const timeout = setTimeout(then, ms <= 1000 ? 0 : ms);
      return () => clearTimeout(timeout);
    },
  };
}
