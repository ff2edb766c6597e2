/** What a reader found out about one job, before defaults; and what is wrong with a row that cannot become a job. */
import type { KubernetesJob } from '../../../domain/kubernetes.js';
import type { SlurmJob } from '../../../domain/slurm.js';
import type { Instant } from '../../../domain/time.js';

/** One row's finding. Undefined: the row does not say. Field names in reports are the columns' names. */
export interface Draft {
  /** counts from 1, header and comments included; for inline jobs their position */
  readonly line: number;
  id?: string | undefined;
  name?: string | undefined;
  kind?: string | undefined;
  team?: string | undefined;
  category?: string | undefined;
  submittedAt?: Instant | undefined;
  earliestStart?: Instant | undefined;
  due?: Instant | null | undefined;
  deadline?: Instant | null | undefined;
  durationHours?: number | undefined;
  /** the limit that was asked for */
  limitHours?: number | undefined;
  /** `limit`: it is the limit that was asked for, an upper bound; `so far`: the job ran for so long and had not ended */
  durationIs?: 'limit' | 'so far' | undefined;
  vcpus?: number | undefined;
  gpus?: number | undefined;
  powerKw?: number | null | undefined;
  region?: string | undefined;
  allowedRegions?: string[] | undefined;
  clusterId?: string | null | undefined;
  dataGb?: number | undefined;
  instanceType?: string | null | undefined;
  interruptible?: boolean | undefined;
  minChunkMinutes?: number | undefined;
  resumeCost?: number | undefined;
  tardinessCostPerHour?: number | undefined;
  workUnits?: number | null | undefined;
  /** share of its CPUs' time that the job uses */
  utilisationRatio?: number | undefined;
  gpuModel?: string | undefined;
  /** what Slurm knows the job by */
  slurm?: SlurmJob | undefined;
  /** what Kubernetes knows the job by */
  kubernetes?: KubernetesJob | undefined;
  /** when it began to run; only of a job that ran, whose duration is then the time that it took */
  startedAt?: Instant | undefined;
  /** how long it waited before it ran, where a trace tells that and no start */
  waitedHours?: number | undefined;
  /** due = earliest start + duration + this, in minutes, when the row gives no due time */
  flexMinutes?: number | undefined;
  /** what the reader assumed: field and value */
  assumed?: readonly (readonly [field: string, value: string])[] | undefined;
}

/** A draft that says nothing yet. It has room for every field from the start: a million of them are filled one by one. */
export const emptyDraft = (line: number): Draft => ({
  line,
  id: undefined,
  name: undefined,
  kind: undefined,
  team: undefined,
  category: undefined,
  submittedAt: undefined,
  earliestStart: undefined,
  due: undefined,
  deadline: undefined,
  durationHours: undefined,
  limitHours: undefined,
  durationIs: undefined,
  vcpus: undefined,
  gpus: undefined,
  powerKw: undefined,
  region: undefined,
  allowedRegions: undefined,
  clusterId: undefined,
  dataGb: undefined,
  instanceType: undefined,
  interruptible: undefined,
  minChunkMinutes: undefined,
  resumeCost: undefined,
  tardinessCostPerHour: undefined,
  workUnits: undefined,
  utilisationRatio: undefined,
  gpuModel: undefined,
  slurm: undefined,
  kubernetes: undefined,
  startedAt: undefined,
  waitedHours: undefined,
  flexMinutes: undefined,
  assumed: undefined,
});

export type DraftField = Exclude<
  keyof Draft,
  'line' | 'flexMinutes' | 'slurm' | 'kubernetes' | 'startedAt' | 'waitedHours' | 'durationIs' | 'assumed'
>;

/** A row that was not taken in: where, what and how to mend it. `field` is null when the whole row is at fault. */
export interface Rejected {
  readonly line: number;
  /** of the job, where the row says it */
  readonly id?: string | undefined;
  readonly field: string | null;
  readonly code:
    | 'field_count'
    | 'not_a_number'
    | 'not_a_time'
    | 'not_a_job'
    | 'unknown_value'
    | 'missing'
    | 'no_duration'
    | 'no_size'
    | 'negative'
    | 'out_of_range'
    | 'above_maximum'
    | 'duplicate'
    | 'impossible';
  readonly value: string | null;
  readonly message: string;
  readonly remedy: string;
}

export const rejected = (
  line: number,
  field: string | null,
  code: Rejected['code'],
  value: unknown,
  message: string,
  remedy: string,
): Rejected => ({ line, field, code, value: shown(value), message, remedy });

export const isRejected = (row: Draft | Rejected): row is Rejected => 'code' in row;

/** A time that no calendar holds, most often because it counts milliseconds or because a sum ran away. */
export const beyondCalendar = (line: number, field: string, value: unknown): Rejected =>
  rejected(
    line,
    field,
    'out_of_range',
    value,
    `${field} lies outside the years 0 to 9999`,
    'Check its unit: times count seconds, not milliseconds.',
  );

/** At most 120 characters of a foreign value, as evidence in a report. */
const shown = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};

/** The known word nearest to a misspelt one, or undefined when none is near (Levenshtein distance up to a third of its length). */
export const nearest = (word: string, known: Iterable<string>): string | undefined => {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
};

const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) >= limit || a.length > 200) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
};
