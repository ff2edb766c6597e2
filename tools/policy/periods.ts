/** Accounting periods, as people write them. */
import type { CapPeriod } from '../../domain/policy/policy.js';
import { type Span, spansOf } from './words.js';

const PERIODS: readonly [RegExp, CapPeriod][] = [
  [/\bcalendar[ -]month(?:ly)?s?\b|\bmonthly\b/, 'calendar_month'],
  [/(?:\bper|\ba|\bany|\beach|\bevery|\bany one|\bin one|\bthe|\/)\s*(?:given |single )?(?:month|mo)\b/, 'month'],
  [
    /\bquarterly\b|(?:\bper|\ba|\bany|\beach|\bevery|\bthe|\/)\s*(?:given |single |calendar |financial |fiscal )?quarter\b/,
    'quarter',
  ],
  [
    /\b(?:annual(?:ly)?|yearly|per annum|p\.a\.)|(?:\bper|\ba|\bany|\beach|\bevery|\bthe|\/)\s*(?:given |single |calendar |financial |fiscal )?(?:year|yr)\b/,
    'year',
  ],
  [
    /\bweekly\b|(?:\bper|\ba|\bany|\beach|\bevery|\bthe|\/)\s*(?:given |single |calendar |working )?(?:week|wk)\b/,
    'week',
  ],
  [/\bdaily\b|(?:\bper|\ba|\bany|\beach|\bevery|\/)\s*(?:given |single |calendar )?day\b/, 'day'],
];

/** The accounting period that a text names first. */
export const periodIn = (low: string): CapPeriod | undefined =>
  PERIODS.map(([regex, period]) => ({ at: low.search(regex), period }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0]?.period;

/** The words that name it; another period in the same text is left over. */
export const periodSpansIn = (low: string): Span[] => {
  const named = periodIn(low);
  return spansOf(low, ...PERIODS.filter(([, period]) => period === named).map(([regex]) => regex));
};
