/**
 * What a model looks at: a series on an even grid, the local clock beside it, a price as far as it was published, and sums that
 * make means cheap. Every question names its origin and reads nothing that was not known there: values before it, and prices
 * before `knownTo[origin]`.
 */
import { fromEpoch, offsetMinutes } from '../../domain/time.js';

export interface Observations {
  /** epoch seconds of index 0 */
  readonly start: number;
  /** a whole number of them makes a day */
  readonly stepMinutes: number;
  /** NaN is a gap */
  readonly values: Float64Array;
  readonly price: Published | null;
  /** whose clock people there live by */
  readonly timeZone: string;
}

/** Values that are published ahead of their time, on the grid of the series and perhaps longer. */
export interface Published {
  readonly values: Float64Array;
  /** For each origin, one past the last included, the index up to which values were public there. */
  readonly knownTo: Int32Array;
}

/** Days of the profile, its fading, and the hours that a recent relation of price and value is learned from. */
const DAYS = 7;
const FADE_HOURS = 12;
const RELATION_HOURS = 14 * 24;

export class Frame {
  readonly count: number;
  readonly perDay: number;
  readonly hours: number;
  readonly values: Float64Array;
  /** the values, gaps filled from the past alone: the day before, else the step before */
  readonly filled: Float64Array;
  /** Mean of the known ones of the seven days before at that time of day; NaN without one. Runs a day past the values. */
  readonly profile: Float64Array;
  readonly price: Published | null;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  readonly #anomalies: Float64Array;
  readonly #calendar: Calendar;
  readonly #priceProfile: Float64Array;
  readonly #relation: Relation;
  readonly #priceSums: Float64Array;
  readonly #priceAnomalySums: Float64Array;

  constructor(readonly observations: Observations) {
    const { values, stepMinutes, price } = observations;
    this.values = values;
    this.price = price;
    this.count = values.length;
    this.perDay = 1440 / stepMinutes;
    this.hours = stepMinutes / 60;
    this.filled = fill(values, this.perDay);
    this.profile = profileOf(values, this.perDay, this.count + this.perDay);
    this.#sums = sumsOf(this.count, (i) => this.filled[i]!);
    this.#squares = sumsOf(this.count, (i) => this.filled[i]! ** 2);
    this.#anomalies = sumsOf(this.count, (i) => orZero(this.filled[i]! - this.profile[i]!));
    this.#calendar = calendarOf(observations);
    const longest = price === null ? 0 : price.values.length;
    this.#priceProfile = price === null ? new Float64Array(0) : profileOf(price.values, this.perDay, longest);
    this.#relation = relationOf(this, this.#priceProfile);
    this.#priceSums = sumsOf(longest, (i) => orZero(price!.values[i]!));
    this.#priceAnomalySums = sumsOf(longest, (i) => orZero(price!.values[i]! - this.#priceProfile[i]!));
  }

  /** Index of the step that holds h hours before the origin; the last step known is 0 hours back. */
  back(origin: number, hours: number): number {
    return origin - 1 - Math.round(hours / this.hours);
  }

