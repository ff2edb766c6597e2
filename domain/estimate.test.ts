import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  around,
  drawnSumOfCells,
  Estimate,
  estimateOfCells,
  exactly,
  scale,
  sumCorrelated,
  sumIndependent,
  sumOfCells,
  truncated,
} from './estimate.js';

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

  it('keeps the sign of its factor, the order of its bounds and its confidence', () => {
    const e = { value: 10, low: 8, high: 13, confidence: 0.9 };
    expect(scale(e, 2)).toEqual({ value: 20, low: 16, high: 26, confidence: 0.9 });
    expect(around(-50, 0.2, 0.8)).toEqual({ value: -50, low: -60, high: -40, confidence: 0.8 });
    expect(exactly(7, 0.9)).toEqual({ value: 7, low: 7, high: 7, confidence: 0.9 });
  });

  it('is refused with bounds on the wrong side, a confidence that is none, or members that nobody knows', () => {
    const refused = (e: object) => Estimate.safeParse({ value: 2, low: 1, high: 3, confidence: 0.9, ...e });
    expect(refused({}).success).toBe(true);
    expect(refused({ low: 2, high: 2 }).success).toBe(true);
    for (const wrong of [{ low: 2.5 }, { high: 1.5 }])
      expect(refused(wrong).error?.issues.map(({ message }) => message)).toEqual(['low <= value <= high must hold']);
    for (const wrong of [{ confidence: 0 }, { confidence: 1 }, { confidence: -1 }, { unit: 'kg' }])
      expect(refused(wrong).success).toBe(false);
  });

  it('of parts with unequal sides adds each side by itself', () => {
    const parts = [
      { value: 10, low: 7, high: 14, confidence: 0.95 },
      { value: 20, low: 16, high: 23, confidence: 0.95 },
    ];
    expect(sumCorrelated(parts, 0.9)).toEqual({ value: 30, low: 23, high: 37, confidence: 0.9 });
    expect(sumIndependent(parts, 0.9)).toEqual({ value: 30, low: 25, high: 35, confidence: 0.9 });
    expect(sumIndependent([], 0.9)).toEqual(exactly(0, 0.9));
    expect(sumCorrelated([], 0.9)).toEqual(exactly(0, 0.9));
  });

  it('of cells is the independent sum of what is known of each cell, and needs only two sums for it', () => {
    expect(sumOfCells([3, -4], 0.5, 0.9)).toEqual({ value: -1, low: -3.5, high: 1.5, confidence: 0.9 });
    const cells = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(cells, fc.double({ min: 0, max: 1, noNaN: true }), (amounts, ratio) => {
        const each = amounts.map((amount) => around(amount, ratio, 0.95));
        const [sum, known] = [sumOfCells(amounts, ratio, 0.95), sumIndependent(each, 0.95)];
        for (const side of ['value', 'low', 'high'] as const) expect(sum[side]).toBeCloseTo(known[side], 6);
        const squares = amounts.reduce((total, amount) => total + amount * amount, 0);
        expect(estimateOfCells(sum.value, squares, ratio, 0.95)).toEqual(sum);
      }),
    );
  });
});

describe('an interval by draws', () => {
  const cells = [10, 20, 5, 1];
  const draw = (seed: number, draws = 20_000) => drawnSumOfCells(cells, 0.2, 0.95, { seed, draws });

  it('agrees with the one by formula, comes back bit by bit, and does not shrink with more draws', () => {
    const formula = sumOfCells(cells, 0.2, 0.95);
    const drawn = draw(7);
    expect(drawn.value).toBe(formula.value);
    expect(Math.abs(drawn.low - formula.low)).toBeLessThan(0.03 * (formula.high - formula.low));
    expect(Math.abs(drawn.high - formula.high)).toBeLessThan(0.03 * (formula.high - formula.low));
    expect(draw(7)).toEqual(drawn);
    expect(draw(8)).not.toEqual(drawn);
    const few = draw(7, 2000);
    expect((drawn.high - drawn.low) / (few.high - few.low)).toBeGreaterThan(0.9);
  });

  it('covers what it says: of claims with errors as stated, the share whose truth it holds is its confidence', () => {
    // Truth is a draw of the same law; the interval is around the nominal sum.
    const { low, high } = draw(1);
    const z = 1.959963984540054;
    let [hits, state] = [0, 12345];
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    for (let i = 0; i < 2000; i++) {
      const truth = cells.reduce((sum, cell) => sum + cell * Math.max(0, 1 + (0.2 / z) * normal()), 0);
      if (truth >= low && truth <= high) hits += 1;
    }
    expect(hits).toBeGreaterThanOrEqual(1867);
    expect(hits).toBeLessThanOrEqual(1933);
  });

  it('never lies below nothing', () => {
    expect(drawnSumOfCells([1], 3, 0.95, { seed: 1, draws: 1000 }).low).toBe(0);
    expect(truncated(sumOfCells([1], 3, 0.95))).toMatchObject({ value: 1, low: 0, high: 4 });
  });
});
