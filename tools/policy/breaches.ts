/** What one job's planned run breaks of one constraint; null when it keeps it. Only facts of the job and its pieces. */

import { spanSeconds } from '../../domain/job.js';
import { finishBy, freezeInterval, occurrences } from '../../domain/policy/calendar.js';
import { regionsLeft } from '../../domain/policy/job-limits.js';
import type { Constraint, ParamsOf } from '../../domain/policy/policy.js';
import { type Instant, type Interval, plusSeconds, secondsBetween } from '../../domain/time.js';
import type { PlannedJob } from './rows.js';

/** `moves`: what the plan did, in a half sentence after "the plan"; `leaves`: the same of a job that it did not touch. */
export interface Breach {
  readonly moves: string;
  readonly leaves: string;
}

export interface Moment {
  /** the plan's time, from its first to its last piece */
  readonly span: Interval;
  readonly zone: string;
  readonly now: Instant;
}

type Check = (run: PlannedJob) => Breach | null;

const minutes = (value: number) =>
  value % 1440 === 0 && value > 0
    ? `${value / 1440} d`
    : value % 60 === 0 && value > 0
      ? `${value / 60} h`
      : `${value} min`;

const starts = (run: PlannedJob) => run.pieces.map((p) => p.start);
const firstStart = (run: PlannedJob) => starts(run).reduce((a, b) => (a < b ? a : b));
const lastEnd = (run: PlannedJob) => run.pieces.map((p) => p.end).reduce((a, b) => (a > b ? a : b));

const delay = (limit: number): Check => {
  const words = `than ${minutes(limit)} after they could start`;
  return (run) =>
    secondsBetween(run.job.earliestStart, firstStart(run)) > limit * 60
      ? { moves: `starts them later ${words}`, leaves: `leaves them starting later ${words}` }
      : null;
};

const within = (intervals: readonly Interval[], at: Instant) => intervals.some((i) => at >= i.start && at < i.end);

const blackout = (params: ParamsOf<'blackout'>, moment: Moment): Check | null => {
  const { on, days, from, to } = params;
  if (on === null || days === null || from === null || to === null) return null;
  const closed = occurrences({ ...params, days, from, to }, moment.span, params.tz ?? moment.zone);
  if (on === 'start')
    return (run) =>
      starts(run).some((start) => within(closed, start))
        ? { moves: `starts them between ${from} and ${to}`, leaves: `leaves them starting between ${from} and ${to}` }
        : null;
  return (run) =>
    run.pieces.some((p) => closed.some((i) => p.start < i.end && p.end > i.start))
      ? { moves: `runs them between ${from} and ${to}`, leaves: `leaves them running between ${from} and ${to}` }
      : null;
};

/** null for constraints that are judged over all jobs together, and for values that nobody gave. */
export const checkOf = (c: Constraint, moment: Moment): Check | null => {
  switch (c.type) {
    case 'region_allow':
    case 'region_deny':
    case 'residency': {
      const places = c.params.regions.join(' or ');
      const words =
        c.type === 'region_deny'
          ? { moves: `puts them in ${places}`, leaves: `leaves them in ${places}` }
          : { moves: `puts them outside ${places}`, leaves: `leaves them outside ${places}` };
      return (run) => (run.pieces.every((p) => regionsLeft([p.region], c).length === 1) ? null : words);
    }
    case 'max_deferral':
      return c.params.minutes === null ? null : delay(c.params.minutes);
    case 'sla_class': {
      if (c.params.movable === false)
        return (run) => (run.move === null ? null : { moves: 'moves them', leaves: 'leaves them' });
      return c.params.maxDeferralMinutes === null ? null : delay(c.params.maxDeferralMinutes);
    }
    case 'exempt':
      return (run) => (run.move === null ? null : { moves: 'moves them', leaves: 'leaves them' });
    case 'deadline':
      return (run) => {
        const { job } = run;
        const limit = c.params.rule
          ? job.deadline
          : finishBy(c.params, plusSeconds(job.earliestStart, spanSeconds(job)), c.params.tz ?? moment.zone);
        return limit !== null && lastEnd(run) > limit
          ? { moves: 'lets them end too late', leaves: 'leaves them ending too late' }
          : null;
      };
    case 'blackout':
      return blackout(c.params, moment);
    case 'change_freeze': {
      const frozen = freezeInterval(c.params, c.params.tz ?? moment.zone);
      if (frozen === null) return null;
      // A move is carried out now and takes effect at its new start; either falls under the freeze.
      return (run) =>
        run.move !== null && (within([frozen], moment.now) || within([frozen], run.move.toStart))
          ? { moves: 'changes their placement within the freeze', leaves: 'leaves them' }
          : null;
    }
    default:
      return null;
  }
};
