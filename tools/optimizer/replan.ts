/** The tool that plans again in place: what runs or was announced stays, the rest moves only where it is worth the churn. */
import { z } from 'zod';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { JOBS } from '../../domain/job.js';
import { PLACEMENTS, PLANS, type Placement, Plan } from '../../domain/plan.js';
import { Instant, toEpoch } from '../../domain/time.js';
import { Hours } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import {
  buildModel,
  Conflict,
  emptySchedule,
  evaluate,
  type Model,
  optimize,
  type PowerEvent,
  type Problem,
  type Schedule,
  selectJobs,
} from './engine/engine.js';
import { type FleetProblem, fleetProblem, questionFields } from './fleet-problem.js';
import { heedLeastSaving, leastSavingInWords } from './least-saving.js';
import { CERTIFICATES, figuresOf, write } from './plan.js';
import { type Fate, replanProblem } from './replan-problem.js';

const Change = z.strictObject({
  cost: z.number().describe('money more for the jobs that were planned before, without the carbon price and churn'),
  emissionsKg: z.number().describe('kg CO2e more for them'),
  objective: z.number().describe('cost plus priced carbon more'),
});

export const replan = defineTool({
  name: 'replan',
  title: 'Plan again in place',
  description:
    'Plans a plan’s workload again from now on: with new jobs of the workload, today’s forecast, jobs that take longer, lost sites and caps in a window. Work that runs or was announced does not move; other work moves only where that is worth the churn.',
  toolset: 'plan',
  effect: 'records',
  input: z.strictObject({
    fromPlanId: z.string().min(1).describe('the plan that is under way'),
    at: Instant.optional().describe('what has begun by then stays; now when left out'),
    noticeMinutes: z
      .number()
      .min(0)
      .max(10_080)
      .default(0)
      .describe('work that starts within this many minutes was announced and stays'),
    churnCost: z.number().min(0).default(0.5).describe('money that moving one planned job must be worth'),
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
  }),
  output: z.strictObject({
    plan: Plan.nullable().describe('null when no schedule fits'),
    conflict: Conflict.nullable(),
    status: z.string(),
    moved: z.number().int().describe('planned jobs that run elsewhere or at another time than before'),
    kept: z.number().int().describe('planned jobs that stay, frozen ones among them'),
    frozen: z.number().int().describe('jobs that run, have run or were announced'),
    added: z.number().int().describe('jobs that the plan did not have'),
    stopped: z.array(z.string()).describe('jobs that ran at a lost site and start anew'),
    stranded: z.array(z.string()).describe('jobs without any other place than a lost site'),
    churnCost: z.number().describe('money counted for moving; no part of the cost'),
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
    const question = {
      workloadId: old.workloadId,
      from: old.window.start,
      horizonHours: (toEpoch(old.window.end) - toEpoch(old.window.start)) / 3600,
      ...(old.region === null ? {} : { region: old.region }),
      ...(old.clusterId === null ? {} : { clusterId: old.clusterId }),
      carbonPricePerTonne: old.carbonPricePerTonne,
      tardinessWeight: 1,
      seed: input.seed,
    };
    const fleet = await fleetProblem(world, { ...question, foresight: input.foresight });
    const current = await currentOf(world, old, fleet);
    const step = world.method.slotMinutes * 60;
    const at = toEpoch(input.at ?? world.clock.now());
    const slotOf = (seconds: number) => Math.max(0, Math.ceil((seconds - fleet.origin) / step));
    const { problem, fates } = replanProblem(fleet.problem, current, {
      nowSlot: slotOf(at),
      noticeSlot: slotOf(at + input.noticeMinutes * 60),
      events: input.events.flatMap((event) => eventsOf(event, fleet, step)),
      lost: input.lostRegions.map((name) => regionOf(name, fleet)),
      churnCost: input.churnCost,
    });
    const rows = Uint32Array.from(fates.flatMap((fate, j) => (fate === 'stranded' ? [] : [j])));
    const kept = selectJobs(problem, rows);
    const warm = (await world.store.collection(CERTIFICATES).get(old.id))?.value;
    const options = {
      seed: input.seed,
      ...(input.cpuSeconds === undefined ? {} : { cpuSeconds: input.cpuSeconds }),
      signal: call.signal,
    };
    const solved = await optimize(kept, {
      ...options,
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
        plan: null,
        conflict: solved.conflict,
        status: solved.status,
        moved: 0,
        kept: 0,
        ...counts,
        churnCost: 0,
        change: null,
        regret: null,
        objectiveParts: null,
        ...search,
      };
    const heeded = heedLeastSaving(kept, solved.schedule, fleet.least);
    const figures = heeded.stay.size > 0 ? figuresOf(kept, heeded.schedule, solved) : solved;
    const planned = spread(problem, rows, heeded.schedule);
    const { moved, stayed } = compared(problem, current, planned);
    const { finish } = await write(world, call, {
      workloadId: old.workloadId,
      question: fleet.question,
      // Without the plan every job would have run when it was released, not now.
      problem: { ...problem, jobs: { ...problem.jobs, release: fleet.problem.jobs.release } },
      origin: fleet.origin,
      planned,
      announced: null,
      leftOut: fleet.leftOut,
    });
    const { plan, commit } = finish({
      region: old.region,
      policySetId: fleet.policySetId,
      beside: fleet.besidePlans,
      replaces: old.id,
      remarks: [...leastSavingInWords(heeded), ...fleet.remarks],
      unpriced: fleet.unpriced,
      signals: fleet.signals,
      solved: {
        objective: figures.objective,
        lowerBound: solved.lowerBound,
        gap: figures.gap,
        savingsGap: figures.savingsGap,
        bindingLimits: solved.bindingLimits,
        engine: solved.engine,
        stoppedBy: solved.stoppedBy,
      },
    });
    call.commit(async (tx) => {
      await commit(tx);
      if (solved.certificate) await tx.collection(CERTIFICATES).put(plan.id, solved.certificate);
    });
    let regret: { cost: number; ratio: number | null } | null = null;
    if (input.withRegret) {
      const truth = (await fleetProblem(world, { ...question, foresight: 'actual' })).problem;
      const known = selectJobs({ ...problem, ciGPerKwh: truth.ciGPerKwh, pricePerMwh: truth.pricePerMwh }, rows);
      const best = await optimize(known, options);
      const mine = evaluate(buildModel(known), heeded.schedule).objective;
      if (best.objective !== null) {
        // The search for the best may itself miss a little: the better of both is the yardstick.
        const least = Math.min(best.objective, mine);
        regret = { cost: mine - least, ratio: least > 0 ? (mine - least) / least : null };
      }
    }
    return {
      plan,
      conflict: null,
      status: figures.status,
      moved,
      kept: stayed,
      ...counts,
      churnCost: figures.objectiveParts.churn,
      change: changeOf(buildModel(problem), current, planned),
      regret,
      objectiveParts: { ...figures.objectiveParts },
      ...search,
    };
  },
  tell: (o) =>
    o.plan === null
      ? `No schedule fits any more: ${o.conflict?.sentence ?? 'none was found'}.`
      : `Plan ${o.plan.id}: ${o.moved} jobs move, ${o.kept} stay (${o.frozen} frozen), ${o.added} are new${o.change === null ? '' : `; what has happened costs ${o.change.cost.toFixed(2)} ${o.plan.planned.cost.currency} and ${o.change.emissionsKg.toFixed(1)} kg more than the old plan`}.`,
});

/** In our own books a job takes what it takes; the workload is corrected before it is planned again. */
const recordOverruns = async (
  world: World,
  plan: Plan,
  overran: readonly { jobId: string; durationHours: z.output<typeof Hours> }[],
) => {
  const rows = world.store.rows(JOBS);
  const changed = await Promise.all(
    overran.map(async ({ jobId, durationHours }) => {
      const job = await rows.find(plan.workloadId, jobId);
      if (!job) throw notFound(`workload ${plan.workloadId} has no job ${jobId}`, 'Name a job of the plan’s workload.');
      return { id: jobId, value: { ...job, durationHours } };
    }),
  );
  if (changed.length > 0) await rows.upsert(plan.workloadId, changed);
};

const regionOf = (name: string, { problem, question }: FleetProblem): number => {
  const region = question.sites.find((site) => site.id === name)?.region ?? name;
  const r = problem.regions.findIndex((known) => known.id === region);
  if (r < 0)
    throw invalid(
      `there is no region or site ${name}`,
      `Known: ${problem.regions.map((known) => known.id).join(', ')}.`,
    );
  return r;
};

/** What announced work of others leaves of the event’s power, by stretches of slots. */
const eventsOf = (
  event: { id: string; region: string; from: Instant; to: Instant; maxPowerKw: number },
  fleet: FleetProblem,
  step: number,
): PowerEvent[] => {
  const { origin, problem, takenKw } = fleet;
  // A slot that an event touches at all is capped in full.
  const fromSlot = Math.max(0, Math.floor((toEpoch(event.from) - origin) / step));
  const toSlot = Math.min(problem.slots, Math.ceil((toEpoch(event.to) - origin) / step));
  if (fromSlot >= toSlot)
    throw invalid(
      `event ${event.id} from ${event.from} to ${event.to} lies outside the plan`,
      'Give a window within the plan, its end after its start.',
    );
  const region = regionOf(event.region, fleet);
  const taken = (t: number) => takenKw?.[region * problem.slots + t] ?? 0;
  const events: PowerEvent[] = [];
  for (let t = fromSlot; t < toSlot; ) {
    let to = t + 1;
    while (to < toSlot && taken(to) === taken(t)) to++;
    events.push({
      id: event.id,
      region,
      fromSlot: t,
      toSlot: to,
      maxPowerKw: Math.max(0, event.maxPowerKw - taken(t)),
    });
    t = to;
  }
  return events;
};

/** Where the old plan has each job, on the problem's grid. */
const currentOf = async (world: World, plan: Plan, { problem, origin }: FleetProblem): Promise<Schedule> => {
  const step = world.method.slotMinutes * 60;
  const row = new Map(problem.jobs.ids.map((id, j) => [id, j]));
  const regions = new Map(problem.regions.map((region, r) => [region.id, r]));
  const found = new Map<number, { r: number; pieces: [number, number][] }>();
  for await (const page of world.store.rows(PLACEMENTS).pages(plan.id))
    for (const piece of page as Placement[]) {
      const [j, r] = [row.get(piece.jobId), regions.get(piece.region)];
      if (j === undefined || r === undefined) continue;
      const at = found.get(j) ?? { r, pieces: [] };
      at.pieces.push([
        Math.round((toEpoch(piece.start) - origin) / step),
        Math.ceil((toEpoch(piece.end) - origin) / step - 1e-9),
      ]);
      found.set(j, at);
    }
  const current = emptySchedule(problem.jobs.count);
  for (const [j, { r, pieces }] of found) {
    const list = pieces.sort((a, b) => a[0] - b[0]).flat();
    if (list[0]! < 0 || list.at(-1)! > problem.slots)
      throw new Fault(
        'conflict',
        `plan ${plan.id} does not lie on the present grid of slots`,
        'Plan anew: the slot length has changed since it was made.',
      );
    current.region[j] = r;
    current.start[j] = list[0]!;
    // Kept as pieces always: the job may have become longer since.
    current.pieces.set(j, Int32Array.from(list));
  }
  return current;
};

const spread = (problem: Problem, rows: Uint32Array, schedule: Schedule): Schedule => {
  const out = emptySchedule(problem.jobs.count);
  rows.forEach((j, i) => {
    out.region[j] = schedule.region[i]!;
    out.start[j] = schedule.start[i]!;
    const pieces = schedule.pieces.get(i);
    if (pieces) out.pieces.set(j, pieces);
  });
  return out;
};

const compared = (problem: Problem, before: Schedule, after: Schedule) => {
  let moved = 0;
  let stayed = 0;
  for (let j = 0; j < problem.jobs.count; j++) {
    if (before.region[j]! < 0 || after.region[j]! < 0) continue;
    const [a, b] = [before.pieces.get(j)!, after.pieces.get(j)];
    const same =
      before.region[j] === after.region[j] &&
      before.start[j] === after.start[j] &&
      (b === undefined ? a.length === 2 : b.length === a.length && b.every((t, i) => i === b.length - 1 || t === a[i]));
    if (same) stayed++;
    else moved++;
  }
  return { moved, stayed };
};

/** Over the jobs that both plans have, under the same signals and lengths; null when there are none. */
const changeOf = (model: Model, before: Schedule, after: Schedule) => {
  const both = Array.from({ length: model.N }, (_, j) => j).filter(
    (j) => before.region[j]! >= 0 && after.region[j]! >= 0,
  );
  // A job that became longer has no comparable place before.
  const list = both.filter((j) => {
    const pieces = before.pieces.get(j)!;
    let total = 0;
    for (let p = 0; p < pieces.length; p += 2) total += pieces[p + 1]! - pieces[p]!;
    return total === model.problem.jobs.slots[j];
  });
  if (list.length === 0) return null;
  const only = (schedule: Schedule) => {
    const out = emptySchedule(model.N);
    for (const j of list) {
      out.region[j] = schedule.region[j]!;
      out.start[j] = schedule.start[j]!;
      const pieces = schedule.pieces.get(j);
      if (pieces) out.pieces.set(j, pieces);
    }
    return evaluate(model, out);
  };
  const [old, now] = [only(before), only(after)];
  const objective = (e: typeof old) => e.objective - e.parts.churn;
  return {
    cost: objective(now) - now.parts.carbon - (objective(old) - old.parts.carbon),
    emissionsKg: now.emissionsKg - old.emissionsKg,
    objective: objective(now) - objective(old),
  };
};
