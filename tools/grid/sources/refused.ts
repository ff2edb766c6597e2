/** The formats of signal files that are refused by their name: they hold nothing to plan by, or not what can be read for certain. */
import { has, type Refused } from './format.js';

export const REFUSED: readonly Refused[] = [
  {
    name: 'AEMO',
    tells: (sheet) => sheet.columns[0] === 'C' || has(sheet, 'SETTLEMENTDATE', 'RRP'),
    why: 'prices and demand of the Australian market, whose times are ends of intervals without a zone, and no carbon intensity',
    remedy:
      'Take carbon from Electricity Maps (zones AU-NSW, AU-QLD, AU-SA, AU-TAS, AU-VIC). For prices write a table `time,price_aud_per_mwh`: the beginning of each interval, with +10:00.',
  },
  {
    name: 'SMARD',
    tells: (sheet) => has(sheet, /^(datum von|start date)$/i) && has(sheet, /^(datum bis|end date)$/i),
    why: 'prices or power of the German market in local time without an offset, and no carbon intensity',
    remedy:
      'Take carbon from Electricity Maps (zone DE), and prices from ENTSO-E’s CSV, whose header names its zone, or write `time,price_eur_per_mwh` with offsets.',
  },
  {
    name: 'éCO2mix',
    tells: (sheet) => has(sheet, /^p.rim.tre$/i, /^nature$/i) || has(sheet, /^taux([ _]de)?[ _]co2/i),
    why: 'French data in local time without an offset, with empty quarter-hours between its values',
    remedy:
      'Take carbon from Electricity Maps (zone FR), or write `time,carbon_g_per_kwh` from the column “Taux de Co2”, which is in g/kWh, with an offset in every time.',
  },
  {
    name: 'CAISO',
    tells: (sheet) =>
      has(sheet, 'INTERVALSTARTTIME_GMT') ||
      has(sheet, 'OPR_DT') ||
      sheet.columns.some((column) => /^(natural gas|imports|coal) co2/i.test(column)),
    why: 'prices, power or tonnes of CO2 an hour of California, and no carbon intensity',
    remedy:
      'Take carbon from WattTime (region CAISO_NORTH), SGIP Signal or Electricity Maps (zone US-CAL-CISO), or divide tonnes an hour by MW yourself and write `time,carbon_t_per_mwh`.',
  },
  {
    name: 'Octopus Energy, consumption',
    tells: (sheet) => has(sheet, /^consumption/i) && has(sheet, /^(start|interval_start)$/i),
    why: 'what your own meter used in kWh, which is neither carbon nor a price',
    remedy:
      'Give a file of carbon intensity, for example a download of Electricity Maps or of the Carbon Intensity API.',
  },
];
