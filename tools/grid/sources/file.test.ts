import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOREIGN_DATA, lacksData, shippedText } from '../../../checks/public-data.js';
import { instantAt } from '../../../domain/series.js';
import { instant, plusHours } from '../../../domain/time.js';
import { profileForecaster } from '../../forecaster/forecaster.js';
import { type FileGridOptions, fileGrid } from './file.js';

const folder = mkdtempSync(join(tmpdir(), 'signals-'));
let files = 0;
const write = (text: string, ending = 'csv') => {
  const path = join(folder, `signal-${files++}.${ending}`);
  writeFileSync(path, text);
  return path;
};
const start = instant('2022-06-01T00:00:00Z');
const scenario = { name: 'test', currency: 'GBP', start, sites: [{ region: 'GB' }] };
const open = (path: string, more: Partial<FileGridOptions> = {}) =>
  fileGrid({ path, forecaster: profileForecaster, clock: { now: () => start }, setting: scenario, ...more });
const hours = (n: number, from = start) => ({ start: from, end: plusHours(from, n) });
const line = (i: number, value: number | string) => `${plusHours(start, i)},${value}`;

describe('a signal file', () => {
  it('of one column serves the scenario’s only region', async () => {
    const grid = open(write(['time,gco2_per_kwh', line(0, 100), line(1, 90), line(2, 80)].join('\n')));
    expect(await grid.regions()).toEqual(['GB']);
    const signal = await grid.carbon('GB', hours(4), 'actual');
    expect(signal.series.values).toEqual([100, 90, 80, null]);
    expect((await grid.price('GB', hours(2), 'forecast')).series.values).toEqual([null, null]);
    await expect(grid.carbon('FR', hours(1), 'actual')).rejects.toMatchObject({ code: 'not-found' });
    const two = { ...scenario, sites: [{ region: 'GB' }, { region: 'FR' }] };
    expect(() => open(write('time,ci\n2022-06-01T00:00Z,5\n'), { setting: two })).toThrow('2 regions');
  });

  it('means the same whatever the order of its rows', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => line(i, 100 + i));
    const straight = await open(write(['time,ci', ...rows].join('\n'))).carbon('GB', hours(30), 'actual');
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(rows, { minLength: 30 }), async (mixed) => {
        const signal = await open(write(['time,ci', ...mixed].join('\n'))).carbon('GB', hours(30), 'actual');
        expect(signal.series).toEqual(straight.series);
      }),
      { numRuns: 5 },
    );
  });

  it('keeps gaps as gaps and does not believe zeros or impossible readings', async () => {
    const text = ['time,ci', line(0, 100), line(1, 0), line(2, ''), line(3, 99999), line(5, 80)].join('\n');
    const signal = await open(write(text)).carbon('GB', hours(6), 'actual');
    expect(signal.series.values).toEqual([100, null, null, null, null, 80]);
    expect(signal.source).toContain('2 zero or impossible readings left out');
  });

  it('takes offsets and clock changes for what they say', async () => {
    // The clocks go back on 30 October: 01:30 happens twice, an hour apart.
    const text =
      'time,ci\n2022-10-30T01:00:00+01:00,10\n2022-10-30T01:30:00+01:00,11\n2022-10-30T01:00:00+00:00,12\n2022-10-30T01:30:00+00:00,13\n';
    const signal = await open(write(text)).carbon('GB', hours(2, instant('2022-10-30T00:00:00Z')), 'actual');
    expect(signal.series).toMatchObject({ stepMinutes: 30, values: [10, 11, 12, 13] });
    expect(() => open(write('time,ci\n2022-10-30T01:00:00,10\n'))).toThrow('not a time with a zone');
    // A column that says utc needs no zone in its cells.
    const utc = await open(write('time_utc,ci\n2022-06-01T00:00,10\n2022-06-01T01:00,11\n')).carbon(
      'GB',
      hours(2),
      'actual',
    );
    expect(utc.series.values).toEqual([10, 11]);
  });

  it('may have a column per zone, or rows that name their region with prices', async () => {
    const wide = open(write('time_utc,DE,FR\n2022-06-01T00:00Z,400,50\n2022-06-01T01:00Z,390,51\n'));
    expect(await wide.regions()).toEqual(['DE', 'FR']);
    expect((await wide.carbon('FR', hours(2), 'actual')).series.values).toEqual([50, 51]);
    const long = open(
      write(
        'region,start,step_minutes,intensity_g_per_kwh,price_per_mwh\nA,2022-06-01T00:00:00Z,60,5,70\nB,2022-06-01T00:00:00Z,60,6,80\n',
      ),
    );
    expect(await long.regions()).toEqual(['A', 'B']);
    expect((await long.price('B', hours(1), 'actual')).series.values).toEqual([80]);
    const pence = open(write('time,gco2_per_kwh,agile_p_per_kwh\n2022-06-01T00:00Z,5,28.94\n'));
    expect((await pence.price('GB', hours(1), 'actual')).series.values[0]).toBeCloseTo(289.4, 9);
    const kilograms = open(write('time,kgco2_per_kwh\n2022-06-01T00:00Z,0.25\n'));
    expect((await kilograms.carbon('GB', hours(1), 'actual')).series.values).toEqual([250]);
  });

  it.each([
    ['moer_lbs_per_mwh', 412.5, 187.106852625],
    ['carbon_kg_per_mwh', 200, 200],
    ['co2_t_per_mwh', 0.2, 200],
    ['intensity gCO₂eq/kWh', 200, 200],
    ['kgCO2/kWh', 0.2, 200],
    ['carbon_kg_per_kwh', 0.2, 200],
    ['carbon_intensity', 200, 200],
  ])('counts carbon as the header says: %s', async (header, value, gPerKwh) => {
    const grid = open(write(`time,${header},price_per_mwh\n2022-06-01T00:00Z,${value},80\n`));
    expect((await grid.carbon('GB', hours(1), 'actual')).series.values[0]).toBeCloseTo(gPerKwh, 9);
    expect((await grid.price('GB', hours(1), 'actual')).series.values).toEqual([80]);
  });
  it.each([
    ['price_gbp_per_kwh', 0.25, 250],
    ['price_gbp_per_mwh', 250, 250],
    ['gbp_per_kwh', 0.25, 250],
    ['price GBP/kWh', 0.25, 250],
    ['agile_p_per_kwh', 25, 250],
    ['price_pence_per_kwh', 25, 250],
    ['price_gbp_ct_per_kwh', -25, -250],
    ['öre/kWh', 25, 250],
    ['price', 250, 250],
  ])('counts money as the header says: %s', async (header, value, perMwh) => {
    const grid = open(write(`time,ci,${header}\n2022-06-01T00:00Z,5,${value}\n`));
    expect((await grid.price('GB', hours(1), 'actual')).series.values[0]).toBeCloseTo(perMwh, 9);
  });

  it('picks the column that is named, and lists the columns when it must ask', async () => {
    const path = write('time,carbon_a,carbon_b\n2022-06-01T00:00Z,1,2\n');
    expect(() => open(path)).toThrow('2 columns');
    expect((await open(path, { column: 'carbon_b' }).carbon('GB', hours(1), 'actual')).series.values).toEqual([2]);
    expect(() => open(path, { column: 'carbon_c' })).toThrow('no column "carbon_c"');
  });

  it('may be JSON: a series of ours, the Carbon Intensity API’s body or Electricity Maps’', async () => {
    const ours = open(write(JSON.stringify({ start, stepMinutes: 30, values: [1, null, 3] }), 'json'));
    expect((await ours.carbon('GB', hours(1.5), 'actual')).series.values).toEqual([1, null, 3]);
    const neso = open(
      write(
        JSON.stringify({
          data: [
            {
              from: '2022-06-01T00:00Z',
              to: '2022-06-01T00:30Z',
              intensity: { forecast: 210, actual: 220, index: 'moderate' },
            },
          ],
        }),
        'json',
      ),
    );
    expect((await neso.carbon('GB', hours(0.5), 'actual')).series.values).toEqual([220]);
    expect((await neso.carbon('GB', hours(0.5), 'forecast')).series.values).toEqual([210]);
    const history = [
      { zone: 'DE', carbonIntensity: 302, datetime: '2022-06-01T00:00:00.000Z', updatedAt: 'x', isEstimated: false },
    ];
    const maps = open(write(JSON.stringify({ zone: 'DE', history }), 'json'));
    expect((await maps.carbon('DE', hours(1), 'actual')).series.values).toEqual([302]);
  });

  it('says clearly what is wrong, with the line', () => {
    const cases: [string, string, string][] = [
      ['', 'csv', 'is empty'],
      ['time,ci\n', 'csv', 'no rows'],
      ['a,b\n1,2\n', 'csv', 'no time column'],
      ['time,ci\n2022-06-01T00:00Z,abc\n', 'csv', 'line 2: "abc" is not a number'],
      ['time,ci\n2022-06-01T00:00Z,1\n2022-06-01T00:00Z,2\n', 'csv', 'lines 2 and 3 give two values'],
      ['time,ci\n2022-06-01T00:00Z,1\n2022-06-01T01:00Z,2\n2022-06-01T02:30Z,2\n', 'csv', 'off the 60-minute grid'],
      ['{"a":', 'json', 'not JSON'],
      ['{"start":"2022-06-01T00:00","stepMinutes":60,"values":[1,2]}', 'json', 'not a time with a zone'],
      ['{"a": 1}', 'json', 'no list'],
    ];
    for (const [text, ending, message] of cases) expect(() => open(write(text, ending))).toThrow(message);
    expect(() => open(join(folder, 'none.csv'))).toThrow('there is no signal file');
    expect(() => open(write('time,ci,price_eur_per_mwh\n2022-06-01T00:00Z,100,2\n'))).toThrow('EUR');
  });
});

