/** The threads of LangGraph: driven to their end or to a question, gone on with after a crash, and thrown away. */
import type { Command } from '@langchain/langgraph';
import type { Actor } from '../domain/decision.js';
import type { Run } from '../domain/run.js';
import type { Graph } from './graph.js';
import type { GraphState } from './state.js';

/** What a listener hears while a run goes on. */
export type RunEvent =
  | { readonly type: 'node'; readonly runId: string; readonly node: string }
  | { readonly type: 'progress'; readonly runId: string; readonly data: unknown }
  | { readonly type: 'status'; readonly runId: string; readonly status: Run['status'] };

export interface By {
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

/** For callers that never cancel. One each: listeners on a shared one would pile up in a server. */
export const signalOf = ({ signal }: By): AbortSignal => signal ?? new AbortController().signal;

/** The graph's checkpoints, as far as they are thrown away here. */
export interface Checkpoints {
  /** Of every thread that is kept. */
  ids(): Promise<string[]>;
  /** `keep_latest` keeps of each thread what it goes on from. Unknown ids are passed over. */
  prune(ids: readonly string[], strategy: 'keep_latest' | 'delete'): Promise<void>;
}

/** What a thread begins with, goes on with after an answer, or, null, goes on with as it stands. */
export type Order = Partial<GraphState> | Command | null;

/** What the id of a run's settle thread ends with. */
const SETTLING = ':settle';
export const settleThreadOf = (runId: string): string => `${runId}${SETTLING}`;

export const threadsOf = (graph: Graph, kept: Checkpoints) => {
  const config = (threadId: string, by: By) => ({
    configurable: { thread_id: threadId },
    durability: 'sync' as const,
    recursionLimit: 50,
    signal: signalOf(by),
  });
  const snapshotOf = (threadId: string, by: By) => graph.getState(config(threadId, by));

  return {
    /**
     * Whether a thread has a checkpoint to go on from. What it says is `next` is no measure: a step whose writes were kept but
     * whose checkpoint was not, because the process died between the two, is no longer next, and what follows it not yet.
     */
    begun: async (threadId: string, by: By): Promise<boolean> =>
      (await snapshotOf(threadId, by)).config.configurable?.checkpoint_id !== undefined,

    /** The question that a thread rests on. */
    pending: async (threadId: string, by: By) =>
      (await snapshotOf(threadId, by)).tasks.flatMap((task) => task.interrupts)[0],

    /** Drives a thread until it ends or rests on its interrupt. */
    async drive(runId: string, threadId: string, order: Order, by: By) {
      const stream = await graph.stream(order as Parameters<typeof graph.stream>[0], {
        ...config(threadId, by),
        streamMode: ['updates', 'custom'],
      });
      for await (const [mode, chunk] of stream) {
        if (mode === 'custom') by.onEvent?.({ type: 'progress', runId, data: chunk });
        else
          for (const node of Object.keys(chunk as object))
            if (!node.startsWith('__')) by.onEvent?.({ type: 'node', runId, node });
      }
      const snapshot = await snapshotOf(threadId, by);
      return { values: snapshot.values as GraphState, pending: snapshot.tasks.flatMap((task) => task.interrupts)[0] };
    },

    /** Throws away the threads of runs that are over, and of this one all that came before where it stands. */
    async sweep(runId: string, isOver: (runId: string) => Promise<boolean>): Promise<void> {
      const over: string[] = [];
      for (const thread of await kept.ids()) if (await isOver(thread.replace(SETTLING, ''))) over.push(thread);
      await kept.prune(over, 'delete');
      await kept.prune([runId], 'keep_latest');
    },
  };
};

export type ThreadBook = ReturnType<typeof threadsOf>;
