/** Gathers what a verification is computed from: the plan and its rows, what ran, and the signals that came true. */
import { ClaimedDigest, FROZEN_BASELINES, PlacementsDigest } from '../../domain/baseline.js';
import { CONTRACTS, type Contracts } from '../../domain/contract.js';
import { decimal, microjoules, nano } from '../../domain/decimal.js';
import { DECISIONS, type Decision } from '../../domain/decision.js';
import { canonicalJson } from '../../domain/digest.js';
import type { EvidenceJob, EvidencePlace } from '../../domain/evidence/record.js';
import { Fault, notFound } from '../../domain/fault.js';
import { holdersIn } from '../../domain/held.js';
import { JOBS, type Job } from '../../domain/job.js';
import {
  BASELINE,
  ORDERS,
  type Order,
  orderKeyOf,
  PLACEMENTS,
  PLANS,
  type Placement,
  type Plan,
  RECOMMENDATIONS,
} from '../../domain/plan.js';
import { gatherByJob } from '../../domain/schedule.js';
import type { CarbonKind } from '../../domain/signal.js';
import { type Instant, toEpoch } from '../../domain/time.js';
import type { Ran, World } from '../../domain/world.js';
import type { About } from './booking.js';
import { claimedElsewhere, claimsOf } from './claims.js';
import { actualPlaces } from './signals.js';

export interface Frozen {
  readonly digest: string;
  readonly rows: number;
  readonly claimedDigest: string;
  /** null: the ledger holds no baseline for this plan. */
  readonly seq: number | null;
  readonly entryHash: string | null;
}

export interface Loaded {
  readonly plan: Plan;
  readonly decision: Decision | null;
  readonly orderKey: string;
  readonly frozen: Frozen;
  readonly jobs: readonly EvidenceJob[];
  readonly places: readonly EvidencePlace[];
  readonly contracts: Contracts | null;
  readonly kind: CarbonKind;
  readonly currency: string;
  readonly unplanned: { readonly jobs: number; readonly energyKwh: string };
  readonly baselines: ReadonlyMap<string, readonly Placement[]>;
  /** Everything that ran under the order, whether moved or not. */
  readonly ran: readonly Ran[];
  readonly about: ReadonlyMap<string, About>;
  /** what had been foretold of durations, of the jobs that told their limit alone */
  readonly foretold: ReadonlyMap<string, Foretold>;
}

export interface Foretold {
  readonly expectedHours: number;
  readonly highHours: number;
  readonly askedHours: number;
}

