/**
 * Jobs that say only how long they may run, taken to run as long as is foretold: what is expected for the plan, the 90 % quantile for
 * their deadlines. What was foretold, and of which jobs nothing, is counted for the answer.
 */
import { Category, type Job } from '../../domain/job.js';
import type { JobForecaster, JobLook } from '../../domain/job-forecast.js';
import type { Instant } from '../../domain/time.js';
import { hours, kw } from '../../domain/units.js';
import type { Assumed } from './assumptions.js';
import type { Draft } from './formats/formats.js';

type Seen = Pick<Job, 'durationHours' | 'powerKw' | 'foreseen'>;

/** Shortest that a duration is foretold, since jobs take whole seconds. */
const SHORTEST = 1 / 3600;

/** What was foretold of jobs, summed up for an answer. */
export class ForetoldSums {
  #jobs = 0;
  #by = '';
  readonly #hours = { asked: 0, low: 0, expected: 0, high: 0 };

  add({ foreseen, durationHours }: Pick<Job, 'foreseen' | 'durationHours'>): void {
    if (foreseen === undefined) return;
    this.#jobs++;
    this.#by = foreseen.by;
    this.#hours.asked += foreseen.askedHours;
    this.#hours.low += foreseen.lowHours;
    this.#hours.expected += durationHours;
    this.#hours.high += foreseen.highHours;
  }

  /** Nothing where nothing was foretold. */
  list(): Assumed[] {
    if (this.#jobs === 0) return [];
    const text = (value: number) => `${Number(value.toPrecision(3))} h`;
    const { asked, low, expected, high } = this.#hours;
    return [
      {
        field: 'duration_hours',
        value: `foretold from ${this.#by}: ${text(expected)} expected in all where ${text(asked)} were asked for (10 and 90 % quantiles ${text(low)} and ${text(high)}); deadlines by the 90 % quantile`,
        count: this.#jobs,
      },
    ];
  }
}

export class Foresight {
  #powers = 0;
  readonly #sums = new ForetoldSums();
  readonly #kept = new Map<string, number>();

  /** `asOf`: when the jobs are looked at, where all of them surely wait still; when left out, each as it was submitted. */
  constructor(
    private readonly forecaster: JobForecaster | null,
    private readonly asOf?: Instant,
  ) {}

  /** What stands in place of the job's own; null where the job stays as it is. */
  of(draft: Draft, submittedAt: Instant, powerKw: Job['powerKw']): Seen | null {
    if (this.forecaster === null || draft.durationIs !== 'limit') return null;
    const told = this.forecaster.forecast({ ...lookOf(draft), submittedAt }, this.asOf);
    if (typeof told === 'string') {
      this.#kept.set(told, (this.#kept.get(told) ?? 0) + 1);
      return null;
    }
    const asked = draft.durationHours!;
    const within = (value: number) => hours(Math.min(asked, Math.max(SHORTEST, Math.round(value * 3600) / 3600)));
    const { low, expected, high } = told.hours;
    const power = powerKw === null ? told.powerKw : null;
    if (power !== null) this.#powers++;
    const seen = {
      durationHours: within(expected),
      powerKw: power === null ? powerKw : kw(power.expected),
      foreseen: { askedHours: hours(asked), lowHours: within(low), highHours: within(high), by: told.by },
    };
    this.#sums.add(seen);
    return seen;
  }

  list(): Assumed[] {
    return [
      ...this.#sums.list(),
      ...(this.#powers === 0
        ? []
        : [{ field: 'power_kw', value: 'foretold from measured jobs like it', count: this.#powers }]),
      ...[...this.#kept].map(([why, count]) => ({
        field: 'duration_hours',
        value: `the limit, and nothing foretold: ${why}`,
        count,
      })),
    ];
  }
}

/** The job as it is known when it is submitted. */
export const lookOf = (draft: Draft): Omit<JobLook, 'submittedAt'> => ({
  name: draft.name ?? null,
  team: draft.team ?? null,
  kind: draft.kind ?? null,
  category: Category.safeParse(draft.category).data ?? null,
  vcpus: draft.vcpus ?? 0,
  gpus: draft.gpus ?? 0,
  limitHours: draft.limitHours ?? null,
});
