/** What a dialect is: readers and writers between the wire and the one model, for whoever buys in it and whoever sells. */
import type { DialectName, MarketContext, MarketReply, MarketRequest } from '../../../domain/market.js';
import type { Refusal } from '../refusal.js';

/** A callback without its context: `message`, or `error`. */
export interface Said {
  readonly message?: unknown;
  readonly error?: unknown;
}

export interface Buying {
  /** What stands beside the context. */
  writeRequest(request: MarketRequest, context: MarketContext): unknown;
  /** Throws Refusal. */
  readReply(action: string, body: Said): MarketReply;
}

export interface Selling {
  /** Throws Refusal. */
  readRequest(action: string, message: unknown): MarketRequest;
  writeReply(action: string, reply: MarketReply): { readonly message: unknown } | { readonly error: unknown };
}

/** As much of a dialect as it takes to tell who speaks, and to answer at once. */
export interface Envelope {
  readonly name: DialectName;
  /** Whether a message is meant to be in it. */
  recognises(context: Record<string, unknown>): boolean;
  /** Actions have our names, whatever the dialect calls them. Throws Refusal. */
  readContext(context: unknown): MarketContext;
  /** How it calls an action, in the context and as the last part of the path. */
  spell(action: string): string;
  /** The answer to be given at once: ACK, or why not. `context` is the sender's, as it came. */
  acknowledge(context: unknown, nowMs: number, refusal: Refusal | null): Record<string, unknown>;
}

export interface Dialect extends Envelope, Buying {
  /** As we spell its version. */
  readonly version: string;
  writeContext(context: MarketContext): Record<string, unknown>;
  /** null: we buy in it, and do not sell. */
  readonly selling: Selling | null;
}

/** ACK and NACK of the dialects before 2.0. */
export const acknowledgement = (error: unknown): Record<string, unknown> =>
  error === null ? { message: { ack: { status: 'ACK' } } } : { message: { ack: { status: 'NACK' } }, error };