  /** Mean of the last `hours` before the origin, as far as there are values. */
  mean(origin: number, hours: number): number {
    return meanOf(this.#sums, origin, hours / this.hours);
  }

  /** Standard deviation of the last `hours` before the origin. */
  deviation(origin: number, hours: number): number {
    const mean = this.mean(origin, hours);
    return Math.sqrt(Math.max(0, meanOf(this.#squares, origin, hours / this.hours) - mean * mean));
  }

  /** Mean of what values stood above their profile in the last `hours`. */
  anomaly(origin: number, hours: number): number {
    return meanOf(this.#anomalies, origin, hours / this.hours);
  }

  /** What the seven days before the origin say of step h from it. */
  profileAt(origin: number, h: number): number {
    return this.profile[origin + (h % this.perDay)]!;
  }

  /** Profile, and what the last value stood above its own, fading with exp(−(h + 1) / 12 h). NaN where there is no profile. */
  damped(origin: number, h: number): number {
    const anomaly = origin < 1 ? 0 : orZero(this.values[origin - 1]! - this.profile[origin - 1]!);
    return this.profileAt(origin, h) + anomaly * Math.exp((-(h + 1) * this.hours) / FADE_HOURS);
  }

  /** The newest filled value at the time of day of step h from the origin, or `days` before that. */
  sameTime(origin: number, h: number, days: number): number {
    return this.filled[origin + (h % this.perDay) - this.perDay * days] ?? Number.NaN;
  }

  /** Hour of the local day with its fraction, weekday from Monday as 0, and share of the year, of any step. */
  hourOf(index: number): number {
    return this.#calendar.hour[index]!;
  }
  weekdayOf(index: number): number {
    return this.#calendar.weekday[index]!;
  }
  yearShareOf(index: number): number {
    return this.#calendar.yearShare[index]!;
  }

  /** The price of a step as known at the origin; NaN where it was not published. */
  priceAt(origin: number, index: number): number {
    return this.price !== null && index < this.price.knownTo[origin]!
      ? (this.price.values[index] ?? Number.NaN)
      : Number.NaN;
  }

  /** What the price of a step stands above the seven days before it; NaN where it was not published. */
  priceAnomalyAt(origin: number, index: number): number {
    return this.priceAt(origin, index) - (this.#priceProfile[index] ?? Number.NaN);
  }

  /** Mean of the prices of the day ahead that were published at the origin; NaN where none were. */
  meanPrice(origin: number): number {
    return this.#meanAhead(this.#priceSums, origin);
  }

  /** Mean of the prices of the week before the origin. */
  pastPrice(origin: number): number {
    const from = Math.max(0, origin - 7 * this.perDay);
    return (this.#priceSums[origin]! - this.#priceSums[from]!) / Math.max(1, origin - from);
  }

  /** What that mean stands above the seven days before. */
  meanPriceAnomaly(origin: number): number {
    return this.#meanAhead(this.#priceAnomalySums, origin);
  }

  #meanAhead(sums: Float64Array, origin: number): number {
    const to = Math.min(this.price?.knownTo[origin] ?? 0, origin + this.perDay, sums.length - 1);
    return to > origin ? (sums[to]! - sums[origin]!) / (to - origin) : Number.NaN;
  }

  /** How much the value has moved with the price in the fortnight before the origin, both above their profiles; 0 without prices. */
  priceSlope(origin: number): number {
    const { both, squares } = this.#relation;
    const from = Math.max(0, origin - Math.round(RELATION_HOURS / this.hours));
    const square = squares[origin]! - squares[from]!;
    return square > 0 ? (both[origin]! - both[from]!) / square : 0;
  }
}

const orZero = (value: number) => (Number.isNaN(value) ? 0 : value);

const fill = (values: Float64Array, perDay: number): Float64Array => {
  const filled = values.slice();
  for (let i = 0; i < filled.length; i++)
    if (Number.isNaN(filled[i]!)) filled[i] = filled[i - perDay] ?? filled[i - 1] ?? Number.NaN;
  // What comes before the first value has nothing to be filled from; a constant keeps the sums finite.
  const first = filled.findIndex((value) => !Number.isNaN(value));
  if (first > 0) filled.fill(filled[first]!, 0, first);
  for (let i = Math.max(1, first); i < filled.length; i++) if (Number.isNaN(filled[i]!)) filled[i] = filled[i - 1]!;
  return filled;
};

const profileOf = (values: Float64Array, perDay: number, length: number): Float64Array => {
  const profile = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    let known = 0;
    for (let day = 1; day <= DAYS; day++) {
      const value = values[i - day * perDay];
      if (value === undefined || Number.isNaN(value)) continue;
      sum += value;
      known++;
    }
    profile[i] = known === 0 ? Number.NaN : sum / known;
  }
  return profile;
};

const sumsOf = (count: number, of: (i: number) => number): Float64Array => {
  const sums = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) sums[i + 1] = sums[i]! + of(i);
  return sums;
};

const meanOf = (sums: Float64Array, origin: number, steps: number): number => {
  const from = Math.max(0, origin - Math.max(1, Math.round(steps)));
  return origin > from ? (sums[origin]! - sums[from]!) / (origin - from) : Number.NaN;
};

interface Relation {
  readonly both: Float64Array;
  readonly squares: Float64Array;
}

const relationOf = (frame: Frame, priceProfile: Float64Array): Relation => {
  const prices = frame.price?.values;
  const pairs = (i: number): [number, number] => [
    orZero((prices?.[i] ?? Number.NaN) - (priceProfile[i] ?? Number.NaN)),
    orZero(frame.filled[i]! - frame.profile[i]!),
  ];
  return {
    both: sumsOf(frame.count, (i) => pairs(i)[0] * pairs(i)[1]),
    squares: sumsOf(frame.count, (i) => pairs(i)[0] ** 2),
  };
};

interface Calendar {
  readonly hour: Float64Array;
  readonly weekday: Uint8Array;
  readonly yearShare: Float64Array;
}

/** Days that a forecast may reach beyond the values. */
const DAYS_AHEAD = 8;
const YEAR_S = 365.2425 * 86_400;

const calendarOf = ({ start, stepMinutes, values, timeZone }: Observations): Calendar => {
  const step = stepMinutes * 60;
  const length = values.length + (DAYS_AHEAD * 1440) / stepMinutes;
  const calendar = {
    hour: new Float64Array(length),
    weekday: new Uint8Array(length),
    yearShare: new Float64Array(length),
  };
  // Clocks change on the whole hour at most twice a year: a day whose ends agree has one offset.
  let day = Number.NaN;
  let ends: [number, number] = [0, 0];
  for (let i = 0; i < length; i++) {
    const at = start + i * step;
    const today = Math.floor(at / 86_400);
    if (today !== day) {
      ends = [
        offsetMinutes(fromEpoch(today * 86_400), timeZone),
        offsetMinutes(fromEpoch((today + 1) * 86_400), timeZone),
      ];
      day = today;
    }
    const offset = ends[0] === ends[1] ? ends[0] : offsetMinutes(fromEpoch(at), timeZone);
    const local = at + offset * 60;
    calendar.hour[i] = (local - Math.floor(local / 86_400) * 86_400) / 3600;
    calendar.weekday[i] = (((Math.floor(local / 86_400) + 3) % 7) + 7) % 7;
    calendar.yearShare[i] = (at / YEAR_S) % 1;
  }
  return calendar;
};
