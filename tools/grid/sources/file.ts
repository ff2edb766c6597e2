/** The grid port over a signal file of the user's: one signal, a column per zone, or rows that name their region. */
import { basename } from 'node:path';
import { marketOf } from '../../../domain/day-ahead.js';
import { invalid, notFound } from '../../../domain/fault.js';
import type { Forecaster, MarketPrice } from '../../../domain/forecast.js';
import { endOf, gapsIn, slice } from '../../../domain/series.js';
import { type CarbonSignal, lastKnown } from '../../../domain/signal.js';
import { type Instant, type Interval, plusHours } from '../../../domain/time.js';
import type { Clock, Grid } from '../../../domain/world.js';
import type { Carbon } from './carbon.js';
import type { Column } from './columns.js';
import { carbonSignal, type Foresight, foreseen, type Known, observed, priceSignal, type Record } from './record.js';
import { readSheet } from './sheet.js';
import { mayStandFor, type RegionSignals, readSignals } from './signals.js';

/** With less known before now than the profile needs, a file is taken for a forecast that somebody made. */
const HISTORY_HOURS = 7 * 24;

export interface FileGridOptions {
  readonly path: string;
  readonly column?: string | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** null: what the file says is taken as given, whatever now is */
  readonly forecaster: Forecaster | null;
  /** The region that the file was named for, as in GB=file:PATH; its only signal is then that region's. */
  readonly only?: string | null;
  readonly setting: {
    readonly name: string;
    readonly currency: string;
    /** the instant of row 0 in a file that counts hours */
    readonly start: Instant | null;
    readonly sites: readonly { readonly region: string }[];
  };
}

export interface FileGrid extends Grid {
  /** From the first value of the file to the end of its last one. */
  readonly covers: Interval;
  /** It has carbon intensity; without it only prices can be asked for. */
  readonly hasCarbon: boolean;
  /** It has a column of prices; without one every price is null. */
  readonly priced: boolean;
}

/**
 * `actual` is what the file says came true: unknown throughout in a file of forecasts. `forecast` is the file's forecast where it
 * has one; else, with a week of values before the clock's now, the forecaster's from those; else the file's own values, named as
 * taken as given. Zeros and impossible values are left out and counted in the source, which says too what was taken for granted.
 * Throws Fault `invalid-input` for a file that cannot be understood, `not-found` for a missing file or region.
 */
