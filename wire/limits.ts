/** How long a call may take and how much it may bring, and the one signal by which it is stopped. */
import type { Timer } from './timer.js';

/** Times in milliseconds; null: no limit. */
export interface Limits {
  /** From a try's beginning, name look-up included, until the connection stands. */
  readonly connectMs: number | null;
  /** Silence of the server: until the first byte of its answer, and between two pieces of it. */
  readonly idleMs: number | null;
  /** From the call to the last byte, every try and every wait included. */
  readonly wholeMs: number | null;
  /** Bytes of an answer's body once it is unpacked. */
  readonly bodyBytes: number;
}

export const LIMITS: Limits = { connectMs: 10_000, idleMs: 30_000, wholeMs: 60_000, bodyBytes: 8 * 2 ** 20 };

/** Which limit ended a call; `words` belong into a message. */
export class Late extends Error {
  override readonly name = 'Late';
  constructor(
    readonly limit: 'connect' | 'idle' | 'whole',
    ms: number,
  ) {
    super(
      `${limit === 'connect' ? 'no connection' : limit === 'idle' ? 'silence' : 'not finished'} after ${ms / 1000} s`,
    );
  }
}

/** A signal of one's own that also follows another. `release` must be called, or the other keeps it in memory. */
export const following = (signal: AbortSignal | undefined) => {
  const own = new AbortController();
  const follow = () => own.abort(signal?.reason);
  if (signal?.aborted) follow();
  else signal?.addEventListener('abort', follow, { once: true });
  return {
    signal: own.signal,
    abort: (reason: unknown) => own.abort(reason),
    release: () => signal?.removeEventListener('abort', follow),
  };
};

/** What ends a whole call: its caller's signal, or its time. */
export interface Stop {
  readonly signal: AbortSignal;
  /** Milliseconds that are left. */
  leftMs(): number;
  end(): void;
}

export const stopBy = (wholeMs: number | null, timer: Timer, signal: AbortSignal | undefined): Stop => {
  const until = wholeMs === null ? Number.POSITIVE_INFINITY : timer.ticks() + wholeMs;
  const own = following(signal);
  const cancel = wholeMs === null ? () => {} : timer.after(wholeMs, () => own.abort(new Late('whole', wholeMs)));
  return {
    signal: own.signal,
    leftMs: () => until - timer.ticks(),
    end: () => {
      cancel();
      own.release();
    },
  };
};

/** One try: stopped with its call, or because what it waits for just now takes too long. */
export interface Watch {
  readonly stop: AbortSignal;
  /** From now on this is waited for; what was waited for before has come. */
  expect(limit: 'connect' | 'idle'): void;
  /** Nothing is waited for. */
  calm(): void;
  end(): void;
}

export const watchOver = (stop: AbortSignal, limits: Limits, timer: Timer): Watch => {
  const own = following(stop);
  let cancel = () => {};
  const calm = () => {
    cancel();
    cancel = () => {};
  };
  return {
    stop: own.signal,
    calm,
    expect: (limit) => {
      calm();
      const ms = limit === 'connect' ? limits.connectMs : limits.idleMs;
      if (ms !== null) cancel = timer.after(ms, () => own.abort(new Late(limit, ms)));
    },
    end: () => {
      calm();
      own.release();
    },
  };
};
