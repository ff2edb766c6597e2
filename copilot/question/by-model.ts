/**
 * A model's reading of a question: the same query as the rules write, by the same schema. What it writes is believed only where
 * it holds what the question names and names nothing that the question does not; figures are no part of it.
 */
import { z } from 'zod';
import type { Desk } from '../desk.js';
import type { Turn } from '../memory.js';
import { distance } from './english.js';
import type { Known } from './known.js';
import { LIGHT } from './links.js';
import { MEASURES, type MeasureName, UNITS } from './measures.js';
import { type Period, Query } from './query.js';
import { categoriesIn, type Signs } from './signs.js';
import { isVerifiable } from './tell-verified.js';

const Written = z.strictObject({ query: Query.nullable() });
const MOST_NAMES = 60;

export interface ByModel {
  /** null: the model made none, or none that can be believed */
  readonly query: Query | null;
  /** why what it wrote was not taken */
  readonly refused: readonly string[];
}

export const queryByModel = async (
  desk: Desk,
  question: string,
  known: Known,
  signs: Signs,
  last: Turn | undefined,
): Promise<ByModel> => {
  const { model } = desk.world;
  if (model === null) return { query: null, refused: [] };
  const text = await model.words(
    'query',
    {
      QUESTION: question,
      NOW: desk.now,
      WORLD: {
        teams: known.teams.slice(0, MOST_NAMES),
        kinds: known.kinds.slice(0, MOST_NAMES),
        categories: ['urgent', 'balanced', 'sustainable'],
        places: [...new Set(known.places.values())].slice(0, MOST_NAMES),
        plan:
          known.plan === undefined
            ? null
            : { id: known.plan.id, from: known.plan.window.start, to: known.plan.finishesAt },
      },
      LAST: last?.query ?? null,
    },
    { schema: Written, signal: desk.signal },
  );
  if (text === null) return { query: null, refused: [] };
  const { query } = Written.parse(JSON.parse(text));
  if (query === null) return { query: null, refused: [] };
  const refused = faultsOf(query, known, signs, last?.query);
  return { query: refused.length === 0 ? query : null, refused };
};

/** What is foolish or untrue in a query that somebody else wrote for a question; empty: it may run. */
export const faultsOf = (query: Query, known: Known, signs: Signs, before: Query | undefined): string[] => [
  ...unknownNames(query, known),
  ...unsaid(query, signs, before),
  ...passedOver(query, signs),
  ...badTimes(query, known, signs, before),
  ...badMeasures(query),
  ...otherThanAsked(query, signs),
];

const unknownNames = ({ filters: f, plan }: Query, known: Known): string[] => {
  const places = new Set(known.places.values());
  return [
    ...f.jobs.filter((j) => known.job(j) !== j).map((j) => `there is no job ${j}`),
    ...[...f.teams, ...f.except.teams].filter((t) => !known.teams.includes(t)).map((t) => `there is no team ${t}`),
    ...[...f.kinds, ...f.except.kinds].filter((k) => !known.kinds.includes(k)).map((k) => `there is no kind ${k}`),
    ...[...f.places, ...f.except.places].filter((p) => !places.has(p)).map((p) => `there is no place ${p}`),
    ...(plan !== null && plan !== known.plan?.id ? [`plan ${plan} is not the one that is spoken of`] : []),
  ];
};

/** Names of the query that neither the question nor the one before it says, a slip of the pen allowed. */
const unsaid = ({ filters: f }: Query, { tokens, names }: Signs, before: Query | undefined): string[] => {
  const said = tokens.map((t) => t.said.toLowerCase());
  const meant = new Set(names.map((n) => n.name));
  const old = before?.filters;
  const isSaid = (name: string) =>
    meant.has(name) ||
    name
      .toLowerCase()
      .split(/\s+/)
      .every((word) => said.some((t) => distance(t, word, 2) <= (word.length < 5 ? 1 : 2)));
  const lists = [
    [f.jobs, old?.jobs],
    [f.teams, old?.teams],
    [f.kinds, old?.kinds],
    [f.places, old?.places],
    [f.except.teams, old?.except.teams],
  ] as const;
  return lists.flatMap(([now, then]) =>
    now
      .filter((name) => !isSaid(name) && !(then ?? []).includes(name))
      .map((name) => `the question does not name ${name}`),
  );
};

/** Names and units of the question that the query does not hold. */
const passedOver = (query: Query, signs: Signs): string[] => {
  const { filters: f } = query;
  const held = new Set<string>([...f.jobs, ...f.teams, ...f.kinds, ...f.places, ...Object.values(f.except).flat()]);
  const missing = signs.names
    .filter((n) => n.kind !== 'plan' && !held.has(n.name))
    .map((n) => `the query leaves out ${n.name}`);
  for (const { category, except } of categoriesIn(signs))
    if (!(except ? f.except.categories : f.categories).includes(category))
      missing.push(`the query leaves out ${category}`);
  const unit = signs.signs.find(
    (s) => s.sign.unit !== undefined && s.sign.unit !== '%' && !signs.numbers.some((n) => n.at === s.at - 1),
  )?.sign.unit;
  if (unit !== undefined && query.unit !== null && query.unit !== unit) missing.push(`the question asks for ${unit}`);
  if (f.limits.some((l) => signs.numbers.length === 0 && l.value !== 0)) missing.push('the question names no limit');
  if (
    query.rank !== null &&
    query.rank.count > 1 &&
    signs.numbers.length > 0 &&
    !signs.numbers.some((n) => n.value === query.rank!.count) &&
    query.filters.limits.length === 0
  )
    missing.push('the question names another number');
  return missing;
};

