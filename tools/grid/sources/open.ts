/** Composes the sources that CACO_GRID names into the world's Grid: for each region and question the first that knows the region. */
import { basename } from 'node:path';
import { Fault, invalid, notFound } from '../../../domain/fault.js';
import type { GridValues } from '../../../domain/grid-values.js';
import type { CarbonSignal, PriceSignal } from '../../../domain/signal.js';
import type { Instant, Interval } from '../../../domain/time.js';
import type { Grid } from '../../../domain/world.js';
import { machineTimer } from '../../../wire/wire.js';
import { type Feed, knows } from './feed.js';
import { CHOICES, type Choice, readChoice, type SourceValues } from './list.js';
import { type Live, openLive } from './live.js';
import { observed, priceSignal } from './record.js';
import type { Ground, Opened, Source } from './source.js';
import { type Candidate, firstToAnswer, type Signal } from './standing-in.js';

export interface OpenedGrid {
  readonly grid: Grid;
  /** What of its data is real, and from when: a sentence for each source. */
  readonly note: string;
  /** One of its sources knows the present. */
  readonly live: boolean;
  /** Of the first source that holds one stretch of time and no more; null where none does. */
  readonly covers: Interval | null;
  /** Ends what it still asks. */
  close(): void;
}

/** What all sources together stand on. */
export interface GridGround extends Omit<Ground, 'path' | 'only'> {
  /** where the book of live sources is kept; needed where one is live */
  readonly values?: GridValues;
}

/** A source as it was chosen: the only region that it is asked about, null for every one that it knows. */
interface Chosen extends Opened {
  readonly name: string;
  readonly only: string | null;
}

/** Throws Fault `invalid-input` for a choice that names no source, and what a source throws that cannot be opened. */
export const openGrid = async (choice: string, ground: GridGround, settings: SourceValues): Promise<OpenedGrid> => {
  const choices = readChoice(choice);
  if (choices === null)
    throw invalid(`"${choice}" names no source of grid signals`, `Set CACO_GRID to ${CHOICES.join(', ')} or a list.`);
  const opened = await Promise.all(choices.map((chosen) => openOne(chosen, ground, settings)));
  if (opened.every((one) => one.carbon == null && !feedsOf(one).some((feed) => feed.quantity === 'carbon')))
    throw invalid(
      `CACO_GRID=${choice} has prices and no carbon intensity`,
      `Name a source of carbon before it, for example CACO_GRID=recorded,${choice}, or file:carbon.csv,${choice}.`,
    );
  const feeds = opened.flatMap(feedsOf);
  const waitMs = settings.gridWaitS * 1000;
  const { values } = ground;
  if (feeds.length > 0 && values === undefined)
    throw invalid(`CACO_GRID=${choice} is live, and a simulation is not`, 'Use CACO_GRID=recorded, sim or file:PATH.');
  const live = values === undefined || feeds.length === 0 ? null : openLive({ ...ground, values, feeds, waitMs });
  return {
    grid: alone(opened) ?? compose(opened, live, ground, waitMs),
    note: choices.map(noteOf).join(' '),
    live: choices.some(({ source }) => source.live),
    covers: opened.find((one) => one.covers !== undefined)?.covers ?? null,
    close: () => live?.close(),
  };
};

const noteOf = ({ source, region, path }: Choice): string => {
  const { note, about, live }: Source = source;
  const said =
    path === null ? (note ?? `${live ? 'Live' : 'Signals'}: ${about}.`) : `Signals: the file ${basename(path)}.`;
  return region === null ? said : `For ${region}: ${said}`;
};

const openOne = async (
  { source, region, path }: Choice,
  ground: GridGround,
  settings: SourceValues,
): Promise<Chosen> => {
  // A source for one region sees one region: a file with a single signal is then that region's.
  const setting = region === null ? ground.setting : { ...ground.setting, sites: [{ region }] };
  const opened: Opened = await source.open({ ...ground, setting, path, only: region }, settings);
  return { name: source.name, only: region, ...opened };
};

/** One source for everything needs nobody before it, and knows best how to say what it does not know. */
const alone = ([first, second]: readonly Chosen[]): Grid | null => {
  if (second !== undefined || first?.only !== null || first.carbon == null || first.price == null) return null;
  const { carbon, price } = first;
  return {
    regions: () => carbon.regions(),
    carbon: (...asked) => carbon.carbon(...asked),
    price: (...asked) => price.price(...asked),
  };
};

