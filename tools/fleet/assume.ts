/** From a draft to a job: documented defaults for what the row does not say, counted, and refusals for what no default may fill. */
import { Category, type Job } from '../../domain/job.js';
import { durationSeconds } from '../../domain/physics.js';
import { gpuPowerKw, modelledPowerKw } from '../../domain/power.js';
import type { Site } from '../../domain/site.js';
import { fromEpoch, type Instant, isMoment, toEpoch } from '../../domain/time.js';
import { hours, kw } from '../../domain/units.js';
import { problemOf, round } from './checks.js';
import { beyondCalendar, type Draft, nearest, type Rejected, rejected } from './formats/draft.js';

/** What a category means for a job that does not say it itself; the numbers are those of the shipped cluster scenario. */
export interface CategoryDefaults {
  readonly slackHours: number;
  /** in the site's currency */
  readonly tardinessCostPerHour: number;
}

export interface Defaults {
  readonly category: Category;
  readonly categories: Readonly<Record<Category, CategoryDefaults>>;
}

export const DEFAULTS: Defaults = {
  category: 'balanced',
  categories: {
    urgent: { slackHours: 0.5, tardinessCostPerHour: 500 },
    balanced: { slackHours: 8, tardinessCostPerHour: 40 },
    sustainable: { slackHours: 24, tardinessCostPerHour: 10 },
  },
};

/** Where the jobs live, as far as the world knows. */
export interface Places {
  readonly sites: readonly Site[];
  /** home of jobs that name none; null: the cluster's, else the first site's */
  readonly region: string | null;
  /** cluster of jobs that name none */
  readonly clusterId: string | null;
}

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

