/** Where work can run: every adapter behind the port Fleet by the name that the setting `fleet` chooses it with, loaded when it is opened. */
import type { Fleet } from '../../../domain/world.js';
import type { FleetGround } from '../ground.js';
import type { KubernetesSettings } from '../kubernetes/kubernetes.js';
import type { SlurmSettings } from '../slurm/slurm.js';

export type { FleetGround } from '../ground.js';

/** The program's settings that a fleet reads, as settings.ts names them. */
export interface FleetSettings extends SlurmSettings, KubernetesSettings {
  readonly fleet: string;
}

export interface FleetAdapter {
  /** Whose jobs these are and how it is known what ran of them, in sentences. When left out: the fleet says so itself. */
  readonly note?: string;
  /** True where work runs by the system's clock; else the world's time may jump. */
  readonly live: boolean;
  /** Throws Fault `invalid-input` that names a setting which is missing, `unavailable` where the scheduler does not answer. */
  readonly open: (settings: FleetSettings, ground: FleetGround) => Fleet | Promise<Fleet>;
}

export const FLEETS = {
  files: {
    live: false,
    note: 'Jobs as taken in, and taken to run as placed: nothing measures them.',
    open: async (_, ground) => (await import('./files.js')).filesFleet(ground),
  },
  slurm: {
    live: true,
    note: 'Jobs that wait in Slurm; what ran of them is what its accounts say, with energy that its plugin measures, or modelled.',
    open: async (settings, ground) => (await import('../slurm/slurm.js')).slurmFleet(settings, ground),
  },
  kubernetes: {
    live: true,
    note: 'Jobs that wait in Kubernetes; what ran of them is what it says of Jobs and pods, with energy from a meter, or modelled.',
    open: async (settings, ground) => (await import('../kubernetes/kubernetes.js')).kubernetesFleet(settings, ground),
  },
} satisfies Record<string, FleetAdapter>;
