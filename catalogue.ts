/**
 * Every tool, the graph's compositions included, by its name and with its types. No world is opened: a door can read a schema
 * first. A room is loaded when one of its tools is asked for, so that a command that looks one thing up starts with little.
 */
import type { z } from 'zod';
import type { Tool } from './tools/tool.js';

interface Shelf<T extends readonly Tool[] = readonly Tool[]> {
  /** Held against what the room brings by catalogue.test.ts. */
  readonly names: readonly T[number]['name'][];
  readonly load: () => Promise<T>;
}

const shelf = <const T extends readonly Tool[]>(
  load: () => Promise<T>,
  ...names: readonly T[number]['name'][]
): Shelf<T> => ({ names, load });

/** What needs several rooms at once lives in the graph, a file each, and stands at the end. */
const SHELVES = [
  shelf(
    async () => (await import('./tools/grid/grid.js')).gridTools,
    ...(['get_grid_forecast', 'find_green_window', 'when_to_run', 'record_command_run', 'refresh_grid'] as const),
  ),
  shelf(
    async () => (await import('./tools/fleet/fleet.js')).fleetTools,
    ...(['gather_jobs', 'ingest_jobs', 'list_jobs', 'submit_job', 'get_flexibility', 'import_sites'] as const),
    ...(['list_changes', 'undo_run'] as const),
  ),
  shelf(
    async () => (await import('./tools/optimizer/optimizer.js')).optimizerTools,
    ...(['trade_off', 'compare_plans', 'explain_plan', 'list_plans', 'sum_plan', 'show_schedule'] as const),
    ...(['tabulate_plan', 'compare_baselines', 'replan'] as const),
  ),
  shelf(
    async () => (await import('./tools/policy/policy.js')).policyTools,
    ...([
      'evaluate_policy',
      'ingest_policy',
      'answer_policy',
      'confirm_policy',
      'list_policies',
      'show_policy',
    ] as const),
  ),
  shelf(
    async () => (await import('./tools/approval/approval.js')).approvalTools,
    ...(['list_approvals', 'list_decisions'] as const),
  ),
  shelf(
    async () => (await import('./tools/tickets/tickets.js')).ticketsTools,
    ...(['file_tickets', 'draft_tickets', 'list_tickets', 'settle_tickets'] as const),
    ...(['draft_schedule_patch', 'draft_slurm_commands'] as const),
  ),
  shelf(async () => (await import('./tools/beckn/beckn.js')).becknTools, ...(['search_market', 'list_sales'] as const)),
  shelf(async () => (await import('./tools/accountant/accountant.js')).accountantTools, 'measure_emissions'),
  shelf(
    async () => (await import('./tools/verifier/verifier.js')).verifierTools,
    ...(['verify_savings', 'list_verifications', 'sum_claims', 'list_verified_jobs'] as const),
    ...(['recompute_evidence', 'export_evidence', 'import_contracts', 'report_pilot'] as const),
  ),
  shelf(
    async () => (await import('./tools/meter/meter.js')).meterTools,
    ...(['import_meter', 'list_meters', 'show_meter', 'record_meters', 'record_energy_run'] as const),
    ...(['read_telemetry', 'read_covariate'] as const),
  ),
  shelf(
    async () => (await import('./tools/settlement/settlement.js')).settlementTools,
    ...(['settle_event', 'list_settlements'] as const),
  ),
  shelf(async () => (await import('./tools/revenue/revenue.js')).revenueTools, 'project_revenue'),
  shelf(
    async () => (await import('./tools/savings/savings.js')).savingsTools,
    ...(['import_covariate', 'train_savings_model', 'predict_savings', 'claim_savings', 'report_savings'] as const),
  ),
  shelf(
    async () => (await import('./tools/kwhsave/kwhsave.js')).kwhsaveTools,
    ...(['deploy_kwhsave', 'rate_meter', 'approve_mint', 'mint_kwhsave', 'void_kwhsave', 'pause_kwhsave'] as const),
    ...(['get_kwhsave_balance', 'retire_kwhsave', 'audit_kwhsave'] as const),
  ),
  shelf(async () => (await import('./tools/export/export.js')).exportTools, 'export_books'),
  shelf(
    async () => (await import('./tools/ledger/ledger.js')).ledgerTools,
    ...(['list_ledger', 'get_evidence', 'audit_ledger', 'prove_ledger'] as const),
    ...(['get_ledger_checkpoint', 'export_ledger'] as const),
  ),
  shelf(async () => [(await import('./graph/plan.js')).makePlan] as const, 'make_plan'),
  shelf(async () => [(await import('./graph/status.js')).getStatus] as const, 'get_status'),
  shelf(async () => [(await import('./graph/runs.js')).listRuns] as const, 'list_runs'),
  shelf(async () => [(await import('./graph/events.js')).listEvents] as const, 'list_events'),
  shelf(async () => [(await import('./graph/ask.js')).requestApproval] as const, 'request_approval'),
  shelf(async () => [(await import('./graph/execute.js')).executePlan] as const, 'execute_plan'),
] as const;

type AnyTool = Awaited<ReturnType<(typeof SHELVES)[number]['load']>>[number];
export type ToolName = AnyTool['name'];
export type ToolOf<N extends ToolName> = Extract<AnyTool, { readonly name: N }>;
/** What a caller gives the tool: what has a default may be left out. */
export type ToolInput<N extends ToolName> = z.input<ToolOf<N>['input']>;
export type ToolAnswer<N extends ToolName> = z.output<ToolOf<N>['output']>;

const shelves: readonly Shelf[] = SHELVES;
const byName = new Map(shelves.flatMap((one) => one.names.map((name) => [name, one] as const)));

/** In the order in which doors list them. */
export const TOOL_NAMES: readonly string[] = [...byName.keys()];

/** undefined: there is none of that name. */
export const toolNamed = async (name: string): Promise<Tool | undefined> =>
  (await byName.get(name)?.load())?.find((tool) => tool.name === name);

export const toolOf = async <N extends ToolName>(name: N): Promise<ToolOf<N>> =>
  // The list of names is typed: what a name stands for is there.
  (await toolNamed(name)) as unknown as ToolOf<N>;

/** All of them, which loads all rooms: for doors that list what they offer. */
export const everyTool = async (): Promise<readonly Tool[]> =>
  (await Promise.all(shelves.map((one) => one.load()))).flat();
