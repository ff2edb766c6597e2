/**
 * Open questions that have a fixed choice of answers, and what each answer makes of the constraint. Questions of other kinds are answered
 * by putting the sentence in clearer words: what nobody can offer is not guessed.
 */
import type { CapPeriod, Constraint } from '../../domain/policy/policy.js';
import { isTimeZone } from '../../domain/time.js';
import { PERIOD_QUESTION } from './rules-amounts.js';
import { ZONE_QUESTION } from './whom.js';

interface Choice {
  /** as it is shown, and as it is given */
  readonly answer: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const ZONED = new Set<Constraint['type']>(['deadline', 'blackout', 'change_freeze', 'power_cap']);
const PERIODS: Readonly<Partial<Record<CapPeriod, string>>> = {
  day: 'each day',
  week: 'each week',
  calendar_month: 'each calendar month',
  quarter: 'each quarter',
  year: 'each year',
};

const choicesTo = ({ type }: Constraint, question: string): readonly Choice[] => {
  if (question === PERIOD_QUESTION && (type === 'carbon_cap' || type === 'budget_cap'))
    return Object.entries(PERIODS).map(([period, answer]) => ({ answer, params: { period } }));
  if (question === 'does the last day belong to it?' && type === 'change_freeze')
    return [
      { answer: 'yes, to its end', params: { inclusive: true } },
      { answer: 'no, it ends the day before', params: { inclusive: false } },
    ];
  if (question === 'may work not start then, or not run at all?' && type === 'blackout')
    return [
      { answer: 'it may not start', params: { on: 'start' } },
      { answer: 'it may not run', params: { on: 'run' } },
    ];
  if (question === 'who signs?' && type === 'approval_threshold')
    return [
      { answer: 'one person', params: { approvals: 1 } },
      { answer: 'two people', params: { approvals: 2 } },
    ];
  return [];
};

const asksForZone = ({ type }: Constraint, question: string) => question === ZONE_QUESTION && ZONED.has(type);

/** Answers that are offered; `zone` where any IANA time zone is one. Both empty: there are none to offer. */
export const offered = (
  constraint: Constraint,
  question: string,
): { readonly answers: readonly string[]; readonly zone: boolean } => ({
  answers: choicesTo(constraint, question).map(({ answer }) => answer),
  zone: asksForZone(constraint, question),
});

/** What an answer makes of the parameters; undefined: it is none of those that are offered. */
export const paramsBy = (constraint: Constraint, question: string, answer: string): object | undefined =>
  asksForZone(constraint, question)
    ? isTimeZone(answer)
      ? { tz: answer }
      : undefined
    : choicesTo(constraint, question).find((choice) => choice.answer === answer)?.params;
