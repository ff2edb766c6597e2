/** Which column of a signal file is what: from the format's name, from the headers, and from what the person says of one. */
import { invalid } from '../../../domain/fault.js';
import { type Carbon, carbonOf, unitBeside, ZONE } from './carbon.js';
import type { Facts } from './format.js';
import { recognise } from './formats.js';
import { kindIn, type Meaning, meaningOf } from './header.js';
import type { Timing } from './moments.js';
import { columnsText, SERIES, type Sheet } from './sheet.js';

const TIME =
  /^(time|times?tamp|datetime|date_?time|start|from|date|period_?start|interval_?start|valid_?from|point_time)([ _]?utc| ?\([^)]*\))?$/i;
const END_LABEL = /^((hour|period|interval|time)[ _]?end(ing)?|valid_to)([ _]?utc| ?\([^)]*\))?$/i;
const END = /^(to|end|valid_?to|period_?end|interval_?end)$/i;
const HOUR_INDEX = /^(hour|hour_index)$/i;
const LENGTH = /^(step_?minutes|duration_?minutes)$/i;
const REGIONS = [/^zone[ _]?id$/i, /^zone$/i, /^region$/i, /^area$/i, /^location$/i, /^country$/i];
const FORECAST = /forecast|prognos/i;
const NOT_VALUES =
  /^((.*[._])?index|step_?minutes|duration_?minutes|to|end|product|unit|units|version|.*(temp|hum|wind|irr|radiation).*)$/i;

export interface Price {
  readonly at: number;
  readonly header: string;
  readonly perMwh: number;
  readonly currency: string | null;
  /** What is taken for granted of it, for people; null where its header says its unit. */
  readonly assumed: string | null;
}

export interface Roles {
  /** the format's name; null for a table that is known by none */
  readonly format: string | null;
  readonly timing: Timing;
  readonly region: number | null;
  /** Region → column; the key '' is a signal that names no region. Empty in a file of prices. */
  readonly carbon: ReadonlyMap<string, Carbon>;
  readonly forecast: Carbon | null;
  readonly price: Price | null;
  /** Nothing in it has come true. */
  readonly isForecast: boolean;
  readonly issued: number | null;
  /** What was taken for granted, for people. */
  readonly assumed: readonly string[];
}

/** Throws Fault `invalid-input` that says what to write where unit, column or time are not clear. */
export const rolesOf = (sheet: Sheet, asked: string | undefined): Roles => {
  const known = recognise(sheet);
  const facts = known?.facts ?? {};
  const at = (column: string | undefined) => (column === undefined ? null : sheet.columns.indexOf(column));
  const timing = timingOf(sheet, facts);
  const region = at(facts.region) ?? regionOf(sheet);
  const aside = new Set([timing.at, timing.end, timing.length, region].filter((i) => i !== null));
  const values = sheet.columns.map((_, i) => i).filter((i) => !aside.has(i) && isValue(sheet.columns[i]!));
  const say = words(sheet, asked);
  const chosen = say?.at ?? null;
  const price = priceOf(
    sheet,
    facts,
    values.filter((i) => i !== chosen),
  );
  const base = {
    format: known?.name ?? null,
    timing,
    region,
    price,
    isForecast: facts.isForecast ?? false,
    issued: at(facts.issued),
  };
  const assumed = new Set(facts.assumed);
  const read = (i: number, said = '') => carbonOf(sheet, i, said, facts, assumed);

  if (say !== null) {
    const carbon = read(say.at, say.words);
    const isForecast = base.isForecast || (FORECAST.test(carbon.header) && !/actual/i.test(carbon.header));
    return { ...base, isForecast, carbon: new Map([['', carbon]]), forecast: null, assumed: [...assumed] };
  }
  const zones = values.filter((i) => facts.zones?.includes(sheet.columns[i]!) ?? ZONE.test(sheet.columns[i]!));
  if (facts.zones !== undefined || (known === null && zones.length > 0 && zones.length === values.length)) {
    const carbon = new Map(zones.map((i) => [sheet.columns[i]!, read(i)]));
    return { ...base, price: null, carbon, forecast: null, assumed: [...assumed] };
  }
  const { record, forecast } =
    facts.carbon === undefined
      ? chosenFrom(sheet, values, price?.at ?? null, assumed)
      : { record: at(facts.carbon ?? undefined), forecast: at(facts.forecast) };
  if (facts.also !== undefined) assumed.add(`column ${facts.carbon}; the file has ${facts.also} too`);
  if (record === null && forecast === null && price === null) throw nothing(sheet, values);
  const first = record ?? forecast;
  return {
    ...base,
    isForecast: base.isForecast || (record === null && forecast !== null),
    carbon: first === null ? new Map() : new Map([['', read(first)]]),
    forecast: record !== null && forecast !== null ? read(forecast) : null,
    assumed: [...assumed],
  };
};

