/** How time passes for a call: the machine's timer, or one that a test turns by hand. */
export interface Timer {
  /** Milliseconds that only run forward. */
  ticks(): number;
  /** Calls `then` once, `ms` milliseconds from now; the function that is answered takes it back. */
  after(ms: number, then: () => void): () => void;
}

/** setTimeout takes no more; longer waits end here, after 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

export const machineTimer: Timer = {
  ticks: () => performance.now(),
  after: (ms, then) => {
    const timeout = setTimeout(then, Math.min(ms, LONGEST_MS));
    return () => clearTimeout(timeout);
  },
};

/** Waits `ms`; rejects with the signal's reason when it aborts first. */
export const pause = (timer: Timer, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((go, stop) => {
    if (signal.aborted) return stop(signal.reason);
    const give = () => {
      cancel();
      stop(signal.reason);
    };
    const cancel = timer.after(ms, () => {
      signal.removeEventListener('abort', give);
      go();
    });
    signal.addEventListener('abort', give, { once: true });
  });
