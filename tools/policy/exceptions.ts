/**
 * "… except …" and its sisters. What is excepted decides what becomes of it: days are taken from the days, work from whom the rule
 * concerns, and hours and places turn the rule round. What names none of these was not understood.
 */
import type { Weekday } from '../../domain/policy/policy.js';
import { daySpansIn, daysIn } from './days.js';
import { windowIn } from './hours.js';
import { KINDS } from './kinds.js';
import { placesIn } from './places.js';
import type { PlainScope } from './scope-names.js';
import { isScoped, plainScope } from './scope-plain.js';
import { blank, leftOver, type Span, shifted, spansOf } from './words.js';

export interface Exception {
  readonly from: number;
  readonly to: number;
  readonly kind: 'days' | 'work' | 'hours' | 'places' | 'unknown';
  readonly days: readonly Weekday[];
  readonly scope: PlainScope;
  /** the words of it that were read */
  readonly spans: readonly Span[];
}

const MARK =
  /(?:^|(?<=[\s,(]))(?:except(?:ing)?(?: for| in| from| that of)?|with the (?:sole |only )?exception of|excluding|excepted are|other than|apart from|aside from|save for|(?<=\b(?:jobs?|workloads?|teams?|clusters?|sites?|runs|days?|services),? )save(?= )|but not(?: for)?|not including|barring|this does not apply to|(?<=\b(?:nothing|no one|nobody|none|anyone|anything|everything|everyone) )but|(?<=\b(?:no|all|any|every) (?:[\w-]+ ){0,2}(?:jobs?|workloads?|teams?|clusters?|sites?|runs|days?|services) )but)(?= )/g;
/** "…, weekends excepted." */
const BEHIND = /,\s*([^,;.]+?)\s+(?:excepted|excluded|exempted)\b/g;
const VERB =
  /,?\s+(?=(?:may|must|mustn't|shall|should|can|cannot|can't|will|is|are|has|have|needs?|stays?|runs?)\b(?! (?:of|in)\b))/;
/** Where the main clause begins after an exception that opens the sentence. */
const MAIN =
  /,\s*(?=(?:no|nothing|nobody|none|all|every|each|any|the|jobs?|workloads?|teams?|batch|training|[\w-]+ (?:jobs|workloads|services|teams?)|[\w-]+ (?:may|must|shall|should|can|is|are))\b)/g;
/** Hours, days and dates that belong to the rule again. */
const TIMES =
  /,?\s+(?:from|between|until|on|at|during|before|after|of)\s+(?=(?:the\s+)?(?:\d|weekdays?\b|weekends?\b|mon|tue|wed|thu|fri|sat|sun|working|business|noon|midnight|every|each))/;
const HEAD = /\b(teams?|squads?|departments?|clusters?|sites?|partitions?)\s*,?\s*\(?\s*$/;
/** "except on Sundays", "except during the night": the word belongs to the mark. */
const LEAD = /^\s*(?:(?:on|at|in|during|between|from|for|those (?:of|in|from)|the)\s+)*/;

export const exceptionsIn = (low: string): Exception[] => {
  const found: Exception[] = [];
  for (const match of low.matchAll(MARK)) {
    if (found.some((e) => match.index < e.to)) continue;
    const at = match.index + match[0].length;
    found.push(exceptionOf(low, match.index, at, at + lengthOf(low, match.index, at)));
  }
  for (const match of low.matchAll(BEHIND)) {
    const from = match.index;
    const to = from + match[0].length;
    if (found.some((e) => from < e.to && e.from < to)) continue;
    const end = from + match[0].indexOf(match[1]!) + match[1]!.length;
    const made = exceptionOf(low, from, from + 1, end);
    found.push({ ...made, to, spans: [...made.spans, [end, to]] });
  }
  return found.sort((a, b) => a.from - b.from);
};

/** Characters from `at` to the end of what is excepted. */
const lengthOf = (low: string, mark: number, at: number): number => {
  const rest = low.slice(at);
  const stop = rest.search(/[;.)](?:\s|$)|\)|$/);
  const opens = low.slice(0, mark).trim() === '';
  const verb = rest.search(VERB);
  const main = opens ? mainAt(rest, verb) : -1;
  const lead = LEAD.exec(rest)![0].length;
  const times = rest.slice(lead).search(TIMES);
  const ends = [stop, main, main >= 0 ? -1 : verb, times < 0 ? -1 : lead + times].filter((end) => end >= 0);
  const comma = rest.indexOf(',');
  if (comma >= 0 && ((opens && main < 0 && verb < 0) || onlyDays(rest.slice(0, comma)))) ends.push(comma);
  return Math.min(...ends);
};

const onlyDays = (phrase: string) => daysIn(phrase) !== undefined && leftOver(phrase, daySpansIn(phrase)).length === 0;

/** The last such comma before the verb: those ahead of it join what is excepted. */
const mainAt = (rest: string, verb: number): number =>
  [...rest.matchAll(MAIN)].map((m) => m.index).findLast((at) => verb < 0 || at < verb) ?? -1;

