/** A question as a query: what is measured, of what, when, in which groups. The rules and a model write it by one schema; figures are no part of it. */
import { z } from 'zod';
import { Category } from '../../domain/job.js';
import { Instant } from '../../domain/time.js';
import { Basis, MEASURE_NAMES } from './measures.js';

export const Subject = z.enum([
  'jobs',
  'grid',
  'sites',
  'records',
  'teams',
  'plans',
  'runs',
  'tickets',
  'approvals',
  'decisions',
  'policies',
  'ledger',
]);
export type Subject = z.infer<typeof Subject>;

export const State = z.enum([
  'moved',
  'relocated',
  'stayed',
  'late',
  'movable',
  'split',
  'worse',
  'with-deadline',
  'no-deadline',
  'gpu',
  'no-place',
  'open',
  'closed',
  'waiting',
  'approved',
  'rejected',
  'expired',
  'failed',
  'in-force',
]);
export type State = z.infer<typeof State>;

export const Stat = z
  .enum(['total', 'mean', 'median', 'least', 'most', 'share', 'change'])
  .describe('change: the saving as a part of what would have been without the plan; share: of everybody’s');
export type Stat = z.infer<typeof Stat>;

export const Period = z.strictObject({
  from: Instant.nullable().describe('null: from the beginning of what is known'),
  to: Instant.nullable().describe('the end, not included; the same as from for a moment; null: to the end'),
  of: z.enum(['runs', 'starts', 'ends']).describe('which of a job has to lie in it'),
});
export type Period = z.infer<typeof Period>;

const names = z.array(z.string().min(1).max(200)).max(20).default([]);

export const Limit = z.strictObject({
  measure: z.enum(MEASURE_NAMES),
  is: z.enum(['above', 'below', 'at least', 'at most']),
  value: z.number().describe('in the measure’s own unit'),
});
export type Limit = z.infer<typeof Limit>;

/** Whether a figure keeps to a limit: "over 300 kg" is not 300 kg, "at least 300 kg" is. */
export const isWithin = (value: number, { is, value: limit }: Limit): boolean => {
  if (is === 'above') return value > limit;
  if (is === 'below') return value < limit;
  return is === 'at least' ? value >= limit : value <= limit;
};

/** Jobs and places that are meant; an empty list stands for all. */
export const Filters = z.strictObject({
  jobs: names,
  teams: names,
  kinds: names,
  categories: z.array(Category).default([]),
  places: names,
  states: z.array(State).max(4).default([]),
  except: z
    .strictObject({ teams: names, kinds: names, categories: z.array(Category).default([]), places: names })
    .default({ teams: [], kinds: [], categories: [], places: [] })
    .describe('what is left out of the rest'),
  limits: z.array(Limit).max(3).default([]).describe('jobs whose own figure is above or below'),
});
export type Filters = z.infer<typeof Filters>;

/** Whether anything is left out of what is asked about. */
export const narrows = (f: Filters): boolean =>
  [f.jobs, f.teams, f.kinds, f.categories, f.places, f.states, f.limits, ...Object.values(f.except)].some(
    (list) => list.length > 0,
  );

export const By = z.enum(['team', 'kind', 'category', 'place', 'job', 'hour', 'day', 'plan']);
export type By = z.infer<typeof By>;

export const Query = z.strictObject({
  subject: Subject,
  measures: z.array(z.enum(MEASURE_NAMES)).min(1).max(4),
  bases: z.array(Basis).min(1).max(2).default(['planned']),
  stat: Stat.default('total'),
  filters: Filters.default(() => Filters.parse({})),
  plan: z.string().max(200).nullable().default(null).describe('id of a plan; null: that of the newest run'),
  period: Period.nullable().default(null),
  against: Period.nullable().default(null).describe('a second stretch of time to compare with'),
  by: By.nullable().default(null).describe('what the figures are told apart by'),
  rank: z
    .strictObject({
      order: z.enum(['most', 'least']),
      count: z.number().int().min(1).max(50),
      skip: z.number().int().min(0).max(10_000).default(0),
    })
    .nullable()
    .default(null),
  unit: z
    .string()
    .max(20)
    .nullable()
    .default(null)
    .describe('of the answer, for example t, g, MWh, GBP; null: as it fits'),
  than: Limit.nullable()
    .default(null)
    .describe('whether the one figure of jobs is so; with `by`: only the groups whose first figure is so'),
  hours: z
    .number()
    .positive()
    .max(840)
    .nullable()
    .default(null)
    .describe('grid only: length of work that wants the best start'),
});
export type Query = z.infer<typeof Query>;

export const queryOf = (of: z.input<typeof Query>): Query => Query.parse(of);
