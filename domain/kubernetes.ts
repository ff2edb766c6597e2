/** What a Kubernetes cluster said of a Job that waits in it. Such a job is held and released there, and never made or deleted. */
import { z } from 'zod';
import { Instant } from './time.js';

export const KubernetesJob = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  uid: z.string().describe('a Job that is made again under its name has another'),
  eligibleAt: Instant.describe('from when it may start: since it was made, or when our hold on it ends'),
  held: z.boolean().describe('our hold is on it: it starts only once that is let go'),
  stays: z.string().nullable().describe('why it is left where it is, in words; null: it may be moved'),
});
export type KubernetesJob = z.infer<typeof KubernetesJob>;

/** `namespace/name` and the beginning of its uid, so that no other Job of that name is meant. */
export const kubernetesTarget = ({ namespace, name, uid }: Pick<KubernetesJob, 'namespace' | 'name' | 'uid'>): string =>
  `${namespace}/${name}#${uid.slice(0, 8)}`;
