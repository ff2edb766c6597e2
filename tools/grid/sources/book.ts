/**
 * The book of what live sources said: it asks a source for what is missing or old and for no more, keeps that in the store with the
 * time at which it was had, and answers from there. Nobody waits longer for a source than they said; what comes later is kept
 * for the next who asks.
 */
import { Fault } from '../../../domain/fault.js';
import type { GridValue, GridValues, Said, SignalKey } from '../../../domain/grid-values.js';
import {
  ceilTo,
  floorTo,
  fromEpoch,
  type Instant,
  type Interval,
  plusHours,
  secondsBetween,
  toEpoch,
} from '../../../domain/time.js';
import type { Clock } from '../../../domain/world.js';
import { machineTimer, type Timer, type WireTrouble } from '../../../wire/wire.js';
import { type Feed, unitOf } from './feed.js';

/** A source that failed is left alone for so long, or as long as it asked. */
const REST_MS = 30_000;
/** Intervals are widened to whole hours, so that questions a moment apart are one. */
const WHOLE_MINUTES = 60;

/** No source foresees further, and none has anything before: what lies beyond is not asked for, and no gap of it is kept. */
export const AHEAD_DAYS = 16;
const EARLIEST = '2010-01-01T00:00:00Z' as Instant;

/** What is known of an interval, and why it is not newer, where the source was asked and did not answer. */
export interface Known {
  readonly values: readonly GridValue[];
  readonly silent: Fault | null;
  readonly notes: readonly string[];
}

export interface Learnt {
  readonly requests: number;
  readonly added: number;
}

export interface Book {
  readonly values: GridValues;
  /** What is known by now, after at most `waitMs` for what is missing. Throws what is no trouble of the source. */
  know(feed: Feed, region: string, interval: Interval, waitMs: number): Promise<Known>;
  /** Parts of the interval that have to be asked for; `anew`: as if nothing was known of what has not settled. */
  missing(feed: Feed, region: string, interval: Interval, anew?: boolean): Promise<Interval[]>;
  /** Asks for one part and keeps it, all or nothing. Throws Fault where the source does not answer. */
  learn(feed: Feed, region: string, part: Interval): Promise<Learnt>;
  /** Ends what is under way: nothing more is kept. */
  close(): void;
}

export const keyOf = (feed: Feed, region: string): SignalKey => ({
  source: feed.source,
  region,
  quantity: feed.quantity,
  unit: unitOf(feed),
});

export const openBook = ({
  values,
  clock,
  timer = machineTimer,
}: {
  readonly values: GridValues;
  readonly clock: Pick<Clock, 'now'>;
  readonly timer?: Timer | undefined;
}): Book => {
  const end = new AbortController();
  const underWay = new Map<string, Promise<Learnt>>();
  /** Of each signal the parts that were asked for lately: a source that has nothing is not asked at once again. */
  const asked = new Map<string, { part: Interval; at: Instant }[]>();
  const resting = new Map<string, { until: number; fault: Fault }>();
  const notes = new Map<string, readonly string[]>();
  const nameOf = (feed: Feed, region: string) => JSON.stringify(keyOf(feed, region));

  const fetchPart = async (feed: Feed, region: string, part: Interval): Promise<Learnt> => {
    const now = clock.now();
    const reading = await feed.read(region, part, end.signal);
    end.signal.throwIfAborted();
    const added = await values.write(keyOf(feed, region), trimmed(feed, reading.said, part, now), clock.now());
    const name = nameOf(feed, region);
    notes.set(name, reading.notes ?? []);
    const lately = (asked.get(name) ?? []).filter(({ at }) => secondsBetween(at, now) < feed.renewMinutes * 60);
    asked.set(name, [...lately, { part, at: now }]);
    return { requests: 1, added };
  };

  const learn = (feed: Feed, region: string, part: Interval): Promise<Learnt> => {
    const question = `${nameOf(feed, region)} ${part.start} ${part.end}`;
    const shared = underWay.get(question);
    if (shared !== undefined) return shared;
    const request = fetchPart(feed, region, part).finally(() => underWay.delete(question));
    underWay.set(question, request);
    return request;
  };

  const isFresh = (feed: Feed, checked: Instant, now: Instant) =>
    checked <= now && secondsBetween(checked, now) < feed.renewMinutes * 60;

  const missing: Book['missing'] = async (feed, region, interval, anew = false) => {
    const now = clock.now();
    const { start, end: until } = reachable(feed, interval, now);
    if (until <= start) return [];
    const kept = await values.read(keyOf(feed, region), { start, end: until }, now);
    const lately = anew ? [] : (asked.get(nameOf(feed, region)) ?? []);
    const [first, step] = [toEpoch(start), feed.stepMinutes * 60];
    const known = new Uint8Array(Math.ceil((toEpoch(until) - first) / step));
    const cover = (from: number, to: number) => {
      for (let i = Math.max(0, Math.floor((from - first) / step)); i * step + first < to && i < known.length; i++)
        known[i] = 1;
    };
    for (const value of kept) {
      const ends = toEpoch(value.at) + value.minutes * 60;
      const isSettled = ends + feed.settlesHours * 3600 <= toEpoch(value.checked);
      if (isSettled || (!anew && isFresh(feed, value.checked, now))) cover(toEpoch(value.at), ends);
    }
    for (const { part, at } of lately) if (isFresh(feed, at, now)) cover(toEpoch(part.start), toEpoch(part.end));
    return partsOf(known, first, step, feed.chunkHours * 3600);
  };

  const learnAll = async (feed: Feed, region: string, interval: Interval) => {
    for (const part of await missing(feed, region, interval)) await learn(feed, region, part);
  };

  const ask = async (feed: Feed, region: string, interval: Interval, waitMs: number): Promise<Fault | null> => {
    const rest = resting.get(feed.source);
    if (rest !== undefined && timer.ticks() < rest.until)
      return (await missing(feed, region, interval)).length === 0 ? null : rest.fault;
    resting.delete(feed.source);
    try {
      await within(learnAll(feed, region, interval), waitMs, timer, feed);
      return null;
    } catch (error) {
      if (!(error instanceof Fault) || (error.code !== 'unavailable' && error.code !== 'forbidden')) throw error;
      const { retryAfterS = null } = (error.details as Partial<WireTrouble> | undefined) ?? {};
      resting.set(feed.source, { until: timer.ticks() + Math.max(REST_MS, (retryAfterS ?? 0) * 1000), fault: error });
      return error;
    }
  };

  return {
    values,
    missing,
    learn,
    know: async (feed, region, interval, waitMs) => {
      const silent = await ask(feed, region, interval, waitMs);
      const kept = await values.read(keyOf(feed, region), interval, clock.now());
      return { values: kept, silent, notes: notes.get(nameOf(feed, region)) ?? [] };
    },
    close: () => end.abort(new Fault('unavailable', 'the program ends', 'Start it again.')),
  };
};

