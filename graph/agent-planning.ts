/** What the published planning command comes to: jobs and signals of this world or of other agents, a plan, and the answer that tells of it. */
import { z } from 'zod';
import { type PlanningCommand, snake } from '../domain/agents.js';
import { notFound } from '../domain/fault.js';
import { JOBS, type Job, newestIngested } from '../domain/job.js';
import { FlexibilityOffer, PLAN_OFFERS } from '../domain/offer.js';
import { PLACEMENTS, PLANS, RECOMMENDATIONS } from '../domain/plan.js';
import { prunedFault } from '../domain/retention.js';
import { type Instant, plusHours } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { gatherJobs } from '../tools/fleet/fleet.js';
import { makePlan } from '../tools/optimizer/optimizer.js';
import type { Tool } from '../tools/tool.js';
import { noPlan } from './nodes/coordination.js';
import type { LaunchInput } from './orchestrator.js';

/** Calls a tool as the agent that was asked. */
export type CallAs = <I extends z.ZodType, O extends z.ZodType>(
  tool: Tool<I, O>,
  input: z.input<I>,
) => Promise<z.output<O>>;

/** Members of the planner's request, where the command says them. */
const requestOf = (world: World, { region, cluster_id, optimization: weights }: PlanningCommand) => ({
  ...(region === undefined ? {} : { region }),
  ...(cluster_id === undefined ? {} : { clusterId: cluster_id }),
  ...(weights.carbon_penalty_weight === undefined
    ? {}
    : { carbonPricePerTonne: weights.carbon_penalty_weight * world.method.carbonPricePerTonne }),
  ...(weights.sla_penalty_weight === undefined ? {} : { tardinessWeight: weights.sla_penalty_weight }),
  ...(weights.max_power_kw === undefined ? {} : { maxPowerKw: weights.max_power_kw }),
});

/** What a run is started with that plans the same and goes on to governance. */
export const launchOf = async (world: World, command: PlanningCommand): Promise<Omit<LaunchInput, 'approval'>> => {
  const ingested = await newestIngested(world.store);
  return {
    horizonHours: command.horizon_hours,
    ...(command.from === undefined ? {} : { from: command.from }),
    ...(ingested ? { workloadId: ingested.id } : {}),
    ...requestOf(world, command),
  };
};

/**
 * What was ingested last is planned; without it, the queue. `theirs`: the jobs are another agent's, which has decided that already,
 * so that all that it names is planned. Throws Fault `conflict` when no schedule fits.
 */
export const planned = async (world: World, command: PlanningCommand, theirs: boolean, call: CallAs) => {
  const from = command.from ?? world.clock.now();
  const horizonHours = command.horizon_hours;
  const ingested = theirs ? undefined : await newestIngested(world.store);
  const { workloadId } = await call(gatherJobs, {
    ...(ingested ? { workloadId: ingested.id } : {}),
    from,
    horizonHours,
  });
  const { plan, conflict } = await call(makePlan, { workloadId, from, horizonHours, ...requestOf(world, command) });
  if (plan === null) throw noPlan(conflict);
  return planAnswer(world, plan.id);
};

/** A plan as the agents tell it. Throws Fault `not-found`. */
export const planAnswer = async ({ store }: World, planId: string) => {
  const plan = (await store.collection(PLANS).get(planId))?.value;
  if (!plan)
    throw (
      (await prunedFault(store, planId)) ??
      notFound(`there is no plan ${planId}`, 'run_caco_planning makes one and answers its plan_id.')
    );
  const schedule: { jobId: string; region: string; start: string; end: string }[] = [];
  for await (const page of store.rows(PLACEMENTS).pages(planId))
    for (const { jobId, region, start, end } of page) schedule.push({ jobId, region, start, end });
  const recommendations = await store.rows(RECOMMENDATIONS).count(planId);
  const kept = (await store.collection(PLAN_OFFERS).get(planId))?.value ?? [];
  const offers = kept.map((offer) => z.object(FlexibilityOffer.shape).parse(offer));
  const { baseline, planned: plannedTotals, savings, gap } = plan;
  return snake({
    ...{ planId, planDigest: plan.digest, schedule, recommendations, baseline },
    ...{ plan: plannedTotals, savings, gap, offers },
  });
};

/** The jobs that would be planned for a window, and the sites that they may run at. */
export const waitingJobs = async (world: World, from: Instant, horizonHours: number) => {
  const ingested = await newestIngested(world.store);
  const pages = ingested
    ? world.store.rows(JOBS).pages(ingested.id)
    : world.fleet.waiting({ start: from, end: plusHours(from, horizonHours) });
  const jobs: Job[] = [];
  for await (const page of pages) jobs.push(...page);
  return snake({ sites: await world.fleet.sites(), jobs });
};
