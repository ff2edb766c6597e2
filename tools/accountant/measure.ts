/** The tool that accounts energy, emissions and cost of a schedule: a plan's, what ran, or what would run without a plan. */
import { z } from 'zod';
import { DECISIONS, type Decision } from '../../domain/decision.js';
import { Estimate } from '../../domain/estimate.js';
import { invalid, notFound } from '../../domain/fault.js';
import { energyText, massEstimateText, moneyText } from '../../domain/figures.js';
import { JOBS, type Job, WORKLOADS } from '../../domain/job.js';
import { Method } from '../../domain/method.js';
import { BASELINE, Cost, orderKeyOf, PLANS, type Plan } from '../../domain/plan.js';
import { besideJobs, gatherByJob, orderedPieces } from '../../domain/schedule.js';
import type { Collection } from '../../domain/store.js';
import { ceilTo, fromEpoch, Instant, toEpoch } from '../../domain/time.js';
import type { Ran, World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { type Account, account, DIMENSIONS, type Group } from './account.js';
import { BASES, BASIS_TEXT, basisOf } from './basis.js';
import { Collector, type Piece, runImmediately } from './collect.js';
import { metersSay, SiteMeter, siteMeters } from './metered.js';
import { FUNCTIONAL_UNITS, sciOf } from './sci.js';
import { signalsFor } from './signals.js';

const MOST_GROUPS = 1000;

export const MeasureInput = z.strictObject({
  workloadId: z.string().optional().describe('account this workload; the newest when neither id is given'),
  planId: z.string().optional().describe('account this plan’s schedule'),
  schedule: z
    .enum(['immediate', 'baseline', 'planned', 'ran'])
    .optional()
    .describe(
      'immediate: every job at home as early as it may; baseline or planned: of the plan; ran: what the fleet reports. Left out: planned for a plan; for a workload what an approved plan made of it, else immediate',
    ),
  by: z.array(z.enum(DIMENSIONS)).max(4).default([]).describe('group by these together; hour is the hour of day, UTC'),
  from: Instant.optional().describe('only what runs from here on'),
  to: Instant.optional().describe('only what runs before'),
  starts: z
    .enum(['grid', 'exact'])
    .default('grid')
    .describe('immediate starts on the plan’s grid of slots, or at the second'),
  foresight: z
    .enum(['known', 'actual', 'forecast'])
    .default('known')
    .describe(
      'intensity and price: known, as they came true up to now and as forecast from then on; actual, as a recording or simulation has them after now too, which is hindsight; forecast, as forecast now',
    ),
  functionalUnit: z.enum(FUNCTIONAL_UNITS).optional().describe('of SCI; work units where jobs carry them, else jobs'),
});

const Totals = {
  jobs: z.number().int().describe('jobs that start in it'),
  energyKwh: z.number().describe('facility energy'),
  emissionsKg: Estimate.nullable().describe('kg CO2e; null when no intensity is known'),
  cost: Cost.nullable().describe('null when no energy price is known'),
  workUnits: z.number().nullable(),
  gPerWorkUnit: z.number().nullable().describe('operational g CO2e per work unit'),
  costPerWorkUnit: z.number().nullable(),
  carbonCoverageRatio: z
    .number()
    .describe('share of the energy whose intensity is known; the rest is not counted as zero'),
  priceCoverageRatio: z.number(),
};

export const MeasureOutput = z.strictObject({
  workloadId: z.string(),
  planId: z.string().nullable(),
  schedule: z.enum(['immediate', 'baseline', 'planned', 'ran']),
  interval: z
    .strictObject({ start: Instant, end: Instant })
    .nullable()
    .describe('from the first begin to the last end'),
  now: Instant.describe('the world’s now: what lies after it has not happened'),
  basis: z
    .enum(BASES)
    .describe(
      'what the figures rest on: hours that came true, hours as forecast, both, or hours after now as a recording or simulation has them; figures on two of these are not to be subtracted',
    ),
  total: z.strictObject(Totals),
  groups: z.array(
    z.strictObject({
      key: z.string(),
      region: z.string().nullable(),
      team: z.string().nullable(),
      hour: z.number().int().nullable().describe('hour of day, UTC'),
      category: z.string().nullable(),
      ...Totals,
    }),
  ),
  groupCount: z.number().int(),
  demandCost: z.number().describe('charge for the highest slot; in the total’s energy cost, in no group'),
  sci: z
    .strictObject({
      functionalUnit: z.enum(FUNCTIONAL_UNITS),
      units: z.number(),
      operationalG: z.number(),
      embodiedG: z.number(),
      gPerUnit: z.number(),
      costPerUnit: z.number().nullable(),
      notes: z.array(z.string()),
    })
    .nullable()
    .describe('ISO/IEC 21031; null when it cannot be said'),
  factors: z.array(
    z.strictObject({
      region: z.string(),
      source: z.string(),
      kind: z.string(),
      status: z.string(),
      issuedAt: Instant,
      pue: z.number(),
      meanGPerKwh: z.number().nullable().describe('energy-weighted'),
    }),
  ),
  measuredRatio: z
    .number()
    .nullable()
    .describe('share of the energy of what ran that a meter measured; null where nothing of it ran yet'),
  meters: z.array(SiteMeter).describe('meters of whole sites in that time'),
  method: Method,
  unseen: z.array(z.string()).describe('what could not be accounted, and why'),
});

export const measureEmissions = defineTool({
  name: 'measure_emissions',
  title: 'Measure emissions',
  description:
    'Energy, kg CO2e with bounds and cost of a workload or a plan, integrated over the true spans, in total and by region, team, hour of day and category; with SCI and the factors used.',
  toolset: 'proof',
  effect: 'reads',
  input: MeasureInput,
  output: MeasureOutput,
  run: async (input, world, call) => {
    if (input.from !== undefined && input.to !== undefined && input.to <= input.from)
      throw invalid('to is not after from', 'Give a later to.');
    const question = await whatToAccount(input, world);
    const sites = await world.fleet.sites();
    const books = new Collector(sites, world.method);
    const missed = await collect(question, input, world, call, books);
    // What ran has happened, whatever now is in a world that begins with it.
    const foresight = missed.isHistory && input.foresight === 'known' ? 'actual' : input.foresight;
    const { spans } = books;
    const currency = sites[0]?.currency ?? world.setting.currency;
    const interval = spans.length === 0 ? null : { start: fromEpoch(spans.begin), end: fromEpoch(spans.end) };
    const used = new Set<number>();
    for (let i = 0; i < spans.length; i++) used.add(spans.site[i]!);
    const clip = { from: input.from && toEpoch(input.from), to: input.to && toEpoch(input.to) };
    const seen = interval === null ? null : clipped(spans.begin, spans.end, clip);
    const signals =
      seen === null
        ? { carbon: sites.map(() => null), prices: sites.map(() => null), factors: [], unseen: [] }
        : await signalsFor(world, sites, used, seen, foresight);
    const by = [...new Set(input.by)];
    const accounts = account(spans, { sites, ...signals, method: world.method, currency, by, ...clip });
    const groups = accounts.groups.slice(0, MOST_GROUPS);
    const kwhBySite = accounts.bySite.map(({ energyKwh }) => energyKwh);
    const ofTime = seen && { start: fromEpoch(clipStart(spans.begin, clip)), end: fromEpoch(clipEnd(spans.end, clip)) };
    const meters = ofTime === null ? [] : await siteMeters(world, sites, kwhBySite, ofTime);
    return {
      workloadId: question.workloadId,
      planId: question.plan?.id ?? null,
      schedule: question.schedule,
      interval,
      now: world.clock.now(),
      basis: basisOf(
        seen,
        foresight,
        missed.isHistory && interval !== null ? ceilTo(interval.end, 60) : world.clock.now(),
      ),
      total: told(accounts.total),
      groups: groups.map((group) => ({ key: keyOf(group, by), ...named(group), ...told(group) })),
      groupCount: accounts.groups.length,
      demandCost: accounts.demandCost,
      sci: sciOf(accounts.total, world.method.embodiedGPerVcpuHour, input.functionalUnit),
      factors: signals.factors.map((factor) => {
        const i = sites.findIndex((site) => site.region === factor.region);
        const { coveredKwh, emissionsKg } = accounts.bySite[i]!;
        return {
          ...factor,
          pue: sites[i]!.pue,
          meanGPerKwh: coveredKwh === 0 ? null : (emissionsKg * 1000) / coveredKwh,
        };
      }),
      measuredRatio: missed.ranKwh > 0 ? missed.measuredKwh / missed.ranKwh : null,
      meters,
      method: { ...world.method },
      unseen: [
        ...signals.unseen,
        ...left(books, missed, question),
        ...gaps(accounts.total),
        ...(question.schedule === 'ran' ? metersSay(meters) : []),
      ],
    };
  },
  tell: ({ total, schedule, planId, workloadId, measuredRatio, basis }) =>
    `${planId === null ? `Workload ${workloadId}` : `Plan ${planId}`} (${schedule}): ${total.jobs} jobs, ${energyText(total.energyKwh)}${measuredRatio === null || measuredRatio === 0 ? '' : ` (${share(measuredRatio)} of it measured)`}, ${total.emissionsKg === null ? 'emissions not known' : `${massEstimateText(total.emissionsKg)} CO2e ${BASIS_TEXT[basis]}`}${total.cost === null ? '' : `, ${moneyText(total.cost.total, total.cost.currency)}`}.`,
});

interface Question {
  readonly workloadId: string;
  readonly plan: Plan | null;
  readonly schedule: z.output<typeof MeasureOutput>['schedule'];
  /** jobs that were approved; null: all */
  readonly approved: readonly string[] | null;
}

const whatToAccount = async (input: z.output<typeof MeasureInput>, world: World): Promise<Question> => {
  const plans = world.store.collection(PLANS);
  if (input.planId !== undefined) {
    if (input.workloadId !== undefined) throw invalid('both workloadId and planId are given', 'Give one of them.');
    const plan = (await plans.get(input.planId))?.value;
    if (!plan) throw notFound(`there is no plan ${input.planId}`, '`caco runs` lists what was planned.');
    return { workloadId: plan.workloadId, plan, schedule: input.schedule ?? 'planned', approved: null };
  }
  const workloads = world.store.collection(WORKLOADS);
  const workloadId = input.workloadId ?? (await workloads.list({ limit: 1 }))[0]?.id;
  if (workloadId === undefined || !(await workloads.get(workloadId)))
    throw notFound(
      workloadId === undefined ? 'there is no workload to account' : `there is no workload ${workloadId}`,
      'Ingest one (`caco ingest FILE`) or run `caco launch`, which takes the waiting queue.',
    );
  if (input.schedule === 'immediate') return { workloadId, plan: null, schedule: 'immediate', approved: null };
  const stands = await standingPlan(world, workloadId, input.schedule);
  if (stands)
    return { workloadId, schedule: 'planned', ...stands, ...(input.schedule ? { schedule: input.schedule } : {}) };
  if (input.schedule !== undefined)
    throw notFound(`workload ${workloadId} has no plan`, 'Make one with `caco plan`, or leave schedule out.');
  return { workloadId, plan: null, schedule: 'immediate', approved: null };
};

/** The newest approved plan of a workload; where a schedule of a plan is asked for by name, the newest plan will do. */
const standingPlan = async (world: World, workloadId: string, schedule: string | undefined) => {
  const decisions = new Map<string, Decision>();
  // The newest decision on a plan comes first.
  for await (const one of all(world.store.collection(DECISIONS)))
    if (!decisions.has(keyOfPlan(one.planId, one.planDigest)))
      decisions.set(keyOfPlan(one.planId, one.planDigest), one);
  let newest: Plan | null = null;
  for await (const plan of all(world.store.collection(PLANS))) {
    if (plan.workloadId !== workloadId) continue;
    newest ??= plan;
    const decision = decisions.get(keyOfPlan(plan.id, plan.digest));
    if (decision && decision.status !== 'refused') return { plan, approved: decision.jobs };
  }
  return schedule !== undefined && newest ? { plan: newest, approved: null } : null;
};

/** A decision is about one content of a plan. */
const keyOfPlan = (id: string, digest: string) => `${id} ${digest}`;

/** The newest first. */
async function* all<T>(collection: Pick<Collection<T>, 'list'>): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const page = await collection.list({ after, limit: 500 });
    for (const { value } of page) yield value;
    if (page.length < 500) return;
    after = page.at(-1)!.id;
  }
}

