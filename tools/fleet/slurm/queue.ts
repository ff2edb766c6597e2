/** What waits in the cluster, by one `squeue --json`: the jobs that are ours to plan, and what their owners say of them. */
import { Fault } from '../../../domain/fault.js';
import type { Job } from '../../../domain/job.js';
import type { JobForecaster } from '../../../domain/job-forecast.js';
import type { Site } from '../../../domain/site.js';
import type { SlurmJob } from '../../../domain/slurm.js';
import type { Instant } from '../../../domain/time.js';
import { Assumptions } from '../assumptions.js';
import { DEFAULTS } from '../defaults.js';
import { Foresight } from '../foresight.js';
import {
  type Draft,
  draftsOf,
  givesLeave,
  isRejected,
  type PendingJob,
  Reading,
  readQueue,
} from '../formats/formats.js';
import { jobMaker } from '../job-maker.js';
import type { Slurm } from './commands.js';
import type { Partitions } from './partitions.js';

/** A job that waits, as Slurm tells it now; each task of an array by itself. */
export interface Waiting {
  readonly draft: Draft;
  readonly slurm: SlurmJob;
  readonly site: Site;
  /** its owner's comment says that it may be moved */
  readonly leave: boolean;
}

export interface Queue {
  readonly waiting: readonly Waiting[];
  /** of partitions and accounts that are not planned */
  readonly others: number;
  /** those that cannot be planned, and why, in words */
  readonly refused: readonly { readonly slurmId: string; readonly why: string }[];
}

/** Throws Fault `unavailable` where Slurm does not answer or its answer breaks off: never an empty queue for a silent one. */
export const readWaiting = async (slurm: Slurm, partitions: Partitions, cluster: string): Promise<Queue> => {
  const reading = new Reading({ unit: null, start: null, timeZone: 'UTC', clusterId: cluster });
  const pending: PendingJob[] = [];
  const found: { job: PendingJob; site: Site }[] = [];
  const refused: { slurmId: string; why: string }[] = [];
  let others = 0;
  for await (const page of answered(readQueue(slurm.stream('squeue', ['--json']), reading)))
    for (const job of page) {
      if ('code' in job) {
        refused.push({ slurmId: '?', why: job.message });
        continue;
      }
      pending.push(job);
      const site = partitions.siteOf(job.partition);
      if (site === null || !partitions.isOurs(job.account)) others++;
      else found.push({ job, site });
    }
  const awaited = awaitedByDeadline(pending);
  const waiting: Waiting[] = [];
  for (const { job, site } of found) {
    const leave = givesLeave(job.comment);
    for (const draft of draftsOf({ ...job, cluster: job.cluster ?? cluster }, reading)) {
      if (isRejected(draft)) {
        refused.push({ slurmId: String(job.jobId), why: draft.message });
        continue;
      }
      const told = draft.slurm!;
      const waits = awaited.get(told.id) ?? awaited.get(told.id.split('_')[0]!);
      const slurm =
        told.stays === null && waits !== undefined
          ? { ...told, stays: `job ${waits}, which has a deadline, waits for it` }
          : told;
      waiting.push({ draft: { ...draft, region: site.region, slurm }, slurm, site, leave });
    }
  }
  return { waiting, others, refused };
};

/** An answer that cannot be read is a silent Slurm, not somebody's bad file. */
async function* answered<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* pages;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'invalid-input') throw error;
    throw new Fault('unavailable', `squeue’s answer cannot be read: ${error.message}`, 'Ask again.', { cause: error });
  }
}

/**
 * Jobs that a job with a deadline waits for, itself or by a chain of others, whoever's it is; each with one that does: moved, they
 * might cost it its deadline. `singleton` names no job, so that it holds back nothing here.
 */
const awaitedByDeadline = (pending: readonly PendingJob[]): Map<string, number> => {
  const waitsFor = new Map<string, string[]>();
  for (const { jobId, dependency } of pending)
    for (const [, , ids] of dependency.matchAll(/(after\w*):([\d_:+()*a-z]+)/g))
      waitsFor.set(String(jobId), [
        ...(waitsFor.get(String(jobId)) ?? []),
        ...[...ids!.matchAll(/\d+(_\d+)?/g)].map(([id]) => id),
      ]);
  const awaited = new Map<string, number>();
  for (const { jobId, deadline } of pending) {
    if (!deadline) continue;
    const open = [...(waitsFor.get(String(jobId)) ?? [])];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (awaited.has(id)) continue;
      awaited.set(id, jobId);
      open.push(...(waitsFor.get(id.split('_')[0]!) ?? []));
    }
  }
  return awaited;
};

/** What makes jobs of what waits: the defaults of every intake. */
export interface Making {
  readonly now: Instant;
  readonly sites: readonly Site[];
  readonly method: { readonly kwPerVcpu: number; readonly kwPerGpu: number };
  readonly jobForecaster: JobForecaster | null;
}

/** Jobs, and those of them that no default can complete, by their number. */
export const jobsOf = (
  waiting: readonly Waiting[],
  { now, sites, method, jobForecaster }: Making,
): { readonly jobs: Job[]; readonly refused: Queue['refused'] } => {
  // What waits in a queue has not run: whatever had ended by now may be learned from.
  const foresight = new Foresight(jobForecaster, now);
  const make = jobMaker(now, { sites, region: null, clusterId: null }, DEFAULTS, new Assumptions(), method, foresight);
  const jobs: Job[] = [];
  const refused: { slurmId: string; why: string }[] = [];
  for (const { draft, slurm } of waiting) {
    const made = make(draft);
    if ('durationHours' in made) jobs.push(made);
    else refused.push({ slurmId: slurm.id, why: made.message });
  }
  return { jobs, refused };
};
