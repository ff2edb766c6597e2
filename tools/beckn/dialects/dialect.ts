/** What a dialect is: a reader and a writer between the wire and the one model. */
import type { DialectName, MarketContext, MarketReply, MarketRequest } from '../../../domain/market.js';

export interface Dialect {
  readonly name: DialectName;
  /** As we spell its version. */
  readonly version: string;
  /** Whether a message is meant to be in it. */
  recognises(context: Record<string, unknown>): boolean;
  /** Throws Refusal. */
  readContext(context: unknown): MarketContext;
  writeContext(context: MarketContext): Record<string, unknown>;
  /** Throws Refusal. `message` is what stands beside the context. */
  readRequest(action: string, message: unknown): MarketRequest;
  writeRequest(request: MarketRequest): unknown;
  /** Throws Refusal. */
  readReply(action: string, body: { readonly message?: unknown; readonly error?: unknown }): MarketReply;
  /** `message` or `error` of a callback. */
  writeReply(action: string, reply: MarketReply): { readonly message: unknown } | { readonly error: unknown };
  writeError(code: string, message: string, paths: string | null): unknown;
}
