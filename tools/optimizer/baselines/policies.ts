/** Every named policy. */
export { edfThreshold, firstCome, greedy, greedyByDeadline, runImmediately, seedPlanner } from './queueing.js';
export {
  carbonTime,
  ecovisor,
  letsWaitAwhile,
  letsWaitAwhileInterrupting,
  lowestSlot,
  lowestWindow,
  waitAwhile,
} from './waiting.js';
