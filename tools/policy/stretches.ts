/** Stretches of closed time: the parts of days that a range of dates covers, and which days each window has. */
import { WEEKDAYS, type Weekday } from '../../domain/policy/policy.js';
import { plusDays } from '../../domain/time.js';
import type { Clause } from './clause.js';
import type { DateRange } from './dates.js';
import { daysIn } from './days.js';

export type Dated = { readonly validFrom?: string; readonly until?: string };

/** "from 20 December 2026 18:00 to 3 January 2027 08:00" as the parts of days that it covers. */
export const datedStretches = ({ start, end, startTime, endTime }: DateRange) => {
  const [first, last] = [startTime ?? '00:00', endTime ?? '24:00'];
  if (start === null || end === null) return [{ days: WEEKDAYS, start: first, end: last }];
  const on = (from: string, to: string) => ({ days: WEEKDAYS, validFrom: from, until: to });
  if (start === end) return [{ ...on(start, end), start: first, end: last }];
  const [second, beforeLast] = [plusDays(start, 1), plusDays(end, -1)];
  return [
    { ...on(start, start), start: first, end: '24:00' },
    ...(second <= beforeLast ? [{ ...on(second, beforeLast), start: '00:00', end: '24:00' }] : []),
    ...(last === '00:00' ? [] : [{ ...on(end, end), start: '00:00', end: last }]),
  ];
};

/** The days of each window where every one has its own: "Mon-Thu 16:00-20:00 and Fri 14:00-20:00"; null where that cannot be told. */
export const daysOfWindows = (c: Clause, all: readonly Weekday[]): (readonly Weekday[])[] | null => {
  const before = c.windows.map((w, i) => daysIn(c.calendar.slice(i === 0 ? 0 : c.windows[i - 1]!.to, w.from)));
  const behind = daysIn(c.calendar.slice(c.windows.at(-1)?.to ?? 0));
  const [first, ...others] = before;
  const own = (list: (Weekday[] | undefined)[]) => list.every((days) => days !== undefined);
  if (others.every((days) => days === undefined) && (first === undefined || behind === undefined))
    return c.windows.map(() => all);
  if (behind === undefined && own(before)) return before as Weekday[][];
  return first === undefined && own([...others, behind]) ? ([...others, behind] as Weekday[][]) : null;
};
