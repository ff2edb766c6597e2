/** By what a sum over the pieces of jobs is worked out: the signals that the plan saw, and the method of the program. */
import { Fault } from '../../domain/fault.js';
import type { Plan } from '../../domain/plan.js';
import type { TableJob } from '../../domain/plan-table.js';
import type { Series } from '../../domain/series.js';
import type { Desk } from '../desk.js';
import type { Query } from './query.js';
import type { Ways } from './sums.js';

/** Signals tell parts of a piece, and the hours that an interval is made of; groups over the whole time need neither. */
const needsSignals = ({ measures, by, period, against }: Query): boolean =>
  measures.some((m) => m === 'emissions' || m === 'intensity' || m === 'saving') &&
  (by === null || by === 'hour' || by === 'day' || period !== null || against !== null);

/** What the plan saw of intensity, for pieces that lie partly within a time; a place without it has none. */
export const waysOf = async (desk: Desk, plan: Plan, query: Query, rows: readonly TableJob[]): Promise<Ways> => {
  const { uncertaintyRatio, confidence, embodiedGPerVcpuHour } = desk.world.method;
  const signals = new Map<string, Series>();
  const places = new Set<string>();
  if (needsSignals(query)) for (const { planned } of rows) for (const { place } of planned) places.add(place);
  for (const place of places) {
    try {
      const { series } = await desk.world.grid.carbon(
        place,
        { start: plan.window.start, end: plan.finishesAt },
        'forecast',
      );
      signals.set(place, series);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return { signals, uncertaintyRatio, confidence, embodiedGPerVcpuHour };
};
