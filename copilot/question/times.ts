/** The stretch of time in the words of a question, and which of the words said it. Each word that names a time has to matter, or is left over. */
import { type Instant, plusDays, plusHours, wallClock } from '../../domain/time.js';
import { LEXICON } from './lexicon.js';
import { type Stretch, stretchIn } from './stretch.js';
import type { Token } from './tokens.js';

export interface Told {
  /** null: open at that end */
  readonly from: Instant | null;
  readonly to: Instant | null;
  /** numbers of the tokens that said it */
  readonly used: ReadonlySet<number>;
  /** why a date cannot be read, in words */
  readonly unclear?: string;
}

const MONTH =
  /^(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)$/;
const WEEKDAY = /^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?$/;
const FULL: Readonly<Record<string, string>> = {
  mon: 'monday',
  tue: 'tuesday',
  tues: 'tuesday',
  wed: 'wednesday',
  thu: 'thursday',
  thurs: 'thursday',
  fri: 'friday',
  sat: 'saturday',
  sun: 'sunday',
  tmrw: 'tomorrow',
  tmw: 'tomorrow',
  tomo: 'tomorrow',
  '2morrow': 'tomorrow',
  yday: 'yesterday',
  tonite: 'tonight',
  midday: 'noon',
  tday: 'today',
};
const STRONG =
  /^(?:today|tomorrow|yesterday|tonight|now|currently|moment|noon|midnight|morning|afternoon|evening|night|week|weeks|month|year|quarter|q[1-4]|ago|last|past|previous|coming|o['’]clock|\d{1,2}:\d{2}(?:z)?|\d{4}-\d{2}-\d{2}.*|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{1,2}(?:st|nd|rd|th)|\d{1,2}(?:[.:]\d{2})?(?:am|pm)|(?:19|20)\d{2})$/;
const WEAK =
  /^(?:between|and|from|to|until|till|at|on|by|before|after|since|during|in|the|of|this|next|within|around|about|for|over|right|day|am|pm|-|–)$/;
const LENGTH = /^(?:hours?|hrs?|h|days?|weeks?|minutes?|mins?)$/;
const NUMBER = /^\d{1,2}$/;

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** Each token as the reader of stretches knows it; null: it names no time. */
const spelt = (tokens: readonly Token[], now: Instant): { words: (string | null)[]; unclear?: string } => {
  const low = tokens.map((t) => FULL[t.low] ?? t.low);
  const hasMonth = low.some(
    (w, i) => MONTH.test(w) && (w !== 'may' || nearNumber(low, i) || /^in$/.test(low[i - 1] ?? '')),
  );
  const evening = low.includes('tonight') || low.includes('evening');
  let unclear: string | undefined;
  const words = low.map((w, i): string | null => {
    const [before, after] = [low[i - 1] ?? '', low[i + 1] ?? ''];
    const slash = /^(\d{1,2})[/.](\d{1,2})[/.](\d{2}|\d{4})$/.exec(w);
    if (slash) {
      const [a, b] = [Number(slash[1]), Number(slash[2])];
      const year = slash[3]!.length === 2 ? `20${slash[3]}` : slash[3]!;
      const pad = (n: number) => String(n).padStart(2, '0');
      if (a > 12 && b <= 12) return `${year}-${pad(b)}-${pad(a)}`;
      if (b > 12 && a <= 12) return `${year}-${pad(a)}-${pad(b)}`;
      if (a === b) return `${year}-${pad(a)}-${pad(b)}`;
      unclear = `“${tokens[i]!.said}” may be ${year}-${pad(b)}-${pad(a)} or ${year}-${pad(a)}-${pad(b)}`;
      return null;
    }
    if (MONTH.test(w)) return w === 'may' && !nearNumber(low, i) && before !== 'in' ? null : capital(w);
    if (WEEKDAY.test(w)) return FULL[w] ?? w;
    if (/^\d{1,2}(?:st|nd|rd|th)$/.test(w) && !hasMonth && !isPlace(low, i)) {
      const day = Number.parseInt(w, 10);
      const date = now.slice(0, 8) + String(day).padStart(2, '0');
      return day >= 1 && day <= 31 && !Number.isNaN(Date.parse(date)) ? date : null;
    }
    if (
      /^(?:[01]\d|2[0-3])[0-5]\d$/.test(w) &&
      (!/^(?:19|20)/.test(w) || /^(?:at|until|till|by|before|after|from)$/.test(before))
    )
      return `${w.slice(0, 2)}:${w.slice(2)}`;
    if (/^\d{1,2}:\d{2}z$/.test(w)) return w.slice(0, -1);
    if (STRONG.test(w)) return isPlace(low, i) ? null : w;
    if (NUMBER.test(w)) {
      if (MONTH.test(before) || MONTH.test(after) || (after === 'of' && MONTH.test(low[i + 2] ?? ''))) return w;
      if (/^(?:am|pm|o['’]clock)$/.test(after)) return w;
      if (/^(?:last|past|previous|next|coming|following)$/.test(before))
        return /^(?:hours?|hrs?|h|days?|weeks?|minutes?|mins?)$/.test(after) ? w : null;
      if (/^(?:in|within)$/.test(before) && /^(?:hours?|hrs?|h|days?|minutes?|mins?)$/.test(after)) return w;
      if (/^(?:days?|hours?)$/.test(after) && low[i + 2] === 'ago') return w;
      if (/^(?:between|and|from|to|at|until|till|by|before|after|-)$/.test(before) && (clockLike(low, i) || evening)) {
        const hour = Number(w);
        const half =
          low.some((x, j) => j > i && j < i + 4 && /^(?:pm|\d{1,2}pm)$/.test(x)) || isLate(low, i) || evening;
        const of = hour === 12 && isAtNight(low, i) ? 0 : half && hour < 12 ? hour + 12 : hour;
        return hour > 24 ? null : `${String(of).padStart(2, '0')}:00`;
      }
    }
    return null;
  });
  return unclear === undefined ? { words } : { words, unclear };
};

/** "The 2nd and 3rd largest jobs": places in an order, and no days of the month. */
const isPlace = (low: readonly string[], i: number): boolean => {
  if (!/^\d{1,2}(?:st|nd|rd|th)$/.test(low[i] ?? '')) return false;
  const next = low.slice(i + 1).find((w) => w !== 'and' && w !== 'or' && !/^\d{1,2}(?:st|nd|rd|th)$/.test(w)) ?? '';
  return LEXICON.get(next)?.order !== undefined || /^(?:jobs?|teams?|place|longest|shortest)$/.test(next);
};

const nearNumber = (low: readonly string[], i: number) =>
  [low[i - 1], low[i + 1], low[i - 2] !== undefined && low[i - 1] === 'of' ? low[i - 2] : undefined].some(
    (w) => w !== undefined && /^\d{1,4}(?:st|nd|rd|th)?$/.test(w),
  );
/** "4 in the afternoon", "between 9 and 11 in the evening", "10 at night": a number below twelve is that many hours past noon. */
const isLate = (low: readonly string[], i: number) =>
  /^(?:(?:and|to|until|till|-) \d{1,2} )?in the (?:afternoon|evening)\b/.test(low.slice(i + 1).join(' ')) ||
  (isAtNight(low, i) && Number(low[i]) >= 6);
const isAtNight = (low: readonly string[], i: number) => low[i + 1] === 'at' && low[i + 2] === 'night';
/** "at 9", "between 2 and 5": no unit and no noun follows. */
const clockLike = (low: readonly string[], i: number) =>
  !/^(?:jobs?|kg|t|g|mwh|kwh|kw|mw|tonnes?|hours?|hrs?|h|minutes?|mins?|days?|percent|%|pounds?|teams?)$/.test(
    low[i + 1] ?? '',
  ) && /^(?:between|from|at|until|till|by|before|after|and|to|-)$/.test(low[i - 1] ?? '');

const same = (a: Stretch | undefined, b: Stretch | undefined) => a?.from === b?.from && a?.to === b?.to;

/** undefined: the words name no time. */
export const timeIn = (
  tokens: readonly Token[],
  now: Instant,
  back: boolean,
  free: (i: number) => boolean,
): Told | undefined => {
  const { words, unclear } = spelt(tokens, now);
  // "From now on" is a manner of speaking.
  const idle = (i: number) => tokens[i]?.low === 'now' && tokens[i - 1]?.low === 'from' && tokens[i + 1]?.low === 'on';
  const strong = words.map((w, i) => (w !== null && free(i) && !idle(i) ? w : null));
  const first = strong.findIndex((w) => w !== null);
  if (unclear !== undefined) return { from: null, to: null, used: new Set(), unclear };
  if (first < 0) return undefined;
  // Small words count where they stand beside a word that names a time.
  const text: (string | null)[] = tokens.map((t, i) => {
    if (strong[i] !== null) return strong[i]!;
    const span = LENGTH.test(t.low) && /^(?:\d+|last|past|previous|next|coming|this)$/.test(strong[i - 1] ?? '');
    if (!free(i) || !(WEAK.test(t.low) || span)) return null;
    if (span) return t.low;
    return beside(tokens, strong, i) ? t.low : null;
  });
  const phrase = (without?: number) =>
    text
      .filter((w, i) => w !== null && i !== without)
      .join(' ')
      .replace(/\b(\d{1,2}) (am|pm)\b/g, '$1$2')
      .replace(/\b(last|past|previous) week\b/, 'last 7 days');
  const night = (s: string) =>
    s
      .replace(/\b(\d{2}:\d{2}) tonight\b|\btonight (?:at )?(\d{2}:\d{2})\b/g, (_, a, b) => `today at ${a ?? b}`)
      .replace(/\b(\d{1,2}) tonight\b/g, (_, h) => `today at ${(Number(h) % 12) + 12}:00`);
  const read = (without?: number) => stretchIn(atWord(night(phrase(without))), now, back);
  const stretch = read();
  if (!stretch) return undefined;
  const used = new Set<number>();
  text.forEach((w, i) => {
    if (w === null) return;
    if (strong[i] === null || !same(read(i), stretch) || agreesWith(w, stretch, now)) used.add(i);
  });
  return { ...edges(phrase(), comingMidnight(phrase(), stretch, now)), used };
};

/** "After midnight" is after the midnight to come: the one that is over bounds nothing. */
const comingMidnight = (text: string, stretch: Stretch, now: Instant): Stretch =>
  /^(?:after|before|until|till|by) midnight$/.test(text) && stretch.from === stretch.to && stretch.from <= now
    ? { ...stretch, from: plusHours(stretch.from, 24), to: plusHours(stretch.to, 24) }
    : stretch;

/** A bare clock time is read where a word binds it: "price 17:00 tomorrow". */
const atWord = (text: string) =>
  /^\d{1,2}:\d{2}\b/.test(text)
    ? `at ${text}`
    : text.replace(
        /(?<!\b(?:at|and|from|between|to|until|till|by|before|after|since|around|about|-|–) )\b(\d{1,2}:\d{2})\b/,
        'at $1',
      );

const beside = (tokens: readonly Token[], strong: readonly (string | null)[], i: number): boolean => {
  for (const step of [1, -1])
    for (let j = i + step, n = 0; j >= 0 && j < tokens.length && n < 3; j += step, n++) {
      if (strong[j] !== null) return true;
      if (!WEAK.test(tokens[j]!.low)) break;
    }
  return false;
};

/** A word that adds nothing may still agree: "Wednesday 25 May", "today at 14:00". */
const agreesWith = (word: string, stretch: Stretch, now: Instant): boolean => {
  const { date, weekday } = wallClock(stretch.from, 'UTC');
  const today = wallClock(now, 'UTC').date;
  const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
  if (days.includes(word)) return days[weekday - 1] === word;
  if (word === 'today') return date === today;
  if (word === 'tomorrow') return date === plusDays(today, 1);
  if (word === 'tonight' || word === 'evening')
    return stretch.from.slice(11) >= '17:00:00Z' || stretch.from.slice(11) < '06:00:00Z';
  if (word === 'night') return stretch.from.slice(11) >= '18:00:00Z' || stretch.from.slice(11) < '06:00:00Z';
  if (word === 'morning') return stretch.from.slice(11) < '12:00:00Z';
  if (word === 'afternoon') return stretch.from.slice(11) >= '12:00:00Z';
  if (/^(?:19|20)\d\d$/.test(word)) return stretch.from.slice(0, 4) === word;
  if (word === 'moment' || word === 'now' || word === 'currently') return stretch.from <= now && stretch.to >= now;
  return /^(?:am|pm)$/.test(word);
};

/** "after", "before" and their like leave one end open. */
const edges = (text: string, stretch: Stretch): Pick<Told, 'from' | 'to'> => {
  const moment = stretch.from === stretch.to;
  const lead = /\b(after|since|from|before|until|till|by)\b/.exec(text)?.[1];
  if (/\bbetween\b/.test(text) || lead === undefined) return stretch;
  if (/^(?:after|since|from)$/.test(lead)) {
    if (moment) return { from: stretch.from, to: null };
    return lead === 'after'
      ? { from: stretch.to, to: null }
      : / (?:to|until|till|-|–) /.test(text)
        ? stretch
        : { from: stretch.from, to: null };
  }
  if (moment) return { from: null, to: stretch.from };
  // Words before a day end with its beginning; by a day and until it with its end.
  return stretch.from.startsWith('1970')
    ? { from: null, to: stretch.to }
    : { from: null, to: lead === 'before' ? stretch.from : stretch.to };
};
