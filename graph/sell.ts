/**
 * What selling flexibility needs of several rooms: a plan that keeps what was sold, leave for it by a standing rule or a person,
 * and the fleet's being told. Each step has a key made of the order, so that whoever goes on after a crash does none twice.
 */
import type { z } from 'zod';
import { APPROVALS, type Approval, type Decision } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import { powerText } from '../domain/figures.js';
import { SALE_PLANS, SOLD_ORDERS, type SoldOrder } from '../domain/market.js';
import { SOLD_FLEXIBILITY } from '../domain/offer.js';
import { PLANS, type Plan } from '../domain/plan.js';
import { PLAN_LOADS } from '../domain/plan-sums.js';
import { floorTo, secondsBetween } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { limited, type Planner, planToSellFrom, type SaleOutcome } from '../tools/beckn/beckn.js';
import { replan } from '../tools/optimizer/optimizer.js';
import { type Call, callTool } from '../tools/tool.js';
import { openQuestion } from './ask.js';
import { carryOut } from './carry-out.js';
import { decide } from './decide.js';
import { makePlan } from './plan.js';
import { inTurn } from './turn.js';

/** A plan older than that is made anew before it is sold from. */
const FRESH_S = 3600;
const HORIZON_HOURS = 24;

const CALL: Call = {
  actor: { id: 'node:coordination', via: 'graph' },
  cause: null,
  signal: new AbortController().signal,
  progress: () => {},
};

export const plannerOf = (world: World): Planner => {
  let making: Promise<void> | undefined;
  const freshen = async () => {
    const plan = await planToSellFrom(world.store, world.clock.now());
    if (plan !== null && secondsBetween(plan.madeAt, world.clock.now()) < FRESH_S) return;
    making ??= (async () => {
      try {
        await callTool(makePlan, { horizonHours: HORIZON_HOURS }, world, CALL);
      } catch (error) {
        // Without anything to plan there is nothing to sell: an empty catalogue says so.
        if (!(error instanceof Fault)) throw error;
      }
    })().finally(() => {
      making = undefined;
    });
    // An older plan is sold from while the next one is made.
    if (plan === null) await making;
  };
  // Two sales at once, in whatever process, would each plan without the other's moves.
  return { freshen, deliver: (order, standingKw) => inTurn(world, 'sale', () => deliver(world, order, standingKw)) };
};

const deliver = async (world: World, order: SoldOrder, standingKw: number): Promise<SaleOutcome> => {
  const call: Call = { ...CALL, cause: order.transactionId };
  const { deliveredBy, decisionId } = (await world.store.collection(SOLD_ORDERS).get(order.id))?.value ?? order;
  // It was settled before a crash: then that plan it is, whatever was sold since.
  if (deliveredBy !== null && decisionId !== null) return handOver(world, call, deliveredBy, decisionId);
  const sale = { orderId: order.id, powerKw: order.powerKw, standingKw };
  const asked =
    order.approvalId === null ? undefined : (await world.store.collection(APPROVALS).get(order.approvalId))?.value;
  if (asked !== undefined) {
    // The question stays what it is until it is answered, whatever is planned meanwhile; a no holds for whatever is planned.
    const answer = await decide(world, call, { planId: asked.planId, runId: null, approvalId: asked.id, sale });
    if (answer === null) return { is: 'waiting', approvalId: asked.id };
    if (answer.status !== 'approved') return notKept(answer);
  }
  // From the plan in force: where another order was sold since a person was asked, this is another plan, and asked about anew.
  const plan = await planUnder(world, call, order);
  if ('is' in plan) return plan;
  const subject = { planId: plan.id, runId: null, approvalId: order.approvalId, sale };
  const decision = await decide(world, call, subject);
  if (decision === null) {
    const approval = await openQuestion(world, call, { planId: plan.id, run: null, reasons: whyAsked(order, asked) });
    return { is: 'waiting', approvalId: approval.id };
  }
  if (decision.status !== 'approved') return notKept(decision);
  await settle(world, order.id, plan.id, decision.id);
  return handOver(world, call, plan.id, decision.id);
};

const whyAsked = (order: SoldOrder, before: Approval | undefined): string[] => {
  const { start, end } = order.order.item!.window;
  return [
    `${order.bapId} buys ${powerText(order.powerKw)} less from ${start} to ${end} for ${order.order.quote?.total} ${order.order.item!.currency} (order ${order.id})`,
    ...(before === undefined
      ? []
      : [`${before.id} was answered yes, and the plan in force is another one since: what would be done has changed`]),
  ];
};

/** An order needs all the moves of its plan. */
const notKept = ({ status, by, reasons }: Decision): SaleOutcome => ({
  is: 'refused',
  code: '50000',
  why: `${status === 'refused' ? 'refused' : 'approved only in part, which does not keep the order,'} by ${by.join(', ')}: ${reasons.join('; ')}`,
});

