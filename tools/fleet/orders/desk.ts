/** What placing and undoing stand on: a scheduler whose waiting jobs belong to others, as far as an order needs to know it. */
import type { Job } from '../../../domain/job.js';
import type { Placement } from '../../../domain/plan.js';
import type { Store } from '../../../domain/store.js';
import type { Instant } from '../../../domain/time.js';
import type { Clock } from '../../../domain/world.js';
import type { Book } from './book.js';

/** How a job stands with the scheduler now. */
export interface Standing {
  readonly phase: 'waits' | 'runs' | 'ended';
  /** as the scheduler spells it */
  readonly state: string;
  readonly reason: string;
  /** somebody else holds it */
  readonly held: boolean;
  /** from when it may start; null: the scheduler has not said */
  readonly eligibleAt: Instant | null;
  /** when it started; of a job that waits it is nothing but a forecast, and null here */
  readonly startedAt: Instant | null;
}

/** A job of an order. `moved`: it runs otherwise than it would without the plan. */
export interface Item {
  readonly job: Job;
  readonly pieces: readonly Placement[];
  readonly moved?: boolean;
}

/** Why a job is not moved. */
export interface Left {
  readonly state: 'left' | 'lost' | 'not-needed';
  readonly why: string | null;
  /** only because its owner has not said that it may be moved */
  readonly lacksLeave?: true;
}

/** A job that is free to be moved, as it was found. */
export interface Free {
  readonly target: string;
  /** from when it may start as the scheduler says now */
  readonly eligibleAt: Instant | null;
  readonly to: Instant;
}

/** One command to the scheduler, for one job or for several that go together. */
export interface Move {
  readonly targets: readonly string[];
  /** as a person can paste it */
  readonly command: string;
}

/** Moves in the order in which they are carried out. */
export interface Moves {
  readonly moves: readonly Move[];
  /**
   * Carries them out: asked twice is asked once. Answers what the scheduler said of targets that it did not take. Throws Fault
   * `unavailable`; some of them may be done then.
   */
  run(): Promise<ReadonlyMap<string, string>>;
}

export interface Desk {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly book: Book;
  /** commands are told and not run */
  readonly rehearses: boolean;
  /** Does what changes jobs. Throws Fault where it cannot be done now: the scheduler is silent, clocks differ, another one places. */
  deed<T>(work: () => Promise<T>): Promise<T>;
  /** What the scheduler knows a job by, and from when it may start as the plan was made with; null: it is none of its jobs. */
  known(job: Job): { readonly target: string; readonly eligibleAt: Instant | null } | null;
  /**
   * Reads the queue once, and says of each job of an order why it is not moved; null: it is to be moved. `before`: an order that this
   * one replaces had moved it.
   */
  judge(): Promise<(item: Item, before: boolean) => Left | null>;
  /** By the scheduler's name for each; what it does not know is missing. Throws Fault `unavailable`. */
  lookAt(targets: readonly string[]): Promise<ReadonlyMap<string, Standing>>;
  movesOf(free: readonly Free[]): Moves;
  /** What is said of a job whose move was taken and which stands elsewhere all the same. */
  readonly unmoved: string;
}
