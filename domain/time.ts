/**
 * Moments, intervals and the calendar. An Instant is text in UTC, whole seconds, always `Z`, so that text order is time
 * order and maps, SQL and canonical JSON need no conversion. Only this file knows the Temporal API.
 */
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { invalid } from './fault.js';

const WITH_ZONE = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([Zz]|[+-]\d{2}:?\d{2})$/;

export type Instant = string & z.$brand<'Instant'>;

/** Date.parse takes 30 February for 2 March. */
const isDay = (text: string): boolean => {
  const midnight = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).getUTCDate() === Number(text.slice(8));
};

/** As this house writes them, which are nearly all that are read: such a text is its own Instant. */
const AS_WRITTEN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

const parse = (text: string): Instant | undefined => {
  if (AS_WRITTEN.test(text)) {
    const ms = Date.parse(text);
    if (isMoment(ms / 1000) && new Date(ms).getUTCDate() === Number(text.slice(8, 10))) return text as Instant;
  }
  if (!WITH_ZONE.test(text) || !isDay(text.slice(0, 10))) return undefined;
  const ms = Date.parse(
    text
      .replace(' ', 'T')
      .replace(',', '.')
      .replace(/([+-]\d{2})(\d{2})$/, '$1:$2'),
  );
  const seconds = Math.floor(ms / 1000);
  return isMoment(seconds) ? fromEpoch(seconds) : undefined;
};

/** Accepts ISO 8601 with an offset or `Z`, answers UTC to the whole second. A time without a zone is refused, never guessed. */
export const Instant = z
  .string()
  .describe('ISO 8601 instant with Z or offset, e.g. 2022-06-01T00:00:00Z')
  .transform((text, context): Instant => {
    const value = parse(text);
    if (value === undefined) {
      context.addIssue({
        code: 'custom',
        message: 'must be an ISO 8601 time with Z or an offset, e.g. 2022-06-01T00:00:00Z',
      });
      return z.NEVER;
    }
    return value;
  })
  .pipe(z.string() as unknown as z.ZodType<Instant, Instant>);

/** `YYYY-MM-DDT` by day from the epoch: hot loops write the same days again and again. */
const days = new Map<number, string>();
const dayText = (day: number): string => {
  let text = days.get(day);
  if (text === undefined) {
    if (days.size >= 4096) days.clear();
    text = new Date(day * 86_400_000).toISOString().slice(0, 11);
    days.set(day, text);
  }
  return text;
};
const TWO = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
/** The first second of the year 0, and of the year 10000: what four digits can say. */
const EARLIEST = -62_167_219_200;
const BEYOND = 253_402_300_800;

/** Whether an Instant can say this moment. */
export const isMoment = (seconds: number): boolean => seconds >= EARLIEST && seconds < BEYOND;

