/**
 * Front door of the engine: numbers in, numbers out. It knows typed arrays, slots and money without a currency; no store, no
 * clock, no names of people's things beyond the ids that a problem brings.
 *
 * A problem is made of `emptyJobs` and `Problem`, or read from the exchange format by `parseCaco`; `checkProblem` names what
 * is wrong with it. `optimize` solves it in a worker thread; `solve` is the same in this thread, without time. `evaluate`
 * says what any schedule costs and `withinCaps`, `unlawful` what it breaks. `Oracle`, `State` and `Responder` are the
 * engine's parts for policies that place job by job: the cheapest place of each job at given prices, a schedule in the
 * making, and the cheapest place that is left in it.
 */
export { Certificate, Conflict } from './answer.js';
export { runImmediately } from './at-once.js';
export type { Binding } from './binding-limits.js';
export { CacoReader, parseCaco, solutionOf, writeCertificate, writeSolution } from './caco-opt.js';
export { gapsOf } from './conclude.js';
export { RELAX_FORMS, relaxBy } from './conflict/relax.js';
export {
  allowed,
  type Evaluation,
  evaluate,
  type Loads,
  type ObjectiveParts,
  unlawful,
  withinCaps,
} from './evaluate.js';
export { Oracle } from './lagrangian/bound.js';
export { Dual, NEAR } from './lagrangian/dual.js';
export { Pricer } from './lagrangian/pricer.js';
export { certificateOf, noPrices, pricesFrom } from './lagrangian/prices.js';
export { LimitValue, limitValues, type SlotClock } from './limit-values.js';
export { wholeMilp } from './milp/exact.js';
export { loadMilp, loadSolver, toLpText } from './milp/solvers.js';
export { buildModel, fixedCost, type Model } from './model.js';
export { type Assignment, type OptimizeOptions, optimize, type Progress, type Result } from './optimize.js';
export type { Engine, Hooks, Limits, Outcome, Status, StoppedBy } from './outcome.js';
export {
  type CarbonCap,
  COLUMNS,
  emptyJobs,
  emptySchedule,
  FROZEN,
  type JobTable,
  MOVABLE,
  type PowerEvent,
  type Problem,
  piecesOf,
  type Schedule,
  selectJobs,
  URGENT,
} from './problem.js';
export { Responder, type Terms } from './search/respond.js';
export { State } from './search/state.js';
export { solve } from './solve.js';
export { type ScheduleTotals, type Telling, totalsOf } from './totals.js';
export { checkProblem, type JobFinding } from './validate.js';
export { SLOT_EPSILON } from './window.js';