/** What a schedule's spans do not say. */
interface Missed {
  /** jobs of the workload that have no place in the schedule */
  placeless: number;
  /** jobs that ran under the order and are not in the workload, with their facility energy */
  strangers: number;
  strangersKwh: number;
  /** of what ran: facility energy, and the part of it that meters measured */
  ranKwh: number;
  measuredKwh: number;
  /** Every job is one of a history and stands where it ran. */
  isHistory: boolean;
}

/** Streams jobs and pieces into spans. */
const collect = async (
  { workloadId, plan, schedule, approved }: Question,
  input: z.output<typeof MeasureInput>,
  world: World,
  call: Running,
  books: Collector,
): Promise<Missed> => {
  const missed: Missed = { placeless: 0, strangers: 0, strangersKwh: 0, ranKwh: 0, measuredKwh: 0, isHistory: false };
  const book = (job: Job, pieces: readonly Piece[]) => {
    if (pieces.length === 0) missed.placeless++;
    books.add(job, pieces);
  };
  const jobs = world.store.rows(JOBS).pages(workloadId);
  if (schedule === 'immediate' || plan === null) {
    const grid = input.starts === 'grid' ? world.method.slotMinutes : null;
    missed.isHistory = true;
    for await (const page of jobs) {
      call.signal.throwIfAborted();
      for (const job of page) {
        missed.isHistory &&= job.startedAt !== undefined;
        book(job, [runImmediately(job, grid)]);
      }
    }
  } else if (schedule === 'ran') {
    const { signal } = call;
    const ran = await gatherByJob(world.fleet.ran(orderKeyOf(plan)), {
      keep: (row: Ran) => ({ ...pieceOf(row), isMeasured: row.source === 'measured' }),
      ...{ order: byTime, signal },
    });
    for await (const page of jobs) {
      signal.throwIfAborted();
      for (const job of page) {
        const pieces = ran.get(job.id) ?? [];
        for (const { energyKwh, isMeasured } of pieces) {
          missed.ranKwh += energyKwh;
          if (isMeasured) missed.measuredKwh += energyKwh;
        }
        book(job, pieces);
        ran.delete(job.id);
      }
    }
    missed.strangers = ran.size;
    const kwh = [...ran.values()].flat().map((piece) => piece.energyKwh);
    // In one order, so that the same answer gives the same sum to the last bit.
    missed.strangersKwh = kwh.sort((a, b) => a - b).reduce((sum, one) => sum + one, 0);
  } else {
    const rows =
      schedule === 'baseline'
        ? besideJobs(jobs, world.store.rows(BASELINE).pages(plan.id))
        : orderedPieces(world.store, { workloadId, planId: plan.id, jobs: approved });
    for await (const page of rows) {
      call.signal.throwIfAborted();
      for (const { job, pieces } of page) book(job, pieces.map(pieceOf));
    }
  }
  return missed;
};

