/**
 * Exporters read as what they are. Kepler (0.10 and later) splits the active energy of processor zones among processes by CPU
 * time and leaves idle energy at the node; Scaphandre splits the host's power by share of CPU time, so that its processes need not
 * add up to the host. Both see what the processor counts, nothing else: their boundary is components for a node and process for
 * its shares, and a share never stands for a server.
 */
import type { Boundary, LiveReading } from '../../../domain/meter.js';
import { asking } from './ask.js';
import type { Looking } from './book.js';
import { type Sample, samplesIn } from './exposition.js';
import type { MeterGround, MeterSettings } from './ground.js';

type Labels = Sample['labels'];

interface Family {
  readonly boundary: Boundary;
  /** whose energy a sample is, by its labels */
  readonly subject: (labels: Labels) => LiveReading['meter']['subject'];
  /** kWh, or kW, per unit of the sample */
  readonly factor: number;
  readonly of: 'energy' | 'power';
  /** a label whose values lie within one another; only those that are added */
  readonly zones?: ReadonlySet<string>;
}

const host = (label: string) => (labels: Labels) => ({ kind: 'host' as const, id: labels[label] || 'this host' });
const process =
  (...names: string[]) =>
  (labels: Labels) => ({
    kind: 'process' as const,
    id: names.flatMap((name) => (labels[name] ? [labels[name]] : [])).join(' '),
  });

const KWH_PER_JOULE = 1 / 3.6e6;
/** Zones that no other one contains: core and uncore lie in the package, psys around it. */
const ADDED = new Set(['package', 'dram']);

const kepler = (boundary: Boundary, subject: Family['subject']): Family => ({
  ...{ boundary, subject, factor: KWH_PER_JOULE, of: 'energy', zones: ADDED },
});

export const FAMILIES: Readonly<Record<string, Family>> = {
  kepler_node_cpu_joules_total: kepler('components', host('node_name')),
  kepler_container_cpu_joules_total: kepler('process', process('container_name', 'container_id')),
  kepler_pod_cpu_joules_total: kepler('process', process('pod_namespace', 'pod_name')),
  kepler_vm_cpu_joules_total: kepler('process', process('vm_name', 'vm_id')),
  kepler_process_cpu_joules_total: kepler('process', process('comm', 'pid')),
  // Before 0.10 the zone was in the name.
  kepler_container_package_joules_total: kepler(
    'process',
    process('container_namespace', 'pod_name', 'container_name'),
  ),
  kepler_container_dram_joules_total: kepler('process', process('container_namespace', 'pod_name', 'container_name')),
  kepler_node_package_joules_total: kepler('components', host('instance')),
  kepler_node_dram_joules_total: kepler('components', host('instance')),
  // The host's counter is psys where there is one; then the platform is in it.
  scaph_host_energy_microjoules: {
    ...{ boundary: 'components', subject: host('instance'), factor: KWH_PER_JOULE * 1e-6, of: 'energy' },
  },
  scaph_process_power_consumption_microwatts: {
    ...{ boundary: 'process', subject: process('exe', 'pid'), factor: 1e-9, of: 'power' },
  },
  // This program's own counter, as a textfile collector brings it.
  caco_rapl_machine_joules_total: {
    ...{ boundary: 'components', subject: host('instance'), factor: KWH_PER_JOULE, of: 'energy' },
  },
};

/** Containers, pods and processes hold one another: of one exporter's shares only the finest are told. */
const FINEST = [
  ['kepler_process_cpu_joules_total', ['kepler_container_cpu_joules_total', 'kepler_pod_cpu_joules_total']],
  ['kepler_container_cpu_joules_total', ['kepler_pod_cpu_joules_total']],
] as const;

/** A node of thousands of processes is no list for people; the rest is told as left out by its number. */
const MOST = 5000;

export const readingsOf = (samples: readonly Sample[], source: string): LiveReading[] => {
  const present = new Set(samples.map(({ name }) => name));
  const coarse = new Set(FINEST.flatMap(([fine, others]) => (present.has(fine) ? others : [])) as readonly string[]);
  const sums = new Map<string, LiveReading>();
  for (const { name, labels, value } of samples) {
    const family = FAMILIES[name];
    if (family === undefined || coarse.has(name) || value < 0) continue;
    if (family.zones !== undefined && labels.zone !== undefined && !family.zones.has(labels.zone.replace(/-\d+$/, '')))
      continue;
    const subject = family.subject(labels);
    if (subject.id === '') continue;
    const id = `${source.toLowerCase()}:${subject.kind}:${subject.id}`.slice(0, 200);
    const before = sums.get(id);
    const more = value * family.factor;
    const sum = (was: number | null | undefined, is: boolean) => (is ? (was ?? 0) + more : (was ?? null));
    if (before === undefined && sums.size >= MOST) continue;
    sums.set(id, {
      meter: {
        ...{ id, name: subject.id.slice(0, 300), boundary: family.boundary, source },
        subject: { ...subject, id: subject.id.slice(0, 300) },
        basis: family.of === 'energy' ? 'counter' : 'power',
        covers: null,
      },
      energyKwh: sum(before?.energyKwh, family.of === 'energy'),
      powerKw: sum(before?.powerKw, family.of === 'power'),
    });
  }
  return [...sums.values()];
};

const NAMES = { kepler: 'Kepler', scaphandre: 'Scaphandre' } as const;

export const exporter = (
  which: keyof typeof NAMES,
  settings: MeterSettings,
  ground: Pick<MeterGround, 'timer'>,
): Looking => {
  const ask = asking(`${NAMES[which]}’s exporter`, settings, ground);
  const own = which === 'kepler' ? /^kepler_/ : /^scaph_/;
  return async (signal) => {
    const samples = samplesIn(await ask.text('/metrics', signal));
    return readingsOf(
      samples.filter(({ name }) => own.test(name)),
      NAMES[which],
    );
  };
};
