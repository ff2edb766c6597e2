/**
 * Solves a problem in a worker thread: progress while it runs, an end within a second when cancelled, and one `Result`.
 *
 * `optimize(problem, options)` checks the problem first.
 * - `status`: `optimal` (proved), `feasible` (within `gap` of the best), `infeasible` (proved; see `conflict`),
 *   `not-found` (no schedule was found and none is proved impossible; `unplaced` names the jobs without a place).
 * - `schedule`: region, start slot and pieces by job row (`piecesOf` reads them); null unless optimal or feasible.
 *   `assignment(row)` gives one job's region and segments.
 * - `objective` in money, `objectiveParts` money by cause, `energyKwh`, `emissionsKg`, `lateJobs`.
 * - `lowerBound` in money: no schedule costs less; it follows from `certificate` alone (prices of the limits).
 *   `milpBound` in money: what an exact solver proved on top, null when none did.
 * - `gap` = (objective − lowerBound) / |objective|; `savingsGap` = (objective − lowerBound) / (runImmediately − lowerBound).
 * - `bindingLimits`: limits in words with money saved per unit more.
 * - `stoppedBy`: `proved`, `iterations`, `clock` or `cancelled`. Same problem, seed and iterations: same schedule on every
 *   machine, unless `clock` is told: then the limit in seconds struck, and another machine may have got further.
 *
 * Errors: `invalid-input` (details.jobs lists every wrong job), `unavailable` (the worker died or the chosen engine is
 * not installed). A cancelled run resolves within a second with the best schedule so far; it rejects only when asked
 * before it began.
 */
import { Fault } from '../../../domain/fault.js';
import type { Certificate, Conflict } from './answer.js';
import { runImmediately } from './at-once.js';
import type { Binding } from './binding-limits.js';
import { cutShort } from './conclude.js';
import type { RawConflict } from './conflict/conflict.js';
import { type Naming, tellConflict } from './conflict/words.js';
import type { Errand, Message } from './engine.worker.js';
import { evaluate, type ObjectiveParts } from './evaluate.js';
import { buildModel } from './model.js';
import type { Engine, Limits, Outcome, Status, Step, StoppedBy } from './outcome.js';
import { type Problem, packProblem, piecesOf, type Schedule } from './problem.js';
import { checkProblem, type JobFinding } from './validate.js';
import { giveWorkerBack, takeWorker } from './worker-pool.js';

export interface Progress {
  /** Of `total`, which is 100. */
  readonly done: number;
  readonly total: number;
  readonly lowerBound: number;
  readonly objective: number | null;
  readonly note: string;
}

