/** The stretch of time that a question names, by its dates or against now. Pure; the clock reads UTC. */
import { atWallClock, type Instant, instant, plusDays, plusHours, wallClock } from '../../domain/time.js';
import { type Mention, mentionsIn } from './moments.js';

/** `from` and `to` are the same for a moment. */
export interface Stretch {
  readonly from: Instant;
  readonly to: Instant;
}

/** A question about what was, so that "on Monday" is the last one and not the next. */
export const ASKS_BACK =
  /\b(?:did|was|were|saved|ran|happened|emitted|used|verified|approved|decided|rejected|filed|has|have|since|ago|last|past|yesterday)\b/i;

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const LONG_AGO = instant('1970-01-01T00:00:00Z');
const at = (date: string, minutes: number): Instant =>
  plusHours(atWallClock(date, '00:00', 'UTC'), Math.round(minutes) / 60);
const whole = (date: string, days = 1): Stretch => ({ from: at(date, 0), to: at(plusDays(date, days), 0) });
const pad = (n: number) => String(n).padStart(2, '0');

const PARTS: readonly (readonly [RegExp, number, number])[] = [
  [/\b(?:early )?mornings?\b/i, 360, 720],
  [/\bafternoons?\b/i, 720, 1080],
  [/\bevenings?\b/i, 1080, 1440],
  [/\b(?:over)?night\b/i, 1080, 1800],
];
const HOURS: Readonly<Record<string, number>> = {
  minute: 1 / 60,
  min: 1 / 60,
  hour: 1,
  hr: 1,
  h: 1,
  day: 24,
  week: 168,
};

const monthSpan = (year: number, month: number): Stretch => {
  const first = `${year}-${pad(month)}-01`;
  const next = month === 12 ? `${year + 1}-01-01` : `${year}-${pad(month + 1)}-01`;
  return { from: at(first, 0), to: at(next, 0) };
};

/** Day, month or year that a mention names. */
const spanOf = (m: Mention, now: Instant, back: boolean): Stretch | undefined => {
  const today = now.slice(0, 10);
  const thisYear = Number(now.slice(0, 4));
  if (m.month !== undefined && m.day !== undefined) {
    const of = (year: number) => `${year}-${pad(m.month!)}-${pad(m.day!)}`;
    const date = of(m.year ?? (back && of(thisYear) > today ? thisYear - 1 : thisYear));
    if (Number.isNaN(Date.parse(date)) || new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date)
      return undefined;
    if (m.minute !== undefined) return { from: at(date, m.minute), to: at(date, m.minute) };
    return whole(date);
  }
  if (m.month !== undefined) {
    const year = m.year ?? (back && m.month > Number(now.slice(5, 7)) ? thisYear - 1 : thisYear);
    return monthSpan(year, m.month);
  }
  if (m.year !== undefined) return { from: at(`${m.year}-01-01`, 0), to: at(`${m.year + 1}-01-01`, 0) };
  return undefined;
};

/** The day that a question speaks of, where it names one by a word. */
const dayIn = (text: string, now: Instant, back: boolean): string | undefined => {
  const { date, weekday } = wallClock(now, 'UTC');
  if (/\bday after tomorrow\b/i.test(text)) return plusDays(date, 2);
  if (/\btomorrow\b/i.test(text)) return plusDays(date, 1);
  if (/\bday before yesterday\b/i.test(text)) return plusDays(date, -2);
  if (/\byesterday\b/i.test(text)) return plusDays(date, -1);
  if (/\btoday\b|\bthis (?:morning|afternoon|evening)\b/i.test(text)) return date;
  const ago = /\b(\d{1,3}) days? ago\b/i.exec(text);
  if (ago) return plusDays(date, -Number(ago[1]));
  const named = new RegExp(String.raw`\b(?:(last|next|this|on|since|until|by)\s+)?(${DAYS.join('|')})s?\b`, 'i').exec(
    text,
  );
  if (!named) return undefined;
  const wanted = DAYS.indexOf(named[2]!.toLowerCase()) + 1;
  const past = /^(?:last|since)$/i.test(named[1] ?? '') || (back && !/^next$/i.test(named[1] ?? ''));
  const ahead = (wanted - weekday + 7) % 7;
  if (past) return plusDays(date, ahead === 0 ? (/^last$/i.test(named[1] ?? '') ? -7 : 0) : ahead - 7);
  return plusDays(date, ahead === 0 && /^next$/i.test(named[1] ?? '') ? 7 : ahead);
};

