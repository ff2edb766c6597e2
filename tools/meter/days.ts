/** One row a day, a column a half-hour, as suppliers write it: the same as long rows. */
import { clockText } from './times.js';

export interface Rows {
  readonly header: readonly string[];
  /** `afterS`: seconds after the time that the row tells, where a column counts periods of a day */
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[]; readonly afterS: number }[];
}

export interface Days extends Rows {
  /** columns are named by the clock, so that an hour which happens twice has one column, and one that never was has one too */
  readonly isByClock: boolean;
  readonly assumed: readonly string[];
}

const DATE = /^((read|reading|settlement|consumption|meter|local) ?)?(date|day)( (utc|gmt))?$/;
const CLOCK = /^(\d{1,2}):?(\d{2})(?::00)?(?: ?(?:-|to) ?\d{1,2}:?\d{2}(?::00)?)?(?: ?[([]?k?Wh[)\]]?)?$/i;
const PERIOD = /^(?:hh|p|sp|period|settlement ?period|half ?hour)?[ _]?0?(\d{1,2})(?:[ _]?[([]?k?Wh[)\]]?)?$/i;
const [FEWEST, HALF_HOUR] = [23, 30];
/** A day of half-hours has this many where clocks go forward. */
const SHORTEST_DAY = 46;

/** `Interval_Start (UTC)` → `interval start` */
export const plainOf = (header: string): string =>
  header
    .replace(/\([^)]*\)|\[[^\]]*\]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .toLowerCase();

/** Columns by the clock of their beginning. A first column that is not midnight is the end of the first interval. */
const byClock = (header: readonly string[]) => {
  const columns = header.flatMap((text, index) => {
    const [, hours, minutes] = CLOCK.exec(text) ?? [];
    const at = Number(hours) * 60 + Number(minutes);
    return hours !== undefined && at <= 24 * 60 ? [{ index, at }] : [];
  });
  if (columns.length < FEWEST) return null;
  const step = columns[1]!.at - columns[0]!.at;
  const isEnd = columns[0]!.at !== 0 && columns[0]!.at === step;
  // The last interval of a day ends at 24:00, whatever it is called.
  const begin = (at: number) => (isEnd ? (at === 0 ? 24 * 60 : at) - step : at);
  return {
    columns: columns.map(({ index, at }) => ({ index, time: clockText(begin(at)), afterS: 0 })),
    assumed: isEnd
      ? [`${header[columns[0]!.index]} and the columns after it are taken for the ends of their times`]
      : [],
  };
};

/** Columns 1, 2, 3, … count the half-hours from midnight: 46, 48 or 50 of them as clocks change. */
const byPeriod = (header: readonly string[]) => {
  const columns = header.flatMap((text, index) => {
    const [, number] = PERIOD.exec(text) ?? [];
    return number === undefined ? [] : [{ index, number: Number(number) }];
  });
  if (columns.length < SHORTEST_DAY || columns.length > 50 || columns.some(({ number }, i) => number !== i + 1))
    return null;
  return {
    columns: columns.map(({ index }, i) => ({ index, time: '00:00', afterS: i * HALF_HOUR * 60 })),
    assumed: [`${header[columns[0]!.index]} is taken for the half-hour that begins at midnight`],
  };
};

/** Null for a table that has no such columns. */
export const unfolded = <T extends Rows>(table: T): (T & Days) | null => {
  const date = table.header.findIndex((text) => DATE.test(plainOf(text)));
  if (date < 0) return null;
  const clocks = byClock(table.header);
  const found = clocks ?? byPeriod(table.header);
  if (found === null) return null;
  const taken = new Set([date, ...found.columns.map(({ index }) => index)]);
  const beside = table.header.flatMap((_, i) => (taken.has(i) ? [] : [i]));
  const isByClock = clocks !== null;
  return {
    ...table,
    header: ['interval start', ...beside.map((i) => table.header[i]!), 'interval value'],
    rows: table.rows.flatMap(({ line, cells }) =>
      found.columns.flatMap(({ index, time, afterS }, n) =>
        // The last columns stand empty on all days but those of their length.
        n >= SHORTEST_DAY && !isByClock && (cells[index] ?? '') === ''
          ? []
          : [
              {
                ...{ line, afterS },
                cells: [`${cells[date] ?? ''} ${time}`, ...beside.map((j) => cells[j] ?? ''), cells[index] ?? ''],
              },
            ],
      ),
    ),
    ...{ isByClock, assumed: found.assumed },
  };
};
