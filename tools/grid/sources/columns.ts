/** The values of one column of a signal file on an even grid of time. */
import { invalid } from '../../../domain/fault.js';
import type { Series } from '../../../domain/series.js';
import { fromEpoch, type Instant } from '../../../domain/time.js';
import type { Carbon } from './carbon.js';
import { type Row, rowsIn } from './moments.js';
import type { Price, Roles } from './roles.js';
import type { Sheet } from './sheet.js';

/** No grid emits more per kWh at the stack, whatever it burns; a larger value is another unit or a broken reading. */
const ABSURD_G_PER_KWH = 3000;
const MOST_STEPS = 2_000_000;
/** So many equal distances in a row are a step of the file; fewer are gaps. */
const RUN = 4;

export interface Column {
  readonly series: Series;
  /** Zeros and impossible values, which are treated as missing. */
  readonly distrusted: readonly { readonly line: number; readonly value: number }[];
  /** Where its step changes, and how many of its ends are not believed, for people. */
  readonly notes: readonly string[];
}

const MISSING = new Set(['', 'na', 'n/a', 'n/e', 'nan', 'null', 'none', '-', '--']);

/**
 * One column as a series, in g/kWh or money per MWh; rows may come in any order, missing ones become gaps. Throws Fault
 * `invalid-input` naming the line: a time that cannot be read or lies off the grid, two values for one time, text that is not a
 * number; and where values in a unit that nobody stated are not possible in g/kWh.
 */
export const columnOf = (
  sheet: Sheet,
  rows: Sheet['rows'],
  roles: Pick<Roles, 'timing'>,
  column: Carbon | Price,
  start: Instant | null,
): Column => {
  const carbon = 'gPerKwh' in column ? column : null;
  const factor = 'gPerKwh' in column ? column.gPerKwh : column.perMwh;
  const number = numbersOf(sheet, rows, column);
  const values = new Map<number, { value: number | null; length: number | null; line: number }>();
  const distrusted: { line: number; value: number }[] = [];
  let odd = 0;
  for (const row of rowsIn(sheet, rows, roles.timing, start)) {
    const raw = number(row);
    let value = raw === null ? null : raw * factor;
    if (carbon !== null && value !== null && !isBelievable(value, carbon)) {
      distrusted.push({ line: row.line, value });
      value = null;
    }
    const before = values.get(row.start);
    if (before && before.value !== value)
      throw invalid(
        `${sheet.name}: lines ${before.line} and ${row.line} give two values of ${column.header} for ${fromEpoch(row.start)}`,
        'Keep one of them; times around a clock change need their offset or UTC.',
      );
    const isOdd = row.length !== null && row.length <= 0;
    if (isOdd) odd++;
    values.set(row.start, { value, length: isOdd ? null : row.length, line: row.line });
  }
  if (carbon?.isUnitAssumed) requirePossible(sheet, carbon, values);
  const { series, steps } = seriesOf(sheet, values, roles.timing.form === 'end');
  const ends = odd === 0 ? [] : [`${odd} ends that lie before their beginning not believed`];
  return { series, distrusted, notes: [...steps, ...ends] };
};

/** A marginal rate of 0 is curtailed wind or sun; an average of 0 is an outage of the publisher. */
const isBelievable = (value: number, { kind }: Carbon): boolean =>
  value <= ABSURD_G_PER_KWH && (kind.accounting === 'marginal' ? value >= 0 : value > 0);

/** No grid is below 2 g/kWh in every hour: such values are in kg/kWh or t/MWh. None is above 1 300 as a rule: those are in lb/MWh. */
const requirePossible = (
  sheet: Sheet,
  { header }: Carbon,
  values: ReadonlyMap<number, { readonly value: number | null }>,
): void => {
  const known = [...values.values()].flatMap(({ value }) => (value === null ? [] : [value])).sort((a, b) => a - b);
  const median = known[Math.floor(known.length / 2)];
  const largest = known.at(-1);
  if (median === undefined || largest === undefined || (largest >= 2 && median <= 1300 && Number.isFinite(median)))
    return;
  throw invalid(
    `${sheet.name}: column ${header} does not say its unit, and its values are too ${largest < 2 ? 'small' : 'large'} for g/kWh`,
    `Say the unit: --column '${header} (${largest < 2 ? 'kg/kWh' : 'lb/MWh'})', or (t/MWh), (g/kWh); or write it into the header.`,
  );
};

