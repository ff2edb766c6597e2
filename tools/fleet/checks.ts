/** What no default may fill and no job may say: missing sizes and durations, and numbers outside their ranges. */
import { durationSeconds } from '../../domain/physics.js';
import { type Draft, type Rejected, rejected } from './formats/formats.js';

const LONGEST_HOURS = 87_600;

export const round = (value: number): number => Number(value.toPrecision(6));

/** The first thing that is wrong with a draft by itself, without looking at places or defaults. */
export const problemOf = (draft: Draft): Rejected | undefined => required(draft) ?? negative(draft);

const required = (draft: Draft): Rejected | undefined => {
  const { line } = draft;
  if (draft.id === undefined)
    return rejected(line, 'id', 'missing', null, 'the job has no id', 'Give every job an id of its own.');
  if (draft.id.length > 200)
    return rejected(
      line,
      'id',
      'out_of_range',
      draft.id,
      `the id has ${draft.id.length} characters`,
      'Use at most 200 characters.',
    );
  const duration = draft.durationHours;
  if (duration === undefined)
    return rejected(
      line,
      'duration_hours',
      'no_duration',
      null,
      'the job has no duration',
      'Give duration_hours; a duration is never assumed.',
    );
  if (duration < 0)
    return rejected(
      line,
      'duration_hours',
      'negative',
      duration,
      `a duration of ${round(duration)} h`,
      'Give a duration above 0.',
    );
  if (durationSeconds(duration) < 1)
    return rejected(
      line,
      'duration_hours',
      'out_of_range',
      duration,
      'the duration is shorter than a second',
      'Give a duration above 0; the column counts hours.',
    );
  if (duration > LONGEST_HOURS)
    return rejected(
      line,
      'duration_hours',
      'out_of_range',
      duration,
      `a duration of ${round(duration)} h is longer than ten years`,
      'Check the unit: the column counts hours.',
    );
  if (!draft.vcpus && !draft.gpus && !draft.powerKw)
    return rejected(
      line,
      'vcpus',
      'no_size',
      null,
      'the job has neither vcpus nor gpus nor power_kw',
      'Give one of vcpus, gpus or power_kw; a size is never assumed.',
    );
  return undefined;
};

const NOT_NEGATIVE = [
  ['vcpus', 'vcpus'],
  ['gpus', 'gpus'],
  ['powerKw', 'power_kw'],
  ['dataGb', 'data_gb'],
  ['minChunkMinutes', 'min_chunk_minutes'],
  ['resumeCost', 'resume_cost'],
  ['tardinessCostPerHour', 'tardiness_cost_per_hour'],
] as const;

const negative = (draft: Draft): Rejected | undefined => {
  for (const [field, column] of NOT_NEGATIVE) {
    const value = draft[field];
    if (value !== undefined && value !== null && value < 0)
      return rejected(draft.line, column, 'negative', value, `${column} is ${value}`, 'Give 0 or more.');
  }
  if (draft.workUnits !== undefined && draft.workUnits !== null && draft.workUnits <= 0)
    return rejected(
      draft.line,
      'work_units',
      'out_of_range',
      draft.workUnits,
      `work_units is ${draft.workUnits}`,
      'Give a number above 0, or leave it empty.',
    );
  if (draft.utilisationRatio !== undefined && !(draft.utilisationRatio >= 0 && draft.utilisationRatio <= 1))
    return rejected(
      draft.line,
      'utilisation_ratio',
      'out_of_range',
      draft.utilisationRatio,
      `utilisation_ratio is ${draft.utilisationRatio}`,
      'Give a share from 0 to 1; 85 % is 0.85.',
    );
  return tooLong(draft);
};

const tooLong = (draft: Draft): Rejected | undefined => {
  for (const [field, most] of [
    ['name', 500],
    ['team', 200],
    ['kind', 64],
  ] as const) {
    const length = draft[field]?.length ?? 0;
    if (length > most)
      return rejected(
        draft.line,
        field,
        'out_of_range',
        draft[field],
        `${field} has ${length} characters`,
        `Use at most ${most} characters.`,
      );
  }
  return undefined;
};
