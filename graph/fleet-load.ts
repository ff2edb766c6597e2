/** What the fleet was told to draw: the power of all announced work of one region, slot by slot. */
import { heldPieces } from '../domain/held.js';
import { ORDERS, type Order, worldName } from '../domain/plan.js';
import { type Instant, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';

/** Orders of this world that are not over by `from`, the newest first. */
export const ordersFrom = async (world: Pick<World, 'store' | 'setting'>, from: Instant): Promise<Order[]> => {
  const open = await world.store.collection(ORDERS).open(from);
  return open.map(({ value }) => value).filter((order) => order.world === worldName(world));
};

/** Mean facility kW in each of these slots (epoch seconds of their starts, `step` seconds long). */
export const announcedKw = async (
  world: World,
  orders: readonly Order[],
  region: string,
  { starts, step }: { readonly starts: readonly number[]; readonly step: number },
): Promise<Float64Array> => {
  const kw = new Float64Array(starts.length);
  for (const order of orders)
    for await (const page of heldPieces(world, order))
      for (const { pieces } of page)
        for (const piece of pieces) {
          if (piece.region !== region) continue;
          const [from, to] = [toEpoch(piece.start), toEpoch(piece.end)];
          const power = (piece.energyKwh * 3600) / (to - from);
          starts.forEach((start, i) => {
            kw[i]! += (power * Math.max(0, Math.min(to, start + step) - Math.max(from, start))) / step;
          });
        }
  return kw;
};
