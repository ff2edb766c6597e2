/** The clock of a recorded or simulated world: it stands still until somebody waits, then it jumps. */
import type { Instant } from '../domain/time.js';
import type { Clock } from '../domain/world.js';

/** Starts at `start`; waiting for a moment that has passed changes nothing: time never runs back. */
export const simulatedClock = (start: Instant): Clock => {
  let now = start;
  return {
    live: false,
    now: () => now,
    waitUntil: async (at, signal) => {
      signal?.throwIfAborted();
      if (at > now) now = at;
    },
  };
};