const badTimes = (
  { period, against, subject }: Query,
  { plan }: Known,
  { time, left }: Signs,
  before: Query | undefined,
): string[] => {
  const wrong: string[] = [];
  for (const p of [period, against]) {
    if (p === null) continue;
    if (p.from !== null && p.to !== null && p.from > p.to) wrong.push('a time ends before it begins');
    if (subject === 'jobs' && plan !== undefined && isFar(p, plan.window.start, plan.finishesAt))
      wrong.push('a time is not in the data');
  }
  if (time && period !== null && (time.from !== period.from || time.to !== period.to))
    wrong.push('the question names another time');
  // A word that the rules do not know may name a time; where there is none, none was named.
  if (
    !time &&
    period !== null &&
    left.length === 0 &&
    JSON.stringify(period) !== JSON.stringify(before?.period ?? null)
  )
    wrong.push('the question names no time');
  if (time && period === null) wrong.push('the query leaves out the time');
  return wrong;
};
const isFar = ({ from, to }: Period, start: string, end: string) =>
  (from !== null && from >= end) || (to !== null && to < start);

/** Figures that one word can stand for: "dirty" for emissions and for emissions per kWh. */
const KIN: readonly (readonly MeasureName[])[] = [
  ['emissions', 'intensity', 'saving', 'embodied'],
  ['cost', 'electricity-cost', 'price', 'cost-saving'],
  ['energy', 'power', 'intensity', 'price'],
  ['start', 'end', 'delay', 'duration', 'slack', 'run-hours'],
];
const akin = (a: MeasureName, b: MeasureName) => a === b || KIN.some((k) => k.includes(a) && k.includes(b));

/** How figures begin in languages near to English; a model that read such a word as another figure is not believed. */
const COGNATES: readonly (readonly [RegExp, MeasureName])[] = [
  [/^[eé]n[eè]rg/u, 'energy'],
  [/^[eé]mi(?:ss|s)/u, 'emissions'],
  [/^(?:kosten|co[uû]ts?$|cost[eoi]s?$|gasto|rechnung|factur)/u, 'cost'],
  [/^(?:preis|prix$|precio|prezz|preço|prijs)/u, 'price'],
  [/^(?:erspar|einspar|gespart|[eé]conomi|ahorr|rispar|poup|bespar)/u, 'saving'],
  [/^(?:leistung|puissance|potenc|potenza|vermogen)/u, 'power'],
  [/^(?:dauer|dur[eéa]|duur)/u, 'duration'],
];
const foreignMeasures = ({ tokens }: Signs): MeasureName[] =>
  tokens.flatMap((t) => COGNATES.flatMap(([begins, measure]) => (begins.test(t.said.toLowerCase()) ? [measure] : [])));

/** Whether a word of the question says, to the rules, which figure is asked for. */
export const namesFigure = (signs: Signs): boolean =>
  signs.signs.some(({ sign }) => sign.measure !== undefined) || foreignMeasures(signs).length > 0;

/** What the question says of figure, side, order and limit, and the query says otherwise. */
const otherThanAsked = ({ measures, bases, rank, filters, than }: Query, of: Signs): string[] => {
  const { signs, numbers } = of;
  const wrong: string[] = [];
  const known = signs.flatMap(({ sign, words }) =>
    sign.measure === undefined || LIGHT.test(words) ? [] : [sign.measure],
  );
  const asked = known.length > 0 ? known : foreignMeasures(of);
  if (asked.length > 0 && !measures.some((m) => asked.some((a) => akin(a, m))))
    wrong.push('the question asks for another figure');
  for (const { sign } of signs)
    if (sign.basis !== undefined && sign.both !== true && !bases.includes(sign.basis))
      wrong.push(`the question asks for it as ${sign.basis}`);
  const orders = signs.flatMap(({ sign }) => (sign.order === undefined ? [] : [sign.order]));
  if (rank !== null && orders.length > 0 && !orders.includes(rank.order) && !measures.some((m) => MEASURES[m].saving))
    wrong.push('the question asks for the other end');
  const factors = [1, ...Object.values(UNITS).map((u) => u.factor)];
  for (const { value } of [...filters.limits, ...(than === null ? [] : [than])])
    if (
      value !== 0 &&
      !numbers.some((n) => factors.some((f) => Math.abs(n.value * f - value) <= 1e-9 * Math.abs(value)))
    )
      wrong.push('the question names another limit');
  const limited = signs.some(({ sign }) => sign.above === true || sign.below === true);
  if (limited && numbers.length > 0 && filters.limits.length === 0 && than === null && rank === null)
    wrong.push('the query leaves out the limit');
  if (than !== null && !measures.includes(than.measure)) wrong.push('the limit is of another figure');
  return wrong;
};

const badMeasures = ({ subject, measures, bases }: Query): string[] => {
  if (subject !== 'jobs')
    return subject === 'grid' && !measures.every((m) => m === 'price' || m === 'intensity')
      ? ['the grid has no such figure']
      : [];
  if (bases.includes('verified')) return isVerifiable(measures) ? [] : ['this is not verified'];
  return measures.every((m) => bases.every((b) => MEASURES[m].bases.includes(b)))
    ? []
    : ['this figure is not known on that basis'];
};
