import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../domain/fault.js';
import type { CarbonKind } from '../../../domain/signal.js';
import { instant, plusHours } from '../../../domain/time.js';
import { fixture, gridOf, hours, json, read, refusal, setting, start, write } from './fixtures/reading.js';
import { KNOWN, recognise } from './formats.js';
import { REFUSED } from './refused.js';
import { readSheet } from './sheet.js';
import { openSignalFile } from './signal-file.js';

const average: CarbonKind = { accounting: 'average', scope: 'operational' };
const lifecycle: CarbonKind = { accounting: 'average', scope: 'lifecycle' };
const marginal: CarbonKind = { accounting: 'marginal', scope: 'operational' };

/** Of the case files, from 1 June 2026 at midnight UTC; the made-up grid stands at 369, 344, 321, 300 g/kWh and so on. */
const G = [369, 344, 321, 300];

const sgip = [369, 344, 321, 300].map((g, i) => ({
  point_time: plusHours(start, i),
  moer: g / 1000,
  version: '1.0',
  freq: '300',
  ba: 'SGIP_CAISO_PGE',
}));
const octopus = {
  count: 2,
  results: [1, 0].map((i) => ({
    value_exc_vat: 20 + i,
    value_inc_vat: 21 + i,
    valid_from: plusHours(start, i / 2),
    valid_to: plusHours(start, (i + 1) / 2),
  })),
};
const emForecast = {
  zone: 'GB',
  forecast: G.map((carbonIntensity, i) => ({ carbonIntensity, datetime: plusHours(start, i) })),
  updatedAt: '2026-05-31T23:50:00.000Z',
};
const neso = write(
  ['time_utc,forecast,actual,index', ...G.map((g, i) => `${plusHours(start, i)},${g - 9},${g},low`)].join('\n'),
  'csv',
  'neso',
);

const regions = write(
  'datetime,North Scotland,London\n2026-06-01T00:00:00,10,200\n2026-06-01T00:30:00,12,210\n2026-06-01T01:00:00,,\n',
);
const watttime = G.map((g, i) => ({
  ba: 'CAISO_NORTH',
  datatype: 'MOER',
  frequency: 300,
  point_time: plusHours(start, i),
  value: g * 2.2,
  version: '3.0',
}));

const [YEARLY, API, BODY, TABLE, REGIONS, MIX, WATTTIME, SGIP, MOER, ROWS, FORECAST, ENERGINET, ENTSOE, OCTOPUS] =
  KNOWN.map(({ name }) => name);