export interface OptimizeOptions {
  readonly seed?: number;
  /** Rounds of improvement; chosen by size when absent. */
  readonly iterations?: number;
  /** CPU seconds; ends the run early and is recorded as `clock`. Without `iterations` the run uses them up. */
  readonly cpuSeconds?: number;
  readonly engine?: 'auto' | Engine;
  /** When infeasible, also the best plan under the smallest relaxation. */
  readonly relaxed?: boolean;
  /** Leave wrong jobs out (they are named in `skipped`) instead of refusing the problem. */
  readonly skipInvalid?: boolean;
  /** Certificate of an earlier run on a similar problem, as a start. */
  readonly warm?: Certificate;
  /** Starts from the placements in `jobs.current` and moves only what must or is worth its charge. */
  readonly inPlace?: boolean;
  /** Moments and words for conflicts and binding limits; slots and ids when absent. */
  readonly naming?: Naming;
  /** Most MB of heap that the worker may take; it ends with `unavailable` when it needs more. Columns are not counted. */
  readonly heapMb?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Assignment {
  readonly job: string;
  readonly region: number;
  readonly segments: readonly (readonly [from: number, to: number])[];
}

export type Result = Common & (Planned | Unplanned);

/** `status` optimal or feasible. */
export interface Planned {
  readonly schedule: Schedule;
  readonly objective: number;
  readonly objectiveParts: ObjectiveParts;
  readonly energyKwh: number;
  readonly emissionsKg: number;
  readonly lateJobs: number;
}

export type Unplanned = { readonly [K in keyof Planned]: null };

export interface Common {
  readonly status: Status;
  /** The problem that was solved: the one given, without `skipped` jobs. Rows of `schedule` are rows of its jobs. */
  readonly problem: Problem;
  readonly skipped: readonly JobFinding[];
  readonly assignment: (row: number) => Assignment | null;
  readonly unplaced: readonly string[];
  readonly partial: Schedule | null;
  /** Urgent or frozen jobs that run in slots without data; that part of their cost is not counted. */
  readonly unseenJobs: number;
  readonly lowerBound: number | null;
  readonly milpBound: number | null;
  readonly gap: number | null;
  readonly savingsGap: number | null;
  readonly runImmediately: number;
  readonly certificate: Certificate | null;
  readonly bindingLimits: Binding[];
  readonly engine: Engine;
  readonly stoppedBy: StoppedBy;
  readonly cpuSeconds: number;
  readonly seed: number;
  readonly passes: number;
  readonly rounds: number;
  readonly conflict: Conflict | null;
  readonly relaxed: {
    readonly schedule: Schedule;
    readonly objective: number;
    readonly raised: readonly Conflict[];
  } | null;
}

/** How long a cancelled worker may take to answer before it is ended and the last schedule seen is used. */
const PATIENCE_MS = 600;

export const optimize = async (given: Problem, options: OptimizeOptions = {}): Promise<Result> => {
  options.signal?.throwIfAborted();
  const { problem, skipped } = checkProblem(given, { skipInvalid: options.skipInvalid ?? false });
  const seed = options.seed ?? 1;
  const limits: Limits = {
    seed,
    engine: options.engine ?? 'auto',
    relaxed: options.relaxed ?? false,
    ...(options.iterations === undefined ? {} : { iterations: options.iterations }),
    ...(options.cpuSeconds === undefined ? {} : { cpuSeconds: options.cpuSeconds }),
    ...(options.warm === undefined ? {} : { warm: options.warm }),
    ...(options.inPlace === undefined ? {} : { inPlace: options.inPlace }),
  };
  checkOptions(limits);
  const { outcome, cpuSeconds } = await runWorker(problem, limits, options);
  return resultOf(problem, skipped, seed, outcome, cpuSeconds, options.naming ?? {});
};

const checkOptions = (limits: Limits) => {
  const wrong =
    limits.iterations !== undefined && !(Number.isInteger(limits.iterations) && limits.iterations >= 0)
      ? `iterations must be a whole number from 0, not ${limits.iterations}`
      : limits.cpuSeconds !== undefined && !(limits.cpuSeconds > 0)
        ? `cpuSeconds must be above 0, not ${limits.cpuSeconds}`
        : !Number.isSafeInteger(limits.seed)
          ? `seed must be a whole number, not ${limits.seed}`
          : null;
  if (wrong) throw new Fault('invalid-input', wrong, 'Correct the option.');
};

const runWorker = (problem: Problem, limits: Limits, options: OptimizeOptions) =>
  new Promise<{ outcome: Outcome; cpuSeconds: number }>((resolve, reject) => {
    const cancel = new SharedArrayBuffer(4);
    const { packed, transfer } = packProblem(problem);
    const errand: Errand = { problem: packed, limits, cancel };
    const worker = takeWorker(options.heapMb);
    const mayStay = limits.engine === 'decomposition' && options.heapMb === undefined;
    let last: { step: Step; schedule: Schedule | null; cpuSeconds: number } | null = null;
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    const settle = (act: () => void, isWell = false) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      if (isWell && mayStay) giveWorkerBack(worker);
      else worker.terminate().catch(() => undefined);
      act();
    };
    const abort = () => {
      Atomics.store(new Int32Array(cancel), 0, 1);
      timer = setTimeout(() => settle(() => resolve(lastKnown(problem, last))), PATIENCE_MS);
    };
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted) abort();
    worker.on('message', (message: Message) => {
      if (settled) return;
      if (message.kind === 'outcome') settle(() => resolve(message), true);
      else if (message.kind === 'failed') settle(() => reject(died(message.message, message.remedy)));
      else {
        const { step } = message;
        last = { step, schedule: step.schedule ?? last?.schedule ?? null, cpuSeconds: message.cpuSeconds };
        options.onProgress?.({
          done: Math.round(step.done * 100),
          total: 100,
          lowerBound: step.lowerBound,
          objective: step.objective,
          note:
            step.objective === null
              ? 'looking for a schedule'
              : `at most ${percent(step.objective, step.lowerBound)} from the best`,
        });
      }
    });
    worker.on('error', (error) => settle(() => reject(died(error.message))));
    worker.on('exit', (code) => settle(() => reject(died(`it ended with code ${code}`))));
    worker.postMessage(errand, transfer);
  });