type Placed = { region: string; start: Instant; end: Instant; energyKwh: number };
const pieceOf = ({ region, start, end, energyKwh }: Placed) => ({
  region,
  from: toEpoch(start),
  to: toEpoch(end),
  energyKwh,
});
const byTime = (a: ReturnType<typeof pieceOf>, b: ReturnType<typeof pieceOf>) =>
  a.from - b.from || a.to - b.to || (a.region < b.region ? -1 : 1);

const clipped = (begin: number, end: number, clip: { from?: number | undefined; to?: number | undefined }) => {
  const [from, to] = [clipStart(begin, clip), clipEnd(end, clip)];
  if (to <= from) return null;
  // Signals are asked on whole hours: a provider answers whole steps.
  return { start: fromEpoch(Math.floor(from / 3600) * 3600), end: fromEpoch(Math.ceil(to / 3600) * 3600) };
};

const clipStart = (begin: number, clip: { from?: number | undefined }) => Math.max(begin, clip.from ?? begin);
const clipEnd = (end: number, clip: { to?: number | undefined }) => Math.min(end, clip.to ?? end);

const told = ({ sums: _, ...of }: Account) => {
  const { jobs, energyKwh, emissionsKg, cost, workUnits, gPerWorkUnit, costPerWorkUnit } = of;
  const { carbonCoverageRatio, priceCoverageRatio } = of;
  return {
    jobs,
    energyKwh,
    emissionsKg,
    cost,
    workUnits,
    gPerWorkUnit,
    costPerWorkUnit,
    carbonCoverageRatio,
    priceCoverageRatio,
  };
};
const named = ({ region, team, hour, category }: Group) => ({ region, team, hour, category });
const keyOf = (group: Group, by: readonly (typeof DIMENSIONS)[number][]) => by.map((d) => String(group[d])).join(' / ');

