/** What was assumed of jobs because their rows do not say it: counted by field and value, so that an answer can list it. */
import { Category } from '../../domain/job.js';
import { gpuPowerKw } from '../../domain/power.js';
import type { Instant } from '../../domain/time.js';
import type { CategoryDefaults } from './defaults.js';
import type { Draft } from './formats/formats.js';
import type { Home } from './places.js';

export interface Assumed {
  readonly field: string;
  readonly value: string;
  readonly count: number;
}

/** Counts assumptions by field and value, in order of first appearance. */
export class Assumptions {
  readonly #counts = new Map<string, Map<string, { count: number }>>();

  note(field: string, value: string): void {
    this.counter(field, value).count++;
  }

  /** The count itself, for what a million rows assume in the same words; it is listed once it is above 0. */
  counter(field: string, value: string): { count: number } {
    let values = this.#counts.get(field);
    if (!values) {
      values = new Map();
      this.#counts.set(field, values);
    }
    let known = values.get(value);
    if (!known) {
      known = { count: 0 };
      values.set(value, known);
    }
    return known;
  }

  list(): Assumed[] {
    const all: Assumed[] = [];
    for (const [field, values] of this.#counts)
      for (const [value, { count }] of values) if (count > 0) all.push({ field, value, count });
    return all;
  }
}

/** Notes what each row leaves to the defaults. Rows of one file lack the same fields: what they share is looked up once. */
export class LeftToDefaults {
  readonly #patterns = new Map<number, { count: number }[]>();

  constructor(
    private readonly assumed: Assumptions,
    private readonly now: Instant,
  ) {}

  /** `seconds`: the job's duration as it is kept. */
  note(draft: Draft, category: Category, home: Home, rule: CategoryDefaults, seconds: number): void {
    for (const [field, value] of draft.assumed ?? []) this.assumed.note(field, value);
    if (draft.region === undefined) this.assumed.note('region', home.region);
    if (draft.instanceType === undefined && home.payer === 'tenant')
      this.assumed.note('instance_type', 'none, so no cost of a machine is counted');
    if (draft.utilisationRatio !== undefined || draft.gpuModel !== undefined)
      this.assumed.note('power_kw', howPower(draft));
    const rounded = Math.abs(draft.durationHours! * 3600 - seconds) > 0.01;
    const pattern = missing(draft, rounded) * 4 + Category.options.indexOf(category);
    let counters = this.#patterns.get(pattern);
    if (!counters) {
      const said = inWords(draft, category, rule, rounded, this.now);
      counters = said.map(([field, value]) => this.assumed.counter(field, value));
      this.#patterns.set(pattern, counters);
    }
    for (const counter of counters) counter.count++;
  }
}

const inWords = (
  draft: Draft,
  category: Category,
  rule: CategoryDefaults,
  rounded: boolean,
  now: Instant,
): [field: string, value: string][] => {
  const all: [unknown, string, string][] = [
    [draft.category, 'category', `${category} (configured default)`],
    [draft.submittedAt, 'submitted_at', draft.earliestStart ? 'the earliest start' : `now, ${now}`],
    [draft.earliestStart, 'earliest_start', draft.submittedAt ? 'the submission' : `now, ${now}`],
    [
      draft.due,
      'due',
      draft.flexMinutes === undefined
        ? `earliest start + duration + ${rule.slackHours} h (${category})`
        : 'earliest start + duration + the stated flexibility',
    ],
    [draft.deadline, 'deadline', 'none'],
    [draft.team, 'team', 'unknown'],
    [draft.kind, 'kind', 'batch'],
    [draft.allowedRegions, 'allowed_regions', 'the home region only'],
    [draft.vcpus, 'vcpus', '0'],
    [draft.gpus, 'gpus', '0'],
    [draft.powerKw ?? draft.utilisationRatio ?? draft.gpuModel, 'power_kw', 'estimated from vcpus and gpus'],
    [draft.dataGb, 'data_gb', '0'],
    [draft.interruptible, 'interruptible', 'false'],
    [draft.interruptible ? draft.minChunkMinutes : 0, 'min_chunk_minutes', '30'],
    [draft.tardinessCostPerHour, 'tardiness_cost_per_hour', `${rule.tardinessCostPerHour} (${category})`],
    [rounded ? undefined : 0, 'duration_hours', 'rounded to whole seconds'],
  ];
  return all.filter(([value]) => value === undefined).map(([, field, value]) => [field, value]);
};

/** Which of the fields that defaults fill a row does not say, as bits. */
const missing = (draft: Draft, rounded: boolean): number =>
  (draft.category === undefined ? 1 : 0) |
  (draft.submittedAt === undefined ? 2 : 0) |
  (draft.earliestStart === undefined ? 4 : 0) |
  (draft.due === undefined ? 8 : 0) |
  (draft.flexMinutes === undefined ? 16 : 0) |
  (draft.deadline === undefined ? 32 : 0) |
  (draft.team === undefined ? 64 : 0) |
  (draft.kind === undefined ? 128 : 0) |
  (draft.allowedRegions === undefined ? 256 : 0) |
  (draft.vcpus === undefined ? 512 : 0) |
  (draft.gpus === undefined ? 1024 : 0) |
  ((draft.powerKw ?? draft.utilisationRatio ?? draft.gpuModel) === undefined ? 2048 : 0) |
  (draft.dataGb === undefined ? 4096 : 0) |
  (draft.interruptible === undefined ? 8192 : 0) |
  (draft.interruptible && draft.minChunkMinutes === undefined ? 16384 : 0) |
  (draft.tardinessCostPerHour === undefined ? 32768 : 0) |
  (rounded ? 65536 : 0);

const howPower = ({ utilisationRatio, gpuModel, gpus }: Draft): string => {
  const listed = gpuModel !== undefined && (gpus ?? 0) > 0 && gpuPowerKw(gpuModel) !== null;
  if (utilisationRatio === undefined && !listed) return 'estimated from vcpus and gpus';
  const parts = [
    utilisationRatio === undefined ? null : 'the concave curve at the stated utilisation',
    listed ? `the board power of ${gpuModel}` : null,
  ];
  return `modelled with ${parts.filter((part) => part !== null).join(' and ')}`;
};
