/** What an operator wants to know before CACO is let loose on a cluster: who answers, what we may do there, and who would let go. */
import type { Finding } from '../../../domain/finding.js';
import { secondsBetween } from '../../../domain/time.js';
import { type Api, rowOf, textOf } from './api.js';
import { type Ground, MOST_SKEW_SECONDS, skewOf } from './desk.js';
import { agoText, leaseAt } from './lease.js';
import type { Queue } from './queue.js';
import { RELEASER_LEASE, RELEASER_SILENT_SECONDS } from './release.js';

/** Throws Fault where Kubernetes does not answer. */
export const examine = async (ground: Ground, queue: () => Promise<Queue>): Promise<Finding[]> => {
  const { api } = ground;
  const rights = await rightsFinding(ground);
  return [
    await serverFinding(ground),
    await kueueFinding(api),
    rights,
    // Without the right to look there is nothing to say of these.
    ...(rights.state === 'missing' ? [] : [await releaserFinding(ground), queueFinding(await queue(), ground.consent)]),
  ];
};

/** Jobs can be suspended since 1.24; `managedBy` and the rest are read where they are there. */
const OLDEST_MINOR = 24;

const serverFinding = async ({ api, clock }: Ground): Promise<Finding> => {
  const what = 'kubernetes';
  const { gitVersion, major, minor } = await api.must('/version');
  const found = `cluster ${api.cluster}, ${textOf(gitVersion) ?? 'version unknown'}`;
  if (Number(major) === 1 && Number.parseInt(String(minor), 10) < OLDEST_MINOR)
    return {
      what,
      state: 'missing',
      found: `${found}: its Jobs cannot be suspended`,
      remedy: `Kubernetes 1.${OLDEST_MINOR} or newer is needed.`,
    };
  const ahead = await skewOf(api, clock);
  return Math.abs(ahead) <= MOST_SKEW_SECONDS
    ? { what, state: 'ok', found, remedy: null }
    : {
        what,
        state: 'missing',
        found: `${found}; its clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} ours`,
        remedy: 'Set the clocks (chronyc tracking), or leave out --now and CACO_NOW.',
      };
};

const kueueFinding = async (api: Api): Promise<Finding> => {
  const what = 'kueue';
  const { status, body } = await api.ask('/apis/kueue.x-k8s.io');
  const preferred = textOf(rowOf(body.preferredVersion).version);
  return status === 200
    ? {
        what,
        state: 'ok',
        found: `${preferred ?? 'installed'}; Jobs of its queues are planned and only recommended`,
        remedy: null,
      }
    : { what, state: 'off', found: 'not installed', remedy: null };
};

const RIGHTS = [
  ['batch', 'jobs', ['get', 'list', 'watch', 'patch']],
  ['', 'pods', ['list']],
  ['', 'nodes', ['list']],
  ['coordination.k8s.io', 'leases', ['get', 'create', 'update']],
] as const;

const rightsFinding = async ({ api, rehearses, namespaces, home }: Ground): Promise<Finding> => {
  const missing: string[] = [];
  for (const [group, resource, verbs] of RIGHTS)
    for (const verb of verbs) {
      // A dry run changes nothing and takes no lease.
      if (rehearses && (verb === 'patch' || resource === 'leases')) continue;
      for (const namespace of resource === 'leases'
        ? [home]
        : resource === 'nodes' || namespaces.length === 0
          ? ['']
          : namespaces)
        if (!(await mayWe(api, { group, resource, verb, namespace })))
          missing.push(`${verb} ${resource}${namespace === '' ? '' : ` in ${namespace}`}`);
    }
  const deeds = rehearses ? 'a dry run: nothing is changed (CACO_DRY_RUN)' : 'approved plans are carried out';
  return missing.length === 0
    ? { what: 'kubernetes rights', state: 'ok', found: `all that are needed; ${deeds}`, remedy: null }
    : {
        what: 'kubernetes rights',
        state: 'missing',
        found: `it may not ${missing.join(', ')}; ${deeds}`,
        remedy: 'kubectl apply -f docs/deploy/kubernetes.yaml',
      };
};

const mayWe = async (api: Api, resourceAttributes: Record<string, string>): Promise<boolean> => {
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } };
  const { status } = await api.must('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { method: 'POST', body });
  return rowOf(status).allowed === true;
};

const releaserFinding = async ({ api, home, rehearses }: Ground): Promise<Finding> => {
  const what = 'kubernetes releaser';
  const remedy = 'kubectl apply -f docs/deploy/kubernetes.yaml, or leave `caco kubernetes release` running.';
  if (rehearses) return { what, state: 'off', found: 'not needed in a dry run', remedy: null };
  const { holder, renewedAt, now } = await leaseAt(api, home, RELEASER_LEASE);
  if (renewedAt === null) return { what, state: 'missing', found: 'none has ever looked: nothing is held', remedy };
  const found = `${holder ?? 'nobody'} looked ${agoText(renewedAt, now)}`;
  return secondsBetween(renewedAt, now) <= RELEASER_SILENT_SECONDS
    ? { what, state: 'ok', found, remedy: null }
    : { what, state: 'missing', found: `${found}: nothing is held`, remedy };
};

const queueFinding = ({ waiting, others, refused }: Queue, consent: Ground['consent']): Finding => {
  const movable = waiting.filter(({ kubernetes, leave }) => kubernetes.stays === null && (leave || consent === 'all'));
  const parts = [
    `${waiting.length} Jobs wait, ${movable.length} of them may be moved`,
    ...(others > 0 ? [`${others} more may run at none or several of our sites`] : []),
    ...(refused.length > 0 ? [`${refused.length} cannot be planned (${refused[0]!.name}: ${refused[0]!.why})`] : []),
  ];
  return { what: 'kubernetes queue', state: 'ok', found: parts.join('; '), remedy: null };
};
