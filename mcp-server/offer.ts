/** Which tools an assistant is offered: the one list. Everything else of the registry is for the command line and HTTP. */
import type { ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import type { Tool } from '../app.js';
import type { Scope } from './caller.js';

interface Offered {
  readonly name: string;
  /** It reaches beyond this installation: the live grid, a tracker, a peer. */
  readonly openWorld?: boolean;
  /** Arguments that are not an assistant's to give. */
  readonly without?: readonly string[];
  /** Calling it again with the same arguments changes nothing more. */
  readonly idempotent?: boolean;
}

/** In the order in which a reader meets them; a stable order keeps clients' caches warm. A name whose room is not built is not listed. */
export const OFFER: readonly Offered[] = [
  { name: 'get_status' },
  { name: 'get_grid_forecast', openWorld: true },
  { name: 'find_green_window', openWorld: true },
  { name: 'submit_job', idempotent: true },
  { name: 'list_jobs' },
  { name: 'get_flexibility' },
  { name: 'make_plan', idempotent: true, without: ['foresight', 'cpuSeconds', 'effort'] },
  { name: 'compare_plans' },
  { name: 'explain_plan' },
  { name: 'evaluate_policy' },
  { name: 'ingest_policy', idempotent: true, without: ['path'] },
  { name: 'request_approval', idempotent: true },
  { name: 'execute_plan', openWorld: true },
  { name: 'list_tickets' },
  { name: 'verify_savings', idempotent: true, without: ['constants'] },
  { name: 'measure_emissions', idempotent: true },
  { name: 'read_energy' },
  { name: 'search_market', openWorld: true },
  { name: 'audit_ledger' },
];

export interface Choice {
  /** only these toolsets; all when left out */
  readonly toolsets?: readonly string[] | undefined;
  readonly readOnly?: boolean | undefined;
  /** false: approvals are not answered in the client’s dialog */
  readonly dialog?: boolean | undefined;
}

const TO_A_DECISION = new Set(['get_status', 'request_approval']);

export const offered = (tools: readonly Tool[], scopes: readonly Scope[], choice: Choice): Tool[] => {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const listed = OFFER.flatMap(({ name }) => byName.get(name) ?? []);
  const chosen = (tool: Tool) => !choice.toolsets || choice.toolsets.includes(tool.toolset);
  // A deed needs a decision: whoever is offered one is offered the way to ask for it and to read what was decided.
  const deeds = listed.some((tool) => tool.effect === 'acts' && chosen(tool));
  return listed.flatMap((tool) => {
    if (tool.effect === 'decides') return [];
    if (!chosen(tool) && !(deeds && TO_A_DECISION.has(tool.name))) return [];
    if (tool.effect !== 'reads' && (choice.readOnly || !scopes.includes('operate'))) return [];
    return [tool];
  });
};

export const withheldFrom = (tool: Tool): readonly string[] => OFFER.find((o) => o.name === tool.name)?.without ?? [];

export const annotationsOf = (tool: Tool): ToolAnnotations => {
  const said = OFFER.find((o) => o.name === tool.name);
  const reads = tool.effect === 'reads';
  return {
    readOnlyHint: reads,
    destructiveHint: tool.effect === 'acts',
    idempotentHint: reads || said?.idempotent === true,
    openWorldHint: said?.openWorld === true,
  };
};
