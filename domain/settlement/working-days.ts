/**
 * Working days, as GB settlement counts them: Monday to Friday without the bank holidays of England and Wales. Which days those are is
 * proclaimed year by year, so they are data that the caller brings.
 */
import { plusDays } from '../time.js';

/** 0 is Sunday. A date is a date wherever the machine stands. */
const weekday = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay();

export const isWorkingDay = (date: string, bankHolidays: ReadonlySet<string>): boolean => {
  const day = weekday(date);
  return day !== 0 && day !== 6 && !bankHolidays.has(date);
};

/** The date `count` working days after `date`, which itself does not count. */
export const plusWorkingDays = (date: string, count: number, bankHolidays: ReadonlySet<string>): string => {
  let at = date;
  for (let left = count; left > 0; ) {
    at = plusDays(at, 1);
    if (isWorkingDay(at, bankHolidays)) left--;
  }
  return at;
};
