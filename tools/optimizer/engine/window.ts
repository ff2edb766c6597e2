/** When a job may start and run. Ends are exact: a job that uses a part of its last slot ends inside it. */
import { MOVABLE, type Problem, URGENT } from './problem.js';

/** Ends that differ by less than this many slots are the same instant (a slot is at most a day, so under 10 ms). */
export const SLOT_EPSILON = 1e-7;

/** Last start slot of job `j` run in one piece; below `release` when it does not fit. */
export const latestStart = (problem: Problem, j: number): number => {
  const jobs = problem.jobs;
  if (jobs.kind[j] === URGENT) return jobs.release[j]!;
  const slots = jobs.slots[j]!;
  const work = slots - 1 + jobs.lastFraction[j]!;
  return Math.min(Math.floor(jobs.deadline[j]! - work + SLOT_EPSILON), problem.slots - slots);
};

/** Slot after the last one in which job `j` may run. */
export const windowEnd = (problem: Problem, j: number): number => latestStart(problem, j) + problem.jobs.slots[j]!;

export const fitsWindow = (problem: Problem, j: number): boolean =>
  problem.jobs.kind[j] !== MOVABLE || latestStart(problem, j) >= problem.jobs.release[j]!;

/** Slots (with fraction) by which a run whose last touched slot is `end − 1` is late. */
export const lateness = (problem: Problem, j: number, end: number): number => {
  const late = end - 1 + problem.jobs.lastFraction[j]! - problem.jobs.due[j]!;
  return late > SLOT_EPSILON ? late : 0;
};
