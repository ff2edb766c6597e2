/** The calendar of a policy: when its windows recur, which accounting periods a plan touches, until when it holds. */

import { atWallClock, civilDate, type Instant, type Interval, plusDays, wallClock } from '../time.js';
import type { CapPeriod, ParamsOf, Weekday } from './policy.js';
import { WEEKDAYS } from './policy.js';

const weekdayOf = (date: string): Weekday => WEEKDAYS[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7]!;

/** "24:00" is the next day's midnight. */
const at = (date: string, clock: string, zone: string): Instant =>
  clock === '24:00' ? atWallClock(plusDays(date, 1), '00:00', zone) : atWallClock(date, clock, zone);

export interface Validity {
  readonly validFrom?: string | undefined;
  readonly until?: string | undefined;
}
export const holdsOn = (validity: Validity, date: string): boolean =>
  (validity.validFrom === undefined || date >= validity.validFrom) &&
  (validity.until === undefined || date <= validity.until);

/** Civil dates that an interval touches, in order, with one day before it for windows that cross midnight. */
const datesOf = (interval: Interval, zone: string): string[] => {
  const last = civilDate(interval.end, zone);
  const dates: string[] = [];
  for (let date = plusDays(civilDate(interval.start, zone), -1); date <= last; date = plusDays(date, 1))
    dates.push(date);
  return dates;
};

/** Every occurrence of a daily window within an interval, on the days that a person at the place would count; a night belongs to the day it begins on. */
export const occurrences = (
  window: Validity & { readonly days: readonly Weekday[]; readonly from: string; readonly to: string },
  interval: Interval,
  zone: string,
): Interval[] => {
  const found: Interval[] = [];
  for (const date of datesOf(interval, zone)) {
    if (!window.days.includes(weekdayOf(date)) || !holdsOn(window, date)) continue;
    const start = at(date, window.from, zone);
    const end = at(window.to <= window.from ? plusDays(date, 1) : date, window.to, zone);
    if (start < end && start < interval.end && end > interval.start) found.push({ start, end });
  }
  return found;
};

/** The moments that a change freeze covers. */
export const freezeInterval = (params: ParamsOf<'change_freeze'>, zone: string): Interval | null => {
  if (params.from === null || params.to === null) return null;
  const last = params.inclusive === false ? params.to : plusDays(params.to, 1);
  const start = at(params.from, params.fromTime ?? '00:00', zone);
  const end = params.toTime === undefined ? at(last, '00:00', zone) : at(params.to, params.toTime, zone);
  return start < end ? { start, end } : null;
};

const firstOf = (date: string, period: CapPeriod): string => {
  const [year, month] = [date.slice(0, 4), Number(date.slice(5, 7))];
  if (period === 'day') return date;
  if (period === 'week') return plusDays(date, -WEEKDAYS.indexOf(weekdayOf(date)));
  if (period === 'year') return `${year}-01-01`;
  const first = period === 'quarter' ? month - ((month - 1) % 3) : month;
  return `${year}-${String(first).padStart(2, '0')}-01`;
};
const LONGEST: Readonly<Record<CapPeriod, number>> = {
  day: 1,
  week: 7,
  calendar_month: 31,
  month: 31,
  quarter: 92,
  year: 366,
};

/** The whole accounting periods that an interval touches; weeks begin on Monday, a month without more is a calendar month. */
export const periodsOf = (period: CapPeriod, interval: Interval, zone: string): Interval[] => {
  const found: Interval[] = [];
  for (let first = firstOf(civilDate(interval.start, zone), period); ; ) {
    const start = atWallClock(first, '00:00', zone);
    if (start >= interval.end) return found;
    const next = firstOf(plusDays(first, LONGEST[period]), period);
    found.push({ start, end: atWallClock(next, '00:00', zone) });
    first = next;
  }
};

/** Whether a date is one that `on` of a deadline names; null for words that are not known. */
const isOn = (on: string | undefined, date: string): boolean | null => {
  const day = weekdayOf(date);
  const working = !['sat', 'sun'].includes(day);
  if (on === undefined || on === 'daily') return true;
  if (on === 'weekdays') return working;
  const weekday = WEEKDAYS.find((d) => d === on.slice(0, 3));
  if (weekday && /^(?:mon|tue|wed|thu|fri|sat|sun)/.test(on) && !on.includes('_')) return weekday === day;
  const rank = /^(first|last)_(working_)?day_of_(month|quarter|year)$/.exec(on);
  if (!rank) return null;
  const period = rank[3] as 'month' | 'quarter' | 'year';
  const start = firstOf(date, period);
  const next = firstOf(plusDays(start, LONGEST[period]), period);
  const [from, step] = rank[1] === 'first' ? [start, 1] : [plusDays(next, -1), -1];
  let wanted = from;
  while (rank[2] && ['sat', 'sun'].includes(weekdayOf(wanted))) wanted = plusDays(wanted, step);
  return date === wanted;
};

/** The first moment at or after `earliest` that a "finish by" names; null when it names none within 400 days or is not understood. */
export const finishBy = (params: ParamsOf<'deadline'>, earliest: Instant, zone: string): Instant | null => {
  if (params.finishBy === undefined || params.finishBy === null) return null;
  let date = wallClock(earliest, zone).date;
  for (let i = 0; i < 400; i++, date = plusDays(date, 1)) {
    const on = isOn(params.on, date);
    if (on === null) return null;
    if (!on || !holdsOn(params, date)) continue;
    const moment = at(date, params.finishBy, zone);
    if (moment >= earliest) return moment;
  }
  return null;
};
