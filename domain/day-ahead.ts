/**
 * When the prices of a day-ahead auction are public, by its market. Of a region whose market is not known nobody can say it, and
 * its prices are not used ahead of their time.
 */
import { atWallClock, fromEpoch, type Instant, plusDays, toEpoch, wallClock } from './time.js';

export interface Market {
  /** for people, after "prices of" */
  readonly name: string;
  /** whose clock the auction goes by */
  readonly zone: string;
  /** When the prices of the next delivery day are public, on that clock, in minutes after midnight. */
  readonly publishedMinute: number;
  /** where a delivery day ends: at this time of the same day (0) or of the day after it (1) */
  readonly dayEnds: { readonly clock: string; readonly daysLater: 0 | 1 };
}

/** About 16:00 in London, up to 23:00 of the next day: the tariffs that follow the auction keep to it. */
export const BRITAIN: Market = {
  name: 'the British day-ahead auction',
  zone: 'Europe/London',
  publishedMinute: 16 * 60,
  dayEnds: { clock: '23:00', daysLater: 0 },
};

/** The coupled auction of the continent (SDAC): about 12:45 in Brussels, up to midnight there at the end of the next day. */
export const CONTINENT: Market = {
  name: 'the coupled day-ahead auction of the continent',
  zone: 'Europe/Brussels',
  publishedMinute: 12 * 60 + 45,
  dayEnds: { clock: '00:00', daysLater: 1 },
};

const COUPLED = 'AT|BE|BG|CZ|DE|DK|EE|ES|FI|FR|GR|HR|HU|IT|LT|LU|LV|NL|NO|PL|PT|RO|SE|SI|SK';
const IN_BRITAIN = /^(?:GB|UK)(?![a-z])/i;
/** Northern Ireland trades in the all-island market. */
const ALL_ISLAND = /^(?:GB|UK)-NIR\b/i;
const ON_THE_CONTINENT = new RegExp(`^(?:${COUPLED})(?![A-Za-z])`);

/** By the region's code, or by pounds as the currency of a file that does not say where it is from. Null: not known. */
export const marketOf = (region: string, currency: string | null = null): Market | null => {
  if (ALL_ISLAND.test(region)) return null;
  if (IN_BRITAIN.test(region)) return BRITAIN;
  if (ON_THE_CONTINENT.test(region)) return CONTINENT;
  return currency === 'GBP' ? BRITAIN : null;
};

/** The end of the last delivery day whose prices are public at `now`. */
export const publishedTo = (now: Instant, { zone, publishedMinute, dayEnds }: Market): Instant => {
  const { date, minuteOfDay } = wallClock(now, zone);
  const last = minuteOfDay >= publishedMinute ? plusDays(date, 1) : date;
  return atWallClock(plusDays(last, dayEnds.daysLater), dayEnds.clock, zone);
};

/**
 * The same for every origin start + i × step, the one after the last included, as an index on that grid: how many of its steps
 * have a public price. Epoch seconds and seconds.
 */
export const publishedSteps = (start: number, step: number, count: number, market: Market): Int32Array => {
  const known = new Int32Array(count + 1);
  const { zone, publishedMinute } = market;
  const clock = `${pad(Math.floor(publishedMinute / 60))}:${pad(publishedMinute % 60)}`;
  let until = Number.NEGATIVE_INFINITY;
  let index = 0;
  for (let i = 0; i <= count; i++) {
    const at = start + i * step;
    if (at >= until) {
      const now = fromEpoch(at);
      index = Math.floor((toEpoch(publishedTo(now, market)) - start) / step);
      const { date, minuteOfDay } = wallClock(now, zone);
      until = toEpoch(atWallClock(minuteOfDay >= publishedMinute ? plusDays(date, 1) : date, clock, zone));
    }
    known[i] = index;
  }
  return known;
};

const pad = (n: number) => String(n).padStart(2, '0');
