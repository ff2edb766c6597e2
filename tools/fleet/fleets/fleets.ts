/** Where work can run: every adapter behind the port Fleet by the name that the setting `fleet` chooses it with. */
import type { Site } from '../../../domain/site.js';
import type { Store } from '../../../domain/store.js';
import type { Clock, Fleet } from '../../../domain/world.js';
import { filesFleet } from './files.js';

/** What a fleet stands on: where it keeps things, what time it is, and the sites that the configuration brings. */
export interface FleetGround {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  /** Imported sites stand in for those of the same id; others are added. */
  readonly sites: readonly Site[];
}

/** The program's settings that a fleet reads, as config.ts names them. */
export interface FleetSettings {
  readonly fleet: string;
}

export interface FleetAdapter {
  /** True where work runs by the system's clock; else the world's time may jump. */
  readonly live: boolean;
  /** Throws Fault `invalid-input` that names a setting which is missing, `unavailable` where the scheduler does not answer. */
  readonly open: (settings: FleetSettings, ground: FleetGround) => Fleet | Promise<Fleet>;
}

export const FLEETS = {
  files: { live: false, open: (_, ground) => filesFleet(ground) },
} satisfies Record<string, FleetAdapter>;
