/** How Jobs stand now, by the names that an order knows them by: each by itself where they are few, else by one look at all. */
import { kubernetesTarget } from '../../../domain/kubernetes.js';
import type { Standing } from '../orders/orders.js';
import { type Api, type Row, refusal, rowOf, textOf } from './api.js';
import { jobPath, namedIn } from './hold.js';
import { pendingByJob, podOf, standingOf } from './job.js';
import { pathsOf, podsOf } from './queue.js';
import { listed } from './watch.js';

export interface Seen {
  readonly target: string;
  readonly standing: Standing;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly version: string;
}

/** More than that are read in one list. */
const FEW = 20;

const targetOf = (job: Row): string => kubernetesTarget(namedIn(job));

const seenOf = (job: Row, standing: Standing): Seen => ({
  target: targetOf(job),
  standing,
  ...namedIn(job),
  version: textOf(rowOf(job.metadata).resourceVersion) ?? '',
});

/** Null: there is none of that name, or another one. Throws Fault. */
export const lookAtOne = async (api: Api, target: string): Promise<Seen | null> => {
  const [path = ''] = target.split('#');
  const [namespace = '', name = ''] = path.split('/');
  const { status, body } = await api.ask(jobPath({ namespace, name }));
  if (status === 404) return null;
  if (status !== 200) throw refusal(status, body, `GET job ${path}`);
  if (targetOf(body) !== target) return null;
  // Pods after their Job: one that got a node in between no longer waits, and the Job is taken to run.
  const query = { labelSelector: `batch.kubernetes.io/job-name=${name}` };
  const pods = await listed(api, {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
    query,
    read: podOf,
  });
  return seenOf(body, standingOf(body, pendingByJob(pods.records.values()).get(namedIn(body).uid)));
};

/** What is gone is missing. Throws Fault. */
export const lookAtAll = async (
  api: Api,
  namespaces: readonly string[],
  targets: readonly string[],
): Promise<Map<string, Seen>> => {
  const found = new Map<string, Seen>();
  if (targets.length <= FEW) {
    for (const target of targets) {
      const seen = await lookAtOne(api, target);
      if (seen !== null) found.set(target, seen);
    }
    return found;
  }
  const wanted = new Set(targets);
  const read = (job: Row): Row | null => (wanted.has(targetOf(job)) ? job : null);
  const jobs: Row[] = [];
  for (const path of pathsOf('/apis/batch/v1', 'jobs', namespaces))
    jobs.push(...(await listed(api, { path, read })).records.values());
  const pending = pendingByJob((await podsOf(api, namespaces, 'status.phase=Pending')).values());
  for (const job of jobs) {
    const seen = seenOf(job, standingOf(job, pending.get(namedIn(job).uid)));
    found.set(seen.target, seen);
  }
  return found;
};
