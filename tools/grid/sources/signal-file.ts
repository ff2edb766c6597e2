/** A signal file as somebody's forecast, taken as given: for one question, without a scenario or a store. */
import { basename, extname } from 'node:path';
import { invalid } from '../../../domain/fault.js';
import type { Instant, Interval } from '../../../domain/time.js';
import type { Grid } from '../../../domain/world.js';
import { carbonless, fileGrid } from './file.js';
import { readSheet } from './sheet.js';
import { mayStandFor, readSignals } from './signals.js';

export interface SignalFile {
  readonly grid: Grid;
  /** What the first signal covers. */
  readonly span: Interval;
  readonly regions: readonly string[];
  /** What was taken for granted of unit, zone and kind, for people. */
  readonly assumed: readonly string[];
}

/**
 * `place` names a file's only signal; the file's own name does when left out. `start` is the instant of row 0 in a file
 * that counts hours. Throws Fault as fileGrid does, and for a file of prices.
 */
export const openSignalFile = (options: {
  readonly path: string;
  readonly column?: string | undefined;
  readonly place?: string | undefined;
  readonly start: Instant;
}): SignalFile => {
  const { path, column, place, start } = options;
  const { regions, hasCarbon, currency, issuedAt, assumed } = readSignals(readSheet(path), column, start);
  if (!hasCarbon) throw invalid(...carbonless(path));
  const [single] = regions.size === 1 ? regions.keys() : [undefined];
  const isNamed = single === '' || (single !== undefined && place !== undefined && mayStandFor(single, place));
  const names = isNamed ? [place ?? basename(path, extname(path))] : [...regions.keys()];
  const grid = fileGrid({
    path,
    column,
    clock: { now: () => start },
    forecaster: null,
    setting: { name: basename(path), currency: currency ?? 'USD', start, sites: names.map((region) => ({ region })) },
  });
  return {
    // Where a file does not say when it was made, it is as old as its first value.
    grid: {
      ...grid,
      carbon: async (...asked) => ({ ...(await grid.carbon(...asked)), issuedAt: issuedAt ?? grid.covers.start }),
    },
    regions: names,
    span: grid.covers,
    assumed,
  };
};
