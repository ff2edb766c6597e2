/** Days of the week, as people write them. */
import type { Weekday } from '../../domain/policy/policy.js';
import { type Span, spansOf } from './words.js';

export const ALL_DAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const WORKING = ALL_DAYS.slice(0, 5);
/** A day of the week, in full, short or plural. */
export const DAY = `(?:mon(?:day)?s?|tue(?:s|sday)?s?|wed(?:nesday)?s?|thu(?:r|rs|rsday)?s?|fri(?:day)?s?|sat(?:urday)?s?|sun(?:day)?s?)`;
export const dayOf = (word: string) => word.slice(0, 3) as Weekday;

const RANGE = new RegExp(String.raw`\b(${DAY})\s*(?:to|until|till|through|thru|-)\s*(${DAY})\b`, 'g');
const SINGLE = new RegExp(String.raw`\b(${DAY})\b(?!-)`, 'g');
// "Within two working days" counts days, and names none.
const WEEK =
  /(?<!\b(?:\d+|one|two|three|four|five|six|seven|ten|within|first|second|third|last|1st|2nd|3rd) )\b(?:weekdays?|working days?|business days?|work ?days?|week days?)\b/g;
const END = /\bweek-?ends?\b/g;
const EVERY =
  /\b(?:every ?day|each day|any day|daily|all days|(?:all )?seven days(?: a week)?|every (?:night|morning|evening)|each (?:night|morning|evening)|nightly|7 days a week|24\/7)\b/g;

/** The days that a text names; undefined when it names none. Exceptions are not its business. */
export const daysIn = (low: string): Weekday[] | undefined => {
  const days = new Set<Weekday>();
  let rest = low;
  for (const range of low.matchAll(RANGE)) {
    const a = ALL_DAYS.indexOf(dayOf(range[1]!));
    const b = ALL_DAYS.indexOf(dayOf(range[2]!));
    for (let i = a; ; i = (i + 1) % 7) {
      days.add(ALL_DAYS[i]!);
      if (i === b) break;
    }
    rest = rest.replace(range[0], ' ');
  }
  for (const day of rest.matchAll(SINGLE)) if (!NO_DAY.test(day[1]!)) days.add(dayOf(day[1]!));
  if (rest.search(WEEK) >= 0) for (const day of WORKING) days.add(day);
  if (rest.search(END) >= 0) for (const day of ['sat', 'sun'] as const) days.add(day);
  if (rest.search(EVERY) >= 0) for (const day of ALL_DAYS) days.add(day);
  return days.size === 0 ? undefined : ALL_DAYS.filter((day) => days.has(day));
};
const NO_DAY = /^(?:sat|sun|wed)s$/;

/** The words that name them. */
export const daySpansIn = (low: string): Span[] =>
  spansOf(low, RANGE, SINGLE, WEEK, END, EVERY).filter(([from, to]) => !NO_DAY.test(low.slice(from, to)));

/** "Daily on weekends" says two things. */
export const isEveryDayAndSome = (low: string): boolean =>
  low.search(EVERY) >= 0 && spansOf(low.replace(EVERY, ' '), RANGE, SINGLE, WEEK, END).length > 0;
