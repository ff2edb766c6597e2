/** What a known format of signal files is: how to tell it, and what is true of it by its name that its columns do not say. */
import type { CarbonKind } from '../../../domain/signal.js';
import type { Sheet } from './sheet.js';

/** Facts that a format's name brings. What is left out is read from the headers, and asked for where they do not say it. */
export interface Facts {
  /** The column of carbon intensity; none in a file of prices. */
  readonly carbon?: string | null;
  /** Another column of carbon intensity, which is used where the person names it. */
  readonly also?: string | undefined;
  /** A column of carbon intensity for each region, whose name it bears; instead of `carbon`. */
  readonly zones?: readonly string[];
  /** A column of forecasts beside the record; alone where nothing is recorded. */
  readonly forecast?: string | undefined;
  readonly price?: string | undefined;
  /** g/kWh that one of the carbon columns is, where its header has no unit. */
  readonly gPerKwh?: number | undefined;
  /** Money per MWh that one of the price column is, in which currency, and in words, where its header has no unit. */
  readonly money?: { readonly perMwh: number; readonly currency: string; readonly assumed: string };
  readonly kind?: Partial<CarbonKind>;
  readonly region?: string | undefined;
  readonly time?: string | undefined;
  readonly end?: string | undefined;
  /** Length of a row: minutes, or hours:minutes:seconds. */
  readonly duration?: string | undefined;
  /** Of times without an offset: `UTC` or a name of the IANA database. */
  readonly zone?: string | undefined;
  /** A column that says when a forecast was made. */
  readonly issued?: string | undefined;
  /** Nothing in it has come true yet. */
  readonly isForecast?: boolean;
  /** What is taken for granted, for people; each becomes a part of the source's name. */
  readonly assumed?: readonly string[];
}

/** One line of the table in docs/signal-files.md. */
interface Row {
  readonly name: string;
  readonly unit: string;
  readonly zone: string;
  readonly times: string;
  readonly kind: string;
  readonly said: string;
  readonly refused: string;
}

export interface Known extends Row {
  /** Throws Fault `invalid-input` for what of this format cannot be read; null where the sheet is of another format. */
  readonly facts: (sheet: Sheet) => Facts | null;
}

/** A format that holds nothing to plan by, or says it so that it cannot be read for certain. */
export interface Refused {
  readonly name: string;
  readonly tells: (sheet: Sheet) => boolean;
  /** what it holds instead, and what to do */
  readonly why: string;
  readonly remedy: string;
}

/** The column that bears the name, whatever its case; undefined where there is none. */
export const named = (sheet: Sheet, name: string | RegExp): string | undefined =>
  sheet.columns.find((column) =>
    typeof name === 'string' ? column.toLowerCase() === name.toLowerCase() : name.test(column.normalize('NFKC')),
  );

/** All the columns are there, whatever their case. */
export const has = (sheet: Sheet, ...names: readonly (string | RegExp)[]): boolean =>
  names.every((name) => named(sheet, name) !== undefined);

/** What every row says in a column; undefined where they differ or say nothing. */
export const only = (sheet: Sheet, name: string | RegExp): string | undefined => {
  const column = named(sheet, name);
  if (column === undefined) return undefined;
  const at = sheet.columns.indexOf(column);
  const said = new Set(sheet.rows.map(({ cells }) => cells[at] ?? ''));
  const [one] = said;
  return said.size === 1 && one !== '' ? one : undefined;
};
