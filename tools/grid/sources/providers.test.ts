/** Every source against recorded bodies and against what servers answer on a bad day, over local servers. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { standsIn, ZONES } from '../../../domain/fixtures/zones.js';
import { type Instant, type Interval, instant, plusHours } from '../../../domain/time.js';
import type { Peer } from '../../../wire/fixtures/peer.js';
import { keyOf } from './book.js';
import { carbonIntensity } from './carbon-intensity.js';
import { eia } from './eia.js';
import { electricityMaps } from './electricity-maps.js';
import { elexon, volumeWeighted } from './elexon.js';
import { energinet } from './energinet.js';
import { entsoe } from './entsoe.js';
import { generationIn, pricesIn } from './entsoe-documents.js';
import type { Feed } from './feed.js';
import { askedThrough, eager, type Scripted, scripted } from './fixtures/asked.js';
import { factorsOf } from './fuels.js';
import { octopus } from './octopus.js';
import { rte } from './rte.js';
import { wattTime } from './watttime.js';
import { metOffice, openMeteo } from './weather.js';

const closing: { close(): Promise<void> }[] = [];
const peers: Peer[] = [];
afterEach(async () => {
  for (const one of [...closing.splice(0), ...peers.splice(0)]) await one.close();
});

const body = (name: string): string => readFileSync(new URL(`fixtures/recorded/${name}`, import.meta.url), 'utf8');
const span = (start: string, hours: number): Interval => ({
  start: instant(start),
  end: plusHours(instant(start), hours),
});

type Open = (base: string, now: () => Instant) => readonly Feed[];
const SOURCES: Readonly<Record<string, Open>> = {
  'carbon-intensity': (base) => carbonIntensity({ base, timer: eager().timer }),
  octopus: (base) => octopus({ base, timer: eager().timer, product: 'AGILE-24-10-01', area: 'C' }),
  elexon: (base) => elexon({ base, timer: eager().timer }),
  energinet: (base) => energinet({ base, timer: eager().timer }),
  rte: (base) => rte({ base, timer: eager().timer }),
  entsoe: (base) => entsoe({ base, timer: eager().timer, token: 'secret-token' }),
  eia: (base) => eia({ base, timer: eager().timer, key: 'secret-token' }),
  'electricity-maps': (base, now) =>
    electricityMaps({ base, timer: eager().timer, token: 'secret-token', zones: ['GB'], now }),
  watttime: (base, now) =>
    wattTime({ base, timer: eager().timer, user: 'u', password: 'secret-token', regions: ['CAISO_NORTH'], now }),
  'open-meteo': (base) => openMeteo({ base, timer: eager().timer }),
  'met-office': (base) => metOffice({ base, timer: eager().timer, key: 'secret-token' }),
};

const replay = async (name: string, script: (path: string, n: number) => Scripted, now: string) => {
  const { peer, asked, url } = await scripted(script);
  peers.push(peer);
  const feeds = SOURCES[name]!(url, () => instant(now));
  const grid = await askedThrough(feeds, { now: () => now, timer: eager().timer });
  closing.push(grid);
  const feedOf = (quantity: string, region: string) =>
    feeds.find(
      (feed) => feed.quantity === quantity && (feed.regions().length === 0 || feed.regions().includes(region)),
    )!;
  /** What is kept after a refresh: at, value, status. */
  const kept = async (quantity: string, region: string, interval: Interval) => {
    const [brought] = (
      await grid.live.grid.refresh(
        { interval, regions: [region] },
        { signal: new AbortController().signal, progress: () => {} },
      )
    ).filter((one) => one.quantity === quantity);
    const values = await grid.values.read(
      keyOf(feedOf(quantity, region), region),
      interval,
      plusHours(instant(now), 1),
    );
    return { brought, rows: values.filter(({ value }) => value !== null) };
  };
  return { asked, grid, kept };
};