/** Fills a draft. Nothing is noted as assumed for a row that is refused. */
export const jobMaker = (
  now: Instant,
  places: Places,
  defaults: Defaults,
  assumed: Assumptions,
  method: { kwPerVcpu: number; kwPerGpu: number },
) => {
  const siteOfRegion = new Map(places.sites.map((site) => [site.region, site]));
  const siteOfCluster = new Map(
    places.sites.flatMap((site) => (site.clusterId ? [[site.clusterId, site] as const] : [])),
  );
  const first = places.sites[0];
  // A world without sites has nothing to compare regions with.
  const known = siteOfRegion.size > 0 ? siteOfRegion : null;
  const ownList = new Map<string, string[]>();
  const patterns = new Map<number, { count: number }[]>();

  const homeOf = (draft: Draft): string | Rejected => {
    const region =
      draft.region ??
      siteOfCluster.get(draft.clusterId ?? places.clusterId ?? '')?.region ??
      places.region ??
      first?.region;
    if (region === undefined)
      return rejected(
        draft.line,
        'region',
        'missing',
        null,
        'the job names no region and no site is known',
        'Give the region, or import a site with `caco site import`.',
      );
    return region;
  };

  const unknownRegion = (line: number, field: string, region: string): Rejected => {
    const close = nearest(region, siteOfRegion.keys());
    const all = [...siteOfRegion.keys()];
    return rejected(
      line,
      field,
      'unknown_value',
      region,
      `there is no region '${region}' here`,
      close
        ? `Did you mean ${close}?`
        : `Use one of ${all.slice(0, 8).join(', ')}${all.length > 8 ? ', …' : ''}, or import the site with \`caco site import\`.`,
    );
  };

  return (draft: Draft): Job | Rejected => {
    const problem = problemOf(draft);
    if (problem) return problem;
    const seconds = durationSeconds(draft.durationHours!);

    const category = draft.category ?? defaults.category;
    if (!isCategory(category))
      return rejected(
        draft.line,
        'category',
        'unknown_value',
        category,
        `'${category}' is not a category`,
        didYouMean(category, Category.options),
      );
    const rule = defaults.categories[category];

    const region = homeOf(draft);
    if (typeof region !== 'string') return region;
    if (known && !known.has(region)) return unknownRegion(draft.line, 'region', region);
    const allowed = draft.allowedRegions;
    if (allowed) {
      if (known)
        for (const name of allowed) if (!known.has(name)) return unknownRegion(draft.line, 'allowed_regions', name);
      if (!allowed.includes(region))
        return rejected(
          draft.line,
          'allowed_regions',
          'impossible',
          allowed.join(';'),
          `the allowed regions leave out the job’s home ${region}`,
          `Add ${region}, or make an allowed region the home.`,
        );
    }

    const submittedAt = draft.submittedAt ?? draft.earliestStart ?? now;
    const earliestStart = draft.earliestStart ?? submittedAt;
    const deadline = draft.deadline ?? null;
    const earliest = toEpoch(earliestStart);
    if (!isMoment(earliest + seconds)) return beyondCalendar(draft.line, 'earliest_start', earliestStart);
    if (deadline !== null) {
      if (deadline <= earliestStart)
        return rejected(
          draft.line,
          'deadline',
          'impossible',
          deadline,
          `the deadline ${deadline} is not after the earliest start ${earliestStart}`,
          'Give a later deadline or an earlier start.',
        );
      if (toEpoch(deadline) - earliest < seconds)
        return rejected(
          draft.line,
          'deadline',
          'impossible',
          deadline,
          `${round(seconds / 3600)} h of work do not fit between ${earliestStart} and the deadline ${deadline}`,
          'Give a later deadline, an earlier start or a shorter duration.',
        );
    }
    let due = draft.due;
    if (due === undefined) {
      const slack = draft.flexMinutes === undefined ? rule.slackHours * 3600 : draft.flexMinutes * 60;
      const end = earliest + seconds + Math.round(slack);
      if (!isMoment(end)) return beyondCalendar(draft.line, 'due', null);
      due = fromEpoch(end);
      if (deadline !== null && due > deadline) due = deadline;
    }
    if (due !== null && due < earliestStart)
      return rejected(
        draft.line,
        'due',
        'impossible',
        due,
        `due ${due} lies before the earliest start ${earliestStart}`,
        'Give a later due time or an earlier start.',
      );

    note(draft, category, region, rule, seconds);
    const interruptible = draft.interruptible ?? false;
    return {
      id: draft.id!,
      name: draft.name ?? draft.id!,
      kind: draft.kind ?? 'batch',
      team: draft.team ?? 'unknown',
      category,
      submittedAt,
      earliestStart,
      due,
      deadline,
      durationHours: hours(draft.durationHours!),
      vcpus: draft.vcpus ?? 0,
      gpus: draft.gpus ?? 0,
      powerKw: powerOf(draft, method),
      region,
      allowedRegions: allowed ?? homeOnly(region),
      clusterId: draft.clusterId ?? places.clusterId ?? siteOfRegion.get(region)?.clusterId ?? null,
      dataGb: draft.dataGb ?? 0,
      instanceType: draft.instanceType ?? null,
      interruptible,
      minChunkMinutes: draft.minChunkMinutes ?? (interruptible ? 30 : 0),
      resumeCost: draft.resumeCost ?? 0,
      tardinessCostPerHour: draft.tardinessCostPerHour ?? rule.tardinessCostPerHour,
      workUnits: draft.workUnits ?? null,
    };
  };

  function homeOnly(region: string): string[] {
    let list = ownList.get(region);
    if (!list) {
      list = [region];
      ownList.set(region, list);
    }
    return list;
  }

  function note(draft: Draft, category: Category, region: string, rule: CategoryDefaults, seconds: number): void {
    for (const [field, value] of draft.assumed ?? []) assumed.note(field, value);
    if (draft.region === undefined) assumed.note('region', region);
    if (draft.instanceType === undefined && siteOfRegion.get(region)?.payer === 'tenant')
      assumed.note('instance_type', 'none, so no cost of a machine is counted');
    if (draft.utilisationRatio !== undefined || draft.gpuModel !== undefined) assumed.note('power_kw', howPower(draft));
    // Rows of one file lack the same fields: what they share is looked up once, not field by field.
    const rounded = Math.abs(draft.durationHours! * 3600 - seconds) > 0.01;
    const pattern = missing(draft, rounded) * 4 + CATEGORIES.indexOf(category);
    let counters = patterns.get(pattern);
    if (!counters) {
      counters = said(draft, category, rule, rounded).map(([field, value]) => assumed.counter(field, value));
      patterns.set(pattern, counters);
    }
    for (const counter of counters) counter.count++;
  }

  /** What a row leaves to the defaults, in words. */
  function said(draft: Draft, category: Category, rule: CategoryDefaults, rounded: boolean): [string, string][] {
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
  }
};

const CATEGORIES = Category.options;

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

/** Null where the linear default of the method in force shall hold. */
const powerOf = (draft: Draft, method: { kwPerVcpu: number; kwPerGpu: number }): Job['powerKw'] => {
  if (draft.powerKw !== undefined && draft.powerKw !== null) return kw(draft.powerKw);
  const { utilisationRatio = null, gpuModel = null, vcpus = 0, gpus = 0 } = draft;
  const saysMore = utilisationRatio !== null || (gpuModel !== null && gpus > 0 && gpuPowerKw(gpuModel) !== null);
  return saysMore ? kw(modelledPowerKw({ vcpus, gpus, utilisationRatio, gpuModel }, method)) : null;
};

const howPower = ({ utilisationRatio, gpuModel, gpus }: Draft): string => {
  const listed = gpuModel !== undefined && (gpus ?? 0) > 0 && gpuPowerKw(gpuModel) !== null;
  if (utilisationRatio === undefined && !listed) return 'estimated from vcpus and gpus';
  const parts = [
    utilisationRatio === undefined ? null : 'the concave curve at the stated utilisation',
    listed ? `the board power of ${gpuModel}` : null,
  ];
  return `modelled with ${parts.filter((part) => part !== null).join(' and ')}`;
};

const isCategory = (word: string): word is Category =>
  word === 'urgent' || word === 'balanced' || word === 'sustainable';

const didYouMean = (word: string, known: readonly string[]): string => {
  const close = nearest(word, known);
  return close ? `Did you mean ${close}?` : `Use one of ${known.join(', ')}.`;
};
