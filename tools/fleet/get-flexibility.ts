/** The tool that answers how much power can be put off. */
import { z } from 'zod';
import { invalid, notFound } from '../../domain/fault.js';
import { counted, powerText } from '../../domain/figures.js';
import { JOBS, type Job, newestIngested, WORKLOADS } from '../../domain/job.js';
import { FlexibilitySlot } from '../../domain/offer.js';
import { Instant, secondsBetween, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { Flexibility } from './flexibility.js';
import { flexibilityUnder, planInForce } from './planned-flexibility.js';

const LONGEST_DAYS = 366;

export const getFlexibility = defineTool({
  name: 'get_flexibility',
  title: 'Flexibility of the waiting work',
  description:
    'For every slot of a window: how many facility kW can be put off, firm and at best effort, and for how long. Under the plan in force firm is what can be sold. Looks only.',
  toolset: 'fleet',
  effect: 'reads',
  input: z.strictObject({
    from: Instant.describe('start of the window'),
    to: Instant.describe('end of the window, exclusive'),
    clusterId: z.string().optional().describe('this cluster only; all sites when left out'),
    workloadId: z
      .string()
      .optional()
      .describe('jobs of this workload; the one ingested last when left out, else the fleet’s queue'),
  }),
  output: z.strictObject({
    clusterId: z.string().nullable(),
    workloadId: z.string().nullable().describe('null: the fleet’s queue'),
    planId: z.string().nullable().describe('the plan in force; null: none'),
    slots: z.array(FlexibilitySlot),
    withoutPlan: z.array(FlexibilitySlot).nullable().describe('if every job ran as early as it may; null: no plan'),
    slotMinutes: z.number().int(),
    jobs: z.number().int().describe('jobs that would run in the window'),
    deferrableJobs: z.number().int(),
    urgentJobs: z.number().int(),
    peakKw: z.number().describe('facility kW of the highest slot'),
    deferrableKwh: z.number().describe('facility kWh that can be put off at best effort, slot by slot'),
    assumptions: z.array(z.string()),
  }),
  run: async ({ from, to, clusterId, workloadId }, world, call) => {
    if (to <= from) throw invalid(`the window ends (${to}) before it begins (${from})`, 'Give a later to.');
    if (secondsBetween(from, to) > LONGEST_DAYS * 86_400)
      throw invalid(`the window is longer than ${LONGEST_DAYS} days`, 'Ask for a shorter one.');
    const all = await world.fleet.sites();
    const sites = clusterId === undefined ? all : all.filter((site) => site.clusterId === clusterId);
    if (sites.length === 0)
      throw notFound(
        clusterId === undefined ? 'no site is known' : `there is no cluster ${clusterId}`,
        clusterId === undefined
          ? 'Import sites with `caco site import FILE`.'
          : `Known: ${all.flatMap((s) => s.clusterId ?? []).join(', ') || '(none)'}.`,
      );
    const ingested = await ingestedWorkload(world, workloadId);
    const now = toEpoch(world.clock.now());
    const flexibility = new Flexibility({ start: from, end: to }, sites, clusterId ?? null, now, world.method);
    for await (const page of ingested === null ? queue(world, from, to) : world.store.rows(JOBS).pages(ingested)) {
      call.signal.throwIfAborted();
      for (const job of page) flexibility.add(job);
    }
    const window = { start: from, end: to };
    const order = await planInForce(world, window, ingested);
    const unplanned = flexibility.slots();
    if (order !== null) {
      const { slots, ...seen } = await flexibilityUnder(world, order, { window, sites, slots: unplanned });
      return {
        clusterId: clusterId ?? null,
        workloadId: order.workloadId,
        planId: order.planId,
        slots,
        withoutPlan: unplanned,
        slotMinutes: world.method.slotMinutes,
        ...seen,
        deferrableKwh: slots.reduce((sum, { bestEffortKw }) => sum + bestEffortKw, 0) * (world.method.slotMinutes / 60),
        assumptions: [
          'Firm is what the plan offers and can be sold, one offer at a time: no job is later than it is due, and every limit is kept.',
          world.fleet.cannotPause === undefined
            ? 'Best effort: planned work that could wait, or rest where it may be interrupted, and end by its deadline if there is room later. What of it can be had is known when it is planned (`caco replan --cap`).'
            : `Best effort: planned work that has not begun and could wait, if there is room later. Nothing that runs rests: ${world.fleet.cannotPause}.`,
          'Without a plan every job would run at home, as early as it may: that flexibility the plan has used already.',
        ],
      };
    }
    return {
      clusterId: clusterId ?? null,
      workloadId: ingested,
      planId: null,
      slots: unplanned,
      withoutPlan: null,
      slotMinutes: world.method.slotMinutes,
      jobs: flexibility.jobs,
      deferrableJobs: flexibility.deferrable,
      urgentJobs: flexibility.urgent,
      peakKw: flexibility.peakKw,
      deferrableKwh: flexibility.deferrableKwh,
      assumptions: [
        'Without a plan every job runs at home, as early as it may, from the next slot on.',
        'Firm: no job is later than it is due. Best effort: no job misses its deadline, but some may be late.',
        'A slot that a job touches counts with the job’s whole power.',
        `Power is measured where the job carries it, else ${world.method.kwPerVcpu} kW per vCPU and ${world.method.kwPerGpu} kW per GPU, times the site’s PUE.`,
      ],
    };
  },
  tell: (o) => {
    const best = highest(o.slots);
    if (o.planId !== null) {
      const unplanned = o.withoutPlan === null ? 0 : (highest(o.withoutPlan)?.firmKw ?? 0);
      const sold =
        best === undefined || best.firmKw === 0
          ? `Under plan ${o.planId} nothing can surely be put off`
          : `Under plan ${o.planId} up to ${powerText(best.firmKw)} can be sold, from ${best.start} for ${best.maxDurationMinutes} minutes`;
      return `${sold}; without a plan it would be ${powerText(unplanned)}.`;
    }
    return best === undefined || best.firmKw === 0
      ? `Nothing can surely be put off; ${counted(o.jobs, 'job')} would run in the window.`
      : `Up to ${powerText(best.firmKw)} can surely be put off, from ${best.start} for ${best.maxDurationMinutes} minutes; ${o.deferrableJobs} of ${counted(o.jobs, 'job')} may wait.`;
  },
});

const highest = (slots: readonly FlexibilitySlot[]): FlexibilitySlot | undefined =>
  slots.reduce<FlexibilitySlot | undefined>(
    (most, s) => (most === undefined || s.firmKw > most.firmKw ? s : most),
    undefined,
  );

const ingestedWorkload = async (world: World, workloadId: string | undefined): Promise<string | null> => {
  if (workloadId !== undefined) {
    if (!(await world.store.collection(WORKLOADS).get(workloadId)))
      throw notFound(`there is no workload ${workloadId}`, '`caco ingest FILE` makes one and prints its id.');
    return workloadId;
  }
  return (await newestIngested(world.store))?.id ?? null;
};

async function* queue(world: World, from: Instant, to: Instant): AsyncGenerator<Job[]> {
  const now = world.clock.now();
  yield* world.fleet.waiting({ start: now < from ? now : from, end: to });
}
