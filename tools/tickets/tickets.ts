/** Tickets: what a plan asks of teams, in their tracker, few and kept up to date. */
import { z } from 'zod';
import { type Decision, leaveFor } from '../../domain/decision.js';
import { Estimate } from '../../domain/estimate.js';
import { NEWEST_VERIFICATION, VERIFICATIONS, type Verification } from '../../domain/evidence/verification.js';
import { Fault, notFound } from '../../domain/fault.js';
import { PLANS, type Plan } from '../../domain/plan.js';
import { RUNS } from '../../domain/settlement/runs.js';
import { type KeptStatement, STATEMENTS, statementId } from '../../domain/settlement/statement.js';
import { cut } from '../../domain/text.js';
import { Instant } from '../../domain/time.js';
import { Currency } from '../../domain/units.js';
import type { World } from '../../domain/world.js';
import { defineTool, type Running } from '../tool.js';
import { toAdf } from './adf.js';
import { type Filing, fileFor, previewsOf, sync } from './filing.js';
import { LIMITS } from './groups.js';
import { toMarkdown } from './markdown.js';
import { deliver, ticketsOf } from './outbox.js';
import { draftSchedulePatch, draftSlurmCommands } from './patches.js';
import { enqueue, withdraw } from './queue.js';
import { said } from './records.js';
import { paidDoc, verifiedDoc } from './settled.js';
import { type Payload, TICKETS, Ticket } from './ticket.js';

export { forgetTickets } from './forget.js';
export { draftSchedulePatch, draftSlurmCommands };

const TicketSummary = z.strictObject({
  id: z.string().describe('the key that the ticket carries at the tracker'),
  kind: Ticket.shape.kind,
  title: z.string(),
  team: z.string().nullable(),
  state: Ticket.shape.state,
  reason: z.string().nullable(),
  tracker: z.string(),
  ref: z.string().nullable(),
  url: z.string().nullable(),
  planId: z.string(),
  jobs: z.number().int(),
  savedKg: Estimate,
  savedCost: z.number(),
  currency: Currency,
  dueAt: Instant.nullable(),
});
type TicketSummary = z.infer<typeof TicketSummary>;

const summary = (t: Ticket): TicketSummary => ({
  id: t.id,
  kind: t.kind,
  title: t.title,
  team: t.team,
  state: t.state,
  reason: t.reason,
  tracker: t.tracker,
  ref: t.ref,
  url: t.url,
  planId: t.planId,
  jobs: t.jobs,
  savedKg: t.savedKg,
  savedCost: t.savedCost,
  currency: t.currency,
  dueAt: t.dueAt,
});

const planInput = {
  planId: z.string().describe('the plan whose recommendations become tickets'),
  minSavedKg: z.number().min(0).default(LIMITS.minSavedKg).describe('kg CO2e from which a group gets its own ticket'),
  minSavedCost: z
    .number()
    .min(0)
    .default(LIMITS.minSavedCost)
    .describe('money, in the plan’s currency, from which a group gets its own ticket'),
  createdPerDay: z
    .number()
    .int()
    .min(0)
    .default(LIMITS.createdPerDay)
    .describe('tickets created at most per day and project; the overview does not count'),
  openTickets: z.number().int().min(0).default(LIMITS.openTickets).describe('tickets of ours open at most at once'),
  whenClosed: z
    .enum(['next', 'reopen'])
    .default(LIMITS.whenClosed)
    .describe('a settled change that comes up again: a new ticket with a link, or the old one reopened'),
  overview: z.boolean().default(true).describe('keep one overview ticket of all groups'),
};
const PlanInput = z.strictObject(planInput);

const planOf = async (world: World, planId: string): Promise<Plan> => {
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  if (!plan) throw notFound(`there is no plan ${planId}`, 'Make one with `caco plan`; `caco runs` lists earlier ones.');
  return plan;
};

const decisionOf = async (world: World, plan: Plan, decisionId: string | undefined): Promise<Decision | null> => {
  if (decisionId === undefined) return null;
  return leaveFor(world.store, decisionId, plan);
};

const filingOf = async (
  world: World,
  input: z.output<typeof PlanInput>,
  decisionId: string | undefined,
): Promise<Filing> => {
  const { planId, overview, ...limits } = input;
  const plan = await planOf(world, planId);
  return { plan, decision: await decisionOf(world, plan, decisionId), limits: { ...LIMITS, ...limits }, overview };
};

const file = async (input: z.output<typeof PlanInput>, world: World, call: Running) => {
  const filed = await fileFor(world, await filingOf(world, input, call.decisionId), call.signal);
  const tickets: TicketSummary[] = [];
  for (const id of filed.ids) {
    const ticket = (await world.store.collection(TICKETS).get(id))?.value;
    if (ticket) tickets.push(summary(ticket));
  }
  return {
    tickets,
    total: tickets.length,
    groups: filed.groups,
    created: filed.created,
    updated: filed.updated,
    heldBack: filed.heldBack,
    delivery: {
      delivered: filed.delivered,
      open: filed.open,
      dead: filed.dead,
      repaired: filed.repaired,
      busy: filed.busy,
    },
    alerts: filed.alerts.map((alert) => cut(alert, 500)),
  };
};

