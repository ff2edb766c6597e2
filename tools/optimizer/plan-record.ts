/** A plan as it is kept: its rows written, its figures summed up, its baseline frozen, and the prices that prove its bound. */
import { freezeBaseline } from '../../domain/baseline.js';
import { shortId } from '../../domain/digest.js';
import { JOBS } from '../../domain/job.js';
import { PLAN_OFFERS, type PlannedOffer } from '../../domain/offer.js';
import { PLANS, type Plan } from '../../domain/plan.js';
import { PLAN_LOADS, PLAN_SUMS } from '../../domain/plan-sums.js';
import type { CarbonSignal } from '../../domain/signal.js';
import { defineCollection, type Tx } from '../../domain/store.js';
import { fromEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import type { Running } from '../tool.js';
import { Certificate } from './engine/engine.js';
import type { LeftOut } from './fleet-question.js';
import { PlanRows, type Writing } from './plan-rows.js';

/** The prices that prove a plan's bound, by plan id. */
export const CERTIFICATES = defineCollection('certificates', Certificate);

/** What a plan says of itself that does not follow from its rows. */
export interface Head {
  readonly region: string | null;
  readonly policySetId: string | null;
  readonly beside: readonly string[];
  /** The plan that this one takes the place of. */
  readonly replaces?: string;
  readonly remarks: readonly string[];
  readonly unpriced: readonly string[];
  /** What the asker set otherwise than the world says. */
  readonly terms?: readonly string[];
  readonly signals: readonly CarbonSignal[];
  /** What the plan could sell. */
  readonly offers: readonly PlannedOffer[];
  readonly solved: Pick<
    Plan,
    'objective' | 'lowerBound' | 'gap' | 'savingsGap' | 'bindingLimits' | 'engine' | 'stoppedBy'
  > & { readonly certificate: Certificate | null };
}

/** A plan that is ready, and how it is put into the books with its rows. */
export interface Written {
  readonly plan: Plan;
  readonly commit: (tx: Tx) => Promise<void>;
}

/** Streams the jobs once more and writes baseline, placements and recommendations under the plan's id. */
export const write = async (world: World, call: Running, of: Writing, head: Head): Promise<Written> => {
  const rows = new PlanRows(world.store, of, head.unpriced);
  for await (const page of world.store.rows(JOBS).pages(of.workloadId)) {
    call.signal.throwIfAborted();
    for (const job of page) await rows.add(job);
  }
  await rows.flush();
  const plan = planOf(world, of, rows, head);
  const { certificate } = head.solved;
  const commit = async (tx: Tx) => {
    await rows.rename(tx, plan.id);
    await freezeBaseline(
      tx,
      {
        planId: plan.id,
        planDigest: plan.digest,
        baselineDigest: rows.frozen.hex(),
        baselineRows: rows.frozen.rows,
        claimedDigest: rows.claimed.hex(),
        claimedRows: rows.claimed.rows,
      },
      { at: plan.madeAt, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause },
    );
    await tx.collection(PLANS).put(plan.id, plan);
    await tx.collection(PLAN_SUMS).put(plan.id, rows.sums.sums(plan.digest));
    await tx.collection(PLAN_LOADS).put(plan.id, rows.loads.loads(plan.digest));
    await tx.collection(PLAN_OFFERS).put(plan.id, [...head.offers]);
    if (certificate) await tx.collection(CERTIFICATES).put(plan.id, certificate);
  };
  return { plan, commit };
};

const planOf = (world: World, of: Writing, rows: PlanRows, head: Head): Plan => {
  const { question, workloadId } = of;
  const { window, carbonPricePerTonne } = question;
  const { objective, lowerBound, gap, savingsGap, bindingLimits, engine, stoppedBy } = head.solved;
  const digest = rows.digest.hex();
  const planned = rows.after.totals(rows.currency);
  const baseline = rows.before.totals(rows.currency);
  return {
    id: shortId('P', { hex: digest, workloadId, window, price: carbonPricePerTonne, draft: rows.draft }),
    digest,
    jobsDigest: rows.jobs.hex(),
    workloadId,
    window,
    finishesAt: fromEpoch(Math.max(rows.after.endsAt, Date.parse(window.end) / 1000)),
    region: head.region,
    clusterId: question.clusterId,
    madeAt: world.clock.now(),
    carbonPricePerTonne,
    jobs: {
      total: rows.row + of.leftOut.length,
      movable: rows.movable,
      moved: rows.moved,
      urgent: rows.urgent,
      unplaced: rows.unseen.length,
    },
    baseline,
    planned,
    savings: { cost: baseline.cost.total - planned.cost.total, emissionsKg: rows.before.savedBy(rows.after) },
    objective,
    lowerBound,
    gap,
    savingsGap,
    bindingLimits,
    engine,
    stoppedBy,
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
    // Of a long list people are shown the beginning: how old the signals are concerns every job, what was left out concerns some.
    unseen: [...head.remarks, ...inWords(rows.unseen)],
    ...(head.terms === undefined || head.terms.length === 0 ? {} : { terms: [...head.terms] }),
    ...(head.unpriced.length > 0 ? { unpriced: [...head.unpriced] } : {}),
  };
};

/** One sentence per reason, with the first jobs by name. */
const inWords = (leftOut: readonly LeftOut[]): string[] => {
  const byReason = new Map<string, string[]>();
  for (const { jobId, why } of leftOut) byReason.set(why, [...(byReason.get(why) ?? []), jobId]);
  return [...byReason].map(
    ([why, ids]) =>
      `${ids.length} left out because ${why} (${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''})`,
  );
};
