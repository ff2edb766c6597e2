/** One clause and the facts in it, gathered once: figures, dates, windows, places, whom it concerns, how strongly it speaks. */
import type { Scope, Weekday } from '../../domain/policy/policy.js';
import { type DateRange, dateSpansIn, datesIn, monthIn, rangeIn, validityIn } from './dates.js';
import { ALL_DAYS, daySpansIn, daysIn, isEveryDayAndSome } from './days.js';
import { type Exception, exceptionsIn, withoutExceptions } from './exceptions.js';
import { type Figure, figuresIn } from './figures.js';
import { daySpanIn, type Found, type Stretch, type Window, windowIn } from './hours.js';
import type { DecimalMark } from './numerals.js';
import { type Place, placesIn } from './places.js';
import { replacedIn } from './replaced.js';
import { scopeIn } from './scope.js';
import { blank, type Span, spansOf } from './words.js';
import { unknownZoneIn, zoneIn, zoneSpansIn } from './zones.js';

export interface Clause {
  readonly low: string;
  /** as written, of the same length */
  readonly original: string;
  readonly figures: readonly Figure[];
  readonly places: readonly Place[];
  /** in order of position */
  readonly windows: readonly Found<Window>[];
  /** the first of them */
  readonly window: Found<Window> | undefined;
  /** one stretch over several days of the week */
  readonly daySpan: Found<readonly Stretch[]> | undefined;
  /** the days that it names, less those that it excepts; never empty */
  readonly days: readonly Weekday[] | undefined;
  /** "daily", and a day beside it */
  readonly everyDayAndSome: boolean;
  readonly exceptions: readonly Exception[];
  /** the text with dates, days of a stretch and exceptions made spaces */
  readonly calendar: string;
  readonly zone: string | undefined;
  /** letters behind a time of day that name no zone, or more than one */
  readonly unknownZone: string | undefined;
  /** times of day outside the windows, as written */
  readonly clocks: readonly string[];
  readonly range: DateRange | undefined;
  readonly hasDates: boolean;
  readonly validity: { readonly validFrom?: string; readonly until?: string };
  readonly dateQuestions: readonly string[];
  readonly scope: Scope;
  /** as `scope`, with sites and clusters */
  readonly placedScope: Scope;
  readonly vague: readonly string[];
  readonly negated: boolean;
  /** two denials, whose sense is not computed */
  readonly deniedTwice: boolean;
  /** the words that each fact was read from */
  readonly words: {
    readonly scope: readonly Span[];
    readonly placedScope: readonly Span[];
    readonly dates: readonly Span[];
    readonly days: readonly Span[];
    readonly zone: readonly Span[];
    readonly force: readonly Span[];
    readonly replaced: readonly Span[];
  };
  readonly strength: 'must' | 'should';
}

export interface Setting {
  readonly mark: DecimalMark | null;
  /** zone of the document, null when none was given */
  readonly tz: string | null;
  /** what stands above the clause: headings, the sentence that opens the list, the first half of the sentence */
  readonly above: Scope;
  /** what the clause before it came to */
  readonly before: Reading | undefined;
  /** the figure of a clause before it that limits nothing: "below €500 nobody is asked; above that …" */
  readonly figure?: Figure;
}

/** A constraint as read from one clause, before it has its quote and place. */
export interface Reading {
  readonly type: string;
  readonly effect: 'require' | 'forbid' | 'limit' | 'approve' | 'prefer';
  readonly strength: 'must' | 'should';
  readonly scope: Scope;
  readonly params: Record<string, unknown>;
  readonly questions: readonly string[];
  /** figures of the clause that it speaks for */
  readonly uses: readonly Figure[];
  /** words of the clause, beside its facts, that it was read from */
  readonly words: readonly Span[];
  /** words of the clause that nothing has read; with any of them no constraint of the sentence is clear */
  readonly left: readonly string[];
}

/** A reading by one rule; the words of its vocabulary are added to those that it names itself. */
export type RuleReading = Omit<Reading, 'words' | 'left'> & { readonly words?: readonly Span[] };

/**
 * One kind of sentence. `words` is its vocabulary: what such a sentence is said with, beside the facts that every clause may hold.
 * A word that stands neither here, nor in a fact, nor in the closed list of neutral words, is left over.
 */
