/**
 * Front door of the planner: a problem in, the best schedule that was found and a proof of how good it is out.
 *
 * `optimize` (optimize.ts) solves a problem in a worker thread; `solve` is the same without thread or clock. `parseCaco`,
 * `writeSolution` and `writeCertificate` speak the exchange format `caco-opt-1`. `makePlan` plans a workload of the store.
 */
import { compareBaselines } from './baselines/compare-baselines.js';
import { comparePlans, tradeOff } from './compare.js';
import { explainPlan } from './explain.js';
import { makePlan } from './plan.js';
import { replan } from './replan.js';

export { BaselineRow, compareBaselines as baselinesOf, POLICIES } from './baselines/baselines.js';
export { compareBaselines } from './baselines/compare-baselines.js';
export { comparePlans, DEFAULT_PRICES, TradeOff, tradeOff, tradeOffOf } from './compare.js';
export { Certificate, Conflict } from './engine/answer.js';
export { CacoReader, parseCaco, solutionOf, writeCertificate, writeSolution } from './engine/caco-opt.js';
export type { ObjectiveParts } from './engine/evaluate.js';
export { wholeMilp } from './engine/exact.js';
export type { Binding } from './engine/limits.js';
export { loadMilp, loadSolver, toLpText } from './engine/milp-solvers.js';
export { type Assignment, type OptimizeOptions, optimize, type Progress, type Result } from './engine/optimize.js';
export type { Engine, Hooks, Limits, Outcome, Status, StoppedBy } from './engine/outcome.js';
export { emptyJobs, FROZEN, MOVABLE, type Problem, piecesOf, type Schedule, URGENT } from './engine/problem.js';
export { RELAX_FORMS, relaxBy } from './engine/relax.js';
export { solve } from './engine/solve.js';
export { checkProblem, type JobFinding } from './engine/validate.js';
export { explainPlan } from './explain.js';
export { PlanInput } from './fleet-problem.js';
export { CERTIFICATES, makePlan } from './plan.js';
export { replan } from './replan.js';
export { replanProblem } from './replan-problem.js';
export { replayStudy, STUDIES } from './studies/studies.js';
export type { StudyAnswer, StudyRow } from './studies/study.js';

export const optimizerTools = [makePlan, tradeOff, comparePlans, explainPlan, compareBaselines, replan] as const;
