/** One sender per project: who sends holds a lease, and the lane says until when nobody does. */
import { isLost } from '../../domain/lease.js';
import type { Store } from '../../domain/store.js';
import { LANES, type Lane } from './ticket.js';

/** Longer than any one request to a tracker may take. */
const LEASE_MS = 120_000;
const FREE: Lane = { notBefore: null, paused: null };

export interface Held {
  readonly lane: Lane;
  /** Writes the lane; false when another sender took over meanwhile. */
  update(change?: Partial<Lane>): Promise<boolean>;
}

/** Work as the one sender of a project; null while another sends, or where one took over because this one was not heard of. */
export const asSender = async <R>(
  store: Store,
  id: string,
  work: (held: Held) => Promise<R>,
  leaseMs = LEASE_MS,
): Promise<R | null> => {
  const lease = await store.hold(`tickets ${id}`, leaseMs);
  if (lease === null) return null;
  const lanes = store.collection(LANES);
  try {
    return await lease.under(async () => {
      let lane: Lane = (await lanes.get(id))?.value ?? FREE;
      return work({
        get lane() {
          return lane;
        },
        async update(change) {
          if (!(await lease.renew())) return false;
          if (change !== undefined) {
            lane = { ...lane, ...change };
            await lanes.put(id, lane);
          }
          return true;
        },
      });
    });
  } catch (error) {
    if (isLost(error)) return null;
    throw error;
  } finally {
    await lease.release();
  }
};
