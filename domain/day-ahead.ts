/** When the day-ahead auction's prices are known in Great Britain: at about 16:00 in London up to 23:00 of the next day. */
import { atWallClock, fromEpoch, type Instant, plusDays, toEpoch, wallClock } from './time.js';

const ZONE = 'Europe/London';
const PUBLISHED_MINUTE = 16 * 60;

/** The end of the last block whose prices are public at `now`. */
export const publishedTo = (now: Instant): Instant => {
  const { date, minuteOfDay } = wallClock(now, ZONE);
  return atWallClock(minuteOfDay >= PUBLISHED_MINUTE ? plusDays(date, 1) : date, '23:00', ZONE);
};

/**
 * The same for every origin start + i × step, the one after the last included, as an index on that grid: how many of its steps
 * have a public price. Epoch seconds and seconds.
 */
export const publishedSteps = (start: number, step: number, count: number): Int32Array => {
  const known = new Int32Array(count + 1);
  let until = Number.NEGATIVE_INFINITY;
  let index = 0;
  for (let i = 0; i <= count; i++) {
    const at = start + i * step;
    if (at >= until) {
      const now = fromEpoch(at);
      index = Math.floor((toEpoch(publishedTo(now)) - start) / step);
      const { date, minuteOfDay } = wallClock(now, ZONE);
      until = toEpoch(atWallClock(minuteOfDay >= PUBLISHED_MINUTE ? plusDays(date, 1) : date, '16:00', ZONE));
    }
    known[i] = index;
  }
  return known;
};
