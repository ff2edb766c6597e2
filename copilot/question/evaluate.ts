/** Runs a query over the rows of a plan: which jobs are meant, in which groups, and what each comes to. Pure. */
import type { TableJob } from '../../domain/plan-table.js';
import { fromEpoch, toEpoch } from '../../domain/time.js';
import { type Basis, MEASURES, type MeasureName } from './measures.js';
import { type Filters, isWithin, narrows, type Period, type Query, type State } from './query.js';
import {
  ALL,
  amongOf,
  type Clip,
  endOf,
  ownValue,
  runOf,
  savedKgOf,
  startOf,
  totalOf,
  type Value,
  type Ways,
} from './sums.js';

export interface Cell extends Value {
  readonly measure: MeasureName;
  readonly basis: Basis;
}
export interface Group {
  /** name of the team, kind, …; a job's id; an instant for hours and days */
  readonly key: string;
  readonly jobs: number;
  /** by measure, and within it by basis */
  readonly cells: readonly Cell[];
}
export interface Evaluated {
  /** those that are shown, in order; one without a key where nothing is told apart */
  readonly groups: readonly Group[];
  /** groups in all */
  readonly of: number;
  /** everything selected, as one group; its cells only where nothing is told apart */
  readonly whole: Group;
  /** the same in the second stretch of time */
  readonly against: Group | null;
  readonly selected: readonly TableJob[];
}

export const clipOf = (period: Period | null): Clip =>
  period === null || period.of !== 'runs'
    ? ALL
    : {
        from: period.from === null ? ALL.from : toEpoch(period.from),
        to: period.to === null ? ALL.to : toEpoch(period.to),
      };

const within = (at: number | null, { from, to }: Period): boolean =>
  at !== null &&
  (from === null || at >= toEpoch(from)) &&
  (to === null || at < toEpoch(to) || (to === from && at === toEpoch(to)));

const inPeriod = (job: TableJob, period: Period, basis: Basis): boolean => {
  if (period.of === 'starts') return within(startOf(job, basis), period);
  if (period.of === 'ends') return within(endOf(job, basis), period);
  const { from, to } = clipOf(period);
  return runOf(job, basis).some((p) => (from === to ? p.start <= from && p.end > from : p.start < to && p.end > from));
};

const isMoved = ({ planned, baseline }: TableJob) => planned !== baseline && planned.length > 0;

const STATES: Partial<Record<State, (job: TableJob, basis: Basis) => boolean>> = {
  moved: isMoved,
  relocated: ({ planned, baseline }) =>
    planned !== baseline && planned.some((p) => !baseline.some((b) => b.place === p.place)),
  stayed: (job) => !isMoved(job),
  late: (job, basis) => {
    const [end, due] = [endOf(job, basis), job.due ?? job.deadline];
    return end !== null && due !== null && end > due;
  },
  movable: (job) => job.category !== 'urgent',
  split: (job, basis) => runOf(job, basis).length > 1,
  worse: (job) => savedKgOf(job) < -1e-9,
  'with-deadline': (job) => job.deadline !== null,
  'no-deadline': (job) => job.deadline === null,
  gpu: (job) => job.gpus > 0,
  'no-place': (job) => job.planned.length === 0,
};
/** States that a job can be in; the others are those of tickets and approvals. */
export const isJobState = (state: State): boolean => state in STATES;

/** The jobs that a query means, on a basis. */
export const selectJobs = (
  rows: readonly TableJob[],
  query: Query,
  basis: Basis,
  ways: Ways,
  period = query.period,
): TableJob[] => {
  const f = query.filters;
  const any = (list: readonly string[], value: string) => list.length === 0 || list.includes(value);
  const ids = new Set(f.jobs);
  const inPlace = (job: TableJob, places: readonly string[]) => runOf(job, basis).some((p) => places.includes(p.place));
  return rows.filter(
    (job) =>
      (ids.size === 0 || ids.has(job.id)) &&
      any(f.teams, job.team) &&
      any(f.kinds, job.kind) &&
      any(f.categories, job.category) &&
      (f.places.length === 0 || inPlace(job, f.places)) &&
      !f.except.teams.includes(job.team) &&
      !f.except.kinds.includes(job.kind) &&
      !f.except.categories.includes(job.category) &&
      !(f.except.places.length > 0 && inPlace(job, f.except.places)) &&
      f.states.every((state) => STATES[state]?.(job, basis) ?? true) &&
      f.limits.every((limit) => passes(job, limit, basis, ways)) &&
      (period === null || inPeriod(job, period, basis)),
  );
};

