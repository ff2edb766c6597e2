/** When a job may start and must have ended: what its row says, what follows from it, and what cannot be. */
import type { Job } from '../../domain/job.js';
import { fromEpoch, type Instant, isMoment, toEpoch } from '../../domain/time.js';
import { round } from './checks.js';
import { beyondCalendar, type Draft, type Rejected, rejected } from './formats/formats.js';

export type JobTimes = Pick<Job, 'submittedAt' | 'earliestStart' | 'due' | 'deadline'>;

/** `seconds` of work; where the row names no due time, it is due `slackHours` after it could have ended. */
export const timesOf = (draft: Draft, seconds: number, slackHours: number, now: Instant): JobTimes | Rejected => {
  const submittedAt = draft.submittedAt ?? draft.earliestStart ?? now;
  const earliestStart = draft.earliestStart ?? submittedAt;
  const deadline = draft.deadline ?? null;
  const end = toEpoch(earliestStart) + seconds;
  if (!isMoment(end)) return beyondCalendar(draft.line, 'earliest_start', earliestStart);
  const problem = deadline === null ? undefined : tooTight(draft.line, earliestStart, deadline, seconds);
  if (problem) return problem;
  let due = draft.due;
  if (due === undefined) {
    const slack = draft.flexMinutes === undefined ? slackHours * 3600 : draft.flexMinutes * 60;
    const latest = end + Math.round(slack);
    if (!isMoment(latest)) return beyondCalendar(draft.line, 'due', null);
    due = fromEpoch(latest);
    if (deadline !== null && due > deadline) due = deadline;
  }
  if (due !== null && due < earliestStart)
    return rejected(
      draft.line,
      'due',
      'impossible',
      due,
      `due ${due} lies before the earliest start ${earliestStart}`,
      'Give a later due time or an earlier start.',
    );
  return { submittedAt, earliestStart, due, deadline };
};

const tooTight = (line: number, earliestStart: Instant, deadline: Instant, seconds: number): Rejected | undefined => {
  if (deadline <= earliestStart)
    return rejected(
      line,
      'deadline',
      'impossible',
      deadline,
      `the deadline ${deadline} is not after the earliest start ${earliestStart}`,
      'Give a later deadline or an earlier start.',
    );
  if (toEpoch(deadline) - toEpoch(earliestStart) < seconds)
    return rejected(
      line,
      'deadline',
      'impossible',
      deadline,
      `${round(seconds / 3600)} h of work do not fit between ${earliestStart} and the deadline ${deadline}`,
      'Give a later deadline, an earlier start or a shorter duration.',
    );
  return undefined;
};
