/** What an offer comes to in each year of prices: which days can be sold, for what, and what doing the work later costs. */
import { z } from 'zod';
import { exact, exactSum } from '../../domain/decimal.js';
import { LEAST_DAYS, LOOK_BACK_DAYS } from '../../domain/settlement/bl01.js';
import { isWorkingDay } from '../../domain/settlement/working-days.js';
import { plusDays, settlementPeriodsIn } from '../../domain/time.js';
import type { Offer } from './asked.js';
import { type Day, meanOf } from './series.js';

export const Year = z.strictObject({
  year: z.number().int(),
  whole: z.boolean().describe('nine in ten of its days are priced; only whole years are in intervals'),
  days: z.number().int().describe('days that are priced'),
  soldDays: z.number().int(),
  uncreditedDays: z
    .number()
    .int()
    .describe(
      'days that would have paid, and that the baseline cannot credit: too few days without an event before them',
    ),
  cappedDays: z.number().int().describe('sold days on which the price is known as at least so much'),
  soldMwh: z.number(),
  soldPerMwh: z.number().nullable().describe('mean money per MWh sold; null: nothing was sold'),
  boughtBackPerMwh: z.number().nullable(),
  gross: z.number(),
  rebound: z.number().describe('what the work costs when it is done later, below 0'),
  net: z.number().describe('gross and rebound'),
  meanPerMwh: z.number().describe('mean price of its days'),
  cheaperHalfPerMwh: z.number().describe('mean price of the cheaper half of each day'),
  spreadPerMwh: z.number().describe('mean over all its days of what is sold less what is bought back'),
});
export type Year = z.infer<typeof Year>;

const WHOLE = 0.9;

export const yearOf = (year: number, days: readonly Day[], offer: Offer, closed: ReadonlySet<string>): Year => {
  const spread = ({ sold, boughtBack }: Day) => sold - boughtBack * offer.reboundRatio;
  const paying = days.filter((day) => spread(day) > 0 && spread(day) >= offer.leastPerMwh);
  const wanted = [...paying]
    .sort((a, b) => spread(b) - spread(a) || (a.date < b.date ? -1 : 1))
    .slice(0, offer.daysPerYear ?? paying.length);
  const credited = creditable(wanted.map(({ date }) => date).sort(), closed);
  const sold = wanted.filter(({ date }) => credited.has(date));
  const mwh = offer.mw * offer.hours;
  const gross = exactSum(sold.map((day) => mwh * day.sold));
  const rebound = exactSum(sold.map((day) => -mwh * offer.reboundRatio * day.boughtBack));
  const of = (value: (day: Day) => number) => exact(meanOf(days.map(value)));
  return {
    year,
    whole: days.length >= WHOLE * (daysIn(year) - 2),
    days: days.length,
    soldDays: sold.length,
    uncreditedDays: wanted.length - sold.length,
    cappedDays: sold.filter(({ capped }) => capped).length,
    soldMwh: exact(mwh * sold.length),
    soldPerMwh: sold.length === 0 ? null : exact(meanOf(sold.map((day) => day.sold))),
    boughtBackPerMwh: sold.length === 0 ? null : exact(meanOf(sold.map((day) => day.boughtBack))),
    ...{ gross, rebound, net: exact(gross + rebound) },
    meanPerMwh: of((day) => day.mean),
    cheaperHalfPerMwh: of((day) => day.cheaperHalf),
    spreadPerMwh: of((day) => day.sold - day.boughtBack),
  };
};

const daysIn = (year: number): number => (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / 86_400_000;

/**
 * Which of the days, in order, BL01 credits when each is declared as an event day: of the sixty days before, enough of the same type had
 * no event. Nothing is credited on days on which clocks change.
 */
export const creditable = (dates: readonly string[], closed: ReadonlySet<string>): ReadonlySet<string> => {
  const sold = new Set<string>();
  for (const date of dates) {
    if (settlementPeriodsIn(date) !== 48) continue;
    const working = isWorkingDay(date, closed);
    let clean = 0;
    for (let back = 1; back <= LOOK_BACK_DAYS; back++) {
      const day = plusDays(date, -back);
      if (isWorkingDay(day, closed) === working && !sold.has(day) && settlementPeriodsIn(day) === 48) clean++;
    }
    if (clean >= LEAST_DAYS[working ? 'working' : 'other']) sold.add(date);
  }
  return sold;
};
