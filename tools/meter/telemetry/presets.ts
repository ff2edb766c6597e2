/** How exporters spell energy: which series are added, whose they are, and what has to be true of them. */
import type { Boundary } from '../../../domain/meter.js';

type Labels = Readonly<Record<string, string>>;

export interface Preset {
  readonly about: string;
  readonly boundary: Boundary;
  readonly selector: string;
  readonly of: 'counter' | 'power';
  /** kWh, or kW, per unit */
  readonly factor: number;
  /** false: it lies within another series, or shows one a second time */
  readonly counts: (labels: Labels) => boolean;
  readonly host: (labels: Labels) => string;
  /** what of the host it is: two series of one part are two exporters */
  readonly part: (labels: Labels) => string;
  /** the register begins anew at one of these, in its own unit; empty: it never does */
  readonly ranges: readonly number[];
  /** 1 while the exporter could read all of it; a part that it cannot read ends the list without an error */
  readonly whole?: string;
  readonly measured: boolean;
}

const J = 1 / 3.6e6;
const withoutPort = (instance = '') => instance.replace(/:\d+$/, '');
const all = () => true;

/** Ranges that processors have by their energy units: 2³² units of 2⁻¹⁴ J, 2⁻¹⁶ J, and 15.3 µJ of memory. */
const RAPL_RANGES = [65_532.610987, 65_712.999613, 262_143.32885];

const NODE_RAPL: Preset = {
  about: 'node-exporter --collector.rapl: processor packages and memory',
  ...{ boundary: 'components', of: 'counter', factor: J, ranges: RAPL_RANGES, measured: true },
  // Dies have names of their own: node_rapl_package_0_die_1_joules_total.
  selector: '{__name__=~"node_rapl_(package|dram).*_joules_total"}',
  // The memory-mapped mirror of a package shows its counter a second time. `index` is not unique; `path` is.
  counts: ({ path = '' }) => !path.includes('intel-rapl-mmio'),
  host: ({ instance }) => withoutPort(instance),
  part: ({ __name__: name = '', path, index }) => `${name} ${path ?? index ?? ''}`,
  whole: 'node_scrape_collector_success{collector="rapl"}',
};

export const PRESETS = {
  'node-rapl': NODE_RAPL,
  kepler: {
    about: 'Kepler 0.10 and later: energy of each node’s packages and memory',
    ...{ boundary: 'components', of: 'counter', factor: J, ranges: [], measured: true },
    selector: 'kepler_node_cpu_joules_total',
    counts: ({ zone = '' }) => /^(package|dram)/.test(zone),
    host: ({ node_name: node, instance }) => node ?? withoutPort(instance),
    part: ({ zone, path }) => `${zone} ${path ?? ''}`,
  },
  scaphandre: {
    about: 'Scaphandre: energy of each host',
    ...{ boundary: 'components', of: 'counter', factor: J * 1e-6, ranges: [], measured: true },
    selector: 'scaph_host_energy_microjoules',
    ...{ counts: all, host: ({ instance }) => withoutPort(instance), part: () => 'host' },
  },
  dcgm: {
    about: 'DCGM exporter: energy of each GPU since its driver was loaded',
    ...{ boundary: 'gpu', of: 'counter', factor: J * 1e-3, ranges: [], measured: true },
    selector: 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION',
    counts: all,
    host: ({ Hostname, instance }) => Hostname ?? withoutPort(instance),
    part: ({ UUID, gpu }) => UUID ?? gpu ?? '',
  },
  joules: {
    about: 'any counter in joules that --query names',
    ...{ boundary: 'server', of: 'counter', factor: J, ranges: [], measured: true },
    ...{ selector: '', counts: all, host: ({ instance }) => withoutPort(instance) },
    part: ({ instance: _, job: __, ...rest }) => JSON.stringify(rest),
  },
  watts: {
    about: 'any power in watts that --query names, such as ipmi_dcmi_power_consumption_watts',
    ...{ boundary: 'server', of: 'power', factor: 1e-3, ranges: [], measured: true },
    ...{ selector: '', counts: all, host: ({ instance }) => withoutPort(instance) },
    part: ({ instance: _, job: __, ...rest }) => JSON.stringify(rest),
  },
} as const satisfies Record<string, Preset>;

export const PRESET_NAMES = Object.keys(PRESETS) as [keyof typeof PRESETS, ...(keyof typeof PRESETS)[]];
