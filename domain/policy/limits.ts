/**
 * What a confirmed policy set means for a window of time: the limits that a planner keeps and a judge checks. Only what is in
 * force and says "must" is a limit; a "should" is a wish and appears under objectives and the least saving. A constraint whose
 * words nothing ties to a job (`environment:production` without an explanation) limits no job and is listed as unresolved: the judge then asks a person.
 */
import type { Job } from '../job.js';
import { spanSeconds } from '../job.js';
import { liesIn } from '../regions.js';
import type { Site } from '../site.js';
import { civilDate, fromEpoch, type Instant, type Interval, plusSeconds, toEpoch } from '../time.js';
import { finishBy, freezeInterval, holdsOn, occurrences, periodsOf } from './calendar.js';
import type { Clause, Constraint, ConstraintOf, JobLimit, PolicyLimits, PolicySet } from './policy.js';
import { inForce } from './policy.js';
import { Scopes, termsOf } from './scope.js';

/** The grid of time that a plan is made on: slot 0 begins at `window.start`, and the last slot may end after `window.end`. */
export interface Frame {
  readonly window: Interval;
  readonly slotMinutes: number;
  readonly sites: readonly Pick<Site, 'id' | 'region' | 'clusterId' | 'timeZone'>[];
}

export const clauseOf = (c: Constraint): Clause => ({
  constraintId: c.id,
  type: c.type,
  strength: c.strength,
  doc: c.source.doc,
  sentence: c.sentence,
  ...(c.source.page === undefined ? {} : { page: c.source.page }),
  quote: c.quote,
});

/** The clock that a set's times are read by where they name none: the set's, else the first site's. */
export const zoneOf = (set: Pick<PolicySet, 'timeZone'>, sites: readonly Pick<Site, 'timeZone'>[]): string =>
  set.timeZone ?? sites[0]?.timeZone ?? 'UTC';

/** Regions of `own` that a constraint leaves; a place whose members are not known leaves none of an allowance and all but itself of a ban. */
export const regionsLeft = (
  own: readonly string[],
  c: ConstraintOf<'region_allow' | 'region_deny' | 'residency'>,
): string[] =>
  c.type === 'region_deny'
    ? own.filter((region) => c.params.regions.every((place) => liesIn(region, place) === false))
    : own.filter((region) => c.params.regions.some((place) => liesIn(region, place) === true));

export interface LimitReader {
  /** Everything but the jobs' own restrictions. */
  readonly head: Omit<PolicyLimits, 'jobs' | 'unresolved'>;
  /** A job's restrictions, null when it has none. Feeds `unresolved`. */
  job(job: Job): JobLimit | null;
  /** What moving the job must save, one entry for each clause that concerns it. Feeds `unresolved`. */
  least(job: Job): PolicyLimits['minSaving'];
  /** Words met so far that nothing explains. */
  unresolved(): PolicyLimits['unresolved'];
}

