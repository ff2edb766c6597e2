/**
 * Front door of the planner: a problem in, the best schedule that was found and a proof of how good it is out.
 *
 * `optimize` (optimize.ts) solves a problem in a worker thread; `solve` is the same without thread or clock. `parseCaco`,
 * `writeSolution` and `writeCertificate` speak the exchange format `caco-opt-1`. `makePlan` plans a workload of the store.
 */
import type { Tool } from '../tool.js';
import { compareBaselines } from './baselines/compare-baselines.js';
import { comparePlans, tradeOff } from './compare.js';
import { explainPlan } from './explain.js';
import { makePlan } from './plan.js';
import { replan } from './replan.js';

export { Certificate, Conflict } from './answer.js';
export { BaselineRow, compareBaselines as baselinesOf, POLICIES } from './baselines/baselines.js';
export { compareBaselines } from './baselines/compare-baselines.js';
export { CacoReader, parseCaco, solutionOf, writeCertificate, writeSolution } from './caco-opt.js';
export { comparePlans, DEFAULT_PRICES, TradeOff, tradeOff, tradeOffOf } from './compare.js';
export type { ObjectiveParts } from './evaluate.js';
export { wholeMilp } from './exact.js';
export { explainPlan } from './explain.js';
export { PlanInput } from './fleet-problem.js';
export type { Binding } from './limits.js';
export { loadMilp, loadSolver, toLpText } from './milp-solvers.js';
export { type Assignment, type OptimizeOptions, optimize, type Progress, type Result } from './optimize.js';
export type { Engine, Hooks, Limits, Outcome, Status, StoppedBy } from './outcome.js';
export { CERTIFICATES, makePlan } from './plan.js';
export { emptyJobs, FROZEN, MOVABLE, type Problem, piecesOf, type Schedule, URGENT } from './problem.js';
export { RELAX_FORMS, relaxBy } from './relax.js';
export { replan } from './replan.js';
export { replanProblem } from './replan-problem.js';
export { solve } from './solve.js';
export { replayStudy, STUDIES } from './studies/studies.js';
export type { StudyAnswer, StudyRow } from './studies/study.js';
export { checkProblem, type JobFinding } from './validate.js';

export const optimizerTools: readonly Tool[] = [
  makePlan,
  tradeOff,
  comparePlans,
  explainPlan,
  compareBaselines,
  replan,
];
