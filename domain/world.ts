/** Every way in which the program touches what it does not control. Behind each port stands an adapter, simulated or real. */
import { z } from 'zod';
import type { Chain } from './chain.js';
import type { Change } from './change.js';
import type { Audit, Checkpoint, Entry, EntryBody } from './evidence/evidence.js';
import type { Fate } from './fate.js';
import type { Finding } from './finding.js';
import type { RespondingFleet } from './flexibility/running.js';
import type { Job, WorkloadOrigin } from './job.js';
import type { JobForecaster } from './job-forecast.js';
import type { LiveGrid } from './live-grid.js';
import type { MeterCard, MeteredEnergy, MeterLook, MeterSpan } from './meter.js';
import type { Method } from './method.js';
import type { Placement } from './plan.js';
import type { Provenance } from './provenance.js';
import type { Setting } from './setting.js';
import type { CarbonSignal, PriceSignal } from './signal.js';
import type { Site } from './site.js';
import { defineRows, type Store } from './store.js';
import type { Telemetry } from './telemetry.js';
import { Instant, type Interval } from './time.js';
import type { UsageForecaster } from './usage.js';

export type { FeedState, LiveGrid, Refreshed } from './live-grid.js';

export interface Clock {
  /** It is the system's, so that waiting takes as long as it says; a simulated one jumps. */
  readonly live: boolean;
  now(): Instant;
  /** Rejects when the signal aborts. */
  waitUntil(at: Instant, signal?: AbortSignal): Promise<void>;
}

/** How clean electricity is. */
export interface CarbonSource {
  /** Regions that it has a signal for. */
  regions(): Promise<string[]>;
  /**
   * Carbon intensity over an interval. `forecast` is what is known at the clock's now, `actual` what came true.
   * Steps without data are null. Fault `not-found` for a region without a signal.
   */
  carbon(region: string, interval: Interval, status: 'forecast' | 'actual'): Promise<CarbonSignal>;
}

/** What electricity costs: another question than how clean it is, often answered by somebody else. */
export interface PriceSource {
  /** Regions that it has prices for. */
  regions(): Promise<string[]>;
  /** Wholesale or retail energy price over an interval, in the signal's currency per MWh. */
  price(region: string, interval: Interval, status: 'forecast' | 'actual'): Promise<PriceSignal>;
}

/** Both questions of one world. `regions` are those with a carbon signal; a region that nobody prices has null prices. */
export interface Grid extends CarbonSource, PriceSource {
  /** What only live sources have; absent where the grid is a recording, a file or simulated. */
  readonly live?: LiveGrid;
}

/** Both signals of a region, asked for at once: who waits for silent sources waits once. Where neither is had, carbon's fault is thrown. */
export const carbonAndPrice = async (
  grid: Pick<Grid, 'carbon' | 'price'>,
  ...asked: Parameters<Grid['carbon']>
): Promise<{ carbon: CarbonSignal; price: PriceSignal }> => {
  const paid = grid.price(...asked);
  paid.catch(() => {});
  return { carbon: await grid.carbon(...asked), price: await paid };
};

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

export interface Placed {
  /** pieces that were accepted */
  placed: number;
  /** jobs that were not taken and run as they would have without the plan; `changes` says why */
  left?: string[];
  /** jobs that a rehearsal would move; then nothing was placed */
  rehearsed?: number;
}

export interface Undone {
  /** jobs that are where they were before the order */
  readonly undone: readonly string[];
  /** jobs that were left as they are: started, or changed by somebody else since */
  readonly kept: readonly string[];
  /** in a rehearsal: what would be run; else what was */
  readonly commands: readonly string[];
}

