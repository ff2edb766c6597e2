/** The work that waits: the fleet's queue taken in as a workload, and a plan's placements handed back to it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DECISIONS } from '../../domain/decision.js';
import { shortId } from '../../domain/digest.js';
import { Fault, notFound } from '../../domain/fault.js';
import { itPowerKw, JOBS, type Job, jobText, spanSeconds, WORKLOADS } from '../../domain/job.js';
import type { Method } from '../../domain/method.js';
import { ORDERS, orderKeyOf, PLANS, type Plan, worldName } from '../../domain/plan.js';
import { orderedPieces } from '../../domain/schedule.js';
import { Instant, type Interval, plusHours, plusSeconds } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { JobSet, sweepJobSets } from './job-set.js';
import { requireRoom } from './room.js';

export const gatherJobs = defineTool({
  name: 'gather_jobs',
  title: 'Gather waiting jobs',
  description:
    'Takes the jobs that wait in the fleet and may start within a window into a workload; the same jobs give the same workload.',
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
    await sweepJobSets(world.store);
    const draft = await JobSet.open(world.store);
    try {
      return await gathered({ start: from, end: plusHours(from, horizonHours) }, world, call, draft);
    } catch (error) {
      await draft.discard();
      throw error;
    }
  },
  tell: (o) => `Workload ${o.workloadId}: ${o.jobs} jobs wait, ${o.urgent} of them urgent.`,
});

/**
 * The workload is named by its jobs: a queue that has changed since (other jobs, another scenario file of the same name) is
 * another workload, and plans of the old one keep theirs.
 */
const gathered = async (window: Interval, world: World, call: Running, draft: JobSet) => {
  const hash = createHash('sha256');
  const sums = new Sums(world.method);
  let earliest: Instant | null = null;
  let latest: Instant | null = null;
  for await (const page of world.fleet.waiting(window)) {
    call.signal.throwIfAborted();
    await draft.append(page);
    for (const job of page) {
      hash.update(jobText(job)).update('\n');
      sums.add(job);
      const end = job.deadline ?? plusSeconds(job.earliestStart, spanSeconds(job));
      if (earliest === null || job.earliestStart < earliest) earliest = job.earliestStart;
      if (latest === null || end > latest) latest = end;
    }
    call.progress({ done: sums.jobs, note: 'jobs gathered' });
  }
  const { name: scenario, seed } = world.setting;
  const id = shortId('W', { scenario, seed, window, jobs: hash.digest('hex') });
  call.commit(async (tx) => {
    if (await tx.collection(WORKLOADS).get(id)) return draft.discard(tx);
    await draft.become(tx, id);
    await tx.collection(WORKLOADS).insert(id, {
      id,
      origin: 'queue',
      source: `queue of ${scenario}`,
      createdAt: world.clock.now(),
      jobs: sums.jobs,
      earliestStart: earliest,
      latestEnd: latest,
      assumed: [],
    });
  });
  return { workloadId: id, ...sums.all() };
};

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
  const orderKey = orderKeyOf(plan);
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

/** A plan of another world of the same store names regions that this fleet cannot run in. */
const requireSites = async (world: World, plan: Plan): Promise<void> => {
  const here = new Set((await world.fleet.sites()).map((site) => site.region));
  const missing = plan.signals.map((signal) => signal.region).filter((region) => !here.has(region));
  if (missing.length > 0)
    throw new Fault(
      'conflict',
      `plan ${plan.id} was made for ${missing.slice(0, 5).join(', ')}, where ${world.setting.name} has no site`,
      'Carry it out in the world that it was made in: the same command with its --scenario.',
    );
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
    await requireSites(world, plan);
    await requireRoom(world, plan, jobs);
    return place(input, world, call);
  },
  reconcile: place,
  tell: (o) => `${o.placed} pieces of work placed, ${o.moved} jobs moved.`,
});

class Sums {
  jobs = 0;
  #urgent = 0;
  #energyKwh = 0;
  constructor(private readonly method: Method) {}

  add(job: Job): void {
    this.jobs++;
    if (job.category === 'urgent') this.#urgent++;
    this.#energyKwh += itPowerKw(job, this.method) * (spanSeconds(job) / 3600);
  }

  all() {
    return { jobs: this.jobs, urgent: this.#urgent, energyKwh: this.#energyKwh };
  }
}

const summaryOf = async (world: World, workloadId: string) => {
  const sums = new Sums(world.method);
  for await (const page of world.store.rows(JOBS).pages(workloadId)) for (const job of page) sums.add(job);
  return { workloadId, ...sums.all() };
};
