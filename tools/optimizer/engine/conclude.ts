/** An outcome from what a run found: with its gaps, its proof and why it ended. What a run did not find is null. */
import { bindingLimits } from './binding-limits.js';
import type { RawConflict } from './conflict/conflict.js';
import type { Evaluation } from './evaluate.js';
import { certificateOf, type Prices } from './lagrangian/prices.js';
import type { Model } from './model.js';
import type { Engine, Outcome, StoppedBy } from './outcome.js';
import type { Schedule } from './problem.js';

/** Objective and bound are the same number when they differ by less than this part of it. */
export const SAME = 1e-9;
/** Money below this is nothing, where it divides. */
const NO_MONEY = 1e-12;

/**
 * How far a schedule is from the bound: as part of its objective, and as part of what planning can save at most against
 * `runImmediately`. The latter is null where nothing can be saved and the schedule is not at the bound; both are where a run was
 * ended before it had a bound.
 */
export const gapsOf = (
  objective: number,
  lowerBound: number,
  runImmediately: number,
): { gap: number | null; savingsGap: number | null } => {
  if (!Number.isFinite(lowerBound)) return { gap: null, savingsGap: null };
  const difference = Math.max(0, objective - lowerBound);
  if (difference === 0) return { gap: 0, savingsGap: 0 };
  const most = runImmediately - lowerBound;
  return {
    gap: difference / Math.max(Math.abs(objective), NO_MONEY),
    savingsGap: most > NO_MONEY ? difference / most : null,
  };
};

/** A bound of minus infinity is none. */
const boundOf = (lowerBound: number | null): number | null =>
  lowerBound !== null && Number.isFinite(lowerBound) ? lowerBound : null;

/** What every run knows when it ends. */
export interface Ended {
  readonly model: Model;
  /** Cost of running at once. */
  readonly now: number;
  /** Why the run was cut short; null when it was not. */
  readonly struck: StoppedBy | null;
}

/** What a run that found no schedule says of one. */
const NOTHING = {
  schedule: null,
  partial: null,
  unplaced: [],
  objective: null,
  parts: null,
  energyKwh: null,
  emissionsKg: null,
  lateJobs: null,
  unseenJobs: 0,
  lowerBound: null,
  milpBound: null,
  gap: null,
  savingsGap: null,
  certificate: null,
  bindingLimits: [],
  engine: 'decomposition',
  conflict: null,
  relaxed: null,
  passes: 1,
  rounds: 0,
} as const satisfies Partial<Outcome>;

/** A schedule that keeps every limit, what it costs, and what is proved of it. */
export interface Answer {
  readonly schedule: Schedule;
  readonly evaluation: Evaluation;
  readonly lowerBound: number;
  readonly prices: Prices;
  readonly engine: Engine;
  /** An exact engine proved that nothing costs less, whatever the prices prove. */
  readonly isOptimal: boolean;
  readonly milpBound: number | null;
  readonly passes: number;
  readonly rounds: number;
}

const figuresOf = ({ objective, parts, energyKwh, emissionsKg, lateJobs, unseenJobs }: Evaluation) => ({
  objective,
  parts,
  energyKwh,
  emissionsKg,
  lateJobs,
  unseenJobs,
});

export const withSchedule = ({ model, now, struck }: Ended, answer: Answer): Outcome => {
  const { evaluation, prices, isOptimal, ...rest } = answer;
  const { objective } = evaluation;
  const difference = Math.max(0, objective - answer.lowerBound);
  const isProved = isOptimal || difference <= SAME * Math.max(1e-9, Math.abs(objective));
  return {
    ...NOTHING,
    ...rest,
    ...figuresOf(evaluation),
    ...gapsOf(objective, answer.lowerBound, now),
    lowerBound: boundOf(answer.lowerBound),
    runImmediately: now,
    certificate: certificateOf(model, prices),
    bindingLimits: bindingLimits(model, prices, evaluation.loads),
    status: isProved ? 'optimal' : 'feasible',
    stoppedBy: isProved ? 'proved' : (struck ?? 'iterations'),
  };
};

export const impossible = ({ now }: Ended, conflict: RawConflict): Outcome => ({
  ...NOTHING,
  runImmediately: now,
  status: 'infeasible',
  conflict,
  stoppedBy: 'proved',
});

/** Nothing was found and nothing is proved. */
export const withoutSchedule = (
  { now, struck }: Ended,
  known: Pick<Outcome, 'engine' | 'lowerBound'> &
    Partial<Pick<Outcome, 'partial' | 'unplaced' | 'certificate' | 'passes' | 'rounds'>>,
): Outcome => ({
  ...NOTHING,
  ...known,
  lowerBound: boundOf(known.lowerBound),
  runImmediately: now,
  status: 'not-found',
  stoppedBy: struck ?? 'iterations',
});

/** Of a run that had to be ended from outside: the last schedule and bound that it told, without a proof. */
export const cutShort = (
  now: number,
  last: { readonly schedule: Schedule; readonly evaluation: Evaluation } | null,
  lowerBound: number | null,
): Outcome => ({
  ...NOTHING,
  ...(last === null
    ? { status: 'not-found' }
    : {
        status: 'feasible',
        schedule: last.schedule,
        ...figuresOf(last.evaluation),
        ...(lowerBound === null ? {} : gapsOf(last.evaluation.objective, lowerBound, now)),
      }),
  lowerBound: boundOf(lowerBound),
  runImmediately: now,
  stoppedBy: 'cancelled',
  passes: 0,
});
