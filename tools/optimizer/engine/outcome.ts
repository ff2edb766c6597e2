/** What a run is told, what it tells while it works, and what comes out of it. */
import type { Certificate } from './answer.js';
import type { Binding } from './binding-limits.js';
import type { RawConflict } from './conflict/conflict.js';
import type { ObjectiveParts } from './evaluate.js';
import type { MilpName, MilpSolver } from './milp/milp.js';
import type { Schedule } from './problem.js';

export type Engine = 'uncoupled' | 'decomposition' | 'glpk' | 'highs';
export type StoppedBy = 'proved' | 'iterations' | 'clock' | 'cancelled';
export type Status = 'optimal' | 'feasible' | 'infeasible' | 'not-found';

export interface Limits {
  readonly seed: number;
  /** Rounds of improvement; by size when absent. 0: prices and repair only. */
  readonly iterations?: number;
  /** CPU seconds of this thread; when it strikes, `stoppedBy` says so. */
  readonly cpuSeconds?: number;
  readonly engine: 'auto' | Engine;
  /** When infeasible: also the best plan under the smallest relaxation. */
  readonly relaxed: boolean;
  /** Prices of an earlier run on a similar problem. */
  readonly warm?: Certificate;
  /** Starts from the placements in `jobs.current`, which are in force, and moves only what must or is worth its charge. */
  readonly inPlace?: boolean;
}

export interface Step {
  /** From 0 to 1. */
  readonly done: number;
  readonly lowerBound: number;
  readonly objective: number | null;
  readonly schedule: Schedule | null;
}

export interface Hooks {
  readonly cancelled: () => boolean;
  /** CPU seconds used so far. */
  readonly cpuSeconds: () => number;
  readonly tell: (step: Step) => void;
  readonly milp: Partial<Record<MilpName, MilpSolver>>;
}

export interface Outcome {
  readonly status: Status;
  readonly schedule: Schedule | null;
  /** Best attempt that leaves jobs without a place, when nothing else was found. */
  readonly partial: Schedule | null;
  readonly unplaced: readonly number[];
  readonly objective: number | null;
  readonly parts: ObjectiveParts | null;
  readonly energyKwh: number | null;
  readonly emissionsKg: number | null;
  readonly lateJobs: number | null;
  readonly unseenJobs: number;
  readonly lowerBound: number | null;
  readonly milpBound: number | null;
  readonly gap: number | null;
  readonly savingsGap: number | null;
  readonly runImmediately: number;
  readonly certificate: Certificate | null;
  readonly bindingLimits: readonly Binding[];
  readonly engine: Engine;
  readonly stoppedBy: StoppedBy;
  readonly conflict: RawConflict | null;
  readonly relaxed: {
    readonly schedule: Schedule;
    readonly objective: number;
    readonly raised: readonly RawConflict[];
  } | null;
  readonly passes: number;
  readonly rounds: number;
}