export interface Rule {
  readonly words: readonly RegExp[];
  readonly read: (c: Clause, s: Setting) => RuleReading[];
}

/** What a rule makes of a clause, each reading with the words that it has read. */
export const readBy = (rule: Rule, c: Clause, s: Setting): Reading[] =>
  rule.read(c, s).map((r) => ({ ...r, left: [], words: [...(r.words ?? []), ...spansOf(c.low, ...rule.words)] }));

export const NEGATION =
  /\b(?:no|not|nothing|nobody|nowhere|never|none|neither|mustn't|cannot|can't|shouldn't|don't|won't|nor|forbid(?:den|s)?|prohibit(?:ed|s)?|banned|disallowed|avoid|without|isn't|aren't)\b/;
const SOFT =
  /\b(?:should|shouldn't|ought|prefer(?:s|red|ably|ence)?|try|tries|aim|ideally|please|where(?:ver)? (?:possible|practi[a-z]+|feasible)|if (?:possible|feasible)|when(?:ever)? (?:possible|feasible)|as far as (?:possible|practicable)|recommend(?:ed|s)?|encouraged?|would like|desirable|best efforts?|avoid|attempt|strive|nice to have)\b/;
const HARD = /\b(?:must|mustn't|shall|has to|have to|never|strictly|under no circumstances|mandatory)\b/;

/** "No more than" compares, "neither … nor" and "no … nor" deny once. */
const NO_DENIAL =
  /\b(?:not|no) (?:later|more|less|longer|earlier|fewer|greater|higher) than\b|\bno\. ?\d|\bneither\b|\bno exceptions?\b|\bnot including\b/g;
/** Denials that stand beside another one without turning it round: "never moved and not delayed", "not without approval". */
const SIDE = /\bwithout\b|(?<=(?:[,;]|\b(?:and|or|but|nor)) (?:[\w-]+ ){0,3})(?:no|not|never|cannot|can't)\b/g;

/** "must" wins over a softer word in the same clause. */
export const strengthOf = (low: string): 'must' | 'should' => (SOFT.test(low) && !HARD.test(low) ? 'should' : 'must');

/** "a job" counts nothing, and "400 kg a day" names a period. */
const meant = (figures: readonly Figure[], low: string): Figure[] =>
  figures.filter((f, i) => {
    if (!/^an?$/.test(f.written)) return true;
    if (f.dimension === 'count') return false;
    const before = figures[i - 1];
    return !(
      before &&
      ['mass', 'money', 'power', 'energy'].includes(before.dimension) &&
      /^\s*$/.test(low.slice(before.to, f.from))
    );
  });

/** A sentence is tried in several cuts, and each cut by several rules: its facts are gathered once. Cleared when full, so that a long-lived process stays small. */
const gathered = new Map<string, Clause>();
const MOST_GATHERED = 2000;

/** `original` is the clause as written, of the same length. */
export const clauseOf = (low: string, original: string, mark: DecimalMark | null): Clause => {
  const key = `${mark}${low}\u0000${original}`;
  let clause = gathered.get(key);
  if (clause === undefined) {
    if (gathered.size >= MOST_GATHERED) gathered.clear();
    clause = factsOf(low, original, mark);
    gathered.set(key, clause);
  }
  return clause;
};

const factsOf = (low: string, original: string, mark: DecimalMark | null): Clause => {
  const dates = datesIn(low);
  const range = rangeIn(low);
  const { spans, questions, ...validity } = validityIn(low);
  const month = monthIn(low);
  const dated: Span[] = [
    ...dates.map((d): Span => [d.from, d.to]),
    ...spans,
    ...(range ? [[range.from, range.to] as Span] : []),
    ...(month ? [[month.from, month.to] as Span] : []),
  ];
  const dateless = blank(low, dated);
  const daySpan = daySpanIn(dateless);
  const undated = daySpan ? blank(dateless, [[daySpan.from, daySpan.to]]) : dateless;
  const windows: Found<Window>[] = [];
  for (let from = 0; windows.length < 5; ) {
    const next = windowIn(undated.slice(from));
    if (next === undefined) break;
    windows.push({ from: from + next.from, to: from + next.to, value: next.value });
    from += next.to;
  }
  const clocks = [
    ...undated.matchAll(
      /(?<![\d.,])\d{1,2}:\d{2}(?!\d)|\b\d{1,2}(?::\d{2})?\s?[ap]\.?m\b\.?|\b\d{1,2}(?: o'clock)? in the (?:morning|afternoon|evening)\b|(?<=\b(?:at|by|before|after|until|till|than|from|past|since) )\d{1,2}h\d{2}\b/g,
    ),
  ].map((m): Span => [m.index, m.index + m[0].length]);
  const rest = blank(undated, [
    ...windows.map((w): Span => [w.from, w.to]),
    ...clocks,
    ...placesIn(low, original).map((p): Span => [p.from, p.to]),
  ]);
  // Names and references hold digits that count nothing.
  const counted = rest.replace(
    /\b(?:fy|q|v|version|page|section|clause|rule|rev(?:ision)?|annex|appendix|table|figure|no|iso|tier|class|level|phase|step)[\s.:]?\d[\d.]*\b|\b(?:19|20)\d\d\b(?!\s?(?:kg|kw|t\b|tonnes|jobs|eur|gbp|usd|hours|minutes))/g,
    (found) => ' '.repeat(found.length),
  );
  const exceptions = exceptionsIn(low);
  const calendar = withoutExceptions(undated, exceptions);
  const named = daysIn(calendar);
  const off = new Set(exceptions.filter((e) => e.kind === 'days').flatMap((e) => e.days));
  const left = off.size === 0 ? named : (named ?? ALL_DAYS).filter((day) => !off.has(day));
  const days = left?.length === 0 ? undefined : left;
  // A reason names other things than those that it is about.
  const about = low.replace(
    /,?\s*\b(?:because|due to|owing to|so that|so as to|in order to|since (?:the|it|they|these|this|we)|as (?:it|they|we)\b).*$/,
    (reason) => ' '.repeat(reason.length),
  );
  const { scope, vague, spans: whom } = scopeIn(about);
  const placed = scopeIn(about, { resources: true });
  const figures = meant(figuresIn(counted, mark), low);
  const replaced = replacedIn(low, figures);
  const denying = low.replace(NO_DENIAL, (found) => ' '.repeat(found.length));
  const zone = zoneIn(low);
  return {
    low,
    original,
    figures: figures.filter((f) => !replaced.figures.includes(f)),
    places: placesIn(low, original),
    windows,
    window: windows[0],
    daySpan,
    days,
    everyDayAndSome: isEveryDayAndSome(calendar),
    exceptions,
    calendar,
    zone,
    unknownZone: unknownZoneIn(low, original),
    clocks: clocks
      .filter(([from, to]) => !windows.some((w) => from < w.to && w.from < to))
      .map(([from, to]) => low.slice(from, to).trim()),
    range,
    hasDates: dates.length > 0 || month !== undefined,
    validity,
    dateQuestions: left?.length === 0 ? [...questions, 'on which days? The exception leaves none.'] : questions,
    scope,
    placedScope: placed.scope,
    vague,
    negated: NEGATION.test(denying),
    deniedTwice: spansOf(denying.replace(SIDE, ' '), NEGATION).length > 1,
    strength: strengthOf(low),
    words: {
      scope: whom,
      placedScope: placed.spans,
      // A date that a range cuts through was read by nobody.
      dates: dateSpansIn(
        low,
        dated.filter(
          ([from, to]) => !range || to <= range.from || range.to <= from || (range.from <= from && to <= range.to),
        ),
      ),
      days: daySpansIn(calendar),
      zone: zone === undefined ? [] : zoneSpansIn(low),
      force: spansOf(low, NEGATION, SOFT, HARD),
      replaced: replaced.spans,
    },
  };
};

export const figureOf = (clause: Clause, ...dimensions: Figure['dimension'][]): Figure | undefined =>
  clause.figures.find((f) => dimensions.includes(f.dimension));

/** A figure that can be read in two ways is asked about. */
export const doubts = (...figures: (Figure | undefined)[]): string[] =>
  figures.flatMap((f) => (f && f.value === null ? [`what is "${f.written}": ${f.doubt ?? 'which number'}?`] : []));
