/** The tool that plans a workload: loads jobs, sites and signals by id, solves, and writes the plan and its rows. */
import { z } from 'zod';
import { shortId } from '../../domain/digest.js';
import { Fault, notFound } from '../../domain/fault.js';
import { JOBS, type Job, WORKLOADS } from '../../domain/job.js';
import {
  BASELINE,
  PLACEMENTS,
  PLANS,
  type Placement,
  Plan,
  RECOMMENDATIONS,
  type Recommendation,
} from '../../domain/plan.js';
import type { Series } from '../../domain/series.js';
import type { CarbonSignal } from '../../domain/signal.js';
import { defineCollection, type Rows, type Tx } from '../../domain/store.js';
import { pricesOf } from '../../domain/tariff.js';
import { fromEpoch, Instant, type Interval, plusHours } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { Certificate, Conflict } from './answer.js';
import { optimize } from './optimize.js';
import { recommend, ScheduleDigest, spansOf, Tally } from './placements.js';
import { type Problem, piecesOf, type Schedule } from './problem.js';
import { type FleetQuestion, gridEnd, type LeftOut, problemOf } from './workload.js';

/** The prices that prove a plan's bound, by plan id. */
export const CERTIFICATES = defineCollection('certificates', Certificate);

const BATCH = 2000;

export const PlanInput = z.strictObject({
  workloadId: z.string().optional().describe('workload to plan; the newest when left out'),
  from: Instant.optional().describe('start of the window; now when left out'),
  horizonHours: z.number().positive().max(840).default(24).describe('length of the window in hours, at most 840'),
  region: z.string().optional().describe('plan within this region only'),
  clusterId: z.string().optional().describe('plan this cluster only'),
  carbonPricePerTonne: z
    .number()
    .min(0)
    .optional()
    .describe('money per tonne CO2e; the configured price when left out'),
  tardinessWeight: z.number().min(0).default(1).describe('multiplies what lateness costs'),
  maxPowerKw: z.number().positive().optional().describe('cap on facility kW below the sites’ own'),
  foresight: z.enum(['forecast', 'actual']).default('forecast').describe('plan on the forecast, or on what came true'),
  seed: z.number().int().min(0).default(1).describe('of the search; the same seed gives the same plan'),
  cpuSeconds: z.number().positive().optional().describe('clock limit on top of the limit by iterations'),
});

export const makePlan = defineTool({
  name: 'make_plan',
  title: 'Make a plan',
  description:
    'Finds where and when each waiting job of a workload should run, at the least cost of energy, machines, egress, lateness and carbon, within power caps and deadlines, with a proven bound. Changes nothing outside; urgent jobs are never moved.',
  toolset: 'plan',
  effect: 'records',
  input: PlanInput,
  output: z.strictObject({
    plan: Plan.nullable().describe('null when no schedule fits'),
    conflict: Conflict.nullable().describe('which jobs and limits cannot be had together'),
  }),
  run: async (input, world, call) => {
    const jobs = world.store.rows(JOBS);
    const workloadId = input.workloadId ?? (await newestWorkload(world));
    if (!(await world.store.collection(WORKLOADS).get(workloadId)))
      throw notFound(`there is no workload ${workloadId}`, '`caco ingest FILE` makes one and prints its id.');
    const start = input.from ?? world.clock.now();
    const window = { start, end: plusHours(start, input.horizonHours) };
    const endEpoch = await gridEnd(jobs.pages(workloadId), window);
    const gathered = await gather(world, input, { start, end: fromEpoch(endEpoch) });
    const question: FleetQuestion = {
      window,
      ...gathered,
      method: world.method,
      carbonPricePerTonne: input.carbonPricePerTonne ?? world.method.carbonPricePerTonne,
      tardinessWeight: input.tardinessWeight,
      maxPowerKw: input.maxPowerKw ?? null,
      clusterId: input.clusterId ?? null,
    };
    const { problem, origin, leftOut } = await problemOf(jobs.pages(workloadId), question, workloadId, endEpoch);
    const solved = await optimize(problem, {
      seed: input.seed,
      ...(input.cpuSeconds === undefined ? {} : { cpuSeconds: input.cpuSeconds }),
      signal: call.signal,
      onProgress: (p) => call.progress({ done: p.done, total: p.total, note: p.note }),
    });
    if (solved.schedule === null) return { plan: null, conflict: solved.conflict };
    const written = await write(world, call, {
      workloadId,
      question,
      problem,
      origin,
      planned: solved.schedule,
      leftOut,
    });
    const { plan, commit } = written.finish({
      region: input.region ?? null,
      signals: gathered.signals,
      solved: {
        objective: solved.objective,
        lowerBound: solved.lowerBound,
        gap: solved.gap,
        savingsGap: solved.savingsGap,
        bindingLimits: solved.bindingLimits,
        engine: solved.engine,
        stoppedBy: solved.stoppedBy,
      },
    });
    call.commit(async (tx) => {
      await commit(tx);
      if (solved.certificate) await tx.collection(CERTIFICATES).put(plan.id, solved.certificate);
    });
    return { plan, conflict: solved.conflict };
  },
  tell: ({ plan, conflict }) =>
    plan === null
      ? `No schedule fits: ${conflict?.sentence ?? 'none was found'}.`
      : `Plan ${plan.id}: ${plan.jobs.moved} of ${plan.jobs.total} jobs move, saving ${plan.savings.emissionsKg.value.toFixed(0)} kg CO2e and ${plan.savings.cost.toFixed(0)} ${plan.planned.cost.currency}${plan.gap === null ? '' : `; at most ${(plan.gap * 100).toFixed(2)} % from the best`}.`,
});

