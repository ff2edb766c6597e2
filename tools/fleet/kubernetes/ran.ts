/** What ran, by pods where they are still there, else by the Job's own times: from when to when, with energy as it was planned. */
import { kubernetesTarget } from '../../../domain/kubernetes.js';
import type { Placement } from '../../../domain/plan.js';
import { type Instant, secondsBetween, toEpoch } from '../../../domain/time.js';
import type { Ran } from '../../../domain/world.js';
import { type Api, type Row, rowOf, rowsOf, timeOf } from './api.js';
import { namedIn } from './hold.js';
import type { PodRecord } from './job.js';
import { pathsOf, podsOf } from './queue.js';
import { listed } from './watch.js';

/** A Job of an order, as it was planned. */
export interface Ordered {
  readonly target: string;
  readonly piece: Placement;
  /** what ran of it before is none of this order's */
  readonly orderedAt: Instant | undefined;
}

interface Span {
  readonly start: Instant;
  /** null: it has not ended */
  readonly end: Instant | null;
}

/** Everything that the cluster still knows of what ran, by target. A Job that was deleted is missing: it is not known what ran of it. */
export const readSpans = async (api: Api, namespaces: readonly string[]): Promise<Map<string, Span>> => {
  const byJob = new Map<string, PodRecord[]>();
  for (const pod of (await podsOf(api, namespaces)).values())
    byJob.set(pod.jobUid, [...(byJob.get(pod.jobUid) ?? []), pod]);
  const spans = new Map<string, Span>();
  const read = (job: Row): null => {
    const named = namedIn(job);
    const span = ofPods(byJob.get(named.uid) ?? []) ?? ofJob(job);
    if (span !== null) spans.set(kubernetesTarget(named), span);
    return null;
  };
  for (const path of pathsOf('/apis/batch/v1', 'jobs', namespaces)) await listed(api, { path, read });
  return spans;
};

const ofPods = (pods: readonly PodRecord[]): Span | null => {
  const ran = pods.filter(({ startedAt }) => startedAt !== null);
  if (ran.length === 0) return null;
  const start = ran.map(({ startedAt }) => startedAt!).sort()[0]!;
  const ends = ran.map(({ endedAt }) => endedAt);
  return { start, end: ends.includes(null) ? null : (ends as Instant[]).sort().at(-1)! };
};

/** A Job that succeeded says when; one that failed says so in its condition. One without either may wait for a node: nothing is known. */
const ofJob = (job: Row): Span | null => {
  const status = rowOf(job.status);
  const start = timeOf(status.startTime);
  const failed = rowsOf(status.conditions).find(({ type, status: holds }) => type === 'Failed' && holds === 'True');
  const end = timeOf(status.completionTime) ?? timeOf(failed?.lastTransitionTime);
  return start === null || end === null || end <= start ? null : { start, end };
};

/** Energy is what was planned, by the time that it took. */
export const ranOf = (spans: ReadonlyMap<string, Span>, ordered: readonly Ordered[], now: Instant): Ran[] =>
  ordered.flatMap(({ target, piece, orderedAt }): Ran[] => {
    const span = spans.get(target);
    if (span === undefined || (orderedAt !== undefined && span.start < orderedAt)) return [];
    const end = span.end === null || span.end > now ? now : span.end;
    if (end <= span.start) return [];
    const planned = toEpoch(piece.end) - toEpoch(piece.start);
    const energyKwh = (piece.energyKwh / planned) * secondsBetween(span.start, end);
    return [{ jobId: piece.jobId, region: piece.region, start: span.start, end, energyKwh, source: 'modelled' }];
  });
