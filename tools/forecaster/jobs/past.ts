/**
 * What is known of earlier jobs when a job is submitted: of those that had ended by then, alike by name, team, size or category. One
 * that still runs says nothing yet.
 */
import type { JobLook, RanJob } from '../../../domain/job-forecast.js';
import { toEpoch } from '../../../domain/time.js';

/** The quantity that is foretold. Logarithms throughout: jobs differ by factors. */
export interface Aim {
  readonly name: 'hours' | 'powerKw';
  /** what the job needed; null where that was not measured */
  readonly needed: (job: RanJob) => number | null;
  /** the most that it was given; null where nothing limits it */
  readonly asked: (job: JobLook) => number | null;
}

export const HOURS: Aim = { name: 'hours', needed: (job) => job.hours, asked: (job) => job.limitHours };
export const POWER: Aim = {
  name: 'powerKw',
  needed: ({ powerKw }) => (powerKw === null || powerKw <= 0 ? null : powerKw),
  asked: () => null,
};

export type Three = readonly [low: number, median: number, high: number];
export const SHARES: Three = [0.1, 0.5, 0.9];

/** Newest values of a group that are remembered. */
const REMEMBERED = 40;
/** Fewest of a group whose quantiles are told; and the fewest from which nine of ten can be told, ⌈0.9 (n + 1)⌉ ≤ n. */
const FEWEST = 3;
const FEWEST_ALONE = 9;

/** The newest values of jobs that are alike. */
class Group {
  readonly #ring = new Float64Array(REMEMBERED);
  #sorted: Float64Array | null = null;
  count = 0;

  add(value: number): void {
    this.#ring[this.count++ % REMEMBERED] = value;
    this.#sorted = null;
  }

  last(back: number): number {
    return back < this.count && back < REMEMBERED ? this.#ring[(this.count - 1 - back) % REMEMBERED]! : Number.NaN;
  }

  get sorted(): Float64Array {
    this.#sorted ??= this.#ring.slice(0, Math.min(this.count, REMEMBERED)).sort();
    return this.#sorted;
  }

  quantile(share: number): number {
    return this.count < FEWEST ? Number.NaN : this.sorted[Math.round(share * (this.sorted.length - 1))]!;
  }
}

/** `train-17-b` and `train-18-a` are runs of one thing. */
const stemOf = (name: string): string => name.toLowerCase().replace(/[\d_.:/#-]+/g, '#');

/** What makes jobs alike, the nearest first; null where the job does not say it. */
const KINSHIPS: readonly ((job: JobLook) => string | null)[] = [
  ({ name, team, vcpus, gpus }) => name && `${stemOf(name)} ${team} ${vcpus} ${gpus}`,
  ({ name }) => name && stemOf(name),
  ({ team, vcpus, gpus }) => team && `${team} ${vcpus} ${gpus}`,
  ({ team }) => team,
  ({ vcpus, gpus }) => `${vcpus} ${gpus}`,
  ({ kind, category }) => (kind === null && category === null ? null : `${kind} ${category}`),
  () => '',
];

const NOTHING = new Array<number>(5).fill(Number.NaN);

export class Past {
  readonly #groups: Map<string, Group>[] = KINSHIPS.map(() => new Map());

  constructor(readonly aim: Aim) {}

  /** A job has ended. */
  ended(job: RanJob): void {
    const value = this.aim.needed(job);
    if (value === null) return;
    KINSHIPS.forEach((kinship, k) => {
      const key = kinship(job);
      if (key === null) return;
      const group = this.#groups[k]!.get(key) ?? new Group();
      this.#groups[k]!.set(key, group);
      group.add(Math.log(value));
    });
  }

  /** Inputs of a model for a job that is submitted now; NaN where something is not known. */
  look(job: JobLook): number[] {
    const asked = this.aim.asked(job);
    const at = toEpoch(job.submittedAt);
    const inputs = [
      asked === null ? Number.NaN : Math.log(asked),
      Math.log1p(job.vcpus),
      job.gpus,
      Math.floor(at / 3600) % 24,
      Math.floor(at / 86_400) % 7,
    ];
    // A program that was never seen looks like the rest of its team, a team that was never seen like all: widest kin first.
    let wider: number[] = NOTHING;
    for (let k = KINSHIPS.length - 1; k >= 0; k--) {
      const key = KINSHIPS[k]!(job);
      const group = key === null ? undefined : this.#groups[k]!.get(key);
      inputs.push(key === null ? Number.NaN : Math.log1p(group?.count ?? 0));
      if (group !== undefined) {
        const own = [
          group.last(0),
          (group.last(0) + group.last(1) + group.last(2)) / 3,
          ...SHARES.map((share) => group.quantile(share)),
        ];
        wider = own.map((value, i) => (Number.isNaN(value) ? wider[i]! : value));
      }
      inputs.push(...(key === null ? NOTHING : wider));
    }
    return inputs;
  }

  /** Quantiles of the nearest kin alone, for a history that is too short to learn from; null where too few are known of any. */
  cold(job: JobLook): Three | null {
    const group = this.#kin(job).find((kin) => (kin?.count ?? 0) >= FEWEST_ALONE);
    if (group === undefined) return null;
    const { sorted } = group;
    const at = (share: number) => Math.max(0, Math.min(sorted.length - 1, Math.ceil((sorted.length + 1) * share) - 1));
    return [sorted[Math.max(0, Math.floor((sorted.length + 1) * 0.1) - 1)]!, sorted[at(0.5)]!, sorted[at(0.9)]!];
  }

  #kin(job: JobLook): (Group | undefined)[] {
    return KINSHIPS.map((kinship, k) => {
      const key = kinship(job);
      return key === null ? undefined : this.#groups[k]!.get(key);
    });
  }
}
