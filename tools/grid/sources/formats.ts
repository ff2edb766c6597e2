/**
 * The formats of signal files that are read by their name. The next one is an entry here, a file in fixtures/formats/ and a row in
 * formats.test.ts; `npm run docs` puts it into docs/signal-files.md. Those that are refused stand in refused.ts.
 */
import { invalid } from '../../../domain/fault.js';
import { type Facts, has, type Known, named, only } from './format.js';
import { meaningOf } from './header.js';
import { REFUSED } from './refused.js';
import type { Sheet } from './sheet.js';

const AVERAGE = { accounting: 'average', scope: 'operational' } as const;
const MARGINAL = { accounting: 'marginal', scope: 'operational' } as const;
const POUNDS_PER_MWH = 0.45359237;
const KG_PER_KWH = 1000;

export const KNOWN: readonly Known[] = [
  {
    name: 'Electricity Maps, yearly file',
    unit: 'g/kWh, as its header says',
    zone: 'UTC, as its header says',
    times: 'beginning',
    kind: 'average; direct is operational, LCA and Life cycle are lifecycle',
    said: 'of the two columns the direct one is used; --column takes the other',
    refused: 'the shares of low-carbon and renewable power',
    facts: (sheet) => {
      const carbon = sheet.columns.filter((c) => /^carbon intensity gCO2eq\/kWh/i.test(c.normalize('NFKC')));
      const region = named(sheet, 'zone id');
      if (carbon.length === 0 || region === undefined) return null;
      const [first, second] = [...carbon].sort((a, b) => Number(/direct/i.test(b)) - Number(/direct/i.test(a)));
      return {
        carbon: first!,
        also: second,
        region,
        zone: 'UTC',
        kind: { accounting: 'average' },
      };
    },
  },
  {
    name: 'Electricity Maps, body of the API',
    unit: 'g/kWh',
    zone: 'its times carry one',
    times: 'beginning',
    kind: 'average; `emissionFactorType`, lifecycle where it is not there',
    said: 'the scope, where `emissionFactorType` is not there; a body of `forecast` is a forecast',
    refused: '',
    facts: (sheet) => {
      if (!has(sheet, 'carbonIntensity', 'datetime')) return null;
      const scope = only(sheet, 'emissionFactorType');
      const isForecast = sheet.path === 'forecast';
      return {
        carbon: named(sheet, 'carbonIntensity')!,
        gPerKwh: 1,
        time: named(sheet, 'datetime'),
        region: named(sheet, 'zone'),
        kind: { accounting: 'average', scope: scope === 'direct' ? 'operational' : 'lifecycle' },
        isForecast,
        ...(isForecast && { issued: named(sheet, 'updatedAt') }),
        ...(scope === undefined && { assumed: ['scope not stated, taken as lifecycle'] }),
      };
    },
  },
  {
    name: 'NESO Carbon Intensity API, national and regional bodies',
    unit: 'g/kWh',
    zone: 'its times carry one',
    times: 'beginning; `to` is the end',
    kind: 'average operational',
    said: 'a body without any actual value, such as every regional one, is a forecast',
    refused: 'the index and the generation mix',
    facts: (sheet) => {
      if (!has(sheet, 'from', 'intensity.forecast')) return null;
      const actual = named(sheet, 'intensity.actual');
      return {
        carbon: actual ?? null,
        forecast: named(sheet, 'intensity.forecast'),
        gPerKwh: 1,
        kind: AVERAGE,
        time: named(sheet, 'from'),
        end: named(sheet, 'to'),
        region: named(sheet, 'shortname'),
      };
    },
  },
  {
    name: 'NESO, table of forecast and actual',
    unit: 'g/kWh, assumed',
    zone: 'as its times or its header say',
    times: 'beginning',
    kind: 'average operational',
    said: 'the unit',
    refused: 'the index',
    facts: (sheet) =>
      has(sheet, 'forecast', 'actual')
        ? {
            carbon: named(sheet, 'actual')!,
            forecast: named(sheet, 'forecast'),
            gPerKwh: 1,
            kind: AVERAGE,
            assumed: ['read as NESO’s table in g/kWh'],
          }
        : null,
  },
  {
    name: 'NESO, table with a column per region',
    unit: 'g/kWh, assumed',
    zone: 'UTC, assumed where times have no offset',
    times: 'beginning',
    kind: 'average operational',
    said: 'unit and zone; it is a forecast',
    refused: '',
    facts: (sheet) => {
      if (!has(sheet, 'datetime', 'North Scotland', 'London')) return null;
      return {
        zones: sheet.columns.filter((column) => !/^datetime$/i.test(column)),
        gPerKwh: 1,
        kind: AVERAGE,
        zone: 'UTC',
        isForecast: true,
        assumed: ['read as NESO’s regional forecast in g/kWh and UTC'],
      };
    },
  },
  {
    name: 'NESO, historic generation mix',
    unit: 'g/kWh, assumed',
    zone: 'UTC, assumed where times have no offset; `+00` is read',
    times: 'beginning',
    kind: 'average operational',
    said: 'unit and zone',
    refused: 'power by fuel, and every share',
    facts: (sheet) =>
      sheet.columns.includes('DATETIME') && sheet.columns.includes('CARBON_INTENSITY')
        ? {
            carbon: 'CARBON_INTENSITY',
            gPerKwh: 1,
            kind: AVERAGE,
            time: 'DATETIME',
            zone: 'UTC',
            assumed: ['read as NESO’s historic mix: g/kWh and UTC'],
          }
        : null,
  },
  {
    name: 'WattTime, body of the API (v3)',
    unit: '`meta.units`: lb/MWh',
    zone: 'its times carry one',
    times: 'beginning',
    kind: '`meta.signal_type`: co2_moer is marginal, co2_aoer average; operational',
    said: 'a body with `meta.generated_at` is a forecast made then',
    refused: 'health damage, which is money, and percentiles',
    facts: (sheet) => {
      if (!has(sheet, 'value', 'meta.units')) return null;
      const units = only(sheet, 'meta.units') ?? '';
      const signal = only(sheet, 'meta.signal_type') ?? '';
      const meaning = meaningOf(units);
      if (meaning.what !== 'intensity')
        throw invalid(
          `${sheet.name} is WattTime’s ${signal} in ${units}, which is no carbon intensity`,
          'Ask WattTime for signal_type=co2_moer or co2_aoer.',
        );
      return {
        carbon: named(sheet, 'value')!,
        gPerKwh: meaning.gPerKwh,
        kind: {
          scope: 'operational',
          ...(signal !== '' && { accounting: /aoer/.test(signal) ? 'average' : 'marginal' }),
        },
        time: named(sheet, /^(point_)?time$/),
        region: named(sheet, 'meta.region'),
        issued: named(sheet, 'meta.generated_at'),
        isForecast: has(sheet, 'meta.generated_at'),
      };
    },
  },
  {
    name: 'SGIP Signal (California), body of the API',
    unit: 'kg/kWh, assumed',
    zone: 'its times carry one',
    times: 'beginning',
    kind: 'marginal operational',
    said: 'the unit; a body of `forecast` is a forecast',
    refused: '',
    facts: (sheet) => {
      const region = named(sheet, /^(ba|region)$/);
      const value = named(sheet, /^(moer|value)$/i);
      if (region === undefined || value === undefined || !has(sheet, 'point_time')) return null;
      const at = sheet.columns.indexOf(region);
      if (!sheet.rows.every(({ cells }) => /^SGIP_/.test(cells[at] ?? ''))) return null;
      const isForecast = sheet.path?.endsWith('forecast') ?? false;
      return {
        carbon: value,
        gPerKwh: KG_PER_KWH,
        kind: MARGINAL,
        time: named(sheet, 'point_time'),
        region,
        isForecast,
        ...(isForecast && { issued: named(sheet, 'generated_at') }),
        assumed: ['read as SGIP’s marginal rate in kg/kWh'],
      };
    },
  },
  {
    name: 'WattTime, table or body of MOER (v2)',
    unit: 'lb/MWh, assumed: SGIP’s table looks the same and counts in kg/kWh, which no value above 3 can be',
    zone: 'its times carry one',
    times: 'beginning',
    kind: 'marginal operational',
    said: 'the unit',
    refused: 'a table with no value above 3: it may be SGIP’s',
    facts: (sheet) => {
      const isBody = only(sheet, 'datatype') === 'MOER' && has(sheet, 'point_time', 'ba');
      const moer = isBody ? named(sheet, 'value') : has(sheet, 'timestamp') ? named(sheet, /^MOER$/) : undefined;
      if (moer === undefined) return null;
      const at = sheet.columns.indexOf(moer);
      const largest = sheet.rows.reduce((most, { cells }) => Math.max(most, Number(cells[at]) || 0), 0);
      if (largest <= 3) return null;
      return {
        carbon: moer,
        gPerKwh: POUNDS_PER_MWH,
        kind: MARGINAL,
        region: named(sheet, 'ba'),
        assumed: ['read as WattTime’s marginal rate in lb/MWh'],
      };
    },
  },
  {
    name: 'Carbon Aware SDK, rows of emissions',
    unit: 'g/kWh',
    zone: 'its times carry one',
    times: 'beginning; `Duration` is the length',
    kind: 'not stated',
    said: 'the kind: average operational, though WattTime behind the SDK is marginal',
    refused: '',
    facts: (sheet) =>
      has(sheet, 'location', 'time', 'rating') ? sdk(sheet, 'rating', 'time', { isForecast: false }) : null,
  },
  {
    name: 'Carbon Aware SDK, forecast',
    unit: 'g/kWh',
    zone: 'its times carry one',
    times: 'beginning; `duration` is the length in minutes',
    kind: 'not stated',
    said: 'the kind, as above; it is a forecast made at `generatedAt`',
    refused: '',
    facts: (sheet) =>
      /(^|\.)forecastData$/i.test(sheet.path ?? '') && has(sheet, 'location', 'value')
        ? sdk(sheet, 'value', /^time(stamp)?$/i, { isForecast: true, issued: named(sheet, 'generatedAt') })
        : null,
  },
  {
    name: 'Energinet, CO2 emission',
    unit: 'g/kWh, assumed',
    zone: 'UTC, from the column that ends in UTC',
    times: 'beginning',
    kind: 'average operational',
    said: 'the unit; its prognosis has the same columns and is read as a record',
    refused: '',
    facts: (sheet) => {
      const time = named(sheet, /^(Minutes5|Hour|Time)UTC$/i);
      if (time === undefined || !has(sheet, 'PriceArea', 'CO2Emission')) return null;
      return {
        carbon: named(sheet, 'CO2Emission')!,
        gPerKwh: 1,
        kind: AVERAGE,
        time,
        zone: 'UTC',
        region: named(sheet, 'PriceArea'),
        assumed: ['read as Energinet’s record in g/kWh'],
      };
    },
  },
  {
    name: 'ENTSO-E, day-ahead prices',
    unit: 'money per MWh, as its header says',
    zone: 'as its header says: CET/CEST or UTC; an hour that happens twice by its mark or by its order',
    times: 'beginning; the end stands beside it, also where the step changes',
    kind: 'prices, no carbon',
    said: '',
    refused: 'load and generation in MW',
    facts: (sheet) => {
      const time = named(sheet, /^MTU( \(.*\))?$/i);
      if (time === undefined) return null;
      const price = sheet.columns.find((c) => /day-ahead price|^price/i.test(c) && meaningOf(c).what === 'price');
      if (price === undefined)
        throw invalid(
          `${sheet.name} is ENTSO-E’s, and holds no price: ${sheet.columns.slice(0, 12).join(', ')}`,
          'ENTSO-E publishes power by fuel and no carbon intensity. Take carbon from Electricity Maps, and day-ahead prices from ENTSO-E.',
        );
      return { carbon: null, price, time, region: named(sheet, /^(area|bidding zone)$/i) };
    },
  },
  {
    name: 'Octopus Energy, unit rates',
    unit: 'p/kWh with VAT, assumed',
    zone: 'its times carry one',
    times: 'beginning; `valid_to` is the end',
    kind: 'prices, no carbon',
    said: 'the unit, and that VAT is in it',
    refused: 'your own consumption in kWh',
    facts: (sheet) =>
      has(sheet, 'value_inc_vat', 'valid_from')
        ? {
            carbon: null,
            price: named(sheet, 'value_inc_vat'),
            money: { perMwh: 10, currency: 'GBP', assumed: 'read as Octopus’ rates in p/kWh with VAT' },
            time: named(sheet, 'valid_from'),
            end: named(sheet, 'valid_to'),
          }
        : null,
  },
];

const sdk = (sheet: Sheet, value: string, time: string | RegExp, more: Facts): Facts => ({
  carbon: named(sheet, value)!,
  gPerKwh: 1,
  time: named(sheet, time),
  duration: named(sheet, 'duration'),
  region: named(sheet, 'location'),
  ...more,
});

/** Throws Fault `invalid-input` for a format that is refused by its name; null where none is known. */
export const recognise = (sheet: Sheet): { readonly name: string; readonly facts: Facts } | null => {
  for (const { name, tells, why, remedy } of REFUSED)
    if (tells(sheet)) throw invalid(`${sheet.name} is a file of ${name}: ${why}`, remedy);
  for (const { name, facts } of KNOWN) {
    const found = facts(sheet);
    if (found !== null) return { name, facts: found };
  }
  return null;
};
