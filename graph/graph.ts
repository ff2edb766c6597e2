/**
 * The state machine: six nodes and the edges between them. Governance is drawn as one and made of three steps.
 *
 *   plan     START ─► compute ─┐
 *            ─► grid ──────────┴► coordination ─► governance ─► executor ─► copilot ─► END
 *                                     │               └─ refused ────────► copilot
 *                                     └─ nothing waits ──────────────────► copilot
 *   respond  START ─► governance ─► executor ─► copilot ─► END       the plan was made for an event
 *   settle   START ─► executor ─► copilot ─► END       a plan’s window that has closed, or events
 */
import { END, isGraphInterrupt, type LangGraphRunnableConfig, START, StateGraph } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { digest } from '../domain/digest.js';
import { Fault } from '../domain/fault.js';
import { traced } from '../domain/trace.js';
import type { World } from '../domain/world.js';
import { deskFor, type Node } from './node.js';
import { compute } from './nodes/compute.js';
import { coordination } from './nodes/coordination.js';
import { copilot } from './nodes/copilot.js';
import { executor } from './nodes/executor.js';
import { askStep, judgeStep, recordStep } from './nodes/governance.js';
import { grid } from './nodes/grid.js';
import { type GraphState, plain, State } from './state.js';

/** Retried: what is outside and down for a moment. A defect of ours is not tried three times. */
const retryPolicy = {
  maxAttempts: 3,
  initialInterval: 200,
  // It would be printed to standard output, where `--json` promises one document.
  logWarning: false,
  retryOn: (error: unknown) => error instanceof Fault && error.code === 'unavailable',
};

/** `saver` null: whoever runs the graph brings one of its own. */
export const buildGraph = (world: World, saver: BaseCheckpointSaver | null) => {
  const at = (name: string, node: Node) => async (state: GraphState, config: LangGraphRunnableConfig) => {
    const threadId = String(config.configurable?.thread_id);
    const signal = config.signal ?? new AbortController().signal;
    const progress = (step: unknown) => config.writer?.({ node: name, ...(step as object) });
    // A thread that another program began is the run of its own name.
    const named: GraphState = { ...state, runId: state.runId ?? threadId };
    const desk = deskFor(name, threadId, named.runId, world, {
      signal,
      progress,
      deedKey: (tool, input) => `${tool}/${digest(input).slice(0, 16)}`,
    });
    return traced(`node ${name}`, { 'caco.node': name, 'caco.run.id': named.runId }, async (step) => {
      try {
        return plain(await node(named, desk), name);
      } catch (error) {
        if (isGraphInterrupt(error)) step.rests();
        throw error;
      }
    });
  };
  return new StateGraph(State)
    .addNode('compute', at('compute', compute), { retryPolicy })
    .addNode('grid', at('grid', grid), { retryPolicy })
    .addNode('coordination', at('coordination', coordination), { retryPolicy })
    .addNode('governance', at('governance', judgeStep))
    .addNode('governance-ask', at('governance', askStep))
    .addNode('governance-record', at('governance', recordStep))
    .addNode('executor', at('executor', executor), { retryPolicy })
    .addNode('copilot', at('copilot', copilot))
    .addConditionalEdges(
      START,
      (s) => (s.kind === 'settle' ? ['executor'] : s.trim ? ['governance'] : ['compute', 'grid']),
      ['compute', 'grid', 'governance', 'executor'],
    )
    .addEdge(['compute', 'grid'], 'coordination')
    .addConditionalEdges('coordination', (s) => (s.planId === null ? 'copilot' : 'governance'), [
      'governance',
      'copilot',
    ])
    .addConditionalEdges('governance', (s) => (s.outcome === 'ask' ? 'governance-ask' : 'governance-record'), [
      'governance-ask',
      'governance-record',
    ])
    .addEdge('governance-ask', 'governance-record')
    .addConditionalEdges(
      'governance-record',
      (s) => (s.decision === 'open' ? 'governance-ask' : s.decision === 'refused' ? 'copilot' : 'executor'),
      ['governance-ask', 'executor', 'copilot'],
    )
    .addEdge('executor', 'copilot')
    .addEdge('copilot', END)
    .compile(saver === null ? {} : { checkpointer: saver });
};

export type Graph = ReturnType<typeof buildGraph>;
