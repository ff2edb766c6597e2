/** The threads of LangGraph: driven to their end or to a question, gone on with after a crash, and thrown away. */
import { Command } from '@langchain/langgraph';
import type { Actor } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import type { Run } from '../domain/run.js';
import type { Graph } from './graph.js';
import type { Question } from './nodes/governance.js';
import { type GraphState, plain } from './state.js';

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

/** An answer to one open question, by its id: LangGraph would give an answer without an id to every question that is open. */
export class Answer {
  constructor(
    readonly interruptId: string,
    readonly value: Question,
  ) {}
}

/** What a thread begins with, the answer that it goes on with, or, null, that it goes on as it stands. */
export type Order = Partial<GraphState> | Answer | null;

/** In how many sweeps of a program all threads are looked through; the first is one of them. */
const EVERY_SWEEP = 100;

/** What the id of a run's settle thread ends with. */
const SETTLING = ':settle';
export const settleThreadOf = (runId: string): string => `${runId}${SETTLING}`;

/** The questions that are open: of a step with two, LangGraph still lists the one that was answered, but not as its next. */
const openIn = ({ tasks, next }: Awaited<ReturnType<Graph['getState']>>) =>
  tasks.filter(({ name }) => next.includes(name)).flatMap((task) => task.interrupts);

export const threadsOf = (graph: Graph, kept: Checkpoints) => {
  let sweeps = 0;
  const config = (threadId: string, by: By) => ({
    configurable: { thread_id: threadId },
    durability: 'sync' as const,
    recursionLimit: 50,
    signal: signalOf(by),
  });
  const snapshotOf = (threadId: string, by: By) => graph.getState(config(threadId, by));
  const questionsOf = async (threadId: string, by: By) => openIn(await snapshotOf(threadId, by));

  /** As LangGraph takes it. It resumes nothing, and says nothing, for an id that it does not know. */
  const inputOf = async (threadId: string, order: Order, by: By) => {
    if (!(order instanceof Answer)) return order === null ? null : plain(order);
    const { interruptId, value } = order;
    if ((await questionsOf(threadId, by)).every(({ id }) => id !== interruptId))
      throw new Fault(
        'conflict',
        `thread ${threadId} does not wait for an answer to ${interruptId}`,
        'Ask again how the run stands: caco runs.',
      );
    return new Command({ resume: { [interruptId]: plain(value) } });
  };

  return {
    /**
     * Whether a thread has a checkpoint to go on from. What it says is `next` is no measure: a step whose writes were kept but
     * whose checkpoint was not, because the process died between the two, is no longer next, and what follows it not yet.
     */
    begun: async (threadId: string, by: By): Promise<boolean> =>
      (await snapshotOf(threadId, by)).config.configurable?.checkpoint_id !== undefined,

    /** The question that a thread rests on. */
    pending: async (threadId: string, by: By) => (await questionsOf(threadId, by))[0],

    /** Drives a thread until it ends or rests on its interrupt. */
    async drive(runId: string, threadId: string, order: Order, by: By) {
      const input = await inputOf(threadId, order, by);
      const stream = await graph.stream(input as Parameters<typeof graph.stream>[0], {
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
      return { values: snapshot.values as GraphState, pending: openIn(snapshot)[0] };
    },

    /**
     * Throws away the threads of this run where it is over, or else all that came before where it stands; at times also the threads
     * of other runs that are over, which a process left that died before it could.
     */
    async sweep(runId: string, isOver: (runId: string) => Promise<boolean>): Promise<void> {
      if (await isOver(runId)) await kept.prune([runId, settleThreadOf(runId)], 'delete');
      else await kept.prune([runId], 'keep_latest');
      if (sweeps++ % EVERY_SWEEP !== 0) return;
      const over: string[] = [];
      for (const thread of await kept.ids()) if (await isOver(thread.replace(SETTLING, ''))) over.push(thread);
      await kept.prune(over, 'delete');
    },
  };
};

export type ThreadBook = ReturnType<typeof threadsOf>;
