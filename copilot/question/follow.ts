/** What follows from the turn before: "and nlp?", "in grams?", "and tomorrow?", "the next five", "why?". */
import type { Slots } from '../lookup.js';
import type { Turn } from '../memory.js';
import { MEASURES } from './measures.js';
import { type Filters, type Query, queryOf } from './query.js';
import type { Reading } from './reading.js';
import type { Signs } from './signs.js';

const FOLLOWS =
  /^(?:and|what about|how about|same|for|only|but|also|ok(?:ay)?|now|then|in|the next|next|as|why|how come|per|by|without|instead|or)\b/i;
const SHORT = 7;
/** Words of a question that says by its beginning that it goes on. */
const SHORT_BEHIND_AND = 10;
const MOST_BEHIND_WHY = 5;

export type Followed =
  | { readonly query: Query; readonly left: readonly string[] }
  | { readonly topic: string; readonly slots: Slots };

/** null: the question stands by itself. */
export const followed = (question: string, reading: Reading, signs: Signs, last: Turn): Followed | null => {
  const before = last.query;
  if (before === undefined) return null;
  const { left } = reading;
  // What was taken because nothing was said is not said: "by job" goes on with the figure before.
  const parts = reading.guessed ? { ...reading.parts, measures: [] } : reading.parts;
  const goesOn = /^(?:and|what about|how about)\b/i.test(question.trim());
  const short = signs.tokens.length <= (goesOn ? SHORT_BEHIND_AND : SHORT);
  const listed = /^(?:and )?which(?: ones?| jobs?| of them| are they| are those)*\W*$/i.test(question.trim());
  if (listed && before.subject === 'jobs' && before.by === null && !before.bases.includes('verified'))
    return { query: rowsOf(before), left: [] };
  const per = perOf(before, reading, signs);
  if (per !== null && short)
    return {
      query: queryOf({ ...before, measures: [per], unit: null, than: null }),
      left: left.filter((words) => !/^per\b/i.test(words)),
    };
  const pointed = short ? pointedAt(question, before, reading, signs) : null;
  if (pointed !== null) return { query: pointed, left };
  if (parts.why) return short && namesOf(parts.filters) === 0 ? why(before, last) : null;
  if (!short || !(FOLLOWS.test(question.trim()) || reading.query === null)) return null;
  if (parts.measures.length > 0 && standsAlone(reading)) return null;
  const next = merged(before, { ...reading, parts });
  const used =
    parts.unit === '%' ? /^(?:same|%|per|cent|per cent|percent|percent of|percentage|percentage of|pct)$/i : /^same$/i;
  return next === null ? null : { query: next, left: left.filter((word) => !used.test(word)) };
};

/** Words that stand for what was told before; "that" may also begin a clause of its own. */
const POINTS =
  /\b(?:is|are|was|were|of|in|do|does|did|for|would|will|about) (?:that|those|these|them|it|they|this)\b|\b(?:their|its)\b|\b(?:those|these) (?:jobs|ones)\b/i;

/** "How much energy is that?": another figure of what was told before, where the question says nothing else of whom it is about. */
const pointedAt = (
  question: string,
  before: Query,
  { query, parts, guessed }: Reading,
  { signs }: Signs,
): Query | null => {
  const own =
    namesOf(parts.filters) + parts.filters.limits.length > 0 ||
    Object.values(parts.filters.except).some((l) => l.length > 0) ||
    parts.period !== null ||
    parts.by !== null ||
    parts.rank !== null ||
    parts.further;
  if (!POINTS.test(question) || own || guessed || parts.why || query?.subject !== 'jobs' || before.subject !== 'jobs')
    return null;
  const money = before.measures.some((m) => MEASURES[m].dimension === 'money');
  const electricity = money && signs.some((s) => s.words === 'electricity');
  const measures = parts.measures.map((m) => (m === 'energy' && electricity ? 'electricity-cost' : m));
  if (measures.length === 0) return null;
  // Of jobs that were listed all are meant; of the five largest those five, which their own figure ranks.
  const all = before.by === 'job' && before.rank?.count === MOST_LISTED && before.rank.skip === 0;
  const ranked = before.rank !== null && !all;
  return queryOf({
    ...before,
    measures: ranked ? [...new Set([...before.measures.slice(0, 1), ...measures])] : measures,
    bases: parts.bases ?? before.bases,
    stat: parts.stat ?? (all ? 'total' : before.stat),
    by: all ? null : before.by,
    rank: all ? null : before.rank,
    unit: parts.unit,
    than: null,
  });
};

/** "which?" behind a number: the jobs that it counts. */
const rowsOf = (before: Query): Query =>
  queryOf({
    ...before,
    measures: before.measures.includes('count') ? ['energy', 'emissions', 'start'] : before.measures,
    stat: 'total',
    by: 'job',
    than: null,
    rank: { order: 'most', count: MOST_LISTED, skip: 0 },
  });
const MOST_LISTED = 10;

