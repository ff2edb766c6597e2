/** A signal file as history: what came true of one region, with prices where it has a column of them. For training and testing forecasts. */
import { basename, extname } from 'node:path';
import { invalid, notFound } from '../../../domain/fault.js';
import type { Series } from '../../../domain/series.js';
import type { Instant } from '../../../domain/time.js';
import { readSheet } from './sheet.js';
import { readSignals } from './signals.js';

export interface HistoryFile {
  readonly region: string;
  readonly quantity: 'carbon' | 'price';
  readonly unit: string;
  readonly series: Series;
  /** of its prices; null where the file does not say */
  readonly currency: string | null;
  /** in the same file beside carbon; null where there is none */
  readonly price: Series | null;
  /** what was taken for granted, for people */
  readonly assumed: readonly string[];
}

/**
 * `column` is the person's choice where the file has several; `place` names the region of a file of several, or a file's only
 * one. Throws Fault `invalid-input` for a file that cannot be understood or that holds forecasts only, `not-found` for another region.
 */
export const readHistory = (options: {
  readonly path: string;
  readonly column?: string | undefined;
  readonly place?: string | undefined;
  readonly start: Instant;
}): HistoryFile => {
  const { path, column, place, start } = options;
  const { regions, currency, assumed } = readSignals(readSheet(path), column, start);
  const names = [...regions.keys()];
  const chosen = names.length === 1 ? names[0]! : place;
  if (chosen === undefined)
    throw invalid(
      `${basename(path)} has ${names.length} regions`,
      `Name one with --location: ${names.slice(0, 10).join(', ')}.`,
    );
  const read = regions.get(chosen);
  if (read === undefined)
    throw notFound(`${basename(path)} has no signal for ${chosen}`, `It has ${names.slice(0, 10).join(', ')}.`);
  const { record, price } = read();
  const of = record ?? price;
  if (of === null)
    throw invalid(`${basename(path)} holds forecasts and nothing that came true`, 'Give a file of recorded values.');
  return {
    region: place ?? (chosen === '' ? basename(path, extname(path)) : chosen),
    quantity: record === null ? 'price' : 'carbon',
    unit: record === null ? `${currency ?? 'money'}/MWh` : 'g/kWh',
    series: of.series,
    currency,
    price: record === null ? null : (price?.series ?? null),
    assumed,
  };
};
