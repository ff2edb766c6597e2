/** What waits in the cluster: Jobs that nobody has started, at the sites where they may run, with what their owners say of them. */
import type { Job } from '../../../domain/job.js';
import type { JobForecaster } from '../../../domain/job-forecast.js';
import { type KubernetesJob, kubernetesTarget } from '../../../domain/kubernetes.js';
import type { Site } from '../../../domain/site.js';
import type { Instant } from '../../../domain/time.js';
import { Assumptions } from '../assumptions.js';
import { DEFAULTS } from '../defaults.js';
import { Foresight } from '../foresight.js';
import { type Draft, draftOfJob, isRejected, Reading } from '../formats/formats.js';
import { jobMaker } from '../job-maker.js';
import { type Api, type Row, rowOf } from './api.js';
import { leaveOf, type PodRecord, pendingByJob, podOf, standingOf, waitingOf } from './job.js';
import type { Places } from './nodes.js';
import { listed } from './watch.js';

export interface Waiting {
  readonly draft: Draft;
  readonly kubernetes: KubernetesJob;
  /** its owner's label says that it may be moved */
  readonly leave: boolean;
}

export interface Queue {
  readonly waiting: readonly Waiting[];
  /** that may run at none or several of our sites */
  readonly others: number;
  readonly refused: readonly { readonly name: string; readonly why: string }[];
}

/** Lists of one kind: of the whole cluster, or of each namespace that is ours. */
export const pathsOf = (group: string, kind: string, namespaces: readonly string[]): string[] =>
  namespaces.length === 0
    ? [`${group}/${kind}`]
    : namespaces.map((one) => `${group}/namespaces/${encodeURIComponent(one)}/${kind}`);

/** Pods that Jobs made, by uid. A finished one says nothing of what waits. */
export const podsOf = async (
  api: Api,
  namespaces: readonly string[],
  fieldSelector?: string,
): Promise<Map<string, PodRecord>> => {
  const pods = new Map<string, PodRecord>();
  for (const path of pathsOf('/api/v1', 'pods', namespaces))
    for (const [uid, pod] of (await listed(api, { path, query: { fieldSelector }, read: podOf })).records)
      pods.set(uid, pod);
  return pods;
};

/** Throws Fault where the server does not answer: never an empty queue for a silent one. */
export const readWaiting = async (api: Api, places: Places, namespaces: readonly string[]): Promise<Queue> => {
  // A Job that starts between the two lists looks as if it waited still; it is looked at again before anything is done (look.ts).
  const pending = pendingByJob((await podsOf(api, namespaces, 'status.phase=Pending')).values());
  const reading = new Reading({ unit: null, start: null, timeZone: 'UTC', clusterId: places.cluster });
  const refused: { name: string; why: string }[] = [];
  let others = 0;
  const read = (job: Row): Waiting | null => {
    const meta = rowOf(job.metadata);
    const own = pending.get(String(meta.uid));
    if (standingOf(job, own).phase !== 'waits') return null;
    const site = places.siteOf(job);
    if (site === null) {
      others++;
      return null;
    }
    const draft = draftOfJob(job, 0, reading);
    const kubernetes = waitingOf(job, own);
    if (isRejected(draft)) {
      refused.push({ name: `${kubernetes.namespace}/${kubernetes.name}`, why: draft.message });
      return null;
    }
    const id = `${draft.id}-${kubernetes.uid.slice(0, 8)}`;
    return { draft: { ...draft, id, region: site.region, kubernetes }, kubernetes, leave: leaveOf(job) === 'yes' };
  };
  const waiting: Waiting[] = [];
  for (const path of pathsOf('/apis/batch/v1', 'jobs', namespaces))
    waiting.push(...(await listed(api, { path, read })).records.values());
  return { waiting, others, refused };
};

export interface Making {
  readonly now: Instant;
  readonly sites: readonly Site[];
  readonly method: { readonly kwPerVcpu: number; readonly kwPerGpu: number };
  readonly jobForecaster: JobForecaster | null;
}

/** Jobs, and those of them that no default can complete, by name. A Job on hold can start now: holding it is our doing. */
export const jobsOf = (
  waiting: readonly Waiting[],
  { now, sites, method, jobForecaster }: Making,
): { readonly jobs: Job[]; readonly refused: Queue['refused'] } => {
  const foresight = new Foresight(jobForecaster, now);
  const make = jobMaker(now, { sites, region: null, clusterId: null }, DEFAULTS, new Assumptions(), method, foresight);
  const jobs: Job[] = [];
  const refused: { name: string; why: string }[] = [];
  for (const { draft, kubernetes } of waiting) {
    const made = make(draft);
    if ('durationHours' in made) jobs.push(made);
    else refused.push({ name: kubernetesTarget(kubernetes), why: made.message });
  }
  return { jobs, refused };
};
