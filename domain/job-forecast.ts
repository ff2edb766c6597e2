/** What a job will really need, foretold from those that ran before it. Who takes jobs in asks a forecaster of jobs. */
import type { Category } from './job.js';
import type { Instant } from './time.js';

/** What is known of a job when it is submitted. */
export interface JobLook {
  readonly submittedAt: Instant;
  readonly name: string | null;
  readonly team: string | null;
  readonly kind: string | null;
  readonly category: Category | null;
  readonly vcpus: number;
  readonly gpus: number;
  /** the limit that was asked for, hours; null where there is none */
  readonly limitHours: number | null;
}

/** A job that ran to its end. */
export interface RanJob extends JobLook {
  readonly endedAt: Instant;
  readonly hours: number;
  /** IT power over that time, measured; null where nothing measured it */
  readonly powerKw: number | null;
}

/** A quantity with the two quantiles that hold eight of ten jobs. */
export interface Foretold {
  readonly low: number;
  /** what many such jobs need in the mean: above the median, since a few run very long */
  readonly expected: number;
  readonly high: number;
}

export interface JobForecast {
  readonly hours: Foretold;
  /** null where too few that were measured ran before */
  readonly powerKw: Foretold | null;
  /** for people: what it was learned from */
  readonly by: string;
}

export interface JobForecaster {
  /** Names the model: another one makes another workload of the same file. */
  readonly digest: string;
  /** A sentence where nothing can be said of the job: it was submitted before the model's last job had ended. */
  forecast(job: JobLook, asOf?: Instant): JobForecast | string;
}
