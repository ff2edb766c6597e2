/** Composes the sources that CACO_GRID names into the world's Grid: for each region and question the first that knows the region. */
import { basename } from 'node:path';
import { invalid, notFound } from '../../../domain/fault.js';
import type { PriceSignal } from '../../../domain/signal.js';
import type { Instant, Interval } from '../../../domain/time.js';
import type { CarbonSource, Grid, PriceSource } from '../../../domain/world.js';
import { type SignalCache, signalCache } from './cache.js';
import { CHOICES, type Choice, readChoice, type SourceValues } from './list.js';
import { observed, priceSignal } from './record.js';
import type { Ground, Opened, Source } from './source.js';

export interface OpenedGrid {
  readonly grid: Grid;
  /** What of its data is real, and from when: a sentence for each source. */
  readonly note: string;
  /** One of its sources knows the present. */
  readonly live: boolean;
  /** Of the first source that holds one stretch of time and no more; null where none does. */
  readonly covers: Interval | null;
}

/** A source that answers one of the questions, perhaps for one region only. */
interface Answering<P> {
  readonly only: string | null;
  readonly port: P;
}

/** Throws Fault `invalid-input` for a choice that names no source, and what a source throws that cannot be opened. */
export const openGrid = async (
  choice: string,
  ground: Omit<Ground, 'path' | 'only'>,
  settings: SourceValues,
): Promise<OpenedGrid> => {
  const choices = readChoice(choice);
  if (choices === null)
    throw invalid(`"${choice}" names no source of grid signals`, `Set CACO_GRID to ${CHOICES.join(', ')} or a list.`);
  const cache = signalCache(ground.clock);
  const opened = await Promise.all(choices.map((chosen) => openOne(chosen, ground, settings, cache)));
  const answering = <Q extends 'carbon' | 'price'>(question: Q) =>
    opened.flatMap(({ only, [question]: port }) =>
      port === null ? [] : [{ only, port: port as NonNullable<typeof port> }],
    );
  if (opened.every(({ carbon }) => carbon === null))
    throw invalid(
      `CACO_GRID=${choice} has prices and no carbon intensity`,
      `Name a source of carbon before it, for example CACO_GRID=recorded,${choice}, or file:carbon.csv,${choice}.`,
    );
  return {
    grid: alone(opened) ?? compose(answering('carbon'), answering('price'), ground),
    note: choices.map(noteOf).join(' '),
    live: choices.some(({ source }) => source.live),
    covers: opened.find((one: Opened) => one.covers !== undefined)?.covers ?? null,
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
  ground: Omit<Ground, 'path' | 'only'>,
  settings: SourceValues,
  cache: SignalCache,
) => {
  // A source for one region sees one region: a file with a single signal is then that region's.
  const setting = region === null ? ground.setting : { ...ground.setting, sites: [{ region }] };
  const opened: Opened = await source.open({ ...ground, setting, path, only: region }, settings);
  if (!source.live) return { only: region, ...opened };
  // What is not live answers from memory or by arithmetic: asking it again is cheaper than keeping what it said.
  const { carbon, price } = opened;
  return {
    only: region,
    carbon: carbon && cache.carbon(source.name, carbon),
    price: price && cache.price(source.name, price),
  };
};

/** One source for everything needs nobody before it, and knows best how to say what it does not know. */
const alone = ([first, second]: readonly (Opened & { readonly only: string | null })[]): Grid | null => {
  if (second !== undefined || first?.only !== null || first.carbon === null || first.price === null) return null;
  const { carbon, price } = first;
  return {
    regions: () => carbon.regions(),
    carbon: (...asked) => carbon.carbon(...asked),
    price: (...asked) => price.price(...asked),
  };
};

/** Answers `carbon` and `price` each from the first source that knows the region; a region without a price has gaps, at no fault. */
export const compose = (
  carbon: readonly Answering<CarbonSource>[],
  price: readonly Answering<PriceSource>[],
  { clock, setting }: Pick<Ground, 'clock' | 'setting'>,
): Grid => ({
  regions: async () => {
    const each = await Promise.all(carbon.map(({ only, port }) => (only === null ? port.regions() : [only])));
    return [...new Set(each.flat())];
  },
  carbon: async (region, ...asked) => {
    const source = await firstFor(carbon, region);
    if (source !== null) return source.carbon(region, ...asked);
    const known = await Promise.all(carbon.map(async ({ only, port }) => only ?? (await port.regions()).join(', ')));
    throw notFound(
      `there is no carbon signal for ${region}`,
      `CACO_GRID has ${known.join(', ')}; name a source for it.`,
    );
  },
  price: async (region, interval, status) => {
    const source = await firstFor(price, region);
    return source === null
      ? unpriced(region, interval, setting.currency, clock.now())
      : source.price(region, interval, status);
  },
});

const firstFor = async <P extends { regions(): Promise<string[]> }>(
  sources: readonly Answering<P>[],
  region: string,
): Promise<P | null> => {
  for (const { only, port } of sources)
    if (only === null ? (await port.regions()).includes(region) : only === region) return port;
  return null;
};

/** Nobody says what energy costs there: unknown throughout. */
const unpriced = (region: string, { start, end }: Interval, currency: string, now: Instant): PriceSignal => {
  const nothing = {
    region,
    source: `no source of prices for ${region}`,
    series: { start, stepMinutes: 60, values: [] },
  };
  return priceSignal(observed(nothing, { start, end }, now), currency);
};
