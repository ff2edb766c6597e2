import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shippedText } from '../../checks/public-data.js';
import { instant, plusHours } from '../../domain/time.js';
import { profileForecaster } from './forecaster.js';

const START = instant('2022-01-01T00:00:00Z');
/** Hourly values; the forecast begins `origin` hours in and sees what lies before. */
const ahead = (values: readonly (number | null)[], origin: number, steps: number, floor?: number) =>
  profileForecaster.forecast({
    history: { start: START, stepMinutes: 60, values: values.slice(0, Math.max(0, origin)) },
    from: plusHours(START, origin),
    steps,
    floor,
  });

describe('the profile forecaster', () => {
  it('forecasts as the formula says, worked out by hand on round numbers', async () => {
    // Seven days of 100 at each hour, the last hour 40 higher than its week: profile 100, anomaly 40 fading with e^(−(h+1)/12).
    const values: number[] = Array.from({ length: 8 * 24 }, () => 100);
    values[values.length - 1] = 140;
    const forecast = await ahead(values, values.length, 24);
    expect(forecast.values[0]).toBeCloseTo(100 + 40 * Math.exp(-1 / 12), 9);
    expect(forecast.values[11]).toBeCloseTo(100 + 40 * Math.exp(-1), 9);
    // Hour 23 comes at the time of day of the odd value: (6 × 100 + 140) / 7.
    expect(forecast.values[23]).toBeCloseTo(740 / 7 + 40 * Math.exp(-2), 9);
  });

  it('says nothing where nothing is known: without history, before it, and long after a gap', async () => {
    const nothing = { values: [null, null], low: [null, null], high: [null, null] };
    expect(await ahead([], 0, 2)).toMatchObject(nothing);
    expect(await ahead([5, 5, 5], -10, 2)).toMatchObject(nothing);
    expect(await ahead([5, 5, 5], 24 * 30, 2)).toMatchObject(nothing);
  });

  it('answers a step for each that was asked, in order of low, value and high, and never below the floor', async () => {
    const value = fc.option(fc.double({ min: 0, max: 500, noNaN: true }), { freq: 10, nil: null });
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 8 * 24, maxLength: 20 * 24 }),
        fc.nat(72),
        async (values, steps) => {
          const forecast = await ahead(values, values.length, steps, 0);
          expect([forecast.values.length, forecast.low.length, forecast.high.length]).toEqual([steps, steps, steps]);
          for (const [h, middle] of forecast.values.entries()) {
            const [low, high] = [forecast.low[h]!, forecast.high[h]!];
            if (middle === null) expect([low, high]).toEqual([null, null]);
            else if (low !== null) expect(0 <= low && low <= middle && middle <= high).toBe(true);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('three years of the British grid', () => {
  it('are forecast with the independent reference’s mean error, and bounds that hold as its do', async () => {
    const rows = shippedText('gb-2020-2022/gb_hourly.csv.gz').trim().split('\n').slice(1);
    const values = rows.map((line) => Number(line.split(',')[1]));
    let sum = 0;
    let n = 0;
    let held = 0;
    let count = 0;
    for (let origin = 35 * 24; origin + 48 <= values.length; origin += 12) {
      const forecast = await ahead(values, origin, 24, 0);
      for (const [h, value] of forecast.values.entries()) {
        const truth = values[origin + h]!;
        sum += Math.abs(value! - truth);
        n++;
        if (origin % 72 !== 48) continue;
        if (truth >= forecast.low[h]! && truth <= forecast.high[h]!) held++;
        count++;
      }
    }
    // Reference: 31.566 g/kWh for damped_profile7 at 24 h.
    expect(Math.abs(sum / n - 31.566)).toBeLessThan(0.001);
    expect(Math.abs(held / count - 0.777)).toBeLessThan(0.02);
  });
});
