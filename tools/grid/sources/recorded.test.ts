import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shippedText } from '../../../checks/public-data.js';
import { BRITAIN, publishedTo } from '../../../domain/day-ahead.js';
import { Fault } from '../../../domain/fault.js';
import { CarbonSignal, PriceSignal } from '../../../domain/signal.js';
import { instant, plusHours, toEpoch } from '../../../domain/time.js';
import { profileForecaster as forecaster } from '../../forecaster/forecaster.js';
import { recordedGrid, recordingAge, shippedRecording } from './recorded.js';

const csv = shippedRecording();
const at = (now: string) => ({ now: () => instant(now) });
const june = instant('2022-06-01T00:00:00Z');
const clock = { now: () => june };
const grid = recordedGrid({ forecaster, clock });
const days = (from: number, to: number) => ({ start: plusHours(june, from * 24), end: plusHours(june, to * 24) });

/** The recording with everything from `now` on replaced. */
const withOtherFuture = (now: string, shift: number) =>
  csv
    .split('\n')
    .map((line) => {
      const [time, carbon, price, ...rest] = line.split(',');
      if (time === undefined || time === 'time' || time === '' || time < now) return line;
      return [time, String(Number(carbon) * 3 + shift), String(Number(price) - shift), ...rest].join(',');
    })
    .join('\n');

