import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from './fault.js';
import { Site } from './site.js';
import { demandCostOf, egressCostOf, instancePriceOf, pricesOf } from './tariff.js';
import { instant } from './time.js';

const site = (over: object) =>
  Site.parse({
    id: 's',
    region: 'GB',
    currency: 'GBP',
    tariff: { energy: { kind: 'flat', pricePerMwh: 100 } },
    ...over,
  });
const span = (start: string, end: string) => ({ start: instant(start), end: instant(end) });
const day = (date: string) => span(`${date}T00:00:00Z`, `${date}T23:59:59Z`);
const nightRate = (extra: object = {}) =>
  site({
    tariff: {
      energy: {
        kind: 'bands',
        timeZone: 'Europe/London',
        bands: [
          { from: '00:30', to: '07:30', pricePerMwh: 70 },
          { from: '07:30', to: '00:30', pricePerMwh: 200 },
        ],
      },
      ...extra,
    },
  });

describe('pricesOf', () => {
  it('adds the levy to a flat tariff and covers the whole interval on the UTC grid', () => {
    const series = pricesOf(
      site({ tariff: { energy: { kind: 'flat', pricePerMwh: 100 }, levyPerMwh: 12.5 } }),
      null,
      span('2022-06-01T00:10:00Z', '2022-06-01T02:10:00Z'),
      30,
    );
    expect(series).toEqual({ start: '2022-06-01T00:00:00Z', stepMinutes: 30, values: Array(5).fill(112.5) });
  });

  it('reads bands on the local clock, an hour earlier in UTC during summer time', () => {
    const winter = pricesOf(nightRate(), null, day('2022-01-12'), 30).values;
    const summer = pricesOf(nightRate(), null, day('2022-06-15'), 30).values;
    expect(winter.slice(0, 2)).toEqual([200, 70]);
    expect(winter.slice(14, 16)).toEqual([70, 200]);
    expect(summer.slice(12, 14)).toEqual([70, 200]);
    expect(summer.slice(46)).toEqual([200, 70]);
  });

  it('follows both clock changes within the day', () => {
    // 2022-03-27 01:00 UTC: clocks go forward, so 06:30 UTC is 07:30 local. 2022-10-30 01:00 UTC: back, 07:30 UTC is 07:30 local.
    const spring = pricesOf(nightRate(), null, day('2022-03-27'), 30).values;
    expect([spring[0], spring[1], spring[12], spring[13]]).toEqual([200, 70, 70, 200]);
    const autumn = pricesOf(nightRate(), null, span('2022-10-29T23:00:00Z', '2022-10-30T09:00:00Z'), 30).values;
    expect(autumn.filter((v) => v === 70)).toHaveLength(16);
  });

  it('weights a band that ends within a step by time', () => {
    const values = pricesOf(nightRate(), null, span('2022-01-12T07:00:00Z', '2022-01-12T08:00:00Z'), 60).values;
    expect(values).toEqual([135]);
  });

  it('keeps a band that runs past midnight with the day on which it begins, and leaves uncovered time unknown', () => {
    const friday = site({
      tariff: {
        energy: {
          kind: 'bands',
          timeZone: 'UTC',
          bands: [{ days: ['fri'], from: '22:00', to: '02:00', pricePerMwh: 10 }],
        },
      },
    });
    const values = pricesOf(friday, null, span('2022-06-03T21:00:00Z', '2022-06-04T03:00:00Z'), 60).values;
    expect(values).toEqual([null, 10, 10, 10, 10, null]);
  });

  it('takes the time-weighted mean of a signal on another grid and keeps its gaps', () => {
    const owner = site({ tariff: { energy: { kind: 'signal' }, levyPerMwh: 1 } });
    const signal = {
      currency: 'GBP',
      series: { start: instant('2022-06-01T00:00:00Z'), stepMinutes: 30, values: [10, 30, null, 50] },
    };
    const hour = span('2022-06-01T00:00:00Z', '2022-06-01T02:00:00Z');
    expect(pricesOf(owner, signal, hour, 60).values).toEqual([21, null]);
    expect(pricesOf(owner, null, hour, 60).values).toEqual([null, null]);
    expect(() => pricesOf(owner, { ...signal, currency: 'USD' }, hour, 60)).toThrow(Fault);
  });

  it('charges a tenant no energy, an owner no instances and no egress', () => {
    const tenant = site({ payer: 'tenant', egressPerGb: 0.02, instancePricesPerHour: { m5: 0.1 } });
    expect(pricesOf(tenant, null, day('2022-06-01'), 60).values).toEqual(Array(24).fill(0));
    expect(instancePriceOf(tenant, 'm5')).toBe(0.1);
    expect(instancePriceOf(tenant, 'm6')).toBeNull();
    expect(egressCostOf(tenant, 'GB', 50)).toBe(0);
    expect(egressCostOf(tenant, 'FR', 50)).toBe(1);
    const owner = site({ egressPerGb: 0.02, instancePricesPerHour: { m5: 0.1 } });
    expect(instancePriceOf(owner, 'm5')).toBe(0);
    expect(egressCostOf(owner, 'FR', 50)).toBe(0);
  });

  it('charges demand to owners only', () => {
    const tariff = { energy: { kind: 'flat', pricePerMwh: 1 }, demandChargePerKw: 3 };
    expect(demandCostOf(site({ tariff }), 12)).toBe(36);
    expect(demandCostOf(site({ tariff, payer: 'tenant' }), 12)).toBe(0);
  });

  it('gives the same money whatever the grid', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 364 }), fc.constantFrom(5, 15, 30, 60), (offset, step) => {
        const start = Date.UTC(2022, 0, 1) / 1000 + offset * 86_400;
        const whole = span(new Date(start * 1000).toISOString(), new Date((start + 86_400) * 1000).toISOString());
        const mean = (s: number) => {
          const { values } = pricesOf(nightRate(), null, whole, s);
          return values.reduce((sum: number, v) => sum + v!, 0) / values.length;
        };
        expect(mean(step)).toBeCloseTo(mean(60), 9);
      }),
      { numRuns: 40 },
    );
  });
});
