/** The parts of a query that words give by themselves: its unit, whom it is about, what tells figures apart, its basis and its time. */
import { LIGHT } from './links.js';
import { CURRENCIES, MEASURES, type MeasureName, UNITS } from './measures.js';
import type { By, Filters, Limit, Period, Query } from './query.js';
import { categoriesIn, type Found, type Signs } from './signs.js';
import type { Told } from './times.js';

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];

export interface AskedUnit {
  readonly name: string;
  readonly dimension: string;
  readonly at: number;
}
export const unitIn = ({ signs, numbers }: Signs): AskedUnit | undefined => {
  const found = signs.find(
    (s) => s.sign.unit !== undefined && !behindLimit(signs, s.at) && !numbers.some((n) => n.at === s.at - 1),
  );
  if (!found) return undefined;
  const name = found.sign.unit!;
  const dimension =
    UNITS[name]?.dimension ??
    (name === '%' ? 'ratio' : found.sign.measure === 'price' || name === 'p' ? 'rate' : 'money');
  return { name, dimension, at: found.at };
};
const behindLimit = (signs: readonly Found[], at: number) =>
  signs.some((s) => (s.sign.above === true || s.sign.below === true) && s.at < at && at - s.at <= 4);

const OF_UNIT: Readonly<Record<string, readonly MeasureName[]>> = {
  mass: ['emissions'],
  energy: ['energy'],
  power: ['power'],
  intensity: ['intensity'],
  money: ['cost'],
  rate: ['price'],
};
export const measureOfUnit = (dimension: string): MeasureName[] => [...(OF_UNIT[dimension] ?? [])];

export const dimensionFits = (m: MeasureName, dimension: string) =>
  MEASURES[m].dimension === dimension || (MEASURES[m].dimension === 'rate' && dimension === 'money');

/** "less than 2 h slack", "more than 500 kg" */
export const limitsIn = ({ signs, numbers }: Signs, measures: readonly MeasureName[]) => {
  const limits: Filters['limits'] = [];
  const used = new Set<number>();
  for (const s of signs) {
    if (s.sign.above !== true && s.sign.below !== true) continue;
    const number = numbers.find((n) => n.from > s.at && n.from - s.at <= 2 + s.words.split(' ').length);
    if (!number) continue;
    const unit = signs.find((u) => u.sign.unit !== undefined && u.at > number.at && u.at - number.at <= 2)?.sign.unit;
    const of = unit === undefined ? undefined : UNITS[unit];
    const money = (CURRENCIES as readonly string[]).includes(unit ?? '');
    const dimension = of?.dimension ?? (money ? 'money' : undefined);
    const own = measures.find((m) => MEASURES[m].dimension === dimension);
    const measure =
      own ??
      (dimension === 'hours'
        ? signs.some((m) => m.sign.state === 'moved')
          ? 'delay'
          : 'duration'
        : dimension === undefined
          ? // "Fewer than 2 jobs" is a limit of a group.
            signs.some((j) => j.sign.subject === 'jobs' && j.at === number.at + 1)
            ? 'count'
            : undefined
          : measureOfUnit(dimension)[0]);
    if (measure === undefined) continue;
    used.add(number.at);
    const strict = s.sign.above === true ? 'above' : 'below';
    const is = s.sign.orEqual !== true ? strict : s.sign.above === true ? 'at least' : 'at most';
    limits.push({ measure, is, value: number.value * (of?.factor ?? 1) });
  }
  return { limits, used };
};

/**
 * Limits narrow jobs. A measure whose word belongs to the limit is not what is asked for, "which jobs have emissions above 5 kg";
 * before the jobs it is, "the emissions of jobs above 5 kg". "Is vision over 300 kg?" asks about no single job but whether it is so.
 */