describe('the recorded grid', () => {
  it('says what was recorded, and that NESO and Octopus say so', async () => {
    const carbon = await grid.carbon('GB', { start: june, end: plusHours(june, 3) }, 'actual');
    expect(CarbonSignal.parse(carbon)).toEqual(carbon);
    // NESO's published values of that night.
    expect(carbon.series.values).toEqual([268, 270, 272]);
    expect(carbon.kind).toEqual({ accounting: 'average', scope: 'operational' });
    expect(carbon.source).toContain('NESO');
    const price = await grid.price('GB', { start: june, end: plusHours(june, 3) }, 'actual');
    expect(PriceSignal.parse(price)).toEqual(price);
    // 28.94, 28.52 and 28.36 p/kWh.
    expect(price.series.values).toEqual([289.4, 285.2, 283.6]);
    expect(price.currency).toBe('GBP');
  });

  it('foresees for two weeks, and knows nothing of tonight or of 2030', async () => {
    const fortnight = plusHours(june, 14 * 24);
    const edge = await grid.carbon('GB', { start: plusHours(fortnight, -2), end: plusHours(fortnight, 2) }, 'forecast');
    expect(edge.series.values.map((v) => v === null)).toEqual([false, false, true, true]);
    expect([edge.low!.length, edge.high!.length]).toEqual([4, 4]);
    expect(edge.knownUntil).toBe(fortnight);
    for (const start of ['2026-11-29T18:00:00Z', '2030-01-01T00:00:00Z'].map(instant)) {
      const asked = { start, end: plusHours(start, 24) };
      const [carbon, price] = [await grid.carbon('GB', asked, 'forecast'), await grid.price('GB', asked, 'forecast')];
      expect([...carbon.series.values, ...price.series.values].every((v) => v === null)).toBe(true);
      expect(carbon.knownUntil).toBe(fortnight);
      expect((await grid.carbon('GB', asked, 'actual')).knownUntil).toBe(instant('2022-07-16T00:00:00Z'));
    }
    // What was recorded ends first: the forecast reaches two weeks beyond the newest value, not beyond now.
    const late = recordedGrid({ forecaster, clock: at('2022-07-20T00:00:00Z') });
    const after = await late.carbon(
      'GB',
      { start: instant('2022-07-20T00:00:00Z'), end: instant('2022-07-21T00:00:00Z') },
      'forecast',
    );
    expect([after.issuedAt, after.knownUntil]).toEqual(['2022-07-16T00:00:00Z', '2022-07-30T00:00:00Z']);
  });

  it('has no value outside the recording and no other region', async () => {
    const after = await grid.carbon(
      'GB',
      { start: instant('2022-07-15T22:00:00Z'), end: instant('2022-07-16T02:00:00Z') },
      'actual',
    );
    expect(after.series.values.map((v) => v === null)).toEqual([false, false, true, true]);
    await expect(grid.carbon('DE', days(0, 1), 'actual')).rejects.toMatchObject({ code: 'not-found' });
    expect(() => recordedGrid({ forecaster, clock, setting: { name: 'x', currency: 'USD' } })).toThrow(Fault);
    const early = recordedGrid({ forecaster, clock: at('2022-04-20T00:00:00Z') });
    const blind = await early.carbon(
      'GB',
      { start: instant('2022-04-20T00:00:00Z'), end: instant('2022-04-20T06:00:00Z') },
      'forecast',
    );
    expect(blind.series.values).toEqual([null, null, null, null, null, null]);
  });

  it('never looks ahead: another future changes neither forecast nor bounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 24 * 8, max: 24 * 80 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 59 }),
        async (hour, shift, minute) => {
          const now = new Date((toEpoch(instant('2022-04-20T00:00:00Z')) + hour * 3600 + minute * 60) * 1000)
            .toISOString()
            .replace('.000', '');
          // The hour that runs at now has not ended, so it counts as future.
          const other = recordedGrid({
            forecaster,
            clock: at(now),
            csv: withOtherFuture(`${now.slice(0, 13)}:00:00Z`, shift),
          });
          const same = recordedGrid({ forecaster, clock: at(now) });
          const interval = { start: plusHours(instant(now), -12), end: plusHours(instant(now), 60) };
          expect(await other.carbon('GB', interval, 'forecast')).toEqual(await same.carbon('GB', interval, 'forecast'));
          // Prices are public a day ahead: what changes after that changes nothing either.
          const later = recordedGrid({
            forecaster,
            clock: at(now),
            csv: withOtherFuture(publishedTo(instant(now), BRITAIN), shift),
          });
          expect(await later.price('GB', interval, 'forecast')).toEqual(await same.price('GB', interval, 'forecast'));
          expect(await other.carbon('GB', interval, 'actual')).not.toEqual(await same.carbon('GB', interval, 'actual'));
        },
      ),
      { numRuns: 12 },
    );
  });

  it('knows the prices that had been published, to the hour, in summer and at the turn of the day', async () => {
    expect(publishedTo(instant('2022-06-01T00:00:00Z'), BRITAIN)).toBe('2022-06-01T22:00:00Z');
    expect(publishedTo(instant('2022-06-01T14:59:59Z'), BRITAIN)).toBe('2022-06-01T22:00:00Z');
    expect(publishedTo(instant('2022-06-01T15:00:00Z'), BRITAIN)).toBe('2022-06-02T22:00:00Z');
    expect(publishedTo(instant('2022-01-15T16:00:00Z'), BRITAIN)).toBe('2022-01-16T23:00:00Z');
    const window = { start: instant('2022-06-01T00:00:00Z'), end: instant('2022-06-02T12:00:00Z') };
    const asked = recordedGrid({ forecaster, clock: at('2022-06-01T00:00:00Z') });
    const [ahead, truth] = [await asked.price('GB', window, 'forecast'), await asked.price('GB', window, 'actual')];
    expect(ahead.series.values.slice(0, 22)).toEqual(truth.series.values.slice(0, 22));
    expect(ahead.series.values.slice(22)).not.toEqual(truth.series.values.slice(22));
    expect(ahead.issuedAt <= '2022-06-01T00:00:00Z').toBe(true);
  });

  it('carries bounds around every forecast value, and knows the past exactly', async () => {
    const signal = await grid.carbon('GB', days(-1, 2), 'forecast');
    for (const [i, value] of signal.series.values.entries()) {
      expect(signal.low![i]! <= value! && value! <= signal.high![i]!).toBe(true);
      if (i < 24) expect(signal.low![i]).toBe(signal.high![i]);
      else expect(signal.high![i]! - signal.low![i]!).toBeGreaterThan(5);
    }
    expect(signal.issuedAt).toBe(june);
    expect(signal.series.values.slice(0, 24)).toEqual((await grid.carbon('GB', days(-1, 0), 'actual')).series.values);
  });

  it('tells its age', () => {
    expect(recordingAge(instant('2026-11-24T00:00:00Z'))).toBe('4.4 years');
  });
});

describe('three years of the British grid', () => {
  it('contain the excerpt that ships', () => {
    const source = new Map(
      shippedText('gb-2020-2022/gb_hourly.csv.gz')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => {
          const [time, carbon, price, temperature] = line.split(',');
          return [time!.replace('Z', ':00Z'), { carbon, price, temperature }];
        }),
    );
    const rows = csv
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(rows).toHaveLength(2088);
    for (const [time, carbon, price, temperature] of rows) {
      const original = source.get(time!)!;
      expect([carbon, temperature]).toEqual([original.carbon, original.temperature]);
      expect(Number(price)).toBeCloseTo(Number(original.price) * 10, 9);
    }
  });
});
