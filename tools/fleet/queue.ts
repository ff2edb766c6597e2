/** The work that waits: the fleet's queue taken in as a workload, without what is with the fleet already. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { shortId } from '../../domain/digest.js';
import { notFound } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import { holdersIn, identityOf } from '../../domain/held.js';
import { itPowerKw, JOBS, type Job, jobText, spanSeconds, WORKLOADS } from '../../domain/job.js';
import type { Method } from '../../domain/method.js';
import { TAKEN_UP } from '../../domain/operation.js';
import { worldName } from '../../domain/plan.js';
import { Instant, type Interval, plusHours, plusSeconds } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { ForetoldSums } from './foresight.js';
import { JobSet, sweepJobSets } from './job-set.js';

export const gatherJobs = defineTool({
  name: 'gather_jobs',
  title: 'Gather waiting jobs',
  description:
    'Takes the jobs that wait in the fleet and may start within a window into a workload; the same jobs give the same workload.',
  toolset: 'fleet',
  effect: 'records',
  input: z.strictObject({
    workloadId: z.string().optional().describe('plan this ingested workload instead of the queue'),
    since: Instant.optional().describe(
      'what came from then on, where a fleet tells its jobs by their time; `from` when left out',
    ),
    submittedBy: Instant.optional().describe('only jobs that had been submitted by then'),
    once: z.boolean().default(false).describe('leave out jobs that an operation of this world has taken up before'),
    withoutWorkloads: z.array(z.string()).max(500).default([]).describe('leave out the jobs of these workloads'),
    alsoWorkloadId: z.string().optional().describe('take the jobs of this workload into it as well'),
    from: Instant.describe('start of the window'),
    horizonHours: z
      .number()
      .positive()
      .max(24 * 35)
      .describe('length of the window in hours, at most 840'),
  }),
  output: z.strictObject({
    workloadId: z.string(),
    jobs: z.number().int().describe('jobs that wait'),
    urgent: z.number().int(),
    energyKwh: z.number().describe('IT energy of those that wait'),
    placed: z.number().int().describe('jobs of it that are with the fleet already, or have run; they are left out'),
    placedBy: z.array(z.string()).describe('the plans that hold them, at most 5'),
  }),
  run: async ({ workloadId, from, horizonHours, ...asked }, world, call) => {
    if (workloadId !== undefined) {
      const known = (await world.store.collection(WORKLOADS).get(workloadId))?.value;
      if (!known)
        throw notFound(`there is no workload ${workloadId}`, '`caco ingest FILE` makes one and prints its id.');
      return summaryOf(world, workloadId);
    }
    await sweepJobSets(world.store);
    const draft = await JobSet.open(world.store);
    try {
      return await gathered({ start: from, end: plusHours(from, horizonHours) }, asked, world, call, draft);
    } catch (error) {
      await draft.discard();
      throw error;
    }
  },
  tell: (o) =>
    `Workload ${o.workloadId}: ${counted(o.jobs, 'job waits', 'jobs wait')}, ${o.urgent} of them urgent.${o.placed === 0 ? '' : ` ${o.placed} more are with the fleet already, under ${o.placedBy.join(', ')}.`}`,
});

/**
 * The workload is named by its jobs: a queue that has changed since (other jobs, another scenario file of the same name) is
 * another workload, and plans of the old one keep theirs.
 */
const gathered = async (window: Interval, asked: Asked, world: World, call: Running, draft: JobSet) => {
  const also = asked.alsoWorkloadId;
  const open = newly(asked, world);
  const hash = createHash('sha256');
  const sums = new Sums(world.method);
  const foretold = new ForetoldSums();
  let earliest: Instant | null = null;
  let latest: Instant | null = null;
  for await (const page of waitingIn({ ...window, start: asked.since ?? window.start }, also, world, draft)) {
    call.signal.throwIfAborted();
    const fresh = await sums.waiting(world, await open(page));
    await draft.append(fresh);
    for (const job of fresh) {
      hash.update(jobText(job)).update('\n');
      foretold.add(job);
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
      source: also === undefined ? `queue of ${scenario}` : `queue of ${scenario}, and what is in ${also}`,
      createdAt: world.clock.now(),
      jobs: sums.jobs,
      earliestStart: earliest,
      latestEnd: latest,
      assumed: foretold.list(),
    });
  });
  return { workloadId: id, ...sums.all() };
};

interface Asked {
  readonly since?: Instant | undefined;
  readonly submittedBy?: Instant | undefined;
  readonly once: boolean;
  readonly withoutWorkloads: readonly string[];
  readonly alsoWorkloadId?: string | undefined;
}

/** Of a page, the jobs that had been submitted by then, were not taken up before and are in none of the workloads. */
const newly =
  ({ submittedBy, once, withoutWorkloads }: Asked, world: World) =>
  async (page: readonly Job[]): Promise<readonly Job[]> => {
    let left = submittedBy === undefined ? page : page.filter((job) => job.submittedAt <= submittedBy);
    if (once && left.length > 0) {
      const known = await world.store.rows(TAKEN_UP).findAll(worldName(world), left.map(identityOf));
      left = left.filter((job) => !known.has(identityOf(job)));
    }
    for (const workloadId of withoutWorkloads) {
      if (left.length === 0) break;
      const ids = left.map(({ id }) => id);
      const known = await world.store.rows(JOBS).findAll(workloadId, ids);
      left = left.filter((job) => {
        const same = known.get(job.id);
        return same === undefined || identityOf(same) !== identityOf(job);
      });
    }
    return left;
  };

/** The fleet's queue, then what was submitted to us beside it; a name that the queue has already is the queue's. */
async function* waitingIn(
  window: Interval,
  also: string | undefined,
  world: World,
  draft: JobSet,
): AsyncGenerator<readonly Job[]> {
  yield* world.fleet.waiting(window);
  if (also === undefined) return;
  for await (const page of world.store.rows(JOBS).pages(also)) {
    const taken = await world.store.rows(JOBS).findAll(
      draft.name,
      page.map((job) => job.id),
    );
    yield page.filter((job) => !taken.has(job.id));
  }
}

const MOST_HOLDERS = 5;

class Sums {
  jobs = 0;
  #urgent = 0;
  #energyKwh = 0;
  #placed = 0;
  readonly #holders = new Set<string>();
  constructor(private readonly method: Method) {}

  /** The jobs of a page that no plan holds; both kinds are counted. */
  async waiting(world: World, page: readonly Job[]): Promise<Job[]> {
    const holders = await holdersIn(world, page);
    for (const { planId } of holders.values()) if (this.#holders.size < MOST_HOLDERS) this.#holders.add(planId);
    this.#placed += holders.size;
    const fresh = holders.size === 0 ? [...page] : page.filter((job) => !holders.has(job.id));
    for (const job of fresh) {
      this.jobs++;
      if (job.category === 'urgent') this.#urgent++;
      this.#energyKwh += itPowerKw(job, this.method) * (spanSeconds(job) / 3600);
    }
    return fresh;
  }

  all() {
    return {
      jobs: this.jobs,
      urgent: this.#urgent,
      energyKwh: this.#energyKwh,
      placed: this.#placed,
      placedBy: [...this.#holders],
    };
  }
}

const summaryOf = async (world: World, workloadId: string) => {
  const sums = new Sums(world.method);
  for await (const page of world.store.rows(JOBS).pages(workloadId)) await sums.waiting(world, page);
  return { workloadId, ...sums.all() };
};
