/** What only live sources of the grid have: how each of their signals does, and asking them anew. */
import type { Quantity, SignalKey } from './grid-values.js';
import type { CarbonSignal } from './signal.js';
import type { Instant, Interval } from './time.js';

/** A signal of a live source, and how it does. */
export interface FeedState extends SignalKey {
  readonly attribution: string;
  /** when the source last told something of it; null: never */
  readonly retrieved: Instant | null;
}

/** One region's signal, asked for anew. */
export interface Refreshed extends SignalKey {
  readonly requests: number;
  /** values that were not known, or were known otherwise */
  readonly added: number;
  /** steps without a value, of those that the source can tell by now */
  readonly gaps: number;
  /** why the source did not answer; null: it did */
  readonly trouble: string | null;
}

/** The live sources themselves, and what is kept of what they said. */
export interface LiveGrid {
  feeds(): Promise<FeedState[]>;
  /**
   * Asks the sources for what is missing of the interval, one request after the other; `anew`: also for what is known and may have
   * changed. A source that is down is named in the answer.
   */
  refresh(
    wanted: {
      readonly interval: Interval;
      readonly regions: readonly string[];
      readonly sources?: readonly string[] | undefined;
      /** all when left out */
      readonly quantities?: readonly Quantity[] | undefined;
      readonly anew?: boolean | undefined;
    },
    by: { readonly signal: AbortSignal; readonly progress: (done: number, total: number, message: string) => void },
  ): Promise<Refreshed[]>;
  /** What was known of the region's carbon intensity by `at`; null: nothing was. */
  carbonAsOf(region: string, interval: Interval, at: Instant): Promise<CarbonSignal | null>;
  /** What a source says of another quantity; null where none tells it. The region of a temperature is `latitude,longitude`. */
  quantity(
    what: Quantity,
    region: string,
    interval: Interval,
  ): Promise<(Pick<CarbonSignal, 'source' | 'issuedAt' | 'series' | 'notes'> & { readonly unit: string }) | null>;
}