/** A file of each format, the values that stand in it in g/kWh, worked out by hand, its kind, its regions and what is said of it. */
const CARBON: readonly [string, string, string | undefined, readonly (number | null)[], CarbonKind, string, RegExp][] =
  [
    ['em_new.csv', fixture('em_new.csv'), YEARLY, G, average, 'DE', /\(direct\); the file has .*Life cycle\) too/],
    ['em_old.csv', fixture('em_old.csv'), YEARLY, G, average, 'DE', /\(direct\); the file has .*\(LCA\) too/],
    ['em_id.csv', fixture('em_id.csv'), YEARLY, G, lifecycle, 'DE,FR', /^$/],
    ['em_two.csv', fixture('em_two.csv'), YEARLY, G, lifecycle, 'US-CAL-CISO,US-NY-NYIS', /^$/],
    ['em_api.json', fixture('em_api.json'), API, [409, 384, 361, 340], lifecycle, 'DE', /^$/],
    [
      'a forecast of Electricity Maps',
      json(emForecast),
      API,
      G,
      lifecycle,
      'GB',
      /scope not stated, taken as lifecycle/,
    ],
    ['uk_national.json', fixture('uk_national.json'), BODY, G, average, 'uk_national', /^$/],
    ['uk_regional.json', fixture('uk_regional.json'), BODY, G, average, 'London', /^$/],
    ['a table of NESO', neso, TABLE, [360, 335, 312, 291], average, 'neso', /NESO’s table in g\/kWh/],
    [
      'regions of NESO',
      regions,
      REGIONS,
      [10, 12, null, null, null, null, null, null],
      average,
      'North Scotland,London',
      /g\/kWh and UTC/,
    ],
    ['neso_mix.csv', fixture('neso_mix.csv'), MIX, G, average, 'neso_mix', /g\/kWh and UTC/],
    ['neso_plus00.csv', fixture('neso_plus00.csv'), MIX, G, average, 'neso_plus00', /g\/kWh and UTC/],
    // 811.8 lb/MWh × 0.45359237 kg/lb = 368.2 g/kWh.
    ['wt_v3.json', fixture('wt_v3.json'), WATTTIME, [368.2, 343.3, 320.3, 299.4], marginal, 'CAISO_NORTH', /^$/],
    ['wt_now.json', fixture('wt_now.json'), WATTTIME, [368.2, 343.3, 320.3, 299.4], marginal, 'CAISO_NORTH', /^$/],
    ['a body of SGIP', json(sgip), SGIP, G, marginal, 'SGIP_CAISO_PGE', /kg\/kWh/],
    ['wt_v2b.csv', fixture('wt_v2b.csv'), MOER, [368.2, 343.3, 320.3, 299.4], marginal, 'wt_v2b', /WattTime.*lb\/MWh/],
    ['a body of WattTime v2', json(watttime), MOER, [368.2, 343.3, 320.3, 299.4], marginal, 'CAISO_NORTH', /lb\/MWh/],
    ['casdk.json', fixture('casdk.json'), ROWS, G, average, 'westus', /kind not stated, taken as average operational/],
    ['casdk_fc.json', fixture('casdk_fc.json'), FORECAST, G, average, 'westus', /kind not stated/],
    ['energinet.csv', fixture('energinet.csv'), ENERGINET, [369.5, 344.5, 321.5, 300.5], average, 'DK1', /g\/kWh/],
  ];

