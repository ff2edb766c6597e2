import { describe, expect, it } from 'vitest';
import { STEP_MS, systemClock } from './clock.js';
import { plusHours, plusSeconds, toEpoch } from './domain/time.js';

const START = '2026-11-29T12:00:00Z' as ReturnType<typeof plusHours>;

/** A machine whose time passes only while somebody sleeps on it; `during` happens in the n-th sleep, from 1. */
const machine = (during: (n: number, set: (ms: number) => void) => void = () => {}) => {
  let ms = toEpoch(START) * 1000;
  const sleeps: number[] = [];
  const clock = systemClock({
    nowMs: () => ms,
    sleep: async (asked, signal) => {
      sleeps.push(asked);
      ms += asked;
      during(sleeps.length, (at) => {
        ms = at;
      });
      // As the timers of Node have it: an error of its own, which names the reason only as its cause.
      if (signal?.aborted) throw new DOMException('The operation was aborted', 'AbortError');
    },
  });
  return { clock, sleeps };
};

describe('the system clock', () => {
  it('sleeps until the moment, in bounded steps', async () => {
    const { clock, sleeps } = machine();
    await clock.waitUntil(plusSeconds(START, 100));
    expect(clock.now()).toBe(plusSeconds(START, 100));
    expect(Math.max(...sleeps)).toBeLessThanOrEqual(STEP_MS);
    expect(sleeps.reduce((a, b) => a + b)).toBe(100_000);
  });

  it('does not sleep for a moment that has come', async () => {
    const { clock, sleeps } = machine();
    await clock.waitUntil(START);
    await clock.waitUntil(plusHours(START, -5));
    expect(sleeps).toEqual([]);
  });

  it('wakes within one step after a suspended machine comes back or its clock is set forwards', async () => {
    const day = plusHours(START, 24);
    const { clock, sleeps } = machine((n, set) => n === 2 && set(toEpoch(plusHours(day, 3)) * 1000));
    await clock.waitUntil(day);
    expect(sleeps).toEqual([STEP_MS, STEP_MS]);
  });

  it('waits longer when the clock is set back', async () => {
    const { clock, sleeps } = machine((n, set) => n === 1 && set(toEpoch(plusSeconds(START, -50)) * 1000));
    await clock.waitUntil(plusSeconds(START, 40));
    expect(clock.now()).toBe(plusSeconds(START, 40));
    expect(sleeps).toEqual([30_000, 30_000, 30_000, 30_000]);
  });

  it('heeds the signal before and during a sleep, with its reason', async () => {
    const reason = new Error('interrupted');
    await expect(machine().clock.waitUntil(START, AbortSignal.abort(reason))).rejects.toBe(reason);
    const abort = new AbortController();
    const { clock, sleeps } = machine((n) => n === 3 && abort.abort(reason));
    await expect(clock.waitUntil(plusHours(START, 1), abort.signal)).rejects.toBe(reason);
    expect(sleeps).toHaveLength(3);
  });

  it('stops a real sleep of the machine at once', async () => {
    const abort = new AbortController();
    const clock = systemClock();
    const waiting = clock.waitUntil(plusHours(clock.now(), 1000), abort.signal);
    setImmediate(() => abort.abort(new Error('enough')));
    await expect(waiting).rejects.toThrow('enough');
  });
});
