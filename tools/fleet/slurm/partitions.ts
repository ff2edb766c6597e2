/** Which partitions and accounts of a cluster are ours to plan, and at which site each partition stands. */
import { invalid } from '../../../domain/fault.js';
import type { Site } from '../../../domain/site.js';

/** As the settings name them. */
export interface Share {
  /** `main=hpc-1,gpu=hpc-2`; a bare name stands at the first site. Left out: all of them, at the cluster's site */
  readonly slurmPartitions?: string | undefined;
  /** `physics,chemistry`; left out: all */
  readonly slurmAccounts?: string | undefined;
}

export interface Partitions {
  /** null: not ours, or at more than one site */
  siteOf(partitions: string): Site | null;
  isOurs(account: string): boolean;
}

const listed = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Throws Fault `invalid-input` where a setting names a site that is not there, or no site is known at all. */
export const partitionsOf = (share: Share, sites: readonly Site[], cluster: string): Partitions => {
  const own = sites.find((site) => site.clusterId === cluster) ?? sites[0];
  if (own === undefined)
    throw invalid(
      'no site is known for the cluster',
      'Import it: caco site import FILE, with clusterId its ClusterName.',
    );
  const byName = new Map<string, Site>();
  for (const part of listed(share.slurmPartitions)) {
    const [name = '', id] = part.split('=').map((word) => word.trim());
    const site = id === undefined ? own : sites.find((one) => one.id === id);
    if (site === undefined)
      throw invalid(
        `CACO_SLURM_PARTITIONS puts ${name} at ${id}, and there is no such site`,
        `Use one of ${sites.map((one) => one.id).join(', ')}, or import it: caco site import FILE.`,
      );
    byName.set(name, site);
  }
  const accounts = new Set(listed(share.slurmAccounts));
  return {
    siteOf: (partitions) => {
      if (byName.size === 0) return own;
      const found = new Set(partitions.split(',').map((name) => byName.get(name) ?? null));
      return found.size === 1 ? [...found][0]! : null;
    },
    isOurs: (account) => accounts.size === 0 || accounts.has(account),
  };
};
