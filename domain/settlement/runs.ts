/**
 * Settlement runs: the same half-hour is settled several times, with better metering each time. Every pound belongs to a run; a later
 * run takes an earlier one's place, whenever either arrives.
 * Offsets in working days are those of the timetable before market-wide half-hourly settlement (MHHS), which shortens them from July
 * 2027: Elexon's calendar is the authority, so a caller can bring its own.
 */
import { plusWorkingDays } from './working-days.js';

/** In the order in which they supersede each other; DF is run after a dispute only. */
export const RUNS = ['II', 'SF', 'R1', 'R2', 'R3', 'RF', 'DF'] as const;
export type SettlementRun = (typeof RUNS)[number];

export type RunOffsets = Readonly<Partial<Record<SettlementRun, number>>>;
export const LEGACY_OFFSETS: RunOffsets = { II: 5, SF: 16, R1: 39, R2: 84, R3: 154, RF: 292 };

/** The date of each run of a settlement day, `YYYY-MM-DD`. */
export const runDates = (
  date: string,
  bankHolidays: ReadonlySet<string>,
  offsets: RunOffsets = LEGACY_OFFSETS,
): Partial<Record<SettlementRun, string>> =>
  Object.fromEntries(
    RUNS.flatMap((run) => {
      const offset = offsets[run];
      return offset === undefined ? [] : [[run, plusWorkingDays(date, offset, bankHolidays)]];
    }),
  );

/** Whether a figure of run `next` takes the place of one of run `held`; the same run anew does. */
export const supersedes = (next: SettlementRun, held: SettlementRun): boolean =>
  RUNS.indexOf(next) >= RUNS.indexOf(held);
