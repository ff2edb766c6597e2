/** Dates and times that a text names, so that each can be compared with those of the facts. Pure. */
import { type Instant, wallClock } from '../../domain/time.js';

export interface Mention {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** what it claims: any part may be missing */
  readonly year?: number;
  readonly month?: number;
  readonly day?: number;
  readonly minute?: number;
  /** 1 is Monday */
  readonly weekday?: number;
  /** tomorrow, last night, …: not a date of its own */
  readonly relative?: string;
}

const MONTH =
  'Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?';
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const monthOf = (text: string) => MONTHS.indexOf(text.slice(0, 3).toLowerCase()) + 1;

type Rule = readonly [pattern: RegExp, read: (m: RegExpMatchArray) => Omit<Mention, 'text' | 'from' | 'to'>];
const RULES: readonly Rule[] = [
  [
    /(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?/g,
    ([, y, m, d, h, min]) => ({
      year: Number(y),
      month: Number(m),
      day: Number(d),
      ...(h === undefined ? {} : { minute: Number(h) * 60 + Number(min) }),
    }),
  ],
  [
    new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? (${MONTH})\\b\\.?(?:,? (\\d{4})(?!\\d| ?[kKMG]?[Wgt]))?`, 'g'),
    ([, d, m, y]) => ({ day: Number(d), month: monthOf(m!), ...(y === undefined ? {} : { year: Number(y) }) }),
  ],
  [
    new RegExp(`\\b(${MONTH})\\b\\.? (\\d{1,2})(?:st|nd|rd|th)?(?![\\d:])(?:,? (\\d{4})(?!\\d))?`, 'g'),
    ([, m, d, y]) => ({ day: Number(d), month: monthOf(m!), ...(y === undefined ? {} : { year: Number(y) }) }),
  ],
  [new RegExp(`\\b(${MONTH}) (\\d{4})\\b`, 'g'), ([, m, y]) => ({ month: monthOf(m!), year: Number(y) })],
  [
    /\b(\d{1,2}):(\d{2})(?::\d{2})?\s?([ap]\.?m\.?\b)?/gi,
    ([, h, min, half]) => ({
      minute: (half === undefined ? Number(h) : (Number(h) % 12) + (/^p/i.test(half) ? 12 : 0)) * 60 + Number(min),
    }),
  ],
  [
    /\b(\d{1,2})\s?([ap])\.?m\b\.?/gi,
    ([, h, half]) => ({ minute: ((Number(h) % 12) + (/p/i.test(half!) ? 12 : 0)) * 60 }),
  ],
  [/\b(\d{1,2}) ?o['’]clock\b/gi, ([, h]) => ({ minute: Number(h) * 60 })],
  [/\b(noon|midday|midnight)\b/gi, ([, w]) => ({ minute: /^mid(?!d)/i.test(w!) ? 0 : 720 })],
  [
    /\b(Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:rs(?:day)?)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)s?\b/g,
    ([, d]) => ({ weekday: DAYS.indexOf(d!.slice(0, 3).toLowerCase()) + 1 }),
  ],
  [
    /\b(tomorrow|yesterday|tonight|last night|this (?:morning|afternoon|evening)|(?:last|next) (?:week|month|year|quarter))\b/gi,
    ([, w]) => ({ relative: w!.toLowerCase() }),
  ],
  [
    /\b(January|February|April|June|July|August|September|October|November|December)\b/g,
    ([, m]) => ({ month: monthOf(m!) }),
  ],
  [
    /(?<![\d.,£$€−-])\b((?:19|20)\d{2})\b(?![\d.,]*\d|\s?(?:%|k?g\b|t\b|tonnes?|kW|MW|W|g\/|jobs?|°))/g,
    ([, y]) => ({ year: Number(y) }),
  ],
];

/** Every mention in reading order; each stretch of text is one mention. */
export const mentionsIn = (text: string): Mention[] => {
  const found: Mention[] = [];
  for (const [pattern, read] of RULES)
    for (const match of text.matchAll(pattern)) {
      const [from, to] = [match.index, match.index + match[0].length];
      if (found.some((m) => from < m.to && m.from < to)) continue;
      found.push({ text: match[0], from, to, ...read(match) });
    }
  return found.sort((a, b) => a.from - b.from);
};

/** True when a moment has every part that the mention claims; the clock reads UTC. */
export const agrees = (mention: Mention, at: Instant): boolean => {
  const clock = wallClock(at, 'UTC');
  return (
    mention.relative === undefined &&
    (mention.year === undefined || mention.year === Number(at.slice(0, 4))) &&
    (mention.month === undefined || mention.month === clock.month) &&
    (mention.day === undefined || mention.day === clock.day) &&
    (mention.minute === undefined ||
      mention.minute === clock.minuteOfDay ||
      (mention.minute === 1440 && clock.minuteOfDay === 0)) &&
    (mention.weekday === undefined || mention.weekday === clock.weekday)
  );
};