const exceptionOf = (low: string, from: number, at: number, to: number): Exception => {
  const phrase = low.slice(at, to);
  const mark: Span = [from, at];
  const none = { from, to, days: [], scope: {} };
  // What holds a verb is a sentence of its own.
  if (VERB.test(` ${phrase}`)) return { ...none, kind: 'unknown', spans: [] };
  const days = daysIn(phrase);
  const daySpans = daySpansIn(phrase);
  // "… except on Mondays before 10:00" excepts these hours, not the whole day.
  const isPartOfDay = HOURS.test(low.slice(to)) && !CLOCK.test(low.slice(0, from));
  if (days && onlyDays(phrase) && !windowIn(phrase))
    return isPartOfDay
      ? { ...none, kind: 'unknown', spans: [] }
      : { ...none, kind: 'days', days, spans: [mark, ...shifted(daySpans, at)] };
  const { scope, spans } = workIn(low, from, phrase);
  if (isScoped(scope) && (hasNoWhole(low, from, to) || leftOver(phrase, spans).length > 0))
    return { ...none, kind: 'unknown', spans: [] };
  if (isScoped(scope)) return { ...none, kind: 'work', scope, spans: [mark, ...shifted(spans, at)] };
  const window = windowIn(phrase);
  const hours: Span[] = [...daySpans, ...(window ? [[window.from, window.to] as const] : [])];
  if (hours.length > 0 && leftOver(phrase, hours).length === 0) return { ...none, kind: 'hours', spans: [mark] };
  const places = placesIn(
    phrase,
    phrase.replace(/\b(?:eu|eea|uk|usa)\b/g, (area) => area.toUpperCase()),
  ).map((p): Span => [p.from, p.to]);
  if (places.length > 0 && leftOver(phrase, [...places, ...spansOf(phrase, /\bregions?\b/)]).length === 0)
    return { ...none, kind: 'places', spans: [mark] };
  return { ...none, kind: 'unknown', spans: [] };
};

const HOURS = /^\s+(?:from|between|before|after|until|at)\s+\d/;
const CLOCK = /\d[:.]\d\d|\d\s?[ap]m\b/;

/** What is excepted is taken from something: "except gold jobs may wait" and "the cluster except hpc-9" leave nothing to take it from. */
const hasNoWhole = (low: string, from: number, to: number): boolean => {
  const head = low.slice(0, from).replace(/^.*[;:.]/s, '');
  if (/^[\s,]*$/.test(head)) return !/^\s*,/.test(low.slice(to));
  const isSubject = new RegExp(`^${VERB.source}`).test(low.slice(to));
  return (
    (isSubject && !WHOLE.test(head)) ||
    (SINGLE.test(head) && !/\b(?:each|every|any|no|all)\s+(?:[\w-]+\s+){0,3}$/.test(head.replace(SINGLE, '')))
  );
};
const WHOLE =
  /\b(?:[a-z-]*[^s\W]s|all|any|every\w*|each|no|none|nothing|nobody|anything|anyone|work|data|training|rendering|staff)\b/;
const SINGLE = /\b(?:cluster|site|team|squad|department|change|budget|ceiling|limit)\s*,?\s*$/;

/** "No team but ml-research": a bare name takes the noun before the exception. */
const workIn = (low: string, from: number, phrase: string): { scope: PlainScope; spans: readonly Span[] } => {
  const { scope, spans } = plainScope(phrase, { resources: true });
  const { each: _, ...named } = scope;
  if (isScoped(named)) return { scope: named, spans };
  const head = HEAD.exec(low.slice(0, from))?.[1];
  if (head === undefined || !/^[\s\w,&-]+$/.test(phrase)) return { scope: named, spans };
  const noun = /^(?:team|squad|department)/.test(head) ? 'teams' : `${head.replace(/s$/, '')}s`;
  const told = plainScope(`${phrase.trimEnd()} ${noun}`, { resources: true });
  const { each: __, ...by } = told.scope;
  // The noun was put there, and covers nothing of the clause.
  return { scope: by, spans: told.spans.filter(([, end]) => end <= phrase.length) };
};

/** The text with every exception of days and work, and every one not understood, made spaces. */
export const withoutExceptions = (low: string, exceptions: readonly Exception[]): string =>
  blank(
    low,
    exceptions.filter((e) => e.kind !== 'hours' && e.kind !== 'places').map((e) => [e.from, e.to] as const),
  );

/** "Card data, including backups": examples, which take nothing away and add nothing. */
const EXAMPLES =
  /,?\s*\(?\b(?:including|such as|for example|for instance|in particular|not even|even)\s+([^,;.()]*?)(?=\s*(?:[,;.)]|$|\b(?:may|must|shall|should|can|cannot|will|is|are|has|have)\b))/g;

const KNOWN = new RegExp(String.raw`\b(?:${Object.keys(KINDS).join('|')}|records?|data|copies|services?|sets)\b`);

export interface Example {
  readonly from: number;
  readonly to: number;
  readonly spans: readonly Span[];
}

export const examplesIn = (low: string): Example[] =>
  [...low.matchAll(EXAMPLES)].map((match) => {
    const at = match.index + match[0].length - match[1]!.length;
    // Known words only: a name among the examples might as well be a part of the rule.
    const spans = spansOf(match[1]!, KNOWN);
    return { from: match.index, to: at + match[1]!.length, spans: [[match.index, at] as const, ...shifted(spans, at)] };
  });
