/**
 * The CSV of a building or PDU meter as readings: which column is the time, which the value, in what unit. What the file does not
 * say is asked for, never guessed; what is taken for granted is told.
 */
import { parse as parseCsv } from 'csv-parse/sync';
import { invalid } from '../../domain/fault.js';
import type { MeterCard } from '../../domain/meter.js';
import { fromEpoch, wallClock } from '../../domain/time.js';
import { plainOf, type Rows, unfolded } from './days.js';
import { type DateOrder, timeForm, timeReader } from './times.js';
import { UNITS, type Unit, unitIn, unitOf } from './units.js';

export type Basis = MeterCard['basis'];

/** What a person said about the file; null where they did not. */
export interface Said {
  readonly column: string | null;
  readonly unit: string | null;
  readonly as: Basis | null;
  readonly zone: string | null;
  readonly dates: DateOrder | null;
}

export interface Reading {
  readonly line: number;
  /** epoch seconds */
  readonly at: number;
  /** where the row says when it ends */
  readonly until: number | null;
  /** kWh or kW; null: the cell is empty */
  readonly value: number | null;
}

export interface Problem {
  readonly line: number;
  readonly field: string;
  readonly message: string;
  readonly remedy: string;
}

export interface Sheet {
  readonly unit: Unit;
  readonly basis: Basis;
  /** stamps end their interval */
  readonly isEnd: boolean;
  /** readings by the meter's name in the file; empty text where it names none */
  readonly meters: ReadonlyMap<string, readonly Reading[]>;
  readonly problems: readonly Problem[];
  readonly assumed: readonly string[];
}

const TIME =
  /^(t|time|timestamp|date|date ?time|at|start|from|begin|moment|read(ing)? ?(time|date|at)|(interval|period) ?(start|end)|time ?stamp|end|to|unix|epoch)$/;
const END = /^(end|to|until|(interval|period) ?end|end ?time|time ?end)$/;
const METER = /^(meter|meter ?(id|name|no|number)|mpan|mprn|pdu|outlet|channel|device|sensor|circuit|name|id)$/;
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '-', '--', 'nodata', 'no data']);
const COUNTS_UP = /\b(total|cumulative|register|counter|index|lifetime|meter ?reading|odometer)\b/;
const OF_INTERVAL = /\b(consumption|consumed|usage|used|interval|delta|half ?hourly|hourly)\b/;
const MEAN = /\b(avg|average|mean)\b/;

/** More kWh, or kW, than mankind uses in a year: a broken reading. */
const ABSURD = 1e14;

/** The zone that a header of a time names: `time_utc`, `time (Europe/London)`. */
const zoneIn = (header: string): string | null =>
  /\b(utc|gmt)\b/i.test(header.replace(/_/g, ' '))
    ? 'UTC'
    : (/[([]([A-Za-z]+\/[A-Za-z_/]+)[)\]]/.exec(header)?.[1] ?? null);

