/** Calendar dates and ranges of them: "from 18 to 31 December 2026", "December 18, 2026", "2026-12-18", "18/12/2026". */
import { plusDays } from '../../domain/time.js';
import { CLOCK, exactClock } from './hours.js';
import { type Span, spansOf } from './words.js';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = String.raw`(january|february|march|april|may|june|july|august|september|october|november|december|jan\.?|feb\.?|mar\.?|apr\.?|jun\.?|jul\.?|aug\.?|sept?\.?|oct\.?|nov\.?|dec\.?)`;
const WEEKDAY = String.raw`(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?`;
const D = String.raw`(\d{1,2})(?:st|nd|rd|th)?`;

export interface CivilDate {
  readonly from: number;
  readonly to: number;
  readonly year: number | null;
  readonly month: number | null;
  readonly day: number;
  /** the other reading, for 04/05/2026 */
  readonly doubt: string | null;
}

export interface DateRange {
  readonly from: number;
  readonly to: number;
  readonly start: string | null;
  readonly end: string | null;
  /** null: the text does not say whether the last day belongs to it */
  readonly inclusive: boolean | null;
  /** times of day at the two ends, where the text gives them */
  readonly startTime?: string;
  readonly endTime?: string;
  readonly questions: readonly string[];
}

const monthOf = (word: string) => MONTHS.indexOf(word.slice(0, 3)) + 1;
const number = (digits: string | undefined) => (digits === undefined ? null : Number(digits));
const iso = (year: number, month: number, day: number): string | null => {
  const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : null;
};

/** A figure that ends a name ("gpu-4", "rack_12") is no day of the month behind it. */
const NOT_IN_NAME = String.raw`(?<![\d:.,])(?<![\p{L}][-_/.]\d?)`;
const DAY_MONTH = new RegExp(
  String.raw`${WEEKDAY}${NOT_IN_NAME}\b${D}(?:\s+of)?\s+${MONTH}(?![a-z])(?:,?\s+(\d{4}))?`,
  'gu',
);
const MONTH_DAY = new RegExp(
  String.raw`${WEEKDAY}\b${MONTH}\s+${D}(?![\d:])(?!\s*(?:${MONTH}|%|kg|kw|jobs|hours))(?:,?\s+(\d{4}))?`,
  'g',
);
/** All dates, in order of position. */
export const datesIn = (low: string): CivilDate[] => {
  const found: CivilDate[] = [];
  const add = (
    match: RegExpMatchArray,
    year: number | null,
    month: number | null,
    day: number,
    doubt: string | null = null,
  ) => {
    const from = match.index!;
    const to = from + match[0].trimEnd().length;
    if (day < 1 || day > 31 || (month !== null && (month < 1 || month > 12))) return;
    if (!found.some((d) => d.from < to && from < d.to)) found.push({ from, to, year, month, day, doubt });
  };
  for (const m of low.matchAll(
    /(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])|(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?=t\d\d:\d\d)/g,
  ))
    add(m, Number(m[1] ?? m[4]), Number(m[2] ?? m[5]), Number(m[3] ?? m[6]));
  for (const m of low.matchAll(DAY_MONTH)) add(m, number(m[3]), monthOf(m[2]!), Number(m[1]));
  for (const m of low.matchAll(MONTH_DAY)) add(m, number(m[4]), monthOf(m[1]!), Number(m[2]));
  for (const m of low.matchAll(/(?<![\w./-])(\d{1,2})([./])(\d{1,2})\2(\d{4})(?![\w/])/g)) {
    const a = Number(m[1]);
    const b = Number(m[3]);
    if (m[2] === '.' || a > 12) add(m, Number(m[4]), b, a);
    else if (b > 12) add(m, Number(m[4]), a, b);
    else if (a === b) add(m, Number(m[4]), a, b);
    else add(m, Number(m[4]), null, a, m[0]);
  }
  return found.sort((a, b) => a.from - b.from);
};

const MONTH_YEAR = new RegExp(String.raw`\b(?:in|during|throughout|for|of)\s+${MONTH}\s+(\d{4})\b`);