export const boundOf = (
  { signs, names }: Signs,
  { limits, used }: ReturnType<typeof limitsIn>,
  measures: MeasureName[],
  question: string,
): {
  bound: Filters['limits'];
  used: ReadonlySet<number>;
  measures: MeasureName[];
  left: number[];
  than: Limit | null;
} => {
  const jobs = signs.find((s) => s.sign.subject === 'jobs');
  const yesOrNo =
    /^(?:and |so )?(?:is|are|was|were|does|do|did|has|have|will|would|can|(?:tell me|check|see|let me know) (?:if|whether))\b/i.test(
      question.trim(),
    );
  const ofOne =
    jobs === undefined &&
    yesOrNo &&
    (names.length > 0 ||
      limits[0]?.measure === 'power' ||
      signs.some((s) => s.sign.category !== undefined) ||
      PLAN.test(question));
  const [than] = limits;
  if (than !== undefined && ofOne) {
    // One figure and one limit of its kind; of anything else the limit is left over.
    const asked = measures.filter((m) => !IDLE_BESIDE_LIMIT.has(m) || m === than.measure);
    const fits = limits.length === 1 && asked.every((m) => m === than.measure);
    return {
      bound: [],
      used: fits ? used : new Set(),
      measures: fits ? [than.measure] : measures.length === 0 ? limits.map((l) => l.measure) : measures,
      left: fits ? [] : signs.filter((s) => s.sign.above === true || s.sign.below === true).map((s) => s.at),
      than: fits ? than : null,
    };
  }
  // "Which teams emit more than 5 t", "which hours are above 3 MW": groups whose figure is so.
  const grouped =
    signs.some((s) => s.sign.by !== undefined && s.sign.by !== 'job' && s.sign.by !== 'plan') ||
    (than?.measure === 'power' && WHEN.test(question));
  const counts = than?.measure === 'count';
  if (than !== undefined && grouped && (jobs === undefined || counts) && limits.length === 1) {
    const others = measures.filter((m) => m !== than.measure && !(m === 'energy' && than.measure !== 'energy'));
    if (others.length === 0) return { bound: [], used, measures: [than.measure], left: [], than };
  }
  // "When does the load fall below 3 MW" is about what all work draws together, and no single job has a number of jobs.
  const ofEach = jobs !== undefined || signs.some((s) => s.sign.by === 'job') || names.some((n) => n.kind === 'jobs');
  if (counts || (!ofEach && limits.some((l) => l.measure === 'power')))
    return {
      bound: [],
      used: new Set(),
      measures,
      left: signs.filter((s) => s.sign.above === true || s.sign.below === true).map((s) => s.at),
      than: null,
    };
  const asked = signs.find((s) => s.sign.measure !== undefined);
  const before = jobs !== undefined && asked !== undefined && asked.at < jobs.at;
  const own = limits.map((l) => l.measure);
  return {
    bound: limits,
    used,
    measures: measures.length === 1 && !before ? measures.filter((m) => !own.includes(m)) : measures,
    left: [],
    than: null,
  };
};
/** Asks for a time. */
export const WHEN = /\b(?:when|(?:what|which) times?)\b/i;
/** "Does it use more than 5 kg": the verb says no other figure than the unit. */
const IDLE_BESIDE_LIMIT: ReadonlySet<MeasureName> = new Set(['energy']);
const PLAN = /\b(?:plan|we|it all|everything)\b/i;

export const filtersIn = (of: Signs, states: Filters['states'], limits: Filters['limits']): Filters => {
  const categories = categoriesIn(of);
  const names = (kind: 'jobs' | 'teams' | 'kinds' | 'places', except: boolean) =>
    unique(of.names.filter((n) => n.kind === kind && n.except === except).map((n) => n.name));
  return {
    jobs: names('jobs', false),
    teams: names('teams', false),
    kinds: names('kinds', false),
    places: names('places', false),
    categories: unique(categories.filter((c) => !c.except).map((c) => c.category)),
    states: states.slice(0, 4),
    except: {
      teams: names('teams', true),
      kinds: names('kinds', true),
      places: names('places', true),
      categories: unique(categories.filter((c) => c.except).map((c) => c.category)),
    },
    limits: limits.slice(0, 3),
  };
};

export const twoOf = (f: Filters) => [f.teams, f.kinds, f.categories, f.places, f.jobs].some((list) => list.length > 1);