describe('a file of carbon intensity, by its format', () => {
  it.each(CARBON)('%s', async (_, path, format, values, kind, regions, said) => {
    const file = await read(path);
    expect(recognise(readSheet(path))?.name).toBe(format);
    expect(file.values).toEqual(values);
    expect(file.kind).toEqual(kind);
    if (!/kind not stated/.test(file.source)) expect(file.source).toContain(`${kind.accounting} ${kind.scope}`);
    expect(file.regions.join()).toBe(regions);
    expect(file.assumed.join('; ')).toMatch(said);
  });

  it('is shown for every format that the page lists', () => {
    const shown = new Set([...CARBON.map(([, , format]) => format), ENTSOE, OCTOPUS]);
    expect([...shown]).toEqual(KNOWN.map(({ name }) => name));
  });

  it.each([
    ['a table of MOER that may be SGIP’s', write('timestamp,MOER\n2026-06-01T00:00:00Z,0.4\n'), 'lb/MWh and in kg/kWh'],
    [
      'WattTime’s health damage',
      json({ data: [{ point_time: start, value: 3 }], meta: { signal_type: 'health_damage', units: 'usd_per_mwh' } }),
      'no carbon intensity',
    ],
    ['load of ENTSO-E', write('MTU (UTC),Actual Total Load (MW)\n01/06/2026 00:00 - 01/06/2026 01:00,5\n'), 'no price'],
    [
      'the generation mix of NESO',
      json({ data: [{ from: start, to: plusHours(start, 0.5), generationmix: [{ fuel: 'gas', perc: 40 }] }] }),
      'no carbon column',
    ],
  ])('is not made of %s', (_, path, why) => {
    expect(refusal(path).message).toContain(why);
  });

  it('is read from JSON as from CSV', async () => {
    const records = [1, 0].map((i) => ({
      Minutes5UTC: plusHours(start, i / 12).slice(0, 19),
      Minutes5DK: plusHours(start, 2 + i / 12).slice(0, 19),
      PriceArea: 'DK1',
      CO2Emission: 100 + i,
    }));
    const file = await read(json({ total: 2, dataset: 'CO2Emis', records }), undefined, start, 1 / 6);
    expect(file).toMatchObject({ regions: ['DK1'], values: [100, 101], series: { stepMinutes: 5 } });
  });

  it('of several regions gives each its own values', async () => {
    const { grid } = openSignalFile({ path: fixture('em_two.csv'), start });
    expect((await grid.carbon('US-NY-NYIS', hours(2), 'forecast')).series.values).toEqual([409, 384]);
    const body = {
      data: [0, 1].map((i) => ({
        from: plusHours(start, i / 2),
        to: plusHours(start, (i + 1) / 2),
        regions: [
          { regionid: 1, shortname: 'North Scotland', intensity: { forecast: 10 + i, index: 'very low' } },
          { regionid: 13, shortname: 'London', intensity: { forecast: 200 + i, index: 'moderate' } },
        ],
      })),
    };
    const regional = openSignalFile({ path: json(body), start });
    expect(regional.regions).toEqual(['North Scotland', 'London']);
    expect((await regional.grid.carbon('London', hours(1), 'forecast')).series).toMatchObject({
      stepMinutes: 30,
      values: [200, 201],
    });
  });

  it('takes the life-cycle column where it is named, and says that it is one', async () => {
    const file = await read(fixture('em_new.csv'), 'Carbon intensity gCO₂eq/kWh (Life cycle)');
    expect(file.values).toEqual([409, 384, 361, 340]);
    expect(file.kind).toEqual(lifecycle);
    expect(file.assumed).toEqual([]);
  });

  it('of forecasts says so: when it was made, and that nothing has come true', async () => {
    for (const path of [fixture('uk_national.json'), fixture('uk_regional.json'), fixture('casdk_fc.json')]) {
      const grid = gridOf(path, { setting: { ...setting, sites: [{ region: 'GB' }] } });
      const actual = await grid.carbon('GB', hours(2), 'actual');
      expect(actual.series.values).toEqual([null, null]);
      expect(actual.source).toContain('nothing of it has come true');
      const forecast = await grid.carbon('GB', hours(2), 'forecast');
      expect(forecast).toMatchObject({ status: 'forecast', series: { values: [369, 344] } });
      expect(forecast.source).toContain('a forecast');
    }
    expect((await read(json(emForecast))).issuedAt).toBe('2026-05-31T23:50:00Z');
  });

  it('may be named for a place; a zone of another country stands for none by itself', async () => {
    const british = { ...setting, sites: [{ region: 'GB' }] };
    const german = fixture('em_new.csv');
    const fault = await gridOf(german, { setting: british })
      .carbon('GB', hours(1), 'actual')
      .catch((e: Fault) => e);
    expect(fault).toMatchObject({ code: 'not-found', remedy: expect.stringContaining('CACO_GRID=GB=file:') });
    const named = await gridOf(german, { setting: british, only: 'GB' }).carbon('GB', hours(1), 'actual');
    expect(named.series.values).toEqual([369]);
    expect(named.source).toContain('DE stands for GB');
  });
});

