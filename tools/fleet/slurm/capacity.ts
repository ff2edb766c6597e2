/** What the nodes of each site hold, by `sinfo`: CPUs and GPUs of those that exist, whether they are up or not. */
import { Fault } from '../../../domain/fault.js';
import type { Site } from '../../../domain/site.js';
import type { Slurm } from './commands.js';
import type { Partitions } from './partitions.js';

/**
 * Nodes without names, states or free text: `node|partition|CPUs|GRES`, a row for each partition of a node. A node that is down
 * today is counted: a plan reaches further than most repairs, and Slurm starts nothing there meanwhile.
 */
const ASKED = ['-h', '-a', '-N', '-o', '%N|%R|%c|%G'];

interface Capacity {
  vcpus: number;
  gpus: number;
}

/** Only sites at which a partition of ours stands; their CPUs and GPUs are the cluster's, whatever was imported. */
export const sitesOf = async (slurm: Slurm, partitions: Partitions): Promise<Site[]> => {
  const { code, out, err } = await slurm.run('sinfo', ASKED);
  if (code !== 0) throw new Fault('unavailable', `sinfo failed: ${err.trim()}`, 'Run `sinfo` by hand.');
  const found = new Map<Site, Capacity>();
  const counted = new Set<string>();
  for (const line of out.split('\n')) {
    const [node, partition, cpus, gres] = line.split('|');
    if (node === undefined || partition === undefined) continue;
    const site = partitions.siteOf(partition);
    if (site === null) continue;
    const sum = found.get(site) ?? { vcpus: 0, gpus: 0 };
    found.set(site, sum);
    if (counted.has(`${site.id} ${node}`)) continue;
    counted.add(`${site.id} ${node}`);
    sum.vcpus += Number(cpus) || 0;
    sum.gpus += gpusOf(gres ?? '');
  }
  const sites = [...found].map(([site, { vcpus, gpus }]) => ({
    ...site,
    vcpuCapacity: vcpus > 0 ? vcpus : site.vcpuCapacity,
    gpuCapacity: gpus > 0 ? gpus : site.gpuCapacity,
  }));
  if (sites.length > 0) return sites;
  throw new Fault(
    'unavailable',
    'Slurm has no node in the partitions that are planned',
    'Look at `sinfo`, and at CACO_SLURM_PARTITIONS.',
  );
};

/** `gpu:a100:2(S:0-1),gpu:1` → 3 */
const gpusOf = (gres: string): number =>
  gres
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .map((part) => /^gpu(?::[^:]+)?:(\d+)$/.exec(part.trim())?.[1])
    .reduce((sum, count) => sum + Number(count ?? 0), 0);
