/** make_plan as every door offers it: what was taken in, and where nothing was, the queue that waits. */
import { WORKLOADS } from '../domain/job.js';
import type { World } from '../domain/world.js';
import { gatherJobs } from '../tools/fleet/fleet.js';
import { makePlan as planWorkload } from '../tools/optimizer/optimizer.js';
import { callTool, type Running } from '../tools/tool.js';

type Input = Parameters<typeof planWorkload.run>[0];

export const makePlan = {
  ...planWorkload,
  description: `${planWorkload.description} Without a workload it plans the newest that was taken in; where that is jobs submitted one by one, or none, the queue that waits with those jobs.`,
  run: async (input: Input, world: World, call: Running) =>
    planWorkload.run(input.workloadId === undefined ? await withWorkload(input, world, call) : input, world, call),
} satisfies typeof planWorkload;

/**
 * A job submitted beside the queue does not make the others wait unplanned. The queue is named by its jobs, so gathering it again
 * after a crash gives the same workload: it needs no key of its own.
 */
const withWorkload = async (input: Input, world: World, call: Running): Promise<Input> => {
  const [newest] = await world.store.collection(WORKLOADS).list({ limit: 1 });
  if (newest && newest.value.origin !== 'submitted') return input;
  const asked = {
    from: input.from ?? world.clock.now(),
    horizonHours: input.horizonHours,
    ...(newest ? { alsoWorkloadId: newest.id } : {}),
  };
  const { workloadId } = await callTool(gatherJobs, asked, world, { ...call, idempotencyKey: undefined });
  return { ...input, workloadId };
};
