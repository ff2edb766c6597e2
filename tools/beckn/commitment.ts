/**
 * What a buyer wants of each interval of an item, where it says so. It is held against the item's own slots: the public schema
 * takes one that misses an interval, lies on another grid or is negative, and the fault would first be felt when it is settled.
 */
import type { CommittedInterval } from '../../domain/market.js';
import { secondsBetween } from '../../domain/time.js';
import { type Part, windowOf } from './catalog.js';
import { say } from './dialects/dialects.js';
import { Decline } from './refusal.js';

const ITEM_TAGS = '/message/order/items/0/tags';
/** Figures that are the same when they are written with a digit. */
const SAME_KW = 0.05;

/** Power of the commitment, the same in every interval. Throws Decline with the pointer of what does not fit. */
export const committedPower = (part: Part, intervals: readonly CommittedInterval[]): number => {
  const slots = part.offer.slots.slice(part.from, part.to);
  const minutesOf = ({ start, end }: { start: string; end: string }) =>
    secondsBetween(start as never, end as never) / 60;
  const grid = `its intervals are ${say(minutesOf(slots[0]!))} min long and begin at ${slots[0]!.start}`;
  const told = new Map<string, CommittedInterval>();
  for (const one of intervals) {
    if (!(one.kw >= 0))
      throw new Decline('40002', `${say(one.kw)} kW are committed at ${one.start}, must not be negative`, one.at);
    const slot = slots.find(({ start }) => start === one.start);
    if (slot === undefined || one.minutes !== minutesOf(slot)) {
      const { start, end } = windowOf(part);
      throw new Decline(
        '40002',
        `${say(one.minutes)} min at ${one.start} are no interval of the item from ${start} to ${end}: ${grid}`,
        one.at,
      );
    }
    if (told.has(one.start)) throw new Decline('40002', `${one.start} is committed twice`, one.at);
    told.set(one.start, one);
  }
  const missing = slots.find(({ start }) => (told.get(start)?.kw ?? 0) === 0);
  if (missing !== undefined)
    throw new Decline(
      '40002',
      `nothing is committed at ${missing.start}, and the item is sold as a whole: ${grid}`,
      told.get(missing.start)?.at ?? ITEM_TAGS,
    );
  const [first] = intervals as [CommittedInterval];
  const other = intervals.find(({ kw }) => Math.abs(kw - first.kw) > SAME_KW);
  if (other !== undefined)
    throw new Decline(
      '40002',
      `${say(other.kw)} kW are committed at ${other.start} and ${say(first.kw)} at ${first.start}: an item has one power`,
      other.at,
    );
  return first.kw;
};
