/** A snapshot as Prometheus reads it (text format 0.0.4). Counters never fall within a boot; what is not known is absent, not 0. */
import type { GpuLook } from './gpu.js';
import type { Snapshot } from './protocol.js';

const BOUNDARIES: Readonly<Record<string, string>> = {
  package: 'processor package',
  core: 'cores of a package',
  uncore: 'uncore of a package',
  dram: 'memory of a socket',
  psys: 'platform',
  other: 'unknown',
};

/** Joules as exact decimal text. */
const joules = (uj: string): string => {
  const digits = uj.padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
};

const escaped = (text: string): string => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

const row = (name: string, labels: Readonly<Record<string, string>>, value: string | number): string => {
  const said = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${said.length > 0 ? `{${said.join(',')}}` : ''} ${value}`;
};

type Family = readonly [name: string, type: string, help: string, rows: readonly string[]];

const textOf = (families: readonly Family[]): string =>
  families
    .filter(([, , , rows]) => rows.length > 0)
    .map(([name, type, help, rows]) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...rows, ''].join('\n'))
    .join('');

export const expositionOf = ({ zones, totalUj, coverageRatio, pacing }: Snapshot): string => {
  const labelsOf = (z: Snapshot['zones'][number]) => ({
    ...{ zone: z.id, name: z.name, kind: z.kind, role: z.role },
    boundary: BOUNDARIES[z.kind] ?? 'unknown',
  });
  const families: Family[] = [
    [
      ...(['caco_rapl_joules_total', 'counter', 'Energy of a zone; add only those of role added.'] as const),
      zones.flatMap((z) =>
        z.energyUj === null ? [] : [row('caco_rapl_joules_total', labelsOf(z), joules(z.energyUj))],
      ),
    ],
    [
      ...(['caco_rapl_gaps_total', 'counter', 'Stretches of time whose energy is not known.'] as const),
      zones.map((z) => row('caco_rapl_gaps_total', labelsOf(z), z.gapCount)),
    ],
    [
      ...(['caco_rapl_machine_joules_total', 'counter', 'Packages and memory together.'] as const),
      totalUj === null
        ? []
        : [row('caco_rapl_machine_joules_total', { boundary: 'packages and memory' }, joules(totalUj))],
    ],
    [
      ...(['caco_rapl_coverage_ratio', 'gauge', 'Share of the time of added zones whose energy is known.'] as const),
      [row('caco_rapl_coverage_ratio', {}, coverageRatio)],
    ],
    [
      ...(['caco_rapl_missed_looks_total', 'counter', 'Looks that were passed over.'] as const),
      [row('caco_rapl_missed_looks_total', {}, pacing.missedTicks)],
    ],
    [
      ...(['caco_rapl_lateness_seconds', 'gauge', 'How late the newest looks were.'] as const),
      (
        [
          ['0.5', pacing.jitterP50Ms],
          ['0.99', pacing.jitterP99Ms],
        ] as const
      ).flatMap(([quantile, ms]) => (ms === null ? [] : [row('caco_rapl_lateness_seconds', { quantile }, ms / 1000)])),
    ],
  ];
  return textOf(families);
};

/**
 * Zones by the names of node-exporter's collector `rapl`, for dashboards that ask for those. Its `index` is the number in a
 * zone's name, and not unique; `path` is. Unlike its own, these never wrap. Not to be scraped beside that collector.
 */
export const nodeExpositionOf = ({ zones }: Snapshot): string => {
  const families = new Map<string, string[]>();
  for (const z of zones) {
    if (z.energyUj === null || z.role === 'mirror') continue;
    const [, plain = z.name, index] = /^(.*?)-?(\d+)?$/.exec(z.name) ?? [];
    const name = `node_rapl_${plain.replace(/[^a-zA-Z0-9_]/g, '_')}_joules_total`;
    const labels = { index: index ?? String(z.socket ?? 0), path: z.id };
    families.set(name, [...(families.get(name) ?? []), row(name, labels, joules(z.energyUj))]);
  }
  return textOf(
    [...families].map(
      ([name, rows]): Family => [name, 'counter', `Energy of ${name.slice(10, -13)} zones in joules.`, rows],
    ),
  );
};

/** Boards: the counter of those that have one, since their driver was loaded; power of all that tell it. */
export const gpuExpositionOf = (looks: readonly GpuLook[]): string => {
  const labelsOf = (look: GpuLook) => ({
    ...{ gpu: look.id, name: look.name, vendor: look.vendor, boundary: 'GPU board' },
    ...look.labels,
  });
  const rows = (
    name: string,
    of: (look: GpuLook) => string | number | null,
    more: (look: GpuLook) => object = () => ({}),
  ) =>
    looks.flatMap((look) => {
      const value = of(look);
      return value === null ? [] : [row(name, { ...labelsOf(look), ...more(look) }, value)];
    });
  return textOf([
    [
      ...(['caco_gpu_joules_total', 'counter', 'Energy of a board since its driver was loaded.'] as const),
      rows('caco_gpu_joules_total', ({ counterUj }) => (counterUj === null ? null : joules(String(counterUj)))),
    ],
    [
      ...(['caco_gpu_watts', 'gauge', 'Power of a board; the label power says whether a mean or a moment.'] as const),
      rows(
        'caco_gpu_watts',
        ({ watts }) => watts,
        ({ powerIs }) => ({ power: powerIs }),
      ),
    ],
  ]);
};
