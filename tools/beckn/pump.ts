/** Empties a letter box while the program runs: so many letters at once, and what other processes put in is looked for too. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Box, Claim, Claimant, Letter } from '../../domain/mail.js';
import type { Store } from '../../domain/store.js';

const LOOK_MS = 1000;

export interface Pump {
  /** In whose name letters are claimed, and settled. */
  readonly holder: string;
  /**
   * Puts letters in and begins with those that could be claimed with that, which saves looking for them; with no others before they
   * are in for good. `write` is given a claim where there is room, and tells which letters it claimed; `letters` is how many it puts.
   */
  putting<T>(
    write: (by: Claim | undefined) => Promise<T>,
    claimed: (of: T) => readonly Letter[],
    letters?: number,
  ): Promise<T>;
  /** Takes no more, and waits for what is under way for at most that long. */
  stop(graceMs: number): Promise<void>;
  /** Works until nothing is due any more. */
  settle(): Promise<void>;
}

export const openPump = (of: {
  readonly store: Pick<Store, 'mail'>;
  readonly box: Box;
  readonly leaseMs: number;
  readonly atOnce: number;
  readonly nowMs: () => number;
  readonly handle: (letter: Letter, holder: string) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
}): Pump => {
  const { store, box, leaseMs, atOnce, nowMs, handle, onTrouble } = of;
  const holder = newHolder();
  const underWay = new Set<Promise<void>>();
  /** Places of letters that are being put in. */
  let promised = 0;
  let stopped = false;
  let taking: Promise<void> | undefined;
  let again = false;
  /** Letters are known to wait that were not claimed: there was no room, or one of their thread was under way. */
  let left = false;
  /** Of these one may hold back a letter that was not to be had when we last looked. */
  let before: ReadonlySet<Promise<void>> = new Set();
  let settling = 0;
  let timer: NodeJS.Timeout | undefined;

  const room = () => (stopped ? 0 : atOnce - underWay.size - promised);
  const claimant = (): Claimant => ({ holder, atMs: nowMs(), leaseMs });
  const begin = (letter: Letter) => {
    const running = handle(letter, holder)
      .catch(onTrouble)
      .finally(() => {
        underWay.delete(running);
        // Each look costs a query and a commit, so there is none where nothing can be waiting.
        if (left || settling > 0 || before.has(running)) start();
      });
    underWay.add(running);
  };
  const run = async () => {
    do {
      again = false;
      for (;;) {
        // Letters are claimed by the handful: each claim waits for the disk.
        const limit = room();
        if (limit < atOnce / 2) {
          left = true;
          break;
        }
        const letters = await store.mail.claim(box, { ...claimant(), limit });
        left = letters.length > 0;
        if (!left) {
          before = new Set(underWay);
          break;
        }
        for (const letter of letters) begin(letter);
      }
    } while (again && !stopped);
  };
  const start = () => {
    if (stopped) return;
    if (taking !== undefined) {
      again = true;
      return;
    }
    clearTimeout(timer);
    taking = run()
      .catch(onTrouble)
      .finally(() => {
        taking = undefined;
        if (!stopped) timer = setTimeout(start, LOOK_MS).unref();
      });
  };
  const idle = async () => {
    while (taking !== undefined || underWay.size > 0) await Promise.all([taking, ...underWay]);
  };
  start();
  return {
    holder,
    async putting(write, claimed, most = 1) {
      const limit = Math.max(0, Math.min(most, room()));
      const by = limit > 0 ? { ...claimant(), limit } : undefined;
      promised += limit;
      try {
        const written = await write(by);
        const letters = claimed(written);
        for (const letter of letters) begin(letter);
        if (letters.length < most) {
          left = true;
          start();
        }
        return written;
      } finally {
        promised -= limit;
      }
    },
    settle: async () => {
      settling++;
      start();
      await idle();
      settling--;
    },
    stop: async (graceMs) => {
      stopped = true;
      clearTimeout(timer);
      const late = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
      await Promise.race([idle(), late]);
    },
  };
};

/** Of this process. */
const living = new Set<string>();

export const newHolder = (): string => {
  const holder = `${hostname()}|${process.pid}|${randomUUID()}`;
  living.add(holder);
  return holder;
};

/** Of a process of this machine that is gone; of another machine nobody can say. */
export const isDead = (holder: string): boolean => {
  const [host, pid] = holder.split('|');
  if (host !== hostname() || living.has(holder)) return false;
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
};

/** What a process of this machine held when it died need not wait for its lease to end. */
export const releaseTheDead = async ({ mail }: Pick<Store, 'mail'>): Promise<void> => {
  for (const holder of await mail.holders()) if (isDead(holder)) await mail.release(holder);
};
