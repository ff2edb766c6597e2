/** Days of the week, recurring windows of the clock, and accounting periods, as people write them. */
import type { CapPeriod, Weekday } from '../../domain/policy/policy.js';
import { isTimeZone } from '../../domain/time.js';

const ALL: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const WORKING = ALL.slice(0, 5);
const DAY = `(?:mon(?:day)?s?|tue(?:s|sday)?s?|wed(?:nesday)?s?|thu(?:r|rs|rsday)?s?|fri(?:day)?s?|sat(?:urday)?s?|sun(?:day)?s?)`;
const dayOf = (word: string) => word.slice(0, 3) as Weekday;

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

/** The days that a text names, exceptions taken away; undefined when it names none. */
export const daysIn = (low: string): Weekday[] | undefined => {
  const exception = /\b(?:except|excluding|other than|apart from|but not|save)(?: on| for)?\s+([^.;]*)/.exec(low);
  const kept = exception ? `${low.slice(0, exception.index)} ` : low;
  const named = plainDays(kept);
  const off = exception ? plainDays(exception[1]!) : undefined;
  if (!off) return named;
  return (named ?? [...ALL]).filter((day) => !off.includes(day));
};

const plainDays = (low: string): Weekday[] | undefined => {
  const days = new Set<Weekday>();
  let rest = low;
  for (const range of low.matchAll(
    new RegExp(String.raw`\b(${DAY})\s*(?:to|until|till|through|thru|-)\s*(${DAY})\b`, 'g'),
  )) {
    const a = ALL.indexOf(dayOf(range[1]!));
    const b = ALL.indexOf(dayOf(range[2]!));
    for (let i = a; ; i = (i + 1) % 7) {
      days.add(ALL[i]!);
      if (i === b) break;
    }
    rest = rest.replace(range[0], ' ');
  }
  for (const day of rest.matchAll(new RegExp(String.raw`\b(${DAY})\b`, 'g')))
    if (!/^(?:sat|sun|wed)s$/.test(day[1]!)) days.add(dayOf(day[1]!));
  if (/\b(?:weekdays?|working days?|business days?|work ?days?|week days?)\b/.test(rest))
    for (const day of WORKING) days.add(day);
  if (/\bweek-?ends?\b/.test(rest)) for (const day of ['sat', 'sun'] as const) days.add(day);
  if (/\b(?:every ?day|each day|any day|daily|all days|seven days|every night|each night|nightly|7 days)\b/.test(rest))
    for (const day of ALL) days.add(day);
  return days.size === 0 ? undefined : ALL.filter((day) => days.has(day));
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
    for (let i = (ALL.indexOf(a) + 1) % 7; ALL[i] !== b; i = (i + 1) % 7) between.push(ALL[i]!);
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

const CITIES: Readonly<Record<string, string>> = {
  london: 'Europe/London',
  uk: 'Europe/London',
  british: 'Europe/London',
  dublin: 'Europe/Dublin',
  irish: 'Europe/Dublin',
  paris: 'Europe/Paris',
  french: 'Europe/Paris',
  berlin: 'Europe/Berlin',
  german: 'Europe/Berlin',
  frankfurt: 'Europe/Berlin',
  munich: 'Europe/Berlin',
  stockholm: 'Europe/Stockholm',
  swedish: 'Europe/Stockholm',
  oslo: 'Europe/Oslo',
  copenhagen: 'Europe/Copenhagen',
  helsinki: 'Europe/Helsinki',
  amsterdam: 'Europe/Amsterdam',
  dutch: 'Europe/Amsterdam',
  brussels: 'Europe/Brussels',
  zurich: 'Europe/Zurich',
  swiss: 'Europe/Zurich',
  vienna: 'Europe/Vienna',
  madrid: 'Europe/Madrid',
  rome: 'Europe/Rome',
  lisbon: 'Europe/Lisbon',
  warsaw: 'Europe/Warsaw',
  'new york': 'America/New_York',
  eastern: 'America/New_York',
  chicago: 'America/Chicago',
  denver: 'America/Denver',
  'los angeles': 'America/Los_Angeles',
  pacific: 'America/Los_Angeles',
  tokyo: 'Asia/Tokyo',
  singapore: 'Asia/Singapore',
  sydney: 'Australia/Sydney',
  mumbai: 'Asia/Kolkata',
  indian: 'Asia/Kolkata',
  'sao paulo': 'America/Sao_Paulo',
};
const SHORT: Readonly<Record<string, string>> = {
  utc: 'UTC',
  gmt: 'UTC',
  zulu: 'UTC',
  bst: 'Europe/London',
  cet: 'CET',
  cest: 'CET',
  eet: 'EET',
  wet: 'WET',
  est: 'America/New_York',
  edt: 'America/New_York',
  et: 'America/New_York',
  cst: 'America/Chicago',
  cdt: 'America/Chicago',
  mst: 'America/Denver',
  pst: 'America/Los_Angeles',
  pdt: 'America/Los_Angeles',
  pt: 'America/Los_Angeles',
  jst: 'Asia/Tokyo',
};

const CITY = new RegExp(String.raw`\b(${Object.keys(CITIES).join('|')})(?: local| standard| daylight)? time\b`);

/** The time zone that a text names, as an IANA name or a fixed offset. */
export const zoneIn = (low: string): string | undefined => {
  const offset = /\b(?:utc|gmt)\s?([+-])\s?(\d{1,2})(?::?(\d{2}))?\b/.exec(low);
  if (offset) return `${offset[1]}${offset[2]!.padStart(2, '0')}:${offset[3] ?? '00'}`;
  if (/\d\d:\d\d(?::\d\d)?z\b/.test(low)) return 'UTC';
  const iana =
    /\b(?:africa|america|antarctica|asia|atlantic|australia|europe|indian|pacific)\/[a-z_]+(?:\/[a-z_]+)?\b/.exec(
      low,
    )?.[0];
  if (iana) {
    const name = iana.replace(/(^|[/_])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
    if (isTimeZone(name)) return name;
  }
  const city = CITY.exec(low)?.[1];
  if (city) return CITIES[city];
  const short =
    /(?:\d|[ap]\.?m\.?|hrs|hours|noon|midnight)\s?\(?(utc|gmt|bst|cest|cet|eet|wet|est|edt|et|cst|cdt|mst|pst|pdt|pt|jst)\b|\b(utc|gmt|cest|cet)\b/.exec(
      low,
    );
  return short ? SHORT[short[1] ?? short[2]!] : undefined;
};

/** Capital letters behind a time of day that look like a zone and name none that is known, or several: "IST", "AEST". */
export const unknownZoneIn = (low: string, original: string): string | undefined => {
  if (zoneIn(low) !== undefined) return undefined;
  return /\d\s?(?:[ap]\.?m\.?|hrs|hours)?\s?\(?\b([A-Z]{2,4}T|MSK)\b/.exec(original)?.[1];
};

const PERIODS: readonly [RegExp, CapPeriod][] = [
  [/\bcalendar[ -]month(?:ly)?s?\b|\bmonthly\b/, 'calendar_month'],
  [/(?:\bper|\ba|\bany|\beach|\bevery|\bany one|\bin one|\bthe|\/)\s*(?:given |single )?(?:month|mo)\b/, 'month'],
  [
    /\bquarterly\b|(?:\bper|\ba|\bany|\beach|\bevery|\bthe|\/)\s*(?:given |single |calendar |financial |fiscal )?quarter\b/,
    'quarter',
  ],
  [
    /\b(?:annual(?:ly)?|yearly|per annum|p\.a\.)|(?:\bper|\ba|\bany|\beach|\bevery|\bthe|\/)\s*(?:given |single |calendar |financial |fiscal )?(?:year|yr)\b/,
    'year',
  ],
  [
    /\bweekly\b|(?:\bper|\ba|\bany|\beach|\bevery|\bthe|\/)\s*(?:given |single |calendar |working )?(?:week|wk)\b/,
    'week',
  ],
  [/\bdaily\b|(?:\bper|\ba|\bany|\beach|\bevery|\/)\s*(?:given |single |calendar )?day\b/, 'day'],
];

/** The accounting period that a text names first. */
export const periodIn = (low: string): CapPeriod | undefined =>
  PERIODS.map(([regex, period]) => ({ at: low.search(regex), period }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0]?.period;
