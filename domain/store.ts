/**
 * The store's port: what we keep. Two shapes carry everything: a *collection* of documents with a version each
 * (plans, approvals, tickets), and *rows* in large sets that are written once and read in pages (jobs of a workload,
 * placements of a plan). A room declares its own with defineCollection and defineRows beside its noun.
 */
import type { z } from 'zod';
import type { Entry, EntryBody, EntryText } from './evidence/evidence.js';
import { Fault } from './fault.js';
import type { GridValues } from './grid-values.js';
import type { HeldLease } from './lease.js';
import type { Mail } from './mail.js';
import type { Instant } from './time.js';

export interface CollectionOf<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** From when on nobody looks for a document but by its id; null: not yet. Without it all of them stay open. */
  overAt?(value: T): Instant | null;
}
export interface RowsOf<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** A row as JSON, for sets that are so large that JSON.stringify is felt; parses to what it was given. */
  readonly toText?: ((value: T) => string) | undefined;
}

export const defineCollection = <S extends z.ZodType>(
  name: string,
  schema: S,
  overAt?: (value: z.output<S>) => Instant | null,
): CollectionOf<z.output<S>> => ({
  name,
  schema: schema as unknown as z.ZodType<z.output<S>>,
  ...(overAt && { overAt }),
});
export const defineRows = <S extends z.ZodType>(
  name: string,
  schema: S,
  toText?: (value: z.output<S>) => string,
): RowsOf<z.output<S>> => ({
  name,
  schema: schema as unknown as z.ZodType<z.output<S>>,
  toText,
});

/** A document with the version that compare-and-swap needs; versions count from 1. */
export interface Versioned<T> {
  readonly id: string;
  readonly version: number;
  readonly value: T;
}

export interface Page {
  /** the id or row number after which to go on */
  readonly after?: string | undefined;
  /** 1000 when left out */
  readonly limit?: number;
}

export interface Collection<T> {
  get(id: string): Promise<Versioned<T> | undefined>;
  /** Fault `conflict` when the id is taken. */
  insert(id: string, value: T): Promise<void>;
  /** Inserts or overwrites. */
  put(id: string, value: T): Promise<void>;
  /** Overwrites only when the stored version is still `version`; false when somebody was faster. */
  replace(id: string, version: number, value: T): Promise<boolean>;
  delete(id: string): Promise<void>;
  /** In order of insertion, newest first. */
  list(page?: Page): Promise<Versioned<T>[]>;
  /** Those that are not over by a moment, newest first, however many are: what a program looks at again and again stays as short as what is under way. */
  open(at: Instant): Promise<Versioned<T>[]>;
  /** The ids of those that are, at most 1000. */
  over(by: Instant): Promise<string[]>;
  /** All of them, newest first. What cannot be read is told to `unreadable` and passed over, for one document must not hide the others. */
  pages(unreadable: (fault: Fault) => void): AsyncIterable<Versioned<T>[]>;
}

export interface Rows<T> {
  /** Appends in order. `id` names a row within its set; Fault `conflict` when it is taken. */
  append(set: string, items: readonly { readonly id: string; readonly value: T }[]): Promise<void>;
  /** Overwrites rows by id; unknown ids are appended. */
  upsert(
    set: string,
    items: readonly { readonly id: string; readonly value: T }[],
  ): Promise<{ added: number; changed: number }>;
  /** All rows in order, in pages of bounded size. */
  pages(set: string, size?: number): AsyncIterable<T[]>;
  page(set: string, page: Page): Promise<{ items: T[]; next: string | null }>;
  find(set: string, id: string): Promise<T | undefined>;
  /** Those of the named rows that are there, by id. */
  findAll(set: string, ids: readonly string[]): Promise<Map<string, T>>;
  /** Unknown ids are passed over. */
  remove(set: string, ids: readonly string[]): Promise<void>;
  count(set: string): Promise<number>;
  clear(set: string): Promise<void>;
  /** Gives a whole set its final name; rows that had that name before are gone. */
  rename(set: string, to: string): Promise<void>;
}

/** A deed moves intended → done | failed; one that is still intended after a crash is unknown until its peer was asked. */
export interface Deed {
  readonly key: string;
  readonly tool: string;
  readonly actor: string;
  readonly inputDigest: string;
  readonly state: 'intended' | 'done' | 'failed';
  readonly output: unknown;
  readonly at: Instant;
}

