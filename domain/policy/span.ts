/** The stretch of time that a set's limits are read for: the planner's grid, and the clock that the set's times are read by. */
import type { Site } from '../site.js';
import { civilDate, fromEpoch, type Interval, toEpoch } from '../time.js';
import type { Constraint, ConstraintOf, PolicySet } from './policy.js';

/** The grid of time that a plan is made on: slot 0 begins at `window.start`, and the last slot may end after `window.end`. */
export interface Frame {
  readonly window: Interval;
  readonly slotMinutes: number;
  readonly sites: readonly Pick<Site, 'id' | 'region' | 'clusterId' | 'timeZone'>[];
}

/** The clock that a set's times are read by where they name none: the set's, else the first site's. */
export const zoneOf = (set: Pick<PolicySet, 'timeZone'>, sites: readonly Pick<Site, 'timeZone'>[]): string =>
  set.timeZone ?? sites[0]?.timeZone ?? 'UTC';

/** A half-open range of slots. */
export type SlotRange = [from: number, to: number];

/** A frame laid out in whole slots. */
export class Span {
  readonly #origin: number;
  readonly #step: number;
  readonly sites: Frame['sites'];
  readonly zone: string;
  readonly slots: number;
  /** From the first slot's begin to the last one's end. */
  readonly interval: Interval;

  constructor(set: Pick<PolicySet, 'timeZone'>, { window, slotMinutes, sites }: Frame) {
    this.sites = sites;
    this.zone = zoneOf(set, sites);
    this.#step = slotMinutes * 60;
    this.#origin = toEpoch(window.start);
    this.slots = Math.max(0, Math.ceil((toEpoch(window.end) - this.#origin) / this.#step));
    this.interval = { start: window.start, end: fromEpoch(this.#origin + this.slots * this.#step) };
  }

  /** Slots that begin within an interval, or with `touching` those that it touches. */
  ranges(intervals: readonly Interval[], touching: boolean): SlotRange[] {
    return intervals
      .map(({ start, end }): SlotRange => {
        const from = (toEpoch(start) - this.#origin) / this.#step;
        const to = (toEpoch(end) - this.#origin) / this.#step;
        return [Math.max(0, touching ? Math.floor(from) : Math.ceil(from)), Math.min(this.slots, Math.ceil(to))];
      })
      .filter(([from, to]) => from < to);
  }

  /** Constraints of some types that hold at some time of the span. */
  of<T extends Constraint['type']>(list: readonly Constraint[], ...types: T[]): ConstraintOf<T>[] {
    return list.filter((c): c is ConstraintOf<T> => (types as string[]).includes(c.type) && this.#overlaps(c));
  }

  #overlaps(c: Constraint): boolean {
    const { validFrom, until } = c.params as { validFrom?: string; until?: string };
    return (
      (until === undefined || civilDate(this.interval.start, this.zone) <= until) &&
      (validFrom === undefined || civilDate(this.interval.end, this.zone) >= validFrom)
    );
  }
}
