/** Jobs on their way in: a set of rows under a name of its own, which takes the workload's name once it is whole. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { shortId } from '../../domain/digest.js';
import { holdersIn } from '../../domain/held.js';
import { JOBS, type Job } from '../../domain/job.js';
import { defineCollection, type Store, type Tx } from '../../domain/store.js';
import type { World } from '../../domain/world.js';

/** Sets that are being filled: one whose process is gone is swept away by the next to come. */
const DRAFTS = defineCollection('ingest-drafts', z.strictObject({ host: z.string(), pid: z.number().int() }));

export class JobSet {
  private constructor(
    private readonly store: Store,
    readonly name: string,
  ) {}

  static async open(store: Store): Promise<JobSet> {
    const name = shortId('DRAFT', { at: process.hrtime.bigint().toString(), pid: process.pid, host: hostname() });
    await store.collection(DRAFTS).put(name, { host: hostname(), pid: process.pid });
    return new JobSet(store, name);
  }

  append(jobs: readonly Job[]): Promise<void> {
    return this.store.rows(JOBS).append(
      this.name,
      jobs.map((job) => ({ id: job.id, value: job })),
    );
  }

  async find(id: string): Promise<Job | undefined> {
    return this.store.rows(JOBS).find(this.name, id);
  }

  /**
   * What is with the fleet stays as it was taken in: rows of the workload that some plan holds stand in for those of the same
   * name here. Otherwise the same job, told otherwise, would be placed a second time. Answers how many there are.
   */
  async keepHeld(world: World, workloadId: string): Promise<number> {
    let kept = 0;
    for await (const page of world.store.rows(JOBS).pages(workloadId)) {
      const holders = await holdersIn(world, page);
      const held = page.filter((job) => holders.has(job.id));
      await this.store.rows(JOBS).upsert(
        this.name,
        held.map((job) => ({ id: job.id, value: job })),
      );
      kept += held.length;
    }
    return kept;
  }

  /** Jobs that had the name before are gone. */
  async become(tx: Tx, workloadId: string): Promise<void> {
    await tx.rows(JOBS).rename(this.name, workloadId);
    await tx.collection(DRAFTS).delete(this.name);
  }

  async discard(on: Tx = this.store): Promise<void> {
    await on.rows(JOBS).clear(this.name);
    await on.collection(DRAFTS).delete(this.name);
  }
}

/** Clears what processes of this host left behind that are gone. */
export const sweepJobSets = async (store: Store): Promise<void> => {
  for (const { id, value } of await store.collection(DRAFTS).list({ limit: 100 })) {
    if (value.host !== hostname() || alive(value.pid)) continue;
    await store.rows(JOBS).clear(id);
    await store.collection(DRAFTS).delete(id);
  }
};

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
