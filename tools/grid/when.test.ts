import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Method } from '../../domain/method.js';
import { meanOver } from '../../domain/series.js';
import type { Store } from '../../domain/store.js';
import { fromEpoch, type Instant, instant, plusHours, toEpoch } from '../../domain/time.js';
import type { Grid, World } from '../../domain/world.js';
import { simulatedClock } from '../../sim/clock.js';
import { simulatedFleet } from '../../sim/fleet.js';
import { loadScenario } from '../../sim/scenario.js';
import { openStore } from '../../store/store.js';
import { profileForecaster } from '../forecaster/forecaster.js';
import { type Call, callTool } from '../tool.js';
import { answerWhen, COMMAND_RUNS, recordCommandRun, whenToRun } from './grid.js';
import { recordedGrid } from './sources/recorded.js';
import { openSignalFile } from './sources/signal-file.js';

let store: Store;
let folder: string;
beforeAll(async () => {
  store = await openStore(':memory:');
  folder = mkdtempSync(join(tmpdir(), 'when-'));
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const gb = loadScenario('gb-hpc');
const british = (): World => {
  const clock = simulatedClock(gb.start);
  const world = {
    clock,
    grid: recordedGrid({ clock, forecaster: profileForecaster, setting: gb }),
    fleet: simulatedFleet({ scenario: gb, seed: 1, clock, store }),
    store,
    method: Method.parse({}),
    setting: gb,
  };
  // The tools of this room touch no other port.
  return world as unknown as World;
};
const call: Call = {
  signal: new AbortController().signal,
  progress: () => {},
  actor: { id: 'tester', via: 'cli' },
  cause: null,
};
const START = instant('2024-01-01T00:00:00Z');
const gridOf = (curves: Record<string, (number | null)[]>, kindOf = (_: string): 'average' | 'marginal' => 'average') =>
  ({
    regions: async () => Object.keys(curves),
    carbon: async (region: string) => ({
      region,
      source: 'made',
      status: 'forecast' as const,
      issuedAt: START,
      series: { start: START, stepMinutes: 30, values: curves[region]! },
      kind: { accounting: kindOf(region), scope: 'operational' as const },
    }),
  }) satisfies Pick<Grid, 'regions' | 'carbon'>;

describe('when_to_run', () => {
  it('answers for the shipped grid with the members that the CATS tool prints', async () => {
    const answer = await callTool(whenToRun, { durationMinutes: 180, energyKwh: 3 }, british(), call);
    const { carbonIntensityNow: now, carbonIntensityOptimal: best } = answer;
    expect(now!.start).toBe(gb.start);
    expect(toEpoch(best.end) - toEpoch(best.start)).toBe(180 * 60);
    expect(answer.finish).toBe(best.end);
    expect(best.value).toBeLessThan(now!.value);
    expect(answer).toMatchObject({ location: 'GB', countryISO3: 'GBR' });
    expect(answer.emmissionEstimate!.savings).toBeCloseTo(3 * (now!.value - best.value), 9);
    expect(answer.savedRatio).toBeCloseTo(1 - best.value / now!.value, 12);
    expect(Object.keys(best)).toEqual(['value', 'start', 'end', 'start_value', 'end_value']);
    expect(whenToRun.tell(answer)).toContain('g/kWh');
  });

  it('finds what trying every minute finds, never ends after the deadline, and never runs through a gap', async () => {
    const value = fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 400 }) },
      { weight: 1, arbitrary: fc.constant(null) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 6, maxLength: 24 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 90 }),
        fc.integer({ min: 0, max: 400 }),
        async (values, durationMinutes, offset, slack) => {
          const from = fromEpoch(toEpoch(START) + offset * 60);
          const deadline = fromEpoch(toEpoch(from) + (durationMinutes + slack) * 60);
          const series = { start: START, stepMinutes: 30, values };
          let least: number | null = null;
          for (let at = toEpoch(from); at + durationMinutes * 60 <= toEpoch(deadline); at += 60) {
            const mean = meanOver(series, at, at + durationMinutes * 60);
            if (mean !== null && (least === null || mean < least)) least = mean;
          }
          const asked = answerWhen(
            { durationMinutes, from, deadline },
            { grid: gridOf({ GB: values }), now: START, sites: [] },
          );
          if (least === null) {
            await expect(asked).rejects.toMatchObject({ code: 'not-found' });
            return;
          }
          const answer = await asked;
          expect(answer.carbonIntensityOptimal.value).toBeCloseTo(least, 8);
          expect(answer.finish <= deadline && answer.carbonIntensityOptimal.start >= from).toBe(true);
          const { start, end } = answer.carbonIntensityOptimal;
          expect(meanOver(series, toEpoch(start), toEpoch(end))).toBeCloseTo(answer.carbonIntensityOptimal.value, 8);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('ranks places, keeps the one asked first as home and stays there at equal intensity', async () => {
    const grid = gridOf({ A: Array(100).fill(100), B: Array(100).fill(50), C: Array(100).fill(100) });
    const world = { grid, now: START, sites: [] };
    const two = await answerWhen({ durationMinutes: 60, places: ['A', 'B'] }, world);
    expect(two.places.map((p) => p.location)).toEqual(['B', 'A']);
    expect(two).toMatchObject({ location: 'B', savedRatio: 0.5, waitMinutes: 0 });
    expect((await answerWhen({ durationMinutes: 60, places: ['C', 'A'] }, world)).location).toBe('C');
    await expect(answerWhen({ durationMinutes: 60 }, world)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('takes a British postcode for the national signal and says so; names an unknown place', async () => {
    const world = { grid: gridOf({ GB: Array(200).fill(100) }), now: START, sites: [] };
    const answer = await answerWhen({ durationMinutes: 60, places: ['RG1'] }, world);
    expect(answer).toMatchObject({ location: 'RG1', countryISO3: 'GBR' });
    expect(answer.assumed.join()).toContain('national signal GB');
    await expect(answerWhen({ durationMinutes: 60, places: ['Atlantis'] }, world)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('refuses two kinds of signal, a finish that cannot be met and times out of order', async () => {
    const mixed = gridOf({ A: Array(200).fill(100), m: Array(200).fill(50) }, (r) =>
      r === 'm' ? 'marginal' : 'average',
    );
    const world = { grid: mixed, now: START, sites: [] };
    for (const input of [
      { durationMinutes: 60, places: ['A', 'm'] },
      { durationMinutes: 60, places: ['A'], deadline: plusHours(START, 0.5) },
      { durationMinutes: 60, places: ['A'], latestStart: plusHours(START, -1) },
      { durationMinutes: 60, places: ['A'], latestStart: plusHours(START, 24 * 60) },
    ])
      await expect(answerWhen(input, world)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('a signal file for one question', () => {
  const write = (name: string, lines: string[]) => {
    const path = join(folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  };
  const hours = Array.from({ length: 24 * 20 }, (_, i) => plusHours(START, i));

  it('is taken as given even where it could be history to forecast from', async () => {
    const path = write('de.csv', ['time,carbon_g_per_kwh', ...hours.map((at, i) => `${at},${100 + ((i * 37) % 91)}`)]);
    const file = openSignalFile({ path, start: START });
    expect(file.span).toEqual({ start: START, end: plusHours(START, 24 * 20) });
    const from = hours[24 * 15]!;
    const answer = await answerWhen({ durationMinutes: 120, from }, { grid: file.grid, now: from, sites: [] });
    expect(answer.location).toBe('de');
    const at = (moment: Instant) => 100 + ((hours.indexOf(moment) * 37) % 91);
    const { start, value } = answer.carbonIntensityOptimal;
    expect(value).toBeCloseTo((at(start) + at(plusHours(start, 1))) / 2, 9);
    expect(answer.places[0]!.source).toContain('taken as given');
  });

  it('may hold a column per zone', async () => {
    const path = write('zones.csv', ['time,DE,GB', ...hours.map((at, i) => `${at},${300 + (i % 5)},${200 + (i % 7)}`)]);
    const file = openSignalFile({ path, start: START });
    const answer = await answerWhen(
      { durationMinutes: 60, places: ['DE', 'GB'] },
      { grid: file.grid, now: START, sites: [] },
    );
    expect(answer.places.map((p) => [p.location, p.countryISO3])).toEqual([
      ['GB', 'GBR'],
      ['DE', 'DEU'],
    ]);
  });
});

describe('record_command_run', () => {
  it('keeps what ran and when, without arguments, in the books and the journal', async () => {
    const before = await store.entries.size();
    const input = {
      program: 'make',
      commandDigest: 'ab'.repeat(32),
      location: 'GB',
      source: 'made',
      askedAt: START,
      plannedStart: START,
      plannedMinutes: 60,
      meanGPerKwh: 100,
      nowGPerKwh: null,
      startedAt: START,
      finishedAt: plusHours(START, 1),
      exitCode: 3,
    };
    const { run } = await callTool(recordCommandRun, input, british(), call);
    expect((await store.collection(COMMAND_RUNS).get(run.id))?.value).toEqual(run);
    expect(await store.entries.size()).toBe(before + 1);
    await expect(
      callTool(recordCommandRun, { ...input, finishedAt: plusHours(START, -1) }, british(), call),
    ).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