const minutesIn = (text: string): number[] =>
  mentionsIn(text).flatMap((m) => (m.minute === undefined || m.day !== undefined ? [] : [m.minute]));

/** "between 2 and 5 pm", "from 14:00 to 16:00" */
const hoursIn = (text: string): [number, number] | undefined => {
  const bare = /\b(?:between|from)\s+(\d{1,2})\s*(?:and|to|-|–|until)\s*(\d{1,2})\s*([ap])\.?m\b/i.exec(text);
  if (bare) {
    const half = /p/i.test(bare[3]!) ? 720 : 0;
    return [((Number(bare[1]) % 12) * 60 + half) % 1440, ((Number(bare[2]) % 12) * 60 + half) % 1440];
  }
  const [a, b] = minutesIn(text);
  return a !== undefined && b !== undefined && /\b(?:between|from)\b|[-–]/i.test(text) ? [a, b] : undefined;
};

/** undefined: the question names none. */
export const stretchIn = (text: string, now: Instant, back = ASKS_BACK.test(text)): Stretch | undefined => {
  const rolling =
    /\b(?:in (?:the )?|over the |within (?:the )?|the |during the )?(next|coming|following|last|past|previous)\s+(\d{1,3})?\s?(minutes?|mins?|hours?|hrs?|h|days?|weeks?)\b/i.exec(
      text,
    );
  if (rolling && (rolling[2] !== undefined || /hour|hr|^h$|day/i.test(rolling[3]!))) {
    const hours = Number(rolling[2] ?? 1) * HOURS[rolling[3]!.toLowerCase().replace(/s$/, '')]!;
    return /last|past|previous/i.test(rolling[1]!)
      ? { from: plusHours(now, -hours), to: now }
      : { from: now, to: plusHours(now, hours) };
  }
  const later = /\b(?:in|within) (\d{1,3}) ?(minutes?|mins?|hours?|hrs?|h)\b(?! (?:job|long|run))/i.exec(text);
  if (later) {
    const then = plusHours(now, Number(later[1]) * HOURS[later[2]!.toLowerCase().replace(/s$/, '')]!);
    return /^within/i.test(later[0]) ? { from: now, to: then } : { from: then, to: then };
  }
  const dates = datesIn(text, now, back);
  if (dates) return dates;
  const { date, minuteOfDay, weekday } = wallClock(now, 'UTC');
  const calendar = /\b(this|next) (week|month)\b/i.exec(text);
  if (calendar) {
    const ahead = /next/i.test(calendar[1]!) ? 1 : 0;
    if (/week/i.test(calendar[2]!)) return whole(plusDays(date, 1 - weekday + 7 * ahead), 7);
    const [year, month] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)) + ahead];
    return month > 12 ? monthSpan(year + 1, 1) : monthSpan(year, month);
  }
  // At the first minute of a day tonight is its evening; in the hours after it the night that is not over.
  if (/\btonight\b/i.test(text))
    return minuteOfDay > 0 && minuteOfDay < 300
      ? { from: now, to: at(date, 360) }
      : { from: at(date, 1080), to: at(date, 1800) };
  if (/\blast night\b/i.test(text)) return { from: at(plusDays(date, -1), 1080), to: at(date, 360) };
  const day = dayIn(text, now, back);
  const window = hoursIn(text);
  const on = day ?? date;
  if (window) {
    const [a, b] = window;
    const end = b <= a ? b + 1440 : b;
    const late = day === undefined && !back && end <= minuteOfDay ? 1440 : 0;
    return { from: at(on, a + late), to: at(on, end + late) };
  }
  const [clock] = /\b(?:at|around|about|by|till|until|before|after|from)\b|\b(?:noon|midday|midnight)\b|\d:\d\d/i.test(
    text,
  )
    ? minutesIn(text)
    : [];
  if (clock !== undefined) {
    const shift = day !== undefined ? 0 : back ? (clock > minuteOfDay ? -1440 : 0) : clock < minuteOfDay ? 1440 : 0;
    const then = at(on, clock + shift);
    return { from: then, to: then };
  }
  const part = PARTS.find(([pattern]) => pattern.test(text));
  if (part && (day !== undefined || /\bthis\b/i.test(text))) return { from: at(on, part[1]), to: at(on, part[2]) };
  if (day !== undefined)
    return /\bsince\b/i.test(text) ? { from: at(day, 0), to: at(plusDays(date, 1), 0) } : whole(day);
  return /\b(?:right now|now|currently|at (?:the|this) moment|this (?:hour|minute))\b/i.test(text)
    ? { from: now, to: now }
    : undefined;
};