const Delivery = z.strictObject({
  delivered: z.number().int().describe('messages that arrived at the tracker in this call'),
  open: z.number().int().describe('messages that wait for a time, a look-up or leave'),
  dead: z.number().int().describe('messages that the tracker will never take'),
  repaired: z.number().int().describe('duplicates that were closed'),
  busy: z.boolean().describe('another process sends to this project at the moment'),
});

export const fileTickets = defineTool({
  name: 'file_tickets',
  title: 'File tickets',
  description:
    'Groups the recommendations of a decided plan by team and kind of change and files one ticket per group that is worth it, and one overview. Running it again updates what has changed and never files twice.',
  toolset: 'tickets',
  effect: 'acts',
  input: PlanInput,
  output: z.strictObject({
    tickets: z.array(TicketSummary).describe('those that speak for this plan, the overview last'),
    total: z.number().int(),
    groups: z.number().int().describe('groups of recommendations in the plan'),
    created: z.number().int(),
    updated: z.number().int().describe('tickets that were commented, edited or closed'),
    heldBack: z.number().int().describe('groups worth a ticket that wait in the overview because a cap is full'),
    delivery: Delivery,
    alerts: z.array(z.string()).describe('what a person should know'),
  }),
  run: file,
  // Filing looks before it creates, so that after a crash it is simply run again.
  reconcile: file,
  tell: (o) => {
    const waiting = o.delivery.open > 0 ? ` ${o.delivery.open} messages wait for the tracker.` : '';
    return `${o.total} tickets speak for ${o.groups} groups: ${o.created} new, ${o.updated} updated.${waiting}${o.alerts.length > 0 ? ` ${o.alerts.join(' ')}` : ''}`;
  },
});

export const draftTickets = defineTool({
  name: 'draft_tickets',
  title: 'Draft tickets',
  description: 'The exact words that filing a plan’s tickets would send now. Changes nothing.',
  toolset: 'tickets',
  effect: 'reads',
  input: z.strictObject({
    ...planInput,
    decisionId: z.string().optional().describe('the decision to name in the tickets; none: the drafts ask for one'),
    format: z.enum(['markdown', 'adf']).default('markdown').describe('Markdown, or Atlassian Document Format'),
  }),
  output: z.strictObject({
    drafts: z.array(
      z.strictObject({
        id: z.string(),
        does: z.string().describe('create, tell (comment), keep or update'),
        title: z.string(),
        labels: z.array(z.string()),
        markdown: z.string().nullable(),
        adf: z.json().nullable(),
      }),
    ),
    groups: z.number().int(),
    heldBack: z.number().int(),
  }),
  run: async ({ decisionId, format, ...input }, world, call) => {
    const filing = await filingOf(world, input, decisionId);
    const { previews, groups, heldBack } = await previewsOf(world, filing, call.signal);
    return {
      groups,
      heldBack,
      drafts: previews.map(({ doc, labels, ...of }) => ({
        ...of,
        labels: [...labels],
        markdown: format === 'markdown' ? toMarkdown(doc) : null,
        adf: format === 'adf' ? z.json().parse(JSON.parse(JSON.stringify(toAdf(doc)))) : null,
      })),
    };
  },
  tell: (o) => `${o.drafts.length} drafts for ${o.groups} groups; nothing was filed.`,
});

export const listTickets = defineTool({
  name: 'list_tickets',
  title: 'List tickets',
  description: 'Tickets that were filed, the newest first, with their state and place.',
  toolset: 'tickets',
  effect: 'reads',
  input: z.strictObject({
    planId: z.string().optional().describe('only those that speak for this plan'),
    state: Ticket.shape.state.optional().describe('only those in this state'),
    id: z.string().optional().describe('one ticket with its words'),
    after: z.string().optional().describe('id after which to go on'),
    limit: z.number().int().min(1).max(200).default(50).describe('tickets per answer'),
  }),
  output: z.strictObject({
    tickets: z.array(TicketSummary),
    next: z.string().nullable().describe('give it as `after` for more'),
    markdown: z.string().nullable().describe('the words of the one ticket that was asked for'),
  }),
  run: async ({ planId, state, id, after, limit }, world) => {
    const collection = world.store.collection(TICKETS);
    if (id !== undefined) {
      const ticket = (await collection.get(id))?.value;
      if (!ticket) throw notFound(`there is no ticket ${id}`, '`caco tickets` lists them.');
      return { tickets: [summary(ticket)], next: null, markdown: ticket.markdown };
    }
    const tickets: TicketSummary[] = [];
    for (let from = after; ; ) {
      const page = await collection.list(from === undefined ? { limit: 200 } : { after: from, limit: 200 });
      for (const { value } of page) {
        from = value.id;
        if ((planId !== undefined && value.planId !== planId) || (state !== undefined && value.state !== state))
          continue;
        tickets.push(summary(value));
        if (tickets.length === limit) return { tickets, next: value.id, markdown: null };
      }
      if (page.length < 200) return { tickets, next: null, markdown: null };
    }
  },
  tell: (o) =>
    o.tickets.length === 0 ? 'No tickets.' : o.tickets.map((t) => `${t.state} ${t.ref ?? t.id}: ${t.title}`).join('\n'),
});

