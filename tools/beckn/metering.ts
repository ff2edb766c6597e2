/** Orders whose window runs or is over: what the site drew meanwhile, told without being asked. A shortfall is said. */
import { type MarketOrder, type Metered, OPEN_STATES, SOLD_ORDERS, type SoldOrder } from '../../domain/market.js';
import { ORDERS, worldName } from '../../domain/plan.js';
import type { Tx } from '../../domain/store.js';
import { type Instant, secondsBetween, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { claimsIn } from './catalog.js';
import { say } from './dialects/dialects.js';
import { noteSale } from './evidence.js';
import { unsold } from './seller.js';

/** What a change of an order does, and the order as it then is. */
export interface Told {
  readonly order: SoldOrder;
  readonly write: (tx: Tx) => Promise<boolean>;
}

/** Mean facility kW of a region in each slot, from what ran of every order of this world; null where nothing was handed over. */
const drawn = async (world: World, sold: SoldOrder): Promise<(number | null)[]> => {
  const { capsKw, region } = sold;
  const kwh = capsKw.map(() => 0);
  const [first, last] = [capsKw[0]!.start, capsKw.at(-1)!.end];
  let any = false;
  for (const { value: order } of await world.store.collection(ORDERS).list({ limit: 1000 })) {
    if (order.world !== worldName(world) || order.span.end <= first || order.span.start >= last) continue;
    any = true;
    for await (const page of world.fleet.ran(order.key))
      for (const piece of page) {
        if (piece.region !== region) continue;
        const length = secondsBetween(piece.start, piece.end);
        for (const [i, { start, end }] of capsKw.entries()) {
          const within = Math.min(toEpoch(piece.end), toEpoch(end)) - Math.max(toEpoch(piece.start), toEpoch(start));
          if (within > 0 && length > 0) kwh[i]! += (piece.energyKwh * within) / length;
        }
      }
  }
  return kwh.map((sum, i) => (any ? sum / (secondsBetween(capsKw[i]!.start, capsKw[i]!.end) / 3600) : null));
};

/** Orders are for the next day or so: older ones cannot reach into a window that ends now. */
const REACH_S = 7 * 86_400;

/** kW that was sold to others in a slot, before this order was committed and after. */
interface Others {
  earlierKw: number;
  laterKw: number;
}

const othersIn = async (world: World, sold: SoldOrder): Promise<Others[]> => {
  const others = sold.capsKw.map(() => ({ earlierKw: 0, laterKw: 0 }));
  for (let after: string | undefined; ; ) {
    const page = await world.store.collection(SOLD_ORDERS).list({ after, limit: 1000 });
    for (const { value: other } of page) {
      if (other.id === sold.id || other.region !== sold.region || !DELIVERED.has(other.order.state)) continue;
      const when = isLater(other, sold) ? 'laterKw' : 'earlierKw';
      for (const [i, { start, end }] of sold.capsKw.entries())
        if (other.capsKw.some((cap) => cap.start < end && cap.end > start)) others[i]![when] += other.powerKw;
    }
    const oldest = page.at(-1)?.value.order.createdAt ?? null;
    const reaches = oldest === null || secondsBetween(oldest, sold.capsKw[0]!.start) < REACH_S;
    if (page.length < 1000 || !reaches) return others;
    after = page.at(-1)!.id;
  }
};

/**
 * The baseline that an order is told, from the one as it was sold (what others bought before is out of it) and what the site drew.
 * Orders are served in the order in which they were committed: what stays away beyond an order's own kW is its successors', and
 * what even its predecessors lack is not asked of it again. So what all of them are told adds up to what stayed away.
 */
const baselineTold = (soldKw: number, ownKw: number, actualKw: number | null, others: Others): number => {
  const { earlierKw, laterKw } = others;
  if (actualKw === null) return soldKw - laterKw;
  const awayKw = soldKw - actualKw;
  const successorsKw = laterKw > 0 ? Math.max(0, awayKw - ownKw) : 0;
  const predecessorsLackKw = earlierKw > 0 ? Math.max(0, -awayKw) : 0;
  return soldKw - successorsKw + predecessorsLackKw;
};

const DELIVERED: ReadonlySet<MarketOrder['state']> = new Set([...OPEN_STATES, 'COMPLETED']);
const isLater = (a: SoldOrder, b: SoldOrder): boolean =>
  (a.committedAtMs ?? 0) > (b.committedAtMs ?? 0) || (a.committedAtMs === b.committedAtMs && a.id > b.id);

const noteOf = (sold: SoldOrder, metered: readonly Metered[]): string => {
  const measured = metered.filter((slot) => slot.actualKw !== null);
  if (measured.length === 0) return 'nothing measures this site: delivery is not known';
  const least = Math.min(...measured.map((slot) => slot.baselineKw - slot.actualKw!));
  const short = sold.powerKw - least;
  return short > 0.05
    ? `shortfall: ${say(least, 1)} of ${say(sold.powerKw, 1)} kW stayed away in the worst interval`
    : `delivered: at least ${say(least, 1)} kW stayed away, ${say(sold.powerKw, 1)} were sold`;
};

const stateAt = ({ order }: SoldOrder, now: Instant): MarketOrder['state'] => {
  const { start, end } = order.item!.window;
  return now >= end ? 'COMPLETED' : now >= start ? 'IN_PROGRESS' : order.state;
};

/** Orders that have begun or ended since somebody looked. */
export const movedOn = async (world: World): Promise<Told[]> => {
  const now = world.clock.now();
  const told: Told[] = [];
  for (const claim of await claimsIn(world.store)) {
    if (claim.state !== 'planned' || claim.window.start > now) continue;
    const found = await world.store.collection(SOLD_ORDERS).get(claim.orderId);
    if (found === undefined) continue;
    const state = stateAt(found.value, now);
    if (state === found.value.order.state) continue;
    const over = state === 'COMPLETED';
    const actual = over ? await drawn(world, found.value) : [];
    const others = over ? await othersIn(world, found.value) : [];
    const metered = over
      ? found.value.capsKw.map(({ start, end, baselineKw, spokenKw }, i) => ({
          start,
          minutes: secondsBetween(start, end) / 60,
          baselineKw: Math.max(
            0,
            baselineTold(baselineKw - spokenKw, found.value.powerKw, actual[i] ?? null, others[i]!),
          ),
          actualKw: actual[i] ?? null,
        }))
      : [];
    const note = over ? noteOf(found.value, metered) : found.value.order.note;
    const order: SoldOrder = {
      ...found.value,
      order: { ...found.value.order, state, metered, note, updatedAt: now },
    };
    told.push({
      order,
      write: async (tx) => {
        if (!(await tx.collection(SOLD_ORDERS).replace(order.id, found.version, order))) return false;
        if (!over) return true;
        await noteSale(tx, world, 'market_metering', order);
        await unsold(tx, order);
        return true;
      },
    });
  }
  return told;
};