/** Throws Fault `invalid-input` for a moment outside the years 0 to 9999, which no Instant can say. */
export const fromEpoch = (seconds: number): Instant => {
  if (!isMoment(seconds))
    throw invalid(
      `${seconds} s from 1970 lie outside the years 0 to 9999`,
      'Give a time within them; epoch times count seconds, not milliseconds.',
    );
  if (!Number.isInteger(seconds) || seconds < 0)
    return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` as Instant;
  const day = Math.floor(seconds / 86_400);
  const rest = seconds - day * 86_400;
  const hour = Math.floor(rest / 3600);
  const minute = Math.floor((rest - hour * 3600) / 60);
  return `${dayText(day)}${TWO[hour]}:${TWO[minute]}:${TWO[rest % 60]}Z` as Instant;
};

export const toEpoch = (instant: Instant): number => {
  if (instant.length !== 20) return Date.parse(instant) / 1000;
  const year = two(instant, 0) * 100 + two(instant, 2);
  const month = two(instant, 5);
  // Years are counted from March, so that the day that leap years add comes last.
  const y = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + two(instant, 8) - 1;
  const day = y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
  return day * 86_400 + two(instant, 11) * 3600 + two(instant, 14) * 60 + two(instant, 17);
};

const two = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;

/** Throws Fault `invalid-input` for text that is not a time with a zone. */
export const instant = (text: string): Instant => {
  const value = parse(text);
  if (value === undefined)
    throw invalid(
      `"${text}" is not a time with a zone`,
      'Write ISO 8601 with Z or an offset, for example 2022-06-01T00:00:00Z.',
    );
  return value;
};

export const plusSeconds = (at: Instant, seconds: number) => fromEpoch(toEpoch(at) + seconds);
export const plusHours = (at: Instant, hours: number) => fromEpoch(toEpoch(at) + Math.round(hours * 3600));
export const secondsBetween = (from: Instant, to: Instant) => toEpoch(to) - toEpoch(from);

/** The first grid moment at or after `at`; the grid counts `stepMinutes` from the epoch. */
export const ceilTo = (at: Instant, stepMinutes: number) => {
  const step = stepMinutes * 60;
  return fromEpoch(Math.ceil(toEpoch(at) / step) * step);
};
export const floorTo = (at: Instant, stepMinutes: number) => {
  const step = stepMinutes * 60;
  return fromEpoch(Math.floor(toEpoch(at) / step) * step);
};

/** Half-open: `start` belongs to it, `end` does not. */
export const Interval = z
  .strictObject({ start: Instant, end: Instant })
  .refine((i) => i.start < i.end, 'start must lie before end');
export type Interval = { readonly start: Instant; readonly end: Instant };

/** A civil date with its settlement period, counted from 1, as GB settlement counts them. */
export type SettlementPeriod = { date: string; period: number };

const LONDON = 'Europe/London';

const midnight = (date: string, zone: string) => Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: zone });

/** 46 on the day the clocks go forward, 50 on the day they go back, else 48. */
export const settlementPeriodsIn = (date: string, zone = LONDON): number => {
  const from = midnight(date, zone).epochMilliseconds;
  const to = midnight(Temporal.PlainDate.from(date).add({ days: 1 }).toString(), zone).epochMilliseconds;
  return Math.round((to - from) / 1_800_000);
};

export const settlementPeriodOf = (at: Instant, zone = LONDON): SettlementPeriod => {
  const date = civilDate(at, zone);
  const seconds = toEpoch(at) - midnight(date, zone).epochMilliseconds / 1000;
  return { date, period: Math.floor(seconds / 1800) + 1 };
};

/** Throws Fault `invalid-input` when the day has no such period. */
export const settlementStart = ({ date, period }: SettlementPeriod, zone = LONDON): Instant => {
  const count = settlementPeriodsIn(date, zone);
  if (!Number.isInteger(period) || period < 1 || period > count)
    throw invalid(
      `${date} has ${count} settlement periods; ${period} is not one of them`,
      `Give a period from 1 to ${count}.`,
    );
  return fromEpoch(midnight(date, zone).epochMilliseconds / 1000 + (period - 1) * 1800);
};

/**
 * The block of an EFA day in which a moment lies, as response and reserve are bought in Great Britain: day D runs from 23:00 in London
 * on the evening before to 23:00, in six blocks that begin at 23, 3, 7, 11, 15 and 19 by the clock there. On the days on which it
 * changes the first has three hours, or five.
 */
export const efaBlockOf = (at: Instant): { date: string; block: number } => {
  const { date, minuteOfDay } = wallClock(at, LONDON);
  const first = 23 * 60;
  const block = Math.floor(((minuteOfDay - first + 1440) % 1440) / 240) + 1;
  return { date: minuteOfDay >= first ? plusDays(date, 1) : date, block };
};

/** The civil date, `YYYY-MM-DD`, at a place. */
export const civilDate = (at: Instant, zone: string): string => zoned(at, zone).toPlainDate().toString();

/** Wall-clock parts at a place: weekday 1 is Monday. */
export const wallClock = (at: Instant, zone: string) => {
  const t = zoned(at, zone);
  return {
    date: t.toPlainDate().toString(),
    weekday: t.dayOfWeek,
    minuteOfDay: t.hour * 60 + t.minute,
    month: t.month,
    day: t.day,
  };
};

/** What the wall clock in `zone` stands before UTC, in minutes: 60 in a London summer. */
export const offsetMinutes = (at: Instant, zone: string): number => zoned(at, zone).offsetNanoseconds / 6e10;

/** The instant at which a wall clock in `zone` shows `date` `time`; in a gap the later, in a fold the earlier reading. */
export const atWallClock = (date: string, time: string, zone: string): Instant =>
  fromEpoch(Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(zone).epochMilliseconds / 1000);

/** `YYYY-MM-DD` moved by whole days. */
export const plusDays = (date: string, days: number) => Temporal.PlainDate.from(date).add({ days }).toString();

export const isTimeZone = (zone: string) => {
  try {
    Temporal.Now.zonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
};

const zoned = (at: Instant, zone: string) =>
  Temporal.Instant.fromEpochMilliseconds(toEpoch(at) * 1000).toZonedDateTimeISO(zone);