export const settleTickets = defineTool({
  name: 'settle_tickets',
  title: 'Settle tickets',
  description:
    'Tells the verified saving, as it stands in the books, in every ticket of a plan and closes those that nobody took over.',
  toolset: 'tickets',
  effect: 'acts',
  input: z.strictObject({
    planId: z.string().describe('the plan that was verified'),
    event: z
      .string()
      .optional()
      .describe('a flexibility event that was settled: what it was paid is told instead, and no ticket is closed'),
  }),
  output: z.strictObject({ settled: z.number().int(), delivery: Delivery, alerts: z.array(z.string()) }),
  run: async ({ planId, event }, world, call) => {
    const plan = await planOf(world, planId);
    await decisionOf(world, plan, call.decisionId);
    if (event !== undefined) return tellPaid(world, planId, await statementFor(world, event), call.signal);
    const { store, tickets: tracker } = world;
    const { verified: found, method } = await verificationOf(world, planId);
    // What people did meanwhile stands: a change that they declined is not told as done.
    const unseen = await sync(world);
    let settled = 0;
    for (const before of await ticketsOf(store, tracker)) {
      const ticket = before.value;
      if (ticket.planId !== planId || ticket.kind !== 'decision' || ticket.reason === VERIFIED) continue;
      if (ticket.state === 'failed' || ticket.state === 'declined') continue;
      const verified = { savedKg: found.emissionsKg, planned: plan.savings.emissionsKg, method };
      const closing = (ticket.state === 'open' || ticket.state === 'queued') && !ticket.assigned;
      const payloads: Payload[] = [said(verifiedDoc(ticket, verified)), ...(closing ? [CLOSE] : [])];
      const next = { ...ticket, reason: VERIFIED, updatedAt: tracker.now() };
      if ((await withdraw(store, next)) !== null) continue;
      if (await enqueue(store, before, next, payloads)) settled += 1;
    }
    const { alerts, ...delivery } = await deliver({ store, tracker }, call.signal);
    return { settled, delivery, alerts: [...unseen, ...alerts].map((alert) => cut(alert, 500)) };
  },
  tell: (o) => `${o.settled} tickets were told what came of it.`,
});

/** The final figure of an event, in every ticket of the plan that kept it; each settlement is told once. */
const tellPaid = async (
  { store, tickets: tracker }: World,
  planId: string,
  paid: KeptStatement,
  signal: AbortSignal,
) => {
  let settled = 0;
  for (const before of await ticketsOf(store, tracker)) {
    const ticket = before.value;
    if (ticket.planId !== planId || ticket.kind !== 'decision' || ticket.paid === paid.evidence) continue;
    if (ticket.state === 'failed' || ticket.state === 'declined') continue;
    const next = { ...ticket, paid: paid.evidence, updatedAt: tracker.now() };
    if (await enqueue(store, before, next, [said(paidDoc(paid))])) settled += 1;
  }
  const { alerts, ...delivery } = await deliver({ store, tracker }, signal);
  return { settled, delivery, alerts: alerts.map((alert) => cut(alert, 500)) };
};

/** The newest run of it. */
const statementFor = async ({ store }: World, event: string): Promise<KeptStatement> => {
  for (const run of [...RUNS].reverse()) {
    const kept = (await store.collection(STATEMENTS).get(statementId(event, run)))?.value;
    if (kept !== undefined) return kept;
  }
  throw new Fault('conflict', `event ${event} is not settled`, 'Settle it first: caco settle EVENT.yaml.');
};

/** What a ticket says was saved is read here, never taken from whoever asks for it to be told. */
const verificationOf = async (world: World, planId: string): Promise<Verification> => {
  const newest = (await world.store.collection(NEWEST_VERIFICATION).get(planId))?.value;
  const found = newest && (await world.store.collection(VERIFICATIONS).get(newest.verificationId))?.value;
  if (found) return found;
  throw new Fault(
    'conflict',
    `the saving of plan ${planId} is not verified`,
    'Verify it first, once its window has closed: verify_savings, or `caco verify RUN`.',
  );
};

const VERIFIED = 'verified';
const CLOSE: Payload = { action: 'close', as: 'done' };

export const ticketsTools = [
  fileTickets,
  draftTickets,
  listTickets,
  settleTickets,
  draftSchedulePatch,
  draftSlurmCommands,
] as const;
