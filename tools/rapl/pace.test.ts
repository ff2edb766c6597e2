import { describe, expect, it } from 'vitest';
import { Jitter, paced, type Timer } from './pace.js';

/** A clock that only sleeping and working move; every sleep is `lateMs` too long. */
const simulated = (lateMs: number) => {
  let now = 1000;
  const timer: Timer = {
    nowMs: () => now,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      now += ms + lateMs;
    },
  };
  return { timer, work: (ms: number) => (now += ms) };
};
const signal = new AbortController().signal;

describe('an even pace', () => {
  it('does not drift, however late each tick is', async () => {
    const { timer, work } = simulated(3);
    const at: number[] = [];
    const jitter = new Jitter();
    await paced({ intervalMs: 100, forMs: 60_000, signal, timer, jitter }, () => {
      at.push(timer.nowMs() - 1000);
      work(20);
    });
    expect(at).toHaveLength(601);
    expect(at.at(-1)).toBe(60_003);
    expect([jitter.ticks, jitter.missed, jitter.quantile(0.99)]).toEqual([601, 0, 3]);
  });

  it('passes over what it missed and counts it, and comes back to its beat', async () => {
    const { timer, work } = simulated(0);
    const at: number[] = [];
    const jitter = new Jitter();
    await paced({ intervalMs: 100, forMs: 1000, signal, timer, jitter }, () => {
      at.push(timer.nowMs() - 1000);
      if (at.length === 2) work(250);
    });
    expect(at).toEqual([0, 100, 350, 400, 500, 600, 700, 800, 900, 1000]);
    expect(jitter.missed).toBe(1);
  });

  it('ends with a last tick within an interval, and at once when it is told to', async () => {
    const { timer } = simulated(0);
    const at: number[] = [];
    await paced({ intervalMs: 400, forMs: 1000, signal, timer }, () => void at.push(timer.nowMs() - 1000));
    expect(at).toEqual([0, 400, 800, 1000]);
    const abort = new AbortController();
    let ticks = 0;
    await paced({ intervalMs: 1, signal: abort.signal, timer }, () => {
      ticks += 1;
      if (ticks === 5) abort.abort();
    });
    expect(ticks).toBe(5);
  });

  it('keeps the newest latenesses only', () => {
    const jitter = new Jitter(4);
    expect(jitter.quantile(0.5)).toBeNull();
    for (const late of [900, 1, 2, 3, 4]) jitter.add(late, 0);
    expect([jitter.quantile(1), jitter.quantile(0.5)]).toEqual([4, 2]);
  });
});