/** "in December 2026": the first and the last day of it. */
export const monthIn = (low: string): { from: number; to: number; start: string; end: string } | undefined => {
  const match = MONTH_YEAR.exec(low);
  if (!match) return undefined;
  const year = Number(match[2]);
  const month = monthOf(match[1]!);
  const start = iso(year, month, 1)!;
  const next = month === 12 ? iso(year + 1, 1, 1)! : iso(year, month + 1, 1)!;
  return { from: match.index, to: match.index + match[0].length, start, end: plusDays(next, -1) };
};

const JOIN = new RegExp(
  String.raw`^(?:(?:,?\s*(?:at\s+)?|t)${CLOCK}(?::00)?z?(?:\s+(?:utc|gmt|cet|cest|bst))?)?,?\s*(to|until|till|through|thru|and|-|up to(?: and including)?|until and including|through to)\s*(?:and including\s*)?(?:the\s+)?(?:end of\s+)?(?:${CLOCK}\s+(?:on\s+)?(?:the\s+)?)?$`,
);
const CLOCK_BEFORE = new RegExp(String.raw`\b${CLOCK}\s+(?:on\s+)?(?:the\s+)?$`);
const CLOCK_BEHIND = new RegExp(String.raw`^(?:,?\s*(?:at\s+)?|t)${CLOCK}(?::00)?z?(?![\w/])`);

const SHORT = new RegExp(
  String.raw`${NOT_IN_NAME}\b${D}\s*(to|until|till|through|and|-)\s*${D}(?:\s+of)?\s+${MONTH}(?:,?\s+(\d{4}))?`,
  'u',
);
const US_SHORT = new RegExp(String.raw`\b${MONTH}\s+${D}\s*(to|until|through|-)\s*${D}(?![\d:])(?:,?\s+(\d{4}))?`);

/** The first range of two dates; also "18 to 31 December 2026", where the first has a day only. */
export const rangeIn = (low: string): DateRange | undefined => {
  const dates = datesIn(low);
  const short = SHORT.exec(low);
  const usShort = US_SHORT.exec(low);
  if (short || usShort) {
    const match = (short ?? usShort)!;
    const [first, word, last, month, year] = short
      ? [short[1], short[2], short[3], short[4], short[5]]
      : [usShort![2], usShort![3], usShort![4], usShort![1], usShort![5]];
    const one = {
      from: match.index,
      to: match.index,
      year: number(year),
      month: monthOf(month!),
      day: Number(first),
      doubt: null,
    };
    return finish(low, one, { ...one, to: match.index + match[0].length, day: Number(last) }, word!);
  }
  for (let i = 0; i + 1 < dates.length; i++) {
    const join = JOIN.exec(low.slice(dates[i]!.to, dates[i + 1]!.from));
    if (join)
      return finish(low, dates[i]!, dates[i + 1]!, join[0].includes('including') ? 'through' : join[2]!, [
        join[1],
        join[3],
      ]);
  }
  return undefined;
};

const finish = (
  low: string,
  a: CivilDate,
  b: CivilDate,
  word: string,
  between: readonly [string | undefined, string | undefined] = [undefined, undefined],
): DateRange => {
  const questions: string[] = [];
  const ahead = CLOCK_BEFORE.exec(low.slice(Math.max(0, a.from - 24), a.from));
  const behind = CLOCK_BEHIND.exec(low.slice(b.to, b.to + 24));
  const startTime = exactClock(between[0]) ?? exactClock(ahead?.[1]);
  const endTime = exactClock(between[1]) ?? exactClock(behind?.[1]);
  const from = a.from - (ahead && between[0] === undefined && startTime !== undefined ? ahead[0].length : 0);
  const to = b.to + (behind && between[1] === undefined && endTime !== undefined ? behind[0].length : 0);
  for (const date of [a, b])
    if (date.doubt !== null) questions.push(`is ${date.doubt} written day first or month first?`);
  const endYear = b.year;
  const startYear =
    a.year ??
    (endYear === null || a.month === null || b.month === null ? null : a.month > b.month ? endYear - 1 : endYear);
  if (startYear === null || endYear === null) questions.push('which year?');
  const tail = low.slice(b.to, b.to + 24);
  const inclusive =
    endTime !== undefined ||
    /^[\s,(]*(?:inclusive|included|both (?:days )?inclusive)/.test(tail) ||
    /\binclusive(?:ly)?\b|\bboth days included\b/.test(low)
      ? true
      : /^[\s,(]*(?:exclusive|excluded|not included)/.test(tail)
        ? false
        : /^(?:until|till)/.test(word) && !/\bbetween\b/.test(low.slice(0, a.from))
          ? null
          : true;
  if (inclusive === null) questions.push('does the last day belong to it?');
  const start = a.month === null || startYear === null ? null : iso(startYear, a.month, a.day);
  const end = b.month === null || endYear === null ? null : iso(endYear, b.month, b.day);
  // "On 20 and 26 December" are two days; "between", "from" and neighbours are a range.
  if (
    word === 'and' &&
    !/\b(?:between|from)\b/.test(low.slice(0, a.from)) &&
    !(start !== null && end !== null && plusDays(start, 1) === end)
  )
    questions.push('these two days only, or also those between them?');
  return {
    from,
    to,
    start,
    end,
    inclusive,
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime }),
    questions,
  };
};

