/** Makes a model of jobs from a history: tried on its last quarter, which also sets its quantiles right, then fitted on its newest. */
import { invalid } from '../../../domain/fault.js';
import type { RanJob } from '../../../domain/job-forecast.js';
import { type Aim, HOURS, POWER, type Three } from './past.js';
import { replay } from './replay.js';
import type { SavedJobs, Teller } from './saved-jobs.js';

export interface TrainJobsQuestion {
  readonly jobs: readonly RanJob[];
  readonly seed: number;
  readonly tell?: (done: number, note: string) => void;
}

const FEWEST = 20;
/** Newest jobs that are learned from, and those that are kept as the past of the jobs to come. */
const NEWEST = 60_000;
const REMEMBERED = 10_000;
const TRIED = 0.25;

export const bySubmission = (jobs: readonly RanJob[]): RanJob[] =>
  [...jobs].sort((a, b) => (a.submittedAt < b.submittedAt ? -1 : a.submittedAt > b.submittedAt ? 1 : 0));

/** Throws Fault `invalid-input` for fewer than 20 jobs. */
export const trainJobs = ({ jobs, seed, tell }: TrainJobsQuestion): SavedJobs => {
  if (jobs.length < FEWEST)
    throw invalid(
      `the history holds ${jobs.length} jobs that have ended, and a model takes ${FEWEST}`,
      'Give a longer history, for example sacct of the last three months.',
    );
  const known = bySubmission(jobs).slice(-NEWEST);
  const from = Math.floor(known.length * (1 - TRIED));
  const hours = replay({
    jobs: known,
    aim: HOURS,
    from,
    fits: 1,
    seed,
    tell: (done) => tell?.(0.6 * done, 'durations'),
  });
  const measured = known.filter((job) => job.powerKw !== null);
  const power = measured.length < FEWEST ? null : tellerOf(measured, POWER, seed);
  const byEnd = [...known].sort((a, b) => (a.endedAt < b.endedAt ? -1 : a.endedAt > b.endedAt ? 1 : 0));
  const told = known.flatMap((job, i) => (hours.told[i] ? [{ hours: Math.log(job.hours), told: hours.told[i]! }] : []));
  const held = (k: keyof Three & number) => told.filter((one) => one.hours <= one.told[k]! + 1e-9).length / told.length;
  return {
    card: {
      format: 'caco-jobs-1',
      span: { from: known[0]!.submittedAt, to: byEnd.at(-1)!.endedAt },
      jobs: known.length,
      measured: measured.length,
      learns: hours.fitted !== null,
      tried: told.length === 0 ? null : { jobs: told.length, median: held(1), high: held(2) },
      seed,
    },
    hours: { fitted: hours.fitted, offsets: hours.calibration.offsets, weight: hours.weight },
    powerKw: power,
    past: byEnd.slice(-REMEMBERED),
  };
};

const tellerOf = (jobs: readonly RanJob[], aim: Aim, seed: number): Teller => {
  const { fitted, calibration, weight } = replay({
    jobs,
    aim,
    from: Math.floor(jobs.length * (1 - TRIED)),
    fits: 1,
    seed,
  });
  return { fitted, offsets: calibration.offsets, weight };
};
