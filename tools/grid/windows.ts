/** Windows of a signal: their mean over a whole duration, the best and the worst. A window with a missing step is no window. */
import type { Series } from '../../domain/series.js';
import { meanOver } from '../../domain/series.js';
import { fromEpoch, type Instant, toEpoch } from '../../domain/time.js';

export interface Window {
  readonly start: Instant;
  readonly end: Instant;
  readonly mean: number;
}

/** Every window of `seconds` that starts on the slot grid within [from, to − seconds], in order of time; those without data are left out. */
export const windowsOf = (
  series: Series,
  from: Instant,
  to: Instant,
  seconds: number,
  slotMinutes: number,
): Window[] => {
  const slot = slotMinutes * 60;
  const last = toEpoch(to) - seconds;
  const windows: Window[] = [];
  for (let at = Math.ceil(toEpoch(from) / slot) * slot; at <= last; at += slot) {
    const mean = meanOver(series, at, at + seconds);
    if (mean !== null) windows.push({ start: fromEpoch(at), end: fromEpoch(at + seconds), mean });
  }
  return windows;
};

/** Least first; the earlier wins a tie. */
export const ranked = <W extends { readonly start: Instant }>(windows: readonly W[], by: (w: W) => number): W[] =>
  [...windows].sort((a, b) => by(a) - by(b) || (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));

/** The first `count` of a ranking that do not overlap an earlier choice in the same region. */
export const apart = <W extends { readonly region: string; readonly start: Instant; readonly end: Instant }>(
  ranking: readonly W[],
  count: number,
): W[] => {
  const chosen: W[] = [];
  for (const w of ranking) {
    if (chosen.length === count) break;
    if (chosen.every((c) => c.region !== w.region || c.end <= w.start || w.end <= c.start)) chosen.push(w);
  }
  return chosen;
};
