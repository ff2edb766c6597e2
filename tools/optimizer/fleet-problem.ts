/** The question that a person asks of a fleet, as a Problem: workload, sites and signals loaded by id. */
import { z } from 'zod';
import { Fault, notFound } from '../../domain/fault.js';
import { holdersIn } from '../../domain/held.js';
import { JOBS, type Job, WORKLOADS } from '../../domain/job.js';
import { SOLD_FLEXIBILITY, type SoldFlexibility } from '../../domain/offer.js';
import { ACTIVE_POLICIES, ACTIVE_POLICY, POLICY_SETS, type PolicySet } from '../../domain/policy/policy.js';
import type { Series } from '../../domain/series.js';
import { type CarbonSignal, knownUntil, type PriceSignal, WITHIN_DATA, whyUnknown } from '../../domain/signal.js';
import { needsPrices, type Site } from '../../domain/site.js';
import { pricesOf } from '../../domain/tariff.js';
import { fromEpoch, Instant, type Interval, plusHours } from '../../domain/time.js';
import { carbonAndPrice, type World } from '../../domain/world.js';
import { announcedSince, withAnnounced } from './announced.js';
import type { Problem } from './engine/engine.js';
import type { FleetQuestion, LeftOut } from './fleet-question.js';
import type { Least } from './least-saving.js';
import type { PolicyRows } from './policy-rows.js';
import { gridEnd, problemOf } from './workload.js';

/** What makes a question; every tool that asks one has these fields. */
export const questionFields = {
  workloadId: z.string().optional().describe('workload to plan; the newest when left out'),
  from: Instant.optional().describe('start of the window; now when left out'),
  horizonHours: z.number().positive().max(840).default(24).describe('length of the window in hours, at most 840'),
  region: z.string().optional().describe('plan within this region only'),
  clusterId: z.string().optional().describe('plan this cluster only'),
  tardinessWeight: z.number().min(0).default(1).describe('multiplies what lateness costs'),
  maxPowerKw: z.number().positive().optional().describe('cap on facility kW below the sites’ own'),
  foresight: z.enum(['forecast', 'actual']).default('forecast').describe('plan on the forecast, or on what came true'),
  seed: z.number().int().min(0).default(1).describe('of the search; the same seed gives the same plan'),
  cpuSeconds: z.number().positive().optional().describe('clock limit on top of the limit by iterations'),
};

const carbonPricePerTonne = z
  .number()
  .min(0)
  .optional()
  .describe('money per tonne CO2e; the configured price when left out');

export const PlanInput = z.strictObject({ ...questionFields, carbonPricePerTonne });
export type PlanInput = z.output<typeof PlanInput>;

/** A plan made with what came true promises what nobody could have known. */
export const hindsightOf = ({ foresight }: Pick<PlanInput, 'foresight'>): string[] =>
  foresight === 'actual' ? ['planned on what came true, not on the forecast'] : [];

export interface FleetProblem {
  readonly workloadId: string;
  readonly question: FleetQuestion;
  readonly problem: Problem;
  /** Epoch seconds of slot 0. */
  readonly origin: number;
  readonly leftOut: readonly LeftOut[];
  /** What moving a job must save by the policy, by job id. */
  readonly least: ReadonlyMap<string, Least>;
  /** Jobs that stay as announced, by the plan that did so. */
  readonly keptBy: ReadonlyMap<string, number>;
  /** Facility kW of announced work of others, region-major; the caps are what it leaves. */
  readonly takenKw: Float64Array | null;
  /** The same as means of each slot. */
  readonly takenMeanKw: Float64Array | null;
  /** Plans whose announced work is in the way or in the books. */
  readonly besidePlans: readonly string[];
  readonly signals: readonly CarbonSignal[];
  readonly policySetId: string | null;
  /** Words for ids of events and carbon caps: the sentence or sale that they came from. */
  readonly words: PolicyRows['words'];
  /** Regions without any energy price: energy is in none of their cost figures. */
  readonly unpriced: readonly string[];
  /** What could not be planned with: sentences of the policy, prices that nobody knows. */
  readonly remarks: readonly string[];
}

