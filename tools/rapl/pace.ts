/**
 * Something at even intervals. Each is due at start + n × interval, so that lateness never adds up; what is missed for longer
 * than an interval is passed over and counted, never made up for in a burst.
 */
import { setTimeout as pause } from 'node:timers/promises';

export interface Timer {
  /** the monotonic clock, in milliseconds */
  readonly nowMs: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export const machineTimer: Timer = {
  nowMs: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: (ms, signal) => pause(ms, undefined, { signal }),
};

/** How late it was, of the newest ticks. Quantiles are sorted out again only after a few more ticks. */
export class Jitter {
  ticks = 0;
  /** passed over because the one before took too long, or the machine slept */
  missed = 0;
  private readonly late: Float64Array;
  private sorted: Float64Array = new Float64Array(0);
  private sortedAt = 0;

  constructor(
    kept = 600,
    private readonly every = 10,
  ) {
    this.late = new Float64Array(kept);
  }

  add(lateMs: number, missed: number) {
    this.late[this.ticks % this.late.length] = lateMs;
    this.ticks += 1;
    this.missed += missed;
  }

  /** Milliseconds that a share of the newest ticks stayed within; null before the first. */
  quantile(share: number): number | null {
    const count = Math.min(this.ticks, this.late.length);
    if (count === 0) return null;
    if (this.sorted.length === 0 || this.ticks - this.sortedAt >= this.every) {
      this.sorted = this.late.slice(0, count).sort();
      this.sortedAt = this.ticks;
    }
    const { length } = this.sorted;
    return this.sorted[Math.min(length - 1, Math.ceil(share * length) - 1)]!;
  }
}

/**
 * Runs `tick` at once and at each interval until the signal aborts, then resolves. With `forMs` the last one is due then, be it
 * within an interval. What `tick` throws ends it.
 */
export const paced = async (
  of: {
    readonly intervalMs: number;
    readonly forMs?: number;
    readonly signal: AbortSignal;
    readonly timer?: Timer;
    readonly jitter?: Jitter;
  },
  tick: () => void,
): Promise<void> => {
  const { intervalMs, forMs = Number.POSITIVE_INFINITY, signal, timer = machineTimer, jitter = new Jitter() } = of;
  const start = timer.nowMs();
  for (let n = 0; ; ) {
    const dueMs = Math.min(start + n * intervalMs, start + forMs);
    // A timer may fire early by a fraction of a millisecond.
    for (let waitMs = dueMs - timer.nowMs(); waitMs > 0 && !signal.aborted; waitMs = dueMs - timer.nowMs())
      await timer.sleep(waitMs, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    if (signal.aborted) return;
    const lateMs = timer.nowMs() - dueMs;
    const missed = Math.floor(lateMs / intervalMs);
    jitter.add(lateMs, missed);
    tick();
    if (dueMs >= start + forMs) return;
    n += 1 + missed;
  }
};
