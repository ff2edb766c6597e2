/** A signal file as somebody's forecast, taken as given: for one question, without a scenario or a store. */
import { basename, extname } from 'node:path';
import { endOf } from '../../../domain/series.js';
import type { Instant, Interval } from '../../../domain/time.js';
import type { Grid } from '../../../domain/world.js';
import { fileGrid, readSignals } from './file.js';
import { readSheet } from './sheet.js';

export interface SignalFile {
  readonly grid: Grid;
  /** What the first signal covers. */
  readonly span: Interval;
  readonly regions: readonly string[];
}

/**
 * `place` names a file's only signal; the file's own name does when left out. `start` is the instant of row 0 in a file
 * that counts hours. Throws Fault as fileGrid does.
 */
export const openSignalFile = (options: {
  readonly path: string;
  readonly column?: string | undefined;
  readonly place?: string | undefined;
  readonly start: Instant;
}): SignalFile => {
  const { path, column, start } = options;
  const { regions, currency } = readSignals(readSheet(path), column, start);
  const { series } = [...regions.values()][0]!().carbon;
  const names = regions.has('') ? [options.place ?? basename(path, extname(path))] : [...regions.keys()];
  const grid = fileGrid({
    path,
    column,
    clock: { now: () => start },
    forecaster: null,
    setting: { name: basename(path), currency: currency ?? 'USD', start, sites: names.map((region) => ({ region })) },
  });
  return {
    // When somebody made the file is not known: it is as old as its first value.
    grid: { ...grid, carbon: async (...asked) => ({ ...(await grid.carbon(...asked)), issuedAt: series.start }) },
    regions: names,
    span: { start: series.start, end: endOf(series) },
  };
};
