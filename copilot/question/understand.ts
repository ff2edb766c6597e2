/**
 * A question understood whole: as a query, or as a topic that explains, whichever leaves fewer of its words over. What nothing
 * used is named; a name that nobody knows is asked about and not passed over.
 */
import { SHORT_ID } from '../../domain/digest.js';
import type { Desk } from '../desk.js';
import type { Slots } from '../lookup.js';
import { LOOKUPS } from '../lookups.js';
import type { Turn } from '../memory.js';
import { followed } from './follow.js';
import { type Known, knownTo, planIdIn } from './known.js';
import { LEXICON, NEUTRAL } from './lexicon.js';
import { MEASURES } from './measures.js';
import type { Query } from './query.js';
import { readQuestion } from './read.js';
import type { Reading } from './reading.js';
import { routeOf } from './router.js';
import { asStart, mayShift, shiftIn } from './shift.js';
import { type Signs, signsIn } from './signs.js';
import { tokensOf } from './tokens.js';
import { isAbout } from './topics.js';

export interface Understood {
  /** name of a lookup, or `query`; null: no rule knows the question */
  readonly lookup: string | null;
  readonly slots: Slots;
  readonly query: Query | null;
  readonly known: Known | null;
  readonly signs: Signs | null;
  /** content words that were not used, as typed */
  readonly left: readonly string[];
  /** slips of the pen, as typed and as they were read */
  readonly mended?: readonly string[];
  /** what has to be asked first; then nothing is looked up */
  readonly ask: string | null;
  /** it asks for what no data of ours holds */
  readonly outside?: true;
  /** a model wrote the query */
  readonly byModel?: true;
  /** the model chose the figure: no word of the question says, to the rules, which one is asked for */
  readonly guessed?: boolean;
  /** words that the rules did not know and the model read */
  readonly read?: readonly string[];
}

/** Of two readings that use every word, the one that says more of what was asked. */
const outranks = (asked: Query, topic: string, why: boolean): boolean => {
  if (topic === 'why') return !why;
  // What starts at a moment is a part of what runs then.
  if (
    topic === 'schedule' &&
    asked.period !== null &&
    asked.period.of !== 'runs' &&
    asked.period.from === asked.period.to
  )
    return true;
  if (topic === 'savings' && (!asked.measures.some((m) => MEASURES[m].saving) || !asked.bases.includes('verified')))
    return true;
  return isShaped(asked) && !EXPLAINS.has(topic);
};

