/** What would have been foretold of each job when it was submitted, from those that had ended by then and nothing else. */
import type { RanJob } from '../../../domain/job-forecast.js';
import { toEpoch } from '../../../domain/time.js';
import { type Aim, Past, type Three } from './past.js';
import { Calibration, expectedOf, type Fitted, fitQuantiles, setRight, threeOf, weighed } from './quantiles.js';

/** Jobs that trees are fitted on, the newest; with fewer than `FEWEST` the kin alone are asked. */
const ROWS = 8000;
const FEWEST = 200;

export interface ReplayQuestion {
  /** in the order of their submission */
  readonly jobs: readonly RanJob[];
  readonly aim: Aim;
  /** index of the first job that is foretold */
  readonly from: number;
  /** how often trees are fitted anew, evenly over the jobs that are foretold */
  readonly fits: number;
  readonly seed: number;
  readonly tell?: ((done: number) => void) | undefined;
}

export interface Replay {
  /** logarithms by job; null where nothing could be said */
  readonly told: readonly (Three | null)[];
  /** logarithms by job; NaN where nothing could be said */
  readonly expected: Float64Array;
  /** what the expected value is weighed with after all of them */
  readonly weight: number;
  readonly calibration: Calibration;
  /** fitted on the newest of those that have ended by the end of the history; null where they are too few */
  readonly fitted: Fitted | null;
}

export const replay = ({ jobs, aim, from, fits, seed, tell }: ReplayQuestion): Replay => {
  const past = new Past(aim);
  const calibration = new Calibration();
  const submitted = jobs.map((job) => toEpoch(job.submittedAt));
  const ended = jobs.map((job) => toEpoch(job.endedAt));
  const needed = jobs.map((job) => Math.log(aim.needed(job) ?? Number.NaN));
  const byEnd = jobs.map((_, i) => i).sort((a, b) => ended[a]! - ended[b]!);
  const inputs: number[][] = [];
  const said: (Three | null)[] = [];
  const told: (Three | null)[] = [];
  const every = Math.max(1, Math.ceil((jobs.length - from) / fits));
  const often = Math.ceil(every / 16);
  const expected = new Float64Array(jobs.length).fill(Number.NaN);
  const outcomes: { needed: number; told: Three }[] = [];
  let weight = 0;
  let settled = 0;
  let fitted: Fitted | null = null;

  /** Trees on the newest jobs before `i` that had ended by `now`. */
  const treesAt = (i: number, now: number): Fitted | null => {
    const known: number[] = [];
    for (let j = i - 1; j >= 0 && known.length < ROWS; j--)
      if (ended[j]! < now && !Number.isNaN(needed[j]!)) known.push(j);
    if (known.length < FEWEST) return null;
    known.reverse();
    return fitQuantiles(
      known.map((j) => inputs[j]!),
      Float64Array.from(known, (j) => needed[j]!),
      seed,
    );
  };
  const settle = (now: number): void => {
    for (; settled < jobs.length && ended[byEnd[settled]!]! < now; settled++) {
      const j = byEnd[settled]!;
      past.ended(jobs[j]!);
      const [before, given] = [said[j] ?? null, told[j] ?? null];
      if (before === null || given === null || Number.isNaN(needed[j]!)) continue;
      calibration.learn(needed[j]!, before, given);
      outcomes.push({ needed: needed[j]!, told: given });
    }
  };

  jobs.forEach((job, i) => {
    settle(submitted[i]!);
    inputs.push(past.look(job));
    if (i >= from && (i - from) % every === 0) {
      fitted = treesAt(i, submitted[i]!);
      tell?.((i - from) / (jobs.length - from));
    }
    if (i >= from && (i - from) % often === 0) weight = weighed(outcomes);
    const raw = i < from ? null : fitted === null ? past.cold(job) : threeOf(fitted, inputs[i]!);
    const asked = aim.asked(job);
    said.push(raw);
    const given = raw && setRight(raw, calibration.offsets, asked === null ? null : Math.log(asked));
    told.push(given);
    if (given !== null) expected[i] = expectedOf(given, weight);
  });
  settle(Number.POSITIVE_INFINITY);
  return {
    told,
    expected,
    weight: weighed(outcomes),
    calibration,
    fitted: treesAt(jobs.length, Number.POSITIVE_INFINITY),
  };
};
