/** What a node is: it reads the state, calls tools, returns a patch. */
import type { z } from 'zod';
import type { World } from '../domain/world.js';
import { type Call, callTool, type Progress, type Tool } from '../tools/tool.js';
import type { GraphState, Patch } from './state.js';

/** What one step of one thread has at hand. */
export interface Desk {
  readonly world: World;
  /** Which thread this is, by whoever drives it: what the state says of itself can be edited. */
  readonly threadId: string;
  readonly signal: AbortSignal;
  readonly progress: (step: Progress) => void;
  /** As whom this node calls, for what is no deed of its own. */
  readonly caller: Call;
  /**
   * Calls a tool as this node. The deed's key is (thread, node, tool, input), so that a node which a crash or an
   * interrupt runs again does nothing twice.
   */
  readonly call: <I extends z.ZodType, O extends z.ZodType>(
    tool: Tool<I, O>,
    input: z.input<I>,
    decisionId?: string,
  ) => Promise<z.output<O>>;
}

export type Node = (state: GraphState, desk: Desk) => Promise<Patch>;

export const deskFor = (
  node: string,
  threadId: string,
  runId: string,
  world: World,
  options: {
    signal: AbortSignal;
    progress: (step: Progress) => void;
    deedKey: (tool: string, input: unknown) => string;
  },
): Desk => {
  const caller: Call = {
    actor: { id: `node:${node}`, via: 'graph' },
    cause: runId,
    signal: options.signal,
    progress: options.progress,
  };
  return {
    world,
    threadId,
    signal: options.signal,
    progress: options.progress,
    caller,
    call: (tool, input, decisionId) =>
      callTool(tool, input, world, {
        ...caller,
        decisionId,
        idempotencyKey: `${threadId}/${node}/${options.deedKey(tool.name, input)}`,
      }),
  };
};
