/** Carrying out a decided plan outside a run, as doors ask for it. */
import { z } from 'zod';
import { leaveFor } from '../domain/decision.js';
import { counted } from '../domain/figures.js';
import { PLANS, RECOMMENDATIONS } from '../domain/plan.js';
import type { World } from '../domain/world.js';
import { leftOutText, rehearsedText } from '../tools/fleet/fleet.js';
import { draftTickets } from '../tools/tickets/tickets.js';
import { callTool, defineTool, type Running } from '../tools/tool.js';
import { carryOut } from './carry-out.js';

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
  leftOutJobs: z.number().int().nullable().describe('jobs that another plan had handed over before; null in a dry run'),
  tickets: z
    .array(z.strictObject({ title: z.string(), state: z.string(), url: z.string().nullable() }))
    .describe('at most 20'),
  ticketCount: z.number().int(),
  rehearsedJobs: z
    .number()
    .int()
    .optional()
    .describe('jobs that a fleet in a dry run of its own would move; then nothing was placed, list_changes says what'),
  alerts: z.array(z.string()),
});

const execute = async (
  { planId, decisionId, dryRun }: z.output<typeof ExecuteInput>,
  world: World,
  call: Running,
): Promise<z.input<typeof Executed>> => {
  const same = { planId, decisionId };
  if (dryRun) {
    const plan = (await world.store.collection(PLANS).get(planId))!.value;
    const { jobs } = await leaveFor(world.store, decisionId, plan);
    const { drafts } = await callTool(draftTickets, same, world, { ...call, idempotencyKey: undefined });
    return {
      dryRun,
      ...same,
      movedJobs: jobs === null ? await world.store.rows(RECOMMENDATIONS).count(planId) : jobs.length,
      placedPieces: null,
      leftOutJobs: null,
      tickets: drafts.slice(0, MAX_TICKETS).map((d) => ({ title: d.title, state: `would ${d.does}`, url: null })),
      ticketCount: drafts.length,
      alerts: [],
    };
  }
  const { placing, filing } = await carryOut(world, { ...call, cause: decisionId }, planId, decisionId);
  const tickets = filing?.tickets ?? [];
  const leftOut = leftOutText(placing).trim();
  return {
    dryRun,
    ...same,
    movedJobs: placing.moved,
    placedPieces: placing.placed,
    leftOutJobs: placing.leftOut,
    ...(placing.rehearsed === undefined ? {} : { rehearsedJobs: placing.rehearsed }),
    tickets: tickets.slice(0, MAX_TICKETS).map(({ title, state, url }) => ({ title, state, url })),
    ticketCount: filing?.total ?? 0,
    alerts: [
      ...(placing.rehearsed === undefined ? [] : [rehearsedText(placing)]),
      ...(leftOut === '' ? [] : [leftOut]),
      ...(filing?.alerts ?? []),
    ],
  };
};

export const executePlan = defineTool({
  name: 'execute_plan',
  title: 'Execute a plan',
  description:
    'Hands a decided plan to the fleet and files its tickets, once per decision; what another plan handed over is left to it. Needs the decisionId of a person’s or a rule’s approval. dryRun, the default, only says what would be done.',
  toolset: 'plan',
  effect: 'acts',
  input: ExecuteInput,
  output: Executed,
  run: execute,
  // Both deeds within have keys of their own and are looked up before they are done.
  reconcile: execute,
  tell: (o) =>
    o.dryRun
      ? `Dry run: ${counted(o.movedJobs, 'job')} would move and ${counted(o.ticketCount, 'ticket')} would be written; nothing was done.`
      : `${counted(o.placedPieces ?? 0, 'piece')} of work placed, ${counted(o.movedJobs, 'job')} moved, ${counted(o.ticketCount, 'ticket')}. ${o.alerts.join(' ')}`.trim(),
});
