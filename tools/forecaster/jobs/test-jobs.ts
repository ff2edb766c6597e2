/** How often a model of jobs would have been right, and what planning on it would have cost, on a history that has its truth. */
import { invalid } from '../../../domain/fault.js';
import type { RanJob } from '../../../domain/job-forecast.js';
import { toEpoch } from '../../../domain/time.js';
import { HOURS, SHARES, type Three } from './past.js';
import { type PlanRow, plansOn, type Signal, type Timed, usualLimits } from './plans.js';
import { replay } from './replay.js';
import { bySubmission } from './train-jobs.js';

export interface TestJobsQuestion {
  readonly jobs: readonly RanJob[];
  /** what plans of them are counted in; null: none are made */
  readonly signal: Signal | null;
  /** hours that a job may wait beyond the limit that was asked for */
  readonly slackHours: number;
  readonly seed: number;
  readonly tell?: (done: number, note: string) => void;
}

/** Shares of the tested jobs that were no longer than each quantile. */
interface Held {
  readonly jobs: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

export interface TestedJobs {
  readonly jobs: number;
  readonly held: Held;
  /** the test in four parts of equal numbers, in the order of submission */
  readonly parts: readonly Held[];
  /** hours over all tested jobs */
  readonly hours: { readonly ran: number; readonly expected: number; readonly high: number; readonly asked: number };
  /** the median is out by this factor, half of the time by less */
  readonly factor: number;
  /** no limits stood in the history, and these were made */
  readonly madeLimits: boolean;
  readonly plans: readonly PlanRow[] | null;
}

/** Share of the history before the first test, and how often trees are fitted anew in what follows. */
const LEARNED = 0.25;
const FITS = 8;
const FEWEST = 40;

/** Throws Fault `invalid-input` for a history of fewer than 40 jobs. */
export const testJobs = ({ jobs: given, signal, slackHours, seed, tell }: TestJobsQuestion): TestedJobs => {
  if (given.length < FEWEST)
    throw invalid(
      `the history holds ${given.length} jobs that have ended, and a test takes ${FEWEST}`,
      'Give a longer one.',
    );
  const jobs = bySubmission(given);
  const from = Math.floor(jobs.length * LEARNED);
  const { told, expected } = replay({
    jobs,
    aim: HOURS,
    from,
    fits: FITS,
    seed,
    tell: (done) => tell?.(0.9 * done, 'foretelling'),
  });
  const madeLimits = jobs.every((job) => job.limitHours === null);
  const usual = jobs.some((job) => job.limitHours === null) ? usualLimits(jobs, seed) : [];
  const limits = jobs.map((job, i) => job.limitHours ?? usual[i]!);
  const timed: Timed[] = jobs.flatMap((job, i) => {
    const three = told[i];
    if (!three) return [];
    const limit = Math.max(job.hours, limits[i]!);
    // By what was asked for, not by what it then took.
    const within = (log: number) => Math.min(Math.exp(log), limits[i]!);
    return [
      {
        submitted: toEpoch(job.submittedAt),
        hours: job.hours,
        weight: job.powerKw ?? job.vcpus + 8 * job.gpus,
        limit,
        expected: within(expected[i]!),
        high: within(three[2]),
      },
    ];
  });
  const tested = jobs.flatMap((job, i) => (told[i] ? [{ log: Math.log(job.hours), three: told[i]! }] : []));
  const sum = (of: (job: Timed) => number) => timed.reduce((total, job) => total + of(job), 0);
  const quarter = Math.ceil(tested.length / 4);
  const factors = Float64Array.from(tested, ({ log, three }) => Math.abs(log - three[1])).sort();
  return {
    jobs: tested.length,
    held: heldOf(tested),
    parts: [0, 1, 2, 3].map((q) => heldOf(tested.slice(q * quarter, (q + 1) * quarter))),
    hours: {
      ran: sum((j) => j.hours),
      expected: sum((j) => j.expected),
      high: sum((j) => j.high),
      asked: sum((j) => j.limit),
    },
    factor: Math.exp(factors[Math.floor(factors.length / 2)] ?? 0),
    madeLimits,
    plans: signal && plansOn(timed, signal, slackHours),
  };
};

const heldOf = (jobs: readonly { readonly log: number; readonly three: Three }[]): Held => {
  const [low, median, high] = SHARES.map(
    (_, k) => jobs.filter(({ log, three }) => log <= three[k]! + 1e-9).length / jobs.length,
  );
  return { jobs: jobs.length, low: low!, median: median!, high: high! };
};