const percent = (objective: number, bound: number) =>
  `${((100 * (objective - bound)) / Math.max(Math.abs(objective), 1e-12)).toFixed(2)} %`;

const died = (why: string, remedy?: string) =>
  new Fault(
    'unavailable',
    `The planner's worker stopped: ${why}.`,
    remedy ?? 'Try again; if it stops again, plan fewer jobs or a shorter horizon.',
  );

/** What is known when the worker had to be ended: the last schedule that it sent. */
const lastKnown = (problem: Problem, last: { step: Step; schedule: Schedule | null; cpuSeconds: number } | null) => {
  const model = buildModel(problem);
  const schedule = last?.schedule ?? null;
  const lowerBound = last && Number.isFinite(last.step.lowerBound) ? last.step.lowerBound : null;
  const now = evaluate(model, runImmediately(model)).objective;
  const outcome = cutShort(now, schedule && { schedule, evaluation: evaluate(model, schedule) }, lowerBound);
  return { outcome, cpuSeconds: last?.cpuSeconds ?? 0 };
};

const resultOf = (
  problem: Problem,
  skipped: readonly JobFinding[],
  seed: number,
  outcome: Outcome,
  cpuSeconds: number,
  naming: Naming,
): Result => {
  const tell = (raw: RawConflict) => tellConflict(problem, raw, naming);
  const { parts, relaxed, schedule, objective, energyKwh, emissionsKg, lateJobs, ...rest } = outcome;
  const planned: Planned | Unplanned =
    schedule && objective !== null && parts && energyKwh !== null && emissionsKg !== null && lateJobs !== null
      ? { schedule, objective, objectiveParts: parts, energyKwh, emissionsKg, lateJobs }
      : { schedule: null, objective: null, objectiveParts: null, energyKwh: null, emissionsKg: null, lateJobs: null };
  return {
    ...rest,
    ...planned,
    problem,
    skipped,
    seed,
    cpuSeconds,
    unplaced: outcome.unplaced.map((j) => problem.jobs.ids[j] ?? `#${j}`),
    bindingLimits: outcome.bindingLimits.map(({ id, ...binding }) => ({
      ...binding,
      limit: (id === undefined ? undefined : naming.words?.(id)) ?? binding.limit,
    })),
    conflict: outcome.conflict && tell(outcome.conflict),
    relaxed: relaxed && { schedule: relaxed.schedule, objective: relaxed.objective, raised: relaxed.raised.map(tell) },
    assignment: (row) => {
      const pieces = schedule && piecesOf(problem, schedule, row);
      if (!pieces || !schedule) return null;
      const segments: [number, number][] = [];
      for (let p = 0; p < pieces.length; p += 2) segments.push([pieces[p]!, pieces[p + 1]!]);
      return { job: problem.jobs.ids[row] ?? `#${row}`, region: schedule.region[row]!, segments };
    },
  };
};
