import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  carbonCost,
  durationSeconds,
  emissions,
  energy,
  energyCost,
  facilityPower,
  secondsToHours,
  vcpuPower,
} from './physics.js';
import { Currency, gPerKwh, hours, Kw, kg, kw, kwh, perMwh, perTonne, Ratio } from './units.js';

describe('the laws', () => {
  // 8 vCPUs for 3 hours at 0.005 kW each, PUE 1.1, 350 g/kWh: 0.0462 kg.
  it('give the emissions of the published formula', () => {
    const used = energy(facilityPower(vcpuPower(8, 0.005), 1.1), hours(3));
    expect(used).toBeCloseTo(0.132, 12);
    expect(emissions(used, gPerKwh(350))).toBeCloseTo(0.0462, 12);
    expect(energyCost(used, perMwh(100))).toBeCloseTo(0.0132, 12);
    expect(carbonCost(kg(1000), perTonne(75))).toBe(75);
  });

  it('are linear in energy, so that pieces add up to the whole', () => {
    const energies = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(energies, energies, fc.double({ min: 0, max: 1200, noNaN: true }), (a, b, g) => {
        const whole = emissions(kwh(a + b), gPerKwh(g));
        expect(emissions(kwh(a), gPerKwh(g)) + emissions(kwh(b), gPerKwh(g))).toBeCloseTo(whole, 5);
      }),
    );
  });

  it('measure spans to the second', () => {
    expect(durationSeconds(1 / 3)).toBe(1200);
    expect(secondsToHours(5400)).toBe(1.5);
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e7 }), (s) => durationSeconds(secondsToHours(s)) === s));
  });
});

describe('units', () => {
  it('refuse what is no number', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, '1', null]) expect(Kw.safeParse(bad).success).toBe(false);
    expect(Kw.parse(1.5)).toBe(kw(1.5));
    expect([Ratio.safeParse(1.01).success, Ratio.safeParse(-0.01).success, Ratio.safeParse(1).success]).toEqual([
      false,
      false,
      true,
    ]);
    expect([Currency.safeParse('GBP').success, Currency.safeParse('gbp').success]).toEqual([true, false]);
  });

  it('do not let kWh be passed where kW is wanted', () => {
    // @ts-expect-error energy takes a power; this line fails the type check when it stops being refused.
    expect(energy(kwh(1), hours(1))).toBe(1);
  });
});
