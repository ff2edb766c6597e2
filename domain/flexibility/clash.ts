/**
 * What an event finds when it comes: that it is over, that it asks for what nobody here can do, that the same hours are promised. Each
 * is one clear word, and none of it needs a plan.
 */
import { type Instant, secondsBetween } from '../time.js';
import { directionOf, type EventAsked, type EventStatus, type FlexibilityEvent, statusAt } from './event.js';

const STANDS: ReadonlySet<EventStatus> = new Set(['confirmed', 'received']);

/** Hours that two stretches share; an open end reaches as far as the other. */
const overlap = (
  a: Pick<EventAsked, 'start' | 'end'>,
  b: { readonly start: Instant; readonly end: Instant | null },
): boolean => (a.end === null || b.start < a.end) && (b.end === null || a.start < b.end);

/** Events of one place that are promised, or wait for it, and meet this one in time. */
export const metBy = (
  asked: EventAsked,
  region: string,
  others: readonly FlexibilityEvent[],
  now: Instant,
): FlexibilityEvent[] =>
  others.filter(
    (other) =>
      STANDS.has(statusAt(other, now)) &&
      other.commitment?.region === region &&
      overlap(asked, { start: other.commitment.start, end: other.commitment.end }),
  );

/** Why it cannot be promised, whatever is planned; null: nothing stands against it. */
export const declinedAtOnce = (
  asked: EventAsked,
  {
    received,
    now,
    met,
  }: { readonly received: Instant; readonly now: Instant; readonly met: readonly FlexibilityEvent[] },
): string | null => {
  const { start, end, noticeMinutes, bestEffort, source } = asked;
  if (end !== null && end <= now)
    return `it was over at ${end}, before it ${end <= received ? 'came' : 'was answered'}`;
  if (directionOf(asked.target) === 'turn-up')
    return 'nothing here draws more power on demand: only a turn-down can be promised';
  const notice = secondsBetween(received, start) / 60;
  if (notice < noticeMinutes && !bestEffort)
    return `it came ${notice <= 0 ? 'after it had begun' : `${Math.floor(notice)} minutes before it begins`}, and ${asked.product} promises ${noticeMinutes} minutes of notice`;
  // Of one source the newest target takes the older one's place; what two of them pay for is delivered once.
  const paidTwice = met.find(
    (other) => (other.asked.source !== source || other.orderId !== undefined) && other.asked.price !== null,
  );
  if (asked.price !== null && paidTwice !== undefined)
    return `${paidTwice.id} of ${paidTwice.asked.source} ${paidTwice.status === 'confirmed' ? 'is promised' : 'waits for its answer'} from ${paidTwice.commitment!.start} to ${paidTwice.commitment!.end}, and a kilowatt-hour is paid for once`;
  return null;
};

/** The target of an older event of the same source that this one takes the place of. What was sold on the market stays sold. */
export const replacedBy = (asked: EventAsked, met: readonly FlexibilityEvent[]): FlexibilityEvent[] =>
  met.filter(
    (other) => other.asked.source === asked.source && other.asked.ref !== asked.ref && other.orderId === undefined,
  );
