/** Time and units against vectors that were worked out apart (Python's zoneinfo), wherever the machine stands. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { standsIn, ZONES } from './fixtures/zones.js';
import { carbonCost, emissions } from './physics.js';
import {
  efaBlockOf,
  instant,
  plusDays,
  plusSeconds,
  secondsBetween,
  settlementPeriodOf,
  settlementPeriodsIn,
  settlementStart,
  toEpoch,
} from './time.js';
import { gPerKwh, kg, kwh, perTonne } from './units.js';

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/vectors/${name}.json`, import.meta.url), 'utf8'));
const periods = vectors('settlement_periods');
const slots = vectors('octopus_dst');
const units = vectors('unit_conversions');

describe.each(ZONES)('on a machine in %s', (zone) => {
  standsIn(zone);

  it('a day on which clocks change has 46 or 50 settlement periods, and begins and ends when it does', () => {
    for (const day of periods.clock_change_days) {
      expect(settlementPeriodsIn(day.date)).toBe(day.periods);
      expect(settlementStart({ date: day.date, period: 1 })).toBe(day.sp1_start_utc);
      expect(settlementStart({ date: day.date, period: day.periods })).toBe(day.last_sp_start_utc);
      expect(settlementStart({ date: plusDays(day.date, 1), period: 1 })).toBe(day.next_day_sp1_start_utc);
    }
    for (const [year, count] of Object.entries(periods.periods_per_year)) {
      const [first, next] = [`${year}-01-01`, `${Number(year) + 1}-01-01`].map((date) =>
        settlementStart({ date, period: 1 }),
      );
      expect(secondsBetween(first!, next!) / 1800).toBe(count);
    }
  });

  it('a moment lies in its period, and what is no period is refused', () => {
    for (const row of periods.utc_to_settlement) {
      const period = settlementPeriodOf(instant(row.utc));
      expect(period).toEqual({ date: row.settlementDate, period: row.settlementPeriod });
      expect(settlementStart(period)).toBe(row.sp_start_utc);
      expect(plusSeconds(settlementStart(period), 1800)).toBe(row.sp_end_utc);
      expect(plusSeconds(settlementStart(period), -3600)).toBe(row.gate_closure_utc);
      expect(settlementPeriodsIn(period.date)).toBe(row.periods_in_day);
    }
    for (const row of periods.local_labels_clock_change)
      expect(settlementStart({ date: row.date, period: row.sp })).toBe(row.utc);
    for (const [date, period] of periods.invalid_date_period)
      expect(() => settlementStart({ date, period }), `${date} ${period}`).toThrow();
  });

  it('a moment lies in its EFA block: six of them by London’s clock, from 23:00 the evening before', () => {
    for (const { utc, efa_date, efa_block } of periods.efa_blocks)
      expect(efaBlockOf(instant(utc)), utc).toEqual({ date: efa_date, block: efa_block });
    // The blocks of a day of 23 or 25 hours begin by the clock as well: one of them has three hours, or five.
    for (const [date, at, hours] of [
      ['2025-03-30', '2025-03-29T23:00:00Z', 3],
      ['2025-10-26', '2025-10-25T22:00:00Z', 5],
    ] as const) {
      expect(efaBlockOf(instant(at))).toEqual({ date, block: 1 });
      expect(efaBlockOf(plusSeconds(instant(at), hours * 3600 - 1))).toEqual({ date, block: 1 });
      expect(efaBlockOf(plusSeconds(instant(at), hours * 3600))).toEqual({ date, block: 2 });
    }
  });

  it('H11: every half-hour of twenty years is one period of one day, and the next one follows it', () => {
    let at = settlementStart({ date: '2016-01-01', period: 1 });
    for (let date = '2016-01-01'; date < '2036-01-01'; date = plusDays(date, 1)) {
      const count = settlementPeriodsIn(date);
      // Its ends and the hours in which clocks change; what lies between is counted from the same midnight.
      for (const period of [1, 2, 3, 4, 5, 6, count])
        expect(settlementPeriodOf(plusSeconds(at, (period - 1) * 1800))).toEqual({ date, period });
      expect(settlementStart({ date, period: count })).toBe(plusSeconds(at, (count - 1) * 1800));
      at = plusSeconds(at, count * 1800);
    }
    expect(at).toBe(settlementStart({ date: '2036-01-01', period: 1 }));
  });

  it('a day of a tariff in London has its slots', () => {
    for (const day of slots.days) {
      expect(settlementPeriodsIn(day.local_date)).toBe(day.slots);
      expect(settlementStart({ date: day.local_date, period: 1 })).toBe(day.period_from);
      expect((toEpoch(day.period_to) - toEpoch(day.period_from)) / 1800).toBe(day.slots);
    }
  });
});

describe('units', () => {
  it('of emissions agree with what was worked out', () => {
    for (const [energy, grams, kilograms] of units.kwh_x_g_to_kg)
      expect(emissions(kwh(energy), gPerKwh(grams))).toBeCloseTo(kilograms, 9);
    for (const { kg: emitted, price_per_tonne, cost } of units.carbon_cost)
      expect(carbonCost(kg(emitted), perTonne(price_per_tonne))).toBeCloseTo(cost, 9);
  });
});
