/** The present: the clock of a world whose grid or fleet is live. A simulated one, which jumps, is in sim/. */
import { setTimeout as pause } from 'node:timers/promises';
import { fromEpoch, type Instant, toEpoch } from './domain/time.js';
import type { Clock } from './domain/world.js';

/**
 * The longest single sleep. A timer counts neither the hours that a machine was suspended nor a clock that was set
 * meanwhile, so the time is read anew after each step, and a waiter is late by one step at most.
 */
export const STEP_MS = 30_000;

/** The machine's own time and sleep. */
export interface Timer {
  /** milliseconds since the epoch, as the machine's clock has it at this moment; it may be set forwards or back */
  readonly nowMs: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
}

const MACHINE: Timer = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) => pause(ms, undefined, signal === undefined ? {} : { signal }),
};

/**
 * What time it is outside any world, whose clock may be simulated: for tokens, which must expire, and for parties of their own,
 * such as a ticket tracker or a witness.
 */
export const systemNow = (): Instant => systemClock().now();

/** `waitUntil` rejects with the signal's reason, and with nothing else. */
export const systemClock = ({ nowMs, sleep }: Timer = MACHINE): Clock => ({
  live: true,
  now: () => fromEpoch(Math.floor(nowMs() / 1000)),
  waitUntil: async (at, signal) => {
    const untilMs = toEpoch(at) * 1000;
    for (;;) {
      signal?.throwIfAborted();
      const leftMs = untilMs - nowMs();
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, STEP_MS), signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
    }
  },
});
