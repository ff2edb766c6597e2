/** The grid port over a signal file of the user's: one signal, a column per zone, or rows that name their region. */
import { basename } from 'node:path';
import { invalid, notFound } from '../../../domain/fault.js';
import type { Forecaster } from '../../../domain/forecast.js';
import { endOf, gapsIn, slice } from '../../../domain/series.js';
import type { CarbonKind, CarbonSignal } from '../../../domain/signal.js';
import { type Instant, type Interval, plusHours } from '../../../domain/time.js';
import type { Clock, Grid } from '../../../domain/world.js';
import { type Column, columnOf, rolesOf } from './columns.js';
import { carbonSignal, foreseen, type Known, observed, priceSignal, type Record } from './record.js';
import { readSheet, type Sheet } from './sheet.js';

/** With less known before now than the profile needs, a file is taken for a forecast that somebody made. */
const HISTORY_HOURS = 7 * 24;

export interface FileGridOptions {
  readonly path: string;
  readonly column?: string | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** null: what the file says is taken as given, whatever now is */
  readonly forecaster: Forecaster | null;
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
  /** It has a column of prices; without one every price is null. */
  readonly priced: boolean;
}

/**
 * `actual` is what the file says. `forecast` is the file's forecast column where it has one; else, with a week of values
 * before the clock's now, the forecaster's from those; else the file's own values, named as taken as given. Zeros and
 * impossible values are left out and counted in the source. Throws Fault `invalid-input` for a file that cannot be
 * understood, `not-found` for a missing file or region.
 */
export const fileGrid = (options: FileGridOptions): FileGrid => {
  const { clock, forecaster, setting } = options;
  const sheet = readSheet(options.path);
  const file = readSignals(sheet, options.column, setting.start);
  if (file.currency !== null && file.currency !== setting.currency)
    throw invalid(
      `prices of ${sheet.name} are in ${file.currency}, scenario ${setting.name} counts in ${setting.currency}`,
      `Give prices in ${setting.currency} per MWh.`,
    );
  const homes = [...new Set(setting.sites.map((site) => site.region))];
  const single = file.regions.has('');
  if (single && homes.length > 1)
    throw invalid(
      `${sheet.name} holds one signal and scenario ${setting.name} has ${homes.length} regions`,
      'Give a file with a region column or with a column per region.',
    );
  const regions = single ? homes : [...file.regions.keys()];
  const signalsOf = (region: string) => {
    if (!regions.includes(region))
      throw notFound(`${sheet.name} has no signal for ${region}`, `It has ${regions.slice(0, 20).join(', ')}.`);
    return file.regions.get(single ? '' : region)!();
  };
  const label = basename(sheet.name);
  const { series } = [...file.regions.values()][0]!().carbon;

  return {
    covers: { start: series.start, end: endOf(series) },
    priced: file.priced,
    regions: async () => regions,
    carbon: async (region, interval, status): Promise<CarbonSignal> => {
      const { carbon, forecast } = signalsOf(region);
      const record = { region, source: `${label}${noteOf(carbon)}`, series: carbon.series };
      const kind = kindOf(carbon.header);
      const now = clock.now();
      if (status === 'actual') return carbonSignal(observed(record, interval, now), kind);
      const known =
        forecast !== null
          ? given({ ...record, source: `${label}, column ${forecast.header}`, series: forecast.series }, interval, now)
          : await ahead(forecaster, record, carbon.header, interval, now, 0);
      return carbonSignal(known, kind);
    },
    price: async (region, interval, status) => {
      const { price } = signalsOf(region);
      if (price === null) {
        const nothing: Record = {
          region,
          source: `no prices in ${label}`,
          series: { start: interval.start, stepMinutes: 60, values: [] },
        };
        return priceSignal(observed(nothing, interval, clock.now()), setting.currency);
      }
      const record = { region, source: `${label}, column ${price.header}`, series: price.series };
      const now = clock.now();
      return priceSignal(
        status === 'actual'
          ? observed(record, interval, now)
          : await ahead(forecaster, record, price.header, interval, now),
        setting.currency,
      );
    },
  };
};