describe.each(ZONES)('recorded bodies, on a machine in %s,', (zone) => {
  standsIn(zone);

  it('of a region of Great Britain: an object or a list, forecasts only, and "actual" is refused in words', async () => {
    const day = span('2020-05-19T20:00:00Z', 24);
    const { grid } = await replay(
      'carbon-intensity',
      () => ({ body: body('carbon-intensity/regional_postcode_BH1_48rows_object.json') }),
      day.start,
    );
    const { series } = await grid.carbon('GB-SOUTH-WEST-ENGLAND', day, 'forecast');
    const values = series.values as number[];
    expect([values.length, Math.min(...values), Math.max(...values)]).toEqual([48, 161, 316]);
    await expect(grid.carbon('GB-SOUTH-WEST-ENGLAND', day, 'actual')).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('not available regionally'),
    });
    const listed = await replay(
      'carbon-intensity',
      () => ({ body: body('carbon-intensity/regional_postcode_docs_array.json') }),
      '2018-01-20T12:00:00Z',
    );
    const half = span('2018-01-20T12:00:00Z', 0.5);
    expect((await listed.grid.carbon('GB-NORTH-WEST-ENGLAND', half, 'forecast')).series.values).toEqual([266]);
    expect(listed.asked[0]).toContain('/regional/intensity/2018-01-20T12:00Z/2018-01-20T13:00Z/regionid/3');
  });

  it('of a region from midnight: the half-hour before it, which the server sends first, is nobody’s', async () => {
    const midnight = '2025-10-23T00:00:00Z';
    const { grid } = await replay(
      'carbon-intensity',
      () => ({ body: body('carbon-intensity/regional_fw48h_postcode_BS16_2025-10-22_object_trimmed.json') }),
      midnight,
    );
    const told = JSON.parse(
      body('carbon-intensity/regional_fw48h_postcode_BS16_2025-10-22_object_trimmed.json'),
    ).data.data.map((row: { intensity: { forecast: number } }) => row.intensity.forecast);
    expect(told).toHaveLength(9);
    const { series, knownUntil } = await grid.carbon('GB-SOUTH-WEST-ENGLAND', span(midnight, 48), 'forecast');
    expect(series.start).toBe(midnight);
    expect(series.values.slice(0, 8)).toEqual(told.slice(1));
    // Far short of two days: what follows is not known.
    expect(series.values.slice(8).every((value) => value === null)).toBe(true);
    expect(knownUntil).toBe(plusHours(instant(midnight), 4));
  });

  it('H13: what ended a while ago, sent as the latest, is not taken for now', async () => {
    const now = '2019-09-12T08:57:00Z';
    const { grid } = await replay(
      'carbon-intensity',
      () => ({ body: body('carbon-intensity/national_current_stale_2019-09-12.json') }),
      now,
    );
    const hour = { start: instant(now), end: plusHours(instant(now), 1) };
    const signal = await grid.carbon('GB', hour, 'forecast');
    expect(signal.series.values.every((value) => value === null)).toBe(true);
    expect(signal.knownUntil).toBe('2019-09-12T08:30:00Z');
    const before = await grid.carbon('GB', span('2019-09-12T08:00:00Z', 0.5), 'actual');
    expect(before.series.values).toEqual([188]);
  });

  it('of Octopus: newest first, in pounds per MWh with VAT, negative, and a list that is short of what it promises', async () => {
    const march = span('2023-03-26T00:00:00Z', 1.5);
    const { grid } = await replay(
      'octopus',
      () => ({ body: body('octopus/agile_2023-03-26_3slots_newest_first.json') }),
      '2023-03-28T00:00:00Z',
    );
    const signal = await grid.price('GB', march, 'actual');
    expect(signal.series.values).toEqual([255.15, 273, 245.7]);
    expect(signal).toMatchObject({ currency: 'GBP', source: expect.stringContaining('inc. VAT') });
    const may = span('2026-05-25T13:00:00Z', 10);
    const short = await replay(
      'octopus',
      () => ({ body: body('octopus/unit_rates_docs_negative.json') }),
      '2026-05-26T00:00:00Z',
    );
    const prices = await short.grid.price('GB', may, 'actual');
    expect(prices.series.values[0]).toBe(-30);
    expect(prices.series.values.slice(1, 17)).toEqual(Array.from({ length: 16 }, () => null));
    expect(prices.notes?.join(' ')).toContain('48 prices and gave 4');
  });

  it('of Elexon: the market index by volume, fuels by their start, system prices, demand, and frequency', async () => {
    const july = span('2026-07-01T09:30:00Z', 0.5);
    const index = await replay(
      'elexon',
      (path) => ({
        body: body(
          path.includes('market-index') ? 'elexon/market_index_2026-07-01_sp22.json' : 'elexon/empty_data_200.json',
        ),
      }),
      '2026-07-01T12:00:00Z',
    );
    expect((await index.grid.price('GB', july, 'actual')).series.values).toEqual([106.83]);
    const may = span('2026-05-05T23:00:00Z', 1);
    const bodies: Readonly<Record<string, string>> = {
      'system-prices': 'elexon/system_prices_2026-05-06_sp1_sp2.json',
      'day-ahead': 'elexon/demand_forecast_day_ahead_shape.json',
      'demand/outturn': 'elexon/demand_outturn_2026-03-11.json',
      frequency: 'elexon/frequency_stream_shape_array.json',
      FUELHH: 'elexon/fuelhh_shape.json',
    };
    const script = (path: string) => ({
      body: body(Object.entries(bodies).find(([part]) => path.includes(part))?.[1] ?? 'elexon/empty_data_200.json'),
    });
    const system = await replay('elexon', script, '2026-05-07T00:00:00Z');
    const { rows } = await system.kept('system-price', 'GB', may);
    expect(rows.map(({ at, value, published }) => [at, value, published])).toEqual([
      ['2026-05-05T23:00:00Z', 96.79, '2026-05-06T23:44:34Z'],
      ['2026-05-05T23:30:00Z', 97.02, expect.any(String)],
    ]);
    const demand = await system.kept('demand', 'GB', may);
    // The second half-hour's national demand is null: a gap.
    expect(demand.rows.map(({ value, status }) => [value, status])).toEqual([[20100, 'forecast']]);
    const hertz = await system.kept('frequency', 'GB', span('2026-05-06T12:00:00Z', 0.25));
    expect(hertz.rows.map(({ value, minutes }) => [value, minutes])).toEqual([[50.014, 5]]);
    // 9 000 MW of wind and 4 200 of gas; what flows out to France generates nothing here.
    const fuels = await system.grid.carbon('GB', may, 'actual');
    expect(fuels.series.values[0]).toBeCloseTo((4200 * 394) / 13_200, 2);
    expect(fuels.status).toBe('estimate');
    const mislabelled = JSON.parse(body('elexon/fuelhh_mislabelled_sp48_shape.json')) as {
      data: { fuelType: string }[];
    };
    const gas = mislabelled.data.map((row) => ({ ...row, fuelType: 'CCGT' }));
    const text = JSON.stringify({ data: [...mislabelled.data, ...gas] });
    const wrong = await replay('elexon', () => ({ body: text }), '2022-01-16T00:00:00Z');
    const night = await wrong.kept('carbon', 'GB', span('2022-01-14T23:00:00Z', 2));
    expect(night.rows.map(({ at, value }) => [at, value])).toEqual([
      ['2022-01-14T23:30:00Z', 197],
      ['2022-01-15T00:00:00Z', 197],
    ]);
    // Wind alone is not all that was generated.
    const alone = await replay(
      'elexon',
      () => ({ body: body('elexon/fuelhh_mislabelled_sp48_shape.json') }),
      '2022-01-16T00:00:00Z',
    );
    expect((await alone.kept('carbon', 'GB', span('2022-01-14T23:00:00Z', 2))).rows).toEqual([]);
  });

  it('of Electricity Maps: life-cycle, a null that is a gap, and a forecast with its time', async () => {
    const script = (path: string) => ({
      body: body(
        path.includes('forecast')
          ? 'electricitymaps/forecast_shape.json'
          : 'electricitymaps/history_shape_with_null.json',
      ),
    });
    const { grid } = await replay('electricity-maps', script, '2025-11-05T12:55:00Z');
    const past = await grid.carbon('GB', span('2025-11-04T13:00:00Z', 2), 'actual');
    expect(past.series.values).toEqual([187, null]);
    expect(past.kind).toEqual({ accounting: 'average', scope: 'lifecycle' });
    const ahead = await grid.carbon('GB', span('2025-11-05T13:00:00Z', 3), 'forecast');
    expect(ahead).toMatchObject({ issuedAt: '2025-11-05T12:50:00Z', series: { values: [190, 176, null] } });
    const direct = body('electricitymaps/history_shape_with_null.json').replace('"lifecycle"', '"direct"');
    const mixed = await replay('electricity-maps', () => ({ body: direct }), '2025-11-05T00:00:00Z');
    await expect(mixed.grid.carbon('GB', span('2025-11-04T13:00:00Z', 2), 'actual')).rejects.toThrow('never mixed');
  });

  it('of WattTime: marginal, from pounds per MWh, and a log-in that ran out is made once more', async () => {
    const minimal = body('watttime/forecast_minimal.json');
    const script = (path: string, n: number): Scripted =>
      path === '/login'
        ? { body: body('watttime/login.json') }
        : n === 1
          ? { status: 401, body: '{}' }
          : { body: minimal };
    const { grid, asked } = await replay('watttime', script, '2026-04-01T00:00:00Z');
    const { series, kind } = await grid.carbon('CAISO_NORTH', span('2026-04-01T00:00:00Z', 0.5), 'forecast');
    expect(series).toMatchObject({ stepMinutes: 5, values: [187.10685262500002, null, null, null, null, null] });
    expect(kind).toEqual({ accounting: 'marginal', scope: 'operational' });
    expect(asked.map((path) => path.split('?')[0])).toEqual(['/login', '/v3/forecast', '/login', '/v3/forecast']);
    const refused = await replay('watttime', () => ({ status: 403, body: '{}' }), '2026-04-01T00:00:00Z');
    await expect(refused.grid.carbon('CAISO_NORTH', span('2026-04-01T00:00:00Z', 1), 'forecast')).rejects.toMatchObject(
      {
        code: 'forbidden',
        remedy: expect.stringContaining('CACO_WATTTIME_USER'),
      },
    );
  });

  it('of the EIA: text for numbers, hours in UTC, and no intensity where a fuel is missing', async () => {
    const may = span('2026-05-06T00:00:00Z', 1);
    const { grid } = await replay(
      'eia',
      () => ({ body: body('eia/fuel_type_data_shape.json') }),
      '2026-05-08T00:00:00Z',
    );
    const { series } = await grid.carbon('US-CISO', may, 'actual');
    expect(series.values[0]).toBeCloseTo((5123 * 435.4) / (5123 + 2201), 1);
    const gap = body('eia/fuel_type_data_shape.json').replace('"2201"', 'null');
    const missing = await replay('eia', () => ({ body: gap }), '2026-05-08T00:00:00Z');
    expect((await missing.grid.carbon('US-CISO', may, 'actual')).series.values).toEqual([null]);
  });

  it('of the weather: times without a zone are UTC, a null is a gap, and the place is latitude first', async () => {
    const place = '51.51,-0.61';
    const { grid, asked } = await replay(
      'open-meteo',
      () => ({ body: body('weather/openmeteo_hourly_shape.json') }),
      '2026-05-06T00:00:00Z',
    );
    const mild = await grid.live.grid.quantity('temperature', place, span('2026-05-06T00:00:00Z', 3));
    expect(mild).toMatchObject({ unit: '°C', series: { stepMinutes: 60, values: [9.4, 8.9, null] } });
    expect(asked[0]).toContain('latitude=51.51&longitude=-0.61');
    const office = await replay(
      'met-office',
      () => ({ body: body('weather/metoffice_hourly_shape.json') }),
      '2026-02-15T19:00:00Z',
    );
    const cool = await office.grid.live.grid.quantity('temperature', place, span('2026-02-15T19:00:00Z', 2));
    expect(cool!.series.values).toEqual([11, 10.6]);
    const wrong = await replay(
      'open-meteo',
      () => ({ status: 400, body: body('weather/openmeteo_error_400.json') }),
      '2026-05-06T00:00:00Z',
    );
    await expect(wrong.grid.live.grid.quantity('temperature', place, span('2026-05-06T00:00:00Z', 1))).rejects.toThrow(
      'Cannot initialize WeatherVariable',
    );
  });

  it('of Energinet and RTE: five minutes and quarters, hours before October 2025, rows ahead that are empty', async () => {
    const danish = (path: string): Scripted => {
      const records = path.includes('CO2EmisProg')
        ? [{ Minutes5UTC: '2025-09-30T21:00:00', PriceArea: 'DK1', CO2Emission: 60 }]
        : path.includes('CO2Emis')
          ? [{ Minutes5UTC: '2025-09-30T21:00:00', PriceArea: 'DK1', CO2Emission: 61.5 }]
          : path.includes('Elspotprices')
            ? [{ HourUTC: '2025-09-30T21:00:00', PriceArea: 'DK1', SpotPriceEUR: 80 }]
            : [
                { TimeUTC: '2025-09-30T22:15:00', PriceArea: 'DK1', DayAheadPriceEUR: -1.5 },
                { TimeUTC: '2025-09-30T22:00:00', PriceArea: 'DK1', DayAheadPriceEUR: 70 },
              ];
      return { body: JSON.stringify({ total: records.length, records }) };
    };
    const { grid } = await replay('energinet', danish, '2025-10-02T00:00:00Z');
    const price = await grid.price('DK1', span('2025-09-30T21:00:00Z', 1.5), 'actual');
    expect(price.series).toMatchObject({ stepMinutes: 15, values: [80, 80, 80, 80, 70, -1.5] });
    const carbon = await grid.carbon('DK1', span('2025-09-30T21:00:00Z', 5 / 60), 'actual');
    expect(carbon.series).toMatchObject({ stepMinutes: 5, values: [61.5] });
    const rows = [
      { date_heure: '2026-05-06T00:00:00+00:00', taux_co2: 21 },
      { date_heure: '2026-05-06T00:15:00+00:00', taux_co2: 22 },
      { date_heure: '2026-05-06T00:30:00+00:00', taux_co2: null },
    ];
    const french = await replay('rte', () => ({ body: JSON.stringify(rows) }), '2026-05-06T00:40:00Z');
    const past = await french.grid.carbon('FR', span('2026-05-06T00:00:00Z', 0.75), 'actual');
    expect(past.series).toMatchObject({ stepMinutes: 15, values: [21, 22, null] });
  });
});

