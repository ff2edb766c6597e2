/**
 * What planning with a duration costs that is not the true one: each job alone starts where the signal is least over as long as it
 * is taken to run, early enough for its safe duration to end by its deadline, and then runs as long as it does. No capacity is
 * shared, so what a wrong duration costs other jobs is not in it.
 */
import type { RanJob } from '../../../domain/job-forecast.js';
import { seeded } from '../random.js';

/** Intensity over time: NaN where it is not known. */
export interface Signal {
  /** epoch seconds of its first step */
  readonly start: number;
  readonly stepMinutes: number;
  readonly values: Float64Array;
}

/** A job with what it is taken to need, in hours. */
export interface Timed {
  /** epoch seconds */
  readonly submitted: number;
  readonly hours: number;
  /** kW, or what stands for it */
  readonly weight: number;
  readonly limit: number;
  readonly expected: number;
  readonly high: number;
}

export interface PlanRow {
  /** by what duration it was planned */
  readonly plan: 'at once' | 'asked' | 'foretold' | 'truth';
  /** mean intensity of what ran, in the signal's unit */
  readonly mean: number;
  /** part of the saving of the true durations that was realised */
  readonly realisedShare: number | null;
  readonly lateShare: number;
  readonly jobs: number;
}

export const plansOn = (jobs: readonly Timed[], signal: Signal, slackHours: number): PlanRow[] | null => {
  const sums = new Sums(signal);
  const within = jobs.filter((job) =>
    sums.knows(job.submitted, job.submitted + 3600 * (job.limit + slackHours + job.hours)),
  );
  if (within.length === 0) return null;
  const run = (plan: PlanRow['plan'], planned: (job: Timed) => number, safe: (job: Timed) => number) => {
    let [total, weight, late] = [0, 0, 0];
    for (const job of within) {
      const deadline = job.submitted + 3600 * (job.limit + slackHours);
      const latest = deadline - 3600 * safe(job);
      const start = plan === 'at once' ? job.submitted : sums.least(job.submitted, latest, 3600 * planned(job));
      total += job.weight * sums.between(start, start + 3600 * job.hours);
      weight += job.weight * 3600 * job.hours;
      // A second of rounding makes nobody late.
      if (start + 3600 * job.hours > deadline + 1) late++;
    }
    return { plan, mean: total / weight, lateShare: late / within.length, jobs: within.length };
  };
  const rows = [
    run(
      'at once',
      (job) => job.hours,
      (job) => job.hours,
    ),
    run(
      'asked',
      (job) => job.limit,
      (job) => job.limit,
    ),
    run(
      'foretold',
      (job) => job.expected,
      (job) => job.high,
    ),
    run(
      'truth',
      (job) => job.hours,
      (job) => job.hours,
    ),
  ];
  const [now, , , truth] = rows;
  const most = now!.mean - truth!.mean;
  return rows.map((row) => ({ ...row, realisedShare: most > 0 ? (now!.mean - row.mean) / most : null }));
};

/** Sums of the signal over any stretch, its steps taken as constant. */
class Sums {
  readonly #step: number;
  readonly #total: Float64Array;
  readonly #gaps: Int32Array;

  constructor(readonly signal: Signal) {
    const { values, stepMinutes } = signal;
    this.#step = stepMinutes * 60;
    this.#total = new Float64Array(values.length + 1);
    this.#gaps = new Int32Array(values.length + 1);
    values.forEach((value, i) => {
      this.#total[i + 1] = this.#total[i]! + (Number.isNaN(value) ? 0 : value) * this.#step;
      this.#gaps[i + 1] = this.#gaps[i]! + (Number.isNaN(value) ? 1 : 0);
    });
  }

  knows(from: number, to: number): boolean {
    const [first, last] = [this.#index(from), Math.ceil((to - this.signal.start) / this.#step)];
    if (first < 0 || last > this.signal.values.length) return false;
    return this.#gaps[last]! === this.#gaps[first];
  }

  between(from: number, to: number): number {
    return this.#until(to) - this.#until(from);
  }

  /** The start from which `seconds` sum up to least: now or at the beginning of a step, no later than `latest`; the earliest of equals. */
  least(from: number, latest: number, seconds: number): number {
    let best = from;
    let least = this.between(from, from + seconds);
    for (let i = this.#index(from) + 1; ; i++) {
      const start = this.signal.start + i * this.#step;
      if (start > latest || start + seconds > this.signal.start + this.signal.values.length * this.#step) return best;
      const sum = this.between(start, start + seconds);
      if (sum < least * (1 - 1e-12)) [best, least] = [start, sum];
    }
  }

  #index(at: number): number {
    return Math.floor((at - this.signal.start) / this.#step);
  }

  #until(at: number): number {
    const i = Math.min(this.#index(at), this.signal.values.length);
    const rest = at - this.signal.start - i * this.#step;
    return this.#total[i]! + (rest > 0 ? rest * (this.signal.values[i] ?? 0) : 0);
  }
}

/** Limits that people ask for, hours. */
const ASKED = [0.25, 0.5, 1, 2, 4, 8, 12, 24, 48, 72, 96, 120, 168, 240, 336, 504, 672];

/**
 * Limits for a history without any, as logs of clusters have them: the part of its limit that a job uses is spread evenly, and what
 * people ask for are a few round values (Tsafrir, Etsion, Feitelson 2005, "Modeling user runtime estimates"). At most a week, or
 * the next round value above the job itself.
 */
export const usualLimits = (jobs: readonly Pick<RanJob, 'hours'>[], seed: number): number[] => {
  const random = seeded(seed);
  const round = (hours: number) => ASKED.find((limit) => limit >= hours) ?? hours;
  return jobs.map(({ hours }) => Math.max(round(hours), Math.min(168, round(hours / Math.max(random(), 1e-3)))));
};