/** A forecast by the rule at the head of fileGrid, for a column without a forecast beside it. */
const ahead = async (
  forecaster: Forecaster | null,
  record: Record,
  header: string,
  interval: Interval,
  now: Instant,
  floor?: number,
): Promise<Known> => {
  const isRecord = !/forecast/i.test(header) && plusHours(record.series.start, HISTORY_HOURS) <= now;
  return forecaster !== null && isRecord
    ? foreseen(forecaster, record, interval, now, floor)
    : given(record, interval, now);
};

/** The file's values, past and future, as its author gave them. */
const given = (record: Record, interval: Interval, now: Instant): Known => {
  const part = slice(record.series, interval.start, interval.end);
  return {
    region: record.region,
    source: `${record.source}, taken as given`,
    status: 'forecast',
    issuedAt: now,
    series: { ...part, values: [...part.values] },
  };
};

const KIND_SAID = /marginal|moer|average|life_?-?cycle|lca|operational|direct/i;

/** What its name says; where it says nothing, average and operational. */
const kindOf = (header: string): CarbonKind => ({
  accounting: /marginal|moer/i.test(header) ? 'marginal' : 'average',
  scope: /life_?-?cycle|lca/i.test(header) ? 'lifecycle' : 'operational',
});

const noteOf = ({ header, series, distrusted }: Named): string => {
  const gaps = gapsIn(series).length;
  const notes = [
    ` (${series.start.slice(0, 10)} to ${endOf(series).slice(0, 10)}`,
    ...(distrusted.length > 0 ? [`${distrusted.length} zero or impossible readings left out`] : []),
    ...(gaps > 0 ? [`${gaps} gaps`] : []),
    ...(KIND_SAID.test(header) ? [] : ['kind not stated, taken as average operational']),
  ];
  return `${notes.join(', ')})`;
};

interface Named extends Column {
  readonly header: string;
}

interface RegionSignals {
  readonly carbon: Named;
  readonly forecast: Named | null;
  readonly price: Named | null;
}

/** Columns are read when first asked for: a file may hold a hundred zones. */
export const readSignals = (sheet: Sheet, column: string | undefined, start: Instant | null) => {
  const roles = rolesOf(sheet, column);
  const lazily = (rows: Sheet['rows'], carbon: number) => {
    const read = (at: number | null, what: 'carbon' | 'price'): Named | null =>
      at === null ? null : { header: sheet.columns[at]!, ...columnOf(sheet, rows, roles, at, what, start) };
    let signals: RegionSignals | undefined;
    return (): RegionSignals => {
      signals ??= {
        carbon: read(carbon, 'carbon')!,
        forecast: read(roles.forecast, 'carbon'),
        price: read(roles.price, 'price'),
      };
      return signals;
    };
  };
  const regions = new Map<string, () => RegionSignals>();
  if (roles.region !== null && roles.carbon.size === 1) {
    const groups = new Map<string, Sheet['rows'][number][]>();
    for (const row of sheet.rows) {
      const region = row.cells[roles.region] ?? '';
      if (region === '') throw invalid(`${sheet.name}, line ${row.line}: no region`, 'Name the region in every row.');
      const group = groups.get(region);
      if (group) group.push(row);
      else groups.set(region, [row]);
    }
    for (const [region, rows] of groups) regions.set(region, lazily(rows, [...roles.carbon.values()][0]!));
  } else for (const [region, at] of roles.carbon) regions.set(region, lazily(sheet.rows, at));
  // A file that cannot be understood is refused at once, not at the first question.
  if (regions.size <= 8) for (const read of regions.values()) read();
  else [...regions.values()][0]?.();
  const { price } = roles;
  return { regions, priced: price !== null, currency: price === null ? null : currencyOf(sheet.columns[price]!) };
};

/** What a price column's name says of its currency; null where it says nothing. */
const currencyOf = (header: string): string | null => {
  if (/(^|_)(p|pence)_per_kwh/i.test(header)) return 'GBP';
  return /(?:^|_)(gbp|eur|usd|inr|sek|nok|dkk|pln|chf|aud|jpy)(?:_|$)/i.exec(header)?.[1]?.toUpperCase() ?? null;
};
