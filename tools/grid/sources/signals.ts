/** The signals in a signal file: for each region its carbon intensity, a forecast of it and the price of energy. */
import { invalid } from '../../../domain/fault.js';
import type { Instant } from '../../../domain/time.js';
import { instant } from '../../../domain/time.js';
import type { Carbon } from './carbon.js';
import { type Column, columnOf } from './columns.js';
import { type Price, type Roles, rolesOf } from './roles.js';
import type { Sheet } from './sheet.js';

export interface RegionSignals {
  /** What came true; null in a file of prices or of forecasts alone. */
  readonly record: (Carbon & Column) | null;
  readonly forecast: (Carbon & Column) | null;
  readonly price: (Price & Column) | null;
}

export interface Signals {
  /** The key '' is a signal that names no region. A column is read when it is first asked for: a file may hold a hundred zones. */
  readonly regions: ReadonlyMap<string, () => RegionSignals>;
  readonly hasCarbon: boolean;
  readonly priced: boolean;
  /** What the price column says of its currency; null where it says nothing. */
  readonly currency: string | null;
  /** When the forecast in it was made; null where it does not say. */
  readonly issuedAt: Instant | null;
  /** What was taken for granted, for people. */
  readonly assumed: readonly string[];
}

/**
 * `column` is the person's choice, in brackets behind its name what the header does not say: `value (lb/MWh, marginal)`. Throws Fault
 * `invalid-input` for a file that cannot be understood for certain.
 */
export const readSignals = (sheet: Sheet, column: string | undefined, start: Instant | null): Signals => {
  const roles = rolesOf(sheet, column);
  const regions = new Map<string, () => RegionSignals>();
  const add = (region: string, rows: Sheet['rows'], carbon: Carbon | undefined) => {
    let signals: RegionSignals | undefined;
    regions.set(region, () => {
      signals ??= signalsOf(sheet, rows, roles, carbon, start);
      return signals;
    });
  };
  const [alone] = roles.carbon.values();
  if (roles.region !== null && roles.carbon.size <= 1)
    for (const [region, rows] of byRegion(sheet, roles.region)) add(region, rows, alone);
  else if (roles.carbon.size === 0) add('', sheet.rows, undefined);
  else for (const [region, carbon] of roles.carbon) add(region, sheet.rows, carbon);
  // A file that cannot be understood is refused at once, not at the first question.
  const some = [...regions.values()].slice(0, regions.size <= 8 ? 8 : 1);
  for (const read of some) read();
  return {
    regions,
    hasCarbon: roles.carbon.size > 0,
    priced: roles.price !== null,
    currency: roles.price?.currency ?? null,
    issuedAt: roles.issued === null ? null : latest(sheet, roles.issued),
    assumed: roles.assumed,
  };
};

const signalsOf = (
  sheet: Sheet,
  rows: Sheet['rows'],
  roles: Roles,
  carbon: Carbon | undefined,
  start: Instant | null,
): RegionSignals => {
  const read = <C extends Carbon | Price>(column: C | null | undefined): (C & Column) | null =>
    column ? { ...column, ...columnOf(sheet, rows, roles, column, start) } : null;
  const main = read(carbon);
  const foreseen = read(roles.forecast);
  // A record without a value beside a forecast with some is a forecast, such as a body for the hours ahead.
  const isForecast = roles.isForecast || (foreseen !== null && isEmpty(main) && !isEmpty(foreseen));
  return {
    record: isForecast ? null : main,
    forecast: foreseen ?? (isForecast ? main : null),
    price: read(roles.price),
  };
};

const isEmpty = (column: Column | null) => column === null || column.series.values.every((value) => value === null);

const byRegion = (sheet: Sheet, at: number): Map<string, Sheet['rows'][number][]> => {
  const groups = new Map<string, Sheet['rows'][number][]>();
  for (const row of sheet.rows) {
    // ENTSO-E writes `BZN|DE-LU`.
    const region = (row.cells[at] ?? '').replace(/^.*\|/, '');
    if (region === '') throw invalid(`${sheet.name}, line ${row.line}: no region`, 'Name the region in every row.');
    const group = groups.get(region);
    if (group) group.push(row);
    else groups.set(region, [row]);
  }
  return groups;
};

const latest = (sheet: Sheet, at: number): Instant | null => {
  const said = [...new Set(sheet.rows.map(({ cells }) => cells[at] ?? ''))].filter((text) => text !== '').map(instant);
  return said.reduce<Instant | null>((newest, one) => (newest === null || one > newest ? one : newest), null);
};

/** Whether a signal of one region may stand for a home that bears another name: a zone of another country may not. */
export const mayStandFor = (region: string, home: string): boolean => {
  const country = (name: string) => /^([A-Z]{2})(?:-|$)/.exec(name)?.[1];
  const [one, other] = [country(region), country(home)];
  return one === undefined || other === undefined || one === other;
};
