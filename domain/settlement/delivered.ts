/**
 * A kilowatt-hour is paid for once. Whoever settles what a site delivered in a settlement period claims it here, in the transaction of
 * its own books: a second scheme, market or token hears whose it is.
 */
import { z } from 'zod';
import { Fault } from '../fault.js';
import { defineCollection, type Tx } from '../store.js';
import { Instant, type SettlementPeriod } from '../time.js';

export const Delivered = z.strictObject({
  by: z.string().describe('the event, order or record that it was settled under'),
  as: z.string().describe('what it was paid as'),
  at: Instant.describe('when it was claimed'),
});
export type Delivered = z.infer<typeof Delivered>;

/** By site and settlement period. */
export const DELIVERED = defineCollection('delivered-periods', Delivered);

const idOf = (site: string, { date, period }: SettlementPeriod): string => `${site} ${date}/${period}`;

/** Fault `conflict` that names whose it is; the same claimant may claim it again. */
export const claimDelivered = async (
  tx: Pick<Tx, 'collection'>,
  site: string,
  periods: readonly SettlementPeriod[],
  claim: Delivered,
): Promise<void> => {
  for (const period of periods) {
    const id = idOf(site, period);
    const held = (await tx.collection(DELIVERED).get(id))?.value;
    if (held !== undefined && held.by !== claim.by)
      throw new Fault(
        'conflict',
        `what ${site} delivered in period ${period.period} of ${period.date} was settled as ${held.as} under ${held.by}`,
        'Energy is paid for once: settle only what is not in it yet.',
        { details: { site, ...period, held } },
      );
    await tx.collection(DELIVERED).put(id, claim);
  }
};
