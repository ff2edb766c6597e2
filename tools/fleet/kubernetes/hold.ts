/**
 * A hold of ours on a Job: the field `spec.suspend`, applied under our name, and an annotation that says until when. Letting go is
 * applying neither: what nobody else wants goes back to what it is without a word, and the Job starts. Nothing is ever forced.
 */
import { fromEpoch, type Instant, plusHours, toEpoch } from '../../../domain/time.js';
import { type Api, type Reply, type Row, rowOf, rowsOf, textOf, timeOf } from './api.js';

/** Who we are among those who write an object. */
export const MANAGER = 'caco';
export const HELD_UNTIL = 'caco.dev/held-until';

/** A hold that does not say until when ends a day after its Job was made, and none lasts longer than a month. */
const UNSAID_HOURS = 24;
const LONGEST_HOURS = 31 * 24;

export interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export const namedIn = (job: Row): Named => {
  const meta = rowOf(job.metadata);
  return { namespace: textOf(meta.namespace) ?? 'default', name: textOf(meta.name) ?? '', uid: textOf(meta.uid) ?? '' };
};

export const jobPath = ({ namespace, name }: Pick<Named, 'namespace' | 'name'>): string =>
  `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/jobs/${encodeURIComponent(name)}`;

/** Everybody who has a say in `spec.suspend`, as the server keeps it. */
export const suspendOwners = (job: Row): { readonly ours: boolean; readonly others: string[] } => {
  const owners = rowsOf(rowOf(job.metadata).managedFields).filter(
    (entry) => rowOf(rowOf(entry.fieldsV1)['f:spec'])['f:suspend'] !== undefined && entry.subresource !== 'status',
  );
  const isOurs = (entry: Row) => entry.manager === MANAGER && entry.operation === 'Apply';
  return {
    ours: owners.some(isOurs),
    others: owners.filter((entry) => !isOurs(entry)).map((entry) => textOf(entry.manager) ?? 'somebody'),
  };
};

/** Until when our hold lasts; null: the Job is not suspended, or not by us. */
export const heldUntil = (job: Row): Instant | null => {
  if (rowOf(job.spec).suspend !== true || !suspendOwners(job).ours) return null;
  const meta = rowOf(job.metadata);
  const made = timeOf(meta.creationTimestamp) ?? fromEpoch(0);
  const said = timeOf(rowOf(meta.annotations)[HELD_UNTIL]) ?? plusHours(made, UNSAID_HOURS);
  const longest = plusHours(made, LONGEST_HOURS);
  return said < longest ? said : longest;
};

/** What is applied: a hold until then, or nothing of ours where that is null. The uid keeps it from making a Job that is gone. */
export const holdBody = ({ namespace, name, uid }: Named, until: Instant | null, version?: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    ...{ namespace, name, uid },
    ...(version === undefined ? {} : { resourceVersion: version }),
    ...(until === null ? {} : { annotations: { [HELD_UNTIL]: until } }),
  },
  ...(until === null ? {} : { spec: { suspend: true } }),
});

/** As a person can paste it: names of Kubernetes hold nothing that a shell would read. */
export const holdCommand = (named: Named, until: Instant | null): string =>
  `echo '${JSON.stringify(holdBody(named, until))}' | kubectl apply --server-side --field-manager=${MANAGER} -f -`;

/** `version`: only if the Job is as it was then. Throws Fault `unavailable`. */
export const applyHold = (api: Api, named: Named, until: Instant | null, version?: string): Promise<Reply> =>
  api.ask(jobPath(named), {
    method: 'PATCH',
    query: { fieldManager: MANAGER, force: 'false' },
    contentType: 'application/apply-patch+yaml',
    body: holdBody(named, until, version),
  });

/** A hold that has ended is none. */
export const isPast = (until: Instant, now: Instant): boolean => toEpoch(until) <= toEpoch(now);
