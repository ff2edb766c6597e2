/** What the columns of a signal file mean: time, region, carbon, its forecast, price; and their values on an even grid of time. */
import { invalid } from '../../../domain/fault.js';
import type { Series } from '../../../domain/series.js';
import { fromEpoch, type Instant, instant, plusHours, toEpoch } from '../../../domain/time.js';
import type { Sheet } from './sheet.js';

/** No grid emits more per kWh at the stack, whatever it burns; a larger value is another unit or a broken reading. */
const ABSURD_G_PER_KWH = 3000;
const MOST_STEPS = 2_000_000;

const TIME = /^(time|times?tamp|time_?utc|datetime|date_?time|start|from|date|period_?start|valid_?from)(_utc)?$/i;
const HOUR_INDEX = /^(hour|hour_index)$/i;
const REGION = /^(region|zone|area|country)$/i;
const CARBON = /(carbon|intensity|co2|avg_ci|moer|aoer|^value$|^actual$|^ci$)/i;
const FORECAST = /forecast/i;
const PRICE = /(price|per_mwh|(^|[^a-z])(p|pence|ct|cents?|gbp|eur|usd|inr|sek|nok|dkk|pln|chf|aud|jpy)_per_kwh)/i;
/** A mass over an energy is no price, whatever else its name says. */
const MASS_PER_ENERGY = /(?:^|[^a-z])(g|kg|t|tonnes?|lbs?)(?:[_ ]?co[2₂](?:eq?)?)?(?:[_ ]per[_ ]|\/|[_ ])([km]wh)/i;
const ZONE = /^[A-Z]{2}(-[A-Z0-9]+)*$/;
const NOT_VALUES = /^((.*\.)?index|step_minutes|stepminutes|to|end|product|.*(temp|hum|wind|irr|radiation).*)$/i;

export interface Roles {
  readonly time: number;
  readonly hourIndex: boolean;
  readonly region: number | null;
  /** Region → column; the key '' is a signal that names no region. */
  readonly carbon: ReadonlyMap<string, number>;
  readonly forecast: number | null;
  readonly price: number | null;
}

/** Throws Fault `invalid-input` that lists the columns where the choice is not clear. */
export const rolesOf = (sheet: Sheet, column: string | undefined): Roles => {
  const { columns, name } = sheet;
  const find = (pattern: RegExp) => {
    const at = columns.findIndex((c) => pattern.test(c));
    return at < 0 ? null : at;
  };
  const clock = find(TIME);
  const index = clock === null ? find(HOUR_INDEX) : null;
  const time = clock ?? index;
  if (time === null)
    throw invalid(
      `${name} has no time column; its columns are ${list(columns)}`,
      'Name the time column `time`, with ISO 8601 times that carry Z or an offset.',
    );
  const region = find(REGION);
  const values = columns.map((_, i) => i).filter((i) => i !== time && i !== region && !NOT_VALUES.test(columns[i]!));
  const price = values.find((i) => isPrice(columns[i]!) && columns[i] !== column) ?? null;
  const base = { time, hourIndex: index !== null, region, price };
  if (column !== undefined) {
    const chosen = columns.indexOf(column);
    if (chosen < 0 || chosen === time)
      throw invalid(`${name} has no column "${column}"`, `Its columns are ${list(columns)}.`);
    return { ...base, carbon: new Map([['', chosen]]), forecast: null };
  }
  const zones = values.filter((i) => ZONE.test(columns[i]!));
  if (zones.length > 0 && zones.length === values.length)
    return { ...base, price: null, carbon: new Map(zones.map((i) => [columns[i]!, i])), forecast: null };
  const forecasts = values.filter((i) => FORECAST.test(columns[i]!) && i !== price);
  const carbon = values.filter((i) => i !== price && !forecasts.includes(i) && CARBON.test(columns[i]!));
  const others = values.filter((i) => i !== price && !forecasts.includes(i));
  const chosen = carbon.length > 0 ? carbon : others.length > 0 ? others : forecasts;
  if (chosen.length !== 1)
    throw invalid(
      chosen.length === 0
        ? `${name} has no carbon column`
        : `${name} has ${chosen.length} columns that could be the carbon intensity`,
      `Name one with --column: ${list(columns.filter((_, i) => i !== time))}.`,
    );
  return {
    ...base,
    carbon: new Map([['', chosen[0]!]]),
    forecast: forecasts.length === 1 && forecasts[0] !== chosen[0] ? forecasts[0]! : null,
  };
};

const isPrice = (header: string) => PRICE.test(header) && !MASS_PER_ENERGY.test(header);

/** What one of a carbon column is in g/kWh, which is what a header without a unit counts in. */
const massFactor = (header: string): number => {
  const [, mass, energy] = MASS_PER_ENERGY.exec(header) ?? [];
  if (mass === undefined || energy === undefined) return /kg/i.test(header) ? 1000 : 1;
  const grams = GRAMS[mass.toLowerCase().replace(/s$/, '')]!;
  return energy.toLowerCase() === 'mwh' ? grams / 1000 : grams;
};
const GRAMS: Readonly<Record<string, number>> = { g: 1, kg: 1000, t: 1e6, tonne: 1e6, lb: 453.59237 };

