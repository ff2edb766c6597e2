/** Time and units against vectors that were worked out apart (Python's zoneinfo), wherever the machine stands. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emissions } from './physics.js';
import {
  instant,
  plusDays,
  plusSeconds,
  secondsBetween,
  settlementPeriodOf,
  settlementPeriodsIn,
  settlementStart,
  toEpoch,
} from './time.js';
import { gPerKwh, kwh } from './units.js';

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/vectors/${name}.json`, import.meta.url), 'utf8'));
const periods = vectors('settlement_periods');
const slots = vectors('octopus_dst');
const units = vectors('unit_conversions');

describe.each(['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'])('on a machine in %s', (zone) => {
  const before = process.env.TZ;
  beforeAll(() => {
    process.env.TZ = zone;
  });
  afterAll(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  it('a day on which clocks change has 46 or 50 settlement periods, and begins and ends when it does', () => {
    expect(new Date('2026-01-01T00:00:00Z').getTimezoneOffset() === 0).toBe(zone === 'UTC');
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
  });
});
