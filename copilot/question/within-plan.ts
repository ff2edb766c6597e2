/** The time of a question beside the time of a plan. */
import type { Plan } from '../../domain/plan.js';
import { plusHours } from '../../domain/time.js';
import type { Draft } from '../facts.js';
import { MEASURES } from './measures.js';
import type { Period, Query } from './query.js';
import { periodText } from './say.js';

/** An energy at a moment is that of the hour from then; power and jobs have a value at a moment. */
export const widened = (period: Period | null, query: Query): Period | null =>
  period !== null &&
  period.from !== null &&
  period.from === period.to &&
  period.of === 'runs' &&
  query.measures.some((m) => m !== 'count' && (MEASURES[m].sums === 'sum' || MEASURES[m].sums === 'ratio'))
    ? { ...period, to: plusHours(period.from, 1) }
    : period !== null && period.of !== 'runs' && period.from !== null && period.from === period.to
      ? { ...period, to: plusHours(period.from, 1) }
      : period;

/** It has no moment of the plan. */
export const isOutside = ({ from, to }: Period, plan: Plan) =>
  (to !== null && to <= plan.window.start && to !== from) ||
  (from !== null && from >= plan.finishesAt) ||
  (from !== null && from === to && from < plan.window.start);

export const nothingThen = (draft: Draft, plan: Plan, period: Period): Draft => {
  draft.answered = false;
  const fact = { source: `plan ${plan.id}`, about: [plan.id] };
  const when = periodText(draft, period);
  return draft.say(
    `${when.charAt(0).toUpperCase()}${when.slice(1)} I know of no work: the plan that I know, ${draft.name(plan.id, { ...fact, label: 'the plan' })}, runs from ${draft.time(plan.window.start, { ...fact, label: 'start of the window' })} to ${draft.time(plan.finishesAt, { ...fact, label: 'when the last piece ends' })}.`,
  );
};