/** Calendar dates, months, quarters and years; two of them are the ends of a stretch. */
const datesIn = (text: string, now: Instant, back: boolean): Stretch | undefined => {
  const quarter = /\bQ([1-4])(?:[ -/]?((?:19|20)\d\d))?\b/i.exec(text);
  if (quarter) {
    const year = Number(quarter[2] ?? now.slice(0, 4));
    const first = 3 * Number(quarter[1]) - 2;
    return { from: monthSpan(year, first).from, to: monthSpan(year, first + 2).to };
  }
  // "between 20 and 30 May 2022": the first day has its month from the second.
  const short =
    /\b(\d{1,2})(?:st|nd|rd|th)?\s*(?:and|to|until|till|-|–)\s*(\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Z][a-z]+\.?(?:,? \d{4})?)/.exec(
      text,
    );
  if (short) {
    const rest = short[2]!.replace(/^\d{1,2}(?:st|nd|rd|th)?(?: of)? /, '');
    const [a, b] = [`${short[1]} ${rest}`, short[2]!].map((words) => {
      const [m] = mentionsIn(words);
      return m && spanOf(m, now, back);
    });
    if (a && b && a.from < b.to) return { from: a.from, to: b.to };
  }
  const spans = mentionsIn(text).flatMap((m) => {
    const span = spanOf(m, now, back);
    return span ? [{ m, span }] : [];
  });
  const [one, two] = spans;
  if (!one) return undefined;
  if (two && two.span.to > one.span.from) {
    const clocks = minutesIn(text);
    return clocks.length === 0 ? { from: one.span.from, to: two.span.to } : { from: one.span.from, to: two.span.to };
  }
  const before = text.slice(Math.max(0, one.m.from - 14), one.m.from);
  if (/\b(?:since|from|after)\s+(?:the\s+)?$/i.test(before))
    return { from: one.span.from, to: now > one.span.to ? now : one.span.to };
  if (/\b(?:until|till|before|up to)\s+(?:the\s+)?$/i.test(before)) return { from: LONG_AGO, to: one.span.from };
  const window = one.m.day !== undefined && one.m.minute === undefined ? hoursIn(text) : undefined;
  if (window) {
    const date = one.span.from.slice(0, 10);
    return { from: at(date, window[0]), to: at(date, window[1] <= window[0] ? window[1] + 1440 : window[1]) };
  }
  const [clock] = one.m.day !== undefined && one.m.minute === undefined ? minutesIn(text) : [];
  if (clock !== undefined) {
    const then = at(one.span.from.slice(0, 10), clock);
    return { from: then, to: then };
  }
  return one.span;
};
