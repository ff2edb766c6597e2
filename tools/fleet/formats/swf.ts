/**
 * Standard Workload Format 2.2: 18 numbers a line, −1 for unknown, `;` for headers and comments:
 *
 *     ;UnixStartTime: 1767225600
 *     1 37 0 28682 2 25813.8 -1 2 43200 -1 0 1 1 -1 0 1 -1 -1
 *
 * Job 1 was submitted 37 seconds after the trace's begin, waited for nothing and ran for 28682 seconds on 2 processors.
 */
import { invalid } from '../../../domain/fault.js';
import { fromEpoch, isMoment, toEpoch } from '../../../domain/time.js';
import { beyondCalendar, type Draft, type Rejected, rejected } from './draft.js';
import { lines, type Reader, type Reading, type Rows } from './reading.js';

const FIELDS = [
  'job_number',
  'submit_time',
  'wait_time',
  'run_time',
  'allocated_processors',
  'average_cpu_time',
  'used_memory',
  'requested_processors',
  'requested_time',
  'requested_memory',
  'status',
  'user',
  'group',
  'executable',
  'queue',
  'partition',
  'preceding_job',
  'think_time',
] as const;
const SECONDS = new Set(['submit_time', 'wait_time', 'run_time', 'requested_time', 'think_time']);

export const readSwf: Reader = async function* (pieces, reading) {
  const header: Record<string, string> = {};
  let start: number | undefined;
  for await (const batch of lines(pieces)) {
    const rows: Rows = [];
    for (const { line, text } of batch) {
      const content = text.trim();
      if (content === '') continue;
      if (content.startsWith(';')) {
        const [, key, value] = /^;\s*([A-Za-z]+):\s*(.*)$/.exec(content) ?? [];
        if (key !== undefined && header[key] === undefined) header[key] = value ?? '';
        continue;
      }
      start ??= startOf(header, reading);
      const row = rowOf(line, content.split(/\s+/), start, Number(header.MaxProcs ?? -1), reading);
      if (row) rows.push(row);
    }
    if (rows.length > 0) yield rows;
  }
};

const startOf = (header: Readonly<Record<string, string>>, reading: Reading): number => {
  if (reading.options.start !== null) return toEpoch(reading.options.start);
  const epoch = Number(header.UnixStartTime ?? Number.NaN);
  if (isMoment(epoch) && epoch > 0) return epoch;
  if (epoch > 0)
    throw invalid(
      `UnixStartTime ${header.UnixStartTime} lies beyond the year 9999`,
      'It counts seconds, not milliseconds: mend the header, or say --start 2026-01-01T00:00:00Z.',
    );
  throw invalid(
    'the trace’s clock starts at 0: there is no UnixStartTime in its header',
    'Say when it began: --start 2026-01-01T00:00:00Z.',
  );
};

/** The fields of a line that are read; −1: not known. */
interface Fields {
  readonly number: number;
  readonly submit: number;
  readonly wait: number;
  readonly run: number;
  readonly allocated: number;
  readonly requested: number;
  readonly limit: number;
  readonly status: number;
  readonly user: number;
  readonly executable: number;
  readonly queue: number;
  readonly preceding: number;
}

/** undefined: a line that is passed over on purpose. Messages follow the format's own words. */
const rowOf = (
  line: number,
  cells: readonly string[],
  start: number,
  maxProcs: number,
  reading: Reading,
): Draft | Rejected | undefined => {
  const fields = fieldsOf(line, cells);
  if ('code' in fields) return fields;
  const problem = problemOf(line, cells, fields);
  if (problem) return problem;
  const { number, submit, wait, run, limit, status, user, executable, queue, preceding } = fields;
  if (status === 5 && run <= 0) return passOver(reading, 'cancelled before they ran');
  if (status >= 2 && status <= 4) return passOver(reading, 'partial executions; the summary line counts');
  if (run === -1 && limit <= 0)
    return rejected(
      line,
      'run_time',
      'no_duration',
      cells[3],
      'neither run time nor requested time is known',
      'give field 4 or field 9',
    );
  const processors = processorsOf(line, cells, fields, maxProcs);
  if (typeof processors !== 'number') return processors;
  if (preceding > 0) reading.warn('Some jobs name a preceding job (field 17); the plan does not keep that order.');
  const epoch = Math.round(start + submit);
  if (!isMoment(epoch)) return beyondCalendar(line, 'submit_time', cells[1]);
  const at = fromEpoch(epoch);
  return {
    line,
    id: String(number),
    team: user >= 0 ? `user-${user}` : undefined,
    kind: executable >= 0 ? `application-${executable}` : queue === 0 ? 'interactive' : 'batch',
    submittedAt: at,
    earliestStart: at,
    durationHours: Math.max(1, run === -1 ? limit : run) / 3600,
    limitHours: limit > 0 ? limit / 3600 : undefined,
    durationIs: run === -1 ? 'limit' : undefined,
    waitedHours: wait >= 0 ? wait / 3600 : undefined,
    vcpus: processors,
    clusterId: reading.options.clusterId ?? undefined,
    gpus: 0,
    assumed:
      run === -1
        ? [['duration_hours', 'requested time, an upper bound']]
        : run < 1
          ? [['duration_hours', 'one second for a run time below it']]
          : undefined,
  };
};

