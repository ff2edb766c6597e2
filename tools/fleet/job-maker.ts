/** From a draft to a job: documented defaults for what the row does not say, counted, and refusals for what no default may fill. */
import { Category, type Job } from '../../domain/job.js';
import { durationSeconds } from '../../domain/physics.js';
import { gpuPowerKw, modelledPowerKw } from '../../domain/power.js';
import type { Instant } from '../../domain/time.js';
import { hours, kw } from '../../domain/units.js';
import { type Assumptions, LeftToDefaults } from './assumptions.js';
import { problemOf } from './checks.js';
import type { Defaults } from './defaults.js';
import type { Foresight } from './foresight.js';
import { type Draft, nearest, type Rejected, rejected } from './formats/formats.js';
import { PlaceBook, type Places } from './places.js';
import { timesOf } from './times.js';

/** Fills a draft. Nothing is noted as assumed for a row that is refused. */
export const jobMaker = (
  now: Instant,
  places: Places,
  defaults: Defaults,
  assumed: Assumptions,
  method: { kwPerVcpu: number; kwPerGpu: number },
  foresight: Foresight,
) => {
  const book = new PlaceBook(places);
  const left = new LeftToDefaults(assumed, now);

  return (told: Draft): Job | Rejected => {
    const draft = withLimit(told);
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
    const home = book.homeOf(draft);
    if ('code' in home) return home;
    const times = timesOf(draft, seconds, rule.slackHours, now);
    if ('code' in times) return times;

    const ownPower = powerOf(draft, method);
    // Due times and deadlines were given for the time that was asked for.
    const seen = foresight.of(draft, times.submittedAt, ownPower);
    left.note(seen === null ? draft : withoutNotes(draft, seen.powerKw), category, home, rule, seconds);
    const interruptible = draft.interruptible ?? false;
    return {
      id: draft.id!,
      name: draft.name ?? draft.id!,
      kind: draft.kind ?? 'batch',
      team: draft.team ?? 'unknown',
      category,
      submittedAt: times.submittedAt,
      earliestStart: times.earliestStart,
      due: times.due,
      deadline: times.deadline,
      durationHours: seen?.durationHours ?? hours(draft.durationHours!),
      vcpus: draft.vcpus ?? 0,
      gpus: draft.gpus ?? 0,
      powerKw: seen === null ? ownPower : seen.powerKw,
      region: home.region,
      allowedRegions: home.allowedRegions,
      clusterId: home.clusterId,
      dataGb: draft.dataGb ?? 0,
      instanceType: draft.instanceType ?? null,
      interruptible,
      minChunkMinutes: draft.minChunkMinutes ?? (interruptible ? 30 : 0),
      resumeCost: draft.resumeCost ?? 0,
      tardinessCostPerHour: draft.tardinessCostPerHour ?? rule.tardinessCostPerHour,
      workUnits: draft.workUnits ?? null,
      ...(draft.slurm === undefined ? {} : { slurm: draft.slurm }),
      ...(draft.kubernetes === undefined ? {} : { kubernetes: draft.kubernetes }),
      ...(draft.startedAt === undefined ? {} : { startedAt: draft.startedAt }),
      ...(seen?.foreseen === undefined ? {} : { foreseen: seen.foreseen }),
    };
  };
};

/** A row that says only how long it may run runs as long, at most. */
const withLimit = (draft: Draft): Draft =>
  draft.durationHours !== undefined || draft.limitHours === undefined
    ? draft
    : {
        ...draft,
        durationHours: draft.limitHours,
        durationIs: 'limit',
        assumed: [...(draft.assumed ?? []), ['duration_hours', 'limit_hours, an upper bound']],
      };

/** What was foretold of it is not assumed otherwise. */
const withoutNotes = (draft: Draft, powerKw: Job['powerKw']): Draft => ({
  ...draft,
  ...(powerKw === null ? {} : { powerKw, utilisationRatio: undefined, gpuModel: undefined }),
  assumed: draft.assumed?.filter(([field]) => field !== 'duration_hours'),
});

/** Null where the linear default of the method in force shall hold. */
const powerOf = (draft: Draft, method: { kwPerVcpu: number; kwPerGpu: number }): Job['powerKw'] => {
  if (draft.powerKw !== undefined && draft.powerKw !== null) return kw(draft.powerKw);
  const { utilisationRatio = null, gpuModel = null, vcpus = 0, gpus = 0 } = draft;
  const saysMore = utilisationRatio !== null || (gpuModel !== null && gpus > 0 && gpuPowerKw(gpuModel) !== null);
  return saysMore ? kw(modelledPowerKw({ vcpus, gpus, utilisationRatio, gpuModel }, method)) : null;
};

const isCategory = (word: string): word is Category =>
  word === 'urgent' || word === 'balanced' || word === 'sustainable';

const didYouMean = (word: string, known: readonly string[]): string => {
  const close = nearest(word, known);
  return close ? `Did you mean ${close}?` : `Use one of ${known.join(', ')}.`;
};
