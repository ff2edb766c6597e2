/**
 * What was known of the grid, and when: each value with the time that it is about and the time at which we had it. Nothing is
 * overwritten; a value that changed is a new one beside the old. So a plan can be held against what it could know.
 */
import { z } from 'zod';
import type { SignalStatus } from './signal.js';
import type { Instant, Interval } from './time.js';

export const Quantity = z.enum(['carbon', 'price', 'temperature', 'demand', 'system-price', 'frequency']);
export type Quantity = z.infer<typeof Quantity>;

/** One signal of one source. What stands in the unit (kind of intensity, currency, basis of a price) never mixes. */
export interface SignalKey {
  /** as CACO_GRID spells it */
  readonly source: string;
  readonly region: string;
  readonly quantity: Quantity;
  /** `g/kWh average operational`, `GBP/MWh retail`, `°C` */
  readonly unit: string;
}

/** What a source said of one step. */
export interface Said {
  readonly at: Instant;
  readonly minutes: number;
  /** null: it was asked and has nothing */
  readonly value: number | null;
  readonly status: SignalStatus;
  /** when its publisher says that it was published; null where it does not say */
  readonly published: Instant | null;
}

export interface GridValue extends Said {
  /** when we had it for the first time */
  readonly retrieved: Instant;
  /** when the source last said the same */
  readonly checked: Instant;
}

export interface KeptSignal extends SignalKey {
  readonly steps: number;
  readonly from: Instant;
  /** start of the last step */
  readonly to: Instant;
  readonly retrieved: Instant;
}

/** Kept in the store, shared by all processes over it. */
export interface GridValues {
  /**
   * Of each step that reaches into the interval the newest that we had by `asOf`, in order of time: what was foreseen of it and
   * what came of it are two values.
   */
  read(signal: SignalKey, interval: Interval, asOf: Instant): Promise<GridValue[]>;
  /**
   * Adds what differs from the newest that is kept and notes of the rest that it still holds, all or nothing. A gap never
   * replaces a value. Answers how many values were added.
   */
  write(signal: SignalKey, said: readonly Said[], retrieved: Instant): Promise<number>;
  /** Everything that is kept, by signal; steps without a value are not counted. */
  signals(): Promise<KeptSignal[]>;
}