describe('what a file’s forecast is', () => {
  const days = 20;
  const text = (future: number) =>
    ['time,ci', ...Array.from({ length: days * 24 }, (_, i) => line(i, i < 240 ? 200 + (i % 24) : future))].join('\n');
  const later = { now: () => plusHours(start, 240) };

  it('with a week of record before now: the profile of the past, which never looks ahead', async () => {
    const [a, b] = await Promise.all(
      [50, 900].map((future) =>
        open(write(text(future)), { clock: later }).carbon('GB', hours(48, later.now()), 'forecast'),
      ),
    );
    expect(a!.series).toEqual(b!.series);
    expect(a!.series.values[0]).toBeCloseTo(200, 6);
    expect(a!.status).toBe('forecast');
  });

  it('with less: the file itself, which says so', async () => {
    const signal = await open(write(text(900))).carbon('GB', hours(3), 'forecast');
    expect(signal.series.values).toEqual([200, 201, 202]);
    expect(signal.source).toContain('taken as given');
  });
});

describe('real files', () => {
  const neso = fileURLToPath(new URL('./fixtures/neso-outage.csv', import.meta.url));
  it('hold outages that look like clean power and are not', async () => {
    const at = instant('2023-01-31T00:00:00Z');
    const grid = open(neso, { clock: { now: () => at } });
    const actual = await grid.carbon('GB', hours(2, at), 'actual');
    expect(actual.series.values[2]).toBeNull();
    expect(actual.source).toContain('1 zero or impossible');
    const forecast = await grid.carbon('GB', hours(2, at), 'forecast');
    expect(forecast.series.values.every((v) => v !== null && v > 0)).toBe(true);
    expect(forecast.source).toContain('column forecast');
  });

  it('of carbon and price beside weather are understood', async () => {
    const gb = open(write(shippedText('gb-2020-2022/gb_hourly.csv.gz')));
    expect((await gb.price('GB', hours(1), 'actual')).series.values[0]).toBeCloseTo(289.4, 9);
    expect((await gb.carbon('GB', hours(1), 'actual')).series.values).toEqual([268]);
  });

  it('of an average beside the energy of each fuel are understood', async () => {
    const ciso = fileURLToPath(new URL('./fixtures/eia-ciso.csv', import.meta.url));
    expect((await open(ciso).carbon('GB', hours(2), 'actual')).series.values).toEqual([151.634, 175.412]);
  });

  const foreign = (path: string) => join(FOREIGN_DATA, path);
  const zonesPath = 'carbon/em-2022/hourly_123_zones.csv';
  it.skipIf(lacksData('a signal file of 123 zones', [zonesPath]))('of 123 zones are understood', async () => {
    const zones = open(foreign(zonesPath));
    expect(await zones.regions()).toHaveLength(123);
    const year = await zones.carbon(
      'GB',
      { start: instant('2022-01-01T00:00:00Z'), end: instant('2023-01-01T00:00:00Z') },
      'actual',
    );
    const values = year.series.values.filter((v) => v !== null);
    // Published mean of the zone: 234.8 g/kWh.
    expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(234.8, 1);
  });

  const lwaPath = (zone: string) => `carbon/lwa-2020/${zone}_30min.csv`;
  const lwa = ['DE', 'FR', 'GB'];
  it.skipIf(lacksData('half-hourly signal files', lwa.map(lwaPath)))('by half hours are understood', async () => {
    for (const zone of lwa) {
      const grid = open(foreign(lwaPath(zone)), {
        clock: { now: () => instant('2020-06-01T00:00:00Z') },
      });
      const signal = await grid.carbon('GB', hours(24, instant('2020-06-01T00:00:00Z')), 'forecast');
      expect(signal.series.values).toHaveLength(48);
      expect(signal.series.values).not.toContain(null);
    }
  });

  it('that count their hours begin at the start of the scenario', async () => {
    const synthetic = await open(write('hour,carbon_intensity_g_per_kwh\n0,198\n1,170\n2,150\n3,149\n')).carbon(
      'GB',
      hours(3),
      'actual',
    );
    expect(synthetic.series.values).toEqual([198, 170, 150]);
    expect(instantAt(synthetic.series, 0)).toBe(start);
  });
});
