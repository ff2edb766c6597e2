/** Hour and kind of day of each step, as people at the site have them. */
import { fromEpoch, offsetMinutes } from '../../../domain/time.js';
import type { UsageRows } from '../../../domain/usage.js';

export interface Calendar {
  /** 0 to below 24, with its fraction */
  readonly hour: Float64Array;
  /** 1 on Saturday and Sunday */
  readonly free: Uint8Array;
}

const DAY_S = 86_400;
/** 1970 began on a Thursday; Monday is 0. */
const FIRST_WEEKDAY = 3;

export const calendarOf = ({ start, stepMinutes, timeZone, energyKwh }: UsageRows): Calendar => {
  const count = energyKwh.length;
  const hour = new Float64Array(count);
  const free = new Uint8Array(count);
  const offsetAt = offsetsOf(timeZone);
  for (let i = 0; i < count; i++) {
    const seconds = start + i * stepMinutes * 60;
    const offsetS = offsetAt(seconds);
    const local = seconds + offsetS;
    hour[i] = (((local % DAY_S) + DAY_S) % DAY_S) / 3600;
    free[i] = (((Math.floor(local / DAY_S) + FIRST_WEEKDAY) % 7) + 7) % 7 >= 5 ? 1 : 0;
  }
  return { hour, free };
};

/** Seconds before UTC. Looked up at the ends of each day; only where these differ, each hour of it, for clocks change on full hours. */
const offsetsOf = (timeZone: string): ((seconds: number) => number) => {
  const kept = new Map<number, number>();
  const lookUp = (at: number) => {
    const found = kept.get(at) ?? 60 * offsetMinutes(fromEpoch(at), timeZone);
    kept.set(at, found);
    return found;
  };
  return (seconds) => {
    const day = Math.floor(seconds / DAY_S) * DAY_S;
    const before = lookUp(day);
    return before === lookUp(day + DAY_S) ? before : lookUp(Math.floor(seconds / 3600) * 3600);
  };
};
