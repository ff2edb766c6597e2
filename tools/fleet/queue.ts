/** The work that waits: the fleet's queue taken in as a workload, and a plan's placements handed back to it. */
import { z } from 'zod';
import { DECISIONS } from '../../domain/decision.js';
import { shortId } from '../../domain/digest.js';
import { Fault, notFound } from '../../domain/fault.js';
import { itPowerKw, JOBS, spanSeconds, WORKLOADS } from '../../domain/job.js';
import { ORDERS, PLANS, worldName } from '../../domain/plan.js';
import { orderedPieces } from '../../domain/schedule.js';
import { Instant, plusHours, plusSeconds } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { requireRoom } from './room.js';

export const gatherJobs = defineTool({
  name: 'gather_jobs',
  title: 'Gather waiting jobs',
  description:
    'Takes the jobs that wait in the fleet and may start within a window into a workload; the same window gives the same workload.',
  toolset: 'fleet',
  effect: 'records',
  input: z.strictObject({
    workloadId: z.string().optional().describe('plan this ingested workload instead of the queue'),
    from: Instant.describe('start of the window'),
    horizonHours: z
      .number()
      .positive()
      .max(24 * 35)
      .describe('length of the window in hours, at most 840'),
  }),
  output: z.strictObject({
    workloadId: z.string(),
    jobs: z.number().int(),
    urgent: z.number().int(),
    energyKwh: z.number(),
  }),
  run: async ({ workloadId, from, horizonHours }, world, call) => {
    if (workloadId !== undefined) {
      const known = (await world.store.collection(WORKLOADS).get(workloadId))?.value;
      if (!known)
        throw notFound(`there is no workload ${workloadId}`, '`caco ingest FILE` makes one and prints its id.');
      return summaryOf(world, workloadId);
    }
    const window = { start: from, end: plusHours(from, horizonHours) };
    const id = shortId('W', { scenario: world.scenario.name, seed: world.scenario.seed, window, queue: true });
    if (await world.store.collection(WORKLOADS).get(id)) return summaryOf(world, id);
    // A gathering that was cut short left rows without a header; they are taken anew.
    await world.store.rows(JOBS).clear(id);
    let count = 0;
    let earliest: Instant | null = null;
    let latest: Instant | null = null;
    for await (const page of world.fleet.waiting(window)) {
      call.signal.throwIfAborted();
      await world.store.rows(JOBS).append(
        id,
        page.map((job) => ({ id: job.id, value: job })),
      );
      for (const job of page) {
        const end = job.deadline ?? plusSeconds(job.earliestStart, spanSeconds(job));
        if (earliest === null || job.earliestStart < earliest) earliest = job.earliestStart;
        if (latest === null || end > latest) latest = end;
      }
      count += page.length;
      call.progress({ done: count, note: 'jobs gathered' });
    }
    const source = `queue of ${world.scenario.name}`;
    call.commit((tx) =>
      tx.collection(WORKLOADS).put(id, {
        id,
        source,
        createdAt: world.clock.now(),
        jobs: count,
        earliestStart: earliest,
        latestEnd: latest,
        assumed: [],
      }),
    );
    return summaryOf(world, id);
  },
  tell: (o) => `Workload ${o.workloadId}: ${o.jobs} jobs wait, ${o.urgent} of them urgent.`,
});

const PlaceInput = z.strictObject({ planId: z.string().describe('id of the plan to carry out') });
const PlaceOutput = z.strictObject({ orderKey: z.string(), placed: z.number().int(), moved: z.number().int() });

type Place = (input: z.output<typeof PlaceInput>, world: World, call: Running) => Promise<z.input<typeof PlaceOutput>>;

const decided = async (planId: string, world: World, call: Running) => {
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists what was planned.');
  const decision = (await world.store.collection(DECISIONS).get(call.decisionId!))?.value;
  if (decision?.planId !== planId)
    throw new Fault(
      'forbidden',
      `decision ${call.decisionId} is not about plan ${planId}`,
      'Give the decision that was taken on this plan.',
    );
  return { plan, jobs: decision.jobs };
};

/** Placing again with the same key changes nothing that arrived, so it is also the way to ask after a crash. */
const place: Place = async ({ planId }, world, call) => {
  const { plan, jobs } = await decided(planId, world, call);
  const orderKey = `${planId}:${plan.digest.slice(0, 16)}`;
  const { workloadId } = plan;
  const { placed } = await world.fleet.place({ key: orderKey, pages: withPieces(world, { workloadId, planId, jobs }) });
  call.commit((tx) =>
    tx.collection(ORDERS).put(planId, {
      planId,
      workloadId,
      key: orderKey,
      world: worldName(world),
      jobs,
      span: { start: plan.window.start, end: plan.finishesAt },
    }),
  );
  return { orderKey, placed, moved: jobs === null ? plan.jobs.moved : new Set(jobs).size };
};

async function* withPieces(world: World, of: Parameters<typeof orderedPieces>[1]) {
  for await (const page of orderedPieces(world.store, of)) yield page.filter(({ pieces }) => pieces.length > 0);
}

export const placeJobs = defineTool({
  name: 'place_jobs',
  title: 'Place jobs',
  description:
    'Hands a decided plan to the fleet. Needs the decision on that plan; jobs that were not approved run as they would have without it.',
  toolset: 'plan',
  effect: 'acts',
  input: PlaceInput,
  output: PlaceOutput,
  run: async (input, world, call) => {
    const { plan, jobs } = await decided(input.planId, world, call);
    await requireRoom(world, plan, jobs);
    return place(input, world, call);
  },
  reconcile: place,
  tell: (o) => `${o.placed} pieces of work placed, ${o.moved} jobs moved.`,
});

const summaryOf = async (world: World, workloadId: string) => {
  let jobs = 0;
  let urgent = 0;
  let energyKwh = 0;
  for await (const page of world.store.rows(JOBS).pages(workloadId))
    for (const job of page) {
      jobs++;
      if (job.category === 'urgent') urgent++;
      energyKwh += itPowerKw(job, world.method) * (spanSeconds(job) / 3600);
    }
  return { workloadId, jobs, urgent, energyKwh };
};
