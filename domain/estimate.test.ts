import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { around, Estimate, exactly, scale, sumCorrelated, sumIndependent } from './estimate.js';

const estimates = fc
  .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([value, ratio]) => around(value, ratio, 0.95));
const half = (e: Estimate) => (e.high - e.low) / 2;

describe('an estimate', () => {
  it('holds its value between its bounds', () => {
    fc.assert(fc.property(estimates, (e) => Estimate.safeParse(e).success));
    expect(Estimate.safeParse({ value: 1, low: 2, high: 3, confidence: 0.95 }).success).toBe(false);
    expect(Estimate.safeParse({ ...exactly(1, 0.95), confidence: 1 }).success).toBe(false);
  });

  // Three jobs of 10, 20 and 30 kWh in one region at 400 g/kWh ± 20 %.
  it('adds errors of one region and hour, and does not divide them by a root', () => {
    const parts = [4, 8, 12].map((kg) => around(kg, 0.2, 0.95));
    const together = sumCorrelated(parts, 0.95);
    expect(together.value).toBeCloseTo(24, 12);
    expect(half(together)).toBeCloseTo(4.8, 12);
    const apart = sumIndependent(parts, 0.95);
    expect(apart.value).toBeCloseTo(24, 12);
    expect(half(apart)).toBeCloseTo(2.9933, 4);
  });

  it('is never surer for being correlated, and never less sure than its widest part', () => {
    fc.assert(
      fc.property(fc.array(estimates, { minLength: 1, maxLength: 20 }), (parts) => {
        const [correlated, independent] = [sumCorrelated(parts, 0.95), sumIndependent(parts, 0.95)];
        const room = 1e-6 * (1 + half(correlated));
        expect(half(independent)).toBeLessThanOrEqual(half(correlated) + room);
        expect(half(independent)).toBeGreaterThanOrEqual(Math.max(...parts.map(half)) - room);
        expect(independent.value).toBeCloseTo(correlated.value, 6);
      }),
    );
  });

  it('turns its bounds round with a negative factor', () => {
    expect(scale({ value: 10, low: 8, high: 13, confidence: 0.9 }, -2)).toEqual({
      value: -20,
      low: -26,
      high: -16,
      confidence: 0.9,
    });
  });
});
