/** An event without an end is promised until the end of what is planned. Where a later plan reaches further, so does the promise, until it is taken back. */
import { DECISIONS } from '../domain/decision.js';
import { shortId } from '../domain/digest.js';
import { type FlexibilityEvent, statusAt } from '../domain/flexibility/event.js';
import { PLANS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import { allEvents, type Desk, eventOf, record } from './event-books.js';
import { commitmentOver, firstAbove, plannedUnder, targetOf } from './event-plan.js';
import { ordersFrom } from './fleet-load.js';
import { orderOf, siteOf } from './respond.js';
import { inTurn } from './turn.js';

/** Events that were prolonged, as they stand; one that could not be says why in its reason. */
export const prolongOpen = async (desk: Desk): Promise<FlexibilityEvent[]> => {
  const now = desk.world.clock.now();
  const changed: FlexibilityEvent[] = [];
  for (const { id, asked, status } of await allEvents(desk.world)) {
    if (asked.end !== null || status !== 'confirmed') continue;
    const after = await inTurn(desk.world, 'sale', async () => {
      const event = await eventOf(desk.world, id);
      // One whose end came unnoticed is not begun anew: what was drawn meanwhile nobody held.
      return event.status === 'confirmed' && statusAt(event, now) !== 'over' ? prolonged(desk, event) : null;
    });
    if (after !== null) changed.push(after);
  }
  return changed;
};

/** Null: no plan reaches further, or what was found is known already. */
const prolonged = async (desk: Desk, event: FlexibilityEvent): Promise<FlexibilityEvent | null> => {
  const { world } = desk;
  const promise = event.commitment!;
  const orders = await ordersFrom(world, promise.end);
  const base = orders[0] && (await world.store.collection(PLANS).get(orders[0].planId))?.value;
  if (base === undefined || base.window.end <= promise.end) return null;
  const site = await siteOf(world, event.asked.site);
  const wanted = await targetOf(world, { ...event.asked, start: promise.end }, { site, base, orders, replaced: [] });
  // Where nothing is planned there is nothing to keep: the next plan is looked at again.
  if (typeof wanted === 'string') return null;
  const made = await plannedUnder(desk, event, wanted);
  const kept = (why: string) => notFurther(desk, event, `it is promised until ${promise.end} and no further: ${why}`);
  if (made.plan === null) return kept(made.why);
  let [planId, decisionId] = [base.id, orders[0]!.decisionId ?? promise.decisionId];
  if (made.moved > 0) {
    const runId = shortId('R', { eventId: event.id, planId: made.plan.id });
    const before = (await world.store.collection(RUNS).get(runId))?.value;
    const begun =
      before === undefined
        ? await desk.orchestrator.launch({ runId, eventId: event.id, ...orderOf(made.plan) }, desk.by)
        : before;
    const run =
      begun.sameAs !== undefined || (before !== undefined && before.status !== 'placed' && before.status !== 'done')
        ? await desk.orchestrator.resume(begun.sameAs ?? begun.id, desk.by)
        : begun;
    if (run.status === 'waiting') return kept(`${run.approvalId} waits for a person: caco approve ${run.approvalId}`);
    if (run.status !== 'placed' && run.status !== 'done')
      return kept(run.error ?? `its run ${run.id} is ${run.status}`);
    const decision =
      run.decisionId === null ? undefined : (await world.store.collection(DECISIONS).get(run.decisionId))?.value;
    if (decision?.status === 'partly-approved') return kept(`approved only in part: ${decision.reasons.join('; ')}`);
    [planId, decisionId] = [made.plan.id, run.decisionId];
  }
  const above = await firstAbove(world, await ordersFrom(world, promise.end), { ...wanted, slots: made.slots });
  if (above !== null) return kept(`work placed meanwhile draws more at ${above.start}`);
  const { region, can } = promise;
  const further = commitmentOver({ region, planId, decisionId }, [...promise.slots, ...made.slots]);
  return record(desk, {
    ...event,
    reason: `its end is open: it is promised until ${further.end}, where the plan ends`,
    commitment: { ...further, ...(can === undefined ? {} : { can }), ...(promise.short && { short: promise.short }) },
  });
};

const notFurther = async (desk: Desk, event: FlexibilityEvent, reason: string): Promise<FlexibilityEvent | null> =>
  event.reason === reason ? null : record(desk, { ...event, reason });
