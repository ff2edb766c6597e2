/** Compute: which work waits, and what of it is with the fleet already. */
import { gatherJobs } from '../../tools/fleet/fleet.js';
import type { Node } from '../node.js';

export const compute: Node = async (state, desk) => {
  const { workloadId, ...waiting } = await desk.call(gatherJobs, {
    ...(state.request.workloadId === undefined ? {} : { workloadId: state.request.workloadId }),
    from: state.from,
    horizonHours: state.horizonHours,
  });
  return { workloadId, waiting };
};
