import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digest } from '../../domain/digest.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import { Method } from '../../domain/method.js';
import { meanOver } from '../../domain/series.js';
import type { Store } from '../../domain/store.js';
import { instant, plusHours, toEpoch } from '../../domain/time.js';
import type { Grid, World } from '../../domain/world.js';
import { simulatedClock } from '../../sim/clock.js';
import { simulatedFleet } from '../../sim/fleet.js';
import { simulatedGrid } from '../../sim/grid.js';
import { loadScenario, type Scenario } from '../../sim/scenario.js';
import { openStore } from '../../store/store.js';
import { profileForecaster } from '../forecaster/forecaster.js';
import { openLedger } from '../ledger/ledger.js';
import { filesTracker } from '../tickets/files.js';
import { type Call, callTool } from '../tool.js';
import { findGreenWindow, getGridForecast } from './grid.js';
import { recordedGrid } from './sources/recorded.js';
import { whenToRun } from './when.js';

let store: Store;
beforeAll(async () => {
  store = await openStore(':memory:');
});
afterAll(() => store.close());

const worldOf = (scenario: Scenario, gridOf: (clock: ReturnType<typeof simulatedClock>) => Grid): World => {
  const clock = simulatedClock(scenario.start);
  return {
    clock,
    grid: gridOf(clock),
    fleet: simulatedFleet({ scenario, seed: scenario.seed, clock, store }),
    tickets: filesTracker({ folder: join(tmpdir(), 'grid-test-tickets'), now: () => clock.now() }),
    ledger: openLedger({ store, home: null, now: () => clock.now() }),
    model: null,
    store,
    method: Method.parse({}),
    setting: scenario,
    meter: quietWorld(store, () => clock.now()).meter,
    provenance: quietWorld(store, () => clock.now()).provenance,
  };
};
const gb = loadScenario('gb-hpc');
const british = () => worldOf(gb, (clock) => recordedGrid({ clock, forecaster: profileForecaster, setting: gb }));
const five = loadScenario('five-regions');
const cloud = () => worldOf(five, (clock) => simulatedGrid(five, 7, clock));
const call: Call = {
  signal: new AbortController().signal,
  progress: () => {},
  actor: { id: 'tester', via: 'cli' },
  cause: null,
};
/** A grid whose values are given, per region. */
const madeGrid = (curves: Record<string, (number | null)[]>, start = gb.start): Grid => {
  const series = (region: string) => ({ start, stepMinutes: 60, values: curves[region]! });
  const common = (region: string) => ({ region, source: 'made', status: 'forecast' as const, issuedAt: start });
  return {
    regions: async () => Object.keys(curves),
    carbon: async (region) => ({
      ...common(region),
      series: series(region),
      kind: { accounting: region.startsWith('m') ? 'marginal' : 'average', scope: 'operational' },
    }),
    price: async (region) => ({ ...common(region), series: series(region), currency: 'GBP' }),
  };
};

