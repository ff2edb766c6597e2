/** Crontab schedules of five fields, moved by minutes without changing how often they run. */
import { invalid } from '../../domain/fault.js';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** names of the values from `from` on */
  readonly names: readonly string[];
}
const FIELDS: readonly Field[] = [
  { name: 'minute', from: 0, to: 59, names: [] },
  { name: 'hour', from: 0, to: 23, names: [] },
  { name: 'day of month', from: 1, to: 31, names: [] },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  { name: 'day of week', from: 0, to: 7, names: DAYS },
];

/** NaN for what the field does not have. */
const numberIn = (text: string, { from, to, names }: Field): number => {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return from + named;
  return /^\d{1,2}$/.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : Number.NaN;
};

/** `*`, values and ranges, each with a step or without, parted by commas. */
const isField = (text: string, field: Field): boolean =>
  text.split(',').every((part) => {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    if (step !== undefined && (Number(step) < 1 || Number(step) > field.to)) return false;
    if (range === '*') return true;
    const [first, last, ...more] = range.split('-').map((one) => numberIn(one, field));
    if (first === undefined || more.length > 0 || Number.isNaN(first)) return false;
    // A week may be counted across its end, as in fri-mon.
    return last === undefined || (field.names === DAYS ? !Number.isNaN(last) : first <= last);
  });

/** Fields parted by one space. Fault `invalid-input` for anything but five fields of crontab(5) that can come true. */
export const cronFields = (schedule: string): [string, string, string, string, string] => {
  const fields = schedule.trim().split(/[ \t]+/);
  const bad = fields.length === 5 ? FIELDS.find((field, i) => !isField(fields[i]!, field)) : undefined;
  if (fields.length !== 5 || bad)
    throw invalid(
      `"${schedule}" is not a schedule of five fields${bad ? `: its ${bad.name} is not` : ''}`,
      'Write minute, hour, day of month, month and day of week, for example "0 2 * * 1-5".',
    );
  return fields as [string, string, string, string, string];
};

const numbers = (field: string, below: number): number[] | null => {
  if (!/^\d+(,\d+)*$/.test(field)) return null;
  const values = field.split(',').map(Number);
  return values.every((value) => value < below) ? values : null;
};

/** Days of the week as numbers from Sunday 0; null for what has steps. */
const weekdays = (field: string): number[] | null => {
  const days = new Set<number>();
  for (const part of field.split(',')) {
    const [from, to] = part.split('-').map((day) => numberIn(day, FIELDS[4]!));
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