const passes = (job: TableJob, limit: Filters['limits'][number], basis: Basis, ways: Ways): boolean => {
  const value = ownValue(job, limit.measure, basis, ALL, ways);
  return value !== null && isWithin(value, limit);
};

export const evaluate = (rows: readonly TableJob[], query: Query, ways: Ways): Evaluated => {
  const { bases, period, by, rank } = query;
  const selected = new Map(bases.map((basis) => [basis, selectJobs(rows, query, basis, ways)]));
  const jobsOf = (basis: Basis) => selected.get(basis)!;
  const cellsOf = (jobs: (basis: Basis) => readonly TableJob[], clip: Clip, exact: boolean): Cell[] =>
    query.measures.flatMap((measure) =>
      bases.map((basis) => ({ measure, basis, ...cellOf(jobs(basis), query, measure, basis, clip, ways, exact) })),
    );
  const groupOf = (key: string, jobs: (basis: Basis) => readonly TableJob[], clip: Clip, exact: boolean): Group => ({
    key,
    jobs: jobs(bases[0]!).length,
    cells: cellsOf(jobs, clip, exact),
  });
  const shares = query.stat === 'share' ? everybodys(rows, query, ways) : null;
  const shared = (group: Group): Group =>
    shares === null
      ? group
      : {
          ...group,
          cells: group.cells.map(({ estimate: _, ...c }, i) => ({
            ...c,
            value: c.value === null ? null : c.value / (shares[i] ?? Number.NaN),
          })),
        };
  const first = jobsOf(bases[0]!);
  if (by === null || by === 'plan') {
    const whole = shared(groupOf('', jobsOf, clipOf(period), true));
    const against =
      query.against === null
        ? null
        : shared(
            groupOf('', (basis) => selectJobs(rows, query, basis, ways, query.against), clipOf(query.against), true),
          );
    return { groups: [whole], of: 1, whole, against, selected: first };
  }
  // What all of them come to is not told beside groups.
  const whole: Group = { key: '', jobs: first.length, cells: [] };

  if (by !== 'hour' && by !== 'day') {
    const clip = clipOf(period);
    // Of many groups the first figure says which are shown; the others are worked out for those alone.
    const groups = groupsOf(bases, jobsOf, by);
    const valued = groups.map((group): Valued<Gathered> => {
      const { value } = cellOf(group.jobs(bases[0]!), query, query.measures[0]!, bases[0]!, clip, ways, false);
      return { key: group.key, value: value === null ? null : value / (shares?.[0] ?? 1), of: group };
    });
    const kept = valued.filter(keeps(query));
    const shown = ranked(kept, rank, by).map(({ key, of }) => shared(groupOf(key, of.jobs, clip, false)));
    return { groups: shown, of: kept.length, whole, against: null, selected: first };
  }
  const groups = bins(first, query).map(([key, clip]) => {
    const runs = (b: Basis) =>
      jobsOf(b).filter((job) => runOf(job, b).some((p) => p.start < clip.to && p.end > clip.from));
    const group = shared(groupOf(key, runs, clip, false));
    return { key, value: group.cells[0]?.value ?? null, of: group };
  });
  const kept = groups.filter(keeps(query));
  return {
    groups: ranked(kept, rank, by).map((g) => g.of),
    of: kept.length,
    whole,
    against: null,
    selected: first,
  };
};

const cellOf = (
  jobs: readonly TableJob[],
  { stat }: Query,
  measure: MeasureName,
  basis: Basis,
  clip: Clip,
  ways: Ways,
  exact: boolean,
): Value => {
  const { sums, usually } = MEASURES[measure];
  const own = (job: TableJob) => ownValue(job, measure, basis, clip, ways);
  // An hour without work draws nothing by the plan, and that is known.
  if (jobs.length === 0 && sums !== 'sum') return { value: measure === 'power' ? 0 : null };
  if (sums === 'each')
    return amongOf(
      jobs,
      stat === 'mean' || stat === 'median' || stat === 'least' || stat === 'most'
        ? stat
        : jobs.length === 1
          ? 'most'
          : (usually ?? 'mean'),
      own,
    );
  if (
    sums === 'sum' &&
    (stat === 'mean' || stat === 'median' || stat === 'least' || stat === 'most') &&
    measure !== 'count'
  )
    return amongOf(jobs, stat, own);
  if (stat === 'change') {
    const before = measure === 'saving' ? 'emissions' : 'cost';
    const base = totalOf(jobs, before, 'baseline', ALL, ways, false).value;
    const saved = totalOf(jobs, measure, basis, clip, ways, false).value;
    return { value: base === null || base === 0 || saved === null ? null : saved / base };
  }
  return totalOf(jobs, measure, basis, clip, ways, exact);
};

