/** Compute: which work waits, and how much of it can be moved. */
import { gatherJobs } from '../../tools/fleet/fleet.js';
import type { Node } from '../node.js';

export const compute: Node = async (state, desk) => {
  const gathered = await desk.call(gatherJobs, {
    ...(state.request.workloadId === undefined ? {} : { workloadId: state.request.workloadId }),
    from: state.from,
    horizonHours: state.horizonHours,
  });
  const { workloadId, jobs, urgent, energyKwh } = gathered;
  return { workloadId, waiting: { jobs, urgent, energyKwh } };
};
