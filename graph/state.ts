/** What a thread of the graph remembers: plain JSON, ids and small summaries. Each node owns the keys it writes. */
import { Annotation } from '@langchain/langgraph';
import type { Decision, Judgement } from '../domain/decision.js';
import type { Instant } from '../domain/time.js';

const last = <T>(fallback: T) => Annotation<T>({ reducer: (_, next) => next, default: () => fallback });

export const State = Annotation.Root({
  // the order, written at the start
  runId: Annotation<string>,
  kind: Annotation<'plan' | 'settle'>,
  from: Annotation<Instant>,
  horizonHours: Annotation<number>,
  approvalMode: last<'auto' | 'ask'>('auto'),
  request: last<PlanRequest>({}),
  // a plan that was refused, taken up again for the jobs that the policy allows
  trim: last<boolean>(false),
  // compute
  workloadId: last<string | null>(null),
  /** `placed` and `placedBy` are absent in a thread that an older version began. */
  waiting: last<{ jobs: number; urgent: number; energyKwh: number; placed?: number; placedBy?: string[] } | null>(null),
  // coordination
  planId: last<string | null>(null),
  // governance: what was found when it was judged, for the way that the thread takes; nothing is decided by it
  outcome: last<Judgement['outcome'] | null>(null),
  decisionId: last<string | null>(null),
  // open: a person has to answer before anything can be written down
  decision: last<Decision['status'] | 'open' | null>(null),
  // executor
  orderKey: last<string | null>(null),
  placing: last<{ moved: number; leftOut: number; heldBy: string[] } | null>(null),
  ticketIds: last<string[]>([]),
  ticketCount: last<number>(0),
  verificationId: last<string | null>(null),
  // copilot
  told: last<boolean>(false),
});

export type GraphState = typeof State.State;
export type Patch = Partial<GraphState>;

/** What a caller may ask of the planner beyond the window. */
export interface PlanRequest {
  readonly workloadId?: string;
  readonly region?: string;
  readonly clusterId?: string;
  readonly carbonPricePerTonne?: number;
  readonly tardinessWeight?: number;
  readonly maxPowerKw?: number;
  readonly seed?: number;
}