/** Whole hours, within what a source can know, and no hour of the future of what tells only of the past. */
const reachable = (feed: Feed, { start, end }: Interval, now: Instant): Interval => {
  const [from, to] = [floorTo(start, WHOLE_MINUTES), ceilTo(end, WHOLE_MINUTES)];
  const last = ceilTo(feed.foresees ? plusHours(now, 24 * AHEAD_DAYS) : now, WHOLE_MINUTES);
  return { start: from > EARLIEST ? from : EARLIEST, end: to < last ? to : last };
};

/** What was said of the part, and a gap for each step that was asked for in vain. */
const trimmed = (feed: Feed, said: readonly Said[], { start, end }: Interval, now: Instant): Said[] => {
  const [first, last, step] = [toEpoch(start), toEpoch(end), feed.stepMinutes * 60];
  const within = said.filter(({ at, minutes }) => toEpoch(at) + minutes * 60 > first && toEpoch(at) < last);
  const told = new Uint8Array(Math.ceil((last - first) / step));
  for (const { at, minutes } of within)
    for (let t = Math.max(first, toEpoch(at)); t < Math.min(last, toEpoch(at) + minutes * 60); t += step)
      told[Math.floor((t - first) / step)] = 1;
  const gaps: Said[] = [];
  for (const [i, isTold] of told.entries()) {
    if (isTold === 1) continue;
    const at = fromEpoch(first + i * step);
    const status = feed.measures && toEpoch(at) + step <= toEpoch(now) ? 'actual' : 'forecast';
    gaps.push({ at, minutes: feed.stepMinutes, value: null, status, published: null });
  }
  return [...within, ...gaps];
};

/** What is not known, in as few parts as the source answers at once: a hole between two parts is asked for again with them. */
const partsOf = (known: Uint8Array, first: number, step: number, most: number): Interval[] => {
  const parts: Interval[] = [];
  const perPart = Math.max(1, Math.floor(most / step));
  for (let i = known.indexOf(0); i >= 0; ) {
    const to = Math.min(known.length, i + perPart);
    const last = known.lastIndexOf(0, to - 1);
    parts.push({ start: fromEpoch(first + i * step), end: fromEpoch(first + (last + 1) * step) });
    i = known.indexOf(0, last + 1);
  }
  return parts;
};

/** The work goes on when its time is over: what it brings is there for the next who asks. */
const within = async (work: Promise<void>, ms: number, timer: Timer, feed: Feed): Promise<void> => {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = timer.after(ms, () =>
      reject(
        new Fault(
          'unavailable',
          `${feed.source} has not answered within ${Math.round(ms / 100) / 10} s`,
          'Ask again in a minute, allow more time (CACO_GRID_WAIT_S), or plan on recorded data: CACO_GRID=recorded.',
        ),
      ),
    );
  });
  work.catch(() => {});
  try {
    await Promise.race([work, late]);
  } finally {
    cancel();
  }
};
