/** Coordination: the plan for the waiting work under the grid's signals. */

import { Fault } from '../../domain/fault.js';
import { type Conflict, makePlan } from '../../tools/optimizer/optimizer.js';
import type { Node } from '../node.js';

/** The run ends here: the fault carries jobs, limits and the smallest way out, and "not found" is not called impossible. */
export const noPlan = (conflict: Conflict | null): Fault =>
  new Fault(
    'conflict',
    conflict?.sentence ?? 'no schedule was found within the work limit, and none is proved impossible',
    conflict === null
      ? 'Give it longer, plan fewer jobs, or widen their windows.'
      : 'Loosen the limit that is named, or let the named jobs finish later.',
    { details: { conflict } },
  );

export const coordination: Node = async (state, desk) => {
  // Everything that waits is with the fleet already: there is nothing to plan, and the story says so.
  if (state.waiting !== null && state.waiting.jobs === 0 && (state.waiting.placed ?? 0) > 0) return { planId: null };
  const { workloadId: _, ...request } = state.request;
  const { plan, conflict } = await desk.call(makePlan, {
    ...request,
    workloadId: state.workloadId!,
    from: state.from,
    horizonHours: state.horizonHours,
  });
  if (plan === null) throw noPlan(conflict);
  return { planId: plan.id };
};
