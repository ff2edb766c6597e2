/** What of a world is real and what is not, each part in the words of what answers there. */
import { WORKLOADS, type WorkloadOrigin } from './job.js';
import type { Plan } from './plan.js';
import type { Store } from './store.js';

export interface Work {
  /** whose jobs these are, and how it is known what ran of them; sentences */
  readonly note: string;
  /** Its runs are played to their end at once: nothing of it happens. */
  readonly simulated: boolean;
}

export interface Provenance {
  /** The scenario's own words of a world that is as it describes: its grid, its fleet, its queue. null: something else answers. */
  readonly scenario: string | null;
  /** Whose sites stand in where none was imported; null: the place is somebody's own. */
  readonly standIn: string | null;
  /** of a place of somebody's own; null: a scenario's */
  readonly place: string | null;
  readonly grid: string;
  /** what waits in the fleet's own queue */
  readonly queue: Work;
  /** what somebody brought: a file, an agent's jobs */
  readonly takenIn: Work;
}

/** What the simulated fleet says of jobs that somebody brought, as the setting `simulate` has it. */
export const TAKEN_IN = {
  queue: 'Jobs as taken in, and taken to run as placed: nothing measures them.',
  all: 'Jobs as taken in. Simulated, as was asked: what they really used.',
};

export const workOf = (of: Provenance, origin: WorkloadOrigin): Work => (origin === 'queue' ? of.queue : of.takenIn);

/** Sentences for people, printed with every result. */
export const noteOf = (of: Provenance, origin: WorkloadOrigin): string =>
  origin === 'queue' && of.scenario !== null
    ? of.scenario
    : [of.place, of.grid, workOf(of, origin).note].filter((part) => part !== null).join(' ');

/** Where the jobs of a plan came from. A workload that is gone counts as the queue's. */
export const originOf = async (store: Pick<Store, 'collection'>, { workloadId }: Pick<Plan, 'workloadId'>) =>
  (await store.collection(WORKLOADS).get(workloadId))?.value.origin ?? 'queue';
