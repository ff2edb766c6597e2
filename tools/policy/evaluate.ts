/** Holds a plan against a policy set, rule by rule: pure over the plan's rows, in one pass. */
import type { Job } from '../../domain/job.js';
import type { Plan } from '../../domain/plan.js';
import { holdsOn } from '../../domain/policy/calendar.js';
import { clauseOf, limitsFor } from '../../domain/policy/limits.js';
import { type Constraint, cite, inForce, type PolicySet, type Verdict } from '../../domain/policy/policy.js';
import { type Match, Scopes, termsOf } from '../../domain/policy/scope.js';
import { zoneOf } from '../../domain/policy/span.js';
import type { Site } from '../../domain/site.js';
import { civilDate, floorTo, fromEpoch, type Instant, toEpoch } from '../../domain/time.js';
import { type Breach, checkOf } from './breaches.js';
import type { PlannedJob } from './rows.js';
import { Totals } from './totals.js';

const LISTED = 1000;
const RANK = { allow: 0, 'needs-approval': 1, deny: 2 } as const;
type Outcome = keyof typeof RANK;

export interface Judgement {
  readonly verdict: Outcome;
  readonly reasons: string[];
  readonly approvalsNeeded: number;
  readonly verdicts: Verdict[];
  /** moved jobs that the policy refuses; the rest of the plan is allowed */
  readonly deniedJobs: ReadonlySet<string>;
  /** set: the plan as a whole breaks a limit, so that no choice of jobs mends it */
  readonly deniedWhole: boolean;
}

interface Kept {
  readonly c: Constraint;
  readonly check: (run: PlannedJob) => Breach | null;
}

/** What one constraint came to, over all jobs. */
class Tally {
  count = 0;
  readonly jobs: string[] = [];
  why = '';
  outcome: Outcome = 'allow';
  unknown: string[] = [];
  /** Moved jobs that the constraint refuses, all of them; `jobs` lists the first. */
  readonly denied = new Set<string>();

  add(outcome: Outcome, jobId: string | null, why: string) {
    if (RANK[outcome] > RANK[this.outcome]) {
      this.outcome = outcome;
      this.jobs.length = 0;
      this.count = 0;
      this.why = why;
    } else if (outcome !== this.outcome) return;
    if (this.why === '') this.why = why;
    if (jobId === null) return;
    this.count++;
    if (this.jobs.length < LISTED) this.jobs.push(jobId);
  }
}

export interface Facts {
  readonly plan: Plan;
  readonly runs: AsyncIterable<PlannedJob>;
  readonly sites: readonly Site[];
  readonly now: Instant;
  readonly slotMinutes: number;
}

export const judgePlan = async (set: PolicySet, facts: Facts): Promise<Judgement> => {
  const { plan, now } = facts;
  const zone = zoneOf(set, facts.sites);
  const constraints = inForce(set);
  const scopes = new Scopes(set.meanings);
  const start = floorTo(plan.window.start, facts.slotMinutes);
  const end = fromEpoch(Math.max(toEpoch(plan.finishesAt), toEpoch(plan.window.end)) + 86_400);
  const span = { start, end };
  const limits = limitsFor(set, { window: span, slotMinutes: facts.slotMinutes, sites: facts.sites });
  const exempt = constraints.filter((c) => c.type === 'exempt');
  const kept: Kept[] = constraints.flatMap((c) => {
    const check = checkOf(c, { span, zone, now });
    return check ? [{ c, check }] : [];
  });
  const tallies = new Map(constraints.map((c) => [c.id, new Tally()]));
  const totals = new Totals(limits.head, facts.sites, (scope, job) => scopes.concerns(scope, job), zone);

  const holds = (c: Constraint, job: Job): Match =>
    holdsOn(c.params as { validFrom?: string; until?: string }, civilDate(job.earliestStart, zone))
      ? scopes.concerns(c.scope, job)
      : false;

  for await (const run of facts.runs) {
    const free = exempt.some((c) => holds(c, run.job) === true);
    for (const { c, check } of kept) {
      if (free && c.type !== 'exempt') continue;
      const breach = check(run);
      if (breach === null) continue;
      const match = holds(c, run.job);
      if (match === false) continue;
      const tally = tallies.get(c.id)!;
      const moved = run.move !== null;
      if (c.strength === 'should')
        tally.add('allow', run.job.id, `${breach.moves}, which the policy would rather not see`);
      else if (match === null) {
        tally.unknown = termsOf(c.scope);
        if (moved) tally.add('needs-approval', run.job.id, breach.moves);
      } else if (moved) {
        tally.add('deny', run.job.id, breach.moves);
        tally.denied.add(run.job.id);
      } else tally.add('needs-approval', run.job.id, breach.leaves);
    }
    totals.add(run, free);
  }

  for (const finding of totals.findings(plan)) tallies.get(finding.because)!.add(finding.outcome, null, finding.why);

  return conclude(set, constraints, tallies, limits.head);
};

