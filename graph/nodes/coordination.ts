/** Coordination: the plan for the waiting work under the grid's signals. */
import { makePlan } from '../../tools/optimizer/optimizer.js';
import type { Node } from '../node.js';

export const coordination: Node = async (state, desk) => {
  const { workloadId: _, ...request } = state.request;
  const { plan } = await desk.call(makePlan, {
    ...request,
    workloadId: state.workloadId!,
    from: state.from,
    horizonHours: state.horizonHours,
  });
  return { planId: plan.id, planDigest: plan.digest };
};