/** "Per hour of delay" divides by the delay, and tells no hours apart. */
const isRate = ({ words, at }: Found, tokens: Signs['tokens']): boolean =>
  words.startsWith('per ') && tokens[at + words.split(' ').length]?.low === 'of';

const ONE_OF: readonly By[] = ['team', 'kind', 'category'];

export const byIn = ({ signs, tokens }: Signs, f: Filters): By | null => {
  const said = signs.find((s) => s.sign.by !== undefined && !isRate(s, tokens))?.sign.by ?? null;
  if (said !== null) return said;
  // "How much do nlp and vision use together" is one figure.
  if (signs.some((s) => /^(?:together|combined|altogether|in all)$/.test(s.words))) return null;
  // "The dearest team", "the team with the fewest jobs".
  const ranked = signs.some((s) => s.sign.order !== undefined);
  const one = ONE_OF.find((by) => tokens.some((t) => t.low === by));
  if (ranked && one !== undefined && f.teams.length + f.kinds.length + f.categories.length === 0) return one;
  if (f.teams.length > 1) return 'team';
  if (f.categories.length > 1) return 'category';
  if (f.kinds.length > 1) return 'kind';
  if (f.places.length > 1) return 'place';
  return f.jobs.length > 1 ? 'job' : null;
};

/** Where jobs are counted, a figure that is named beside them is not told; that of a limit is used. */
export const besideCount = ({ signs }: Signs, { limits }: Filters): number[] =>
  signs
    .filter(
      ({ sign, words }) =>
        sign.measure !== undefined && !LIGHT.test(words) && !limits.some((l) => l.measure === sign.measure),
    )
    .map((s) => s.at);

/** A number that says how many of a ranking: "the five largest", "top 3". */
export const besideOrder = ({ signs, tokens }: Signs, at: number) =>
  signs.some(
    (s) =>
      (s.sign.order !== undefined || s.sign.further === true || s.sign.list === true || s.sign.end !== undefined) &&
      Math.abs(s.at - at) <= 3,
  ) ||
  /^jobs?$/.test(tokens[at + 1]?.low ?? '') ||
  // "Which three teams", "what two hours".
  (/^(?:which|what|the)$/.test(tokens[at - 1]?.low ?? '') &&
    signs.some((s) => s.sign.by !== undefined && s.at === at + 1 && s.words.endsWith('s')));

const COMPARES = /\b(?:than|how much (?:more|less|cheaper|dearer|cleaner|lower|higher))\b/i;
const isTwoSided = (m: MeasureName) => MEASURES[m].bases.includes('baseline');

export const basesIn = (
  { signs, back }: Signs,
  measures: readonly MeasureName[],
  question: string,
): Query['bases'] | null => {
  if (signs.some((s) => s.sign.both === true)) return ['baseline', 'planned'];
  const said = unique(signs.flatMap((s) => (s.sign.basis === undefined ? [] : [s.sign.basis])));
  // "How much cheaper than without the plan": both sides, and their difference.
  if (said.length === 1 && said[0] === 'baseline' && COMPARES.test(question) && measures.every(isTwoSided))
    return ['baseline', 'planned'];
  if (said.length > 0) return said.slice(0, 2);
  const saving = measures.some((m) => MEASURES[m].saving === true);
  return saving && back && !/\b(?:would|will)\b/i.test(question) ? ['verified'] : null;
};

export const periodOf = (told: Told | undefined, event: 'starts' | 'ends' | 'runs' | null): Period | null =>
  told === undefined || (told.from === null && told.to === null)
    ? null
    : { from: told.from, to: told.to, of: event === 'starts' || event === 'ends' ? event : 'runs' };

/** "a 2 h render", "3 hours of training": how long work is that wants a start. */
export const hoursOfWork = ({ tokens, numbers, signs }: Signs): number | null => {
  if (!/\b(?:start|run|begin|launch|do|train|when|best)\b/.test(tokens.map((t) => t.low).join(' '))) return null;
  for (const n of numbers) {
    const unit = signs.find((s) => s.at === n.at + 1 && (s.sign.unit === 'h' || s.sign.unit === 'min'));
    if (unit) return unit.sign.unit === 'h' ? n.value : n.value / 60;
  }
  return null;
};