const numberIn = (text: string, hasCommas: boolean): number | null | undefined => {
  if (MISSING.has(text.toLowerCase())) return null;
  let plain = text.replace(/[\s\u00a0']/g, '');
  if (hasCommas && /^-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$/.test(plain) && (plain.includes(',') || /\.\d{3}\./.test(plain)))
    plain = plain.replace(/\./g, '').replace(',', '.');
  else if (/^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) plain = plain.replace(/,/g, '');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : undefined;
};

interface Table extends Rows {
  readonly hasCommas: boolean;
}

const tableOf = (name: string, text: string): Table => {
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const delimiter = [',', ';', '\t'].reduce((a, b) => (first.split(b).length > first.split(a).length ? b : a));
  let parsed: { record: string[]; info: { lines: number } }[];
  try {
    parsed = parseCsv(text, {
      ...{ bom: true, delimiter, info: true, relax_column_count: true, skip_empty_lines: true, trim: true },
    }) as unknown as typeof parsed;
  } catch (cause) {
    throw invalid(`${name} is not CSV: ${(cause as Error).message}`, 'Save it as CSV with a header, and give that.');
  }
  const [head, ...rest] = parsed;
  if (!head || rest.length === 0)
    throw invalid(`${name} has no rows below its header`, 'Give a CSV file with a header, a time and a value.');
  return {
    header: head.record,
    rows: rest.map(({ record, info }) => ({ line: info.lines, cells: record, afterS: 0 })),
    hasCommas: delimiter !== ',',
  };
};

const quoted = (names: readonly string[]) => names.slice(0, 12).join(', ');

interface Columns {
  readonly time: number;
  readonly until: number | null;
  readonly meter: number | null;
  readonly value: number;
}

const columnsOf = (name: string, { header, rows }: Table, said: Said): Columns => {
  // `timestamp_utc` is a column of times as `timestamp` is; its zone is read elsewhere.
  const plain = header.map((text) => plainOf(text).replace(/ (utc|gmt)$/, ''));
  const times = plain.flatMap((text, i) => (TIME.test(text) ? [i] : []));
  const begins = times.filter((i) => !END.test(plain[i]!));
  const time = begins[0] ?? times[0];
  if (time === undefined)
    throw invalid(`${name} has no column of times among ${quoted(header)}`, 'Name one of them time, start or end.');
  const until = times.find((i) => i !== time && END.test(plain[i]!)) ?? null;
  const meter = plain.findIndex((text, i) => METER.test(text) && !times.includes(i));
  const column = (text: string) => {
    const at = header.findIndex((one) => one.toLowerCase() === text.toLowerCase());
    if (at < 0) throw invalid(`${name} has no column ${text}`, `Its columns are ${quoted(header)}.`);
    return at;
  };
  const rest = header.flatMap((_, i) => (times.includes(i) || i === meter ? [] : [i]));
  const isNumeric = (i: number) =>
    rows.slice(0, 50).some(({ cells }) => typeof numberIn(cells[i] ?? '', true) === 'number');
  const named = rest.filter((i) => unitIn(header[i]!) !== null && isNumeric(i));
  const candidates = named.length > 0 ? named : rest.filter(isNumeric);
  if (said.column === null && candidates.length !== 1)
    throw invalid(
      candidates.length === 0
        ? `${name} has no column of numbers beside its time`
        : `${name} has several columns of numbers: ${quoted(candidates.map((i) => header[i]!))}`,
      candidates.length === 0
        ? 'Give a CSV file with a header, a time and a value.'
        : `Say which: --column "${header[candidates[0]!]}".`,
    );
  return {
    ...{ time, until, meter: meter < 0 ? null : meter },
    value: said.column === null ? candidates[0]! : column(said.column),
  };
};

const basisOf = (
  name: string,
  header: string,
  unit: Unit,
  said: Said,
  isRising: boolean,
): { basis: Basis; told: string[] } => {
  const words = plainOf(header);
  if (said.as !== null) {
    const fits = (said.as === 'counter' || said.as === 'interval') === (unit.of === 'energy');
    if (fits) return { basis: said.as, told: [] };
    throw invalid(
      `${header} is ${unit.of} in ${unit.name}, which is no ${said.as}`,
      unit.of === 'energy' ? 'Say --as counter or --as interval.' : 'Say --as power or --as average.',
    );
  }
  if (unit.of === 'power')
    return MEAN.test(words)
      ? { basis: 'average', told: [] }
      : {
          basis: 'power',
          told: [`${header} is taken for power at moments and integrated; --as average if each is a mean`],
        };
  if (COUNTS_UP.test(words)) return { basis: 'counter', told: [] };
  if (OF_INTERVAL.test(words)) return { basis: 'interval', told: [] };
  throw invalid(
    `${name} does not say whether ${header} counts up or holds the energy of each interval${isRising ? '; its values never fall, as those of a register' : '; its values rise and fall, as those of intervals'}`,
    'Say --as counter (a register) or --as interval (energy of each row).',
  );
};

/** Throws Fault `invalid-input` for what is no table of readings, and for what must be said first. */
export const readSheet = (name: string, text: string, said: Said): Sheet => {
  const long = tableOf(name, text);
  const days = unfolded(long);
  const table = days ?? long;
  const { header, rows, hasCommas } = table;
  const columns = columnsOf(name, table, said);
  const head = header[columns.value]!;
  const unit = said.unit === null ? unitIn(head) : unitOf(said.unit);
  if (unit === null)
    throw invalid(
      said.unit === null
        ? `${name} does not say in what unit ${head} is`
        : `"${said.unit}" is no unit of energy or power`,
      `Say it: --unit kWh; known are ${UNITS.join(', ')}.`,
    );
  const cell = (cells: readonly string[], i: number | null) => (i === null ? '' : (cells[i] ?? ''));
  const timeHead = header[columns.time]!;
  const texts = rows.map(({ cells }) => cell(cells, columns.time));
  const form = timeForm(name, texts, { zone: said.zone ?? zoneIn(timeHead), dates: said.dates });
  // Rows of several meters stand one after the other or mixed: the clocks of each go on for themselves.
  const clocks = new Map<string, { begin: (text: string) => number | null; end: (text: string) => number | null }>();
  const meters = new Map<string, Reading[]>();
  const problems: Problem[] = [];
  const isEnd = columns.until === null && END.test(plainOf(timeHead));
  // Where the newest stands first, an hour that happens twice would be told the wrong way round.
  const inOrder = isNewestFirst(texts, timeReader(form)) ? [...rows].reverse() : rows;
  for (const { line, cells, afterS } of inOrder) {
    const meter = cell(cells, columns.meter);
    const clock = clocks.get(meter) ?? { begin: timeReader(form, isEnd), end: timeReader(form, true) };
    clocks.set(meter, clock);
    const told = clock.begin(cell(cells, columns.time));
    const at = told === null ? null : told + afterS;
    const untilText = cell(cells, columns.until);
    const until = untilText === '' ? null : clock.end(untilText);
    const value = numberIn(cell(cells, columns.value), hasCommas);
    // The column of an hour that never was stands empty or at 0 on the day when clocks go forward.
    if (at === null && days?.isByClock && !value && value !== undefined) continue;
    const refuse = (field: string, message: string, remedy: string) => problems.push({ line, field, message, remedy });
    if (at === null)
      refuse(
        timeHead,
        `"${cell(cells, columns.time).slice(0, 40)}" is no time${form.zone === null ? '' : ` of ${form.zone}`}`,
        'Write ISO 8601, or UTC around a clock change.',
      );
    else if (value === undefined)
      refuse(
        head,
        `"${cell(cells, columns.value).slice(0, 40)}" is no number`,
        'Leave it empty where the meter gave none.',
      );
    else if (value !== null && value < 0)
      refuse(head, `${value} is below 0`, 'Give energy that was drawn; what was fed in belongs to a meter of its own.');
    else if (value !== null && value * unit.factor > ABSURD)
      refuse(head, `${value} ${unit.name} is more than any meter counts`, 'Leave it empty; it becomes a gap.');
    else if (until !== null && until <= at)
      refuse(header[columns.until!]!, 'it ends before it begins', 'Check both times.');
    else {
      const list = meters.get(meter) ?? [];
      list.push({ line, at, until, value: value === null ? null : value * unit.factor });
      meters.set(meter, list);
    }
  }
  const { basis, told } = basisOf(name, head, unit, said, isRising(meters));
  const assumed = [...told, ...(days?.assumed ?? [])];
  const doubled =
    days?.isByClock && (basis === 'interval' || basis === 'average') ? hourTwice(meters, form.zone) : null;
  if (doubled !== null)
    assumed.push(
      `one column an hour cannot tell the hour that happened twice on ${doubled}: the second one is a gap; 46 to 50 columns HH1, HH2, … can`,
    );
  if (days === null && (basis === 'interval' || basis === 'average') && columns.until === null && !isEnd)
    assumed.push(`${timeHead} begins each interval; name the column interval_end if it ends them`);
  return { unit, basis, isEnd, meters, problems, assumed };
};

const isRising = (meters: ReadonlyMap<string, readonly Reading[]>): boolean =>
  [...meters.values()].every((readings) =>
    readings.every((reading, i) => {
      const before = readings[i - 1];
      return !before || before.value === null || reading.value === null || reading.value >= before.value;
    }),
  );

const isNewestFirst = (texts: readonly string[], read: (text: string) => number | null): boolean => {
  const [first, last] = [read(texts[0] ?? ''), read(texts.at(-1) ?? '')];
  return first !== null && last !== null && first > last;
};

/** The first date of these readings on which clocks go back; null for none. */
const hourTwice = (meters: ReadonlyMap<string, readonly Reading[]>, zone: string | null): string | null => {
  if (zone === null || zone === 'UTC') return null;
  for (const readings of meters.values())
    for (const { at } of readings) {
      const { date, minuteOfDay } = wallClock(fromEpoch(at), zone);
      if (minuteOfDay === 0 && wallClock(fromEpoch(at + 24 * 3600), zone).date === date) return date;
    }
  return null;
};
