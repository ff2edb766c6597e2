/**
 * An event from its arrival to a promise or a clear no. Each step is written down before the next is taken, so that whoever goes on
 * after a crash does none twice: it is received; the plan in force and the target of each slot are found; a plan under that target is
 * made, which a run of the event’s own puts before judgement and hands over; and what was promised becomes a limit that later plans keep.
 */
import { DECISIONS, type Decision } from '../domain/decision.js';
import { digest, shortId } from '../domain/digest.js';
import { Fault, invalid, notFound } from '../domain/fault.js';
import { powerText } from '../domain/figures.js';
import { declinedAtOnce, metBy, replacedBy } from '../domain/flexibility/clash.js';
import { EVENTS, EventAsked, eventIdOf, type FlexibilityEvent, statusAt } from '../domain/flexibility/event.js';
import { ORDERS, PLANS, type Plan } from '../domain/plan.js';
import { RUNS, type Run } from '../domain/run.js';
import { periodsIn } from '../domain/settlement/delivered.js';
import type { Site } from '../domain/site.js';
import { type Instant, secondsBetween, settlementPeriodsIn } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { allEvents, type Desk, eventOf, record } from './event-books.js';
import { commitmentOver, firstAbove, plannedUnder, targetOf } from './event-plan.js';
import { ordersFrom } from './fleet-load.js';
import { inTurn } from './turn.js';

/** How often it is planned again in one call where others had placed work meanwhile. */
const MOST_ROUNDS = 3;

/** What came from outside, checked. Fault `invalid-input` names what is wrong with it. */
export const askedOf = (given: unknown): EventAsked => {
  const parsed = EventAsked.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.') || '(event)', message }));
  throw invalid(
    problems.map(({ field, message }) => `${field}: ${message}`).join('; '),
    'Mend the named members; docs/flexibility-events.md has an example.',
    problems,
  );
};

/**
 * Receives an event and answers how it stands: confirmed, declined, or `received` while a person is asked. The same event again is
 * answered as it stands, and goes on where it was left. Fault `invalid-input` for one that says nothing that can be asked, `not-found`
 * for a place that is not known, `conflict` where its source used the name for something else.
 */
export const respond = async (desk: Desk, asked: EventAsked): Promise<FlexibilityEvent> => {
  const { world } = desk;
  if (asked.end !== null && asked.end <= asked.start)
    throw invalid(`event ${asked.ref} ends (${asked.end}) before it begins (${asked.start})`, 'Give a later end.');
  const site = await siteOf(world, asked.site);
  const id = eventIdOf(asked);
  // A sale and an event, or two events, would each plan without the other's moves.
  return inTurn(world, 'sale', async () => {
    const known = (await world.store.collection(EVENTS).get(id))?.value;
    if (known !== undefined && digest(known.asked) !== digest(asked))
      throw new Fault(
        'conflict',
        `${asked.source} has sent ${asked.ref} before, and asked for something else under that name`,
        'Send it under a new name: of one source the newest target takes the place of the older one.',
        { details: { event: known } },
      );
    return answered(desk, known ?? (await record(desk, firstOf(id, asked, world.clock.now()))), site);
  });
};

const firstOf = (id: string, asked: EventAsked, received: Instant): FlexibilityEvent => ({
  ...{ id, asked, status: 'received' as const, reason: null, runId: null, commitment: null },
  stamps: { received, decided: null, issued: null, acknowledged: null, itBelow: null, facilityBelow: null },
});

/** Events that are not decided: a crash cut them short, or a person is asked. */
export const openEvents = async (world: Pick<World, 'store'>): Promise<FlexibilityEvent[]> =>
  (await allEvents(world)).filter(({ status }) => status === 'received');

/**
 * Takes an event back, as its source does: its limit holds no later plan, and whoever was asked about it is asked no more. What was
 * placed for it stays until it is planned again. Fault `conflict` for one that is over or was never promised.
 */
export const cancelEvent = (desk: Desk, id: string, why: string): Promise<FlexibilityEvent> =>
  inTurn(desk.world, 'sale', async () => {
    const event = await eventOf(desk.world, id);
    const status = statusAt(event, desk.world.clock.now());
    if (status === 'cancelled') return event;
    if (event.orderId !== undefined)
      throw new Fault(
        'conflict',
        `event ${id} was sold on the market as order ${event.orderId}`,
        'Cancel the order there: the event goes with it.',
      );
    if (status !== 'received' && status !== 'confirmed')
      throw new Fault('conflict', `event ${id} is ${status}: there is nothing to cancel`, 'See it: caco event list.');
    await withdrawn(desk, event);
    return record(desk, { ...event, status: 'cancelled', reason: why === '' ? 'taken back by its source' : why });
  });

export const siteOf = async (world: World, name: string): Promise<Site> => {
  const sites = await world.fleet.sites();
  const found = sites.find((site) => site.id === name || site.region === name || site.clusterId === name);
  if (found === undefined)
    throw notFound(`there is no site or region ${name}`, `Known: ${sites.map(({ id }) => id).join(', ')}.`);
  return found;
};

