/** Conversions that were worked out apart, through a signal file and a tariff’s prices, wherever the machine stands. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { standsIn, ZONES } from '../../../domain/fixtures/zones.js';
import { plusHours } from '../../../domain/time.js';
import { gridOf, hours, start, write } from './fixtures/reading.js';

const units = JSON.parse(
  readFileSync(new URL('../../../domain/fixtures/vectors/unit_conversions.json', import.meta.url), 'utf8'),
) as Record<string, [number, number][]>;

/** One value an hour, under a header that says its unit. */
const fileOf = (header: string, values: readonly (number | string)[]) =>
  gridOf(write([header, ...values.map((value, i) => `${plusHours(start, i)},${value}`)].join('\n')), {
    setting: { name: 'test', currency: 'GBP', start, sites: [{ region: 'GB' }] },
  });

const near = (found: readonly (number | null)[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(1e-9 * Math.abs(value));
};

describe.each(ZONES)('H5: units, on a machine in %s,', (zone) => {
  standsIn(zone);

  it.each([
    ['lbs_per_mwh_to_g_per_kwh', 'time,marginal_lb_per_mwh'],
    ['t_per_kwh_to_g_per_kwh', 'time,carbon_t_per_kwh'],
  ])('of carbon: %s', async (name, header) => {
    // A grid at 0 stands for what is not known.
    const rows = units[name]!.filter(([, grams]) => grams !== 0);
    const grid = fileOf(
      header,
      rows.map(([given]) => given),
    );
    const { series } = await grid.carbon('GB', hours(rows.length), 'actual');
    near(
      series.values,
      rows.map(([, grams]) => grams),
    );
  });

  it('of prices: pence per kWh', async () => {
    const rows = units.p_per_kwh_to_gbp_per_mwh!;
    const grid = fileOf(
      'time,gco2_per_kwh,agile_p_per_kwh',
      rows.map(([pence]) => `200,${pence}`),
    );
    const { series } = await grid.price('GB', hours(rows.length), 'actual');
    near(
      series.values,
      rows.map(([, pounds]) => pounds),
    );
  });
});