/** "per kWh?" behind emissions or a cost: the same by energy. */
const perOf = (before: Query, { parts }: Reading, { signs }: Signs): Query['measures'][number] | null => {
  const energy = signs.some((s) => s.sign.per === 'kWh' || s.sign.per === 'MWh');
  if (!energy || parts.measures.length > 0 || before.subject !== 'jobs' || before.measures.length !== 1) return null;
  if (before.bases.includes('verified')) return null;
  const [measure] = before.measures;
  return measure === 'emissions' ? 'intensity' : measure === 'cost' || measure === 'electricity-cost' ? 'price' : null;
};

/** A question with a measure and whom it is about needs nothing of the one before. */
const standsAlone = ({ query, parts }: Reading) =>
  query !== null && parts.unit === null && (parts.period !== null || namesOf(parts.filters) > 0 || parts.by !== null);

const namesOf = (f: Filters) =>
  f.jobs.length + f.teams.length + f.kinds.length + f.categories.length + f.places.length + f.states.length;

/** The query before with what the new words say in the place of what they replace. */
const merged = (before: Query, { parts, query }: Reading): Query | null => {
  const { filters: f } = parts;
  const unit = parts.unit === null || parts.unit === '%' ? before.unit : parts.unit;
  const turned =
    parts.measures.length > 0 && !(parts.unit !== null && query !== null && sameKind(before, parts.measures));
  const nothing =
    namesOf(f) === 0 &&
    parts.period === null &&
    parts.by === null &&
    parts.rank === null &&
    parts.unit === null &&
    !parts.further &&
    !turned &&
    parts.bases === null &&
    parts.stat === null &&
    Object.values(f.except).every((l) => l.length === 0);
  if (nothing) return null;
  const filters: Filters = { ...before.filters };
  for (const kind of ['jobs', 'teams', 'kinds', 'categories', 'places', 'states'] as const)
    if (f[kind].length > 0) Object.assign(filters, { [kind]: f[kind] });
  // Another team's work is not that of the job before.
  if (f.teams.length > 0 && f.jobs.length === 0) filters.jobs = [];
  if (f.jobs.length > 0) filters.teams = [];
  if (Object.values(f.except).some((l) => l.length > 0)) filters.except = f.except;
  const count = parts.rank?.count ?? before.rank?.count ?? 1;
  // "and the least?" turns the order of what was ranked.
  const turns =
    before.rank !== null && parts.measures.length === 0 && (parts.stat === 'least' || parts.stat === 'most');
  const rank =
    parts.further && before.rank !== null
      ? { ...before.rank, count, skip: before.rank.skip + before.rank.count }
      : turns && before.rank !== null
        ? { ...before.rank, order: parts.stat === 'least' ? ('least' as const) : ('most' as const), skip: 0 }
        : (parts.rank ?? before.rank);
  const by = parts.by ?? (f.teams.length > 0 && before.by === 'team' && f.teams.length < 2 ? null : before.by);
  return queryOf({
    ...before,
    measures: turned ? [...parts.measures] : parts.unit === '%' ? added(before) : before.measures,
    subject: turned && query !== null ? (before.subject === 'grid' ? query.subject : before.subject) : before.subject,
    filters,
    unit: turned && parts.unit === null ? null : unit,
    stat:
      parts.unit === '%'
        ? before.measures.some((m) => MEASURES[m].saving)
          ? 'change'
          : 'share'
        : ((turns ? null : parts.stat) ?? before.stat),
    period: parts.period === null ? before.period : { ...parts.period, of: before.period?.of ?? parts.period.of },
    against: parts.period === null ? before.against : null,
    bases: parts.bases ?? before.bases,
    by,
    rank: by === null ? null : rank,
    than: turned || by !== null ? null : before.than,
  });
};

/** Of a start there is no share. */
const added = ({ measures }: Query): Query['measures'] => {
  const sums = measures.filter((m) => MEASURES[m].sums === 'sum');
  return sums.length === 0 ? measures : sums;
};

/** "in grams?" names a measure only by its unit. */
const sameKind = (before: Query, measures: readonly Query['measures'][number][]) =>
  before.measures.some((m) => measures.some((n) => MEASURES[m].dimension === MEASURES[n].dimension));

/** A job has a story; of many jobs those are shown that make the figure. */
const why = (before: Query, { top }: Turn): Followed | null => {
  const job = before.filters.jobs[0] ?? (before.by === 'job' ? top : undefined);
  if (job !== undefined)
    return { topic: 'why', slots: { job, ...(before.plan === null ? {} : { planId: before.plan }) } };
  if (before.subject !== 'jobs' || before.bases.includes('verified')) return null;
  const filters = { ...before.filters };
  if (top !== undefined && before.by === 'team') filters.teams = [top];
  if (top !== undefined && before.by === 'kind') filters.kinds = [top];
  const [measure] = before.measures;
  const measures: Query['measures'] =
    measure === 'intensity' || measure === 'price' ? [measure, 'energy', 'start'] : [measure!, 'start'];
  const order = before.rank?.order ?? 'most';
  return {
    query: queryOf({
      ...before,
      filters,
      measures: [...new Set(measures)],
      by: 'job',
      stat: 'total',
      against: null,
      than: null,
      rank: { order, count: MOST_BEHIND_WHY, skip: 0 },
    }),
    left: [],
  };
};
