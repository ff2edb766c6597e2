/**
 * Front door of the planner: a problem in, the best schedule that was found and a proof of how good it is out.
 *
 * Behind it are four parts. `engine/` is numbers in, numbers out (its own front door says what); `baselines/` are the
 * policies of the literature on the engine's model; `studies/` compute published studies again with both. The files beside
 * this one are the desk, which knows the store, jobs, words and tools: `makePlan` plans a workload of the store.
 */
import { comparePlans, tradeOff } from './compare.js';
import { compareBaselines } from './compare-baselines.js';
import { explainPlan } from './explain.js';
import { listPlans, sumPlan } from './list-plans.js';
import { replan } from './replan.js';
import { showSchedule } from './show-schedule.js';
import { tabulatePlan } from './tabulate-plan.js';

export { BaselineRow, compareBaselines as baselinesOf, POLICIES } from './baselines/baselines.js';
export { churnCharges, withoutCharge, withoutChargeNear } from './churn.js';
export { comparePlans, TradeOff, tradeOff, tradeOffOf } from './compare.js';
export { compareBaselines } from './compare-baselines.js';
export {
  Conflict,
  emptyJobs,
  type Hooks,
  loadSolver,
  type OptimizeOptions,
  type Outcome,
  optimize,
  type Problem,
  parseCaco,
  piecesOf,
  type Result,
  relaxBy,
  type Schedule,
  solve,
  toLpText,
  wholeMilp,
  writeCertificate,
  writeSolution,
} from './engine/engine.js';
export { explainPlan } from './explain.js';
export { listPlans, sumPlan } from './list-plans.js';
export { makePlan } from './plan.js';
export { replan } from './replan.js';
export { replanProblem } from './replan-problem.js';
export { showSchedule } from './show-schedule.js';
export { replayStudy, STUDIES, type StudyAnswer, type StudyRow } from './studies/studies.js';

/** make_plan itself is listed by the graph, which gathers the queue where nothing was taken in. */
export const optimizerTools = [
  tradeOff,
  comparePlans,
  explainPlan,
  listPlans,
  sumPlan,
  showSchedule,
  tabulatePlan,
  compareBaselines,
  replan,
] as const;
