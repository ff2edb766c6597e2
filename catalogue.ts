/** Every tool, the graph's compositions included, by its name and with its types. No world is opened: a door can read a schema first. */
import type { z } from 'zod';
import { requestApproval } from './graph/ask.js';
import { executePlan } from './graph/execute.js';
import { makePlan } from './graph/plan.js';
import { listRuns } from './graph/runs.js';
import { getStatus } from './graph/status.js';
import type { Tool } from './tools/tool.js';
import { TOOLS as OF_ROOMS } from './tools/tools.js';

/** What needs several rooms at once lives in the graph and joins the rooms' list here. */
export const TOOLS = [
  ...OF_ROOMS,
  makePlan,
  getStatus,
  listRuns,
  requestApproval,
  executePlan,
] as const satisfies readonly Tool[];

type AnyTool = (typeof TOOLS)[number];
export type ToolName = AnyTool['name'];
export type ToolOf<N extends ToolName> = Extract<AnyTool, { readonly name: N }>;
/** What a caller gives the tool: what has a default may be left out. */
export type ToolInput<N extends ToolName> = z.input<ToolOf<N>['input']>;
export type ToolAnswer<N extends ToolName> = z.output<ToolOf<N>['output']>;

export const toolOf = <N extends ToolName>(name: N): ToolOf<N> =>
  TOOLS.find((tool): tool is ToolOf<N> => tool.name === name)!;
