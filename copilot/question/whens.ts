/** Start and end as what is asked for: "when does … start", "the first to start". */
import { MEASURES, type MeasureName } from './measures.js';
import type { Signs } from './signs.js';

export interface Whens {
  readonly measures: MeasureName[];
  /** start or end are what is asked for, not what the period is about */
  readonly timed: boolean;
  readonly order: 'most' | 'least' | null;
  /** tokens that say a first or last of nothing */
  readonly left: readonly number[];
}

export const whensIn = (
  { signs, tokens }: Signs,
  event: 'starts' | 'ends' | 'runs' | null,
  { measures, order }: Pick<Whens, 'measures' | 'order'>,
): Whens => {
  const end = signs.find((s) => s.sign.end !== undefined);
  const ofJob = event === 'starts' || event === 'ends';
  const asks = event !== null && (tokens.some((t) => t.low === 'when') || (end !== undefined && ofJob));
  const timed = asks && measures.every((m) => m === 'energy');
  const own: MeasureName[] = event === 'starts' ? ['start'] : event === 'ends' ? ['end'] : ['start', 'end'];
  const asked = timed ? own : measures;
  const ranks = end !== undefined && order === null;
  return {
    // A length or a start is not the energy that a word such as "take" may stand for.
    measures:
      event !== null && asked.some((m) => MEASURES[m].dimension === 'time')
        ? asked.filter((m) => m !== 'energy')
        : asked,
    timed,
    order: ranks && ofJob ? (end.sign.end === 'first' ? 'least' : 'most') : order,
    // "The last two largest" is neither the largest nor the smallest.
    left:
      end !== undefined && (ranks ? !ofJob : end.sign.end === 'last' && measures.length > 0 && !timed) ? [end.at] : [],
  };
};
