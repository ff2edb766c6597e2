/** How a query and its figures are said: the query back in the first words, each figure with its unit, and whose it is. */
import type { Estimate } from '../../domain/estimate.js';
import { fromEpoch, type Instant, plusHours } from '../../domain/time.js';
import type { About, Draft } from '../facts.js';
import { type Basis, MEASURES, type MeasureName, UNITS } from './measures.js';
import type { Filters, Period, Query, State } from './query.js';

export const BASIS_WORDS: Readonly<Record<Basis, string>> = {
  planned: 'as planned',
  baseline: 'without the plan',
  verified: 'as verified',
};

const STATE_WORDS: Readonly<Record<State, string>> = {
  moved: 'moved',
  relocated: 'moved to another place',
  stayed: 'not moved',
  late: 'late',
  movable: 'movable',
  split: 'run in pieces',
  worse: 'emitting more than without the plan',
  'with-deadline': 'with a deadline',
  'no-deadline': 'without a deadline',
  gpu: 'with GPUs',
  'no-place': 'without a place',
  open: 'open',
  closed: 'closed',
  waiting: 'waiting',
  approved: 'approved',
  rejected: 'refused',
  expired: 'expired',
  failed: 'failed',
  'in-force': 'in force',
};
export const stateWords = (states: readonly State[]) => states.map((s) => STATE_WORDS[s]).join(' and ');

const STAT_WORDS = { mean: 'mean', median: 'median', least: 'least', most: 'most', share: 'share' } as const;
const first = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const small = (text: string) => (/^(?:PUE|CO2)/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1));

/** "Emissions per kWh and energy", "Mean saving of CO2e", "Saving of CO2e in percent". */
export const titleOf = ({ measures, stat }: Pick<Query, 'measures' | 'stat'>): string => {
  const titles = measures.map((m) => (m === 'count' ? 'number of jobs' : small(MEASURES[m].title)));
  const text = titles.length < 2 ? titles.join('') : `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`;
  if (stat === 'total') return first(text);
  if (stat === 'change') return `Relative ${text}`;
  return stat === 'share'
    ? `Share of the ${text}`
    : `${first(STAT_WORDS[stat])} ${text}${(stat === 'mean' || stat === 'median') && measures.some((m) => MEASURES[m].sums !== 'ratio') ? ' per job' : ''}`;
};

/** Of whom: " of the urgent jobs of team nlp in GB". Names are facts, so that they may be repeated. */
export const whoseOf = (draft: Draft, f: Filters): string => {
  const asked = { label: 'what was asked for', source: 'your question' };
  const each = (list: readonly string[]) => list.map((n) => draft.name(n, asked)).join(' and ');
  const parts: string[] = [];
  if (f.jobs.length > 0) parts.push(` of ${each(f.jobs)}`);
  const before = ['moved', 'late', 'movable'] as const;
  const adjectives = [...f.categories, ...f.kinds.map((k) => draft.name(k, asked))];
  const ahead = f.states.filter((s) => (before as readonly State[]).includes(s));
  const behind = f.states.filter((s) => !(before as readonly State[]).includes(s));
  if (adjectives.length > 0 || ahead.length > 0)
    parts.push(
      ` of the ${[...ahead.map((s) => STATE_WORDS[s]), adjectives.join(' and ')].filter((w) => w !== '').join(' ')} jobs`,
    );
  if (behind.length > 0) parts.push(`${parts.length === 0 ? ' of the jobs' : ','} ${stateWords(behind)}`);
  if (f.teams.length > 0) parts.push(` of team${f.teams.length > 1 ? 's' : ''} ${each(f.teams)}`);
  if (f.places.length > 0) parts.push(` in ${each(f.places)}`);
  const { teams, kinds, categories, places } = f.except;
  const but = [...teams, ...kinds, ...categories, ...places];
  if (but.length > 0) parts.push(`, without ${each(but)}`);
  for (const l of f.limits) {
    const unit = MEASURES[l.measure].dimension;
    const said =
      unit === 'hours'
        ? draft.hours(l.value, asked0)
        : unit === 'mass'
          ? draft.mass(l.value, asked0)
          : unit === 'energy'
            ? draft.energy(l.value, asked0)
            : unit === 'power'
              ? draft.power(l.value, asked0)
              : String(l.value);
    parts.push(`, with ${small(MEASURES[l.measure].title)} ${l.is} ${said}`);
  }
  return parts.join('');
};
const asked0: About = { label: 'a limit of the question', source: 'your question' };

/** "Wed 25 May", "Wed 25 May 18:00 to Thu 26 May 00:00 UTC", "from … on". */
export const periodText = (draft: Draft, { from, to }: Pick<Period, 'from' | 'to'>): string => {
  const asked = { label: 'of the time asked about', source: 'your question' };
  const short = (at: Instant) => draft.time(at, asked, 'short');
  if (from === null) return to === null ? '' : `until ${short(to)} UTC`;
  if (to === null) return `from ${short(from)} UTC on`;
  if (from === to) return `at ${short(from)} UTC`;
  const midnight = (at: Instant) => at.endsWith('T00:00:00Z');
  if (midnight(from) && Date.parse(to) - Date.parse(from) === 86_400_000) return draft.time(from, asked, 'day');
  if (midnight(from) && midnight(to))
    return `${draft.time(from, asked, 'day')} to ${draft.time(plusHours(to, -24), asked, 'day')}`;
  return `${short(from)} to ${short(to)} UTC`;
};

const BASE: Readonly<Record<string, string>> = {
  mass: 'kg',
  energy: 'kWh',
  power: 'kW',
  intensity: 'g/kWh',
  hours: 'h',
};

export interface Figured {
  readonly value: number;
  readonly estimate?: Estimate | undefined;
}

/** A value of a measure as a fact, in the unit that was asked for where it has one. */
export const valueText = (
  draft: Draft,
  measure: MeasureName,
  { value, estimate }: Figured,
  of: { readonly unit: string | null; readonly currency: string; readonly stat: Query['stat'] },
  about: About,
): string => {
  const { dimension } = MEASURES[measure];
  if (of.stat === 'share' || of.stat === 'change') return draft.ratio(value, about);
  const unit = of.unit === null ? undefined : UNITS[of.unit];
  if (unit && unit.dimension === dimension) return draft.inUnit(estimate ?? value, BASE[dimension]!, unit, about);
  switch (dimension) {
    case 'mass':
      return draft.mass(estimate ?? value, about);
    case 'energy':
      return draft.energy(value, about);
    case 'power':
      return draft.power(value, about);
    case 'intensity':
      return draft.intensity(value, about);
    case 'money':
      return draft.money(value, of.currency, about);
    case 'rate':
      return of.unit === 'p' && of.currency === 'GBP'
        ? draft.inUnit(value, 'GBP/MWh', { name: 'p/kWh', factor: 10 }, about)
        : draft.rate(value, of.currency, 'MWh', about);
    case 'hours':
      // Hours that add up are hours, however many they are.
      if (MEASURES[measure].sums === 'sum') return draft.inUnit(value, 'h', { name: 'h', factor: 1 }, about);
      return value < 0 ? `−${draft.hours(value, about)}` : draft.hours(value, about);
    case 'time':
      return draft.time(fromEpoch(Math.round(value)), about);
    case 'ratio':
      return draft.inUnit(value, 'ratio', { name: '', factor: 1 }, about).trim();
    default:
      return draft.count(value, 'job', about);
  }
};
