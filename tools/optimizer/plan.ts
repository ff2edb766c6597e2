/** The tool that plans a workload: loads jobs, sites and signals by id, solves, and writes the plan and its rows. */
import { z } from 'zod';
import { ClaimedDigest, freezeBaseline, PlacementsDigest } from '../../domain/baseline.js';
import { shortId } from '../../domain/digest.js';
import { JOBS, type Job } from '../../domain/job.js';
import { FlexibilityOffer } from '../../domain/offer.js';
import {
  BASELINE,
  PLACEMENTS,
  PLANS,
  type Placement,
  Plan,
  RECOMMENDATIONS,
  type Recommendation,
} from '../../domain/plan.js';
import { LoadSummer, PLAN_LOADS, PLAN_SUMS, PlanSummer, type Taken } from '../../domain/plan-sums.js';
import type { CarbonSignal } from '../../domain/signal.js';
import { defineCollection, type Rows, type Tx } from '../../domain/store.js';
import { fromEpoch, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import {
  buildModel,
  Certificate,
  Conflict,
  evaluate,
  optimize,
  type Problem,
  piecesOf,
  RELAX_FORMS,
  type Result,
  relaxBy,
  runImmediately,
  type Schedule,
} from './engine/engine.js';
import { fleetProblem, PlanInput } from './fleet-problem.js';
import { heedLeastSaving, leastSavingInWords } from './least-saving.js';
import { offersOf } from './offers.js';
import { recommend, ScheduleDigest, spansOf, Tally } from './placements.js';
import type { FleetQuestion, LeftOut } from './workload.js';

/** The prices that prove a plan's bound, by plan id. */
export const CERTIFICATES = defineCollection('certificates', Certificate);

const BATCH = 2000;

const Input = z.strictObject({
  ...PlanInput.shape,
  relax: z
    .array(z.string())
    .max(100)
    .default([])
    .describe(
      `limits set anew: ${RELAX_FORMS}; or "smallest": when infeasible, also plan under the smallest relaxation`,
    ),
});

export const makePlan = defineTool({
  name: 'make_plan',
  title: 'Make a plan',
  description:
    'Finds where and when each waiting job of a workload should run, at the least cost of energy, machines, egress, lateness and carbon, within power caps and deadlines, with a proven bound. Changes nothing outside; urgent jobs are never moved.',
  toolset: 'plan',
  effect: 'records',
  input: Input,
  output: z.strictObject({
    plan: Plan.nullable().describe('null when no schedule fits'),
    conflict: Conflict.nullable().describe('which jobs and limits cannot be had together'),
    status: z
      .enum(['optimal', 'feasible', 'infeasible', 'not-found'])
      .describe('infeasible: proved; not-found: nothing was found and nothing is proved'),
    unplaced: z.array(z.string()).describe('jobs without a place when no plan was found, at most 100'),
    offers: z.array(FlexibilityOffer).describe('power that would stay away for an hour, one offer at a time'),
    objectiveParts: z.record(z.string(), z.number()).nullable().describe('money by cause'),
    cpuSeconds: z.number().describe('CPU seconds of the search'),
    seed: z.number(),
  }),
  run: async (input, world, call) => {
    const fleet = await fleetProblem(world, input, 'keep');
    const { workloadId, question, origin, leftOut, signals, words } = fleet;
    const clock = { origin, slotMinutes: question.method.slotMinutes };
    const smallest = input.relax.includes('smallest');
    const problem = relaxBy(
      fleet.problem,
      input.relax.filter((text) => text !== 'smallest'),
      clock,
    );
    const solved = await optimize(problem, {
      seed: input.seed,
      relaxed: smallest,
      naming: { clock, words },
      ...(input.cpuSeconds === undefined ? {} : { cpuSeconds: input.cpuSeconds }),
      signal: call.signal,
      onProgress: (p) => call.progress({ done: p.done, total: p.total, note: p.note }),
    });
    const { cpuSeconds, seed } = solved;
    const conflict = solved.conflict && besideAnnounced(solved.conflict, fleet.keptBy);
    const found = solved.schedule ?? solved.relaxed?.schedule ?? null;
    const heeded = found === null ? null : heedLeastSaving(problem, found, fleet.least);
    const changed = heeded !== null && heeded.stay.size > 0 ? figuresOf(problem, heeded.schedule, solved) : null;
    const { objective, status, gap, savingsGap } = changed ?? {
      ...solved,
      objective: solved.objective ?? solved.relaxed?.objective ?? null,
    };
    const answer = { conflict, status, unplaced: solved.unplaced.slice(0, 100), cpuSeconds, seed };
    if (heeded === null || objective === null) return { plan: null, offers: [], objectiveParts: null, ...answer };
    const { schedule } = heeded;
    const objectiveParts = changed?.objectiveParts ?? solved.objectiveParts;
    const written = await write(world, call, {
      workloadId,
      question,
      problem,
      origin,
      planned: schedule,
      announced: fleet.keptBy.size > 0 ? problem.jobs.current : null,
      leftOut,
    });
    const { plan, commit } = written.finish({
      region: input.region ?? null,
      policySetId: fleet.policySetId,
      beside: fleet.besidePlans,
      remarks: [...leastSavingInWords(heeded), ...fleet.remarks],
      unpriced: fleet.unpriced,
      signals,
      solved: {
        objective,
        lowerBound: solved.lowerBound,
        gap,
        savingsGap,
        bindingLimits: solved.bindingLimits,
        engine: solved.engine,
        stoppedBy: solved.stoppedBy,
      },
    });
    call.commit(async (tx) => {
      await commit(tx);
      if (solved.certificate) await tx.collection(CERTIFICATES).put(plan.id, solved.certificate);
    });
    const offers = offersOf(problem, schedule, {
      origin,
      clusterOf: (region) => question.sites.find((site) => site.region === region)?.clusterId ?? null,
      until: Math.ceil((toEpoch(question.window.end) - origin) / (question.method.slotMinutes * 60)),
    });
    return { plan, offers, objectiveParts: objectiveParts && { ...objectiveParts }, ...answer };
  },
  tell: ({ plan, conflict }) =>
    plan === null
      ? `No schedule fits: ${conflict?.sentence ?? 'none was found'}.`
      : `Plan ${plan.id}: ${plan.jobs.moved} of ${plan.jobs.total} jobs move, saving ${plan.savings.emissionsKg.value.toFixed(0)} kg CO2e and ${plan.savings.cost.toFixed(0)} ${plan.planned.cost.currency}${plan.gap === null ? '' : `; at most ${(plan.gap * 100).toFixed(2)} % from the best`}.`,
});

/** After some jobs were sent home: the bound still holds, for the limits without that wish. */
export const figuresOf = (problem: Problem, schedule: Schedule, solved: Result) => {
  const model = buildModel(problem);
  const { objective, parts } = evaluate(model, schedule);
  const { lowerBound, status } = solved;
  if (lowerBound === null) return { objective, objectiveParts: parts, status, gap: null, savingsGap: null };
  const difference = Math.max(0, objective - lowerBound);
  const most = evaluate(model, runImmediately(model)).objective - lowerBound;
  return {
    objective,
    objectiveParts: parts,
    status: difference > 1e-9 * Math.abs(objective) ? ('feasible' as const) : status,
    gap: difference / Math.max(Math.abs(objective), 1e-12),
    savingsGap: most > 1e-12 ? difference / most : null,
  };
};

interface Writing {
  readonly workloadId: string;
  readonly question: FleetQuestion;
  readonly problem: Problem;
  readonly origin: number;
  readonly planned: Schedule;
  /** Jobs that would run there, not at once at home, if this plan were not: an earlier one has announced them. */
  readonly announced: Schedule | null;
  readonly leftOut: readonly LeftOut[];
}

/** Streams the jobs once more and writes baseline, placements and recommendations under the plan's id. */
export const write = async (world: World, call: Running, of: Writing) => {
  const { question, problem, origin, planned } = of;
  const step = question.method.slotMinutes * 60;
  const currency = question.sites[0]!.currency;
  const before = new Tally(question, origin, problem.slots);
  const after = new Tally(question, origin, problem.slots);
  const digest = new ScheduleDigest();
  const frozen = new PlacementsDigest();
  const claimed = new ClaimedDigest();
  const sums = new PlanSummer();
  const loads = new LoadSummer(question.window.start, question.method.slotMinutes);
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
  /** The pieces of work as planned, or null. */
  const place = async (job: Job, j: number): Promise<readonly Placement[] | null> => {
    if (job.category === 'urgent') urgent++;
    else movable++;
    const release = problem.jobs.release[j]!;
    const known = of.announced === null ? null : piecesOf(problem, of.announced, j);
    const home = problem.regions[known === null ? problem.jobs.home[j]! : of.announced!.region[j]!]!.id;
    const stay = before.add(
      job,
      spansOf(job, home, known ?? [release, release + problem.jobs.slots[j]!], origin, step),
    );
    const pieces = piecesOf(problem, planned, j);
    if (stay === null || pieces === null) {
      unseen.push({
        jobId: job.id,
        why: stay === null ? 'the signal has a gap where it would run' : 'no place was found for it within the limits',
      });
      return null;
    }
    const region = problem.regions[planned.region[j]!]!.id;
    const run = after.add(job, spansOf(job, region, pieces, origin, step));
    if (run === null) throw new Error(`job ${job.id} was planned into a gap`);
    digest.add(run);
    frozen.add(stay);
    for (const piece of stay) loads.add(piece, 'before');
    run.forEach((piece, i) => {
      loads.add(piece, 'after');
      sums.piece(piece, i === 0);
    });
    await sinks.baseline.add(stay.map((p, i) => ({ id: `${job.id}#${i}`, value: p })));
    await sinks.placements.add(run.map((p, i) => ({ id: `${job.id}#${i}`, value: p })));
    const recommendation = recommend(job, stay, run, currency);
    if (recommendation) {
      moved++;
      claimed.add(recommendation);
      sums.move(recommendation);
      await sinks.recommendations.add([{ id: job.id, value: recommendation }]);
    }
    return run;
  };
  for await (const page of world.store.rows(JOBS).pages(of.workloadId)) {
    call.signal.throwIfAborted();
    for (const job of page) sums.job(job, takenBy(problem.jobs.ids[row] === job.id ? await place(job, row++) : null));
  }
  for (const sink of Object.values(sinks)) await sink.flush();

  return {
    finish: (head: {
      region: string | null;
      policySetId: string | null;
      beside: readonly string[];
      replaces?: string;
      remarks: readonly string[];
      unpriced: readonly string[];
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
        policySetId: head.policySetId,
        ...(head.beside.length > 0 ? { beside: [...head.beside] } : {}),
        ...(head.replaces === undefined ? {} : { replaces: head.replaces }),
        signals: head.signals.map((s) => ({
          region: s.region,
          kind: `${s.kind.accounting} ${s.kind.scope}`,
          source: s.source,
          status: s.status,
          issuedAt: s.issuedAt,
        })),
        unseen: [...inWords(unseen), ...head.remarks],
        ...(head.unpriced.length > 0 ? { unpriced: [...head.unpriced] } : {}),
      };
      const commit = async (tx: Tx) => {
        for (const rows of [tx.rows(BASELINE), tx.rows(PLACEMENTS), tx.rows(RECOMMENDATIONS)])
          await rows.rename(draft, id);
        await freezeBaseline(
          tx,
          {
            planId: id,
            planDigest: hex,
            baselineDigest: frozen.hex(),
            baselineRows: frozen.rows,
            claimedDigest: claimed.hex(),
            claimedRows: claimed.rows,
          },
          { at: madeAt, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause },
        );
        await tx.collection(PLANS).put(id, plan);
        await tx.collection(PLAN_SUMS).put(id, sums.sums(hex));
        await tx.collection(PLAN_LOADS).put(id, loads.loads(hex));
      };
      return { plan, commit };
    },
  };
};

/** What stands fast may be what is in the way: the reader learns how to move it. */
const besideAnnounced = (conflict: Conflict, keptBy: ReadonlyMap<string, number>): Conflict => {
  if (keptBy.size === 0) return conflict;
  const kept = [...keptBy].map(([planId, count]) => `${count} by plan ${planId}`).join(', ');
  const [first] = keptBy.keys();
  return {
    ...conflict,
    sentence: `${conflict.sentence.replace(/\.$/, '')}; announced jobs stay where they are (${kept}), \`caco replan --from ${first}\` plans them again`,
  };
};

const takenBy = (pieces: readonly Placement[] | null): Taken | undefined => {
  const first = pieces?.[0];
  if (!pieces || !first) return undefined;
  const taken = { energyKwh: 0, emissionsKg: 0, start: first.start };
  for (const { energyKwh, emissionsKg } of pieces) {
    taken.energyKwh += energyKwh;
    taken.emissionsKg += emissionsKg;
  }
  return taken;
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
