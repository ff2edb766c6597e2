/** Empties a letter box while the program runs: so many letters at once, and what other processes put in is looked for too. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Store } from '../../domain/store.js';

const LOOK_MS = 1000;

export interface Pump {
  /** Something was put in. */
  poke(): void;
  /** Takes no more, and waits for what is under way for at most that long. */
  stop(graceMs: number): Promise<void>;
  /** Works until nothing is due any more. */
  settle(): Promise<void>;
}

/** `take` claims up to so many letters and answers what is to be done with each. */
export const openPump = (
  take: (limit: number) => Promise<readonly (() => Promise<void>)[]>,
  atOnce: number,
  onTrouble: (error: unknown) => void,
): Pump => {
  const underWay = new Set<Promise<void>>();
  let stopped = false;
  let taking: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  const begin = (job: () => Promise<void>) => {
    const running = job()
      .catch(onTrouble)
      .finally(() => {
        underWay.delete(running);
        start();
      });
    underWay.add(running);
  };
  const run = async () => {
    do {
      again = false;
      for (;;) {
        const room = atOnce - underWay.size;
        // Letters are claimed by the handful: each claim waits for the disk.
        if (stopped || room < atOnce / 2) break;
        const jobs = await take(room);
        for (const job of jobs) begin(job);
        if (jobs.length === 0) break;
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
    poke: start,
    settle: async () => {
      start();
      await idle();
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
