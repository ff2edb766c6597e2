/** The live sources behind one book: their ports, the book's refreshing and back-filling, and what was known at a moment. */
import { marketOf } from '../../../domain/day-ahead.js';
import { Fault } from '../../../domain/fault.js';
import type { Forecaster, MarketPrice } from '../../../domain/forecast.js';
import type { GridValue, GridValues } from '../../../domain/grid-values.js';
import type { CarbonSignal, PriceSignal } from '../../../domain/signal.js';
import { ceilTo, type Instant, type Interval, plusHours } from '../../../domain/time.js';
import type { Clock, LiveGrid, Refreshed } from '../../../domain/world.js';
import { machineTimer, type Timer, type WireTrouble } from '../../../wire/wire.js';
import { AHEAD_DAYS, type Book, type Known, keyOf, openBook } from './book.js';
import { type CarbonFeed, type Feed, knows, type PriceFeed, unitOf } from './feed.js';
import { type Answer, type Candidate, firstToAnswer } from './standing-in.js';
import { cameTrue, HISTORY_DAYS, knownAt, seriesOf } from './view.js';

type Status = 'forecast' | 'actual';
/** Between two requests of a refresh: nobody waits for it, and the servers are free. */
const BETWEEN_MS = 250;
/** A refresh that is told to wait does so, up to this. */
const LONGEST_WAIT_S = 600;
const WAITS = 5;

export interface Live {
  readonly grid: LiveGrid;
  /** The feeds of one source as candidates for a region: none or one of each question. */
  carbon(feeds: readonly Feed[], region: string, interval: Interval, status: Status): Candidate<CarbonSignal>[];
  price(feeds: readonly Feed[], region: string, interval: Interval, status: Status): Candidate<PriceSignal>[];
  close(): void;
}

interface Ground {
  readonly feeds: readonly Feed[];
  readonly values: GridValues;
  readonly clock: Pick<Clock, 'now'>;
  readonly forecaster: Forecaster;
  readonly waitMs: number;
  readonly timer?: Timer | undefined;
}

export const openLive = (ground: Ground): Live => {
  const { feeds, clock, forecaster } = ground;
  const timer = ground.timer ?? machineTimer;
  const book = openBook({ ...ground, timer });

  const answer = async (feed: Feed, region: string, interval: Interval, status: Status, waitMs: number) => {
    const now = clock.now();
    if (status === 'actual' && !feed.measures)
      throw new Fault(
        'unsupported',
        `what came true is not available regionally: ${feed.attribution} has forecasts of ${region} only`,
        'Ask for GB, whose intensity is measured.',
      );
    const part = asking(feed, interval, status, now);
    // Nothing of what is to come has come true: no source is asked about it, and none is missed.
    const nothing: Known = { values: [], silent: null, notes: [] };
    const known = part.end <= part.start ? nothing : await book.know(feed, region, part, waitMs);
    const around = await knownAround(book, feed, region, interval, known, now, waitMs);
    const signal =
      status === 'actual'
        ? cameTrue(feed, region, { ...known, around }, interval, now)
        : await knownAt(
            feed,
            region,
            { ...(await withKept(ground, feed, region, known, part.start, now)), around },
            interval,
            now,
            forecaster,
          );
    return { signal, silent: known.silent };
  };

  const candidates = <F extends CarbonFeed | PriceFeed, S extends CarbonSignal | PriceSignal>(
    of: readonly F[],
    region: string,
    signalOf: (feed: F, waitMs: number) => Promise<Answer<S>>,
  ): Candidate<S>[] =>
    of
      .filter((feed) => knows(feed, region))
      .map((feed) => ({ name: feed.source, unit: unitOf(feed), ask: (waitMs) => signalOf(feed, waitMs) }));

  const carbonOf = async (feed: CarbonFeed, ...[region, interval, status, waitMs]: Asked) => {
    const { signal, silent } = await answer(feed, region, interval, status, waitMs);
    return { signal: { ...signal, live: true, kind: feed.kind }, silent };
  };
  const priceOf = async (feed: PriceFeed, ...[region, interval, status, waitMs]: Asked) => {
    const { signal, silent } = await answer(feed, region, interval, status, waitMs);
    return { signal: { ...signal, live: true, currency: feed.currency }, silent };
  };

  return {
    carbon: (of, region, interval, status) =>
      candidates(
        of.filter((feed) => feed.quantity === 'carbon'),
        region,
        (feed, waitMs) => carbonOf(feed, region, interval, status, waitMs),
      ),
    price: (of, region, interval, status) =>
      candidates(
        of.filter((feed) => feed.quantity === 'price'),
        region,
        (feed, waitMs) => priceOf(feed, region, interval, status, waitMs),
      ),
    grid: {
      feeds: () => statesOf(feeds, ground.values),
      refresh: (wanted, by) => refresh(book, feeds, wanted, by, { timer, clock }),
      carbonAsOf: (region, interval, at) => carbonAsOf(feeds, ground.values, region, interval, at),
      quantity: async (what, region, interval) => {
        const of = feeds.filter((feed) => feed.quantity === what && knows(feed, region));
        const [first] = of;
        if (first === undefined) return null;
        const asked = of.map(
          (feed): Candidate<CarbonSignal> => ({
            name: feed.source,
            unit: unitOf(feed),
            // The question of a quantity has no kind; a signal's shape is borrowed for who stands in.
            ask: async (waitMs) => {
              const { signal, silent } = await answer(feed, region, interval, 'forecast', waitMs);
              return { signal: { ...signal, kind: { accounting: 'average', scope: 'operational' } }, silent };
            },
          }),
        );
        const { source, issuedAt, series, notes } = await firstToAnswer(asked, { waitMs: ground.waitMs, timer });
        return { source, issuedAt, series, notes, unit: unitOf(first) };
      },
    },
    close: book.close,
  };
};

