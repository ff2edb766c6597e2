/** A query to its answer: over the jobs of a plan, the grid's signals, verified records, sites, or counts of what is written down. */
import { type Desk, planNamed, planOf } from '../desk.js';
import { Draft } from '../facts.js';
import { isJobState } from './evaluate.js';
import { type Known, knownTo } from './known.js';
import { CURRENCIES, MEASURES } from './measures.js';
import type { Query } from './query.js';
import { tellJobs } from './tell.js';
import { tellCount, tellSites } from './tell-books.js';
import { tellGrid } from './tell-grid.js';
import { isVerifiable, tellVerified } from './tell-verified.js';

export const answerQuery = async (query: Query, desk: Desk, given?: Known): Promise<Draft> => {
  const draft = await answered(inCurrency(query, desk), desk, given);
  const foreign = foreignIn(query, desk);
  if (foreign !== null)
    draft.prose.unshift(
      `The books are in ${desk.world.setting.currency} and hold no rate of exchange, so this is not in ${foreign}.`,
    );
  return draft;
};

const foreignIn = ({ unit }: Query, desk: Desk): string | null => {
  const currency = unit === 'p' ? 'GBP' : unit;
  return currency !== null &&
    (CURRENCIES as readonly string[]).includes(currency) &&
    currency !== desk.world.setting.currency
    ? currency
    : null;
};
const inCurrency = (query: Query, desk: Desk): Query =>
  foreignIn(query, desk) === null ? query : { ...query, unit: null };

const answered = async (query: Query, desk: Desk, given: Known | undefined): Promise<Draft> => {
  if (query.subject === 'grid') return tellGrid(desk, query);
  if (query.subject === 'sites') return tellSites(desk, query);
  const known = given ?? (await knownTo(desk, query.plan));
  if (query.subject !== 'jobs') return tellCount(desk, query, known);
  if (query.bases.includes('verified')) {
    const both = query.bases.length > 1;
    if (both && !query.measures.every((m) => MEASURES[m].saving))
      return no(
        'Planned and verified stand side by side for savings only: ask for the planned and the verified saving.',
      );
    if (isVerifiable(query.measures)) return tellVerified(desk, query);
    return no(
      `${MEASURES[query.measures[0]!].title} is not verified job by job; I know it as planned and as it would have been without the plan.`,
    );
  }
  const plan = query.plan === null ? (known.plan ?? (await planOf(desk))) : await planNamed(desk, query.plan);
  if (!plan) return no('Nothing has been planned yet. Make a plan with `caco launch --horizon-hours 24`.');
  const wrong = query.measures.find((m) => query.bases.some((b) => !MEASURES[m].bases.includes(b)));
  if (wrong !== undefined)
    return no(
      `${MEASURES[wrong].title} is the difference that the plan makes, and is not known ${query.bases.length > 1 ? 'on both sides' : 'without it'}.`,
    );
  const jobs = { ...query, filters: { ...query.filters, states: query.filters.states.filter(isJobState) } };
  return tellJobs(desk, plan, known.rows, jobs);
};

const no = (why: string): Draft => {
  const draft = new Draft();
  draft.answered = false;
  return draft.say(why);
};