/** What everybody has, in the order of the cells: by it a share is told. Where only a time is asked for, it is a share of all of the time. */
const everybodys = (rows: readonly TableJob[], query: Query, ways: Ways): number[] => {
  const everybody: Query = {
    ...query,
    by: null,
    rank: null,
    stat: 'total',
    period: narrows(query.filters) || query.by !== null ? query.period : null,
    filters: { ...query.filters, teams: [], kinds: [], categories: [], jobs: [], places: [], states: [] },
  };
  return evaluate(rows, everybody, ways).whole.cells.map((c) => c.value ?? Number.NaN);
};

interface Gathered {
  readonly key: string;
  jobs(basis: Basis): readonly TableJob[];
}
/** Jobs with the same key, on each basis: where a job runs may differ between them. */
const groupsOf = (
  bases: readonly Basis[],
  jobsOf: (basis: Basis) => readonly TableJob[],
  by: 'team' | 'kind' | 'category' | 'place' | 'job',
): Gathered[] => {
  if (by === 'job' && bases.length === 1) return jobsOf(bases[0]!).map((job) => ({ key: job.id, jobs: () => [job] }));
  const keyed = new Map<string, Map<Basis, TableJob[]>>();
  for (const basis of bases)
    for (const job of jobsOf(basis)) {
      const key = by === 'job' ? job.id : by === 'place' ? (runOf(job, basis)[0]?.place ?? 'no place') : job[by];
      const group = keyed.get(key) ?? new Map<Basis, TableJob[]>();
      keyed.set(key, group);
      const mine = group.get(basis);
      if (mine) mine.push(job);
      else group.set(basis, [job]);
    }
  return [...keyed].map(([key, group]) => ({ key, jobs: (basis) => group.get(basis) ?? [] }));
};

const MOST_BINS = 24 * 62;
/** Hours or days from the first start to the last end, cut to the period. */
const bins = (jobs: readonly TableJob[], { by, period, bases }: Query): [string, Clip][] => {
  const length = by === 'hour' ? 3600 : 86_400;
  const clip = clipOf(period);
  let [from, to] = [ALL.to, ALL.from];
  for (const job of jobs)
    for (const p of runOf(job, bases[0]!)) {
      from = Math.min(from, Math.max(p.start, clip.from));
      to = Math.max(to, Math.min(p.end, clip.to));
    }
  const found: [string, Clip][] = [];
  for (let at = Math.floor(from / length) * length; at < to && found.length < MOST_BINS; at += length)
    found.push([fromEpoch(at), { from: Math.max(at, clip.from), to: Math.min(at + length, clip.to) }]);
  return found;
};

interface Valued<T> {
  readonly key: string;
  readonly value: number | null;
  readonly of: T;
}
/** Of groups with a limit those stay whose first figure keeps to it; what is not known keeps to nothing. */
const keeps =
  ({ than }: Query) =>
  ({ value }: { readonly value: number | null }): boolean =>
    than === null || (value !== null && isWithin(value, than));

/** By the first figure; what has none stands last. Hours and days that are not ranked stay in order of time. */
const ranked = <T>(groups: readonly Valued<T>[], rank: Query['rank'], by: Query['by']): Valued<T>[] => {
  const sign = rank?.order === 'least' ? 1 : -1;
  const inTime = rank === null && (by === 'hour' || by === 'day');
  const byKey = (a: Valued<T>, b: Valued<T>) => (a.key < b.key ? -1 : 1);
  const compare = (a: Valued<T>, b: Valued<T>) => {
    const [x, y] = [a.value, b.value];
    if (inTime || x === y) return byKey(a, b);
    if (x === null || y === null) return x === null ? 1 : -1;
    return sign * (x - y) || byKey(a, b);
  };
  if (rank === null) return [...groups].sort(compare);
  return foremost(groups, rank.skip + rank.count, compare).slice(rank.skip);
};

/** The first `count` in order, without putting all the others in order. */
const foremost = <T>(all: readonly T[], count: number, compare: (a: T, b: T) => number): T[] => {
  const first: T[] = [];
  for (const one of all) {
    if (first.length === count && (count === 0 || compare(one, first[count - 1]!) >= 0)) continue;
    let at = first.length;
    while (at > 0 && compare(one, first[at - 1]!) < 0) at--;
    first.splice(at, 0, one);
    if (first.length > count) first.pop();
  }
  return first;
};
