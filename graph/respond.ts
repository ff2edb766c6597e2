/**
 * An event from its arrival to a promise or a clear no. Each step is written down under a key of the event's own, so that whoever goes
 * on after a crash does none twice: it is received; a plan is made again under its limit; that plan is judged, put before a person where
 * it must be, and handed over by a run like any other; and what was promised becomes a limit that later plans keep.
 */
import { z } from 'zod';
import { DECISIONS } from '../domain/decision.js';
import { digest, shortId } from '../domain/digest.js';
import { Fault, invalid, notFound } from '../domain/fault.js';
import { powerText } from '../domain/figures.js';
import { declinedAtOnce, metBy, replacedBy } from '../domain/flexibility/clash.js';
import {
  type Commitment,
  EVENTS,
  EventAsked,
  eventIdOf,
  FlexibilityEvent,
  statusAt,
  targetKwOf,
} from '../domain/flexibility/event.js';
import { SOLD_FLEXIBILITY } from '../domain/offer.js';
import { PLANS, type Plan } from '../domain/plan.js';
import type { Run } from '../domain/run.js';
import type { Site } from '../domain/site.js';
import type { Tx } from '../domain/store.js';
import { fromEpoch, type Instant, secondsBetween, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { replan } from '../tools/optimizer/optimizer.js';
import { type Call, callTool, defineTool } from '../tools/tool.js';
import { announcedKw, ordersFrom } from './fleet-load.js';
import type { By, Orchestrator } from './orchestrator.js';
import { signalOf } from './thread.js';
import { inTurn } from './turn.js';

/** Writes down how an event stands, and what later plans have to keep of it. Kept to this module. */
const recordEvent = defineTool({
  name: 'record_event',
  title: 'Record a flexibility event',
  description: 'Writes down an event and how it stands.',
  toolset: 'plan',
  effect: 'records',
  input: z.strictObject({ event: FlexibilityEvent }),
  output: z.strictObject({ event: FlexibilityEvent }),
  run: async ({ event }, _, call) => {
    call.commit(async (tx) => {
      const before = (await tx.collection(EVENTS).get(event.id))?.value;
      await tx.collection(EVENTS).put(event.id, event);
      for (const i of before?.commitment?.slots.keys() ?? [])
        await tx.collection(SOLD_FLEXIBILITY).delete(`${event.id}/${i}`);
      if (event.status === 'confirmed') await keepLimits(tx, event.id, event.commitment!);
    });
    return { event };
  },
  tell: ({ event }) => `${event.id}: ${event.status}.`,
});

const keepLimits = async (
  tx: Pick<Tx, 'collection'>,
  eventId: string,
  { region, slots }: Commitment,
): Promise<void> => {
  for (const [i, { start, end, targetKw }] of slots.entries()) {
    const id = `${eventId}/${i}`;
    await tx.collection(SOLD_FLEXIBILITY).put(id, { id, region, clusterId: null, start, end, maxKw: targetKw });
  }
};

const callOf = (by: By, cause: string): Call => ({
  actor: by.actor,
  cause,
  signal: signalOf(by),
  progress: () => {},
});

const record = async (world: World, by: By, event: FlexibilityEvent): Promise<FlexibilityEvent> =>
  (await callTool(recordEvent, { event }, world, callOf(by, event.id))).event;

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
export const respond = async (
  world: World,
  orchestrator: Orchestrator,
  asked: EventAsked,
  by: By,
): Promise<FlexibilityEvent> => {
  if (asked.end !== null && asked.end <= asked.start)
    throw invalid(`event ${asked.ref} ends (${asked.end}) before it begins (${asked.start})`, 'Give a later end.');
  const site = await siteOf(world, asked.site);
  const id = eventIdOf(asked);
  const known = (await world.store.collection(EVENTS).get(id))?.value;
  if (known !== undefined && digest(known.asked) !== digest(asked))
    throw new Fault(
      'conflict',
      `${asked.source} has sent ${asked.ref} before, and asked for something else under that name`,
      'Send it under a new name: of one source the newest target takes the place of the older one.',
      { details: { event: known } },
    );
  const received = known ?? (await record(world, by, firstOf(id, asked, world.clock.now())));
  if (received.status !== 'received') return received;
  // A sale and an event, or two events, would each plan without the other's moves.
  return inTurn(world, 'sale', () => decided(world, orchestrator, received, site, by));
};

const firstOf = (id: string, asked: EventAsked, received: Instant): FlexibilityEvent => ({
  ...{ id, asked, status: 'received' as const, reason: null, runId: null, commitment: null },
  stamps: { received, decided: null, issued: null, acknowledged: null, itBelow: null, facilityBelow: null },
});

/** Goes on with every event that is not decided: after a crash, or when a person has answered. */
export const goOnWithEvents = async (world: World, orchestrator: Orchestrator, by: By): Promise<FlexibilityEvent[]> => {
  const gone: FlexibilityEvent[] = [];
  for (const event of await allEvents(world))
    if (event.status === 'received') gone.push(await respond(world, orchestrator, event.asked, by));
  return gone;
};

/** Takes an event back, as its source does: its limit holds no later plan. What was placed for it stays until it is planned again. */
export const cancelEvent = async (world: World, id: string, why: string, by: By): Promise<FlexibilityEvent> => {
  const event = (await world.store.collection(EVENTS).get(id))?.value;
  if (event === undefined) throw notFound(`there is no event ${id}`, '`caco event list` lists them.');
  const status = statusAt(event, world.clock.now());
  if (status === 'cancelled') return event;
  if (status !== 'received' && status !== 'confirmed')
    throw new Fault('conflict', `event ${id} is ${status}: there is nothing to cancel`, 'See it: caco event list.');
  return record(world, by, { ...event, status: 'cancelled', reason: why === '' ? 'taken back by its source' : why });
};

const allEvents = async ({ store }: Pick<World, 'store'>): Promise<FlexibilityEvent[]> => {
  const found: FlexibilityEvent[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.collection(EVENTS).list({ after, limit: 200 });
    found.push(...page.map(({ value }) => value));
    if (page.length < 200) return found.reverse();
    after = page.at(-1)!.id;
  }
};

const siteOf = async (world: World, name: string): Promise<Site> => {
  const sites = await world.fleet.sites();
  const found = sites.find((site) => site.id === name || site.region === name || site.clusterId === name);
  if (found === undefined)
    throw notFound(`there is no site or region ${name}`, `Known: ${sites.map(({ id }) => id).join(', ')}.`);
  return found;
};

const decided = async (
  world: World,
  orchestrator: Orchestrator,
  event: FlexibilityEvent,
  site: Site,
  by: By,
): Promise<FlexibilityEvent> => {
  const now = world.clock.now();
  const others = (await allEvents(world)).filter(({ id }) => id !== event.id);
  const met = metBy(event.asked, site.region, others, now);
  const decline = (reason: string, runId: string | null = null) =>
    record(world, by, {
      ...{ ...event, status: 'declined', reason, runId, commitment: null },
      stamps: { ...event.stamps, decided: world.clock.now() },
    });
  const atOnce = declinedAtOnce(event.asked, { now, met });
  if (atOnce !== null) return decline(atOnce);
  const orders = await ordersFrom(world, event.asked.start > now ? event.asked.start : now);
  const planId = event.runId === null ? orders[0]?.planId : (event.commitment?.planId ?? orders[0]?.planId);
  const base = planId === undefined ? undefined : (await world.store.collection(PLANS).get(planId))?.value;
  if (base === undefined) return decline('no plan is in force then, so there is nothing that could stay away');
  // Before it is planned again its target and baseline are those that stand; later they are read from what was written down.
  const wanted = event.commitment ?? (await targetOf(world, event.asked, site, base, orders, now));
  if (typeof wanted === 'string') return decline(wanted);
  const made = await plannedUnder(world, event, wanted, base, by);
  if (made.plan === null) return decline(made.why);
  const promised = { ...wanted, slots: made.slots, planId: made.plan.id };
  const run = made.moved === 0 ? null : await carried(orchestrator, event.id, made.plan, by);
  if (run?.status === 'waiting') {
    const reason = `${run.approvalId} waits for a person: caco approve ${run.approvalId}`;
    return record(world, by, { ...event, reason, runId: run.id, commitment: { ...promised, planId: base.id } });
  }
  if (run !== null && run.status !== 'placed' && run.status !== 'done')
    return decline(await refusalOf(world, run), run.id);
  const at = world.clock.now();
  const confirmed = await record(world, by, {
    ...{ ...event, status: 'confirmed', runId: run?.id ?? null },
    reason: [made.why, ...saidOf(event.asked, promised)].filter((text) => text !== '').join('; ') || null,
    commitment: { ...promised, planId: made.moved === 0 ? base.id : made.plan.id, decisionId: run?.decisionId ?? null },
    // Nobody has read a meter yet; the fleet took its orders as they were handed over.
    stamps: { ...event.stamps, decided: at, ...(run === null ? {} : { issued: at, acknowledged: at }) },
  });
  for (const old of replacedBy(event.asked, met))
    await record(world, by, { ...old, status: 'replaced', reason: `${event.id} of the same source took its place` });
  return confirmed;
};

/** What a person should hear beside the yes. */
const saidOf = ({ start, end }: EventAsked, promised: Commitment): string[] => [
  ...(promised.start > start ? [`it had begun when it came: it is kept from ${promised.start} on`] : []),
  ...(end === null ? [`its end is open: it is promised until ${promised.end}, where the plan ends`] : []),
  ...(end !== null && promised.end < end ? [`the plan ends at ${promised.end}: it is promised until then`] : []),
];

/** Baseline and target of each slot, or why there is none. */
const targetOf = async (
  world: World,
  asked: EventAsked,
  site: Site,
  base: Plan,
  orders: Parameters<typeof announcedKw>[1],
  now: Instant,
): Promise<Commitment | string> => {
  const step = world.method.slotMinutes * 60;
  // A slot that has begun cannot be changed; one that the event touches is kept whole.
  const from = Math.max(Math.floor(toEpoch(asked.start) / step), Math.ceil(toEpoch(now) / step)) * step;
  const last = asked.end === null ? toEpoch(base.window.end) : Math.min(toEpoch(asked.end), toEpoch(base.finishesAt));
  const starts: number[] = [];
  for (let at = from; at < last; at += step) starts.push(at);
  if (starts.length === 0)
    return `nothing of it lies within what can be planned, from ${fromEpoch(from)} to ${fromEpoch(last)}`;
  if (starts.length > MOST_SLOTS)
    return `it is longer than ${MOST_SLOTS} slots, which is more than can be promised at once`;
  const kw = await announcedKw(world, orders, site.region, { starts, step });
  const needsBaseline = asked.target.as !== 'limit';
  const slots = starts.map((at, i) => ({
    start: fromEpoch(at),
    end: fromEpoch(at + step),
    baselineKw: needsBaseline ? kw[i]! : null,
    targetKw: targetKwOf(asked.target, kw[i]!)!,
  }));
  if (needsBaseline && slots.every(({ baselineKw }) => baselineKw === 0))
    return `nothing is planned at ${site.id} then, so nothing could stay away`;
  return {
    ...{
      region: site.region,
      start: slots[0]!.start,
      end: slots.at(-1)!.end,
      slots,
      planId: base.id,
      decisionId: null,
    },
    baselineKw: needsBaseline ? kw.reduce((sum, one) => sum + one, 0) / kw.length : null,
    targetKw: Math.min(...slots.map(({ targetKw }) => targetKw)),
  };
};

const MOST_SLOTS = 200;
/** How often less is tried where the whole cannot be had and what can be given is welcome. */
const TRIES = 5;

interface Made {
  readonly plan: Plan | null;
  readonly moved: number;
  readonly slots: Commitment['slots'];
  /** Why there is none, or what is short. */
  readonly why: string;
}

/** The plan under which it is kept; for one that takes what can be given, with as much less as the first proof says, and then again. */
const plannedUnder = async (
  world: World,
  event: FlexibilityEvent,
  wanted: Commitment,
  base: Plan,
  by: By,
): Promise<Made> => {
  let { slots } = wanted;
  let short = 0;
  let why = '';
  for (let n = 1; n <= (event.asked.bestEffort ? TRIES : 1); n++) {
    const events = slots.map(({ start, end, targetKw }) => ({
      ...{ id: event.id, region: wanted.region, from: start, to: end },
      maxPowerKw: targetKw,
    }));
    const key = `${event.id}/replan/${base.id}/${n}`;
    const done = (await world.store.deeds.get(key))?.state;
    const { plan, moved, conflict } = await callTool(
      replan,
      { fromPlanId: base.id, at: event.commitment?.start ?? event.stamps.received, events },
      world,
      { ...callOf(by, event.id), ...(done === 'failed' ? {} : { idempotencyKey: key }) },
    );
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

/** Judged and handed over as any plan is; the run's name follows from the event, so that it is begun once. */
const carried = (orchestrator: Orchestrator, eventId: string, plan: Plan, by: By): Promise<Run> =>
  orchestrator.launch(
    {
      runId: shortId('R', { eventId, planId: plan.id }),
      ...{ carries: plan.id, eventId, approval: 'auto', rests: true },
      from: plan.window.start,
      horizonHours: secondsBetween(plan.window.start, plan.window.end) / 3600,
    },
    by,
  );

const refusalOf = async (world: World, run: Run): Promise<string> => {
  const decision =
    run.decisionId === null ? undefined : (await world.store.collection(DECISIONS).get(run.decisionId))?.value;
  return decision === undefined
    ? (run.error ?? run.story ?? `its run ${run.id} is ${run.status}`)
    : `refused by ${decision.by.join(', ')}: ${decision.reasons.join('; ')}`;
};
