/** How much a plan is worth: with a proof where the work is small, or the search alone. */
import { z } from 'zod';
import { type OptimizeOptions, optimize, type Problem, type Result } from './engine/engine.js';

export const EFFORT = z
  .enum(['proof', 'search'])
  .default('proof')
  .describe('search: no exact solver is asked, for plans that are soon made again');

/** Rounds for each job of a small plan; the engine's own choice, which has a floor for problems that are planned once, is the most. */
const ROUNDS_PER_JOB = 500;
const MOST_ROUNDS = 60_000;

/** Where a search alone finds neither a schedule nor why there is none, everything is tried. */
export const solvedWith = async (
  effort: z.output<typeof EFFORT>,
  problem: Problem,
  options: OptimizeOptions,
): Promise<Result> => {
  if (effort === 'proof') return optimize(problem, options);
  const few = problem.jobs.count * ROUNDS_PER_JOB;
  const iterations = few < MOST_ROUNDS ? { iterations: few } : {};
  const found = await optimize(problem, { ...options, ...iterations, engine: 'decomposition' });
  return found.status === 'not-found' ? optimize(problem, options) : found;
};

/** From so many jobs on a plan is made good again in place; fewer are planned anew in a second, and proved where they are few. */
const IN_PLACE_JOBS = 1000;

export const isMadeGoodInPlace = (problem: Problem): boolean => problem.jobs.count >= IN_PLACE_JOBS;
