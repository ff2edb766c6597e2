/**
 * Front door of the baselines: named policies of the literature, alone (`POLICIES`, or each by its name, given a `View` of a
 * model) or side by side on one problem, each with what it costs, emits and breaks.
 */
import { z } from 'zod';
import { Estimate } from '../../../domain/estimate.js';
import { invalid } from '../../../domain/fault.js';
import { Cost } from '../../../domain/plan.js';
import {
  buildModel,
  checkProblem,
  optimize,
  type Problem,
  type Schedule,
  type Telling,
  totalsOf,
} from '../engine/engine.js';
import { type Policy, View } from './policy.js';
import { edfThreshold, firstCome, greedy, greedyByDeadline, runImmediately, seedPlanner } from './queueing.js';
import { inWords, Violations, violationsOf } from './violations.js';
import {
  carbonTime,
  ecovisor,
  letsWaitAwhile,
  letsWaitAwhileInterrupting,
  lowestSlot,
  lowestWindow,
  waitAwhile,
} from './waiting.js';

export { type Policy, View } from './policy.js';
export {
  carbonTime,
  ecovisor,
  letsWaitAwhile,
  letsWaitAwhileInterrupting,
  lowestSlot,
  lowestWindow,
  runImmediately,
  waitAwhile,
};

export const POLICIES: readonly Policy[] = [
  runImmediately,
  seedPlanner,
  letsWaitAwhile,
  letsWaitAwhileInterrupting,
  lowestSlot,
  lowestWindow,
  carbonTime,
  waitAwhile,
  ecovisor,
  firstCome,
  edfThreshold,
  greedy,
  greedyByDeadline,
];

export const PLANNER = 'caco';

export const BaselineRow = z.strictObject({
  policy: z.string(),
  title: z.string(),
  what: z.string().describe('what it minimises, and what it does not look at'),
  cost: Cost,
  emissionsKg: Estimate,
  objective: z.number().describe('cost plus priced carbon'),
  lateJobs: z.number().int().describe('past due, before the deadline or not'),
  savedKgRatio: z.number().nullable().describe('share of emissions saved against run-immediately'),
  savedCostRatio: z.number().nullable().describe('share of cost saved against run-immediately'),
  isLawful: z.boolean().describe('false: it breaks a limit or leaves a job out, and its figures are not to be had'),
  violations: Violations,
  violates: z.array(z.string()).describe('the same in words; empty when it breaks nothing'),
  lowerBound: z.number().nullable().describe('of the planner: no lawful schedule has a lower objective'),
});
export type BaselineRow = z.infer<typeof BaselineRow>;

export interface CompareOptions {
  /** Names of policies; all and the planner when left out. */
  readonly policies?: readonly string[] | undefined;
  readonly telling: Telling;
  readonly seed?: number;
  readonly cpuSeconds?: number | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

/** Throws Fault `invalid-input` for an unknown policy or a wrong problem. The planner is left out when it finds no plan. */
export const compareBaselines = async (problem: Problem, options: CompareOptions): Promise<BaselineRow[]> => {
  checkProblem(problem, { skipInvalid: false });
  const known = [...POLICIES.map((p) => p.name), PLANNER];
  const wanted = options.policies ?? known;
  const stranger = wanted.find((name) => !known.includes(name));
  if (stranger !== undefined) throw invalid(`there is no policy "${stranger}"`, `There are: ${known.join(', ')}.`);
  const model = buildModel(problem);
  const view = new View(model);
  const rowOf = (policy: Pick<Policy, 'name' | 'title' | 'what'>, schedule: Schedule, lowerBound: number | null) => {
    const { cost, emissionsKg, evaluation } = totalsOf(model, schedule, options.telling);
    const violations = violationsOf(model, schedule, evaluation);
    const violates = inWords(violations);
    return {
      policy: policy.name,
      title: policy.title,
      what: policy.what,
      cost,
      emissionsKg,
      objective: evaluation.objective,
      lateJobs: evaluation.lateJobs,
      isLawful: violates.length === 0,
      violations,
      violates,
      lowerBound,
    };
  };
  const now = rowOf(runImmediately, runImmediately.run(view), null);
  const rows: Omit<BaselineRow, 'savedKgRatio' | 'savedCostRatio'>[] = [];
  for (const [i, name] of wanted.entries()) {
    options.signal?.throwIfAborted();
    options.onProgress?.(i, wanted.length, name);
    const policy = POLICIES.find((p) => p.name === name);
    if (policy) rows.push(policy === runImmediately ? now : rowOf(policy, policy.run(view), null));
    else {
      const solved = await optimize(problem, {
        seed: options.seed ?? 1,
        ...(options.cpuSeconds === undefined ? {} : { cpuSeconds: options.cpuSeconds }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      if (solved.schedule)
        rows.push(
          rowOf(
            {
              name: PLANNER,
              title: 'CACO',
              what: 'least cost plus priced carbon over all jobs at once; heeds every limit',
            },
            solved.schedule,
            solved.lowerBound,
          ),
        );
    }
  }
  const ratio = (before: number, after: number) => (before > 0 ? 1 - after / before : null);
  return rows.map((row) => ({
    ...row,
    // What is left out cannot be saved.
    savedKgRatio: row.violations.unplaced > 0 ? null : ratio(now.emissionsKg.value, row.emissionsKg.value),
    savedCostRatio: row.violations.unplaced > 0 ? null : ratio(now.cost.total, row.cost.total),
  }));
};
