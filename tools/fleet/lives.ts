/**
 * Jobs of a history, told apart by when they began to run. A job that was requeued ran more than once under one id: each life used
 * energy at its own time. And one history may come by two doors, as text and as JSON, with its cluster's name and without it.
 */
import type { Job } from '../../domain/job.js';
import type { Instant } from '../../domain/time.js';

/** `700@2026-11-28T10:05:00Z`: of a life that is not the first one told of its job. */
export const lifeId = (id: string, startedAt: Instant): string => `${id}@${startedAt}`;

interface Life {
  readonly startedAt?: Instant | undefined;
}

/** Both ran, and began at different times. */
export const isOtherLife = (a: Life, b: Life): boolean =>
  a.startedAt !== undefined && b.startedAt !== undefined && a.startedAt !== b.startedAt;

/** The lives that a workload holds, so that one told again takes the place of the one that is there. */
export class KnownLives {
  readonly #ids = new Map<string, { id: string; cluster: string | null }[]>();
  readonly #startOf = new Map<string, Instant>();

  know(job: Job): void {
    const key = keyOf(job);
    if (key === null) return;
    const same = this.#ids.get(key);
    const one = { id: job.id, cluster: job.slurm?.cluster ?? null };
    if (same) same.push(one);
    else this.#ids.set(key, [one]);
    this.#startOf.set(job.id, job.startedAt!);
  }

  /** The job under the id by which this life is known already; under an id of its own where another life bears that one. */
  asKnown(job: Job): Job {
    const key = keyOf(job);
    if (key === null) return job;
    const cluster = job.slurm?.cluster ?? null;
    const told = this.#ids.get(key)?.find((one) => cluster === null || one.cluster === null || one.cluster === cluster);
    if (told) return { ...job, id: told.id };
    const start = this.#startOf.get(job.id);
    const named = start === undefined || start === job.startedAt ? job : { ...job, id: lifeId(job.id, job.startedAt!) };
    this.know(named);
    return named;
  }
}

const keyOf = (job: Job): string | null =>
  job.startedAt === undefined ? null : `${job.slurm?.id ?? job.id} ${job.startedAt}`;