const fieldsOf = (line: number, cells: readonly string[]): Fields | Rejected => {
  if (cells.length !== 18)
    return rejected(
      line,
      null,
      'field_count',
      String(cells.length),
      `${cells.length} fields where SWF 2.2 has 18`,
      cells.length < 18 ? 'add the missing field or -1' : 'remove the extra field',
    );
  const values = cells.map(Number);
  for (let i = 0; i < 18; i++) {
    const value = values[i]!;
    if (Number.isFinite(value) && (value >= 0 || value === -1)) continue;
    const field = FIELDS[i]!;
    const label = field.replaceAll('_', ' ');
    const remedy = SECONDS.has(field) ? 'give seconds or -1' : 'give a number or -1';
    return Number.isFinite(value)
      ? rejected(line, field, 'negative', cells[i], `${label} ${value}: only -1 may be negative (unknown)`, remedy)
      : rejected(line, field, 'not_a_number', cells[i], `${label} '${cells[i]}' is not a number`, remedy);
  }
  return {
    number: values[0]!,
    submit: values[1]!,
    wait: values[2]!,
    run: values[3]!,
    allocated: values[4]!,
    requested: values[7]!,
    limit: values[8]!,
    status: values[10]!,
    user: values[11]!,
    executable: values[13]!,
    queue: values[14]!,
    preceding: values[16]!,
  };
};

const problemOf = (
  line: number,
  cells: readonly string[],
  { number, submit, status }: Fields,
): Rejected | undefined => {
  if (number < 1)
    return rejected(line, 'job_number', 'missing', cells[0], 'job number is unknown', 'give every job its own number');
  if (submit === -1)
    return rejected(
      line,
      'submit_time',
      'missing',
      cells[1],
      'submit time is unknown',
      'give seconds since UnixStartTime',
    );
  if (!Number.isInteger(status) || status > 5)
    return rejected(
      line,
      'status',
      'out_of_range',
      cells[10],
      `status ${status} is not one of -1, 0 to 5`,
      'use 0 failed, 1 completed, 2 to 4 partial, 5 cancelled',
    );
  return undefined;
};

const processorsOf = (
  line: number,
  cells: readonly string[],
  { allocated, requested }: Fields,
  maxProcs: number,
): number | Rejected => {
  const processors = allocated > 0 ? allocated : requested;
  if (processors <= 0)
    return rejected(
      line,
      'requested_processors',
      'no_size',
      cells[7],
      'neither allocated nor requested processors are known',
      'give field 5 or field 8',
    );
  if (maxProcs > 0 && processors > maxProcs)
    return rejected(
      line,
      allocated > 0 ? 'allocated_processors' : 'requested_processors',
      'above_maximum',
      String(processors),
      `${processors} processors, the header's MaxProcs is ${maxProcs}`,
      'correct the header or the job',
    );
  return processors;
};

const passOver = (reading: Reading, what: string): undefined => {
  reading.skip(what);
  return undefined;
};

/** A comment that names a header of the format (`; UnixStartTime: 1654041600`), or a line of 18 numbers. */
export const looksLikeSwf = (text: string): boolean => {
  for (const line of text.split('\n', 400)) {
    const content = line.trim();
    if (/^;\s*(Version|Computer|UnixStartTime|MaxProcs|MaxJobs|MaxNodes|Note)\b/i.test(content)) return true;
    if (content === '' || content.startsWith(';')) continue;
    const cells = content.split(/\s+/);
    return cells.length === 18 && cells.every((cell) => /^-?\d+(\.\d+)?$/.test(cell));
  }
  return false;
};
