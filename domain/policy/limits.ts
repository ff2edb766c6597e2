/**
 * What a confirmed policy set means for a window of time: the limits that a planner keeps and a judge checks. Only what is in
 * force and says "must" is a limit; a "should" is a wish and appears under objectives and the least saving. A constraint whose
 * words nothing ties to a job (`environment:production` without an explanation) limits no job and is listed as unresolved: the judge then asks a person.
 */
import type { Job } from '../job.js';
import { approvals, forbiddenSlots, leastSaving, periodCaps, siteCaps } from './caps.js';
import { JobLimits } from './job-limits.js';
import type { Clause, Constraint, JobLimit, PolicyLimits, PolicySet } from './policy.js';
import { inForce } from './policy.js';
import { type Frame, Span } from './span.js';

export const clauseOf = (c: Constraint): Clause => ({
  constraintId: c.id,
  type: c.type,
  strength: c.strength,
  doc: c.source.doc,
  sentence: c.sentence,
  ...(c.source.page === undefined ? {} : { page: c.source.page }),
  quote: c.quote,
});

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
  const span = new Span(set, frame);
  const binding = inForce(set);
  const must = binding.filter((c) => c.strength === 'must');
  const forbidden = forbiddenSlots(must, span);
  const jobs = new JobLimits(binding, span, set.meanings, forbidden);
  return {
    head: {
      policySetId: set.id,
      window: span.interval,
      slotMinutes: frame.slotMinutes,
      slots: span.slots,
      clauses: Object.fromEntries(binding.map((c) => [c.id, clauseOf(c)])),
      forbidden,
      sites: siteCaps(must, span),
      ...periodCaps(must, span),
      minSaving: span.of(binding, 'min_saving').map(leastSaving),
      approvals: approvals(binding, span),
      objectives: span.of(binding, 'objective').map((c) => ({
        scope: c.scope,
        minimise: c.params.minimise,
        because: c.id,
      })),
    },
    job: (job) => jobs.of(job),
    least: (job) => jobs.least(job),
    unresolved: () => jobs.unresolved(),
  };
};