/** `--column 'value (lb/MWh, marginal)'`: the column, and in brackets what its header does not say. */
const words = (sheet: Sheet, asked: string | undefined): { at: number; words: string } | null => {
  if (asked === undefined) return null;
  const whole = sheet.columns.indexOf(asked);
  if (whole >= 0) return { at: whole, words: '' };
  const [, name = '', said = ''] = /^(.*\S)\s*\(([^()]*)\)$/.exec(asked) ?? [];
  const at = sheet.columns.indexOf(name);
  if (at >= 0) return { at, words: said };
  throw invalid(`${sheet.name} has no column "${asked}"`, `Its columns are ${columnsText(sheet.columns)}.`);
};

/** The record and its forecast among columns that no format names. Throws Fault `invalid-input` where several could be it. */
const chosenFrom = (sheet: Sheet, values: readonly number[], price: number | null, assumed: Set<string>) => {
  const header = (i: number) => sheet.columns[i]!;
  const meanings = new Map(values.map((i) => [i, meaningOf(header(i))]));
  const may = values.filter((i) => i !== price && /^(intensity|unstated|unclear)$/.test(meanings.get(i)!.what));
  const forecasts = may.filter((i) => FORECAST.test(header(i)));
  const records = may.filter((i) => !FORECAST.test(header(i)));
  const stated = records.filter((i) => meanings.get(i)!.what === 'intensity');
  // Columns of one quantity in several units: the one in g/kWh is it, if the others are clear and agree with it.
  const record = records.length < 2 ? records[0] : sameIn(sheet, records, stated, meanings, assumed);
  if (records.length === 0 && forecasts.length > 1) throw several(sheet, forecasts);
  // A bare `value` has its unit beside it, or stands in a series of ours.
  const isBare = forecasts.length === 0 && (sheet.path === SERIES || unitBeside(sheet) !== '');
  const bare = isBare ? values.find((i) => /^value$/i.test(header(i))) : undefined;
  return { record: record ?? bare ?? null, forecast: forecasts.length === 1 ? forecasts[0]! : null };
};

const sameIn = (
  sheet: Sheet,
  records: readonly number[],
  stated: readonly number[],
  meanings: ReadonlyMap<number, Meaning>,
  assumed: Set<string>,
): number => {
  const factor = (i: number) => {
    const meaning = meanings.get(i)!;
    return meaning.what === 'intensity' ? meaning.gPerKwh : null;
  };
  const [first] = [...stated].sort((a, b) => Math.abs(factor(a)! - 1) - Math.abs(factor(b)! - 1));
  const others = records.filter((i) => i !== first);
  const kind = (i: number) => JSON.stringify(kindIn(sheet.columns[i]!));
  const agrees = (i: number) =>
    sheet.rows.every(({ cells }) => {
      const [a, b] = [Number(cells[first!]) * factor(first!)!, Number(cells[i]) * factor(i)!];
      return !(Math.abs(a - b) > 0.01 * Math.abs(a) + 0.01);
    });
  const isRest = (i: number) =>
    kind(i) === kind(first!) && (meanings.get(i)!.what === 'unclear' || (factor(i) !== null && agrees(i)));
  if (first === undefined || !others.every(isRest)) throw several(sheet, records);
  assumed.add(`column ${sheet.columns[first]} is used, not ${others.map((i) => sheet.columns[i]).join(', ')}`);
  return first;
};

