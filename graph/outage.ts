/**
 * A store that is away for a while: the server is restarted or changed over, a connection is cut. What is left on waits for it, makes sure
 * that its lease is still its own, and does again what was broken off. What a person has to see to is thrown at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../domain/fault.js';
import { type HeldLease, lostFault } from '../domain/lease.js';
import { isAway } from '../domain/store.js';

/** Between two looks whether it is back: a second, twice as long each time, and half a minute in the end. */
const [FIRST_MS, LONGEST_MS] = [1000, 30_000];

export interface Waiting {
  /** somebody ended the work: then nothing is waited for */
  readonly signal: AbortSignal | undefined;
  /** hears of it when it begins */
  readonly onAway: ((trouble: Fault) => void) | undefined;
}

export class Outages {
  #told: string[] = [];

  constructor(
    private readonly lease: HeldLease,
    private readonly waiting: Waiting,
  ) {}

  /**
   * The work, done again from its beginning for as often as the store goes away in it. Throws whatever else it throws; Fault `conflict`
   * where another process has taken over meanwhile; and the store's own Fault where it refuses for good or the wait was ended.
   */
  async outlasting<T>(work: () => Promise<T>): Promise<T> {
    for (let waitMs = FIRST_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_MS))
      try {
        return await work();
      } catch (error) {
        if (!isAway(error)) throw error;
        await this.#back(error, waitMs);
      }
  }

  /** What is to be said of them, once. */
  told(): readonly string[] {
    return this.#told;
  }
  forget(): void {
    this.#told = [];
  }

  async #back(trouble: Fault, firstMs: number): Promise<void> {
    const { signal, onAway } = this.waiting;
    onAway?.(trouble);
    const begun = performance.now();
    for (let waitMs = firstMs; ; waitMs = Math.min(2 * waitMs, LONGEST_MS)) {
      // Ended while it waits: it says why it could not end in order.
      await pause(waitMs, undefined, { signal }).catch(() => {
        throw trouble;
      });
      try {
        if (!(await this.lease.renew())) throw lostFault(this.lease);
        break;
      } catch (error) {
        if (!isAway(error)) throw error;
      }
    }
    const seconds = Math.max(1, Math.round((performance.now() - begun) / 1000));
    this.#told.push(`the store was away for ${seconds} s, and what was under way was done again: ${trouble.message}`);
  }
}
