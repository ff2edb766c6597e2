/** What every fleet stands on, whichever the setting chooses. */
import type { JobForecaster } from '../../domain/job-forecast.js';
import type { Site } from '../../domain/site.js';
import type { Store } from '../../domain/store.js';
import type { Clock } from '../../domain/world.js';

/** Where a fleet keeps things, what time it is, and the sites that the configuration brings. */
export interface FleetGround {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  /** Imported sites stand in for those of the same id; others are added. */
  readonly sites: readonly Site[];
  /** how long jobs that say only a limit will run; absent or null: as long as was asked for */
  readonly jobForecaster?: JobForecaster | null;
}