type Asked = [region: string, interval: Interval, status: Status, waitMs: number];

/** With what the forecaster has to see, where it goes on. */
const asking = (feed: Feed, interval: Interval, status: Status, now: Instant): Interval => {
  if (status === 'actual') {
    const last = ceilTo(now, 60);
    return interval.end < last ? interval : { start: interval.start, end: last };
  }
  if (!feed.isExtended || interval.end <= now) return interval;
  const from = plusHours(now, -24 * HISTORY_DAYS);
  return { start: from < interval.start ? from : interval.start, end: interval.end };
};

/**
 * What tells how far a source knows, beside the interval in question: what is kept of the hours after it and, where nothing is known
 * of the interval itself, of those before it. One that foresees is asked about the hours from now up to the interval.
 */
const knownAround = async (
  book: Book,
  feed: Feed,
  region: string,
  interval: Interval,
  known: Known,
  now: Instant,
  waitMs: number,
): Promise<GridValue[]> => {
  const key = keyOf(feed, region);
  if (known.values.some(({ value }) => value !== null))
    return book.values.read(key, { start: interval.end, end: plusHours(interval.end, 24 * HISTORY_DAYS) }, now);
  const isAhead = now < interval.start && interval.start < plusHours(now, 24 * AHEAD_DAYS);
  if (feed.foresees && isAhead && known.silent === null)
    await book.know(feed, region, { start: now, end: interval.start }, waitMs);
  const from = now < interval.start ? now : interval.start;
  return book.values.read(key, { start: plusHours(from, -24 * KEPT_DAYS), end: interval.start }, now);
};

/** Days that a trained model and its intervals look back. */
const KEPT_DAYS = 100;

/** With what is kept from before the part that was asked for, and the prices that are kept: no source is asked for them. */
const withKept = async (
  { feeds, values }: Ground,
  feed: Feed,
  region: string,
  known: Known,
  until: Instant,
  now: Instant,
): Promise<Known & { readonly price?: MarketPrice | undefined }> => {
  const from = plusHours(now, -24 * KEPT_DAYS);
  if (!feed.isExtended || from >= until) return known;
  const before = await values.read(keyOf(feed, region), { start: from, end: until }, now);
  const price = feed.quantity === 'carbon' ? await keptPrice(feeds, values, region, from, now) : undefined;
  return { ...known, values: [...before, ...known.values], price };
};

/** What is kept of prices that are published ahead, where their market is known. */
const keptPrice = async (feeds: readonly Feed[], values: GridValues, region: string, from: Instant, now: Instant) => {
  const feed = feeds.find((one): one is PriceFeed => one.quantity === 'price' && one.foresees && knows(one, region));
  const market = feed && marketOf(region, feed.currency);
  if (feed === undefined || market == null) return undefined;
  const interval = { start: from, end: plusHours(now, 48) };
  const kept = await values.read(keyOf(feed, region), interval, now);
  return kept.length === 0 ? undefined : { series: seriesOf(kept, interval, feed.stepMinutes), market };
};

const statesOf = async (feeds: readonly Feed[], values: GridValues) => {
  const kept = await values.signals();
  return feeds.flatMap((feed) =>
    (feed.regions().length === 0 ? [''] : feed.regions()).map((region) => {
      const key = keyOf(feed, region);
      const one = kept.find(
        (k) => k.source === key.source && k.region === region && k.quantity === key.quantity && k.unit === key.unit,
      );
      return { ...key, attribution: feed.attribution, retrieved: one?.retrieved ?? null };
    }),
  );
};

