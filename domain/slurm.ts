/** What Slurm's queue said of a job that waits in it. Such a job is moved there and never submitted: it is in the queue already. */
import { z } from 'zod';
import { Instant, plusSeconds } from './time.js';

export const SlurmJob = z.strictObject({
  id: z
    .string()
    .regex(/^\d+(_\d+)?(\+\d+)?$/)
    .describe('as Slurm numbers it: 76, 76_3 for a task of an array, the leader of a heterogeneous job'),
  cluster: z.string().nullable().describe('as Slurm names it; null where neither its output nor the reader said'),
  eligibleAt: Instant.nullable().describe('from when it may start, as it was read; null where Slurm had not said'),
  deadline: Instant.nullable().describe(
    'by when it must have ended: Slurm removes it, unrun, when its time limit no longer fits',
  ),
  limitMinutes: z.number().nullable().describe('time limit; null where there is none'),
  stays: z.string().nullable().describe('why it is left where it is, in words; null: it may be moved'),
});
export type SlurmJob = z.infer<typeof SlurmJob>;

/**
 * What a plan leaves between the latest end of a job and a deadline that Slurm enforces. Slurm takes a start that leaves no room,
 * and removes the job at that start; it looks for work about once a minute, and a node may be full for a moment.
 */
export const DEADLINE_SLACK_SECONDS = 120;

/**
 * By when a plan has a job of `seconds` end so that Slurm does not remove it: the deadline less the slack, and less what the
 * time limit, by which Slurm reckons, lies above the expected duration. Null where there is no deadline.
 */
export const latestSafeEnd = (slurm: SlurmJob, seconds: number): Instant | null => {
  if (slurm.deadline === null) return null;
  const beyond = slurm.limitMinutes === null ? 0 : Math.max(0, Math.round(slurm.limitMinutes * 60) - seconds);
  return plusSeconds(slurm.deadline, -(DEADLINE_SLACK_SECONDS + beyond));
};