/** "from 1 January 2027", "until 31 March 2027", "effective 1 May 2027"; a range gives both. The positions are those of the phrases. */
export const validityIn = (low: string) => {
  const spans: [number, number][] = [];
  const out: { validFrom?: string; until?: string } = {};
  const questions: string[] = [];
  const range = rangeIn(low);
  if (range) {
    spans.push([range.from, range.to]);
    if (range.start) out.validFrom = range.start;
    if (range.end) out.until = range.inclusive === false ? plusDays(range.end, -1) : range.end;
    questions.push(...range.questions.filter((q) => !q.startsWith('does the last')));
    return { ...out, spans, questions };
  }
  for (const date of datesIn(low)) {
    const before = low.slice(Math.max(0, date.from - 40), date.from);
    const value = date.year === null || date.month === null ? null : iso(date.year, date.month, date.day);
    const starts =
      /\b(?:from|effective(?: from| as of)?|as of|as from|starting|beginning|since|after|with effect from|takes? effect (?:on|from)|in force from|applies from|on or after)\s+(?:the\s+)?$/.test(
        before,
      );
    const ends =
      /\b(?:until|till|through|expires? (?:on|at the end of)|valid to|ends? on|up to|before|no later than|to)\s+(?:and including\s+)?(?:the\s+)?(?:end of\s+)?$/.test(
        before,
      );
    if (!starts && !ends) continue;
    spans.push([date.from, date.to]);
    if (value === null) {
      questions.push(date.doubt === null ? 'which year?' : `is ${date.doubt} written day first or month first?`);
      continue;
    }
    if (starts)
      out.validFrom = /\bafter\s+$/.test(before) && !/on or after\s+$/.test(before) ? plusDays(value, 1) : value;
    else out.until = /\bbefore\s+$/.test(before) ? plusDays(value, -1) : value;
  }
  const month = monthIn(low);
  if (month && spans.length === 0) {
    spans.push([month.from, month.to]);
    out.validFrom = month.start;
    out.until = month.end;
  }
  return { ...out, spans, questions };
};

const BEFORE_DATE =
  /(?:\b(?:from|effective|as of|as from|starting|beginning|since|after|with effect from|takes? effect|in force|applies|on or after|until|till|through|expires?|valid to|ends?|up to|before|no later than|between|during|throughout|and including|the end of|end of|on|in|to|the|of|,)\s*)+\(?$/;
const BEHIND_DATE = /^[\s,(]*(?:both (?:days )?)?(?:inclusive(?:ly)?|included|exclusive|excluded|not included)\)?/;

/** The words of dates: they, what leads to them, and whether the last day belongs to them. */
export const dateSpansIn = (low: string, dated: readonly Span[]): Span[] => [
  ...dated.map(([from, to]): Span => {
    const lead = BEFORE_DATE.exec(low.slice(0, from))?.[0].length ?? 0;
    const tail = BEHIND_DATE.exec(low.slice(to))?.[0].length ?? 0;
    return [from - lead, to + tail];
  }),
  ...(dated.length === 0 ? [] : spansOf(low, /\binclusive(?:ly)?\b|\bboth days included\b/)),
];