/** The first feed of which something was known then; what a later one said is not looked at. */
const carbonAsOf = async (
  feeds: readonly Feed[],
  values: GridValues,
  region: string,
  interval: Interval,
  at: Instant,
): Promise<CarbonSignal | null> => {
  for (const feed of feeds) {
    if (feed.quantity !== 'carbon' || !knows(feed, region)) continue;
    const kept = await values.read(keyOf(feed, region), interval, at);
    const told = kept.filter(({ value }) => value !== null);
    if (told.length === 0) continue;
    const ended = (v: (typeof told)[number]) => plusHours(v.at, v.minutes / 60) <= at;
    const measured = new Set(told.filter((v) => v.status !== 'forecast' && ended(v)).map((v) => v.at));
    const then = told.filter(
      (v) => (v.status === 'forecast') !== measured.has(v.at) && (v.status === 'forecast' || ended(v)),
    );
    const series = seriesOf(then, interval, feed.stepMinutes);
    return {
      region,
      source: feed.attribution,
      status: 'forecast',
      // When the last of it was had: none of it was known later.
      issuedAt: then.reduce((last, v) => (v.retrieved > last ? v.retrieved : last), then[0]!.retrieved),
      series: { ...series, values: [...series.values] },
      kind: feed.kind,
    };
  }
  return null;
};

const refresh = async (
  book: Book,
  feeds: readonly Feed[],
  { interval, regions, sources, quantities, anew = false }: Parameters<LiveGrid['refresh']>[0],
  by: Parameters<LiveGrid['refresh']>[1],
  at: { readonly timer: Timer; readonly clock: Pick<Clock, 'now'> },
): Promise<Refreshed[]> => {
  const wanted = feeds
    .filter((feed) => sources === undefined || sources.includes(feed.source))
    .filter((feed) => quantities === undefined || quantities.includes(feed.quantity))
    .flatMap((feed) => regions.filter((region) => knows(feed, region)).map((region) => ({ feed, region })));
  const plan = [];
  for (const { feed, region } of wanted)
    plan.push({ feed, region, parts: await book.missing(feed, region, interval, anew) });
  const total = plan.reduce((sum, { parts }) => sum + parts.length, 0);
  let done = 0;
  const answers: Refreshed[] = [];
  for (const { feed, region, parts } of plan) {
    let [requests, added, trouble] = [0, 0, null as string | null];
    for (const part of parts) {
      by.signal.throwIfAborted();
      if (requests > 0) await pause(at.timer, BETWEEN_MS, by.signal);
      try {
        const learnt = await patiently(() => book.learn(feed, region, part), at.timer, by.signal);
        requests += learnt.requests;
        added += learnt.added;
      } catch (error) {
        if (!(error instanceof Fault) || (error.code !== 'unavailable' && error.code !== 'forbidden')) throw error;
        trouble = error.message;
      }
      done++;
      by.progress(done, total, `${feed.source} ${region} ${feed.quantity} to ${part.end.slice(0, 16)}Z`);
      // Where it does not answer, the rest of its parts is for the next time.
      if (trouble !== null) break;
    }
    answers.push({
      ...keyOf(feed, region),
      requests,
      added,
      trouble,
      gaps: await gapsOf(book, feed, region, interval, at),
    });
  }
  return answers;
};

const gapsOf = async (
  { values }: Book,
  feed: Feed,
  region: string,
  interval: Interval,
  { clock }: { readonly clock: Pick<Clock, 'now'> },
): Promise<number> => {
  const now = clock.now();
  const part = feed.foresees || interval.end < now ? interval : { start: interval.start, end: now };
  if (part.end <= part.start) return 0;
  const kept = await values.read(keyOf(feed, region), part, now);
  return seriesOf(kept, part, feed.stepMinutes).values.filter((value) => value === null).length;
};

/** Waits as long as the server asks, a few times; then the caller hears of it. */
const patiently = async <T>(work: () => Promise<T>, timer: Timer, signal: AbortSignal): Promise<T> => {
  for (let n = 1; ; n++) {
    try {
      return await work();
    } catch (error) {
      const { retryAfterS = null } =
        error instanceof Fault ? ((error.details as Partial<WireTrouble> | undefined) ?? {}) : {};
      if (n > WAITS || retryAfterS === null || retryAfterS > LONGEST_WAIT_S) throw error;
      await pause(timer, retryAfterS * 1000, signal);
    }
  }
};

const pause = (timer: Timer, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((go, stop) => {
    if (signal.aborted) return stop(signal.reason);
    const cancel = timer.after(ms, () => {
      signal.removeEventListener('abort', give);
      go();
    });
    const give = () => {
      cancel();
      stop(signal.reason);
    };
    signal.addEventListener('abort', give, { once: true });
  });
