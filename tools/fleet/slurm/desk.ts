/** What placing, undoing and telling what ran stand on. */
import type { Store } from '../../../domain/store.js';
import type { Clock } from '../../../domain/world.js';
import type { Slurm } from './commands.js';
import type { Controller } from './controller.js';
import type { Waiting } from './queue.js';

export interface Desk {
  readonly slurm: Slurm;
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  /** commands are told and not run */
  readonly rehearses: boolean;
  /** whose jobs may be moved: those whose comment says so, or all but those whose comment says no */
  readonly consent: 'comment' | 'all';
  controller(): Promise<Controller>;
  /** What waits, by Slurm's number. */
  queue(): Promise<ReadonlyMap<string, Waiting>>;
}
