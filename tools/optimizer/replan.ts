/** The tool that plans again in place: what runs or was announced stays, the rest moves only where it is worth the churn. */
import { z } from 'zod';
import { notFound } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import { PLANS, Plan } from '../../domain/plan.js';
import { changeText, chargedText, conflictText, interruptedText, lateText } from '../../domain/plan-text.js';
import { fromEpoch, Instant, toEpoch } from '../../domain/time.js';
import { Hours } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { CHURN_RATIO, churnCharges, withoutCharge, withoutChargeNear } from './churn.js';
import { EFFORT, isMadeGoodInPlace, solvedWith } from './effort.js';
import {
  buildModel,
  Conflict,
  evaluate,
  type OptimizeOptions,
  optimize,
  type Problem,
  type Schedule,
} from './engine/engine.js';
import { fleetProblem, hindsightOf, type PlanInput, questionFields } from './fleet-problem.js';
import { figuresAfter, heedLeastSaving, leastSavingInWords } from './least-saving.js';
import { offersOf } from './offers.js';
import { changeOf, compared, isSame, spread } from './plan-change.js';
import { CERTIFICATES, write } from './plan-record.js';
import type { Writing } from './plan-rows.js';
import { type Fate, replanProblem } from './replan-problem.js';
import { splitBegun } from './running-work.js';
import { begunEvents, currentOf, eventsOf, questionOf, recordOverruns, regionOf, runOn } from './under-way.js';

const Change = z.strictObject({
  cost: z.number().describe('money more for the jobs that were planned before, without the carbon price and churn'),
  emissionsKg: z.number().describe('kg CO2e more for them'),
  objective: z.number().describe('cost plus priced carbon more'),
});

