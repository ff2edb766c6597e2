/** Which nodes stand at which site, what they hold, and where a Job may run. */
import { Fault, invalid } from '../../../domain/fault.js';
import type { Site } from '../../../domain/site.js';
import { containerSize } from '../formats/formats.js';
import { type Api, type Row, rowOf, rowsOf, textOf } from './api.js';
import { listed } from './watch.js';

/** As the settings name them. */
export interface Share {
  /** `zone-a=hpc-1,zone-b=hpc-2`: values of the label, each with its site. Left out: every node at the cluster's site */
  readonly kubernetesSites?: string | undefined;
  readonly kubernetesSiteLabel: string;
}

export interface Places {
  readonly cluster: string;
  readonly sites: readonly Site[];
  /** Of a node's labels; null: it is none of ours. */
  nodeAt(labels: Row): Site | null;
  /** Where a Job may run; null: at none of our sites, or at more than one. */
  siteOf(job: Row): Site | null;
}

export const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Throws Fault `invalid-input` where a setting names a site that is not there, or no site is known at all. */
export const placesOf = (share: Share, sites: readonly Site[], cluster: string): Places => {
  const label = share.kubernetesSiteLabel;
  const own = sites.find((site) => site.clusterId === cluster) ?? sites[0];
  if (own === undefined)
    throw invalid('no site is known for the cluster', `Import it: caco site import FILE, with clusterId ${cluster}.`);
  const byValue = new Map<string, Site>();
  for (const part of listOf(share.kubernetesSites)) {
    const [value = '', id] = part.split('=').map((word) => word.trim());
    const site = id === undefined ? own : sites.find((one) => one.id === id);
    if (site === undefined)
      throw invalid(
        `CACO_KUBERNETES_SITES puts ${value} at ${id}, and there is no such site`,
        `Use one of ${sites.map((one) => one.id).join(', ')}, or import it: caco site import FILE.`,
      );
    byValue.set(value, site);
  }
  const planned = byValue.size === 0 ? [own] : [...new Set(byValue.values())];
  const at = (value: unknown): Site | null => byValue.get(String(value)) ?? null;
  const one = (values: readonly unknown[]): Site | null => {
    const found = new Set(values.map(at));
    return found.size === 1 ? [...found][0]! : null;
  };
  return {
    cluster,
    sites: planned,
    nodeAt: (labels) => (byValue.size === 0 ? own : at(labels[label])),
    siteOf: (job) => {
      if (byValue.size === 0) return own;
      const values = placedBy(rowOf(rowOf(rowOf(job.spec).template).spec), label);
      if (values !== null) return one(values);
      return planned.length === 1 ? planned[0]! : null;
    },
  };
};

/** Values of the label that a pod demands by its selector or its required affinity; null: it demands none. */
const placedBy = (pod: Row, label: string): string[] | null => {
  const selected = textOf(rowOf(pod.nodeSelector)[label]);
  if (selected !== undefined) return [selected];
  const required = rowOf(rowOf(rowOf(pod.affinity).nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution);
  const terms = rowsOf(required.nodeSelectorTerms);
  const values = terms.map((term) =>
    rowsOf(term.matchExpressions)
      .filter(({ key, operator }) => key === label && operator === 'In')
      .flatMap(({ values: named }) => (Array.isArray(named) ? named.map(String) : [])),
  );
  // Terms are alternatives: one that does not name the label lets the pod go anywhere.
  return values.length === 0 || values.some((named) => named.length === 0) ? null : values.flat();
};

interface Node {
  readonly site: Site;
  readonly vcpus: number;
  readonly gpus: number;
}

/**
 * Sites with the CPUs and GPUs that their nodes can give, whatever was imported. A node that is down or cordoned today is counted: a
 * plan reaches further than most repairs. One that keeps ordinary work away for good (a control plane) is not.
 */
export const sitesOf = async (api: Api, places: Places): Promise<Site[]> => {
  const read = (node: Row): Node | null => {
    const taints = rowsOf(rowOf(node.spec).taints);
    if (taints.some(({ key, effect }) => /control-plane|master/.test(String(key)) && effect !== 'PreferNoSchedule'))
      return null;
    const site = places.nodeAt(rowOf(rowOf(node.metadata).labels));
    if (site === null) return null;
    const { vcpus, gpus } = containerSize({ requests: rowOf(rowOf(node.status).allocatable) });
    return { site, vcpus, gpus };
  };
  const { records } = await listed(api, { path: '/api/v1/nodes', read });
  const found = new Map<Site, { vcpus: number; gpus: number }>();
  for (const { site, vcpus, gpus } of records.values()) {
    const sum = found.get(site) ?? { vcpus: 0, gpus: 0 };
    found.set(site, { vcpus: sum.vcpus + vcpus, gpus: sum.gpus + gpus });
  }
  if (found.size === 0)
    throw new Fault(
      'unavailable',
      'Kubernetes has no node at the sites that are planned',
      'Look at `kubectl get nodes --show-labels`, and at CACO_KUBERNETES_SITES.',
    );
  return [...found].map(([site, { vcpus, gpus }]) => ({
    ...site,
    vcpuCapacity: vcpus > 0 ? vcpus : site.vcpuCapacity,
    gpuCapacity: gpus > 0 ? gpus : site.gpuCapacity,
  }));
};