/** From wherever it stands to its end, or to the question that it waits for. */
const answered = async (desk: Desk, received: FlexibilityEvent, site: Site): Promise<FlexibilityEvent> => {
  let event = received;
  for (let round = 1; event.status === 'received'; round++) {
    if (event.runId === null) event = await planned(desk, event, site);
    if (event.status === 'received') event = await carried(desk, event, round < MOST_ROUNDS);
    if (event.runId !== null) break;
  }
  return event;
};

const decline = ({ world, ...desk }: Desk, event: FlexibilityEvent, reason: string): Promise<FlexibilityEvent> =>
  record(
    { world, ...desk },
    {
      ...{ ...event, status: 'declined', reason, commitment: null },
      stamps: { ...event.stamps, decided: world.clock.now() },
    },
  );

/** Promised or waiting for it: events of the place that meet this one. */
const meeting = async ({ world }: Desk, { id, asked }: FlexibilityEvent, region: string) =>
  metBy(
    asked,
    region,
    (await allEvents(world)).filter((other) => other.id !== id),
    world.clock.now(),
  );

/**
 * To the plan that a run is to hand over, or to an answer that needs none. The plan in force and the slots are written down before
 * anything is planned from them: what is placed for the event later is never taken for what it was planned from.
 */
const planned = async (desk: Desk, event: FlexibilityEvent, site: Site): Promise<FlexibilityEvent> => {
  const { world } = desk;
  const { asked, stamps } = event;
  const now = world.clock.now();
  const met = await meeting(desk, event, site.region);
  const atOnce = declinedAtOnce(asked, { received: stamps.received, now, met });
  if (atOnce !== null) return decline(desk, event, atOnce);
  const orders = await ordersFrom(world, asked.start > now ? asked.start : now);
  const base = orders[0] && (await world.store.collection(PLANS).get(orders[0].planId))?.value;
  if (base === undefined)
    return decline(desk, event, 'no plan is in force then, so there is nothing that could stay away');
  const left = event.commitment?.slots.filter(({ start }) => start >= now);
  if (left?.length === 0) return decline(desk, event, 'nothing of it is left that could still be planned');
  const replaced = replacedBy(asked, met);
  const wanted =
    left === undefined
      ? await targetOf(world, asked, { site, base, orders, replaced })
      : commitmentOver({ ...event.commitment!, planId: base.id }, left);
  if (typeof wanted === 'string') return decline(desk, event, wanted);
  let begun: FlexibilityEvent = event;
  try {
    if (digest(event.commitment) !== digest(wanted)) begun = await record(desk, { ...event, commitment: wanted });
  } catch (error) {
    if (error instanceof Fault && error.code === 'conflict') return decline(desk, event, error.message);
    throw error;
  }
  const made = await plannedUnder(desk, begun, wanted);
  if (made.plan === null) return decline(desk, begun, made.why);
  const { region } = wanted;
  const short = made.why === '' ? {} : { short: made.why };
  if (made.moved === 0)
    return confirm(desk, {
      ...begun,
      commitment: commitmentOver({ region, planId: base.id, decisionId: null, ...short }, made.slots),
    });
  return record(desk, {
    ...{ ...begun, runId: shortId('R', { eventId: event.id, planId: made.plan.id }) },
    commitment: commitmentOver({ region, planId: made.plan.id, decisionId: null, ...short }, made.slots),
  });
};

/**
 * From a plan to a promise: judged and handed over as any plan is, by a run whose name is written down, so that it is begun once. What
 * the fleet was told then is read again: where others placed work meanwhile, it is planned again from there, to the same target.
 */
const carried = async (desk: Desk, event: FlexibilityEvent, mayPlanAgain: boolean): Promise<FlexibilityEvent> => {
  const { world } = desk;
  const { runId, commitment, asked } = event;
  const now = world.clock.now();
  const before = (await world.store.collection(RUNS).get(runId!))?.value;
  if (before?.status === 'waiting' && commitment!.end <= now) {
    await withdrawn(desk, event);
    return decline(desk, event, `nobody had answered by ${commitment!.end}, when it was over`);
  }
  const run = await handedOver(desk, event);
  if (run.status === 'waiting') {
    const reason = `${run.approvalId} waits for a person: caco approve ${run.approvalId}`;
    return record(desk, { ...event, reason });
  }
  const decision = await decisionOf(world, run);
  if (run.status !== 'placed' && run.status !== 'done') return decline(desk, event, refusalOf(run, decision));
  if (decision?.status === 'partly-approved')
    return decline(desk, event, `approved only in part, which does not keep it: ${decision.reasons.join('; ')}`);
  // Of a slot that had begun when leave was given nothing was kept.
  const since = decision?.at ?? now;
  const slots = commitment!.slots.filter(({ start }) => start >= since);
  if (slots.length === 0) return decline(desk, event, `leave was given at ${since}, when all of it had begun`);
  const orders = await ordersFrom(world, asked.start > now ? asked.start : now);
  const above = await firstAbove(world, orders, { ...commitment!, slots: slots.filter(({ start }) => start >= now) });
  if (above !== null && mayPlanAgain) return record(desk, { ...event, runId: null, reason: null });
  if (above !== null)
    return decline(
      desk,
      event,
      `work placed meanwhile draws ${powerText(above.kw)} at ${above.start}, which is above it`,
    );
  const isOurs = before?.status !== 'placed' && before?.status !== 'done';
  return confirm(
    desk,
    { ...event, commitment: commitmentOver({ ...commitment!, decisionId: run.decisionId }, slots) },
    { decided: since, handedOver: isOurs ? world.clock.now() : null },
  );
};

