/** Every way in which the program touches what it does not control. Behind each port stands an adapter, simulated or real. */
import { z } from 'zod';
import type { Thresholds } from './decision.js';
import type { Entry, EntryBody } from './evidence.js';
import type { Job } from './job.js';
import type { Method } from './method.js';
import type { Placement } from './plan.js';
import type { CarbonSignal, PriceSignal } from './signal.js';
import type { Site } from './site.js';
import { defineRows, type Store } from './store.js';
import { Instant, type Interval } from './time.js';

export interface Clock {
  now(): Instant;
  /** A simulated clock jumps; a real one sleeps. Rejects when the signal aborts. */
  waitUntil(at: Instant, signal?: AbortSignal): Promise<void>;
}

export interface Grid {
  /** Regions with a carbon signal. */
  regions(): Promise<string[]>;
  /**
   * Carbon intensity over an interval. `forecast` is what is known at the clock's now, `actual` what came true.
   * Steps without data are null. Fault `not-found` for a region without a signal.
   */
  carbon(region: string, interval: Interval, status: 'forecast' | 'actual'): Promise<CarbonSignal>;
  /** Wholesale or retail energy price over an interval, in the signal's currency per MWh. */
  price(region: string, interval: Interval, status: 'forecast' | 'actual'): Promise<PriceSignal>;
}

/** One contiguous piece that really ran, with what it really used. */
export const Ran = z.strictObject({
  jobId: z.string(),
  region: z.string(),
  start: Instant,
  end: Instant,
  energyKwh: z.number().describe('facility energy'),
  source: z.enum(['measured', 'modelled', 'simulated']),
});
export type Ran = z.infer<typeof Ran>;

/** Rows by order key. */
export const RAN = defineRows('ran', Ran);

export interface Fleet {
  sites(): Promise<Site[]>;
  /** Jobs that wait and may start within the interval, in pages. */
  waiting(interval: Interval): AsyncIterable<Job[]>;
  /**
   * Asks the fleet to run jobs at these places and times. `key` travels to the scheduler: a second call with it changes
   * nothing. Answers how many pieces were accepted.
   */
  place(order: { key: string; pages: AsyncIterable<{ job: Job; pieces: Placement[] }[]> }): Promise<{ placed: number }>;
  /** What ran of an order up to the clock's now. */
  ran(key: string): AsyncIterable<Ran[]>;
}

/** A ticket ready to be filed: the neutral document is rendered by each tracker's adapter. */
export interface TicketTracker {
  readonly name: string;
  /**
   * Creates or updates the ticket that carries this key and answers where it stands. At least once; a tracker that
   * cannot promise more looks the key up before it creates again.
   */
  file(ticket: {
    key: string;
    title: string;
    labels: string[];
    markdown: string;
    adf: unknown;
  }): Promise<{ ref: string; url: string }>;
}

export interface Ledger {
  /** Each entry is durable before the answer. */
  append(bodies: readonly EntryBody[]): Promise<Entry[]>;
  read(from: number, limit: number): Promise<Entry[]>;
  size(): Promise<number>;
}

export interface Model {
  readonly name: string;
  /**
   * Words for a named prompt and its facts; null when the model gave nothing usable within its budget. The caller then
   * speaks by template. Facts are data: the adapter never places them in the system message.
   */
  words(
    prompt: string,
    facts: unknown,
    options?: { signal?: AbortSignal; schema?: z.ZodType; onText?: (piece: string) => void },
  ): Promise<string | null>;
}

export interface World {
  readonly clock: Clock;
  readonly grid: Grid;
  readonly fleet: Fleet;
  readonly tickets: TicketTracker;
  readonly ledger: Ledger;
  /** null: no model is configured and templates speak. */
  readonly model: Model | null;
  readonly store: Store;
  /** Constants of method in force. */
  readonly method: Method;
  readonly thresholds: Thresholds;
  readonly scenario: {
    readonly name: string;
    readonly title: string;
    readonly currency: string;
    readonly dataNote: string;
    readonly seed: number;
  };
}