const several = (sheet: Sheet, columns: readonly number[]) =>
  invalid(
    `${sheet.name} has ${columns.length} columns that could be the carbon intensity`,
    `Name one with --column: ${columnsText(columns.map((i) => sheet.columns[i]!))}.`,
  );

const nothing = (sheet: Sheet, values: readonly number[]) => {
  const [one] = values.map((i) => sheet.columns[i]!);
  const meaning = one === undefined || values.length > 1 ? undefined : meaningOf(one);
  if (meaning?.what === 'other')
    return invalid(
      `${sheet.name} has no carbon column: ${one} is ${meaning.as}`,
      'Give a column of CO2 per energy whose header says its unit, such as carbon_g_per_kwh.',
    );
  return invalid(
    `${sheet.name} has no carbon column`,
    `If there is one, name it and its unit: --column '${meaning === undefined ? 'NAME' : one} (g/kWh)', or (kg/MWh), (lb/MWh), (t/MWh); its columns are ${columnsText(sheet.columns)}.`,
  );
};

const priceOf = (sheet: Sheet, facts: Facts, values: readonly number[]): Price | null => {
  if (facts.price !== undefined && facts.money !== undefined)
    return {
      at: sheet.columns.indexOf(facts.price),
      header: facts.price,
      perMwh: facts.money.perMwh,
      currency: facts.money.currency,
      assumed: facts.money.assumed,
    };
  const at =
    facts.price === undefined ? values.find((i) => isPrice(sheet.columns[i]!)) : sheet.columns.indexOf(facts.price);
  if (at === undefined) return null;
  const meaning = meaningOf(sheet.columns[at]!);
  if (meaning.what !== 'price') return null;
  const { perMwh, currency, stated } = meaning;
  return {
    at,
    header: sheet.columns[at]!,
    perMwh,
    currency,
    assumed: stated ? null : 'unit not stated, taken as per MWh',
  };
};
const isValue = (header: string) => ZONE.test(header) || !NOT_VALUES.test(header);
const isPrice = (header: string) => meaningOf(header).what === 'price';

const regionOf = (sheet: Sheet): number | null => {
  for (const pattern of REGIONS) {
    const at = sheet.columns.findIndex((column) => pattern.test(column));
    if (at >= 0) return at;
  }
  return null;
};

/** Throws Fault `invalid-input` where no column is a time. */
const timingOf = (sheet: Sheet, facts: Facts): Timing => {
  const find = (pattern: RegExp) => {
    const i = sheet.columns.findIndex((column) => pattern.test(column) && !ZONE.test(column));
    return i < 0 ? null : i;
  };
  const at = (column: string | undefined) => (column === undefined ? null : sheet.columns.indexOf(column));
  const clock = at(facts.time) ?? find(TIME);
  const ending = clock === null ? find(END_LABEL) : null;
  const index = clock === null && ending === null ? find(HOUR_INDEX) : null;
  const time = clock ?? ending ?? index;
  if (time === null)
    throw invalid(
      `${sheet.name} has no time column; its columns are ${columnsText(sheet.columns)}`,
      'Name the time column `time`, with ISO 8601 times that carry Z or an offset.',
    );
  return {
    at: time,
    form: index !== null ? 'hours' : ending !== null ? 'end' : 'beginning',
    end: at(facts.end) ?? (ending === null ? find(END) : null),
    length: at(facts.duration) ?? find(LENGTH),
    zone: zoneIn(sheet.columns[time]!) ?? facts.zone ?? null,
  };
};

/** `Datetime (UTC)`, `time_utc`, `MTU (CET/CEST)`, `time (Europe/Paris)`. */
const zoneIn = (header: string): string | null => {
  if (/(utc|gmt)\)?$/i.test(header)) return 'UTC';
  const [, words = ''] = /\(([^)]*)\)$/.exec(header) ?? [];
  if (/^CET ?\/ ?CEST$/i.test(words)) return 'Europe/Brussels';
  return /^[A-Z][A-Za-z_]+\/[A-Za-z_/]+$/.test(words) ? words : null;
};
