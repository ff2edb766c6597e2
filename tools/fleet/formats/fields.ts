/** The job's columns as people and agents write them: names, numbers and times in the spellings that files really hold. */
import { fromEpoch, Instant, wallClock } from '../../../domain/time.js';
import { type Draft, type DraftField, type Rejected, rejected } from './draft.js';

/** Column name to draft field. Durations in other units are converted by name. */
const COLUMNS: Readonly<Record<string, DraftField>> = {
  id: 'id',
  job_id: 'id',
  name: 'name',
  kind: 'kind',
  team: 'team',
  category: 'category',
  submitted_at: 'submittedAt',
  earliest_start: 'earliestStart',
  due: 'due',
  deadline: 'deadline',
  duration_hours: 'durationHours',
  duration_minutes: 'durationHours',
  duration_seconds: 'durationHours',
  limit_hours: 'limitHours',
  vcpus: 'vcpus',
  gpus: 'gpus',
  power_kw: 'powerKw',
  region: 'region',
  allowed_regions: 'allowedRegions',
  cluster_id: 'clusterId',
  data_gb: 'dataGb',
  instance_type: 'instanceType',
  interruptible: 'interruptible',
  min_chunk_minutes: 'minChunkMinutes',
  resume_cost: 'resumeCost',
  tardiness_cost_per_hour: 'tardinessCostPerHour',
  work_units: 'workUnits',
  utilisation_ratio: 'utilisationRatio',
  gpu_model: 'gpuModel',
};
export const COLUMN_NAMES: readonly string[] = Object.keys(COLUMNS);

const UNIT_SECONDS = { s: 1, m: 60, h: 3600 } as const;
export type Unit = keyof typeof UNIT_SECONDS;
export const secondsPer = (unit: Unit): number => UNIT_SECONDS[unit];

/** `earliestStart`, `Earliest Start` and `earliest_start` are one column. */
export const columnName = (text: string): string =>
  text
    .trim()
    .replace(/^vCPUs?$/i, 'vcpus')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();

/** How a file writes numbers and times. */
export interface Spelling {
  /** true where `;` or tab separates columns, so that a comma can only be a decimal sign */
  readonly decimalComma: boolean;
  /** zone of times that carry none; null: such times are refused */
  readonly timeZone: string | null;
  /** unit of a column that is just called `duration` */
  readonly unit: Unit | null;
}

/** Puts one cell into the draft; answers what is wrong with it. Empty cells say nothing. */
export type Setter = (draft: Draft, value: unknown) => Rejected | undefined;

/** Undefined for a column that is not one of ours. */
export const setterOf = (column: string, spelling: Spelling): Setter | undefined => {
  if (column === 'duration' && spelling.unit !== null) {
    const factor = secondsPer(spelling.unit) / 3600;
    return numeric('durationHours', 'duration', spelling, factor);
  }
  const field = COLUMNS[column];
  if (field === undefined) return undefined;
  switch (field) {
    case 'id':
    case 'name':
    case 'kind':
    case 'team':
    case 'category':
    case 'region':
    case 'clusterId':
    case 'instanceType':
    case 'gpuModel':
      return textual(field, column);
    case 'submittedAt':
    case 'earliestStart':
    case 'due':
    case 'deadline':
      return temporal(field, column, spelling);
    case 'allowedRegions':
      return listed(column);
    case 'interruptible':
      return truthful(column);
    default:
      return numeric(field, column, spelling, DURATION_FACTOR[column] ?? 1);
  }
};

const DURATION_FACTOR: Readonly<Record<string, number>> = {
  duration_minutes: 1 / 60,
  duration_seconds: 1 / 3600,
};

type TextField = 'id' | 'name' | 'kind' | 'team' | 'category' | 'region' | 'clusterId' | 'instanceType' | 'gpuModel';
type TimeField = 'submittedAt' | 'earliestStart' | 'due' | 'deadline';
type NumberField = Exclude<DraftField, TextField | TimeField | 'allowedRegions' | 'interruptible'>;

const says = (value: unknown): boolean => value !== '' && value !== null && value !== undefined;

const textual =
  (field: TextField, column: string): Setter =>
  (draft, value) => {
    if (!says(value)) return undefined;
    if (typeof value !== 'string' && typeof value !== 'number')
      return rejected(draft.line, column, 'unknown_value', value, `${column} must be text`, 'Write plain text.');
    const text = typeof value === 'string' ? value.trim() : String(value);
    if (text !== '') draft[field] = text;
    return undefined;
  };

const numeric =
  (field: NumberField, column: string, { decimalComma }: Spelling, factor: number): Setter =>
  (draft, value) => {
    if (!says(value)) return undefined;
    const number = typeof value === 'number' ? value : typeof value === 'string' ? decimal(value, decimalComma) : null;
    if (number === undefined) return undefined;
    if (number === null || !Number.isFinite(number))
      return rejected(
        draft.line,
        column,
        'not_a_number',
        value,
        `${column} '${String(value)}' is not a number`,
        'Write a plain number such as 1.5; the unit is in the column’s name.',
      );
    draft[field] = number * factor;
    return undefined;
  };