const newestWorkload = async (world: World): Promise<string> => {
  const [newest] = await world.store.collection(WORKLOADS).list({ limit: 1 });
  if (!newest)
    throw notFound(
      'there is no workload to plan',
      'Ingest one (`caco ingest FILE`) or run `caco launch`, which takes the waiting queue.',
    );
  return newest.id;
};

/** Sites and signals for the question. A region without a signal is left to problemOf, which names the jobs that it costs. */
const gather = async (world: World, input: z.output<typeof PlanInput>, interval: Interval) => {
  const all = await world.fleet.sites();
  const sites = all.filter((s) => input.region === undefined || s.region === input.region);
  if (sites.length === 0)
    throw new Fault(
      'not-found',
      `there is no site in region ${input.region}`,
      `Known regions: ${all.map((s) => s.region).join(', ')}.`,
    );
  const carbon = new Map<string, Series>();
  const prices = new Map<string, Series>();
  const signals: CarbonSignal[] = [];
  for (const site of sites) {
    try {
      const signal = await world.grid.carbon(site.region, interval, input.foresight);
      const needsPrice = site.payer === 'owner' && site.tariff.energy.kind === 'signal';
      const price = needsPrice ? await world.grid.price(site.region, interval, input.foresight) : null;
      carbon.set(site.region, signal.series);
      prices.set(site.region, pricesOf(site, price, interval, world.method.slotMinutes));
      signals.push(signal);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'not-found') throw error;
    }
  }
  return { sites, carbon, prices, signals };
};

interface Writing {
  readonly workloadId: string;
  readonly question: FleetQuestion;
  readonly problem: Problem;
  readonly origin: number;
  readonly planned: Schedule;
  readonly leftOut: readonly LeftOut[];
}

