/** What the forms of Slurm's queue have in common: arrays, heterogeneous jobs, and a waiting job as a draft. */
import { DEADLINE_SLACK_SECONDS, latestSafeEnd, type SlurmJob } from '../../../domain/slurm.js';
import { fromEpoch, isMoment, toEpoch } from '../../../domain/time.js';
import { beyondCalendar, type Draft, type Rejected, rejected } from './draft.js';
import type { Reading } from './reading.js';
import { cacoComment } from './slurm-comment.js';

/** A pending job as Slurm knows it, whichever output told it. Times in epoch seconds, 0 or null: unset. */
export interface PendingJob {
  readonly line: number;
  readonly jobId: number;
  readonly name: string;
  readonly cluster: string | null;
  readonly account: string;
  readonly user: string;
  readonly comment: string;
  readonly reason: string;
  /** 0: held */
  readonly priority: number | null;
  readonly dependency: string;
  /** where it may run; several are parted by commas */
  readonly partition: string;
  /** empty: none */
  readonly reservation: string;
  readonly submitted: number | null;
  readonly eligible: number | null;
  readonly deadline: number | null;
  /** null: unlimited */
  readonly limitMinutes: number | null;
  readonly cpus: number | null;
  readonly gpus: number;
  readonly arrayJobId: number;
  readonly arrayTaskId: number | null;
  readonly arrayTasks: string;
  readonly hetJobId: number;
  readonly hetOffset: number;
}

/** Most tasks that one array record is believed to hold; Slurm's own default limit is 1001. */
const MOST_TASKS = 100_000;

/** `[3-5%2]`, `1-9:2`, `3,5-7` as numbers; null for text that is none of these. */
export const arrayTasks = (text: string): { tasks: number[]; atOnce: number | null } | null => {
  const [list = '', throttle] = text.replace(/^\[|\]$/g, '').split('%');
  const tasks: number[] = [];
  for (const part of list.split(',')) {
    const [, from, to, step] = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part.trim()) ?? [];
    if (from === undefined) return null;
    const last = Number(to ?? from);
    const by = Math.max(1, Number(step ?? 1));
    if ((last - Number(from)) / by + tasks.length > MOST_TASKS) return null;
    for (let task = Number(from); task <= last; task += by) tasks.push(task);
  }
  return { tasks, atOnce: throttle === undefined ? null : Number(throttle.replace(/\]$/, '')) };
};

const NEVER = new Set(['PartitionConfig', 'PartitionTimeLimit', 'PartitionNodeLimit', 'BadConstraints']);

/** One record; an array record is one draft per task. */
export const draftsOf = (job: PendingJob, reading: Reading): (Draft | Rejected)[] => {
  const { line } = job;
  const ours = cacoComment(job.comment, reading);
  const cluster = job.cluster ?? reading.options.clusterId;
  const own = cluster === null || cluster === '' ? '' : `${cluster}-`;
  warnAbout(job, reading);
  const id = (rest: string) => `${own}${rest}`;
  const tasks = job.arrayTasks !== '' && job.arrayTaskId === null ? arrayTasks(job.arrayTasks) : null;
  if (job.arrayTasks !== '' && job.arrayTaskId === null && tasks === null)
    return [
      rejected(
        line,
        'array_task_string',
        'unknown_value',
        job.arrayTasks,
        'the list of array tasks cannot be read',
        'Give it as Slurm prints it, for example 1-9:2 or 3,5-7%2.',
      ),
    ];
  if (tasks?.atOnce)
    reading.warn(
      `Array ${job.jobId} may run ${tasks.atOnce} tasks at once; the plan does not keep that limit, Slurm does.`,
    );
  const minutes = ours.duration === undefined ? job.limitMinutes : Number(ours.duration);
  if (minutes === null || minutes <= 0)
    return [
      {
        ...rejected(
          line,
          'duration_hours',
          'no_duration',
          null,
          'the job has no time limit',
          'set --time, or --comment=caco:duration=MIN, or a site default',
        ),
        id: id(String(job.jobId)),
      },
    ];
  const submitted = job.submitted ?? 0;
  const earliest = Math.max(submitted, job.eligible ?? 0);
  for (const [field, value] of [
    ['submit_time', submitted],
    ['eligible_time', earliest],
    ['deadline', job.deadline ?? 0],
  ] as const)
    if (!isMoment(value)) return [beyondCalendar(line, field, value)];
  const base: Draft = {
    line,
    name: job.name,
    team: job.account || job.user || undefined,
    category: ours.class,
    submittedAt: submitted > 0 ? fromEpoch(submitted) : undefined,
    earliestStart: earliest > 0 ? fromEpoch(earliest) : undefined,
    deadline: job.deadline ? fromEpoch(job.deadline) : null,
    durationHours: minutes / 60,
    limitHours: job.limitMinutes === null ? undefined : job.limitMinutes / 60,
    durationIs: ours.duration === undefined ? 'limit' : undefined,
    flexMinutes: ours.flex === undefined ? undefined : Number(ours.flex),
    vcpus: job.cpus ?? undefined,
    gpus: job.gpus,
    clusterId: cluster || undefined,
    interruptible: ours.interruptible === 'yes',
    assumed: [
      ...(ours.duration === undefined ? ([['duration_hours', 'time limit, an upper bound']] as const) : []),
      ...(ours.interruptible === undefined ? ([['interruptible', 'false']] as const) : []),
      ...(job.deadline ? ([['deadline', GUARDED]] as const) : []),
    ],
  };
  const known = slurmJobOf(job, cluster || null, earliest, minutes * 60);
  const numbered = (number: string): Draft => ({ ...base, id: id(number), slurm: { ...known, id: number } });
  if (tasks) return tasks.tasks.map((task) => numbered(`${job.arrayJobId}_${task}`));
  if (job.arrayJobId > 0 && job.arrayTaskId !== null) return [numbered(`${job.arrayJobId}_${job.arrayTaskId}`)];
  return [numbered(String(job.jobId))];
};

