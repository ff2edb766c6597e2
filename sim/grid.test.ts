import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../domain/fault.js';
import { instantAt, valueAt } from '../domain/series.js';
import { CarbonSignal, PriceSignal } from '../domain/signal.js';
import { plusHours, toEpoch } from '../domain/time.js';
import { simulatedClock } from './clock.js';
import { simulatedGrid } from './grid.js';
import { loadScenario } from './scenario.js';

const scenario = loadScenario('five-regions');
const clock = simulatedClock(scenario.start);
const grid = simulatedGrid(scenario, 7, clock);
const hours = (from: number, to: number) => ({
  start: plusHours(scenario.start, from),
  end: plusHours(scenario.start, to),
});
const year = hours(0, 24 * 365);

describe('the simulated grid', () => {
  it('answers signals of the port’s shape', async () => {
    expect(await grid.regions()).toHaveLength(5);
    const carbon = await grid.carbon('eu-west-1', hours(0, 48), 'forecast');
    expect(CarbonSignal.parse(carbon)).toEqual(carbon);
    expect(carbon.series.values).toHaveLength(48);
    const price = await grid.price('eu-west-1', hours(0, 48), 'actual');
    expect(PriceSignal.parse(price)).toEqual(price);
    expect(price.currency).toBe('USD');
    await expect(grid.carbon('mars-1', hours(0, 1), 'actual')).rejects.toBeInstanceOf(Fault);
  });

  it('keeps each region’s mean, wave and autocorrelation, and is never negative', async () => {
    for (const [region, { carbon: spec }] of Object.entries(scenario.regions)) {
      const values = (await grid.carbon(region, year, 'actual')).series.values as number[];
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      expect(Math.abs(mean / spec.meanGPerKwh - 1)).toBeLessThan(0.04);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      const byHour = Array.from({ length: 24 }, (_, hour) => {
        const own = values.filter((_, i) => (toEpoch(scenario.start) / 3600 + i) % 24 === hour);
        return own.reduce((a, b) => a + b, 0) / own.length;
      });
      const cleanest = byHour.indexOf(Math.min(...byHour));
      const apart = Math.abs(cleanest - spec.cleanestHourUtc);
      expect(Math.min(apart, 24 - apart)).toBeLessThanOrEqual(2);
      const noise = values.map((v, i) => v - byHour[(toEpoch(scenario.start) / 3600 + i) % 24]!);
      const variance = noise.reduce((a, b) => a + b * b, 0) / noise.length;
      const lag1 = noise.slice(1).reduce((a, b, i) => a + b * noise[i]!, 0) / noise.length / variance;
      expect(Math.abs(lag1 - spec.noiseCorrelation)).toBeLessThan(0.05);
      expect(Math.sqrt(variance) / spec.meanGPerKwh / spec.noiseRatio).toBeGreaterThan(0.8);
      expect(Math.sqrt(variance) / spec.meanGPerKwh / spec.noiseRatio).toBeLessThan(1.2);
    }
  });

  it('gives the same values whatever interval is asked for, and others for another seed', async () => {
    const whole = (await grid.carbon('us-west-2', year, 'actual')).series;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 8000 }), fc.integer({ min: 1, max: 100 }), async (from, length) => {
        const part = (await grid.carbon('us-west-2', hours(from, from + length), 'actual')).series;
        expect(part.values).toEqual(whole.values.slice(from, from + length));
      }),
      { numRuns: 20 },
    );
    const other = await simulatedGrid(scenario, 8, clock).carbon('us-west-2', hours(0, 48), 'actual');
    expect(other.series.values).not.toEqual(whole.values.slice(0, 48));
  });

  it('forecasts the truth with an error that grows with lead time and bounds that hold 80 %', async () => {
    const error = { near: 0, far: 0 };
    let within = 0;
    let count = 0;
    for (let day = 0; day < 200; day++) {
      const at = plusHours(scenario.start, day * 24);
      const then = simulatedGrid(scenario, 7, simulatedClock(at));
      const forecast = await then.carbon('eu-west-1', { start: at, end: plusHours(at, 48) }, 'forecast');
      const truth = await then.carbon('eu-west-1', { start: at, end: plusHours(at, 48) }, 'actual');
      for (const [i, value] of forecast.series.values.entries()) {
        const miss = Math.abs(value! - valueAt(truth.series, instantAt(forecast.series, i))!);
        if (i < 6) error.near += miss;
        if (i >= 42) error.far += miss;
        if (truth.series.values[i]! >= forecast.low![i]! && truth.series.values[i]! <= forecast.high![i]!) within++;
        count++;
      }
    }
    expect(error.far).toBeGreaterThan(2 * error.near);
    expect(error.near).toBeGreaterThan(0);
    expect(Math.abs(within / count - 0.8)).toBeLessThan(0.05);
  });

  it('knows hours that have ended', async () => {
    const later = simulatedGrid(scenario, 7, simulatedClock(plusHours(scenario.start, 24)));
    const known = await later.carbon('ap-south-1', hours(0, 24), 'forecast');
    expect(known.series.values).toEqual((await grid.carbon('ap-south-1', hours(0, 24), 'actual')).series.values);
  });
});

describe('the simulated clock', () => {
  it('jumps forward, never back, and heeds an abort', async () => {
    const own = simulatedClock(scenario.start);
    const later = plusHours(scenario.start, 5);
    await own.waitUntil(later);
    await own.waitUntil(scenario.start);
    expect(own.now()).toBe(later);
    await expect(own.waitUntil(plusHours(later, 1), AbortSignal.abort())).rejects.toThrow();
    expect(own.now()).toBe(later);
  });
});
