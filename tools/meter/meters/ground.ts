/** What an adapter of a meter may build on. */
import type { LiveReading } from '../../../domain/meter.js';
import type { Store } from '../../../domain/store.js';
import type { Instant } from '../../../domain/time.js';
import type { Clock } from '../../../domain/world.js';
import type { Timer } from '../../../wire/wire.js';

export interface MeterGround {
  readonly store: Store;
  /** the world's clock, by which what is simulated runs */
  readonly clock: Pick<Clock, 'now'>;
  /** what time it is outside: a real meter measures the present, whatever week the world lives in */
  readonly present: () => Instant;
  /** Counters of this machine as its daemon tells them. Fault `unavailable` without a daemon. */
  readonly daemon: (socketPath: string | undefined) => Promise<LiveReading[]>;
  /** Counters of a simulated machine at the world's now. */
  readonly simulated: () => LiveReading[];
  /** another timer, for tests */
  readonly timer?: Timer;
}

/** The program's settings that a meter reads, as settings.ts names them. */
export interface MeterSettings {
  readonly meter: string;
  readonly meterUrl?: string | undefined;
  readonly meterToken?: string | undefined;
  readonly meterUser?: string | undefined;
  readonly meterPassword?: string | undefined;
  readonly meterSocket?: string | undefined;
}