/**
 * Throws Fault `not-found` for a workload, region or cluster that is not there. Announced work of others counts against the
 * caps; `own` says whether jobs of the workload itself that were announced stay, and those that have run are left out, or all
 * are free to be planned.
 */
export const fleetProblem = async (
  world: World,
  input: PlanInput,
  own: 'keep' | 'free' = 'free',
): Promise<FleetProblem> => {
  const workloadId = input.workloadId ?? (await newestWorkload(world));
  if (!(await world.store.collection(WORKLOADS).get(workloadId)))
    throw notFound(`there is no workload ${workloadId}`, '`caco ingest FILE` makes one and prints its id.');
  const start = input.from ?? world.clock.now();
  const window = { start, end: plusHours(start, input.horizonHours) };
  const jobs = () => world.store.rows(JOBS).pages(workloadId);
  const ran: LeftOut[] = [];
  const endEpoch = await gridEnd(jobs(), window);
  const { signals, unpriced, notes, ...gathered } = await gather(world, input, { start, end: fromEpoch(endEpoch) });
  const now = world.clock.now();
  requireSomeKnown(signals, { start, end: fromEpoch(endEpoch) }, now);
  const question: FleetQuestion = {
    window,
    ...gathered,
    method: world.method,
    carbonPricePerTonne: input.carbonPricePerTonne ?? world.method.carbonPricePerTonne,
    tardinessWeight: input.tardinessWeight,
    maxPowerKw: input.maxPowerKw ?? null,
    clusterId: input.clusterId ?? null,
    policy: await policyInForce(world),
    sold: await soldWithin(world, { start, end: fromEpoch(endEpoch) }),
  };
  const open = own === 'keep' ? withoutRan(world, jobs(), start, ran) : jobs();
  const { origin, rows, ...posed } = await problemOf(open, question, workloadId, endEpoch);
  const announced = await announcedSince(world, origin);
  const { problem, keptBy, takenKw, takenMeanKw, ...beside } = withAnnounced(posed.problem, origin, announced, own);
  const { policySetId, words } = rows;
  return {
    workloadId,
    question,
    problem,
    origin,
    leftOut: [...ran, ...posed.leftOut, ...beside.leftOut],
    least: posed.least,
    keptBy,
    takenKw,
    takenMeanKw,
    besidePlans: [...new Set([...announced.values()].map(({ planId }) => planId))].sort(),
    signals,
    policySetId,
    words,
    unpriced,
    remarks: [
      ...notes,
      ...posed.remarks,
      ...beside.remarks,
      ...unpriced.map(withoutPrice),
      ...beyond(signals, window, now),
    ],
  };
};

/** What a plan handed over and what is over by then has run: it is not planned a second time. */
async function* withoutRan(
  world: World,
  pages: AsyncIterable<Job[]>,
  by: Instant,
  ran: LeftOut[],
): AsyncGenerator<Job[]> {
  for await (const page of pages) {
    const holders = await holdersIn(world, page);
    const over = (job: Job) => (holders.get(job.id)?.end ?? by) < by;
    for (const job of page)
      if (over(job)) ran.push({ jobId: job.id, why: `it has run, handed over by plan ${holders.get(job.id)!.planId}` });
    yield holders.size === 0 ? page : page.filter((job) => !over(job));
  }
}

/** Throws Fault `not-found`: beyond the end of what is known a plan would rank nothing, and every limit but the data would be blamed. */
const requireSomeKnown = (signals: readonly CarbonSignal[], interval: Interval, now: Instant) => {
  const [first] = signals;
  if (first === undefined || signals.some(({ series }) => series.values.some((value) => value !== null))) return;
  throw new Fault(
    'not-found',
    `no carbon intensity is known between ${interval.start} and ${interval.end}: ${whyUnknown(first.region, knownUntil(first), interval, now)}`,
    WITHIN_DATA,
  );
};