const numbersOf = (sheet: Sheet, rows: Sheet['rows'], { at, header }: Carbon | Price) => {
  const comma = sheet.commas && rows.some(({ cells }) => /^-?\d+,\d+$/.test(cells[at] ?? ''));
  if (comma && rows.every(({ cells }) => !/,/.test(cells[at] ?? '') || /^-?[1-9]\d{0,2},\d{3}$/.test(cells[at]!)))
    throw invalid(
      `${sheet.name}: the comma in column ${header} may separate thousands or decimals`,
      'Write numbers with a decimal point and without separators.',
    );
  return ({ line, cells }: Row): number | null => {
    const text = cells[at] ?? '';
    if (MISSING.has(text.toLowerCase())) return null;
    const value = Number(comma ? text.replace(',', '.') : text);
    if (Number.isFinite(value)) return value;
    throw invalid(
      `${sheet.name}, line ${line}: "${text}" is not a number (column ${header})`,
      'Give a number, or leave the field empty where there is no reading.',
    );
  };
};

interface Held {
  readonly at: number;
  readonly value: number | null;
  readonly length: number;
  readonly line: number;
}

const seriesOf = (
  sheet: Sheet,
  values: ReadonlyMap<number, { value: number | null; length: number | null; line: number }>,
  areEnds: boolean,
): { series: Series; steps: string[] } => {
  const times = [...values.keys()].sort((a, b) => a - b);
  if (times.length === 0) throw invalid(`${sheet.name} has no rows`, 'Give at least one value.');
  const distances = times.slice(1).map((time, i) => time - times[i]!);
  const lengths = times.flatMap((time) => values.get(time)!.length ?? []);
  let step = lengths.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
  for (const distance of distances) step = Math.min(step, distance);
  if (!Number.isFinite(step)) step = 3600;
  const runs = runsOf(distances, step);
  const held = times.map((time, i): Held => {
    const { value, length, line } = values.get(time)!;
    const next = distances[i] ?? Number.POSITIVE_INFINITY;
    return { at: time, value, line, length: Math.min(length ?? runs[i] ?? step, next) };
  });
  const changes = held.filter(({ length }, i) => i > 0 && length !== held[i - 1]!.length);
  if (areEnds && changes.length > 0)
    throw invalid(`${sheet.name} gives ends of intervals, and their length changes`, 'Give beginnings of intervals.');
  const first = areEnds ? times[0]! - step : times[0]!;
  const grid = held.map((one) => (areEnds ? { ...one, at: one.at - step } : one));
  const last = grid.at(-1)!;
  const count = Math.floor((last.at + last.length - first) / step);
  if (step % 60 !== 0 || count > MOST_STEPS)
    throw invalid(
      `${sheet.name} has a step of ${step} s over ${Math.round(count)} steps`,
      'Give values on an even grid of whole minutes.',
    );
  const out: (number | null)[] = Array.from({ length: count }, () => null);
  for (const { at, value, length, line } of grid) {
    const index = (at - first) / step;
    if (!Number.isInteger(index) || !Number.isInteger(length / step))
      throw invalid(
        `${sheet.name}, line ${line}: ${fromEpoch(at)} is off the ${step / 60}-minute grid that begins at ${fromEpoch(first)}`,
        'Give values on an even grid of time.',
      );
    out.fill(value, index, index + length / step);
  }
  const said = changes.slice(0, 2).map(({ at, length }) => `${length / 60} min from ${fromEpoch(at)}`);
  return {
    series: { start: fromEpoch(first), stepMinutes: step / 60, values: out },
    steps: said.length === 0 ? [] : [`step ${held[0]!.length / 60} min, ${said.join(', ')}`],
  };
};

/** For each time how long it holds where distances that are no gap say so: a run of equal ones, which the last of it ends. */
const runsOf = (distances: readonly number[], step: number): (number | undefined)[] => {
  const out: (number | undefined)[] = Array.from({ length: distances.length + 1 }, () => undefined);
  for (let i = 0; i < distances.length; ) {
    let end = i;
    while (end < distances.length && distances[end] === distances[i]) end++;
    if (end - i >= RUN && distances[i]! > step) {
      out.fill(distances[i], i, end);
      if (end === distances.length) out[end] = distances[i];
    }
    i = end;
  }
  return out;
};