const left = (books: Collector, missed: Missed, { schedule, plan, workloadId }: Question): string[] => [
  ...[...books.homeless].map(([region, jobs]) => `${jobs} jobs are not accounted: region ${region} has no site.`),
  ...[...books.unpriced].map(([what, jobs]) => `The machines of ${jobs} pieces cost nothing here: ${what}.`),
  ...(missed.placeless > 0
    ? [
        schedule === 'ran'
          ? `${missed.placeless} jobs have not run yet.`
          : `${missed.placeless} jobs have no place in plan ${plan?.id}.`,
      ]
    : []),
  ...(missed.strangers > 0
    ? [
        `${missed.strangers} jobs ran under the order that workload ${workloadId} does not hold; their ${energyText(missed.strangersKwh)} are not accounted.`,
      ]
    : []),
];

const gaps = (total: Account): string[] => [
  ...(total.carbonCoverageRatio < 1
    ? [
        `The intensity is not known for ${share(1 - total.carbonCoverageRatio)} of the energy; its emissions are not in the total.`,
      ]
    : []),
  ...(total.priceCoverageRatio < 1
    ? [`The price is not known for ${share(1 - total.priceCoverageRatio)} of the energy; its cost is not in the total.`]
    : []),
];
const share = (ratio: number) => `${Number((ratio * 100).toPrecision(3))} %`;
