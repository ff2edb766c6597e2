/** The request that is being answered, for those whom the SDK tells nothing of it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Asked, NotTaken } from './message.js';

export interface Caller {
  readonly id: string;
  readonly scopes: readonly ('read' | 'operate' | 'approve')[];
  /** of the token they showed; null: whoever sits at this machine */
  readonly tokenId: string | null;
}

export const request = new AsyncLocalStorage<{
  /** aborts when the client has gone */
  readonly gone: AbortSignal;
  readonly caller: Caller;
  /** whose tasks it reaches */
  readonly owner: string;
  /** what its message asks, or why that is not taken */
  readonly asked?: Asked | NotTaken | undefined;
}>();