export interface Deeds {
  get(key: string): Promise<Deed | undefined>;
  /** True when this call wrote the intention, false when the key was there already. */
  intend(deed: Omit<Deed, 'state' | 'output'>): Promise<boolean>;
  /** False when it was not intended any more: somebody else has finished it. */
  finish(key: string, state: 'done' | 'failed', output: unknown): Promise<boolean>;
  /** Throws away what was settled and begun before an instant, by key; how many. What is still intended stays. */
  forget(before: Instant, mayGo: (key: string) => boolean): Promise<number>;
}

/** A signed state of the ledger as it is kept; one for each size, for good. */
export interface StoredCheckpoint {
  readonly size: number;
  /** Merkle root, base64 */
  readonly root: string;
  /** the signed note with all its signatures */
  readonly note: string;
  readonly at: Instant;
}

/** The ledger's rows. Appends of several processes are serialised by the database within `append`'s transaction. */
export interface Entries {
  /**
   * Assigns sequence numbers and hashes, in order, without gaps; durable when it answers. Fault `invalid-input` for a body
   * that is not JSON or too large, `unavailable` when the disk is full; then nothing was appended.
   */
  append(bodies: readonly EntryBody[]): Promise<Entry[]>;
  /** From a sequence number on, ascending. */
  read(from: number, limit: number): Promise<Entry[]>;
  /** As `read`, but as kept and unparsed: for proofs, audit and export. */
  texts(from: number, limit: number): Promise<EntryText[]>;
  /** One more than the newest sequence number. */
  size(): Promise<number>;
  /** Merkle hashes (hex) of complete subtrees with 256^level leaves, level >= 1, from an index on, ascending. */
  nodes(level: number, from: number, limit: number): Promise<string[]>;
  /** False when a checkpoint of this size is there already. Fault `conflict` when a larger one is, or fewer entries are. */
  keepCheckpoint(checkpoint: StoredCheckpoint): Promise<boolean>;
  /** Compare and swap of the note, to add signatures; false when it is no longer `before`. */
  replaceNote(size: number, before: string, after: string): Promise<boolean>;
  lastCheckpoint(): Promise<StoredCheckpoint | undefined>;
  /** In order of size, those above `after`. */
  checkpoints(after: number, limit: number): Promise<StoredCheckpoint[]>;
}

export interface Tx {
  collection<T>(of: CollectionOf<T>): Collection<T>;
  rows<T>(of: RowsOf<T>): Rows<T>;
  readonly deeds: Deeds;
  readonly entries: Entries;
  readonly gridValues: GridValues;
  readonly mail: Mail;
}

/** `pooled`: a pooler stands between, so that a session is not ours. `makesTables`: as an update of the program may have to. */
export type AboutStore =
  | { readonly kind: 'sqlite'; readonly version: string }
  | {
      readonly kind: 'postgres';
      readonly version: string;
      readonly pooled: boolean;
      readonly standby: boolean;
      readonly makesTables: boolean;
    };

/** What a Fault of the store says of itself that may pass: it cannot be reached, or not written, for now. */
export const AWAY = { away: true } as const;

/** Whoever may wait asks again later; anything else stays as it is until a person sees to it. */
export const isAway = (error: unknown): error is Fault & { readonly details: typeof AWAY } =>
  error instanceof Fault && (error.details as { away?: unknown } | undefined)?.away === true;

export interface Store extends Tx {
  /** All or nothing, serialised against other writers. Never awaits anything outside the database. */
  transaction<R>(work: (tx: Tx) => Promise<R>): Promise<R>;
  /**
   * What one process may do at a time, by name; null while another does. A holder that was not heard of for `leaseMs` (half a minute
   * when left out) loses it to the next who asks, and one of this machine that has died at once. What is then written under it is
   * Fault `conflict`, and nothing of it is kept.
   */
  hold(name: string, leaseMs?: number): Promise<HeldLease | null>;
  /**
   * Writes a copy of everything as it is now, while others go on writing. Fault `conflict` when the file is there already,
   * `unsupported` where the database has a tool of its own for it.
   */
  backup(file: string): Promise<void>;
  /** What stands behind it. */
  about(): Promise<AboutStore>;
  /** Bytes that it takes up on its disk. */
  size(): Promise<number>;
  /** Gives freed space back to the disk. False where others use the store at the moment, or where the database does so itself. */
  shrink(): Promise<boolean>;
  close(): Promise<void>;
}
