/**
 * What selling flexibility needs of several rooms: a plan that keeps what was sold, leave for it by a standing rule or a person,
 * and the fleet's being told. Each step has a key made of the order, so that whoever goes on after a crash does none twice.
 */
import type { z } from 'zod';
import { APPROVALS } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import type { SoldOrder } from '../domain/market.js';
import { PLANS, type Plan } from '../domain/plan.js';
import { PLAN_LOADS } from '../domain/plan-sums.js';
import { floorTo, secondsBetween } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { type Planner, planToSellFrom, type SaleOutcome } from '../tools/beckn/beckn.js';
import { replan } from '../tools/optimizer/optimizer.js';
import { type Call, callTool } from '../tools/tool.js';
import { openQuestion } from './ask.js';
import { carryOut } from './carry-out.js';
import { decide } from './decide.js';
import { makePlan } from './plan.js';

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
  return { freshen, deliver: (order, standingKw) => oneByOne(world, () => deliver(world, order, standingKw)) };
};

const queue = new WeakMap<World, Promise<unknown>>();
/** Two sales at once would each plan without the other's moves. */
const oneByOne = <T>(world: World, work: () => Promise<T>): Promise<T> => {
  const mine = (queue.get(world) ?? Promise.resolve()).then(work, work);
  queue.set(
    world,
    mine.catch(() => {}),
  );
  return mine;
};

const deliver = async (world: World, order: SoldOrder, standingKw: number): Promise<SaleOutcome> => {
  const call: Call = { ...CALL, cause: order.transactionId };
  const plan = await planUnder(world, call, order);
  if ('is' in plan) return plan;
  const sale = { orderId: order.id, powerKw: order.powerKw, standingKw };
  const subject = { planId: plan.id, runId: null, approvalId: order.approvalId, sale };
  const decision = await decide(world, call, subject);
  if (decision === null) {
    if (order.approvalId !== null && (await world.store.collection(APPROVALS).get(order.approvalId)) !== undefined)
      return { is: 'waiting', approvalId: order.approvalId };
    const { start, end } = order.order.item!.window;
    const reasons = [
      `${order.bapId} buys ${Math.round(order.powerKw)} kW less from ${start} to ${end} for ${order.order.quote?.total} ${order.order.item!.currency} (order ${order.id})`,
    ];
    const approval = await openQuestion(world, call, { planId: plan.id, run: null, reasons });
    return { is: 'waiting', approvalId: approval.id };
  }
  if (decision.status === 'refused')
    return {
      is: 'refused',
      code: '50000',
      why: `refused by ${decision.by.join(', ')}: ${decision.reasons.join('; ')}`,
    };
  await carryOut(world, { ...call, cause: decision.id }, plan.id, decision.id);
  return { is: 'planned', planId: plan.id, decisionId: decision.id };
};

type Replanned = z.output<typeof replan.output>;

/** The plan under which the order's limits hold, checked slot by slot; or why there is none. */
const planUnder = async (
  world: World,
  call: Call,
  order: SoldOrder,
): Promise<Plan | Extract<SaleOutcome, { is: 'refused' }>> => {
  const base = (await planToSellFrom(world.store, world.clock.now())) ?? (await planOf(world, order.planId));
  const key = `${order.id}/replan`;
  const known = await world.store.deeds.get(key);
  const from = known === undefined ? base!.id : ((known.output as Replanned | undefined)?.plan?.replaces ?? base!.id);
  const { plan, conflict } =
    known?.state === 'done'
      ? (known.output as Replanned)
      : await callTool(
          replan,
          { fromPlanId: from },
          world,
          known === undefined ? { ...call, idempotencyKey: key } : call,
        );
  if (plan === null)
    return {
      is: 'refused',
      code: '40000',
      why: `no plan keeps it: ${conflict?.sentence ?? 'none was found within the work limit'}`,
    };
  const broken = await firstBroken(world, plan, order);
  return broken === null ? plan : { is: 'refused', code: '40000', why: broken };
};

const planOf = async (world: World, id: string) => (await world.store.collection(PLANS).get(id))?.value ?? null;

/** Urgent and announced work alone may be above a limit: then the plan is made, and does not keep the promise. */
const firstBroken = async (world: World, plan: Plan, order: SoldOrder): Promise<string | null> => {
  const loads = world.store.collection(PLAN_LOADS);
  const now = (await loads.get(plan.id))!.value;
  const before = (await loads.get(order.planId))?.value;
  const at = (of: typeof now, start: Plan['window']['start'], slot: string) => {
    const i = secondsBetween(floorTo(start, of.slotMinutes), slot as typeof start) / 60 / of.slotMinutes;
    return of.regions.find(({ region }) => region === order.region)?.after[i] ?? 0;
  };
  const base = await planOf(world, order.planId);
  for (const { start, baselineKw, maxKw } of order.capsKw) {
    const others =
      before === undefined || base === null ? 0 : Math.max(0, baselineKw - at(before, base.window.start, start));
    const kw = at(now, plan.window.start, start) + others;
    if (kw > maxKw * (1 + 1e-6) + 0.05)
      return `${Math.round(kw)} kW are needed at ${start} whatever is moved, and ${Math.round(maxKw)} would be left`;
  }
  return null;
};