describe('ENTSO-E', () => {
  const document = (curve: string, points: readonly (readonly [number, number])[], more = '') => `<?xml version="1.0"?>
<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">
<createdDateTime>2026-01-18T12:00:00Z</createdDateTime><TimeSeries><currency_Unit.name>EUR</currency_Unit.name>${more}<curveType>${curve}</curveType>
<Period><timeInterval><start>2026-01-18T23:00Z</start><end>2026-01-19T00:00Z</end></timeInterval><resolution>PT15M</resolution>
${points.map(([n, price]) => `<Point><position>${n}</position><price.amount>${price}</price.amount></Point>`).join('')}</Period></TimeSeries>
</Publication_MarketDocument>`;
  const values = (text: string) =>
    pricesIn(text)
      ?.prices.filter(({ status }) => status === 'actual')
      .map(({ value }) => value) ?? null;

  it('leaves out what is as the step before in one curve, and has a gap in another', () => {
    expect(
      values(
        document('A03', [
          [1, 50],
          [3, -2],
        ]),
      ),
    ).toEqual([50, 50, -2, -2]);
    expect(
      values(
        document('A01', [
          [1, 50],
          [3, -2],
        ]),
      ),
    ).toEqual([50, null, -2, null]);
  });

  it('has no prices in an acknowledgement, and says which auction where there is only another', () => {
    const none = '<Acknowledgement_MarketDocument><Reason><code>999</code></Reason></Acknowledgement_MarketDocument>';
    expect(pricesIn(none)).toEqual({ prices: [], notes: [] });
    const second =
      '<classificationSequence_AttributeInstanceComponent.position>2</classificationSequence_AttributeInstanceComponent.position>';
    expect(pricesIn(document('A03', [[1, 50]], second))!.notes[0]).toContain('sequence 2');
    expect(pricesIn('<html>Maintenance</html>')).toBeNull();
    expect(pricesIn(document('A03', [[1, 50]]).slice(0, -40))).toBeNull();
  });

  it('is asked in its own form of time, and its token stands in no message', async () => {
    const { grid, asked } = await replay(
      'entsoe',
      () => ({ body: document('A03', [[1, 50]]) }),
      '2026-01-18T13:00:00Z',
    );
    const { series, currency } = await grid.price('FR', span('2026-01-18T23:00:00Z', 1), 'forecast');
    expect([series.values, currency]).toEqual([[50, 50, 50, 50], 'EUR']);
    expect(asked[0]).toMatch(/periodStart=202601\d{6}&periodEnd=202601\d{6}/);
  });

  const generated = (
    of: readonly (readonly [type: string, points: readonly (readonly [number, number])[]])[],
    curve = 'A01',
    zone = 'in',
  ) =>
    `<?xml version="1.0"?>
<GL_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0">${of
      .map(
        ([type, points]) => `<TimeSeries><businessType>A01</businessType>
<${zone}BiddingZone_Domain.mRID codingScheme="A01">10YFR-RTE------C</${zone}BiddingZone_Domain.mRID>
<quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name><curveType>${curve}</curveType><MktPSRType><psrType>${type}</psrType></MktPSRType>
<Period><timeInterval><start>2026-01-18T10:00Z</start><end>2026-01-18T11:00Z</end></timeInterval><resolution>PT15M</resolution>
${points.map(([n, mw]) => `<Point><position>${n}</position><quantity>${mw}</quantity></Point>`).join('')}</Period></TimeSeries>`,
      )
      .join('')}</GL_MarketDocument>`;
  const four = (...mw: number[]) => mw.map((value, i) => [i + 1, value] as const);

  it('has an intensity from what each type generated, none where one of them is not told yet, and pumping generates nothing', async () => {
    // Gas at half its heat is 56.1 × 3.6 / 0.5 = 404 g/kWh, hard coal at 39 % 873; waste has no factor.
    const mix = generated([
      ['B04', four(1000, 500, 0, 100)],
      ['B14', four(3000, 3000, 3000, 3000)],
      ['B05', four(0, 500, 0)],
      ['B17', four(100, 100, 100, 100)],
    ]);
    const pumping = generated([['B10', four(900, 900, 900, 900)]], 'A01', 'out');
    const whole = mix.replace('</GL_MarketDocument>', `${pumping.slice(pumping.indexOf('<TimeSeries>'))}`);
    const { grid, asked } = await replay('entsoe', () => ({ body: whole }), '2026-01-18T12:00:00Z');
    const { series, kind } = await grid.carbon('FR', span('2026-01-18T10:00:00Z', 1), 'actual');
    expect(series.values).toEqual([101, 159.63, 0, null]);
    expect(kind).toEqual({ accounting: 'average', scope: 'operational' });
    expect(asked.find((path) => path.includes('A75'))).toMatch(
      /documentType=A75&processType=A16&in_Domain=10YFR-RTE------C/,
    );
  });

  it('goes on with the value before where the curve leaves it out, and says nothing where too much has no factor', () => {
    const held = generationIn(
      generated(
        [
          [
            'B04',
            [
              [1, 100],
              [3, 50],
            ],
          ],
        ],
        'A03',
      ),
    )!;
    expect(held.map(({ rows }) => rows[0]!.generation)).toEqual([100, 100, 50, 50]);
    expect(held[1]).toMatchObject({ at: '2026-01-18T10:15:00Z', minutes: 15 });
    const waste = generationIn(
      generated([
        ['B17', four(30, 10)],
        ['B04', four(70, 90)],
      ]),
    )!;
    expect(waste.map(({ rows }) => factorsOf.europe(rows))).toEqual([null, 404, null, null]);
    expect(generationIn(document('A03', [[1, 50]]))).toBeNull();
    expect(generationIn(generated([['B04', four(1)]]).replace('MAW', 'MWH'))).toBeNull();
    expect(generationIn('<Acknowledgement_MarketDocument></Acknowledgement_MarketDocument>')).toEqual([]);
  });
});

