/** What holds for readings of every type: validity, vague words, conditions, and the law of leftover words. */
import type { Scope } from '../../domain/policy/policy.js';
import type { Clause, Reading } from './clause.js';
import { isScoped } from './scope.js';
import { leftOver, type Span, spansOf } from './words.js';

const COUNTED_EACH = new Set(['carbon_cap', 'budget_cap', 'power_cap']);
const REGIONAL = new Set(['region_allow', 'region_deny', 'residency']);
const CONDITION = /\b(?:if|when|whenever|unless|provided|as long as(?! \d)|in case|depending on|while)\b/;
const FREE_OF_CONDITIONS = new Set(['approval_threshold', 'objective', 'min_saving', 'exempt']);
const SOFT_CONDITION =
  /\b(?:if|when(?:ever)?|where(?:ver)?) (?:at all )?(?:possible|feasible|practi\w+|necessary|needed|appropriate)\b/g;

/** Days that no weekly calendar holds: "the last Friday of the month", "every other Sunday", "in winter". */
const RARE =
  /\b(?:first|second|third|fourth|last|1st|2nd|3rd|4th|every other|every second|every third|alternate|odd|even)\s+(?:mon|tue|wed|thu|fri|sat|sun|week)\w*\b|\b(?:in|during|over)\s+(?:the\s+)?(?:winter|summer|spring|autumn|fall|school holidays?|holidays?|term|heating season|q[1-4])\b|\b(?:bank|public|national|school) holidays?\b|\b(?:christmas|easter|new year)\b|\b(?:at|near|around) (?:month|quarter|year)[- ]end\b|\bfortnight\w*\b/;
const TIMED = new Set(['blackout', 'deadline', 'power_cap', 'change_freeze']);
/** Reasons change nothing; their words are known, or asked about like any other. */
const REASON =
  /\b(?:because(?: of)?|due to|owing to|so that|so as to|in order to|since|reduc(?:e|es|ing)|avoid(?:ing)?|lower|protect|carbon|emissions?|footprint|costs?|prices?|grid|electricity|power|energy|peak|demand|load|dirty|dirtiest|green|clean|cleaner|cheap(?:er)?|expensive|high(?:er|est)?|low(?:er|est)?|backups?)\b/;
const BECAUSE = /,?\s*\b(?:because|due to|owing to|so that|so as to|in order to|since (?:the|it|they|these|this|we))\b/;

/** "Weekends are reserved for backups" closes them to everybody else, or opens them to backups: never to these. */
const RESERVED =
  /\b(?:reserved|set aside|dedicated|earmarked|kept free)\s+(?:exclusively |solely |only )?(?:for|to)\b[^,.;]*|\b(?:exclusively|solely|only) for\b[^,.;]*|\bfor\b[^,.;]*\b(?:only|alone|exclusively)\b/;

/** "May not be moved out of the UK only at weekends": closed then, or open then? */
const DENIED_ONLY = /\b(?:not|never|no)\b(?! only\b)[^.;]*\bonly (?:at|on|in|during|between)\b/;

const named = (c: Clause, spans: readonly { readonly from: number; readonly to: number }[]) =>
  spans.map((s) => c.low.slice(s.from, s.to).trim()).join(', ');

/** An exception of hours that stands behind a window, and so takes hours out of it. */
const before = (c: Clause, e: { readonly from: number }) => c.window !== undefined && c.window.to <= e.from;

/** What of the facts of a clause none of its readings speaks for. */
const factsLeft = (c: Clause, readings: readonly Reading[], types: ReadonlySet<string>): string[] => {
  const open: string[] = [];
  const timed = [...types].some((t) => TIMED.has(t));
  const windowed = [...types].some((t) => t !== 'deadline' && TIMED.has(t));
  // "The head of IT" signs, and is no place.
  const places = c.places.filter((p) => !readings.some((r) => r.words.some(([a, b]) => a <= p.from && p.to <= b)));
  if (places.length > 0 && ![...types].some((t) => REGIONAL.has(t) || COUNTED_EACH.has(t)))
    open.push(`what does "${named(c, places)}" change?`);
  if (c.daySpan && !types.has('blackout')) open.push(`what does "${named(c, [c.daySpan])}" change?`);
  if (c.window && !windowed) open.push(`what does "${named(c, [c.window])}" change?`);
  // Days that no constraint holds were found, and read by none.
  const held = readings.some((r) => 'days' in r.params || 'on' in r.params);
  if (c.days && (c.days.length < 7 ? !held || !timed : c.everyDayAndSome))
    open.push(
      `what does "${named(
        c,
        c.words.days.map(([from, to]) => ({ from, to })),
      )}" change?`,
    );
  if (c.clocks.length > 0 && !timed) open.push(`what does "${c.clocks.join(', ')}" change?`);
  for (const e of c.exceptions) {
    const turns =
      e.kind === 'places' ? [...types].every((t) => REGIONAL.has(t)) : types.has('blackout') && !before(c, e);
    if ((e.kind === 'hours' || e.kind === 'places') && !turns)
      open.push(`what does "${c.low.slice(e.from, e.to).trim()}" change?`);
  }
  const rare = RARE.exec(c.low);
  if (rare && ![...types].every((t) => t === 'approval_threshold')) open.push(`on which days is "${rare[0]}"?`);
  if (c.unknownZone !== undefined) open.push(`which time zone is "${c.unknownZone}"?`);
  return open;
};

