/** When each row of a signal file begins, and how long it holds: offsets, zones and clock changes, ends of intervals, lengths. */
import { invalid } from '../../../domain/fault.js';
import {
  atWallClock,
  fromEpoch,
  type Instant,
  instant,
  isTimeZone,
  plusHours,
  toEpoch,
  wallClock,
} from '../../../domain/time.js';
import type { Sheet } from './sheet.js';

export interface Timing {
  /** The column of the time. */
  readonly at: number;
  /** Its times begin their row, or end it; or they are hours counted from the setting's start. */
  readonly form: 'beginning' | 'end' | 'hours';
  /** A column of ends beside one of beginnings. */
  readonly end: number | null;
  /** A column of lengths: minutes, or hours:minutes:seconds. */
  readonly length: number | null;
  /** Of times without an offset: `UTC` or a name of the IANA database; null: such a time is refused. */
  readonly zone: string | null;
}

export interface Row {
  /** Seconds from the epoch. */
  readonly start: number;
  /** Seconds; null where the file does not say, not above 0 where it says what cannot be. */
  readonly length: number | null;
  readonly line: number;
  readonly cells: readonly string[];
}

const OFFSET = /(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$/;
const LOCAL = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?$/;
/** One end of an interval of ENTSO-E: `26/10/2025 02:00:00 (CEST)`. */
const DAY_FIRST = /^(\d{2})[/.](\d{2})[/.](\d{4}) (\d{2}:\d{2})(?::\d{2})?(?: ?\((CE[S]?T|UTC)\))?$/;
const MARKS: Readonly<Record<string, string>> = { CET: '+01:00', CEST: '+02:00', UTC: 'Z' };

/**
 * The rows with their moments, in the file's order. Throws Fault `invalid-input` naming the line: a time without a zone, one that
 * happens twice or never in its zone and nothing tells which.
 */
export const rowsIn = (sheet: Sheet, rows: Sheet['rows'], timing: Timing, start: Instant | null): Row[] => {
  const read = timing.form === 'hours' ? counted(sheet, start) : reader(sheet, rows, timing);
  return rows.map(({ line, cells }) => {
    const text = cells[timing.at] ?? '';
    const [from, to] = text.includes(' - ') ? text.split(' - ') : [text];
    const begin = read(from!, line);
    const end = timing.end === null ? to : cells[timing.end];
    const length =
      timing.length !== null
        ? lengthOf(cells[timing.length] ?? '')
        : end === undefined || end === ''
          ? null
          : read(end, line, begin) - begin;
    return { start: begin, length, line, cells };
  });
};

const lengthOf = (text: string): number | null => {
  const [, h, m, s] = /^(\d+):(\d{2}):(\d{2})$/.exec(text) ?? [];
  const seconds = h === undefined ? Number(text) * 60 : Number(h) * 3600 + Number(m) * 60 + Number(s);
  return seconds > 0 ? seconds : null;
};

const counted = (sheet: Sheet, start: Instant | null) => {
  if (start === null)
    throw invalid(
      `${sheet.name} counts hours, and nobody has said when they begin`,
      'Give times instead of hours, or a start in the setting.',
    );
  return (text: string, line: number): number => {
    const hour = Number(text);
    if (text !== '' && Number.isInteger(hour)) return toEpoch(plusHours(start, hour));
    throw invalid(
      `${sheet.name}, line ${line}: "${text}" is not a whole hour`,
      'Count hours 0, 1, 2, … or give times.',
    );
  };
};

/** Reads a time; `after` is the beginning that an end belongs to. */
const reader = (sheet: Sheet, rows: Sheet['rows'], { at, zone }: Timing) => {
  if (zone !== null && zone !== 'UTC' && !isTimeZone(zone))
    throw invalid(
      `${sheet.name} names the time zone ${zone}, which is not known`,
      'Name one of the IANA database, or UTC.',
    );
  const walls =
    zone === null || zone === 'UTC'
      ? null
      : new WallClocks(
          sheet,
          zone,
          rows.map(({ cells }) => isoOf((cells[at] ?? '').split(' - ')[0]!)),
        );
  return (text: string, line: number, after?: number): number => {
    const iso = isoOf(text);
    const local = iso.endsWith('Z') ? null : LOCAL.exec(iso);
    if (local === null) return absolute(sheet, iso, text, line);
    if (zone === 'UTC') return absolute(sheet, `${iso}Z`, text, line);
    if (walls === null) return absolute(sheet, iso, text, line);
    return after === undefined ? walls.begin(local[1]!, local[2]!, line) : walls.end(local[1]!, local[2]!, after);
  };
};

/** ISO 8601, also of what ENTSO-E writes, and of offsets that have hours only. */
const isoOf = (text: string): string => {
  // Most times are absolute as they stand.
  if (text.endsWith('Z')) return text;
  const [, day, month, year, time, mark] = DAY_FIRST.exec(text) ?? [];
  if (day !== undefined) return `${year}-${month}-${day}T${time}${mark === undefined ? '' : MARKS[mark]}`;
  return text.replace(/(:\d{2}(?:\.\d+)?)([+-]\d{2})$/, '$1$2:00');
};

const absolute = (sheet: Sheet, iso: string, text: string, line: number): number => {
  if (OFFSET.test(iso))
    try {
      return toEpoch(instant(iso));
    } catch {
      // Said below, with the line.
    }
  throw invalid(
    `${sheet.name}, line ${line}: "${text}" is not a time with a zone`,
    'Write ISO 8601 with Z or an offset, for example 2022-06-01T00:00:00Z, or name the zone in the header: time_utc, or time (Europe/Paris).',
  );
};

/**
 * Clocks on a wall in one zone. When they go back, an hour happens twice: a file that holds it twice means the earlier hour first,
 * unless it counts backwards; a file that holds it once does not say which it means.
 */
class WallClocks {
  readonly #sheet: Sheet;
  readonly #zone: string;
  readonly #isDescending: boolean;
  readonly #count = new Map<string, number>();
  readonly #seen = new Map<string, number>();
  readonly #hours = new Map<string, { early: number; late: number | null; exists: boolean }>();

  constructor(sheet: Sheet, zone: string, texts: readonly string[]) {
    this.#sheet = sheet;
    this.#zone = zone;
    for (const text of texts) {
      const key = keyOf(text);
      this.#count.set(key, (this.#count.get(key) ?? 0) + 1);
    }
    this.#isDescending = (texts[0] ?? '') > (texts.at(-1) ?? '');
  }

  begin(date: string, time: string, line: number): number {
    const { early, late, exists } = this.#moments(date, time);
    const text = `${date} ${time}`;
    if (!exists)
      throw invalid(
        `${this.#sheet.name}, line ${line}: ${text} does not exist in ${this.#zone}, where the clocks go forward`,
        'Write UTC or offsets.',
      );
    if (late === null) return early;
    const seen = this.#seen.get(text) ?? 0;
    this.#seen.set(text, seen + 1);
    if (this.#count.get(text) !== 2)
      throw invalid(
        `${this.#sheet.name}, line ${line}: ${text} happens twice in ${this.#zone}, and the file does not say which it means`,
        'Write UTC or offsets.',
      );
    return (seen === 0) !== this.#isDescending ? early : late;
  }

  /** The first reading of a wall clock after the beginning; where it is twice as far as clocks show, the earlier. */
  end(date: string, time: string, after: number): number {
    const { early, late } = this.#moments(date, time);
    return early > after || late === null ? early : late;
  }

  #moments(date: string, time: string) {
    const hour = `${date} ${time.slice(0, 2)}`;
    const minutes = Number(time.slice(3, 5)) * 60;
    let found = this.#hours.get(hour);
    if (found === undefined) {
      const wall = `${time.slice(0, 2)}:00`;
      const at = atWallClock(date, wall, this.#zone);
      const shows = (moment: Instant) => {
        const read = wallClock(moment, this.#zone);
        return read.date === date && read.minuteOfDay === Number(wall.slice(0, 2)) * 60;
      };
      const early = toEpoch(at);
      found = { early, late: shows(fromEpoch(early + 3600)) ? early + 3600 : null, exists: shows(at) };
      this.#hours.set(hour, found);
    }
    return {
      early: found.early + minutes,
      late: found.late === null ? null : found.late + minutes,
      exists: found.exists,
    };
  }
}

const keyOf = (iso: string): string => {
  const local = LOCAL.exec(iso);
  return local === null ? iso : `${local[1]} ${local[2]}`;
};
