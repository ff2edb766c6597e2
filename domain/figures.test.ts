import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  besideLimit,
  change,
  energyText,
  figure,
  massEstimateText,
  massText,
  moneyText,
  percentText,
  powerText,
  savedMassText,
  savedMoneyText,
} from './figures.js';

/** A figure's text read back. */
const read = (text: string): number => Number(text.replace('−', '-').replace(/\s/g, ''));

describe('a figure', () => {
  it.each([
    [0, '0'],
    [0.0123456, '0.0123'],
    [1.005, '1.00'],
    [12.345, '12.3'],
    [-7.4, '−7.40'],
    [412, '412'],
  ])('%d is written %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });

  it('is within half a unit of its third digit, without an exponent', () => {
    const magnitudes = fc.tuple(
      fc.double({ min: 1, max: 9.99, noNaN: true }),
      fc.integer({ min: -5, max: 9 }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(magnitudes, ([mantissa, power, minus]) => {
        const value = mantissa * 10 ** power * (minus ? -1 : 1);
        const text = figure(value);
        expect(text).toMatch(/^−?\d[\d\s]*(\.\d+)?$/);
        expect(Math.abs(read(text) - value)).toBeLessThanOrEqual(0.5000001 * 10 ** (power - 2) + 1e-12);
      }),
    );
  });

  it('carries a unit of its size', () => {
    expect([massText(7400), massText(0.5), massText(0)]).toEqual(['7.40 t', '500 g', '0 kg']);
    expect([energyText(214_000), energyText(0.25)]).toEqual(['214 MWh', '250 Wh']);
    expect(powerText(12_000)).toBe('12.0 MW');
    expect(percentText(-0.187)).toBe('−18.7 %');
    expect([moneyText(-21, 'GBP'), moneyText(3, 'CHF')]).toEqual(['−£21.0', '3.00 CHF']);
    expect([change('5'), change('−5'), change('0')]).toEqual(['+5', '−5', '0']);
  });

  it('is never a zero with a sign, a negative saving or a digit too many', () => {
    expect([massText(-1e-13), moneyText(-1e-12, 'GBP'), figure(-1e-15), percentText(-1e-14)]).toEqual([
      '0 kg',
      '£0',
      '0',
      '0 %',
    ]);
    expect([figure(9.996), massText(999.9), moneyText(0.00123, 'GBP')]).toEqual(['10.0', '1.00 t', '£0.00123']);
    expect([savedMassText(9.96), savedMassText(-9.96), savedMassText(0)]).toEqual([
      'saves 9.96 kg CO2e',
      'emits 9.96 kg CO2e more',
      'emits as much CO2e',
    ]);
    expect([savedMoneyText(-3, 'GBP'), savedMoneyText(3, 'GBP')]).toEqual(['costs £3.00 more', 'saves £3.00']);
    expect(besideLimit(50.001, 50)).toEqual(['50.001', '50']);
  });

  it('shows an interval in the unit of its value', () => {
    expect(massEstimateText({ value: 7400, low: 6100, high: 8700, confidence: 0.95 })).toBe('7.40 t (6.10 to 8.70)');
  });
});