/** Of a window that reaches further than what is known. */
const beyond = (signals: readonly CarbonSignal[], window: Interval, now: Instant): string[] =>
  signals.flatMap((signal) => {
    const until = knownUntil(signal);
    return until !== null && until < window.end ? [whyUnknown(signal.region, until, window, now)] : [];
  });

const withoutPrice = (region: string) =>
  `no energy price is known for ${region}: its hours are told apart by carbon alone, and no cost figure holds its electricity`;

const policyInForce = async (world: World): Promise<PolicySet | null> => {
  const active = (await world.store.collection(ACTIVE_POLICIES).get(ACTIVE_POLICY))?.value;
  return active ? ((await world.store.collection(POLICY_SETS).get(active.setId))?.value ?? null) : null;
};

const soldWithin = async (world: World, { start, end }: Interval): Promise<SoldFlexibility[]> => {
  const sold: SoldFlexibility[] = [];
  for (let after: string | undefined; ; ) {
    const page = await world.store.collection(SOLD_FLEXIBILITY).list({ after, limit: 1000 });
    for (const { value } of page) if (value.start < end && value.end > start) sold.push(value);
    if (page.length < 1000) return sold.sort((a, b) => (a.id < b.id ? -1 : 1));
    after = page.at(-1)!.id;
  }
};

const newestWorkload = async (world: World): Promise<string> => {
  const [newest] = await world.store.collection(WORKLOADS).list({ limit: 1 });
  if (!newest)
    throw notFound(
      'there is no workload to plan',
      'Ingest one (`caco ingest FILE`) or run `caco launch`, which takes the waiting queue.',
    );
  return newest.id;
};

/** Throws Fault `conflict`: hours and places may be ranked by one kind of intensity only. */
const requireOneKind = (first: CarbonSignal | undefined, { kind }: CarbonSignal, region: string) => {
  if (!first || (first.kind.accounting === kind.accounting && first.kind.scope === kind.scope)) return;
  throw new Fault(
    'conflict',
    `the signal of ${region} is ${kind.accounting} ${kind.scope}, others are ${first.kind.accounting} ${first.kind.scope}: two kinds cannot be ranked against each other`,
    'Plan one region at a time (--region), or choose sources of one kind for all: caco config show.',
  );
};

/** What a plan for a site needs to know of the grid. */
const signalsOf = async (
  grid: World['grid'],
  site: Site,
  interval: Interval,
  status: 'forecast' | 'actual',
): Promise<{ carbon: CarbonSignal; price: PriceSignal | null }> =>
  needsPrices(site)
    ? carbonAndPrice(grid, site.region, interval, status)
    : { carbon: await grid.carbon(site.region, interval, status), price: null };

/** Sites and signals for the question. A region without a signal is left to problemOf, which names the jobs that it costs. */
const gather = async (world: World, input: PlanInput, interval: Interval) => {
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
  // Where no price is known at all, it cannot tell one hour from another; with gaps only, hours without one are not chosen.
  const unpriced: string[] = [];
  const notes = new Set<string>();
  // All at once: who waits for silent sources waits once, however many places there are.
  const asked = sites.map((site) => {
    const answer = signalsOf(world.grid, site, interval, input.foresight);
    answer.catch(() => {});
    return { site, answer };
  });
  for (const { site, answer } of asked) {
    try {
      const { carbon: signal, price } = await answer;
      requireOneKind(signals[0], signal, site.region);
      const needsPrice = price !== null;
      // Remarks are told in a list, without the full stop that a sentence has.
      for (const note of [...(signal.notes ?? []), ...(price?.notes ?? [])]) notes.add(note.replace(/\.$/, ''));
      carbon.set(site.region, signal.series);
      const paid = pricesOf(site, price, interval, world.method.slotMinutes);
      const unknown = needsPrice && paid.values.every((value) => value === null);
      if (unknown) unpriced.push(site.region);
      prices.set(site.region, unknown ? { ...paid, values: paid.values.map(() => 0) } : paid);
      signals.push(signal);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'not-found') throw error;
    }
  }
  return { sites, carbon, prices, signals, unpriced, notes: [...notes] };
};
