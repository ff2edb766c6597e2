/** Crontab schedules of five fields, moved by minutes without changing how often they run. */
import { invalid } from '../../domain/fault.js';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELD = /^[0-9A-Za-z*/,-]+$/;

/** Fields parted by one space. Fault `invalid-input` for anything but five fields of crontab(5). */
export const cronFields = (schedule: string): [string, string, string, string, string] => {
  const fields = schedule.trim().split(/[ \t]+/);
  if (fields.length !== 5 || !fields.every((field) => FIELD.test(field)))
    throw invalid(
      `"${schedule}" is not a schedule of five fields`,
      'Write minute, hour, day of month, month and day of week, for example "0 2 * * 1-5".',
    );
  return fields as [string, string, string, string, string];
};

const numbers = (field: string, below: number): number[] | null => {
  if (!/^\d+(,\d+)*$/.test(field)) return null;
  const values = field.split(',').map(Number);
  return values.every((value) => value < below) ? values : null;
};

/** Days of the week as numbers from Sunday 0; null for what has steps or cannot be read. */
const weekdays = (field: string): number[] | null => {
  const days = new Set<number>();
  for (const part of field.split(',')) {
    const [from, to] = part.split('-').map((day) => {
      const named = DAYS.indexOf(day.toLowerCase());
      return named >= 0 ? named : /^[0-7]$/.test(day) ? Number(day) : Number.NaN;
    });
    const last = to ?? from;
    if (from === undefined || last === undefined || Number.isNaN(from) || Number.isNaN(last)) return null;
    for (let day = from; day <= (last < from ? last + 7 : last); day++) days.add(day % 7);
  }
  return [...days];
};

const written = (values: Iterable<number>) => [...new Set(values)].sort((a, b) => a - b).join(',');

/**
 * The schedule `minutes` later (or earlier), or null when five fields cannot say it: steps and ranges of hours, a day of
 * the month that would change, several times of day that fall on different days.
 */
export const shiftCron = (schedule: string, minutes: number): string | null => {
  const [minute, hour, dayOfMonth, month, dayOfWeek] = cronFields(schedule);
  const everyDay = dayOfMonth === '*' && month === '*' && dayOfWeek === '*';
  const at = numbers(minute, 60);
  if (at === null) return null;
  const wrap = (value: number, size: number) => ((value % size) + size) % size;
  if (hour === '*')
    return everyDay ? [written(at.map((m) => wrap(m + minutes, 60))), '*', '*', '*', '*'].join(' ') : null;
  const hours = numbers(hour, 24);
  if (hours === null) return null;
  const moved = hours.flatMap((h) => at.map((m) => h * 60 + m + minutes));
  const days = new Set(moved.map((m) => Math.floor(m / 1440)));
  const newMinutes = new Set(moved.map((m) => wrap(m, 60)));
  const newHours = new Set(moved.map((m) => Math.floor(wrap(m, 1440) / 60)));
  // Five fields run every hour at every minute named: that must be exactly the moved times.
  if (newMinutes.size * newHours.size !== new Set(moved.map((m) => wrap(m, 1440))).size) return null;
  const [day] = days;
  let newDays = dayOfWeek;
  if (day !== 0 && !everyDay) {
    if (days.size > 1 || dayOfMonth !== '*' || month !== '*') return null;
    const of = weekdays(dayOfWeek);
    if (of === null) return null;
    newDays = written(of.map((d) => wrap(d + day!, 7)));
  } else if (days.size > 1 && !everyDay) return null;
  return [written(newMinutes), written(newHours), dayOfMonth, month, newDays].join(' ');
};