/** Deeds and greetings: no figures are at stake. */
const NOT_ASKED: ReadonlySet<string> = new Set(['propose', 'help', 'draft_ticket']);
const MOST_LEFT = 2;
/** What turns a question round is never left out of its answer. */
const NEGATION = /^(?:no|not|none|never|nothing|nobody|neither|nor|cannot|\w+n['’]t)$/i;
/** Times that no period holds: an answer about all of the time would be another one. */
const TIMES =
  /^(?:ago|since|year|years|month|months|quarter|week|weeks|weekend|weekends|yesterday|tomorrow|night|nights|morning|mornings|afternoon|evening|evenings)$/i;
/** "At the same time", "than the others": what runs together, or stands against all the rest. */
const OTHERS = /^(?:before|after|same|simultaneous(?:ly)?|concurrent(?:ly)?|others?|rest)$/i;
/** A word that would have made it another question: a denial, a time, or what the lexicon knows to choose, to order or to share out. */
const turnsRound = (word: string): boolean => {
  const { except, stat, basis, state, category, by, unit, order, above, below, nth, howLong } =
    LEXICON.get(word.toLowerCase()) ?? {};
  return (
    NEGATION.test(word) ||
    TIMES.test(word) ||
    OTHERS.test(word) ||
    except === true ||
    above === true ||
    nth !== undefined ||
    howLong === true ||
    below === true ||
    order !== undefined ||
    unit === '%' ||
    (stat !== undefined && stat !== 'total') ||
    [basis, state, category].some((sign) => sign !== undefined) ||
    (by !== undefined && word.toLowerCase() !== 'where')
  );
};
const HYPOTHETICAL = /\b(?:if|suppose|supposing|assuming)\b/i;
/** What happened, who decided and what is allowed are stories, however a question is shaped. */
const EXPLAINS: ReadonlySet<string> = new Set([
  'why',
  'approvals',
  'decisions',
  'evidence',
  'what_if',
  'limits',
  'compare',
  'data',
  'status',
  'schedule',
]);
/** Records of a recorded world are later than its clock; their times were read against the newest of them. */
const BY_RECORDS: ReadonlySet<string> = new Set(['savings']);
/** Ranks, groups, compares or narrows: no topic can. */
const isShaped = (q: Query): boolean =>
  q.rank !== null ||
  q.by !== null ||
  q.unit !== null ||
  q.against !== null ||
  q.bases.length > 1 ||
  q.stat !== 'total' ||
  q.measures.includes('count') ||
  q.filters.categories.length +
    q.filters.kinds.length +
    q.filters.states.length +
    q.filters.limits.length +
    q.filters.places.length >
    0;

export const understand = async (question: string, desk: Desk, last?: Turn): Promise<Understood> => {
  const topicBefore = last?.query === undefined ? last : undefined;
  const route = await routeOf(question, desk, topicBefore);
  const plain = { lookup: route.lookup, slots: route.slots, query: null, known: null, signs: null, ask: null };
  const deed = route.lookup !== null && NOT_ASKED.has(route.lookup);
  const shifts = mayShift(question, last);
  if (deed && !shifts) return { ...plain, left: wordsLeft(question, route.lookup!) };

  const tokens = tokensOf(question);
  const planIds = await planIdIn(
    desk,
    tokens.flatMap((t) => (SHORT_ID.test(t.said) || (/\d/.test(t.said) && /\p{L}/u.test(t.said)) ? [t.said] : [])),
  );
  const known = await knownTo(desk, [...planIds.values()][0] ?? null);
  const signs = signsIn(question, known, planIds, desk.now);
  const shift = shifts ? shiftIn(question, signsIn(asStart(question), known, planIds, desk.now), last) : null;
  if (shift !== null) return { ...plain, ...shift, lookup: 'shift' };
  if (deed) return { ...plain, left: wordsLeft(question, route.lookup!) };
  const reading = readQuestion(question, signs);
  const mended = signs.tokens.filter((t) => t.mended).map((t) => `“${t.said}” as “${t.low}”`);
  const whole = { ...plain, known, signs, mended };
  if (route.outside) return { ...whole, left: reading.left, outside: true };

  const again = last === undefined ? null : followed(question, reading, signs, last);
  if (again !== null)
    return 'topic' in again
      ? { ...whole, lookup: again.topic, slots: again.slots, left: [] }
      : asQuery(whole, again.query, again.left, known, signs, reading);

  // One reader of times for topics and queries.
  const { from = null, to = null } = signs.time ?? {};
  const bounded =
    from !== null && to !== null && LOOKUPS.find((l) => l.name === route.lookup)?.uses.includes('from') === true;
  if (bounded && route.slots.period === undefined && !BY_RECORDS.has(route.lookup!))
    Object.assign(route.slots, { from, to });
  else if (bounded && route.slots.period === undefined && signs.time !== undefined && /\d[/.]\d/.test(question))
    Object.assign(route.slots, { from, to });
  // "After 18:00" is not at 18:00: an open end is that of the plan.
  else if (
    route.lookup === 'schedule' &&
    signs.time !== undefined &&
    known.plan !== undefined &&
    route.slots.period === undefined
  )
    Object.assign(route.slots, { from: from ?? known.plan.window.start, to: to ?? known.plan.finishesAt });
  const ofTopic = route.lookup === null ? null : leftOfTopic(signs, route.lookup, route.slots, known, reading.left);
  // "When does it finish?" is about the job of the topic before.
  const pointed =
    route.slots.job !== undefined &&
    signs.names.every((n) => n.name !== route.slots.job) &&
    last?.slots.job === route.slots.job;
  const asked = pointed ? null : reading.query;
  const fewer = ofTopic === null || reading.left.length < ofTopic.length;
  const even = ofTopic !== null && reading.left.length === ofTopic.length;
  if (asked !== null && (fewer || (even && outranks(asked, route.lookup!, reading.parts.why))))
    return asQuery(whole, asked, reading.left, known, signs, reading);
  const left = ofTopic ?? reading.left;
  const clear =
    reading.unclear === null && left.length <= MOST_LEFT && !left.some((w) => looksLikeName(w, signs) || turnsRound(w));
  const hypothetical = left.length > 0 && HYPOTHETICAL.test(question);
  return {
    ...whole,
    left,
    ask:
      route.lookup === null || (route.lookup === 'why' && route.slots.job === undefined) || (clear && !hypothetical)
        ? null
        : questionBack(left, known, signs, reading),
  };
};

const asQuery = (
  of: Omit<Understood, 'left'>,
  query: Query,
  left: readonly string[],
  known: Known,
  signs: Signs,
  reading: Reading,
): Understood => {
  const supposed = supposedIn(signs);
  const all = supposed === null ? left : [...left.filter((word) => !supposed.includes(word)), supposed];
  return { ...of, lookup: 'query', slots: {}, query, left: all, ask: questionBack(all, known, signs, reading) };
};

/** "… if we ran everything in Sweden": what no plan holds. "If the plan is followed" is one side of the plan, "tell me if" asks whether. */
const supposedIn = ({ tokens, signs }: Signs): string | null => {
  const at = tokens.findIndex((t) => /^(?:if|suppose|supposing|assuming)$/.test(t.low));
  const would = tokens.some((t) => /^(?:would|could|were|had|happens?|suppose|supposing|assuming)$/.test(t.low));
  if (at < 0 || !would || signs.some((s) => s.sign.basis !== undefined)) return null;
  return tokens
    .slice(at)
    .map((t) => t.said)
    .join(' ');
};

/** What has to be asked before a figure is told: a date that can be two, a name that nobody knows, or too much left over. */
const questionBack = (
  left: readonly string[],
  known: Known,
  signs: Signs,
  { unclear, guessed }: Pick<Reading, 'unclear' | 'guessed'>,
): string | null => {
  if (unclear !== null)
    return `I ask before I answer: ${unclear}. Write the date with its month in letters, or as YYYY-MM-DD.`;
  const unknown = left.filter((word) => looksLikeName(word, signs));
  if (left.length > 0 && HYPOTHETICAL.test(signs.tokens.map((t) => t.low).join(' ')))
    return `I can’t tell what would be then: I know what is planned and what ran, and ${quoted(left)} is in neither. \`caco plan\` plans anew under other limits.`;
  const turned = guessed || left.some(turnsRound);
  if (unknown.length === 0 && left.length <= MOST_LEFT && !(turned && left.length > 0)) return null;
  const near = unknown.flatMap((word) => known.near(word));
  const meant =
    near.length > 0
      ? ` Did you mean ${near.slice(0, 3).join(', ')}?`
      : known.teams.length > 0
        ? ` Teams that I know: ${known.teams.slice(0, 12).join(', ')}.`
        : '';
  const places = [...new Set(known.places.values())];
  return `I can’t answer that for certain: I do not know ${quoted(unknown.length > 0 ? unknown : left)}.${meant}${near.length === 0 && places.length > 0 ? ` Places: ${places.slice(0, 6).join(', ')}.` : ''}`;
};

export const quoted = (words: readonly string[]): string => {
  const said = words.slice(0, 8).map((w) => `“${w.slice(0, 60)}”`);
  const more = words.length > 8 ? ` and ${words.length - 8} more words` : '';
  return `${said.length < 2 || more !== '' ? said.join(', ') : `${said.slice(0, -1).join(', ')} and ${said.at(-1)}`}${more}`;
};

const looksLikeName = (word: string, { tokens }: Signs): boolean => {
  if (/\p{L}/u.test(word) && /[\d_-]/.test(word)) return true;
  return tokens.some((t, i) => {
    if (t.said !== word) return false;
    const before = tokens[i - 1]?.low ?? '';
    if (/^teams?$/.test(before) || /^teams?$/.test(tokens[i + 1]?.low ?? '')) return true;
    return /^(?:in|at|of|for|from)$/.test(before) && /^\p{Lu}/u.test(word);
  });
};

/** What a topic passes over of a question. Names and times count where its lookup uses them. */
const leftOfTopic = (signs: Signs, lookup: string, slots: Slots, known: Known, unread: readonly string[]): string[] => {
  const uses = LOOKUPS.find((l) => l.name === lookup)?.uses ?? [];
  // The policy quotes by the words of the question, and names itself what fits nothing.
  if (uses.includes('topic')) return [];
  const used = [slots.job, slots.team, slots.region, slots.planId, slots.otherPlanId].flatMap((name) =>
    name === undefined ? [] : name.toLowerCase().split(/\s+/),
  );
  const { from = null, to = null } = signs.time ?? {};
  // Records are kept by when they were made: an open end or a moment is none of the topic's.
  const bounded =
    !BY_RECORDS.has(lookup) ||
    slots.period !== undefined ||
    (from !== null && to !== null && from !== to) ||
    signs.time === undefined;
  const timed = bounded && (slots.from !== undefined || slots.period !== undefined);
  const times = new Set([...(signs.time?.used ?? []), ...(signs.against?.used ?? [])]);
  const planNames = new Set(signs.names.filter((n) => n.kind === 'plan' && uses.includes('planId')).map((n) => n.at));
  const sites = new Set(
    slots.region === undefined
      ? []
      : [...known.places].filter(([, region]) => region === slots.region).map(([name]) => name),
  );
  return signs.tokens.flatMap((t, i) => {
    const low = t.said.toLowerCase();
    if (low === slots.job?.toLowerCase() || used.includes(low) || planNames.has(i) || sites.has(low)) return [];
    if (BY_RECORDS.has(lookup) && isBesideRecords(t, unread)) return [t.said];
    if (times.has(i) && (timed || isAbout(lookup, t.low))) return [];
    if (low === 'many') return isAbout(lookup, 'many') ? [] : [t.said];
    if (NEUTRAL.has(t.low) || NEUTRAL.has(low) || isAbout(lookup, t.low) || isAbout(lookup, low)) return [];
    if (/^\d/.test(low) && (uses.includes('carbonPricePerTonne') || uses.includes('hours'))) return [];
    if (
      /^(?:hours?|h|hrs?|min|minutes|days?|[£$€]|gbp|usd|eur|pounds?|euros?|dollars?|t)$/.test(low) &&
      (uses.includes('carbonPricePerTonne') || uses.includes('hours'))
    )
      return [];
    if (
      uses.includes('powerKw') &&
      slots.powerKw !== undefined &&
      /^(?:\d[\d.]*|[kmg]w|(?:kilo|mega|giga)watts?)$/.test(low)
    )
      return [];
    return [t.said];
  });
};

/** Records hold what came true: what was planned is none of theirs, nor a measure that stands apart from the saving. */
const isBesideRecords = ({ said, low }: Signs['tokens'][number], unread: readonly string[]): boolean => {
  const { basis, measure } = LEXICON.get(low) ?? {};
  return basis === 'planned' || basis === 'baseline' || (measure !== undefined && unread.includes(said));
};

/** The same of a draft or a greeting, whose verbs are what it is about; an order is read by what answers it. */
const wordsLeft = (question: string, lookup: string): string[] =>
  lookup === 'propose'
    ? []
    : tokensOf(question).flatMap((t) =>
        NEUTRAL.has(t.low) || isAbout(lookup, t.low) || /\d/.test(t.said) ? [] : [t.said],
      );
