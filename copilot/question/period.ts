/** Stretches of time as people name them, against the world's clock. */
import { atWallClock, type Instant, plusDays, wallClock } from '../../domain/time.js';
import type { Slots } from '../lookup.js';

export interface Period {
  readonly from: Instant | undefined;
  readonly to: Instant | undefined;
}

/** Calendar stretches in UTC; `last week` is the seven days that ended now, as people mean it of a running system. */
export const periodOf = (name: NonNullable<Slots['period']>, now: Instant): Period => {
  const { date, weekday } = wallClock(now, 'UTC');
  const day = (d: string) => atWallClock(d, '00:00', 'UTC');
  const tomorrow = day(plusDays(date, 1));
  const month = `${date.slice(0, 7)}-01`;
  switch (name) {
    case 'today':
      return { from: day(date), to: tomorrow };
    case 'yesterday':
      return { from: day(plusDays(date, -1)), to: day(date) };
    case 'this week':
      return { from: day(plusDays(date, 1 - weekday)), to: tomorrow };
    case 'last week':
      return { from: day(plusDays(date, -7)), to: tomorrow };
    case 'this month':
      return { from: day(month), to: tomorrow };
    case 'last month':
      return { from: day(`${plusDays(month, -1).slice(0, 7)}-01`), to: day(month) };
    case 'this year':
      return { from: day(`${date.slice(0, 4)}-01-01`), to: tomorrow };
    case 'all':
      return { from: undefined, to: undefined };
  }
};