const temporal =
  (field: TimeField, column: string, { timeZone }: Spelling): Setter =>
  (draft, value) => {
    if (!says(value)) return undefined;
    const at = typeof value === 'string' ? instantOf(value.trim(), timeZone) : undefined;
    if (at === undefined)
      return rejected(
        draft.line,
        column,
        'not_a_time',
        value,
        `${column} '${String(value)}' is not a time with a zone`,
        'Write ISO 8601 with Z or an offset, for example 2022-06-01T00:00:00Z.',
      );
    draft[field] = at;
    return undefined;
  };

const listed =
  (column: string): Setter =>
  (draft, value) => {
    if (!says(value)) return undefined;
    const items = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[;|,\s]+/) : [value];
    if (!items.every((item): item is string => typeof item === 'string'))
      return rejected(
        draft.line,
        column,
        'unknown_value',
        value,
        `${column} must be a list of regions`,
        'Write names joined by ; or a list of text.',
      );
    const names = items.map((item) => item.trim()).filter((item) => item !== '');
    if (names.length > 0) draft.allowedRegions = names;
    return undefined;
  };

const TRUE = new Set(['true', 'yes', 'y', '1']);
const FALSE = new Set(['false', 'no', 'n', '0']);
const truthful =
  (column: string): Setter =>
  (draft, value) => {
    if (!says(value)) return undefined;
    const word = String(value).trim().toLowerCase();
    if (TRUE.has(word)) draft.interruptible = true;
    else if (FALSE.has(word)) draft.interruptible = false;
    else
      return rejected(
        draft.line,
        column,
        'unknown_value',
        value,
        `${column} '${String(value)}' is neither true nor false`,
        'Write true or false.',
      );
    return undefined;
  };

/** `1.5`, `.5`, `1e3`. */
const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** `1,5`. */
const COMMA = /^[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?$/;

/** undefined: blank. null: not a number; a comma counts as a decimal sign only where it cannot separate anything else. */
export const decimal = (text: string, decimalComma: boolean): number | null | undefined => {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (PLAIN.test(trimmed)) return Number(trimmed);
  if (decimalComma && COMMA.test(trimmed)) return Number(trimmed.replace(',', '.'));
  return null;
};

/** `2022-06-01 08:30` and `2022-06-01T08:30:00`: a clock's reading without a zone. */
const LOCAL = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(:\d{2})?)$/;

/** A time with a zone, or one without when the file's zone is known; undefined for anything else. */
export const instantOf = (text: string, timeZone: string | null): Instant | undefined => {
  if (isCanonical(text)) return text as Instant;
  const local = LOCAL.exec(text);
  if (local) {
    if (timeZone === null) return undefined;
    const [, date = '', time = ''] = local;
    const utc = `${date}T${time.length === 5 ? `${time}:00` : time}Z`;
    return isCanonical(utc) ? inZone(utc, timeZone) : undefined;
  }
  const parsed = Instant.safeParse(text);
  return parsed.success ? parsed.data : undefined;
};

/** The instant at which a clock in `zone` shows this reading; the offset is looked up twice because it may change in between. */
const inZone = (reading: string, zone: string): Instant => {
  const wanted = Date.parse(reading) / 1000;
  if (zone === 'UTC') return fromEpoch(wanted);
  const offset = (epoch: number) => {
    const wall = wallClock(fromEpoch(Math.floor(epoch / 60) * 60), zone);
    return Date.parse(`${wall.date}T00:00:00Z`) / 1000 + wall.minuteOfDay * 60 - Math.floor(epoch / 60) * 60;
  };
  const first = wanted - offset(wanted);
  return fromEpoch(wanted - offset(first));
};

const DAYS_IN = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `YYYY-MM-DDTHH:MM:SSZ` that names a real moment; written by hand because a million rows ask it several times each. */
const isCanonical = (t: string): boolean => {
  if (
    t.length !== 20 ||
    t[4] !== '-' ||
    t[7] !== '-' ||
    t[10] !== 'T' ||
    t[13] !== ':' ||
    t[16] !== ':' ||
    t[19] !== 'Z'
  )
    return false;
  const year = two(t, 0) * 100 + two(t, 2);
  const month = two(t, 5);
  const day = two(t, 8);
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return false;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  const hour = two(t, 11);
  const minute = two(t, 14);
  const second = two(t, 17);
  return (
    day <= DAYS_IN[month - 1]! + leap &&
    hour >= 0 &&
    hour < 24 &&
    minute >= 0 &&
    minute < 60 &&
    second >= 0 &&
    second < 60
  );
};

const two = (t: string, at: number): number => {
  const a = t.charCodeAt(at) - 48;
  const b = t.charCodeAt(at + 1) - 48;
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : -10_000;
};