/** `handedOver`: when the fleet took its orders; null: that was before, and nobody wrote down when. */
const confirm = async (
  desk: Desk,
  event: FlexibilityEvent,
  { decided, handedOver: at }: { decided: Instant; handedOver: Instant | null } = {
    decided: desk.world.clock.now(),
    handedOver: null,
  },
): Promise<FlexibilityEvent> => {
  const { region } = event.commitment!;
  const can = [...((await desk.world.fleet.responding?.(region))?.can ?? [])];
  const promised = { ...event, commitment: { ...event.commitment!, can } };
  const said = saidOf(promised);
  const old = replacedBy(event.asked, await meeting(desk, event, region));
  for (const one of old) await withdrawn(desk, one);
  return record(
    desk,
    {
      ...{ ...promised, status: 'confirmed', reason: said.length === 0 ? null : said.join('; ') },
      // Nobody has read a meter yet.
      stamps: { ...event.stamps, decided, issued: at, acknowledged: at },
    },
    ...old.map((one) => ({
      ...{ ...one, status: 'replaced' as const },
      reason: `${event.id} of the same source took its place`,
    })),
  );
};

/** What a person should hear beside the yes. */
const saidOf = ({ asked: { start, end, price }, commitment, stamps }: FlexibilityEvent): string[] => {
  const promised = commitment!;
  const late = stamps.received > start ? 'it had begun when it came' : 'a part of it was over when it was answered';
  const days = new Set(periodsIn(promised).map(({ date }) => date));
  const changes = [...days].filter((date) => settlementPeriodsIn(date) !== 48);
  return [
    ...(promised.short === undefined ? [] : [promised.short]),
    ...(promised.start > start ? [`${late}: it is kept from ${promised.start} on`] : []),
    ...(end === null ? [`its end is open: it is promised until ${promised.end}, where the plan ends`] : []),
    ...(end !== null && promised.end < end ? [`the plan ends at ${promised.end}: it is promised until then`] : []),
    ...(promised.can?.length === 0
      ? ['this fleet can do nothing to what runs within seconds: the plan alone keeps it']
      : []),
    ...(price === null || changes.length === 0
      ? []
      : [`clocks change on ${changes.join(' and ')}: the rules of settlement have no baseline for such a day`]),
  ];
};

/** The run of the event, or the one that waits for the answer to the same question. */
const handedOver = async ({ world, orchestrator, by }: Desk, { id, runId, commitment }: FlexibilityEvent) => {
  const plan = (await world.store.collection(PLANS).get(commitment!.planId))?.value;
  if (plan === undefined)
    throw notFound(`there is no plan ${commitment!.planId}`, 'Cancel the event and send it anew.');
  const run = await orchestrator.launch({ runId: runId!, eventId: id, ...orderOf(plan) }, by);
  return run.sameAs === undefined ? run : orchestrator.resume(run.sameAs, by);
};

export const orderOf = (plan: Plan) => ({
  ...{ carries: plan.id, approval: 'auto' as const, rests: true as const, from: plan.window.start },
  horizonHours: secondsBetween(plan.window.start, plan.window.end) / 3600,
});

/** Whoever was asked about it is asked no more; what a crash cut short is not taken up. */
const withdrawn = async ({ world, orchestrator, by }: Desk, { status, runId, commitment }: FlexibilityEvent) => {
  if (status !== 'received' || runId === null) return;
  const run = (await world.store.collection(RUNS).get(runId))?.value;
  const placed = (await world.store.collection(ORDERS).get(commitment!.planId)) !== undefined;
  if (!placed && (run?.status === 'waiting' || run?.status === 'running')) await orchestrator.withdraw(runId, by);
};

const decisionOf = async ({ store }: World, { decisionId }: Run): Promise<Decision | undefined> =>
  decisionId === null ? undefined : (await store.collection(DECISIONS).get(decisionId))?.value;

const refusalOf = (run: Run, decision: Decision | undefined): string =>
  decision === undefined
    ? (run.error ?? run.story ?? `its run ${run.id} is ${run.status}`)
    : `refused by ${decision.by.join(', ')}: ${decision.reasons.join('; ')}`;