/** From here on the plan is the one in force: the next sale is planned from it. */
const settle = (world: World, orderId: string, planId: string, decisionId: string): Promise<void> =>
  world.store.transaction(async (tx) => {
    const order = (await tx.collection(SOLD_ORDERS).get(orderId))?.value;
    if (order !== undefined)
      await tx.collection(SOLD_ORDERS).put(orderId, { ...order, deliveredBy: planId, decisionId });
    await tx.collection(SALE_PLANS).put(planId, { orderId, kept: true });
  });

const handOver = async (world: World, call: Call, planId: string, decisionId: string): Promise<SaleOutcome> => {
  await carryOut(world, { ...call, cause: decisionId }, planId, decisionId);
  return { is: 'planned', planId, decisionId };
};

type Replanned = z.output<typeof replan.output>;

/** The solver keeps a limit at every moment, a meter tells the mean of a slot: where these differ the limit is lowered, so often. */
const TRIES = 4;

/** The plan under which the order is kept, checked slot by slot; or why there is none. */
const planUnder = async (
  world: World,
  call: Call,
  order: SoldOrder,
): Promise<Plan | Extract<SaleOutcome, { is: 'refused' }>> => {
  const { store, clock } = world;
  const caps = new Map<string, number>();
  const base = (await planToSellFrom(store, clock.now())) ?? (await planOf(world, order.planId))!;
  const keyOf = (n: number) => `${order.id}/replan/${base.id}/${n}`;
  // Limits that were lowered for a plan from another base say nothing about this one.
  if ((await store.deeds.get(keyOf(1))) === undefined) await store.transaction((tx) => limited(tx, order));
  let why = '';
  for (let n = 1; n <= TRIES; n++) {
    const { plan, conflict } = await planOnce(world, call, { orderId: order.id, fromPlanId: base.id }, keyOf(n));
    if (plan === null) {
      if (n === 1) why = `no plan keeps it: ${conflict?.sentence ?? 'none was found within the work limit'}`;
      break;
    }
    const above = await slotsAbove(world, plan, order);
    if (above.length === 0) return plan;
    const worst = above.reduce((a, b) => (b.overKw > a.overKw ? b : a));
    why = `at ${worst.start} ${powerText(worst.overKw)} more are needed than the order would leave, whatever is moved`;
    if (n < TRIES) await lowerCaps(world, order, caps, above);
  }
  return { is: 'refused', code: '40000', why };
};

/** Sold from no earlier than the order is placed. Done once under its key, also by whoever goes on after a crash. */
const planOnce = async (
  world: World,
  call: Call,
  { orderId, fromPlanId }: { orderId: string; fromPlanId: string },
  key: string,
): Promise<Replanned> => {
  const known = await world.store.deeds.get(key);
  const made =
    known?.state === 'done'
      ? (known.output as Replanned)
      : await callTool(replan, { fromPlanId }, world, {
          ...call,
          ...(known === undefined ? { idempotencyKey: key } : {}),
        });
  if (made.plan !== null) await markSale(world, made.plan.id, orderId);
  return made;
};

const markSale = async ({ store }: World, planId: string, orderId: string): Promise<void> => {
  const sales = store.collection(SALE_PLANS);
  if ((await sales.get(planId)) === undefined) await sales.insert(planId, { orderId, kept: false });
};

const planOf = async (world: World, id: string) => (await world.store.collection(PLANS).get(id))?.value ?? null;

interface Above {
  readonly i: number;
  readonly start: string;
  readonly overKw: number;
}

/** Slots in which the plan draws more than the order leaves; urgent and announced work alone may do so. */
const slotsAbove = async (world: World, plan: Plan, order: SoldOrder): Promise<Above[]> => {
  const loads = world.store.collection(PLAN_LOADS);
  const now = (await loads.get(plan.id))!.value;
  const before = (await loads.get(order.planId))?.value;
  const at = (of: typeof now, start: Plan['window']['start'], slot: string) => {
    const i = secondsBetween(floorTo(start, of.slotMinutes), slot as typeof start) / 60 / of.slotMinutes;
    return of.regions.find(({ region }) => region === order.region)?.after[i] ?? 0;
  };
  const base = await planOf(world, order.planId);
  return order.capsKw.flatMap(({ start, baselineKw, spokenKw }, i) => {
    const others =
      before === undefined || base === null ? 0 : Math.max(0, baselineKw - at(before, base.window.start, start));
    const left = baselineKw - spokenKw - order.powerKw;
    const overKw = at(now, plan.window.start, start) + others - left;
    return overKw > left * 1e-6 + 0.05 ? [{ i, start, overKw }] : [];
  });
};

const lowerCaps = async (
  { store }: World,
  order: SoldOrder,
  caps: Map<string, number>,
  above: readonly Above[],
): Promise<void> => {
  const sold = store.collection(SOLD_FLEXIBILITY);
  for (const { i, overKw } of above) {
    const id = `${order.id}/${i}`;
    const cap = Math.max(0, (caps.get(id) ?? order.capsKw[i]!.maxKw) - overKw - 0.1);
    caps.set(id, cap);
    const { start, end } = order.capsKw[i]!;
    const { region, clusterId } = order;
    await sold.put(id, { id, region, clusterId, start, end, maxKw: cap });
  }
};