/** Throws Fault `not-found` without the plan, `conflict` when the baseline is not the one that was frozen. */
export const load = async (world: World, planId: string, signal: AbortSignal): Promise<Loaded> => {
  const { store } = world;
  const plan = await planOf(world, planId);
  const order = (await store.collection(ORDERS).get(planId))?.value;
  const decision = await decisionOf(world, planId, order);
  const jobsOfOrder = order === undefined ? decision?.jobs : order.jobs;
  const approved = jobsOfOrder ? new Set(jobsOfOrder) : null;

  const claimed = new Map<string, { team: string; kg: number; cost: number }>();
  const claimedDigest = new ClaimedDigest();
  for await (const page of store.rows(RECOMMENDATIONS).pages(planId))
    for (const r of page) {
      claimedDigest.add(r);
      if (approved === null || approved.has(r.jobId))
        claimed.set(r.jobId, { team: r.team, kg: r.savedKg, cost: r.savedCost });
    }
  if (order === undefined && decision?.status === 'refused') claimed.clear();
  signal.throwIfAborted();

  const baselineDigest = new PlacementsDigest();
  const baselines = new Map<string, Placement[]>();
  for await (const page of store.rows(BASELINE).pages(planId)) {
    baselineDigest.add(page);
    for (const p of page) if (claimed.has(p.jobId)) push(baselines, p.jobId, p);
  }
  const frozen = await frozenOf(world, plan, {
    digest: baselineDigest.hex(),
    rows: baselineDigest.rows,
    claimedDigest: claimedDigest.hex(),
  });

  const planned = new Map<string, Placement[]>();
  const known = new Set<string>();
  for await (const page of store.rows(PLACEMENTS).pages(planId))
    for (const p of page) {
      known.add(p.jobId);
      if (claimed.has(p.jobId)) push(planned, p.jobId, p);
    }
  signal.throwIfAborted();

  const orderKey = orderKeyOf(plan);
  const ranByJob = await gatherByJob(world.fleet.ran(orderKey), { keep: (row) => row, order: byTime, signal });

  const claims = [...baselines].flatMap(([jobId, pieces]) => claimsOf(jobId, pieces, planId));
  const taken = await claimedElsewhere(store, claims);
  const now = world.clock.now();
  const about = new Map<string, About>();
  const foretold = new Map<string, Foretold>();
  const jobs: EvidenceJob[] = [];
  // In the order of the jobs, whatever the fleet's: the same work gives the same record.
  const ran: Ran[] = [];
  for await (const page of store.rows(JOBS).pages(plan.workloadId)) {
    const holders = await holdersIn(world, page);
    for (const job of page) {
      const own = ranByJob.get(job.id) ?? [];
      for (const piece of own) ran.push(piece);
      about.set(job.id, { team: job.team, instanceType: job.instanceType, submittedAt: job.submittedAt });
      if (job.foreseen !== undefined) foretold.set(job.id, { expectedHours: job.durationHours, ...job.foreseen });
      const claim = claimed.get(job.id);
      if (!claim) continue;
      const asPlanned = planned.get(job.id) ?? [];
      const by = taken.get(job.id);
      const holder = holders.get(job.id)?.planId ?? planId;
      const excluded =
        by !== undefined
          ? `its carbon saving is claimed by plan ${by} already`
          : holder !== planId
            ? `it runs under plan ${holder}`
            : unfinished(own, asPlanned, now);
      jobs.push(rowOf(job, claim, baselines.get(job.id) ?? [], asPlanned, own, excluded));
    }
  }

  // What ran under the order without having been planned.
  const strangers = [...ranByJob.keys()].filter((id) => !known.has(id)).sort();
  const strangeKwh = strangers.flatMap((id) => ranByJob.get(id)!).reduce((sum, row) => sum + row.energyKwh, 0);
  for (const id of [...ranByJob.keys()].filter((one) => !about.has(one)).sort())
    for (const piece of ranByJob.get(id)!) ran.push(piece);

  const { places, currency } = await actualPlaces(world, [...baselines.values(), ...planned.values(), ran], signal);
  return {
    plan,
    decision,
    orderKey,
    frozen,
    jobs,
    places,
    contracts: (await store.collection(CONTRACTS).get('current'))?.value ?? null,
    kind: kindOf(plan, places),
    currency: currency ?? plan.planned.cost.currency,
    unplanned: { jobs: strangers.length, energyKwh: decimal(strangeKwh) },
    baselines,
    ran,
    about,
    foretold,
  };
};

const push = <T>(into: Map<string, T[]>, key: string, value: T) => {
  const list = into.get(key);
  if (list) list.push(value);
  else into.set(key, [value]);
};

export const planOf = async (world: World, planId: string): Promise<Plan> => {
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  if (!plan) throw notFound(`there is no plan ${planId}`, '`caco runs` lists runs with their plans.');
  return plan;
};

/** The decision that the plan was handed over by, else the newest on it; null where nobody decided. */
const decisionOf = async (world: World, planId: string, order: Order | undefined): Promise<Decision | null> => {
  if (order?.decisionId !== undefined)
    return (await world.store.collection(DECISIONS).get(order.decisionId))?.value ?? null;
  for (let after: string | undefined; ; ) {
    const page = await world.store.collection(DECISIONS).list({ after, limit: 500 });
    const found = page.find(({ value }) => value.planId === planId);
    if (found) return found.value;
    if (page.length < 500) return null;
    after = page.at(-1)!.id;
  }
};

