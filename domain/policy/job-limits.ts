/** What a set leaves of one job: its regions, its latest start and finish, the hours that are closed to it. */
import type { Job } from '../job.js';
import { spanSeconds } from '../job.js';
import { liesIn } from '../regions.js';
import { civilDate, type Instant, plusSeconds } from '../time.js';
import { finishBy, holdsOn } from './calendar.js';
import { leastSaving } from './caps.js';
import type { Constraint, ConstraintOf, JobLimit, Meaning, PolicyLimits } from './policy.js';
import { Scopes, termsOf } from './scope.js';
import type { Span } from './span.js';

/** Regions of `own` that a constraint leaves; a place whose members are not known leaves none of an allowance and all but itself of a ban. */
export const regionsLeft = (
  own: readonly string[],
  c: ConstraintOf<'region_allow' | 'region_deny' | 'residency'>,
): string[] =>
  c.type === 'region_deny'
    ? own.filter((region) => c.params.regions.every((place) => liesIn(region, place) === false))
    : own.filter((region) => c.params.regions.some((place) => liesIn(region, place) === true));

/** Reads jobs one by one, in any order and number, and remembers the words that nothing explains. */
export class JobLimits {
  readonly #zone: string;
  readonly #scopes: Scopes;
  readonly #open = new Map<string, { constraintId: string; term: string }>();
  readonly #exempt: readonly Constraint[];
  readonly #unmoved: readonly Constraint[];
  readonly #regional: readonly ConstraintOf<'region_allow' | 'region_deny' | 'residency'>[];
  readonly #waiting: readonly ConstraintOf<'max_deferral' | 'sla_class'>[];
  readonly #ending: readonly ConstraintOf<'deadline'>[];
  /** Blackouts and freezes with their positions in `forbidden`. */
  readonly #closed: readonly { c: Constraint; at: readonly number[] }[];
  readonly #saving: readonly ConstraintOf<'min_saving'>[];

  /** Of the constraints in force, and of the slots that they forbid. */
  constructor(
    binding: readonly Constraint[],
    span: Span,
    meanings: readonly Meaning[],
    forbidden: PolicyLimits['forbidden'],
  ) {
    const must = binding.filter((c) => c.strength === 'must');
    this.#zone = span.zone;
    this.#scopes = new Scopes(meanings);
    this.#exempt = span.of(must, 'exempt');
    this.#unmoved = must.filter((c) => c.type === 'sla_class' && c.params.movable === false);
    this.#regional = span.of(must, 'region_allow', 'region_deny', 'residency');
    this.#waiting = span.of(must, 'max_deferral', 'sla_class');
    this.#ending = span.of(must, 'deadline');
    this.#closed = span
      .of(must, 'blackout', 'change_freeze')
      .map((c) => ({ c, at: forbidden.flatMap(({ because }, i) => (because === c.id ? [i] : [])) }))
      .filter(({ at }) => at.length > 0);
    this.#saving = span.of(binding, 'min_saving');
  }

  /** A job's restrictions, null when it has none. */
  of(job: Job): JobLimit | null {
    const untouchable = [...this.#exempt, ...this.#unmoved].filter((c) => this.#concerns(c, job)).map((c) => c.id);
    if (this.#exempt.some((c) => untouchable.includes(c.id))) return exempted(job, untouchable);
    const [regions, becauseOfRegions] = this.#regions(job);
    const [latestStart, becauseOfStart] = this.#latestStart(job);
    const [latestFinish, becauseOfFinish] = this.#latestFinish(job);
    const forbidden = this.#closed.filter(({ c }) => this.#concerns(c, job)).flatMap(({ at }) => at);
    const isFree = regions === null && latestStart === null && latestFinish === null && forbidden.length === 0;
    if (untouchable.length === 0 && isFree) return null;
    const because = {
      untouchable,
      regions: becauseOfRegions,
      latestStart: becauseOfStart,
      latestFinish: becauseOfFinish,
    };
    return {
      jobId: job.id,
      untouchable: untouchable.length > 0,
      regions,
      latestStart,
      latestFinish,
      forbidden,
      because,
    };
  }

  /** What moving the job must save, one entry for each clause that concerns it. */
  least(job: Job): PolicyLimits['minSaving'] {
    return this.#saving.filter((c) => this.#concerns(c, job)).map(leastSaving);
  }

  /** Words met so far that nothing explains. */
  unresolved(): PolicyLimits['unresolved'] {
    return [...this.#open.values()].map(({ constraintId, term }) => ({
      constraintId,
      term,
      why: `nothing says which jobs "${term}" means; a person explains it with \`caco policy confirm … --meaning\``,
    }));
  }

  #concerns(c: Constraint, job: Job): boolean {
    const match = this.#scopes.concerns(c.scope, job);
    if (match === null)
      for (const term of termsOf(c.scope)) this.#open.set(`${c.id}/${term}`, { constraintId: c.id, term });
    const validity = c.params as { validFrom?: string; until?: string };
    return match === true && holdsOn(validity, civilDate(job.earliestStart, this.#zone));
  }

  /** Null: all of its own. */
  #regions(job: Job): [left: string[] | null, because: string[]] {
    let left: string[] | null = null;
    const because: string[] = [];
    for (const c of this.#regional) {
      if (!this.#concerns(c, job)) continue;
      const own: string[] = left ?? [...new Set(job.allowedRegions)];
      const rest = regionsLeft(own, c);
      if (rest.length === own.length) continue;
      left = rest;
      because.push(c.id);
    }
    return [left, because];
  }

  #latestStart(job: Job): Latest {
    let latest: Latest = [null, null];
    for (const c of this.#waiting) {
      const minutes = c.type === 'sla_class' ? c.params.maxDeferralMinutes : c.params.minutes;
      if (minutes === null || !this.#concerns(c, job)) continue;
      latest = earlier(latest, plusSeconds(job.earliestStart, Math.floor(minutes * 60)), c);
    }
    return latest;
  }

  #latestFinish(job: Job): Latest {
    let latest: Latest = [null, null];
    for (const c of this.#ending) {
      if (!this.#concerns(c, job)) continue;
      const runsOut = plusSeconds(job.earliestStart, spanSeconds(job));
      const at = c.params.rule ? job.deadline : finishBy(c.params, runsOut, c.params.tz ?? this.#zone);
      if (at !== null) latest = earlier(latest, at, c);
    }
    return latest;
  }
}

type Latest = [at: Instant | null, because: string | null];

/** Of two limits at the same moment the first counts. */
const earlier = (latest: Latest, at: Instant, { id }: Constraint): Latest =>
  latest[0] === null || at < latest[0] ? [at, id] : latest;

/** An exempt job: nothing else of the policy concerns it. */
const exempted = (job: Job, untouchable: string[]): JobLimit => ({
  jobId: job.id,
  untouchable: true,
  regions: null,
  latestStart: null,
  latestFinish: null,
  forbidden: [],
  because: { untouchable, regions: [], latestStart: null, latestFinish: null },
});
