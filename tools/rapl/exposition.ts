/** A snapshot as Prometheus reads it (text format 0.0.4). Counters never fall within a boot; what is not known is absent, not 0. */
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

export const expositionOf = ({ zones, totalUj, coverageRatio, pacing }: Snapshot): string => {
  const labelsOf = (z: Snapshot['zones'][number]) => ({
    ...{ zone: z.id, name: z.name, kind: z.kind, role: z.role },
    boundary: BOUNDARIES[z.kind] ?? 'unknown',
  });
  const families: [name: string, type: string, help: string, rows: string[]][] = [
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
  const told = families.filter(([, , , rows]) => rows.length > 0);
  return `${told.map(([name, type, help, rows]) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...rows].join('\n')).join('\n')}\n`;
};
