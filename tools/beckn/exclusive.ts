/** An order has what its site does not use in a settlement period for itself: nobody settles it under another name, or mints a token for it. */
import { Fault } from '../../domain/fault.js';
import type { SoldOrder } from '../../domain/market.js';
import { claimDelivered, periodsIn, releaseDelivered } from '../../domain/settlement/delivered.js';
import type { Tx } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { Decline } from './refusal.js';

export type Delivers = NonNullable<SoldOrder['delivers']>;

/** By region and cluster, null: all of them: its sites, and the meters that say whose they are; the region where no site of it is known. */
export const deliverersOf = async ({
  fleet,
  meter,
}: World): Promise<(of: Pick<SoldOrder, 'region' | 'clusterId'>) => Delivers> => {
  const [known, meters] = [await fleet.sites(), await meter.meters()];
  return ({ region, clusterId }) => {
    const sites = known
      .filter((site) => site.region === region && (clusterId === null || site.clusterId === clusterId))
      .map(({ id }) => id);
    const theirs = meters.filter(({ subject }) => subject.kind === 'site' && sites.includes(subject.id));
    return { sites: sites.length === 0 ? [region] : sites, meterIds: theirs.map(({ id }) => id) };
  };
};

/** Throws Decline where somebody else has it. */
export const takeExclusively = async (tx: Tx, { id, order, delivers }: SoldOrder, at: Instant): Promise<void> => {
  const of = { ...delivers!, periods: periodsIn(order.item!.window) };
  try {
    await claimDelivered(tx, of, { by: id, as: 'market order', run: null, at });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Decline('40002', error.message, '/message/order/items/0/id');
  }
};

export const giveBack = async (tx: Tx, { id, order, delivers }: SoldOrder): Promise<void> => {
  if (delivers !== null) await releaseDelivered(tx, { ...delivers, periods: periodsIn(order.item!.window) }, id);
};
