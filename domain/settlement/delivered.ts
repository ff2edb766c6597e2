/**
 * A kilowatt-hour is paid for once. Whoever settles what a site delivered in a settlement period claims it here, in the transaction of
 * its own books, for the site and for each meter that counted it: a second scheme, market or token hears whose it is, whatever it calls
 * the site.
 */
import { z } from 'zod';
import { Fault } from '../fault.js';
import { defineCollection, type Tx } from '../store.js';
import { Instant, type SettlementPeriod } from '../time.js';
import { RUNS, supersedes } from './runs.js';

export const Delivered = z.strictObject({
  by: z.string().describe('the event, order or record that it was settled under'),
  as: z.string().describe('what it was paid as'),
  run: z.enum(RUNS).describe('the settlement run of the figures'),
  at: Instant.describe('when it was claimed'),
});
export type Delivered = z.infer<typeof Delivered>;

/** By site or meter, and settlement period. */
export const DELIVERED = defineCollection('delivered-periods', Delivered);

export interface DeliveredBy {
  readonly site: string;
  readonly meterIds: readonly string[];
  readonly periods: readonly SettlementPeriod[];
}

/**
 * Fault `conflict` where it was claimed under another name, which is told, or under this one by a later run. The same claimant may
 * claim again with the same run or a later one.
 */
export const claimDelivered = async (
  tx: Pick<Tx, 'collection'>,
  { site, meterIds, periods }: DeliveredBy,
  claim: Delivered,
): Promise<void> => {
  const claimed = tx.collection(DELIVERED);
  const whose = [`site ${site}`, ...meterIds.map((id) => `meter ${id}`)];
  for (const { date, period } of periods)
    for (const what of whose) {
      const id = `${what} ${date}/${period}`;
      const held = (await claimed.get(id))?.value;
      if (held !== undefined && held.by !== claim.by)
        throw new Fault(
          'conflict',
          `what ${what} delivered in period ${period} of ${date} was settled as ${held.as} under ${held.by}`,
          'Energy is paid for once: settle only what is not in it yet.',
          { details: { what, date, period, held } },
        );
      if (held !== undefined && !supersedes(claim.run, held.run))
        throw new Fault(
          'conflict',
          `period ${period} of ${date} was settled by run ${held.run}, and ${claim.run} comes before it`,
          'An earlier run never takes a later one’s place: nothing is to be done.',
          { details: { what, date, period, held } },
        );
      await claimed.put(id, claim);
    }
};
