import { describe, expect, it } from 'vitest';
import { instant, plusHours } from '../../../domain/time.js';
import { fixture, gridOf, hours, read, refusal, setting, start, write } from './fixtures/reading.js';
import { openSignalFile } from './signal-file.js';

/** Of the case files: what they tell of midnight UTC on 1 June 2026 and the hours after. */
const G = [369, 344, 321, 300];
const marginal = { accounting: 'marginal', scope: 'operational' };

describe('a table that is known by no name', () => {
  it.each([
    // 0.407 short tons × 907.18474 kg = 369.2 kg.
    ['tons.csv', [369.2, 343.8, 321.1, 300.3]],
    // 102.5 g/MJ × 3.6 MJ/kWh = 369 g/kWh.
    ['gmj.csv', [369, 344.2, 321.1, 299.9]],
    ['kgper.csv', G],
    ['mt.csv', G],
    // 813.5 lb/MWh × 0.45359237 = 369 g/kWh.
    ['unitcol.csv', [369, 344, 321, 300]],
    ['both.csv', G],
    ['tonsboth.csv', G],
  ])('counts as it says: %s', async (name, values) => {
    expect((await read(fixture(name))).values).toEqual(values);
    const [home] = setting.sites;
    expect((await gridOf(fixture(name)).price(home!.region, hours(2), 'forecast')).series.values).toEqual([null, null]);
  });

  it.each([
    ['share.csv', 'a share'],
    ['renew.csv', 'a share'],
    ['free.csv', 'a share'],
    ['load.csv', 'a power'],
    ['emissions_total.csv', 'a mass per time'],
  ])('is refused where it holds no carbon intensity: %s', (name, what) => {
    expect(refusal(fixture(name)).message).toContain(what);
    const column =
      {
        'share.csv': 'low_carbon_percentage',
        'renew.csv': 'renewable_percentage',
        'free.csv': 'carbon_free_percent',
        'load.csv': 'load_mw',
      }[name] ?? 'co2_tonnes_per_hour';
    expect(refusal(fixture(name), column).message).toContain(what);
    expect(refusal(fixture(name), `${column} (g/kWh)`).message).toContain(what);
  });

  const table = (header: string, ...values: (number | string)[]) =>
    write([`time,${header}`, ...values.map((v, i) => `${plusHours(start, i)},${v}`)].join('\n'));

  it.each([
    ['value', 'neither its unit nor that it is carbon'],
    ['moer', 'marginal rates in lb/MWh and in kg/kWh'],
    ['co2_tons_per_mwh', 'US short tons'],
    ['emissions', 'a total as well as an intensity'],
    ['emission_rate', 'a total as well as an intensity'],
    ['gas_intensity', 'a total as well as an intensity'],
    ['CO2PerkWh', 'the mass has no unit'],
    ['pounds_per_mwh', 'a mass or money'],
  ])('is asked for its unit, in words to paste: %s', async (header, why) => {
    const path = table(header, 0.9, 0.8);
    expect(refusal(path, header).message).toContain(why);
    const { remedy } = refusal(path, header);
    expect(remedy).toContain(`--column '${header} (g/kWh)'`);
    expect((await read(path, `${header} (kg/kWh, marginal)`)).values.slice(0, 2)).toEqual([900, 800]);
    expect((await read(path, `${header} (kg/kWh, marginal)`)).kind).toEqual(marginal);
  });

  it('with a column per zone has no column that only looks like another thing', () => {
    const zones = write('time,ID,RE,TO,CI\n2026-06-01T00:00Z,600,500,400,300\n');
    expect(openSignalFile({ path: zones, start }).regions).toEqual(['ID', 'RE', 'TO', 'CI']);
  });

  it('of forecasts alone says so, and of several of them is asked for one', async () => {
    const grid = gridOf(table('carbon_forecast_g_per_kwh', 300));
    expect((await grid.carbon('DE-LU', hours(1), 'forecast')).series.values).toEqual([300]);
    expect((await grid.carbon('DE-LU', hours(1), 'actual')).series.values).toEqual([null]);
    const two = table('carbon_forecast_low_g_per_kwh,carbon_forecast_high_g_per_kwh', '300,400');
    expect(refusal(two).remedy).toContain('carbon_forecast_low_g_per_kwh, carbon_forecast_high_g_per_kwh');
  });

  it('of both is a record with its forecast, as the page of NESO’s API downloads it', async () => {
    const header = 'Datetime (UTC),Actual Carbon Intensity (gCO2/kWh),Forecast Carbon Intensity (gCO2/kWh),Index';
    const grid = gridOf(write(`${header}\n2026-06-01T00:00,150,140,moderate\n2026-06-01T00:30,,160,moderate\n`));
    expect((await grid.carbon('DE-LU', hours(1), 'actual')).series.values).toEqual([150, null]);
    expect((await grid.carbon('DE-LU', hours(1), 'forecast')).series.values).toEqual([140, 160]);
  });

  it('says that it took g/kWh for granted, and does so only for values that can be', async () => {
    expect((await read(table('carbon_intensity', 300, 200))).assumed).toEqual([
      'unit not stated, taken as g/kWh',
      'kind not stated, taken as average operational',
    ]);
    expect(refusal(table('carbon_intensity', 0.3, 0.2)).remedy).toContain('kg/kWh');
    expect(refusal(table('carbon_intensity', 1800, 1900)).remedy).toContain('lb/MWh');
    expect(refusal(table('carbon_intensity', 300), 'carbon_intensity (st/acre)').message).toContain('names no unit');
    const two = table('carbon_g_per_kwh', 300);
    expect(refusal(two, 'carbon_g_per_kwh (lb/MWh)').message).toContain('another');
  });

  it('is refused where a lone column could be anything, or two differ', () => {
    expect(refusal(table('reading', 300))).toMatchObject({
      message: expect.stringContaining('no carbon column'),
      remedy: expect.stringContaining(`--column 'reading (g/kWh)'`),
    });
    const differ = table('a_g_per_kwh,b_g_per_kwh', '300,200');
    expect(refusal(differ).message).toContain('2 columns');
    const kinds = table('average_g_per_kwh,marginal_g_per_kwh', '300,300');
    expect(refusal(kinds).message).toContain('2 columns');
    expect(refusal(table('carbon_kg', 300)).message).toContain('a mass, not');
    expect(refusal(table('nox_lb_per_mwh', 3)).message).toContain('another substance');
  });

  it('keeps a marginal rate of 0, which is curtailed wind, and not an average of 0', async () => {
    expect((await read(table('marginal_g_per_kwh', 0, 100))).values.slice(0, 2)).toEqual([0, 100]);
    expect((await read(table('average_g_per_kwh', 0, 100))).values.slice(0, 2)).toEqual([null, 100]);
  });
});

