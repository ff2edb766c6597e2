/** Intervals beside a second drawing of the same errors, and digit for digit as records in ledgers hold them. */
import { describe, expect, it } from 'vitest';
import { normalQuantile } from '../../domain/normal.js';
import { type ErrorModel, halfWidthOf, type Meter, Sensitivity, spreadOf } from './uncertainty.js';

const Z = 1.959963984540054;
const model = (over: Partial<ErrorModel> = {}): ErrorModel => ({
  confidence: 0.95,
  intensity: 0.2,
  regionBias: 0,
  draws: 20_000,
  ...over,
});

/** Two regions of three hours. Meter 0 is exact; meters 1 and 2 see a part each, in cells that they partly share. */
const saving = () => {
  const of = new Sensitivity(2, 3);
  of.add(0, 0, 10);
  of.add(0, 2, -3);
  of.add(0, 4, 2);
  of.add(1, 0, 4);
  of.add(1, 4, 6);
  of.add(1, 4, 1);
  of.add(2, 2, -5);
  of.add(2, 5, 8);
  return of;
};
const CELLS = [14, 0, -8, 0, 9, 8];
const EXACT: Meter[] = [{ halfWidth: 0 }, { halfWidth: 0 }, { halfWidth: 0 }];
const METERED: Meter[] = [{ halfWidth: 0 }, { halfWidth: 0.3 }, { halfWidth: 0.1 }];

/** The same sum of errors, drawn by other means: a plain generator, normal by Box and Muller, no covariance. */
const drawnApart = (meters: readonly Meter[], { intensity, regionBias }: ErrorModel, draws: number) => {
  let state = 12345;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const parts = saving().parts;
  const sums = Array.from({ length: draws }, () => {
    const bias = [0, 1].map(() => (normal() * regionBias) / Z);
    const cells = CELLS.map((_, c) => Math.max(0, 1 + (normal() * intensity) / Z + bias[Math.floor(c / 3)]!));
    return parts.reduce((sum, part, m) => {
      const kg = part!.reduce((all, each, c) => all + each * cells[c]!, 0);
      return sum + kg * Math.max(0, 1 + (normal() * meters[m]!.halfWidth) / Z);
    }, 0);
  }).sort((a, b) => a - b);
  return { low: sums[Math.round(0.025 * draws)]!, high: sums[Math.round(0.975 * draws)]! };
};

describe('the interval of a saving', () => {
  it('is exact where only intensities err: in quadrature over cells, and over regions for what a region shares', () => {
    const { low, high, method, why } = spreadOf(saving(), EXACT, model({ regionBias: 0.1 }), 1);
    const cells = CELLS.reduce((sum, kg) => sum + (0.2 * kg) ** 2, 0);
    const half = Math.sqrt(cells + (0.1 * (14 - 8)) ** 2 + (0.1 * (9 + 8)) ** 2);
    expect([method, why]).toEqual(['analytical', 'a sum of normal errors is normal']);
    expect(low).toBeCloseTo(23 - half, 12);
    expect(high).toBeCloseTo(23 + half, 12);
  });

  it('is cut off where four standard deviations reach zero, and only then', () => {
    const at = (halfWidth: number) =>
      spreadOf(saving(), EXACT, model({ intensity: halfWidth / 2, regionBias: halfWidth / 2 }), 1);
    expect(at(Z / 4 - 1e-9).method).toBe('analytical');
    expect(at(Z / 4 + 1e-9).method).toBe('monte_carlo');
  });

  it('hangs on no meter that saw nothing, or that is exact', () => {
    const of = new Sensitivity(1, 1);
    of.add(0, 0, 5);
    expect(spreadOf(of, METERED, model(), 1).method).toBe('analytical');
    of.add(1, 0, 0);
    expect(spreadOf(of, METERED, model(), 1).method).toBe('analytical');
    of.add(1, 0, 1);
    expect(spreadOf(of, METERED, model(), 1).method).toBe('monte_carlo');
  });

  it('is that of the meters alone where every intensity is exact', () => {
    const { low, high } = spreadOf(saving(), METERED, model({ intensity: 0 }), 1);
    const half = Math.hypot(11 * 0.3, 3 * 0.1);
    expect(Math.abs((high - low) / 2 - half) / half).toBeLessThan(0.03);
    expect(Math.abs((high + low) / 2 - 23) / half).toBeLessThan(0.03);
  });

  it('holds its value whatever is drawn', () => {
    const of = new Sensitivity(1, 1);
    of.add(1, 0, 5);
    for (let seed = 0; seed < 20; seed++) {
      const { low, high } = spreadOf(of, METERED, model({ draws: 1 }), seed);
      expect(low).toBeLessThanOrEqual(5);
      expect(high).toBeGreaterThanOrEqual(5);
    }
  });

  it('has the digits that a record of an earlier day holds', () => {
    const digits = (meters: readonly Meter[], errors: ErrorModel, seed: number) => {
      const { low, high } = spreadOf(saving(), meters, errors, seed);
      return [low.toFixed(9), high.toFixed(9)];
    };
    const few = { draws: 999 };
    expect(digits(METERED, model(few), 1)).toEqual(['18.149672291', '28.268865688']);
    expect(digits(METERED, model({ ...few, regionBias: 0.15, confidence: 0.9 }), 2)).toEqual([
      '16.900512314',
      '28.558809682',
    ]);
    expect(digits(EXACT, model({ ...few, intensity: 1.2 }), 1)).toEqual(['0.812410551', '47.482023868']);
    expect(digits(METERED, model({ ...few, intensity: 0.9, regionBias: 0.6 }), 5)).toEqual([
      '4.443829493',
      '45.083738531',
    ]);
  });

  it('is drawn where meters err too, or where the error is cut off at zero, and agrees with a second drawing', () => {
    for (const [meters, errors, why] of [
      [METERED, model(), 'multiply'],
      [METERED, model({ regionBias: 0.15 }), 'multiply'],
      [EXACT, model({ intensity: 1.2 }), 'cut off at zero'],
      [METERED, model({ intensity: 0.9, regionBias: 0.6 }), 'cut off at zero'],
    ] as const) {
      const mine = spreadOf(saving(), meters, errors, 3);
      const apart = drawnApart(meters, errors, 60_000);
      expect(mine.method).toBe('monte_carlo');
      expect(mine.why).toContain(why);
      const width = apart.high - apart.low;
      expect(Math.abs(mine.low - apart.low) / width, `${why}, low`).toBeLessThan(0.025);
      expect(Math.abs(mine.high - apart.high) / width, `${why}, high`).toBeLessThan(0.025);
    }
  });

  it('of a part adds the errors of its meters in quadrature, and their product with the widest of them', () => {
    const errors = model({ regionBias: 0.1 });
    const intensity = 50 * 0.2 ** 2 + 30 * 0.1 ** 2;
    expect(halfWidthOf(50, 30, [{ kg: 7, halfWidth: 0 }], errors)).toBeCloseTo(Math.sqrt(intensity), 12);
    const meters = [
      { kg: 7, halfWidth: 0.3 },
      { kg: -4, halfWidth: 0.5 },
      { kg: 1, halfWidth: 0.1 },
    ];
    const product = intensity * (0.5 / normalQuantile(0.975)) ** 2;
    const wanted = Math.sqrt(intensity + (7 * 0.3) ** 2 + (4 * 0.5) ** 2 + 0.1 ** 2 + product);
    expect(halfWidthOf(50, 30, meters, errors)).toBeCloseTo(wanted, 12);
  });
});
