/**
 * BL01, the baseline of GB flexibility: what a site would have imported, from what it imported on days like that one.
 * Source: NESO's DFS Procurement Rules, Schedule 3 Part 3, and the BSC Baselining Methodology Document 3.0; no official numeric example
 * exists. Energy is import-positive kWh per settlement period; a site that exports has negative values, and nothing is clipped.
 */
import { plusDays, settlementPeriodsIn } from '../time.js';
import { isWorkingDay } from './working-days.js';

/** kWh by settlement period, the first at 0; null: not metered. A day that is absent has no data. */
export type MeteredDays = ReadonlyMap<string, readonly (number | null)[]>;

export interface BaselineQuestion {
  /** the day of the event, `YYYY-MM-DD` */
  readonly date: string;
  /** settlement periods of the event, counted from 1, ascending */
  readonly periods: readonly number[];
  readonly metered: MeteredDays;
  /** days on which the site was called before, which say nothing of what it uses */
  readonly eventDays: ReadonlySet<string>;
  readonly bankHolidays: ReadonlySet<string>;
}

export interface Baseline {
  /**
   * `insufficient`: too few days like this one, so the baseline is what was metered and nothing counts as delivered.
   * `unsupported`: the rules say nothing of a day on which clocks change.
   */
  readonly status: 'ok' | 'insufficient' | 'unsupported';
  /** days that could be used, the newest first */
  readonly eligible: readonly string[];
  /** those of them that the mean is taken over, the newest first */
  readonly selected: readonly string[];
  /** days of this type that were passed over, the newest first, and why */
  readonly excluded: readonly (readonly [date: string, why: 'event-day' | 'incomplete-data' | 'clock-change'])[];
  /** settlement periods that the in-day adjustment is taken from; none where they would lie on the day before */
  readonly adjustmentPeriods: readonly number[];
  /** kWh per period that the day as a whole stood above its history before the event; null: it cannot be said */
  readonly inDayAdjustment: number | null;
  /** kWh by period of the event: without adjustment, as wholesale trades (P415) are settled */
  readonly unadjusted: ReadonlyMap<number, number>;
  /** kWh by period of the event: with adjustment, as acceptances in the Balancing Mechanism and DFS are settled */
  readonly adjusted: ReadonlyMap<number, number>;
}

export const LOOK_BACK_DAYS = 60;
/** Days of the same type without which nothing is credited. */
export const LEAST_DAYS = { working: 5, other: 4 } as const;
const WORKING = { most: 10, least: LEAST_DAYS.working };
const NON_WORKING = { most: 4, least: LEAST_DAYS.other };
/** The three hours that end one hour before the event, in periods before its first. */
const ADJUSTED_FROM = 8;
const ADJUSTED_UNTIL = 3;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const isClockChange = (date: string): boolean => settlementPeriodsIn(date) !== 48;

export const bl01 = (asked: BaselineQuestion): Baseline => {
  const { date, periods, metered } = asked;
  const { eligible, excluded, selected } = daysLike(asked);
  const today = metered.get(date);
  const first = Math.min(...periods);
  const adjustmentPeriods =
    first - ADJUSTED_FROM < 1
      ? []
      : Array.from({ length: ADJUSTED_FROM - ADJUSTED_UNTIL + 1 }, (_, i) => first - ADJUSTED_FROM + i);
  const days = { eligible, excluded, adjustmentPeriods };
  if (isClockChange(date))
    return {
      status: 'unsupported',
      ...days,
      selected: [],
      inDayAdjustment: null,
      unadjusted: new Map(),
      adjusted: new Map(),
    };
  if (selected.length === 0) {
    const asMetered = new Map(
      periods.flatMap((period) => {
        const value = today?.[period - 1] ?? null;
        return value === null ? [] : [[period, value] as const];
      }),
    );
    return {
      status: 'insufficient',
      ...days,
      selected: [],
      inDayAdjustment: 0,
      unadjusted: asMetered,
      adjusted: asMetered,
    };
  }
  const usual = (period: number) => mean(selected.map((day) => metered.get(day)![period - 1]!));
  const departures = adjustmentPeriods.map((period) => {
    const value = today?.[period - 1] ?? null;
    return value === null ? null : value - usual(period);
  });
  const inDayAdjustment =
    departures.length === 0 || departures.includes(null) ? null : mean(departures as readonly number[]);
  const unadjusted = new Map(periods.map((period) => [period, usual(period)]));
  return {
    status: 'ok',
    ...days,
    selected,
    inDayAdjustment,
    unadjusted,
    adjusted: new Map([...unadjusted].map(([period, value]) => [period, value + (inDayAdjustment ?? 0)])),
  };
};

/** Days of the same type in the sixty before, the newest first: those that may be used, and those that the rules then take. */
const daysLike = ({ date, metered, eventDays, bankHolidays }: BaselineQuestion) => {
  const working = isWorkingDay(date, bankHolidays);
  const { most, least } = working ? WORKING : NON_WORKING;
  const eligible: string[] = [];
  const excluded: [string, 'event-day' | 'incomplete-data' | 'clock-change'][] = [];
  for (let back = 1; back <= LOOK_BACK_DAYS && eligible.length < most; back++) {
    const day = plusDays(date, -back);
    if (isWorkingDay(day, bankHolidays) !== working) continue;
    const why = eventDays.has(day)
      ? 'event-day'
      : isClockChange(day)
        ? 'clock-change'
        : isWhole(metered.get(day))
          ? undefined
          : 'incomplete-data';
    if (why === undefined) eligible.push(day);
    else excluded.push([day, why]);
  }
  if (eligible.length < least) return { eligible, excluded, selected: [] };
  return { eligible, excluded, selected: working ? eligible : middleTwo(eligible, metered) };
};

const isWhole = (values: readonly (number | null)[] | undefined): boolean =>
  values !== undefined && values.length === 48 && values.every((value) => value !== null);

/** Of four days the two whose totals are neither the most nor the least. */
const middleTwo = (days: readonly string[], metered: MeteredDays): string[] => {
  const total = (day: string) => metered.get(day)!.reduce<number>((sum, value) => sum + value!, 0);
  const kept = [...days].sort((a, b) => total(a) - total(b)).slice(1, 3);
  return days.filter((day) => kept.includes(day));
};
