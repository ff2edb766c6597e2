/**
 * How much power can be put off under the plan in force. Firm is what the plan itself offers: it was held against every limit, one
 * offer at a time holds, and it can be sold. Best effort is work that the plan has in the slot and that could wait or, where it may
 * be interrupted, rest and still end by its deadline, as if there were room for it later.
 */
import { heldPieces } from '../../domain/held.js';
import { type Job, latestPlannedEnd } from '../../domain/job.js';
import { type FlexibilitySlot, PLAN_OFFERS, type PlannedOffer } from '../../domain/offer.js';
import { ORDERS, type Order, type Placement, worldName } from '../../domain/plan.js';
import type { Site } from '../../domain/site.js';
import { fromEpoch, type Interval, toEpoch } from '../../domain/time.js';
import type { World } from '../../domain/world.js';

/** The plan that was handed over last of those that reach into the window; `workloadId` null: whatever it planned. */
export const planInForce = async (
  world: Pick<World, 'store' | 'setting'>,
  window: Interval,
  workloadId: string | null,
): Promise<Order | null> => {
  for (let after: string | undefined; ; ) {
    const page = await world.store.collection(ORDERS).list({ after, limit: 100 });
    for (const { value } of page) {
      const isMine = value.world === worldName(world) && (workloadId === null || value.workloadId === workloadId);
      if (isMine && value.span.start < window.end && value.span.end > window.start) return value;
    }
    if (page.length < 100) return null;
    after = page.at(-1)!.id;
  }
};

export interface UnderPlan {
  readonly slots: FlexibilitySlot[];
  readonly jobs: number;
  readonly deferrableJobs: number;
  readonly urgentJobs: number;
  readonly peakKw: number;
}

/** Where the fleet stops nothing that runs, only work that has not begun can wait. */
export const flexibilityUnder = async (
  world: World,
  order: Order,
  of: { readonly window: Interval; readonly sites: readonly Site[]; readonly slots: readonly FlexibilitySlot[] },
): Promise<UnderPlan> => {
  const step = world.method.slotMinutes * 60;
  const starts = of.slots.map(({ start }) => toEpoch(start));
  const from = starts[0] ?? toEpoch(of.window.start);
  const regions = new Set(of.sites.map(({ region }) => region));
  const [load, away] = [new Float64Array(starts.length), new Float64Array(starts.length)];
  const now = toEpoch(world.clock.now());
  const seen = { jobs: 0, deferrableJobs: 0, urgentJobs: 0 };
  for await (const page of heldPieces(world, order))
    for (const { job, pieces } of page) {
      let [touched, mayWait] = [false, false];
      for (const piece of pieces) {
        if (!regions.has(piece.region)) continue;
        const [begin, end] = [toEpoch(piece.start), toEpoch(piece.end)];
        const kw = (piece.energyKwh * 3600) / (end - begin);
        const first = Math.max(0, Math.floor((begin - from) / step));
        for (let t = first; t < starts.length && from + t * step < end; t++) {
          touched = true;
          load[t]! += kw;
          if (!mayBeAway(job, pieces, from + t * step, { step, now, mayPause: world.fleet.cannotPause === undefined }))
            continue;
          mayWait = true;
          away[t]! += kw;
        }
      }
      if (touched) seen.jobs++;
      if (mayWait) seen.deferrableJobs++;
      if (touched && job.category === 'urgent') seen.urgentJobs++;
    }
  const offers = ((await world.store.collection(PLAN_OFFERS).get(order.planId))?.value ?? []).filter(({ region }) =>
    regions.has(region),
  );
  const slots = starts.map((start, t) => slotOf(fromEpoch(start), offers, away[t]!));
  return { slots, ...seen, peakKw: load.reduce((most, kw) => Math.max(most, kw), 0) };
};

/** One slot: what is offered of all sites together, and for how long each of these offers lasts. */
const slotOf = (start: FlexibilitySlot['start'], offers: readonly PlannedOffer[], away: number): FlexibilitySlot => {
  const there = offers.flatMap((offer) =>
    offer.slots.flatMap((slot) => (slot.start === start ? [{ ...slot, ends: offer.end }] : [])),
  );
  const firmKw = there.reduce((sum, { kw }) => sum + kw, 0);
  const left = there.map(({ ends }) => (toEpoch(ends) - toEpoch(start)) / 60);
  return {
    start,
    firmKw,
    bestEffortKw: Math.max(firmKw, away),
    maxDurationMinutes: left.length === 0 ? 0 : Math.min(...left),
  };
};

/** Whether the job could stay away through the slot that begins at `at` and end in time: by waiting, or by resting where it runs by then. */
const mayBeAway = (
  job: Job,
  pieces: readonly Placement[],
  at: number,
  { step, now, mayPause }: { step: number; now: number; mayPause: boolean },
): boolean => {
  if (job.category === 'urgent' || job.slurm?.stays || at < now) return false;
  const begins = Math.min(...pieces.map(({ start }) => toEpoch(start)));
  const ends = Math.max(...pieces.map(({ end }) => toEpoch(end)));
  const latest = latestPlannedEnd(job);
  const slack = latest === null ? Number.POSITIVE_INFINITY : toEpoch(latest) - ends;
  const hasBegun = begins < at;
  if (hasBegun) return job.interruptible && mayPause && slack >= step;
  return slack >= at + step - begins;
};
