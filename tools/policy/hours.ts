/** Recurring windows of the clock and single times of day, as people write them. */
import type { Weekday } from '../../domain/policy/policy.js';
import { ALL_DAYS, DAY, dayOf } from './days.js';

export interface Found<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

const first = <T>(low: string, regex: RegExp, read: (m: RegExpExecArray) => T | undefined): Found<T> | undefined => {
  const match = regex.exec(low);
  const value = match ? read(match) : undefined;
  return match && value !== undefined ? { from: match.index, to: match.index + match[0].length, value } : undefined;
};

export interface Window {
  /** HH:MM, or null where the text can't be read in one way only */
  readonly start: string | null;
  readonly end: string | null;
  readonly crossesMidnight: boolean;
}

/** A time of day as written, in one group. */
export const CLOCK = String.raw`(\d{1,2}(?:[:.]\d{2}|h\d{2}|h)?(?:\s?(?:a\.?m\b\.?|p\.?m\b\.?)|(?: o'clock)? in the (?:morning|afternoon|evening)\b)?|\d{4}(?=\s?(?:hrs|hours|h|utc|gmt|and|to|until|till|-))|noon|midday|midnight)(?:\s?(?:hrs|hours|o'clock|uhr))?`;
const BETWEEN = new RegExp(
  String.raw`\b(?:between|from|during|the hours of)\s+(?:the hours of\s+)?${CLOCK}(?:\s+(?:utc|gmt|cet|bst))?\s*(?:and|to|until|till|through|-)\s*${CLOCK}(?![\d/]|\s?(?:%|kg|kw|mw|percent|january|february|march|april|june|july|august|september|october|november|december))`,
);
const DASHED = new RegExp(
  String.raw`(?<![\d.,-])${CLOCK}\s*(?:-|to|until|till)\s*${CLOCK}(?![\d/-]|\s?(?:%|kg|kw|mw))`,
);

/** 'HH:MM' with how it was written, or undefined. */
const clockOf = (written: string): { minutes: number; exact: boolean } | undefined => {
  if (/^(?:noon|midday)/.test(written)) return { minutes: 720, exact: true };
  if (/^midnight/.test(written)) return { minutes: 0, exact: true };
  const digits = /^\d{4}/.test(written) ? [written.slice(0, 2), written.slice(2, 4)] : undefined;
  const short = /^(\d{1,2})(?:[:.h](\d{2}))?h?\s?(?:(a|p)\.?m)?/.exec(written);
  if (!short) return undefined;
  const half = short[3] ?? (/morning/.test(written) ? 'a' : /afternoon|evening/.test(written) ? 'p' : undefined);
  let hour = Number(digits?.[0] ?? short[1]);
  const minute = Number(digits?.[1] ?? short[2] ?? 0);
  if (hour > 24 || minute > 59) return undefined;
  if (half === 'p' && hour < 12) hour += 12;
  if (half === 'a' && hour === 12) hour = 0;
  return {
    minutes: hour * 60 + minute,
    exact: half !== undefined || digits !== undefined || short[2] !== undefined || /h/.test(written) || hour > 12,
  };
};

const text = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** HH:MM of a time that can be read in one way only. */
export const exactClock = (written: string | undefined): string | undefined => {
  const clock = written === undefined ? undefined : clockOf(written);
  return clock?.exact ? text(clock.minutes) : undefined;
};

export interface Stretch {
  readonly days: readonly Weekday[];
  readonly start: string;
  readonly end: string;
}

const AT = String.raw`(?:,?\s*(?:at\s+)?${CLOCK})?`;
const ON = String.raw`(?:${CLOCK}\s+(?:on\s+)?)?`;
const DAY_SPAN = new RegExp(
  String.raw`(?:\bfrom\s+${ON})?\b(${DAY})\b${AT}\s*(?:\bto\b|\buntil\b|\btill\b|\bthrough\b|-)\s*${ON}\b(${DAY})\b${AT}`,
);

/** "from Friday 18:00 to Monday 06:00": one stretch of the week, as the parts of days that it covers. */
export const daySpanIn = (low: string): Found<readonly Stretch[]> | undefined =>
  first(low, DAY_SPAN, (m) => {
    const [start, end] = [exactClock(m[1] ?? m[3]), exactClock(m[4] ?? m[6])];
    const [a, b] = [dayOf(m[2]!), dayOf(m[5]!)];
    // "Monday to Friday 16:00-19:00" names days, and a window on each.
    if (
      (start === undefined && end === undefined) ||
      a === b ||
      /^\s*(?:-|to|until|till)\s*\d/.test(low.slice(m.index + m[0].length))
    )
      return undefined;
    if (start === undefined && m[4] === undefined) return undefined;
    const between: Weekday[] = [];
    for (let i = (ALL_DAYS.indexOf(a) + 1) % 7; ALL_DAYS[i] !== b; i = (i + 1) % 7) between.push(ALL_DAYS[i]!);
    return [
      { days: [a], start: start ?? '00:00', end: '24:00' },
      ...(between.length > 0 ? [{ days: between, start: '00:00', end: '24:00' }] : []),
      ...(end === '00:00' ? [] : [{ days: [b], start: '00:00', end: end ?? '24:00' }]),
    ];
  });

/** The first window of the clock in a text. */
export const windowIn = (low: string): Found<Window> | undefined => {
  const two = (match: RegExpExecArray): Window | undefined => {
    const a = match[1]!;
    const b = match[2]!;
    const end = clockOf(b);
    let start = clockOf(a);
    if (!start || !end) return undefined;
    // "from 4 to 7 pm": the first takes the half of the day that puts it before the second.
    if (!start.exact && /^\d/.test(a) && /[ap]\.?m/.test(b)) {
      const half = start.minutes % 720;
      const same = half + (end.minutes >= 720 ? 720 : 0);
      start = { minutes: same < end.minutes ? same : half + (end.minutes >= 720 ? 0 : 720), exact: true };
    }
    // "10 and 12" may be hours of either half of the day; a 24-hour figure on one side decides both.
    if (!start.exact && !end.exact)
      return /\d/.test(a) && /hours|o'clock|hrs/.test(match[0])
        ? { start: null, end: null, crossesMidnight: false }
        : undefined;
    const until = end.minutes === 0 && start.minutes > 0 ? 1440 : end.minutes;
    return {
      start: text(start.minutes % 1440),
      end: until === 1440 ? '24:00' : text(until),
      crossesMidnight: until <= start.minutes,
    };
  };
  return first(low, BETWEEN, two) ?? first(low, DASHED, two);
};

const clocksAfter = new Map<string, RegExp>();
const afterWords = (words: string): RegExp => {
  const known = clocksAfter.get(words);
  if (known) return known;
  const made = new RegExp(
    String.raw`\b(?:${words})\s+(?:the\s+)?${CLOCK}(?!\s?(?:%|kg|kw|mw|hours? (?:of|after|later)|minutes|days|weeks|january|february|march|april|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec|may\b)|[\d/-])`,
  );
  clocksAfter.set(words, made);
  return made;
};

/** A single time of day after words such as "by" or "after". */
export const clockAfter = (low: string, words: string): Found<string> | undefined =>
  first(low, afterWords(words), (m) => {
    const clock = clockOf(m[1]!);
    return clock?.exact ? text(clock.minutes % 1440) : undefined;
  });
