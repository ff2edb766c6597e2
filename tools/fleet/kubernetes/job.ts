/** A Job as far as this program looks at it: how it stands, who has a say in it, and why it is left alone. */
import type { KubernetesJob } from '../../../domain/kubernetes.js';
import { fromEpoch, type Instant } from '../../../domain/time.js';
import type { Standing } from '../orders/orders.js';
import { type Row, rowOf, rowsOf, textOf, timeOf } from './api.js';
import { heldUntil, namedIn, suspendOwners } from './hold.js';

/** What an owner writes on a Job, all as labels: a selector can ask for them. */
export const MOVE = 'caco.dev/move';
export const QUEUE = 'kueue.x-k8s.io/queue-name';
/** What slurm-bridge writes on a pod that it has put into Slurm's queue. */
export const SLURM_JOB = 'scheduler.slinky.slurm.net/slurm-jobid';

/** Pods of a Job that are no longer, or not yet, running: how many have no node, and the Slurm job that stands for one of them. */
export interface Pending {
  readonly count: number;
  readonly slurmJob: string | null;
}

/** By the uid of the Job that made them: pods that have no node yet. */
export const pendingByJob = (pods: Iterable<PodRecord>): Map<string, Pending> => {
  const found = new Map<string, Pending>();
  for (const { jobUid, slurmJob, waits } of pods) {
    if (!waits) continue;
    const before = found.get(jobUid);
    found.set(jobUid, { count: (before?.count ?? 0) + 1, slurmJob: before?.slurmJob ?? slurmJob });
  }
  return found;
};

export interface PodRecord {
  readonly jobUid: string;
  readonly slurmJob: string | null;
  /** it has no node */
  readonly waits: boolean;
  readonly startedAt: Instant | null;
  /** null: it has not ended */
  readonly endedAt: Instant | null;
}

/** Null for a pod that no Job made. */
export const podOf = (pod: Row): PodRecord | null => {
  const meta = rowOf(pod.metadata);
  const owner = rowsOf(meta.ownerReferences).find((one) => one.kind === 'Job' && one.controller === true);
  const jobUid = textOf(owner?.uid);
  if (jobUid === undefined) return null;
  const status = rowOf(pod.status);
  const states = rowsOf(status.containerStatuses).map(({ state }) => rowOf(state));
  const times = (kind: 'running' | 'terminated', member: string) =>
    states.map((state) => timeOf(rowOf(state[kind])[member])).filter((at) => at !== null);
  const started = [...times('running', 'startedAt'), ...times('terminated', 'startedAt')].sort();
  const ended = times('terminated', 'finishedAt').sort();
  return {
    jobUid,
    slurmJob: textOf(rowOf(meta.labels)[SLURM_JOB]) ?? null,
    waits: status.phase === 'Pending' && textOf(rowOf(pod.spec).nodeName) === undefined,
    startedAt: started[0] ?? null,
    endedAt: states.length > 0 && ended.length === states.length ? ended.at(-1)! : null,
  };
};

const NOTHING_PENDING: Pending = { count: 0, slurmJob: null };
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

export const standingOf = (job: Row, pending: Pending = NOTHING_PENDING): Standing => {
  const status = rowOf(job.status);
  const made = timeOf(rowOf(job.metadata).creationTimestamp) ?? fromEpoch(0);
  const suspended = rowOf(job.spec).suspend === true;
  const until = heldUntil(job);
  const end = rowsOf(status.conditions).find(
    ({ type, status: holds }) => (type === 'Complete' || type === 'Failed') && holds === 'True',
  );
  const active = numberOf(status.active);
  const begun = numberOf(status.ready) + numberOf(status.succeeded) + numberOf(status.failed) > 0;
  const ended = end !== undefined || rowOf(job.metadata).deletionTimestamp !== undefined;
  const runs = !ended && (active > pending.count || (begun && (active > 0 || !suspended)));
  const phase = ended ? 'ended' : runs ? 'runs' : 'waits';
  const { others } = suspendOwners(job);
  return {
    phase,
    state: ended ? (textOf(end?.type) ?? 'being deleted') : runs ? 'running' : suspended ? 'suspended' : 'pending',
    reason: others[0] ?? '',
    held: phase === 'waits' && suspended && (until === null || others.length > 0),
    eligibleAt: until ?? made,
    startedAt: phase === 'waits' ? null : timeOf(status.startTime),
  };
};

/** What is known of a Job that waits. */
export const waitingOf = (job: Row, pending: Pending = NOTHING_PENDING): KubernetesJob => {
  const { eligibleAt } = standingOf(job, pending);
  return { ...namedIn(job), eligibleAt: eligibleAt!, held: heldUntil(job) !== null, stays: whyItStays(job, pending) };
};

export const leaveOf = (job: Row): 'yes' | 'no' | null => {
  const said = textOf(rowOf(rowOf(job.metadata).labels)[MOVE]);
  return said === 'yes' || said === 'true' ? 'yes' : said === undefined ? null : 'no';
};

const JOB_CONTROLLER = 'kubernetes.io/job-controller';

/** Jobs that we never hold: it would not keep them, or it is not ours to do. */
const whyItStays = (job: Row, { slurmJob }: Pending): string | null => {
  const meta = rowOf(job.metadata);
  const spec = rowOf(job.spec);
  const queue = textOf(rowOf(meta.labels)[QUEUE]) ?? textOf(rowOf(meta.annotations)[QUEUE]);
  const managedBy = textOf(spec.managedBy);
  const maker = rowsOf(meta.ownerReferences).find((one) => one.controller === true && one.kind !== 'CronJob');
  const { others } = suspendOwners(job);
  if (leaveOf(job) === 'no') return `its owner does not want it moved (${MOVE})`;
  if (queue !== undefined) return `Kueue holds and releases it (queue ${queue})`;
  if (managedBy !== undefined && managedBy !== JOB_CONTROLLER) return `${managedBy} runs it`;
  if (maker !== undefined) return `${textOf(maker.kind)} ${textOf(maker.name)} made it and decides when it runs`;
  if (slurmJob !== null)
    return `slurm-bridge has put it into Slurm’s queue (job ${slurmJob}), where its place would be lost`;
  if (spec.suspend === true && heldUntil(job) === null) return `${others[0] ?? 'its owner'} holds it`;
  if (others.length > 0) return `${others[0]} owns spec.suspend, which is never taken by force`;
  if (numberOf(rowOf(job.status).succeeded) + numberOf(rowOf(job.status).failed) > 0)
    return 'a part of it has run already';
  return null;
};