export interface Fleet {
  sites(): Promise<Site[]>;
  /**
   * Jobs that wait and may start within the interval, in pages. As long as the same jobs wait they come in the same order:
   * a workload is named by its jobs one after the other.
   */
  waiting(interval: Interval): AsyncIterable<Job[]>;
  /**
   * Asks the fleet to run jobs at these places and times. `key` travels to the scheduler: a second call with it changes
   * nothing, and one after a call that was cut short completes it. `replaces` is the key of an earlier order that this one was
   * made to replace: jobs of it that are among these move over whole, the rest of it stays. `origin` says whether the jobs come
   * from its own queue (when left out) or were brought by somebody; `moved` whether a job runs otherwise than it would without
   * the plan: a scheduler's own job that does not is left as it is.
   */
  place(order: {
    key: string;
    origin?: WorkloadOrigin | undefined;
    replaces?: string | undefined;
    pages: AsyncIterable<{ job: Job; pieces: Placement[]; moved?: boolean }[]>;
  }): Promise<Placed>;
  /** Why work that runs there cannot be interrupted; absent: `place` with `replaces` does it. */
  readonly cannotPause?: string;
  /** True where placing changes nothing yet and only tells what it would do. */
  readonly rehearses?: boolean;
  /** True in a pilot: it never takes anything, and what would be placed is kept apart (domain/watched.ts). Such a fleet rehearses too. */
  readonly watches?: true;
  /**
   * What was done to a scheduler's own jobs for an order, or under the name of its rehearsal would be: each written down before it was
   * done. In pages, nothing for a key that is not known. Absent where the fleet moves no jobs of anybody's.
   */
  changes?(key: string): AsyncIterable<Change[]>;
  /**
   * Puts back what `place` changed under the key, where nobody has changed it since. A second call completes one that was cut
   * short, and tells all of it again; a later `place` with the key does nothing.
   */
  undo?(key: string): Promise<Undone>;
  /** What runs in a region now, and what can be done to it within seconds; absent where nobody can say it or do it. */
  responding?(region: string): Promise<RespondingFleet>;
  /** For an operator: who answers there, what is kept and measured, and what we may do. Absent where there is nobody to ask. */
  examine?(): Promise<Finding[]>;
  /**
   * What ran of an order up to the clock's now: every piece once, in any order, those of one job not necessarily together
   * (gatherByJob in schedule.ts brings them together). A piece that still runs ends now. Nothing for a key that is not known.
   */
  ran(key: string): AsyncIterable<Ran[]>;
  /** What ran by itself, up to now, of the jobs of an order that was only rehearsed; absent where nobody keeps such accounts. */
  ranByItself?(key: string): AsyncIterable<Ran[]>;
}

/** Measured energy: what is kept of meters, and what can be read of them now. */
export interface Meter {
  /** Every meter that something is kept of, in order of its id. */
  meters(): Promise<MeterCard[]>;
  /** Kept spans that touch the interval, in order of time. Nothing for a meter that is not known. */
  spans(meterId: string, interval: Interval): AsyncIterable<MeterSpan[]>;
  /** What a meter knows of an interval; of a meter that is not known, nothing. */
  energy(meterId: string, interval: Interval): Promise<MeteredEnergy>;
  /** Looks at what can be read now; no readings where nothing can. Fault `unavailable` where a meter does not answer. */
  read(signal?: AbortSignal): Promise<MeterLook>;
  /** What a server remembers of it; absent where none does. */
  readonly telemetry?: Telemetry;
}

/** A ticket ready to be filed: the neutral document in both renderings; each tracker takes the one it speaks. */
export interface TicketDraft {
  /** `caco-` and 16 hex digits; names the ticket at the tracker for good */
  key: string;
  title: string;
  labels: string[];
  markdown: string;
  adf: unknown;
  /** UTC date, `YYYY-MM-DD`, after which acting no longer helps */
  dueDate?: string | null;
}

/** A ticket as the tracker has it. */
export interface FoundTicket {
  ref: string;
  url: string;
  open: boolean;
  /** closed as not wanted or as a duplicate, not as done */
  declined: boolean;
  /** a person has taken it over */
  assigned: boolean;
}

/** What a tracker's Fault says in `details`, so that a sender knows what it may do next. */
export interface TrackerTrouble {
  fate: Fate;
  /** seconds that the tracker asked to wait */
  retryAfterS: number | null;
}

/** Where people read tickets. Every method throws Fault with TrackerTrouble in `details`. */
export interface TicketTracker {
  readonly name: string;
  /** Project, repository or folder: keys are unique within it and one sender at a time works on it. */
  readonly project: string;
  /** Which installation of ours files here; part of every key, so that a test system never touches production's tickets. */
  readonly deployment: string;
  /** Seconds after a creation of unknown fate at which `find` is asked before it is created again; empty: `find` never lags. */
  readonly lookupDelaysS: readonly number[];
  /** The time by which waits and daily caps at this tracker are counted. */
  now(): Instant;
  /** Creates the ticket and answers where it stands; `dropped` names optional parts that the tracker would not take. */
  file(ticket: TicketDraft): Promise<{ ref: string; url: string; dropped?: string[] }>;
  /** Every ticket that carries the key, the oldest first. */
  find(key: string): Promise<FoundTicket[]>;
  /** Replaces title, labels and description. */
  update(ref: string, ticket: TicketDraft): Promise<void>;
  /** Adds a comment once: a second call with the same id changes nothing. */
  comment(ref: string, comment: { id: string; markdown: string; adf: unknown }): Promise<void>;
  /** False when the tracker offers no way to close it; a person has to. */
  close(ref: string, as: 'done' | 'not-wanted'): Promise<boolean>;
  /** False when the tracker offers no way back. */
  reopen(ref: string): Promise<boolean>;
}