export const fileGrid = (options: FileGridOptions): FileGrid => {
  const { clock, forecaster, setting, only = null } = options;
  const sheet = readSheet(options.path);
  const file = readSignals(sheet, options.column, setting.start);
  if (file.currency !== null && file.currency !== setting.currency)
    throw invalid(
      `prices of ${sheet.name} are in ${file.currency}, scenario ${setting.name} counts in ${setting.currency}`,
      `Give prices in ${setting.currency} per MWh.`,
    );
  const homes = [...new Set(setting.sites.map((site) => site.region))];
  const names = [...file.regions.keys()];
  if (names[0] === '' && homes.length > 1)
    throw invalid(
      `${sheet.name} holds one signal and scenario ${setting.name} has ${homes.length} regions`,
      'Give a file with a region column or with a column per region.',
    );
  const [single, home] = [names.length === 1 ? names[0]! : null, homes.length === 1 ? homes[0]! : null];
  const stands = single !== null && home !== null && (single === '' || only === home || mayStandFor(single, home));
  const regions = stands ? [home] : names.filter((name) => name !== '');
  const signalsOf = (region: string): RegionSignals => {
    const own = stands && region === home ? single : region;
    const read = own === '' && !stands ? undefined : file.regions.get(own);
    if (read !== undefined) return read();
    throw notFound(
      `${sheet.name} has no signal for ${region}`,
      `It has ${regions.slice(0, 20).join(', ')}. To use a file of one signal for it, set CACO_GRID=${region}=file:${sheet.name}.`,
    );
  };
  const priceOf = (region: string): MarketPrice | undefined => {
    const { price } = signalsOf(region);
    const market = marketOf(region, file.currency);
    return price === null || market === null ? undefined : { series: price.series, market };
  };
  const label = basename(sheet.name);
  const said = [
    ...file.assumed,
    ...(stands && single !== '' && single !== home ? [`${single} stands for ${home}`] : []),
  ];
  const sourceOf = (column: Carbon & Column, words: readonly string[]) => {
    const { accounting, scope } = column.kind;
    const kind = words.some((word) => word.startsWith('kind not stated')) ? [] : [`${accounting} ${scope}`];
    return `${label}${noteOf(column, [...kind, ...words])}`;
  };
  const issuedAt = (now: Instant) => (file.issuedAt !== null && file.issuedAt < now ? file.issuedAt : now);

  return {
    covers: coverOf([...file.regions.values()][0]!()),
    hasCarbon: file.hasCarbon,
    priced: file.priced,
    regions: async () => regions,
    carbon: async (region, interval, status): Promise<CarbonSignal> => {
      const { record, forecast } = signalsOf(region);
      const now = clock.now();
      if (record !== null && (status === 'actual' || forecast === null)) {
        const known = { region, source: sourceOf(record, said), series: record.series };
        const signal =
          status === 'actual'
            ? observed(known, interval, now)
            : await ahead(forecaster, known, interval, now, { quantity: 'carbon', floor: 0, price: priceOf(region) });
        return carbonSignal(signal, record.kind);
      }
      if (forecast === null) throw invalid(...carbonless(sheet.name));
      const source = sourceOf(forecast, [record === null ? 'a forecast' : `column ${forecast.header}`, ...said]);
      const signal =
        status === 'actual'
          ? observed(nothing(region, `${source}: nothing of it has come true`, interval), interval, now)
          : given({ region, source, series: forecast.series }, interval, issuedAt(now));
      return carbonSignal(signal, forecast.kind);
    },
    price: async (region, interval, status) => {
      const { price } = signalsOf(region);
      const now = clock.now();
      if (price === null)
        return priceSignal(
          observed(nothing(region, `no prices in ${label}`, interval), interval, now),
          setting.currency,
        );
      const words = price.assumed === null ? '' : ` (${price.assumed})`;
      const known = { region, source: `${label}, column ${price.header}${words}`, series: price.series };
      return priceSignal(
        status === 'actual'
          ? observed(known, interval, now)
          : await ahead(forecaster, known, interval, now, { quantity: 'price' }),
        setting.currency,
      );
    },
  };
};

/** What a file of prices answers to a question for carbon. */
export const carbonless = (name: string): [message: string, remedy: string] => [
  `${name} holds prices and no carbon intensity`,
  'Name a file or source of carbon before it, for example CACO_GRID=file:carbon.csv,file:prices.csv.',
];

const coverOf = ({ record, forecast, price }: RegionSignals): Interval => {
  const { series } = (record ?? forecast ?? price)!;
  return { start: series.start, end: endOf(series) };
};

const nothing = (region: string, source: string, { start }: Interval): Record => ({
  region,
  source,
  series: { start, stepMinutes: 60, values: [] },
});

/** A forecast by the rule at the head of fileGrid, for a column without a forecast beside it. */
const ahead = async (
  forecaster: Forecaster | null,
  record: Record,
  interval: Interval,
  now: Instant,
  foresight: Foresight,
): Promise<Known> =>
  forecaster !== null && plusHours(record.series.start, HISTORY_HOURS) <= now
    ? foreseen(forecaster, record, interval, now, foresight)
    : given(record, interval, now);

/** The file's values, past and future, as its author gave them. */
const given = (record: Record, interval: Interval, issuedAt: Instant): Known => {
  const part = slice(record.series, interval.start, interval.end);
  return {
    region: record.region,
    source: `${record.source}, taken as given`,
    status: 'forecast',
    issuedAt,
    series: { ...part, values: [...part.values] },
    knownUntil: lastKnown(record.series),
  };
};

const noteOf = ({ series, distrusted, notes: told }: Column, words: readonly string[]): string => {
  const gaps = gapsIn(series).length;
  const notes = [
    ` (${series.start.slice(0, 10)} to ${endOf(series).slice(0, 10)}`,
    ...words,
    ...told,
    ...(distrusted.length > 0 ? [`${distrusted.length} zero or impossible readings left out`] : []),
    ...(gaps > 0 ? [`${gaps} gaps`] : []),
  ];
  return `${notes.join(', ')})`;
};
