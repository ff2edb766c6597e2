/** One sender per project: a lease that a process renews while it works and that others take over when it has died. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Fault } from '../../domain/fault.js';
import type { Store, Versioned } from '../../domain/store.js';
import { LANES, type Lane } from './ticket.js';

/** Longer than any one request to a tracker may take. */
const LEASE_MS = 120_000;

export interface Held {
  readonly lane: Lane;
  /** Writes the lane and renews the lease; false when another sender took over meanwhile. */
  update(change?: Partial<Pick<Lane, 'notBefore' | 'paused'>>): Promise<boolean>;
  release(): Promise<void>;
}

const diedHere = (holder: string): boolean => {
  const [host, pid] = holder.split('|');
  if (host !== hostname() || Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
};

/** The lane, or null while another process sends. `nowMs` is the machine's clock. */
export const holdLane = async (store: Store, id: string, nowMs: () => number = Date.now): Promise<Held | null> => {
  const lanes = store.collection(LANES);
  const me = `${hostname()}|${process.pid}|${randomUUID()}`;
  const read = async (): Promise<Versioned<Lane>> => {
    const found = await lanes.get(id);
    if (found) return found;
    try {
      await lanes.insert(id, { holder: null, leaseUntilMs: 0, notBefore: null, paused: null });
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'conflict')) throw error;
    }
    return (await lanes.get(id))!;
  };
  const seen = await read();
  const { holder, leaseUntilMs } = seen.value;
  if (holder !== null && leaseUntilMs > nowMs() && !diedHere(holder)) return null;
  let { version } = seen;
  let lane: Lane = { ...seen.value, holder: me, leaseUntilMs: nowMs() + LEASE_MS };
  if (!(await lanes.replace(id, version, lane))) return null;
  version += 1;

  const write = async (next: Lane) => {
    if (!(await lanes.replace(id, version, next))) return false;
    version += 1;
    lane = next;
    return true;
  };
  return {
    get lane() {
      return lane;
    },
    update: (change = {}) => write({ ...lane, ...change, leaseUntilMs: nowMs() + LEASE_MS }),
    release: async () => {
      await write({ ...lane, holder: null, leaseUntilMs: 0 });
    },
  };
};