/** What the ledger says about the baseline, read back and compared with the rows as they are now. */
const frozenOf = async (
  world: World,
  plan: Plan,
  found: { digest: string; rows: number; claimedDigest: string },
): Promise<Frozen> => {
  const kept = (await world.store.collection(FROZEN_BASELINES).get(plan.id))?.value;
  if (!kept) return { ...found, seq: null, entryHash: null };
  const [entry] = await world.ledger.read(kept.seq, 1);
  const changed = (what: string) =>
    new Fault(
      'conflict',
      `${what} of plan ${plan.id} is not what ledger entry ${kept.seq} froze before the plan was made`,
      'Nothing is verified against it. `caco ledger audit` tells whether the ledger or the store was changed.',
    );
  if (entry?.hash !== kept.hash || entry.body.subject !== plan.id) throw changed('the record of the baseline');
  const said = entry.body.data as Readonly<Record<string, unknown>>;
  if (said.baselineDigest !== found.digest || said.baselineRows !== found.rows) throw changed('the baseline');
  if (said.claimedDigest !== found.claimedDigest) throw changed('what the recommendations promise');
  if (said.planDigest !== plan.digest) throw changed('the digest');
  return { ...found, seq: kept.seq, entryHash: kept.hash };
};

const byTime = (a: Ran, b: Ran): number => {
  const [first, second] = [a, b].map(({ start, end, region }) => `${start} ${end} ${region}`);
  return first! < second! ? -1 : 1;
};

/** A job that may still be at work: what it will have used is not known. */
const unfinished = (ran: readonly Ran[], planned: readonly Placement[], now: Instant): string | null => {
  const seconds = (pieces: readonly { start: Instant; end: Instant }[]) =>
    pieces.reduce((sum, p) => sum + toEpoch(p.end) - toEpoch(p.start), 0);
  return ran.some((r) => r.end >= now) && seconds(ran) < seconds(planned) ? `it was still running at ${now}` : null;
};

/** Members stand in order of their names, so that JSON.stringify gives canonical JSON. */
const rowOf = (
  job: Job,
  claim: { team: string; kg: number; cost: number },
  baseline: readonly Placement[],
  planned: readonly Placement[],
  ran: readonly Ran[],
  excluded: string | null,
): EvidenceJob => {
  const piece = (p: Placement) => ({
    end: p.end,
    energyKwh: decimal(p.energyKwh),
    region: p.region,
    start: p.start,
  });
  return {
    baseline: baseline.map(piece),
    claimedCost: decimal(claim.cost),
    claimedKg: decimal(claim.kg),
    dataGb: decimal(job.dataGb),
    due: job.due,
    excluded,
    homeRegion: job.region,
    instanceType: job.instanceType,
    jobId: job.id,
    planned: planned.map(piece),
    ran: ran.map((r) => ({
      end: r.end,
      energyKwh: decimal(r.energyKwh),
      energyUj: microjoules(nano(r.energyKwh)),
      region: r.region,
      source: r.source,
      start: r.start,
    })),
    resumeCost: decimal(job.resumeCost),
    tardinessCostPerHour: decimal(job.tardinessCostPerHour),
    team: claim.team,
  };
};

/** The kind that the plan was made on, else that of the first signal: everything else is a different measure. */
export const kindOf = (plan: Plan | undefined, places: readonly EvidencePlace[]): CarbonKind => {
  const said = plan?.signals[0]?.kind.split(' ');
  if (
    said &&
    (said[0] === 'average' || said[0] === 'marginal') &&
    (said[1] === 'operational' || said[1] === 'lifecycle')
  )
    return { accounting: said[0], scope: said[1] };
  return places.find((p) => p.carbon !== null)?.carbon?.kind ?? { accounting: 'average', scope: 'operational' };
};

export const placeLine = (place: EvidencePlace): string => canonicalJson(place);
