/**
 * A kilowatt-hour is paid for once. Whoever sells what a site will not use in a settlement period, settles what it delivered or claims it
 * for a token takes the period here, in the transaction of its own books, for each of its sites and for each meter that counts them: a
 * second scheme, market or token hears whose it is, whatever it calls the site.
 */
import { z } from 'zod';
import { Fault } from '../fault.js';
import { defineCollection, type Tx } from '../store.js';
import { fromEpoch, Instant, type Interval, type SettlementPeriod, settlementPeriodOf, toEpoch } from '../time.js';
import { RUNS, supersedes } from './runs.js';

export const Delivered = z.strictObject({
  by: z.string().describe('the event, order or record that it was sold or settled under'),
  as: z.string().describe('what it is paid as'),
  run: z.enum(RUNS).nullable().describe('the settlement run of the figures; null: sold, and not settled yet'),
  at: Instant.describe('when it was taken'),
  beside: z
    .array(z.string())
    .default([])
    .describe('other orders that have a part of what was sold: their kW are told apart at the market'),
});
export type Delivered = z.infer<typeof Delivered>;

/** By site or meter, and settlement period. */
export const DELIVERED = defineCollection('delivered-periods', Delivered);

export interface DeliveredBy {
  readonly sites: readonly string[];
  readonly meterIds: readonly string[];
  readonly periods: readonly SettlementPeriod[];
}

/** Every settlement period that an interval touches. */
export const periodsIn = ({ start, end }: Interval): SettlementPeriod[] => {
  const found: SettlementPeriod[] = [];
  for (let at = Math.floor(toEpoch(start) / 1800) * 1800; at < toEpoch(end); at += 1800)
    found.push(settlementPeriodOf(fromEpoch(at)));
  return found;
};

const placesOf = function* ({ sites, meterIds, periods }: DeliveredBy) {
  const whose = [...sites.map((id) => `site ${id}`), ...meterIds.map((id) => `meter ${id}`)];
  for (const { date, period } of periods)
    for (const what of whose) yield { id: `${what} ${date}/${period}`, what, date, period };
};

const isSale = ({ run }: Pick<Delivered, 'run'>): boolean => run === null;

/** Whoever else has it; null: nobody. Orders have parts of one sale, and each of them is settled by itself only where it is the only one. */
const otherThan = (by: string, held: Delivered): string | null =>
  [held.by, ...held.beside].find((name) => name !== by) ?? null;

/**
 * Fault `conflict` where it was taken under another name, which is told, or under this one by a later run. Sales of one kind, such as
 * orders of the market, take parts of one period; whoever took it may take it again with the same run or a later one.
 */
export const claimDelivered = async (
  tx: Pick<Tx, 'collection'>,
  of: DeliveredBy,
  claim: Omit<Delivered, 'beside'>,
): Promise<void> => {
  const claimed = tx.collection(DELIVERED);
  for (const { id, what, date, period } of placesOf(of)) {
    const held = (await claimed.get(id))?.value;
    if (held !== undefined && isSale(held) && isSale(claim) && held.as === claim.as) {
      const beside = [held.by, ...held.beside].includes(claim.by) ? held.beside : [...held.beside, claim.by];
      await claimed.put(id, { ...held, beside });
      continue;
    }
    const other = held === undefined ? null : otherThan(claim.by, held);
    if (held !== undefined && other !== null)
      throw new Fault(
        'conflict',
        `what ${what} ${isSale(held) ? `does not use in period ${period} of ${date} was sold` : `delivered in period ${period} of ${date} was settled`} as ${held.as} under ${other}`,
        'Energy is paid for once: settle only what is not in it yet.',
        { details: { what, date, period, held } },
      );
    if (held !== undefined && held.run !== null && (claim.run === null || !supersedes(claim.run, held.run)))
      throw new Fault(
        'conflict',
        `period ${period} of ${date} was settled by run ${held.run}, and ${claim.run ?? 'a sale'} comes before it`,
        'An earlier run never takes a later one’s place: nothing is to be done.',
        { details: { what, date, period, held } },
      );
    await claimed.put(id, { ...claim, beside: [] });
  }
};

/** Gives back what was sold under this name and is not to be delivered. What was settled stays. */
export const releaseDelivered = async (tx: Pick<Tx, 'collection'>, of: DeliveredBy, by: string): Promise<void> => {
  const claimed = tx.collection(DELIVERED);
  for (const { id } of placesOf(of)) {
    const held = (await claimed.get(id))?.value;
    if (held === undefined || !isSale(held)) continue;
    const [next, ...beside] = [held.by, ...held.beside].filter((name) => name !== by);
    if (next === undefined) await claimed.delete(id);
    else await claimed.put(id, { ...held, by: next, beside });
  }
};