export interface Ledger {
  /** Each entry is durable before the answer. Calls that come at once share one commit. */
  append(bodies: readonly EntryBody[]): Promise<Entry[]>;
  read(from: number, limit: number): Promise<Entry[]>;
  size(): Promise<number>;
  /** The newest signed state; null before the first signature. */
  head(): Promise<Checkpoint | null>;
  /**
   * Signs what is there and keeps the signature; the newest one when nothing has come since. Fault `conflict` when the
   * entries do not continue what was signed before: a rolled-back or rewritten store is never signed.
   */
  checkpoint(): Promise<Checkpoint>;
  /** Signs first when the newest checkpoint does not cover the entry. Fault `not-found` beyond the end. */
  prove(seq: number): Promise<EntryProof>;
  /** Reads everything in pages. `since` is the text of a checkpoint that somebody kept. */
  audit(options?: {
    since?: string | undefined;
    signal?: AbortSignal | undefined;
    progress?: ((done: number, total: number) => void) | undefined;
  }): Promise<Audit>;
  /** Writes records.ndjson, tiles/ and vkeys.txt as of a checkpoint made now. */
  exportTo(
    folder: string,
    options?: { signal?: AbortSignal | undefined; progress?: ((done: number, total: number) => void) | undefined },
  ): Promise<{ checkpoint: Checkpoint; files: string[] }>;
}

/** What a stranger needs to check one entry, beside the ledger's public key. */
export interface EntryProof {
  /** the entry's bytes, without a newline */
  readonly leaf: string;
  /** `c2sp.org/tlog-proof@v1` */
  readonly bundle: string;
  readonly checkpoint: Checkpoint;
}

/** A tool as a model may see it: reading ones only. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, an object at its root */
  readonly parameters: unknown;
}

export interface ModelCall {
  readonly name: string;
  /** as the model gave them: unchecked */
  readonly arguments: unknown;
}

export interface ModelMessage {
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: string;
  readonly toolName?: string;
  readonly calls?: readonly ModelCall[];
}

/** Why a model gave nothing usable. */
export interface ModelTrouble {
  readonly kind:
    | 'timeout'
    | 'aborted'
    | 'unreachable'
    | 'model-missing'
    | 'server-error'
    | 'refused'
    | 'cut-off'
    | 'malformed'
    | 'prompt-cut'
    | 'length'
    | 'empty'
    | 'over-budget'
    | 'resting';
  readonly message: string;
  readonly remedy: string;
}

export type ModelReply =
  | {
      readonly ok: true;
      readonly text: string;
      readonly calls: readonly ModelCall[];
      readonly promptTokens: number;
      readonly replyTokens: number;
    }
  | { readonly ok: false; readonly trouble: ModelTrouble };

/** What one run or one answer may spend on the model; every call takes from it. */
export interface ModelBudget {
  secondsLeft: number;
  tokensLeft: number;
  /** second chances, whether after a lost connection or after a text that was refused */
  retriesLeft: number;
}

export interface Model {
  readonly name: string;
  /** how long one answer may take in all, second chances included; 30 when left out */
  readonly secondsPerAnswer?: number;
  /**
   * Words for a named prompt and its facts; null when the model gave nothing usable within its budget. The caller then
   * speaks by template. Facts are data: the adapter never places them in the system message. With a schema the answer is
   * the JSON text of a value that satisfies it.
   */
  words(
    prompt: string,
    facts: unknown,
    options?: {
      signal?: AbortSignal;
      schema?: z.ZodType;
      onText?: (piece: string) => void;
      budget?: ModelBudget;
      /** told why, when the answer is null */
      onTrouble?: (trouble: ModelTrouble) => void;
    },
  ): Promise<string | null>;
  /** One reply of a conversation whose system message is the named prompt and nothing else. Never throws for the model's failures. Absent: this model only writes words. */
  readonly converse?: (
    prompt: string,
    messages: readonly ModelMessage[],
    options: {
      tools?: readonly ModelTool[];
      budget: ModelBudget;
      signal?: AbortSignal;
      onText?: (piece: string) => void;
    },
  ) => Promise<ModelReply>;
}

export interface World {
  readonly clock: Clock;
  readonly grid: Grid;
  readonly fleet: Fleet;
  readonly meter: Meter;
  readonly tickets: TicketTracker;
  readonly ledger: Ledger;
  /** null: no model is configured and templates speak. */
  readonly model: Model | null;
  readonly store: Store;
  /** How long jobs with a limit will really run. Absent or null: they are taken to run as long as was asked for. */
  readonly jobForecaster?: JobForecaster | null;
  /** What a site would have used. Absent: nothing is judged by it. */
  readonly usageForecaster?: UsageForecaster | null;
  /** Where tokens are minted. Absent: nowhere. */
  readonly chain?: Chain | null;
  /** Constants of method in force. */
  readonly method: Method;
  readonly setting: Setting;
  readonly provenance: Provenance;
}