describe('the volume-weighted price', () => {
  it.each([
    [
      [
        [100, 3000],
        [130, 1000],
      ],
      107.5,
    ],
    [
      [
        [81, 100],
        [79, 300],
      ],
      79.5,
    ],
    [
      [
        [106.83, 3310.45],
        [0, 0],
      ],
      106.83,
    ],
    [
      [
        [0, 0],
        [0, 0],
      ],
      null,
    ],
    [
      [
        [-12.5, 200],
        [0, 0],
      ],
      -12.5,
    ],
    [
      [
        [0, 150],
        [0, 0],
      ],
      0,
    ],
  ] as const)('of %j is %s', (rows, expected) => {
    expect(volumeWeighted(rows.map(([price, volume]) => ({ price, volume })))).toBe(expected);
  });
});

const NOW = '2026-06-01T12:00:00Z';
const REGION: Readonly<Record<string, string>> = {
  energinet: 'DK1',
  rte: 'FR',
  entsoe: 'FR',
  eia: 'US-CISO',
  watttime: 'CAISO_NORTH',
  'open-meteo': '51.5,-0.6',
  'met-office': '51.5,-0.6',
};

describe.each(Object.keys(SOURCES))('%s on a bad day', (name) => {
  const brought = async (answer: Scripted) => {
    const { grid, asked } = await replay(name, (path) => (path === '/login' ? { body: '{"token":"t"}' } : answer), NOW);
    const region = REGION[name] ?? 'GB';
    const interval = { start: plusHours(instant(NOW), -2), end: plusHours(instant(NOW), 2) };
    const signals = await grid.live.grid.refresh(
      { interval, regions: [region] },
      { signal: new AbortController().signal, progress: () => {} },
    );
    const kept = await Promise.all(
      SOURCES[name]!('http://localhost', () => instant(NOW))
        .filter((feed) => feed.regions().length === 0 || feed.regions().includes(region))
        .map((feed) => grid.values.read(keyOf(feed, region), interval, plusHours(instant(NOW), 1))),
    );
    return { signals, values: kept.flat().filter(({ value }) => value !== null), asked };
  };

  it.each([
    ['an empty object', { body: '{}' }],
    ['an empty list', { body: '[]' }],
    ['an empty data list', { body: '{"data":[]}' }],
    ['a text for a list', { body: '{"data":"soon","records":"soon","results":"soon","response":"soon"}' }],
    ['a number', { body: '42' }],
    ['null', { body: 'null' }],
    ['a web page', { body: '<!doctype html><html>Maintenance</html>', headers: { 'content-type': 'text/html' } }],
    ['a body cut short', { body: '{"data":[{"from":"2026-06-01T1' }],
    ['nothing', { body: '' }],
    ['a failure', { status: 503, body: 'Service Unavailable' }],
    ['a wish to wait for an hour', { status: 429, body: '', headers: { 'retry-after': '3600' } }],
    ['a refusal', { status: 400, body: '{"error":{"message":"no"}}' }],
    ['a refusal of the key', { status: 401, body: '{"error":"bad key"}' }],
  ])('that answers %s has no value, and no message holds its key', async (_, answer) => {
    const { signals, values } = await brought(answer);
    expect(signals.length).toBeGreaterThan(0);
    expect(values).toEqual([]);
    expect(JSON.stringify(signals)).not.toContain('secret-token');
    for (const signal of signals) if (signal.trouble === null) expect(signal.gaps).toBeGreaterThan(0);
  });
});

describe('a wrong clock', () => {
  it('is told beside the values', async () => {
    const rows = [{ from: '2026-06-01T12:00Z', to: '2026-06-01T12:30Z', intensity: { forecast: 150 } }];
    const far = new Date(Date.now() + 3 * 3_600_000).toUTCString();
    const { grid } = await replay(
      'carbon-intensity',
      () => ({ body: JSON.stringify({ data: rows }), headers: { date: far } }),
      NOW,
    );
    const signal = await grid.carbon('GB', span(NOW, 0.5), 'forecast');
    expect(signal.notes?.join(' ')).toMatch(/clock is 1(79|80) min behind/);
  });
});