describe('get_grid_forecast', () => {
  it('answers the coming day of the only region, with source, bounds and extremes', async () => {
    const answer = await callTool(getGridForecast, {}, british(), call);
    expect(answer).toMatchObject({
      region: 'GB',
      status: 'forecast',
      generatedAt: gb.start,
      ageHours: 0,
      stepMinutes: 60,
    });
    expect(answer.points).toHaveLength(24);
    expect(answer.points[0]).toMatchObject({ start: gb.start, currency: 'GBP' });
    expect(answer.points.every((p) => p.low! <= p.intensityGPerKwh! && p.intensityGPerKwh! <= p.high!)).toBe(true);
    const values = answer.points.map((p) => p.intensityGPerKwh!);
    expect(answer.stats.minGPerKwh).toBe(Math.min(...values));
    const pairs = values.slice(1).map((v, i) => (v + values[i]!) / 2);
    expect(answer.cleanest!.meanGPerKwh).toBeCloseTo(Math.min(...pairs), 9);
    expect(answer.dirtiest!.meanGPerKwh).toBeCloseTo(Math.max(...pairs), 9);
    expect(getGridForecast.tell(answer)).toContain('g/kWh');
  });

  it('takes an interval and refuses one that makes no sense', async () => {
    const to = plusHours(gb.start, 6);
    expect(
      (await callTool(getGridForecast, { region: 'GB', from: gb.start, to }, british(), call)).points,
    ).toHaveLength(6);
    for (const input of [
      { from: to, to: gb.start },
      { from: gb.start, to: gb.start },
      { horizonHours: 0 },
      { horizonHours: 24 * 3650 },
      { to: plusHours(gb.start, 24 * 3650) },
      { to, horizonHours: 3 },
    ])
      await expect(callTool(getGridForecast, input, british(), call)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(callTool(getGridForecast, { region: 'XX' }, british(), call)).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(callTool(getGridForecast, {}, cloud(), call)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('names gaps and has no extreme across them', async () => {
    const world = worldOf(gb, () => madeGrid({ GB: [null, 5, null, 7] }));
    const answer = await callTool(getGridForecast, { horizonHours: 4 }, world, call);
    expect(answer.gaps).toHaveLength(2);
    expect(answer.stats.coverageRatio).toBe(0.5);
    expect(answer.cleanest).toBeNull();
  });
});

describe('find_green_window', () => {
  it('finds the least of all windows, found here by trying each', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.integer({ min: 1, max: 500 }), { nil: null, freq: 8 }), { minLength: 8, maxLength: 40 }),
        fc.integer({ min: 1, max: 10 }),
        async (values, halfHours) => {
          const world = worldOf(gb, () => madeGrid({ GB: values }));
          const durationHours = halfHours / 2;
          const deadline = plusHours(gb.start, values.length);
          const answer = await callTool(findGreenWindow, { durationHours, deadline, limit: 1 }, world, call).catch(
            (e) => e,
          );
          const series = { start: gb.start, stepMinutes: 60, values };
          const from = toEpoch(gb.start);
          let least: number | null = null;
          for (let at = from; at + durationHours * 3600 <= toEpoch(deadline); at += 1800) {
            const mean = meanOver(series, at, at + durationHours * 3600);
            if (mean !== null && (least === null || mean < least)) least = mean;
          }
          if (least === null) expect(answer.windows).toEqual([]);
          else expect(answer.windows[0].meanGPerKwh).toBeCloseTo(least, 9);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tells emissions, cost and saving for the energy given', async () => {
    const world = worldOf(gb, () => madeGrid({ GB: [300, 200, 100, 400] }));
    const answer = await callTool(
      findGreenWindow,
      { durationHours: 1, energyKwh: 50, deadline: plusHours(gb.start, 4) },
      world,
      call,
    );
    // 50 kWh at 100 g is 5 kg, at 300 g 15 kg; the same numbers per MWh are 5 and 15 pounds.
    expect(answer.now).toMatchObject({ emissionsKg: 15, cost: 15 });
    expect(answer.windows[0]).toMatchObject({
      start: plusHours(gb.start, 2),
      emissionsKg: 5,
      savedKg: 10,
      cost: 5,
      savedCost: 10,
    });
    expect(answer.windows[0]!.savedRatio).toBeCloseTo(2 / 3, 12);
    for (const [i, w] of answer.windows.entries())
      for (const other of answer.windows.slice(i + 1)) expect(w.end <= other.start || other.end <= w.start).toBe(true);
  });

  it('looks over regions, home first, and finds the clean north', async () => {
    const regions = ['ap-south-1', 'eu-west-1', 'eu-north-1'];
    const answer = await callTool(findGreenWindow, { durationHours: 3, regions }, cloud(), call);
    expect(answer.now!.region).toBe('ap-south-1');
    expect(answer.windows[0]!.region).toBe('eu-north-1');
    expect(answer.windows[0]!.savedRatio).toBeGreaterThan(0.9);
    const named = await callTool(findGreenWindow, { durationHours: 3, regions: ['eu-west-1', 'moon'] }, cloud(), call);
    expect(named.unseen).toEqual([{ region: 'moon', why: expect.stringContaining('moon') }]);
    await expect(
      callTool(findGreenWindow, { durationHours: 3, regions: ['moon'] }, cloud(), call),
    ).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('never ranks two kinds of signal against each other, nor offers what cannot finish in time', async () => {
    const mixed = worldOf(gb, () => madeGrid({ GB: [1, 2, 3], marginal: [1, 2, 3] }));
    await expect(
      callTool(findGreenWindow, { durationHours: 1, regions: ['GB', 'marginal'] }, mixed, call),
    ).rejects.toMatchObject({
      code: 'invalid-input',
    });
    for (const input of [
      { durationHours: 5, deadline: plusHours(gb.start, 4) },
      { durationHours: 0 },
      { durationHours: -2 },
      { durationHours: 1, deadline: instant('2032-06-01T00:00:00Z') },
    ])
      await expect(callTool(findGreenWindow, input, british(), call)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('answers the same question alike', async () => {
    const ask = () => callTool(findGreenWindow, { durationHours: 2.5, rankBy: 'cost' }, british(), call);
    expect(digest(await ask())).toBe(digest(await ask()));
  });
});

describe('a question beyond what is known', () => {
  const start = gb.start;
  const beyond = `now is ${start}, and nothing is known of GB from ${plusHours(start, 14 * 24)} on`;

  it.each(['2026-11-29T18:00:00Z', '2030-01-01T00:00:00Z'])(
    'is about data and about what now is, not about places: %s',
    async (text) => {
      const from = instant(text);
      const asked = await callTool(getGridForecast, { from, horizonHours: 3 }, british(), call);
      expect(asked.points.map((p) => p.intensityGPerKwh)).toEqual([null, null, null]);
      expect(asked).toMatchObject({ now: start, knownUntil: plusHours(start, 14 * 24), stats: { meanGPerKwh: null } });
      expect(getGridForecast.tell(asked)).toContain(beyond);
      const window = await callTool(findGreenWindow, { durationHours: 1, from }, british(), call);
      expect(window.windows).toEqual([]);
      expect(findGreenWindow.tell(window)).toContain(beyond);
      const when = callTool(whenToRun, { durationMinutes: 60, from }, british(), call);
      await expect(when).rejects.toMatchObject({
        code: 'not-found',
        message: expect.stringContaining(beyond),
        remedy: expect.stringContaining('--now'),
      });
      await expect(when).rejects.not.toMatchObject({ remedy: expect.stringContaining('place') });
    },
  );

  it('after the end of the recording says where knowledge ends', async () => {
    const now = instant('2030-01-01T00:00:00Z');
    const world = { ...british(), clock: simulatedClock(now) };
    const late = { ...world, grid: recordedGrid({ clock: world.clock, forecaster: profileForecaster, setting: gb }) };
    const told = getGridForecast.tell(await callTool(getGridForecast, { horizonHours: 3 }, late, call));
    // A fortnight beyond the last value nothing more could have been foreseen.
    expect(told).toContain(`what is known of GB ends at 2022-07-30T00:00:00Z, and now is ${now}`);
  });
});