const feedsOf = ({ feeds = [], only }: Chosen): Feed[] =>
  feeds.filter((feed) => only === null || knows(feed, only)).map((feed) => (only === null ? feed : onlyOf(feed, only)));

const onlyOf = (feed: Feed, region: string): Feed => ({ ...feed, regions: () => [region] });

type Asked = [region: string, interval: Interval, status: 'forecast' | 'actual'];

/** Answers each question from the first source that knows the region; a region without a price has gaps, at no fault. */
const compose = (opened: readonly Chosen[], live: Live | null, ground: GridGround, waitMs: number): Grid => {
  const patience = { waitMs, timer: ground.timer ?? machineTimer };
  const candidates = async <S extends Signal>(
    region: string,
    portOf: (one: Chosen) => { regions(): Promise<string[]>; ask(): Promise<S> } | null,
    liveOf: (live: Live, one: Chosen) => Candidate<S>[],
  ): Promise<Candidate<S>[]> => {
    const found: Candidate<S>[] = [];
    for (const one of opened) {
      if (one.only !== null && one.only !== region) continue;
      if (live !== null && one.feeds !== undefined) found.push(...liveOf(live, one));
      const port = portOf(one);
      if (port === null || !(one.only === region || (await port.regions()).includes(region))) continue;
      found.push({ name: one.name, unit: null, ask: async () => ({ signal: await port.ask(), silent: null }) });
    }
    return found;
  };
  const carbonOf = (...asked: Asked) =>
    candidates<CarbonSignal>(
      asked[0],
      ({ carbon }) => (carbon == null ? null : { regions: () => carbon.regions(), ask: () => carbon.carbon(...asked) }),
      (feeds, one) => feeds.carbon(feedsOf(one), ...asked),
    );
  const priceOf = (...asked: Asked) =>
    candidates<PriceSignal>(
      asked[0],
      ({ price }) => (price == null ? null : { regions: () => price.regions(), ask: () => price.price(...asked) }),
      (feeds, one) => feeds.price(feedsOf(one), ...asked),
    );
  const regionsOf = async (one: Chosen): Promise<string[]> => {
    const carbonFeeds = feedsOf(one).filter((feed) => feed.quantity === 'carbon');
    if (one.only !== null) return one.carbon != null || carbonFeeds.length > 0 ? [one.only] : [];
    return [...((await one.carbon?.regions()) ?? []), ...carbonFeeds.flatMap((feed) => feed.regions())];
  };
  return {
    regions: async () => [...new Set((await Promise.all(opened.map(regionsOf))).flat())],
    carbon: async (...asked) => {
      const sources = await carbonOf(...asked);
      if (sources.length > 0) return firstToAnswer(sources, patience);
      const known = [...new Set((await Promise.all(opened.map(regionsOf))).flat())];
      throw notFound(
        `there is no carbon signal for ${asked[0]}`,
        `CACO_GRID has ${known.slice(0, 20).join(', ')}; name a source for it.`,
      );
    },
    price: async (...asked) => {
      const sources = await priceOf(...asked);
      const unknown = (who: string) => unpriced(who, asked, ground.setting.currency, ground.clock.now());
      if (sources.length === 0) return unknown(`no source of prices for ${asked[0]}`);
      try {
        return await firstToAnswer(sources, patience);
      } catch (error) {
        // Work can be planned without a price; without it, and because of a source that is down, it must be said.
        if (live === null || !(error instanceof Fault) || error.code !== 'unavailable') throw error;
        const signal = unknown(
          `no price for ${asked[0]}: ${sources.map(({ name }) => name).join(', ')} did not answer`,
        );
        return { ...signal, notes: [`${error.message}.`] };
      }
    },
    ...(live === null ? {} : { live: live.grid }),
  };
};

/** Nobody says what energy costs there: unknown throughout. */
const unpriced = (
  source: string,
  [region, { start, end }, status]: Asked,
  currency: string,
  now: Instant,
): PriceSignal => {
  const nothing = {
    region,
    source,
    series: { start, stepMinutes: 60, values: [] },
  };
  return { ...priceSignal(observed(nothing, { start, end }, now), currency), status };
};
