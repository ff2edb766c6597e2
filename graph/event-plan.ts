/** What an event comes to at the meter, slot by slot, and the plan under which it is kept. */
import { powerText } from '../domain/figures.js';
import { type Commitment, type EventAsked, type FlexibilityEvent, targetKwOf } from '../domain/flexibility/event.js';
import type { Order, Plan } from '../domain/plan.js';
import type { Site } from '../domain/site.js';
import { fromEpoch, type Instant, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { replan } from '../tools/optimizer/optimizer.js';
import { callTool } from '../tools/tool.js';
import { callOf, type Desk } from './event-books.js';
import { announcedKw } from './fleet-load.js';

type Slots = Commitment['slots'];

const MOST_SLOTS = 200;
/** How often less is tried where the whole cannot be had and what can be given is welcome. */
const TRIES = 5;

/** The commitment over these slots, at least one. */
export const commitmentOver = (
  of: Pick<Commitment, 'region' | 'planId' | 'decisionId' | 'short'>,
  slots: Slots,
): Commitment => {
  const baselines = slots.flatMap(({ baselineKw }) => (baselineKw === null ? [] : [baselineKw]));
  return {
    ...{ region: of.region, start: slots[0]!.start, end: slots.at(-1)!.end, slots },
    baselineKw: baselines.length === 0 ? null : baselines.reduce((sum, kw) => sum + kw, 0) / baselines.length,
    targetKw: Math.min(...slots.map(({ targetKw }) => targetKw)),
    ...{ planId: of.planId, decisionId: of.decisionId },
    ...(of.short === undefined ? {} : { short: of.short }),
  };
};

/**
 * Baseline and target of each slot, or in words why there is none. What stays away already for events that this one takes the place of is
 * no part of the baseline: a share of it would be cut twice.
 */
export const targetOf = async (
  world: World,
  asked: EventAsked,
  found: {
    readonly site: Site;
    readonly base: Plan;
    readonly orders: readonly Order[];
    readonly replaced: readonly FlexibilityEvent[];
  },
): Promise<Commitment | string> => {
  const { site, base, orders, replaced } = found;
  const step = world.method.slotMinutes * 60;
  const now = toEpoch(world.clock.now());
  // A slot that has begun cannot be changed; one that the event touches is kept whole.
  const from = Math.max(Math.floor(toEpoch(asked.start) / step), Math.ceil(now / step)) * step;
  const last = asked.end === null ? toEpoch(base.window.end) : Math.min(toEpoch(asked.end), toEpoch(base.finishesAt));
  const starts: number[] = [];
  for (let at = from; at < last; at += step) starts.push(at);
  if (starts.length === 0)
    return `nothing of it lies within what can be planned, from ${fromEpoch(from)} to ${fromEpoch(Math.max(from, last))}`;
  if (starts.length > MOST_SLOTS)
    return `it is longer than ${MOST_SLOTS} slots, which is more than can be promised at once`;
  const kw = await announcedKw(world, orders, site.region, { starts, step });
  const known = new Map(
    replaced.flatMap(({ commitment }) => commitment!.slots.map(({ start, baselineKw }) => [start, baselineKw])),
  );
  const needsBaseline = asked.target.as !== 'limit';
  const slots = starts.map((at, i) => {
    const baselineKw = known.get(fromEpoch(at)) ?? kw[i]!;
    const targetKw = targetKwOf(asked.target, baselineKw)!;
    return {
      ...{ start: fromEpoch(at), end: fromEpoch(at + step) },
      ...{ baselineKw: needsBaseline ? baselineKw : null, targetKw },
    };
  });
  if (needsBaseline && slots.every(({ baselineKw }) => baselineKw === 0))
    return `nothing is planned at ${site.id} then, so nothing could stay away`;
  return commitmentOver({ region: site.region, planId: base.id, decisionId: null }, slots);
};

export interface Made {
  /** null: there is none */
  readonly plan: Plan | null;
  readonly moved: number;
  readonly slots: Slots;
  /** Why there is none, or why it is less than was asked for; empty: it is the whole. */
  readonly why: string;
}

/**
 * The plan under which the slots of the commitment are kept, made from `base`; for an event that takes what can be given with as much less
 * as the first proof says, and then again. Made once, whoever goes on after a crash: base and slots name it.
 */
export const plannedUnder = async (
  { world, by }: Pick<Desk, 'world' | 'by'>,
  event: FlexibilityEvent,
  { region, planId: fromPlanId, slots: wanted }: Commitment,
): Promise<Made> => {
  let slots = wanted;
  let short = 0;
  let why = '';
  for (let n = 1; n <= (event.asked.bestEffort ? TRIES : 1); n++) {
    const key = `${event.id}/replan/${fromPlanId}/${slots[0]!.start}/${n}`;
    const failed = (await world.store.deeds.get(key))?.state === 'failed';
    const events = slots.map(({ start, end, targetKw }) => ({
      ...{ id: event.id, region, from: start, to: end },
      maxPowerKw: targetKw,
    }));
    const { plan, moved, conflict } = await callTool(replan, { fromPlanId, events }, world, {
      ...callOf(by, event.id),
      ...(failed ? {} : { idempotencyKey: key }),
    });
    if (plan !== null)
      return { plan, moved, slots, why: short === 0 ? '' : `${powerText(short)} less than asked for: ${why}` };
    why = conflict?.sentence.replace(/\.$/, '') ?? 'no plan that keeps it was found within the work limit';
    const more = conflict?.smallestRelaxation;
    if (more == null || (more.limit !== 'event' && more.limit !== 'power')) break;
    short += more.amount;
    slots = slots.map((slot) => ({ ...slot, targetKw: slot.targetKw + more.amount }));
  }
  return { plan: null, moved: 0, slots, why };
};

/** The first of these slots in which the fleet was told to draw more than the target; null: it is kept. */
export const firstAbove = async (
  world: World,
  orders: readonly Order[],
  { region, slots }: Pick<Commitment, 'region' | 'slots'>,
): Promise<{ start: Instant; kw: number } | null> => {
  const step = world.method.slotMinutes * 60;
  const kw = await announcedKw(world, orders, region, { starts: slots.map(({ start }) => toEpoch(start)), step });
  const i = slots.findIndex(({ targetKw }, slot) => kw[slot]! > targetKw * (1 + 1e-6) + 0.05);
  return i < 0 ? null : { start: slots[i]!.start, kw: kw[i]! };
};