export const replan = defineTool({
  name: 'replan',
  title: 'Plan again in place',
  description:
    'Plans a plan’s workload again from now on: with new jobs of the workload, today’s forecast, jobs that take longer, lost sites and caps in a window. Work that runs is interrupted where it may be, and else stays; other work moves only where that is worth the churn.',
  toolset: 'plan',
  effect: 'records',
  input: z.strictObject({
    fromPlanId: z.string().min(1).describe('the plan that is under way'),
    at: Instant.optional().describe('what was done by then stays; now when left out'),
    noticeMinutes: z
      .number()
      .min(0)
      .max(10_080)
      .default(0)
      .describe('what is done within this many minutes was announced and stays'),
    churnCost: z
      .number()
      .min(0)
      .optional()
      .describe('money that moving one planned job must be worth; by churnRatio when left out'),
    churnRatio: z
      .number()
      .min(0)
      .max(1)
      .default(CHURN_RATIO)
      .describe('part of what a job’s energy and priced carbon cost where it is that moving it must be worth'),
    events: z
      .array(
        z.strictObject({
          id: z.string().min(1).describe('name of the event'),
          region: z.string().describe('region or site id'),
          from: Instant,
          to: Instant.describe('exclusive'),
          maxPowerKw: z.number().min(0).describe('facility kW that may be used meanwhile'),
        }),
      )
      .max(200)
      .default([])
      .describe('caps in a window: demand response, maintenance'),
    lostRegions: z.array(z.string()).max(50).default([]).describe('regions or site ids that are gone from now on'),
    overran: z
      .array(z.strictObject({ jobId: z.string(), durationHours: Hours.describe('what the job really takes') }))
      .max(10_000)
      .default([])
      .describe('jobs that take longer or shorter than said'),
    foresight: questionFields.foresight,
    withRegret: z.boolean().default(false).describe('also plan with what came true, and say what not knowing it costs'),
    seed: questionFields.seed,
    cpuSeconds: questionFields.cpuSeconds,
    effort: EFFORT,
  }),
  output: z.strictObject({
    plan: Plan.nullable().describe('null when no schedule fits'),
    conflict: Conflict.nullable(),
    status: z.string().describe('optimal: proved, the charge for moving left out'),
    moved: z
      .number()
      .int()
      .describe('planned jobs that run elsewhere or at another time than before, interrupted ones among them'),
    kept: z.number().int().describe('planned jobs that stay, frozen ones among them'),
    frozen: z.number().int().describe('jobs that stay as they are: they run, have run or were announced'),
    interrupted: z.number().int().describe('running jobs whose rest runs at another time than before'),
    added: z.number().int().describe('jobs that the plan did not have'),
    stopped: z.array(z.string()).describe('jobs that ran at a lost site and start anew'),
    stranded: z.array(z.string()).describe('jobs without any other place than a lost site'),
    churnCost: z.number().describe('money counted for moving; no part of the cost'),
    charged: z
      .strictObject({ objective: z.number(), lowerBound: z.number().nullable(), gap: z.number().nullable() })
      .nullable()
      .describe('the same plan with the charge for moving in it, as it was searched; the plan’s own gap is without it'),
    change: Change.nullable().describe(
      'what has happened costs this much more than the old plan, under today’s signals',
    ),
    regret: z
      .strictObject({
        cost: z.number().describe('cost plus priced carbon more than with perfect knowledge'),
        ratio: z.number().nullable(),
      })
      .nullable(),
    objectiveParts: z.record(z.string(), z.number()).nullable().describe('money by cause'),
    cpuSeconds: z.number().describe('CPU seconds of the search'),
    seed: z.number().int(),
  }),
  run: async (input, world, call) => {
    const old = (await world.store.collection(PLANS).get(input.fromPlanId))?.value;
    if (!old) throw notFound(`there is no plan ${input.fromPlanId}`, '`caco runs` lists runs with their plans.');
    await recordOverruns(world, old, input.overran);
    const question = { ...questionOf(old), seed: input.seed };
    const fleet = await fleetProblem(world, { ...question, foresight: input.foresight });
    const current = await currentOf(world, old, fleet);
    const step = world.method.slotMinutes * 60;
    const at = toEpoch(input.at ?? world.clock.now());
    const slotOf = (seconds: number) => Math.max(0, Math.ceil((seconds - fleet.origin) / step));
    const nowSlot = slotOf(at);
    const noticeSlot = slotOf(at + input.noticeMinutes * 60);
    const { problem, fates, begun, unpausable } = replanProblem(fleet.problem, current, {
      nowSlot,
      noticeSlot,
      mayPause: world.fleet.cannotPause === undefined,
      events: input.events.flatMap((event) => eventsOf(event, fleet, step, nowSlot)),
      lost: input.lostRegions.map((name) => regionOf(name, fleet)),
      churnCost: churnCharges(fleet.problem, current, { cost: input.churnCost, ratio: input.churnRatio }),
    });
    const rows = Uint32Array.from(fates.flatMap((fate, j) => (fate === 'stranded' ? [] : [j])));
    const split = splitBegun(problem, rows, begun, noticeSlot);
    const kept = split.problem;
    const warm = (await world.store.collection(CERTIFICATES).get(old.id))?.value;
    const options = {
      seed: input.seed,
      naming: { clock: { origin: fleet.origin, slotMinutes: world.method.slotMinutes }, words: fleet.words },
      ...(input.cpuSeconds === undefined ? {} : { cpuSeconds: input.cpuSeconds }),
      signal: call.signal,
    };
    const inPlace = isMadeGoodInPlace(kept);
    const solved = await solvedWith(input.effort, kept, {
      ...options,
      inPlace,
      ...(warm === undefined ? {} : { warm }),
      onProgress: (p) => call.progress({ done: p.done, total: p.total, note: p.note }),
    });
    const named = (fate: Fate) => fates.flatMap((f, j) => (f === fate ? [problem.jobs.ids[j]!] : []));
    const counts = {
      frozen: fates.filter((f) => f === 'frozen').length,
      added: fates.filter((f) => f === 'added').length,
      stopped: named('stopped'),
      stranded: named('stranded'),
    };
    const search = { cpuSeconds: solved.cpuSeconds, seed: solved.seed };
    if (solved.schedule === null)
      return {
        ...NO_PLAN,
        ...counts,
        ...search,
        conflict: solved.conflict,
        status: solved.status,
      };
    const heeded = heedLeastSaving(kept, solved.schedule, fleet.least);
    const figures = heeded.stay.size > 0 ? figuresAfter(kept, heeded.schedule, solved) : solved;
    const own = inPlace
      ? withoutChargeNear(
          kept,
          heeded.schedule,
          [solved.certificate, warm].flatMap((prices) => prices ?? []),
        )
      : withoutCharge(kept, heeded.schedule, solved.certificate);
    const planned = spread(problem, rows, split.whole(heeded.schedule));
    const { moved, stayed } = compared(problem, current, planned);
    const interrupted = [...begun.keys()].filter((j) => !isSame(current, planned, j)).length;
    // Without the plan every job would have run when it was released, not now.
    const asReleased = { ...problem, jobs: { ...problem.jobs, release: fleet.problem.jobs.release } };
    const written: Writing = {
      workloadId: old.workloadId,
      question: fleet.question,
      problem: asReleased,
      origin: fleet.origin,
      planned,
      announced: null,
      leftOut: fleet.leftOut,
    };
    const offers = offersOf(kept, heeded.schedule, {
      origin: fleet.origin,
      takenKw: fleet.takenKw,
      takenMeanKw: fleet.takenMeanKw,
      clusterOf: (region) => fleet.question.sites.find((site) => site.region === region)?.clusterId ?? null,
      until: slotOf(toEpoch(old.window.end)),
    });
    const { plan, commit } = await write(world, call, written, {
      offers,
      region: old.region,
      policySetId: fleet.policySetId,
      beside: fleet.besidePlans,
      replaces: old.id,
      remarks: [
        ...leastSavingInWords(heeded),
        ...runOn(unpausable, world.fleet.cannotPause),
        ...begunEvents(input.events, fromEpoch(fleet.origin + nowSlot * step)),
        ...fleet.remarks,
      ],
      unpriced: fleet.unpriced,
      terms: [...input.overran.map((job) => `job ${job.jobId} takes ${job.durationHours} h`), ...hindsightOf(input)],
      signals: fleet.signals,
      solved: { ...solved, ...own },
    });
    call.commit(commit);
    const regret = input.withRegret
      ? await regretOf(world, question, options, { problem: kept, schedule: heeded.schedule })
      : null;
    return {
      plan,
      conflict: null,
      status: own.gap !== null && own.gap <= 1e-9 ? 'optimal' : 'feasible',
      moved,
      kept: stayed,
      ...counts,
      interrupted,
      churnCost: figures.objectiveParts.churn,
      charged: { objective: figures.objective, lowerBound: solved.lowerBound, gap: figures.gap },
      change: changeOf(buildModel(problem), current, planned),
      regret,
      objectiveParts: { ...figures.objectiveParts },
      ...search,
    };
  },
  tell: (o) =>
    o.plan === null
      ? `No schedule fits any more: ${conflictText(o.conflict)}`
      : `Plan ${o.plan.id}: ${counted(o.moved, 'job moves', 'jobs move')}${interruptedText(o.interrupted)}, ${o.kept} stay (${o.frozen} frozen), ${o.added} are new${o.change === null ? '' : `; ${changeText(o.change, o.plan.planned.cost.currency)}`}. ${chargedText(o)}${lateText(o.plan)}`,
});

const NO_PLAN = {
  plan: null,
  moved: 0,
  kept: 0,
  interrupted: 0,
  churnCost: 0,
  charged: null,
  change: null,
  regret: null,
  objectiveParts: null,
};

/** What not knowing cost: the schedule held against the best one under the signals that came true. */
const regretOf = async (
  world: World,
  question: Omit<PlanInput, 'foresight'>,
  options: OptimizeOptions,
  of: { readonly problem: Problem; readonly schedule: Schedule },
) => {
  const { ciGPerKwh, pricePerMwh } = (await fleetProblem(world, { ...question, foresight: 'actual' })).problem;
  const known = { ...of.problem, ciGPerKwh, pricePerMwh };
  const best = await optimize(known, options);
  if (best.objective === null) return null;
  const mine = evaluate(buildModel(known), of.schedule).objective;
  // The search for the best may itself miss a little: the better of both is the yardstick.
  const least = Math.min(best.objective, mine);
  return { cost: mine - least, ratio: least > 0 ? (mine - least) / least : null };
};