/** What the clause leaves open for one of its readings. */
const questionsOf = (r: Reading, c: Clause, unread: readonly string[]): string[] => {
  const threshold = r.type === 'approval_threshold';
  const reserved = threshold || r.scope.except !== undefined || !isScoped(r.scope) ? null : RESERVED.exec(c.low);
  const condition = CONDITION.exec(c.low.replace(SOFT_CONDITION, (soft) => ' '.repeat(soft.length)));
  return [
    ...(threshold ? [] : c.vague.map((word) => `which work is "${word}"?`)),
    ...(threshold ? [] : unread.map((figure) => `what does "${figure}" limit?`)),
    ...(reserved ? [`whom does "${reserved[0].trim()}" keep out?`] : []),
    ...(r.type === 'exempt' && /\bonly\b/.test(c.low) ? ['what does "only" change?'] : []),
    ...(REGIONAL.has(r.type) && DENIED_ONLY.test(c.low) ? ['what does "only" change?'] : []),
    ...(c.deniedTwice && !threshold ? ['the sentence denies twice: what is forbidden?'] : []),
    ...(condition && !FREE_OF_CONDITIONS.has(r.type)
      ? [`how is "${/^[^;.]*/.exec(c.low.slice(condition.index))![0].trim()}" to be checked?`]
      : []),
    ...(threshold || r.type === 'change_freeze' ? [] : c.dateQuestions),
  ];
};

export const finished = (readings: readonly Reading[], c: Clause): Reading[] => {
  if (readings.length === 0) return [];
  const used = readings.flatMap((r) => r.uses);
  const unread = c.figures.filter((f) => !used.some((u) => u.from === f.from));
  const types = new Set(readings.map((r) => r.type));
  const open = factsLeft(c, readings, types);
  const made = readings.map((r) => {
    const { each, ...scope } = r.scope as Scope;
    return {
      ...r,
      scope: COUNTED_EACH.has(r.type) && each !== undefined ? { ...scope, each } : scope,
      params: { ...(r.type === 'change_freeze' ? {} : c.validity), ...r.params },
      questions: [
        ...new Set([
          ...r.questions,
          ...open,
          ...questionsOf(
            r,
            c,
            unread.map((f) => c.low.slice(f.from, f.to).trim()),
          ),
        ]),
      ],
    };
  });
  const left = leftOver(c.low, wordsRead(c, made, types));
  return made.map((r) => ({ ...r, left }));
};

/** The question that names the words that nothing has read. */
export const notUnderstood = (left: readonly string[]) => `what does "${left.join('", "')}" mean here?`;

/** Every word of the clause that a reading was made of, or that a question names already. */
const wordsRead = (c: Clause, readings: readonly Reading[], types: ReadonlySet<string>): Span[] => {
  const timed = [...types].some((t) => TIMED.has(t));
  const asked = readings.flatMap((r) => r.questions).flatMap((q) => [...q.matchAll(/"([^"]+)"/g)].map((m) => m[1]!));
  const placed = readings.some((r) => r.scope.resources !== undefined || r.scope.each !== undefined);
  const because = c.low.search(BECAUSE);
  return [
    ...readings.flatMap((r) => [...r.words, ...r.uses.map((f): Span => [f.from, f.to])]),
    ...(placed ? c.words.placedScope : c.words.scope),
    ...c.words.dates,
    ...c.words.force,
    ...c.words.replaced,
    ...c.places.map((p): Span => [p.from, p.to]),
    ...(timed ? [...c.words.days, ...c.words.zone] : []),
    ...(timed ? c.windows.map((w): Span => [w.from, w.to]) : []),
    ...(c.daySpan ? [[c.daySpan.from, c.daySpan.to] as const] : []),
    ...(because < 0 ? [] : spansOf(c.low, REASON).filter(([from]) => from >= because)),
    ...asked.flatMap((words) => occurrence(c.low, words)),
  ];
};

const occurrence = (low: string, words: string): Span[] => {
  const at = low.indexOf(words.toLowerCase());
  return at < 0 ? [] : [[at, at + words.length]];
};