const conclude = (
  set: PolicySet,
  constraints: readonly Constraint[],
  tallies: ReadonlyMap<string, Tally>,
  head: ReturnType<typeof limitsFor>['head'],
): Judgement => {
  const exceptions = head.approvals.filter((a) => a.metric === 'exception');
  const thresholds = new Map(head.approvals.map((a) => [a.because, a]));
  // A job that two constraints refuse stays refused when only one of them provides for an exception.
  const denied = new Set<string>();
  let deniedWhole = false;
  const verdicts = constraints.map((c): Verdict => {
    const tally = tallies.get(c.id)!;
    // An exception that the policy itself provides for turns a refusal into a question.
    const way = tally.outcome === 'deny' ? exceptions.find((a) => a.of === null || a.of === c.type) : undefined;
    if (!way) for (const job of tally.denied) denied.add(job);
    if (tally.outcome === 'deny' && !way && tally.count === 0) deniedWhole = true;
    const asks = way ?? thresholds.get(c.id);
    return {
      clause: clauseOf(c),
      verdict: way ? 'needs-approval' : tally.outcome,
      jobs: tally.jobs,
      jobCount: tally.count,
      why: wordsOf(tally),
      approver: asks?.approver ?? null,
      approvals: asks?.approvals ?? 1,
    };
  });
  const worst = verdicts.reduce<Outcome>((a, v) => (RANK[v.verdict] > RANK[a] ? v.verdict : a), 'allow');
  const telling = verdicts.filter((v) => v.verdict === worst);
  const version = `policy set ${set.id}${set.version === null ? '' : ` (version ${set.version})`}`;
  return {
    verdict: worst,
    reasons:
      worst === 'allow'
        ? [`the plan keeps all ${constraints.length} constraints of ${version}`]
        : telling.map((v) => reasonOf(v)),
    approvalsNeeded: Math.max(1, ...verdicts.filter((v) => v.verdict === 'needs-approval').map((v) => v.approvals)),
    verdicts,
    deniedJobs: denied,
    deniedWhole,
  };
};

const wordsOf = (tally: Tally): string => {
  if (tally.why === '') return 'kept';
  if (tally.count === 0) return tally.why;
  const doubt =
    tally.unknown.length > 0 && tally.outcome === 'needs-approval'
      ? `, and nothing says whether they are ${tally.unknown.map((t) => `"${t}"`).join(' and ')}`
      : '';
  return `${tally.count} ${tally.count === 1 ? 'job' : 'jobs'}: the plan ${tally.why}${doubt}`;
};

const reasonOf = (v: Verdict): string => {
  const names = v.jobs.slice(0, 5).join(', ');
  const jobs = v.jobCount === 0 ? '' : ` Jobs: ${names}${v.jobCount > 5 ? ` and ${v.jobCount - 5} more` : ''}`;
  const who = v.verdict === 'needs-approval' && v.approver !== null ? `; ${v.approver} has to approve` : '';
  return `${v.why}. ${cite(v.clause)}${jobs}${who}`;
};
