/** One clause and the facts in it, gathered once: figures, dates, windows, places, whom it concerns, how strongly it speaks. */
import type { Scope, Weekday } from '../../domain/policy/policy.js';
import { type DateRange, datesIn, monthIn, rangeIn, validityIn } from './dates.js';
import { type DecimalMark, type Figure, figuresIn } from './figures.js';
import {
  daySpanIn,
  daysIn,
  type Found,
  type Stretch,
  unknownZoneIn,
  type Window,
  windowIn,
  zoneIn,
} from './periods.js';
import { type Place, placesIn } from './places.js';
import { scopeIn } from './scope.js';

export interface Clause {
  readonly low: string;
  readonly figures: readonly Figure[];
  readonly places: readonly Place[];
  /** in order of position */
  readonly windows: readonly Found<Window>[];
  /** the first of them */
  readonly window: Found<Window> | undefined;
  /** one stretch over several days of the week */
  readonly daySpan: Found<readonly Stretch[]> | undefined;
  readonly days: readonly Weekday[] | undefined;
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
  readonly unsupported?: boolean;
}

const blank = (low: string, spans: readonly (readonly [number, number])[]) => {
  let out = low;
  for (const [from, to] of spans) out = out.slice(0, from) + ' '.repeat(to - from) + out.slice(to);
  return out;
};

export const NEGATION =
  /\b(?:no|not|nothing|nobody|nowhere|never|none|neither|mustn't|cannot|can't|shouldn't|don't|won't|nor|forbid(?:den|s)?|prohibit(?:ed|s)?|banned|disallowed|avoid|without|isn't|aren't)\b/;
const SOFT =
  /\b(?:should|shouldn't|ought|prefer(?:s|red|ably|ence)?|try|tries|aim|ideally|please|where(?:ver)? (?:possible|practi[a-z]+|feasible)|if (?:possible|feasible)|when(?:ever)? (?:possible|feasible)|as far as (?:possible|practicable)|recommend(?:ed|s)?|encouraged?|would like|desirable|best efforts?|avoid|attempt|strive|nice to have)\b/;
const HARD = /\b(?:must|mustn't|shall|has to|have to|never|strictly|under no circumstances|mandatory)\b/;

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
  const dated: [number, number][] = [
    ...dates.map((d): [number, number] => [d.from, d.to]),
    ...spans,
    ...(range ? [[range.from, range.to] as [number, number]] : []),
    ...(month ? [[month.from, month.to] as [number, number]] : []),
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
  ].map((m): [number, number] => [m.index, m.index + m[0].length]);
  const rest = blank(undated, [
    ...windows.map((w): [number, number] => [w.from, w.to]),
    ...clocks,
    ...placesIn(low, original).map((p): [number, number] => [p.from, p.to]),
  ]);
  // Names and references hold digits that count nothing.
  const counted = rest.replace(
    /\b(?:fy|q|v|version|page|section|clause|rule|rev(?:ision)?|annex|appendix|table|figure|no|iso|tier|class|level|phase|step)[\s.:]?\d[\d.]*\b|\b(?:19|20)\d\d\b(?!\s?(?:kg|kw|t\b|tonnes|jobs|eur|gbp|usd|hours|minutes))/g,
    (found) => ' '.repeat(found.length),
  );
  const days = daysIn(undated);
  // A reason names other things than those that it is about.
  const about = low.replace(
    /,?\s*\b(?:because|due to|owing to|so that|so as to|in order to|since (?:the|it|they|these|this|we)|as (?:it|they|we)\b).*$/,
    (reason) => ' '.repeat(reason.length),
  );
  const { scope, vague } = scopeIn(about);
  return {
    low,
    figures: meant(figuresIn(counted, mark), low),
    places: placesIn(low, original),
    windows,
    window: windows[0],
    daySpan,
    days,
    zone: zoneIn(low),
    unknownZone: unknownZoneIn(low, original),
    clocks: clocks
      .filter(([from, to]) => !windows.some((w) => from < w.to && w.from < to))
      .map(([from, to]) => low.slice(from, to).trim()),
    range,
    hasDates: dates.length > 0 || month !== undefined,
    validity,
    dateQuestions: questions,
    scope,
    placedScope: scopeIn(about, { resources: true }).scope,
    vague,
    negated: NEGATION.test(
      low.replace(/\b(?:not|no) (?:later|more|less|longer|earlier|fewer) than\b/g, ' ').replace(/\bno\. ?\d/g, ' '),
    ),
    strength: strengthOf(low),
  };
};

export const figureOf = (clause: Clause, ...dimensions: Figure['dimension'][]): Figure | undefined =>
  clause.figures.find((f) => dimensions.includes(f.dimension));

/** A figure that can be read in two ways is asked about. */
export const doubts = (...figures: (Figure | undefined)[]): string[] =>
  figures.flatMap((f) => (f && f.value === null ? [`what is "${f.written}": ${f.doubt ?? 'which number'}?`] : []));
