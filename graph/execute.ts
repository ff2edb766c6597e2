/** Carrying out a decided plan outside a run: the fleet gets its orders and the teams their tickets, once per decision. */
import { z } from 'zod';
import { DECISIONS } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import { PLANS, RECOMMENDATIONS } from '../domain/plan.js';
import type { World } from '../domain/world.js';
import { placeJobs } from '../tools/fleet/fleet.js';
import { draftTickets, fileTickets } from '../tools/tickets/tickets.js';
import { callTool, defineTool, type Running } from '../tools/tool.js';

const MAX_TICKETS = 20;

const ExecuteInput = z.strictObject({
  planId: z.string().min(1).describe('id of the plan, P-…'),
  decisionId: z.string().min(1).describe('id of the decision on this plan, D-…; request_approval leads to one'),
  dryRun: z.boolean().default(true).describe('true: say what would be done and do nothing; false: do it'),
});

const Executed = z.strictObject({
  dryRun: z.boolean(),
  planId: z.string(),
  decisionId: z.string(),
  movedJobs: z.number().int().describe('jobs whose time or place changes'),
  placedPieces: z.number().int().nullable().describe('pieces of work that the fleet took; null in a dry run'),
  tickets: z
    .array(z.strictObject({ title: z.string(), state: z.string(), url: z.string().nullable() }))
    .describe('at most 20'),
  ticketCount: z.number().int(),
  alerts: z.array(z.string()),
});

/** Leave was checked by callTool; here, that it is leave for this very plan. */
const decisionOn = async (world: World, planId: string, decisionId: string) => {
  const decision = (await world.store.collection(DECISIONS).get(decisionId))?.value;
  if (decision?.planId === planId) return decision;
  throw new Fault(
    'forbidden',
    `decision ${decisionId} is not about plan ${planId}`,
    `Call request_approval for ${planId}; get_status lists decisions with their plans.`,
  );
};

const execute = async (
  { planId, decisionId, dryRun }: z.output<typeof ExecuteInput>,
  world: World,
  call: Running,
): Promise<z.input<typeof Executed>> => {
  const decision = await decisionOn(world, planId, decisionId);
  const plan = (await world.store.collection(PLANS).get(planId))!.value;
  const same = { planId, decisionId };
  if (dryRun) {
    const { drafts } = await callTool(draftTickets, same, world, { ...call, idempotencyKey: undefined });
    const moved = decision.jobs === null ? await world.store.rows(RECOMMENDATIONS).count(planId) : decision.jobs.length;
    const tickets = drafts.slice(0, MAX_TICKETS).map((d) => ({ title: d.title, state: `would ${d.does}`, url: null }));
    return { dryRun, ...same, movedJobs: moved, placedPieces: null, tickets, ticketCount: drafts.length, alerts: [] };
  }
  // The keys follow from the decision, so that whoever executes it again, by whatever door, does nothing twice.
  const leave = { ...call, cause: decisionId, decisionId };
  call.progress({ done: 0, total: 2, note: `placing ${plan.jobs.moved} moved jobs` });
  const { placed, moved } = await callTool(placeJobs, { planId }, world, {
    ...leave,
    idempotencyKey: `${decisionId}/place_jobs`,
  });
  call.progress({ done: 1, total: 2, note: 'filing tickets' });
  const filed = await callTool(fileTickets, { planId }, world, {
    ...leave,
    idempotencyKey: `${decisionId}/file_tickets`,
  });
  call.progress({ done: 2, total: 2, note: 'done' });
  return {
    dryRun,
    ...same,
    movedJobs: moved,
    placedPieces: placed,
    tickets: filed.tickets.slice(0, MAX_TICKETS).map(({ title, state, url }) => ({ title, state, url })),
    ticketCount: filed.total,
    alerts: filed.alerts,
  };
};

export const executePlan = defineTool({
  name: 'execute_plan',
  title: 'Execute a plan',
  description:
    'Hands a decided plan to the fleet and files its tickets, once per decision. Needs the decisionId of a person’s or a rule’s approval. dryRun, the default, only says what would be done.',
  toolset: 'plan',
  effect: 'acts',
  input: ExecuteInput,
  output: Executed,
  run: execute,
  // Both deeds within have keys of their own and are looked up before they are done.
  reconcile: execute,
  tell: (o) =>
    o.dryRun
      ? `Dry run: ${o.movedJobs} jobs would move and ${o.ticketCount} tickets would be written; nothing was done.`
      : `${o.placedPieces} pieces of work placed, ${o.movedJobs} jobs moved, ${o.ticketCount} tickets. ${o.alerts.join(' ')}`.trim(),
});
