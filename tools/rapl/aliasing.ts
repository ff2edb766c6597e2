/**
 * Three readers of the same counters: ours at its pace, a scraper that takes every fall for a reset, and one that cuts
 * microjoules to 32 bits as if they were a register. What the last two lose is shown, not ours to use.
 */
import type { Moment } from './counter.js';
import type { Report } from './report.js';
import { openSession } from './session.js';
import type { Source } from './source.js';
import { roleOf } from './zone.js';

/** Energy so far of each reader, microjoules, at one moment. */
export interface Point {
  readonly seconds: number;
  readonly accumulatorUj: bigint;
  readonly scraperUj: bigint;
  readonly maskedUj: bigint;
}

const MASK = 0xffff_ffffn;
const SLACK_S = 0.05;

/** Values of the zones that a total adds, by id. */
const valuesOf = (source: Source): Map<string, { ticks: bigint; range: bigint | null }> => {
  const { sightings } = source.look();
  const zones = sightings.map(({ zone }) => zone);
  return new Map(
    sightings.flatMap(({ zone, reading, scale }) =>
      'ticks' in reading && roleOf(zone, zones) === 'added'
        ? [[zone.id, { ticks: reading.ticks, range: scale.range }] as const]
        : [],
    ),
  );
};

/** One that remembers the last value of each zone and adds what `step` makes of the next. */
const reader = (step: (last: bigint, now: bigint, range: bigint | null) => bigint) => {
  const last = new Map<string, bigint>();
  let sumUj = 0n;
  return {
    look(source: Source) {
      for (const [id, { ticks, range }] of valuesOf(source)) {
        const before = last.get(id);
        if (before !== undefined) sumUj += step(before, ticks, range);
        last.set(id, ticks);
      }
    },
    sumUj: () => sumUj,
  };
};

/** `increase()` of PromQL: after a fall the counter is taken to have begun at 0, and what was left of its range is lost. */
const afterReset = (last: bigint, now: bigint): bigint => (now >= last ? now - last : now);

/** Value and range cut to 32 bits; a step that the cut range cannot hold is dropped. */
const masked = (last: bigint, now: bigint, range: bigint | null): bigint => {
  const [from, to, most] = [last & MASK, now & MASK, (range ?? MASK) & MASK];
  const step = to >= from ? to - from : most - from + to;
  return step < 0n || step > most ? 0n : step;
};

export interface Aliasing {
  /** Looks with the accumulator; with the other two as well where a scrape is due. */
  sample(at: Moment): void;
  points(): readonly Point[];
  /** what the accumulator knows, gaps told */
  report(): Report;
}

/** `scrapeSeconds` is the scraper's and the masked reader's interval; ours is as often as `sample` is called. */
export const aliasing = (source: Source, scrapeSeconds: number, maxWatts?: number): Aliasing => {
  const session = openSession(source, maxWatts === undefined ? {} : { maxWatts });
  const scraper = reader(afterReset);
  const cut = reader(masked);
  const points: Point[] = [];
  let began: number | null = null;
  let scrapes = 0;
  return {
    sample(at) {
      began ??= at.monotonicMs;
      session.sample(at);
      const seconds = (at.monotonicMs - began) / 1000;
      // A look comes a little early or late; a scrape that is due within half a tenth of a second is made.
      if (seconds + SLACK_S < scrapes * scrapeSeconds) return;
      scrapes = Math.floor((seconds + SLACK_S) / scrapeSeconds) + 1;
      scraper.look(source);
      cut.look(source);
      points.push({
        seconds,
        accumulatorUj: session.report().totalUj ?? 0n,
        scraperUj: scraper.sumUj(),
        maskedUj: cut.sumUj(),
      });
    },
    points: () => points,
    report: () => session.report(),
  };
};