/** What one of a price column is in money per MWh. Pence and cents are hundredths; `gbp_per_kwh` is no `p_per_kwh`. */
const moneyFactor = (header: string): number => {
  if (!/(?:[_ ]|\/)kwh/i.test(header)) return 1;
  return /(?:^|[^a-z])(?:p|pence|c|ct|cents?)(?:[_ ]per[_ ]|\/|[_ ])kwh/i.test(header) ? 10 : 1000;
};

const list = (columns: readonly string[]) =>
  columns.length <= 12 ? columns.join(', ') : `${columns.slice(0, 12).join(', ')} and ${columns.length - 12} more`;

export interface Column {
  readonly series: Series;
  /** Zeros and impossible values, which are treated as missing. */
  readonly distrusted: readonly { readonly line: number; readonly value: number }[];
}

const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '-', '--']);

/**
 * One column as a series; rows may come in any order, missing ones become gaps. `what` decides the scale and what is
 * trusted. Throws Fault `invalid-input` naming the line: a time without zone or off the grid, two values for one time, text
 * that is not a number.
 */
export const columnOf = (
  sheet: Sheet,
  rows: Sheet['rows'],
  roles: Pick<Roles, 'time' | 'hourIndex'>,
  at: number,
  what: 'carbon' | 'price',
  worldStart: Instant | null,
): Column => {
  const header = sheet.columns[at]!;
  const factor = what === 'carbon' ? massFactor(header) : moneyFactor(header);
  const values = new Map<number, { value: number | null; line: number }>();
  const distrusted: { line: number; value: number }[] = [];
  for (const { line, cells } of rows) {
    const moment = momentOf(sheet, roles, cells[roles.time] ?? '', line, worldStart);
    let value = numberOf(sheet, header, cells[at] ?? '', line, factor);
    if (what === 'carbon' && value !== null && (value <= 0 || value > ABSURD_G_PER_KWH)) {
      distrusted.push({ line, value });
      value = null;
    }
    const before = values.get(moment);
    if (before && before.value !== value)
      throw invalid(
        `${sheet.name}: lines ${before.line} and ${line} give two values of ${header} for ${fromEpoch(moment)}`,
        'Keep one of them; times around a clock change need their offset or UTC.',
      );
    values.set(moment, { value, line });
  }
  return { series: seriesOf(sheet, values), distrusted };
};

const momentOf = (
  sheet: Sheet,
  roles: Pick<Roles, 'time' | 'hourIndex'>,
  text: string,
  line: number,
  worldStart: Instant | null,
): number => {
  if (roles.hourIndex) {
    if (worldStart === null)
      throw invalid(
        `${sheet.name} counts hours, and nobody has said when they begin`,
        'Give times instead of hours, or a start in the setting.',
      );
    const hour = Number(text);
    if (text !== '' && Number.isInteger(hour)) return toEpoch(plusHours(worldStart, hour));
    throw invalid(
      `${sheet.name}, line ${line}: "${text}" is not a whole hour`,
      'Count hours 0, 1, 2, … or give times.',
    );
  }
  try {
    const utc = /utc$/i.test(sheet.columns[roles.time]!) && !/(Z|[+-]\d{2}:?\d{2})$/i.test(text);
    return toEpoch(instant(utc ? `${text}Z` : text));
  } catch {
    throw invalid(
      `${sheet.name}, line ${line}: "${text}" is not a time with a zone`,
      'Write ISO 8601 with Z or an offset, for example 2022-06-01T00:00:00Z, or name the column time_utc.',
    );
  }
};

const numberOf = (sheet: Sheet, header: string, text: string, line: number, factor: number): number | null => {
  if (MISSING.has(text.toLowerCase())) return null;
  const value = Number(text) * factor;
  if (Number.isFinite(value)) return value;
  throw invalid(
    `${sheet.name}, line ${line}: "${text}" is not a number (column ${header})`,
    'Give a number, or leave the field empty where there is no reading.',
  );
};

const seriesOf = (sheet: Sheet, values: ReadonlyMap<number, { value: number | null; line: number }>): Series => {
  const times = [...values.keys()].sort((a, b) => a - b);
  const [first] = times;
  if (first === undefined) throw invalid(`${sheet.name} has no rows`, 'Give at least one value.');
  let step = Number.POSITIVE_INFINITY;
  for (let i = 1; i < times.length; i++) step = Math.min(step, times[i]! - times[i - 1]!);
  if (!Number.isFinite(step)) step = 3600;
  const count = (times.at(-1)! - first) / step + 1;
  if (step % 60 !== 0 || count > MOST_STEPS)
    throw invalid(
      `${sheet.name} has a step of ${step} s over ${Math.round(count)} steps`,
      'Give values on an even grid of whole minutes.',
    );
  const out: (number | null)[] = Array.from({ length: Math.floor(count) }, () => null);
  for (const moment of times) {
    const index = (moment - first) / step;
    const { value, line } = values.get(moment)!;
    if (!Number.isInteger(index))
      throw invalid(
        `${sheet.name}, line ${line}: ${fromEpoch(moment)} is off the ${step / 60}-minute grid that begins at ${fromEpoch(first)}`,
        'Give values on an even grid of time.',
      );
    out[index] = value;
  }
  return { start: fromEpoch(first), stepMinutes: step / 60, values: out };
};
