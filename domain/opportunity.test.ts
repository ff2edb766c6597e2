import { describe, expect, it } from 'vitest';
import { comparison, confidenceThat, isDoubtful, stressIn, windowMean } from './opportunity.js';
import { instant, plusHours } from './time.js';

const start = instant('2026-06-01T00:00:00Z');
const signal = (values: (number | null)[], half?: number) => ({
  series: { start, stepMinutes: 60, values },
  ...(half === undefined
    ? {}
    : {
        low: values.map((v) => (v === null ? null : v - half)),
        high: values.map((v) => (v === null ? null : v + half)),
      }),
});
const hour = (n: number) => ({ start: plusHours(start, n), end: plusHours(start, n + 1) });

describe('a window against starting at once', () => {
  it('is as sure as the bounds make it', () => {
    // Half-widths of 12.816 are standard deviations of 10; two of them make 14.14.
    const [now, later] = [0, 1].map((n) => windowMean(signal([200, 180], 12.816), hour(n))!);
    expect(now).toEqual({ mean: 200, sigma: expect.closeTo(10, 9) });
    // Φ(20 / 14.142) = Φ(1.4142) = 0.92135
    expect(confidenceThat(later!, now!)).toBeCloseTo(0.92135, 5);
    expect(confidenceThat(now!, later!)).toBeCloseTo(1 - 0.92135, 5);
    expect(comparison(later!, now!, 'starting at once', 'g/kWh')).toMatchObject({
      depth: 20,
      depthRatio: 0.1,
      reason: '20.0 g/kWh below the 200 of starting at once; 92 % sure by its bounds',
    });
  });

  it('is doubtful where the bounds are wide, and never where none are stated', () => {
    const confidence = (half?: number) => {
      const [now, later] = [0, 1].map((n) => windowMean(signal([200, 180], half), hour(n))!);
      return confidenceThat(later!, now!);
    };
    expect(isDoubtful(confidence(60))).toBe(true);
    expect(isDoubtful(confidence(10))).toBe(false);
    expect(confidence()).toBeNull();
    expect(isDoubtful(confidence())).toBe(false);
  });

  it('is not there where a part has no data', () => {
    expect(windowMean(signal([200, null], 10), { start, end: plusHours(start, 2) })).toBeNull();
  });
});

describe('stress', () => {
  const of = { region: 'GB', quantity: 'price', unit: 'GBP/MWh' };

  it('is where a signal stands a quarter above its mean, the worst first', () => {
    const found = stressIn(signal([100, 100, 160, 160, 100, 20, 200, null]), of);
    expect(found.map(({ start: from, end, mean }) => [from, end, mean])).toEqual([
      [plusHours(start, 6), plusHours(start, 7), 200],
      [plusHours(start, 2), plusHours(start, 4), 160],
    ]);
    expect(found[0]!.heightRatio).toBeCloseTo(200 / 120 - 1, 9);
  });

  it('is nowhere in a flat signal, in one without values, nor where the bounds do not bear it out', () => {
    expect(stressIn(signal([100, 100, 100]), of)).toEqual([]);
    expect(stressIn(signal([null, null]), of)).toEqual([]);
    expect(stressIn(signal([100, 100, 140], 5000), of)).toEqual([]);
  });
});