/** Streams: call `job` for each job, in any order and number. Throws nothing. */
export const limitsFor = (set: PolicySet, frame: Frame): LimitReader => {
  const { window, slotMinutes, sites } = frame;
  const zone = zoneOf(set, sites);
  const step = slotMinutes * 60;
  const origin = toEpoch(window.start);
  const slots = Math.max(0, Math.ceil((toEpoch(window.end) - origin) / step));
  const span: Interval = { start: window.start, end: fromEpoch(origin + slots * step) };
  const binding = inForce(set);
  const must = binding.filter((c) => c.strength === 'must');
  const scopes = new Scopes(set.meanings);
  const open = new Map<string, { constraintId: string; term: string }>();

  const overlaps = (c: Constraint) => {
    const { validFrom, until } = c.params as { validFrom?: string; until?: string };
    return (
      (until === undefined || civilDate(span.start, zone) <= until) &&
      (validFrom === undefined || civilDate(span.end, zone) >= validFrom)
    );
  };
  const of = <T extends Constraint['type']>(list: readonly Constraint[], ...types: T[]) =>
    list.filter((c): c is ConstraintOf<T> => (types as string[]).includes(c.type) && overlaps(c));

  /** Half-open ranges of slots: those that begin within an interval, or those that touch it. */
  const ranges = (intervals: readonly Interval[], touching: boolean): [number, number][] =>
    intervals
      .map(({ start, end }): [number, number] => {
        const from = (toEpoch(start) - origin) / step;
        const to = (toEpoch(end) - origin) / step;
        return [Math.max(0, touching ? Math.floor(from) : Math.ceil(from)), Math.min(slots, Math.ceil(to))];
      })
      .filter(([from, to]) => from < to);

  const forbidden: PolicyLimits['forbidden'] = [];
  const forbiddenBy = new Map<string, number[]>();
  const forbid = (c: Constraint, on: 'start' | 'run' | 'moved-start', intervals: readonly Interval[]) => {
    forbiddenBy.set(c.id, [...(forbiddenBy.get(c.id) ?? []), forbidden.length]);
    forbidden.push({ on, slots: ranges(intervals, on === 'run'), because: c.id });
  };
  for (const c of of(must, 'blackout')) {
    const { on, days, from, to } = c.params;
    if (on === null || days === null || from === null || to === null) continue;
    forbid(c, on, occurrences({ ...c.params, days, from, to }, span, c.params.tz ?? zone));
  }
  for (const c of of(must, 'change_freeze')) {
    const interval = freezeInterval(c.params, c.params.tz ?? zone);
    if (interval) forbid(c, 'moved-start', [interval]);
  }

  const teamOf = (c: Constraint) => (c.scope.teams?.length === 1 ? c.scope.teams[0]! : null);
  const capped = of(must, 'carbon_cap', 'budget_cap');
  const caps = capped.map((c) => ({
    c,
    scope: c.scope,
    team: teamOf(c),
    intervals: c.params.period === null ? [] : periodsOf(c.params.period, span, zone),
    because: c.id,
  }));

  const siteCaps = sites.map((site) => ({
    siteId: site.id,
    capKw: new Array<number | null>(slots).fill(null),
    because: new Array<string | null>(slots).fill(null),
  }));
  for (const c of of(must, 'power_cap')) {
    if (c.params.kw === null) continue;
    const { from, to, days } = c.params;
    const always = from === undefined || to === undefined;
    const cells: [number, number][] = always
      ? days === undefined
        ? [[0, slots]]
        : ranges(occurrences({ ...c.params, days, from: '00:00', to: '24:00' }, span, c.params.tz ?? zone), true)
      : ranges(
          occurrences(
            { ...c.params, days: days ?? ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from, to },
            span,
            c.params.tz ?? zone,
          ),
          true,
        );
    const { resources, regions } = c.scope;
    sites.forEach((site, s) => {
      if (
        resources &&
        !resources.some((name) => [site.id, site.clusterId, site.region].some((n) => n?.toLowerCase() === name))
      )
        return;
      if (regions && !regions.some((place) => liesIn(site.region, place) === true)) return;
      const row = siteCaps[s]!;
      for (const [a, b] of cells)
        for (let t = a; t < b; t++)
          if (row.capKw[t] === null || c.params.kw! < row.capKw[t]!) {
            row.capKw[t] = c.params.kw;
            row.because[t] = c.id;
          }
    });
  }

  const exempt = of(must, 'exempt');
  const still = must.filter(
    (c): c is ConstraintOf<'sla_class'> => c.type === 'sla_class' && c.params.movable === false,
  );
  const regional = of(must, 'region_allow', 'region_deny', 'residency');
  const waiting = of(must, 'max_deferral', 'sla_class');
  const ending = of(must, 'deadline');
  const windowed = of(must, 'blackout', 'change_freeze');

  const concerns = (c: Constraint, job: Job): boolean => {
    const match = scopes.concerns(c.scope, job);
    if (match === null) for (const term of termsOf(c.scope)) open.set(`${c.id}/${term}`, { constraintId: c.id, term });
    return (
      match === true && holdsOn(c.params as { validFrom?: string; until?: string }, civilDate(job.earliestStart, zone))
    );
  };

  const saving = of(binding, 'min_saving');
  const leastOf = (c: ConstraintOf<'min_saving'>) => ({
    scope: c.scope,
    kg: c.params.kg ?? null,
    amount: c.params.amount ?? null,
    currency: c.params.currency ?? null,
    because: c.id,
  });

  return {
    head: {
      policySetId: set.id,
      window: span,
      slotMinutes,
      slots,
      clauses: Object.fromEntries(binding.map((c) => [c.id, clauseOf(c)])),
      forbidden,
      sites: siteCaps.filter((site) => site.capKw.some((kw) => kw !== null)),
      carbonCaps: caps.flatMap(({ c, ...rest }) =>
        c.type === 'carbon_cap' && c.params.kg !== null && c.params.period !== null
          ? [{ ...rest, kg: c.params.kg, period: c.params.period }]
          : [],
      ),
      budgetCaps: caps.flatMap(({ c, ...rest }) =>
        c.type === 'budget_cap' && c.params.amount !== null && c.params.currency !== null && c.params.period !== null
          ? [{ ...rest, amount: c.params.amount, currency: c.params.currency, period: c.params.period }]
          : [],
      ),
      minSaving: saving.map(leastOf),
      approvals: of(binding, 'approval_threshold').flatMap((c) => {
        const { metric, op, value, approver, approvals, of: type } = c.params;
        if (metric === null) return [];
        const money = typeof value === 'object' && value !== null ? value : null;
        return [
          {
            scope: c.scope,
            metric,
            op: op ?? ('>' as const),
            value: money?.amount ?? (typeof value === 'number' ? value : null),
            currency: money?.currency ?? null,
            approver,
            approvals: approvals ?? 1,
            of: type ?? null,
            because: c.id,
          },
        ];
      }),
      objectives: of(binding, 'objective').map((c) => ({
        scope: c.scope,
        minimise: c.params.minimise,
        because: c.id,
      })),
    },
    job(job) {
      const untouchable = [...exempt, ...still].filter((c) => concerns(c, job)).map((c) => c.id);
      const because: JobLimit['because'] = { untouchable, regions: [], latestStart: null, latestFinish: null };
      if (exempt.some((c) => untouchable.includes(c.id)))
        return {
          jobId: job.id,
          untouchable: true,
          regions: null,
          latestStart: null,
          latestFinish: null,
          forbidden: [],
          because,
        };
      let regions: string[] | null = null;
      for (const c of regional) {
        if (!concerns(c, job)) continue;
        const own: string[] = regions ?? [...new Set(job.allowedRegions)];
        const left = regionsLeft(own, c);
        if (left.length === own.length) continue;
        regions = left;
        because.regions.push(c.id);
      }
      let latestStart: Instant | null = null;
      for (const c of waiting) {
        const minutes = c.type === 'sla_class' ? c.params.maxDeferralMinutes : c.params.minutes;
        if (minutes === null || !concerns(c, job)) continue;
        const at = plusSeconds(job.earliestStart, Math.floor(minutes * 60));
        if (latestStart === null || at < latestStart) {
          latestStart = at;
          because.latestStart = c.id;
        }
      }
      let latestFinish: Instant | null = null;
      for (const c of ending) {
        if (!concerns(c, job)) continue;
        const runsOut = plusSeconds(job.earliestStart, spanSeconds(job));
        const at = c.params.rule ? job.deadline : finishBy(c.params, runsOut, c.params.tz ?? zone);
        if (at !== null && (latestFinish === null || at < latestFinish)) {
          latestFinish = at;
          because.latestFinish = c.id;
        }
      }
      const closed = windowed
        .filter((c) => forbiddenBy.has(c.id) && concerns(c, job))
        .flatMap((c) => forbiddenBy.get(c.id)!);
      if (
        untouchable.length === 0 &&
        regions === null &&
        latestStart === null &&
        latestFinish === null &&
        closed.length === 0
      )
        return null;
      return {
        jobId: job.id,
        untouchable: untouchable.length > 0,
        regions,
        latestStart,
        latestFinish,
        forbidden: closed,
        because,
      };
    },
    least: (job) => saving.filter((c) => concerns(c, job)).map(leastOf),
    unresolved: () =>
      [...open.values()].map(({ constraintId, term }) => ({
        constraintId,
        term,
        why: `nothing says which jobs "${term}" means; a person explains it with \`caco policy confirm … --meaning\``,
      })),
  };
};