/** Streams the jobs once more and writes baseline, placements and recommendations under the plan's id. */
const write = async (world: World, call: Running, of: Writing) => {
  const { question, problem, origin, planned } = of;
  const step = question.method.slotMinutes * 60;
  const currency = question.sites[0]!.currency;
  const before = new Tally(question, origin, problem.slots);
  const after = new Tally(question, origin, problem.slots);
  const digest = new ScheduleDigest();
  // Rows go under a fresh name first: the plan's id follows from what they say.
  const draft = shortId('DRAFT', { of: of.workloadId, at: process.hrtime.bigint().toString(), by: process.pid });
  const sinks = {
    baseline: new Sink<Placement>(world.store.rows(BASELINE), draft),
    placements: new Sink<Placement>(world.store.rows(PLACEMENTS), draft),
    recommendations: new Sink<Recommendation>(world.store.rows(RECOMMENDATIONS), draft),
  };
  let row = 0;
  let moved = 0;
  let urgent = 0;
  let movable = 0;
  const unseen: LeftOut[] = [...of.leftOut];
  const place = async (job: Job, j: number) => {
    if (job.category === 'urgent') urgent++;
    else movable++;
    const home = problem.regions[problem.jobs.home[j]!]!.id;
    const release = problem.jobs.release[j]!;
    const stay = before.add(job, spansOf(job, home, [release, release + problem.jobs.slots[j]!], origin, step));
    const pieces = piecesOf(problem, planned, j);
    if (stay === null || pieces === null) {
      unseen.push({
        jobId: job.id,
        why: stay === null ? 'the signal has a gap where it would run' : 'no place was found for it within the limits',
      });
      return;
    }
    const region = problem.regions[planned.region[j]!]!.id;
    const run = after.add(job, spansOf(job, region, pieces, origin, step));
    if (run === null) throw new Error(`job ${job.id} was planned into a gap`);
    digest.add(run);
    await sinks.baseline.add(stay.map((p, i) => ({ id: `${job.id}#${i}`, value: p })));
    await sinks.placements.add(run.map((p, i) => ({ id: `${job.id}#${i}`, value: p })));
    const recommendation = recommend(job, stay, run, currency);
    if (recommendation) {
      moved++;
      await sinks.recommendations.add([{ id: job.id, value: recommendation }]);
    }
  };
  for await (const page of world.store.rows(JOBS).pages(of.workloadId)) {
    call.signal.throwIfAborted();
    for (const job of page) if (problem.jobs.ids[row] === job.id) await place(job, row++);
  }
  for (const sink of Object.values(sinks)) await sink.flush();

  return {
    finish: (head: {
      region: string | null;
      signals: readonly CarbonSignal[];
      solved: Pick<Plan, 'objective' | 'lowerBound' | 'gap' | 'savingsGap' | 'bindingLimits' | 'engine' | 'stoppedBy'>;
    }): { plan: Plan; commit: (tx: Tx) => Promise<void> } => {
      const hex = digest.hex();
      const madeAt = world.clock.now();
      const plannedTotals = after.totals(currency);
      const baseline = before.totals(currency);
      const id = shortId('P', {
        hex,
        workloadId: of.workloadId,
        window: question.window,
        price: question.carbonPricePerTonne,
        draft,
      });
      const plan: Plan = {
        id,
        digest: hex,
        workloadId: of.workloadId,
        window: question.window,
        finishesAt: fromEpoch(Math.max(after.endsAt, Date.parse(question.window.end) / 1000)),
        region: head.region,
        clusterId: question.clusterId,
        madeAt,
        carbonPricePerTonne: question.carbonPricePerTonne,
        jobs: { total: row + of.leftOut.length, movable, moved, urgent, unplaced: unseen.length },
        baseline,
        planned: plannedTotals,
        savings: { cost: baseline.cost.total - plannedTotals.cost.total, emissionsKg: before.savedBy(after) },
        ...head.solved,
        policySetId: null,
        signals: head.signals.map((s) => ({
          region: s.region,
          kind: `${s.kind.accounting} ${s.kind.scope}`,
          source: s.source,
          status: s.status,
          issuedAt: s.issuedAt,
        })),
        unseen: inWords(unseen),
      };
      const commit = async (tx: Tx) => {
        for (const rows of [tx.rows(BASELINE), tx.rows(PLACEMENTS), tx.rows(RECOMMENDATIONS)])
          await rows.rename(draft, id);
        await tx.collection(PLANS).put(id, plan);
      };
      return { plan, commit };
    },
  };
};

/** Collects rows and appends them in batches. */
class Sink<T> {
  #waiting: { id: string; value: T }[] = [];
  constructor(
    private readonly rows: Rows<T>,
    private readonly set: string,
  ) {}
  async add(items: readonly { id: string; value: T }[]) {
    this.#waiting.push(...items);
    if (this.#waiting.length >= BATCH) await this.flush();
  }
  async flush() {
    await this.rows.append(this.set, this.#waiting);
    this.#waiting = [];
  }
}

/** One sentence per reason, with the first jobs by name. */
const inWords = (leftOut: readonly LeftOut[]): string[] => {
  const byReason = new Map<string, string[]>();
  for (const { jobId, why } of leftOut) byReason.set(why, [...(byReason.get(why) ?? []), jobId]);
  return [...byReason].map(
    ([why, ids]) =>
      `${ids.length} left out because ${why} (${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''})`,
  );
};