describe('a file of prices', () => {
  it('of ENTSO-E: euros per MWh from local times and their marks', async () => {
    const grid = gridOf(fixture('entsoe_gui.csv'));
    expect(recognise(readSheet(fixture('entsoe_gui.csv')))?.name).toBe(ENTSOE);
    expect(grid).toMatchObject({ hasCarbon: false, priced: true });
    // 01/06/2026 00:00 CEST is 22:00 UTC of the day before.
    const price = await grid.price('DE-LU', hours(4, instant('2026-05-31T22:00:00Z')), 'actual');
    expect(price.series.values).toEqual([92.25, 86, 80.25, 75]);
    expect(price.currency).toBe('EUR');
  });

  const mtu = (rows: readonly string[]) =>
    write(['"MTU (CET/CEST)","Area","Day-ahead Price (EUR/MWh)"', ...rows].join('\n'));
  const row = (from: string, to: string, price: number | string) => `"${from} - ${to}","BZN|DE-LU","${price}"`;

  it.each([
    ['with marks', ' (CEST)', ' (CET)'],
    ['without, by their order', '', ''],
  ])('of ENTSO-E over the clock change in October, %s', async (_, summer, winter) => {
    const path = mtu([
      row(`26/10/2025 01:00:00${summer}`, `26/10/2025 02:00:00${summer}`, 1),
      row(`26/10/2025 02:00:00${summer}`, `26/10/2025 02:00:00${winter}`, 2),
      row(`26/10/2025 02:00:00${winter}`, `26/10/2025 03:00:00${winter}`, 3),
      row(`26/10/2025 03:00:00${winter}`, `26/10/2025 04:00:00${winter}`, 4),
    ]);
    const from = instant('2025-10-25T23:00:00Z');
    const price = await gridOf(path).price('DE-LU', hours(4, from), 'actual');
    expect(price.series).toEqual({ start: from, stepMinutes: 60, values: [1, 2, 3, 4] });
  });

  it('of ENTSO-E in spring, and where the step changes from an hour to a quarter', async () => {
    const spring = mtu([
      row('30/03/2025 01:00:00', '30/03/2025 03:00:00', 1),
      row('30/03/2025 03:00:00', '30/03/2025 04:00:00', 2),
    ]);
    const march = instant('2025-03-30T00:00:00Z');
    expect((await gridOf(spring).price('DE-LU', hours(2, march), 'actual')).series.values).toEqual([1, 2]);
    const october = mtu([
      row('30/09/2025 23:00:00', '01/10/2025 00:00:00', 8),
      row('01/10/2025 00:00:00', '01/10/2025 00:15:00', 9),
      row('01/10/2025 00:15:00', '01/10/2025 00:30:00', 10),
    ]);
    const price = await gridOf(october).price('DE-LU', hours(1.5, instant('2025-09-30T21:00:00Z')), 'actual');
    expect(price.series).toMatchObject({ stepMinutes: 15, values: [8, 8, 8, 8, 9, 10] });
  });

  it('of Octopus: pence per kWh with VAT, newest first', async () => {
    const path = json(octopus);
    expect(recognise(readSheet(path))?.name).toBe(OCTOPUS);
    const british = { ...setting, currency: 'GBP', sites: [{ region: 'GB' }] };
    const price = await gridOf(path, { setting: british }).price('GB', hours(1), 'actual');
    expect(price.series).toMatchObject({ stepMinutes: 30, values: [210, 220] });
    expect(price.source).toContain('p/kWh with VAT');
  });

  it('is no signal to choose a time by', () => {
    expect(refusal(fixture('entsoe_gui.csv')).message).toContain('holds prices and no carbon intensity');
  });
});

describe('a format that is refused by its name', () => {
  const CAISO =
    'INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,LMP_TYPE,MW\n2026-06-01T07:00:00-00:00,2026-06-01T08:00:00-00:00,2026-06-01,LMP,22.4\n';
  const OUTLOOK = 'Time,Biogas CO2,Natural Gas CO2,Imports CO2\n00:00,30,4200,1700\n';
  const CASES: readonly [string, string, string][] = [
    ['AEMO', fixture('aemo.csv'), 'Electricity Maps (zones AU-NSW'],
    ['SMARD', fixture('smard.csv'), 'zone DE'],
    ['éCO2mix', fixture('eco2mix.xls'), 'carbon_g_per_kwh'],
    ['CAISO', write(CAISO), 'CAISO_NORTH'],
    ['CAISO', write(OUTLOOK), 'CAISO_NORTH'],
    ['Octopus Energy, consumption', fixture('octopus_old.csv'), 'carbon intensity'],
  ];
  it.each(CASES)('%s', (name, path, remedy) => {
    const fault = refusal(path);
    expect(fault).toMatchObject({ code: 'invalid-input', message: expect.stringContaining(`a file of ${name}`) });
    expect(fault.remedy).toContain(remedy);
  });
  it('is shown for every one that the page lists', () => {
    expect([...new Set(CASES.map(([name]) => name))]).toEqual(REFUSED.map(({ name }) => name));
  });
});
