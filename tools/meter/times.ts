/** Moments of readings: ISO 8601, seconds of Unix, and dates as people write them, by a zone that is stated. */
import { invalid } from '../../domain/fault.js';
import { atWallClock, fromEpoch, instant, isMoment, isTimeZone, toEpoch, wallClock } from '../../domain/time.js';

export type DateOrder = 'day-first' | 'month-first';

export interface TimeForm {
  /** of times without an offset; null: nobody has said it */
  readonly zone: string | null;
  readonly dates: DateOrder | null;
}

const OFFSET = /(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$/;
const ISO_LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$/;
const WRITTEN = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/** Which of the first two numbers is the day, as the texts themselves show; null where none does. */
const orderIn = (texts: readonly string[]): DateOrder | null => {
  for (const text of texts) {
    const [, a, b] = WRITTEN.exec(text) ?? [];
    if (Number(a) > 12) return 'day-first';
    if (Number(b) > 12) return 'month-first';
  }
  return null;
};

/**
 * How the times of a file are read. Throws Fault `invalid-input` where something must be said first: the zone, or which number
 * is the day.
 */
export const timeForm = (name: string, texts: readonly string[], given: TimeForm): TimeForm => {
  const local = texts.find((text) => (ISO_LOCAL.test(text) || WRITTEN.test(text)) && !OFFSET.test(afterDate(text)));
  const { zone } = given;
  if (zone !== null && zone !== 'UTC' && !isTimeZone(zone))
    throw invalid(`the time zone ${zone} is not known`, 'Name one of the IANA database, such as --zone Europe/London.');
  if (local !== undefined && zone === null)
    throw invalid(
      `times of ${name} have no zone, for example "${local}"`,
      'Say it: --zone UTC, or a name such as --zone Europe/London.',
    );
  const dates = orderIn(texts) ?? given.dates;
  if (dates === null && texts.some((text) => WRITTEN.test(text)))
    throw invalid(
      `dates of ${name} can be read in two ways, for example "${texts.find((text) => WRITTEN.test(text))}"`,
      'Say which number is the day: --dates day-first or --dates month-first.',
    );
  return { zone, dates };
};

/** A date's own minus signs are no offset. */
const afterDate = (text: string) => text.slice(10);

/** Date and time of day of a local time: `YYYY-MM-DD` and minutes; null for what is none. */
const wallOf = (text: string, dates: DateOrder | null): { date: string; minutes: number; seconds: number } | null => {
  const iso = ISO_LOCAL.exec(text);
  const written = iso === null ? WRITTEN.exec(text) : null;
  const parts = iso ?? written;
  if (parts === null) return null;
  const two = (part: string) => part.padStart(2, '0');
  const [day, month] = dates === 'month-first' ? [parts[2]!, parts[1]!] : [parts[1]!, parts[2]!];
  const date = iso ? `${parts[1]}-${parts[2]}-${parts[3]}` : `${parts[3]}-${two(month)}-${two(day)}`;
  const minutes = Number(parts[4] ?? 0) * 60 + Number(parts[5] ?? 0);
  const parsed = new Date(`${date}T00:00:00Z`);
  const exists = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
  return exists && minutes <= 24 * 60 ? { date, minutes, seconds: Number(parts[6] ?? 0) } : null;
};

/** Minutes of a day as `HH:MM`. */
export const clockText = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** Seconds or milliseconds since 1970. */
const ofUnix = (text: string): number | null => {
  if (!/^\d{9,10}(\.\d+)?$|^\d{12,13}$/.test(text)) return null;
  const number = Number(text);
  return Math.floor(text.length >= 12 && !text.includes('.') ? number / 1000 : number);
};

/**
 * Reads one time after the other: when clocks go back an hour happens twice, and the file's order says which it is. Null for what
 * is no time, or a wall-clock time that never was. `isEnd`: what ends when clocks go forward may be stamped with the time at which
 * they do, which no clock shows.
 */
export const timeReader = ({ zone, dates }: TimeForm, isEnd = false): ((text: string) => number | null) => {
  let last: number | null = null;
  const wall = (text: string): number | null => {
    const found = wallOf(text, dates);
    if (found === null || zone === null) return null;
    const { date, minutes, seconds } = found;
    if (zone === 'UTC') return toEpoch(instant(`${date}T00:00:00Z`)) + minutes * 60 + seconds;
    // 24:00 is the beginning of the day after.
    const of = Math.min(minutes, 24 * 60 - 1);
    const time = clockText(of);
    const early = toEpoch(atWallClock(date, time, zone));
    const shows = (at: number, minute = of) => {
      const read = wallClock(fromEpoch(at), zone);
      return read.date === date && read.minuteOfDay === minute;
    };
    if (!shows(early)) {
      if (!isEnd || of === 0) return null;
      const minuteBefore = clockText(of - 1);
      const before = toEpoch(atWallClock(date, minuteBefore, zone));
      return shows(before, of - 1) ? before + 60 : null;
    }
    const isLate = last !== null && early <= last && shows(early + 3600);
    return (isLate ? early + 3600 : early) + (minutes - of) * 60 + seconds;
  };
  return (text) => {
    let at = ofUnix(text);
    if (at === null && OFFSET.test(afterDate(text)))
      try {
        at = toEpoch(instant(text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')));
      } catch {
        return null;
      }
    at ??= wall(text);
    if (at !== null && !isMoment(at)) return null;
    last = at ?? last;
    return at;
  };
};