const GUARDED = `${DEADLINE_SLACK_SECONDS / 60} min are left to it, since Slurm removes a job that cannot end in time`;

const slurmJobOf = (job: PendingJob, cluster: string | null, earliest: number, seconds: number): SlurmJob => {
  const slurm: SlurmJob = {
    id: String(job.jobId),
    cluster,
    eligibleAt: job.eligible ? fromEpoch(job.eligible) : null,
    deadline: job.deadline ? fromEpoch(job.deadline) : null,
    limitMinutes: job.limitMinutes,
    stays: whyItStays(job),
  };
  const end = latestSafeEnd(slurm, seconds);
  if (slurm.stays !== null || end === null || earliest + seconds <= toEpoch(end)) return slurm;
  return { ...slurm, stays: `waiting would leave less than ${DEADLINE_SLACK_SECONDS / 60} min to its deadline` };
};

/** Jobs that no start time is given to: it would not make them start, or it is not ours to give. */
const whyItStays = ({ reason, priority, dependency, reservation, comment }: PendingJob): string | null => {
  if (reason === 'JobHeldAdmin') return 'an administrator holds it';
  if (reason === 'JobHeldUser') return 'its user holds it';
  if (priority === 0 || /held/i.test(reason)) return 'it is held';
  if (dependency !== '') return 'it waits for other jobs';
  if (reason === 'Reservation' || reservation !== '') return 'it waits for a reservation';
  if (NEVER.has(reason)) return `it can never run as it was asked for (${reason})`;
  return cacoComment(comment).move === 'no' ? 'its owner does not want it moved (caco:move=no)' : null;
};

/** A job of the accounting, which has ended or runs: no queue knows its start any more. */
export const ranInSlurm = (id: string, cluster: string): SlurmJob => ({
  id,
  cluster: cluster || null,
  eligibleAt: null,
  deadline: null,
  limitMinutes: null,
  stays: null,
});

const warnAbout = ({ jobId, reason, dependency }: PendingJob, reading: Reading): void => {
  if (NEVER.has(reason)) reading.warn(`Job ${jobId} can never run as it was asked for (${reason}).`);
  if (reason.startsWith('JobHeld')) reading.warn(`Some jobs are held (${reason}); they start only once released.`);
  if (dependency !== '')
    reading.warn('Some jobs depend on others; the plan does not keep that order, the scheduler does.');
};

/** Components of one heterogeneous job must start together: one job for the plan, under its leader's id. */
export class HetJobs {
  readonly #groups = new Map<number, PendingJob[]>();

  /** True when the job is a component and was kept for later. */
  take(job: PendingJob): boolean {
    if (job.hetJobId <= 0) return false;
    const group = this.#groups.get(job.hetJobId);
    if (group) group.push(job);
    else this.#groups.set(job.hetJobId, [job]);
    return true;
  }

  merged(): PendingJob[] {
    return [...this.#groups.values()].map((group) => {
      const components = [...group].sort((a, b) => a.hetOffset - b.hetOffset);
      const leader = components[0]!;
      const limits = components.map((c) => c.limitMinutes);
      return {
        ...leader,
        hetJobId: 0,
        jobId: leader.hetJobId,
        cpus: components.reduce((sum, c) => sum + (c.cpus ?? 0), 0),
        gpus: components.reduce((sum, c) => sum + c.gpus, 0),
        limitMinutes: limits.includes(null) ? null : Math.max(...limits.map((limit) => limit ?? 0)),
        eligible: Math.max(...components.map((c) => c.eligible ?? 0)),
      };
    });
  }
}

/** `HH:MM:SS` or `D-HH:MM:SS`; null for anything else. */
export const minutesOf = (text: string): number | null => {
  const [, days, hours, minutes, seconds] = /^(?:(\d+)-)?(\d+):(\d+):(\d+)$/.exec(text) ?? [];
  if (hours === undefined) return null;
  return Number(days ?? 0) * 1440 + Number(hours) * 60 + Number(minutes) + Number(seconds) / 60;
};
