/** What a thread of the graph remembers: plain JSON, ids and small summaries. Each node owns the keys it writes. */
import { Annotation } from '@langchain/langgraph';
import type { Decision, Judgement } from '../domain/decision.js';
import type { SettledEvent } from '../domain/run.js';
import type { Instant } from '../domain/time.js';

const last = <T>(fallback: T) => Annotation<T>({ reducer: (_, next) => next, default: () => fallback });

export const State = Annotation.Root({
  // the order, written at the start
  runId: Annotation<string>,
  kind: Annotation<'plan' | 'settle' | 'respond'>,
  from: Annotation<Instant>,
  horizonHours: Annotation<number>,
  approvalMode: last<'auto' | 'ask'>('auto'),
  request: last<PlanRequest>({}),
  // the plan is there: one that was refused and is taken up again, or one that was made before
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
  /** `left` and `rehearsed` are absent where the fleet took everything, and where it does not rehearse. */
  placing: last<{
    moved: number;
    leftOut: number;
    heldBy: string[];
    left?: number;
    rehearsed?: number;
    watched?: true;
  } | null>(null),
  ticketIds: last<string[]>([]),
  ticketCount: last<number>(0),
  verificationId: last<string | null>(null),
  /** Of a run that settles events: each of them, and why it could not be settled where it could not. */
  settled: last<SettledEvent[]>([]),
  // copilot
  told: last<boolean>(false),
});

export type GraphState = typeof State.State;

/** What a checkpoint gives back as it was: a member of another type has no value here, so that no node can return one. */
type Plain<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends bigint | symbol | ((...given: never) => unknown) | Date | URL | ArrayBufferView | { size: number } // Map, Set
    ? never
    : { [K in keyof T]: Plain<T[K]> };

export type Patch = Partial<Plain<GraphState>>;

/**
 * `value` as it is, where it comes back from a checkpoint as it was. LangGraph saves a bigint and can never read it again,
 * makes null of NaN, Infinity and what is undefined in a list, and text or plain objects of dates, maps and buffers; a figure
 * that became null would be read as "not known". Throws an Error that names the place; it is a defect.
 */
export const plain = <T>(value: T, path = 'state'): T => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) plain(one, `${path}/${i}`);
    return value;
  }
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    // A member that is undefined is left out, as if it had not been written.
    for (const [key, one] of Object.entries(value)) if (one !== undefined) plain(one, `${path}/${key}`);
    return value;
  }
  const what = typeof value === 'object' ? Object.prototype.toString.call(value) : `${typeof value} ${String(value)}`;
  throw new Error(`${path} cannot be kept in a thread: ${what} would not come back as it is`);
};

/** What a caller may ask of the planner beyond the window. */
export interface PlanRequest {
  readonly workloadId?: string;
  readonly region?: string;
  readonly clusterId?: string;
  readonly carbonPricePerTonne?: number;
  readonly tardinessWeight?: number;
  readonly maxPowerKw?: number;
  readonly effort?: 'proof' | 'search';
  readonly seed?: number;
}