describe('times', () => {
  const from = instant('2026-06-01T22:00:00Z');
  it('hold until the next where the step changes, and gaps stay gaps', async () => {
    const file = await read(fixture('step_change.csv'), undefined, from, 3);
    expect(file.series.stepMinutes).toBe(15);
    expect(file.values).toEqual([281, 281, 281, 281, 300, 300, 300, 300, 369, 369, 369, 369]);
    expect(file.source).toContain('step 60 min, 15 min from 2026-06-02T00:00:00Z');
    const gap = write(`time,ci\n${[0, 1, 2, 5, 6].map((i) => `${plusHours(start, i)},${i + 100}`).join('\n')}\n`);
    expect((await read(gap, undefined, start, 7)).values).toEqual([100, 101, 102, null, null, 105, 106]);
  });

  it('hold as long as their ends say; an end before its beginning is not believed, and said', async () => {
    const path = write(
      'from,to,ci\n2026-06-01T00:00Z,2026-06-01T00:30Z,100\n2026-06-01T01:00Z,2026-05-01T00:00Z,110\n2026-06-01T01:30Z,2026-06-01T02:00Z,120\n',
    );
    const file = await read(path, undefined, start, 2);
    expect(file.values).toEqual([100, null, 110, 120]);
    expect(file.source).toContain('1 ends that lie before their beginning not believed');
  });

  it('that are ends are moved to the beginning', async () => {
    const path = write('hour_ending_utc,ci\n2026-06-01T01:00,100\n2026-06-01T02:00,110\n');
    expect((await read(path, undefined, start, 2)).values).toEqual([100, 110]);
  });

  it('in a zone that the header names are read over its clock changes, or refused', async () => {
    const local = (...rows: string[]) => write(['time (Europe/Paris),ci', ...rows].join('\n'));
    const october = instant('2025-10-25T23:00:00Z');
    const twice = local('2025-10-26 01:00,1', '2025-10-26 02:00,2', '2025-10-26 02:00,3', '2025-10-26 03:00,4');
    expect((await read(twice, undefined, october)).values).toEqual([1, 2, 3, 4]);
    const back = local('2025-10-26 03:00,4', '2025-10-26 02:00,3', '2025-10-26 02:00,2', '2025-10-26 01:00,1');
    expect((await read(back, undefined, october)).values).toEqual([1, 2, 3, 4]);
    const once = local('2025-10-26 01:00,1', '2025-10-26 02:00,2', '2025-10-26 03:00,4');
    expect(refusal(once).message).toContain('happens twice in Europe/Paris');
    const never = local('2025-03-30 01:00,1', '2025-03-30 02:00,2');
    expect(refusal(never).message).toContain('does not exist in Europe/Paris');
    const nowhere = write('time (Europe/Nowhere),ci\n2025-03-30 01:00,1\n');
    expect(refusal(nowhere).message).toContain('Europe/Nowhere');
  });

  it('without a zone, or with the day and the month in doubt, are refused with the line', () => {
    for (const text of ['2026-06-01 00:00', '01/06/2026 00:00', '2026-02-30T00:00:00Z']) {
      const fault = refusal(write(`time,ci\n${text},100\n`));
      expect(fault.message).toContain(`line 2: "${text}" is not a time with a zone`);
    }
  });

  it('and numbers with a comma are read where nothing else can be meant', async () => {
    const path = write('time;ci\n2026-06-01T00:00Z;100,5\n2026-06-01T01:00Z;99,25\n');
    expect((await read(path, undefined, start, 2)).values).toEqual([100.5, 99.3]);
    const doubt = write('time;ci\n2026-06-01T00:00Z;1,250\n');
    expect(refusal(doubt).message).toContain('thousands or decimals');
  });
});
