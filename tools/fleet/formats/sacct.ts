/**
 * `sacct -P`: what ran, by the columns of its header. Steps (`2.batch`) are no jobs:
 *
 *     JobID|JobName|User|Account|State|Submit|ElapsedRaw|AllocCPUS|AllocTRES
 *     2|ok|root|root|COMPLETED|2026-11-21T10:45:04|2|1|billing=1,cpu=1,mem=50M,node=1
 *     2.batch|batch||root|COMPLETED|2026-11-21T10:45:04|2|1|cpu=1,mem=50M,node=1
 *
 * The form escapes nothing, so a name may hold `|` and line breaks: rows are put together again where that can be done without
 * guessing.
 */
import { invalid } from '../../../domain/fault.js';
import { fromEpoch, type Instant } from '../../../domain/time.js';
import { type Draft, rejected } from './draft.js';
import { instantOf } from './fields.js';
import { lines, type Reader, type Reading, type Rows } from './reading.js';
import { cacoComment, gpusIn, ranInSlurm } from './slurm-fields.js';
import { elapsedNote } from './slurm-json.js';

/** `2|`, `1_4|`, `1_[5-9%2]|`, `12+0|` (a part of a heterogeneous job), `2.batch|`. */
const BEGINS = /^\d+(_(\d+|\[[^\]]*\]))?(\+\d+)?(\.\w+)?\|/;
const NEEDED = ['JobID', 'State', 'Submit', 'ElapsedRaw'] as const;

export const readSacct: Reader = async function* (pieces, reading) {
  let columns: string[] | undefined;
  let open: { line: number; text: string } | undefined;
  for await (const batch of lines(pieces)) {
    const rows: Rows = [];
    for (const { line, text } of batch) {
      if (columns === undefined) {
        if (text.trim() === '') continue;
        columns = headerOf(text);
        continue;
      }
      if (BEGINS.test(text)) {
        if (open) rows.push(...rowOf(open, columns, reading));
        open = { line, text };
      } else if (open) open.text += `\n${text}`;
      else if (text.trim() !== '') open = { line, text };
    }
    if (rows.length > 0) yield rows;
  }
  if (open && columns) yield rowOf(open, columns, reading);
};

const headerOf = (text: string): string[] => {
  const columns = text
    .replace(/^\uFEFF/, '')
    .replace(/\|$/, '')
    .split('|');
  const missing = NEEDED.filter((name) => !columns.includes(name));
  if (missing.length > 0 || !(columns.includes('AllocCPUS') || columns.includes('ReqCPUS')))
    throw invalid(
      `sacct’s output lacks ${[...missing, ...(missing.length ? [] : ['AllocCPUS'])].join(', ')}`,
      'Ask with: TZ=UTC sacct -P -X -o JobID,JobName,User,Account,Cluster,State,Submit,Eligible,Start,End,ElapsedRaw,ReqCPUS,AllocCPUS,ReqTRES,AllocTRES,Comment',
    );
  return columns;
};

const rowOf = (row: { line: number; text: string }, columns: readonly string[], reading: Reading): Rows => {
  const { line } = row;
  const cells = cellsOf(row.text.replace(/\n+$/, ''), columns);
  if (cells === null)
    return [
      rejected(
        line,
        null,
        'field_count',
        row.text,
        `the row does not have the header’s ${columns.length} fields`,
        'A name or comment holds | or a line break: ask sacct --json, or leave out JobName and Comment.',
      ),
    ];
  const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
  const jobId = cell('JobID');
  if (jobId.includes('.')) {
    reading.skip('steps of jobs');
    return [];
  }
  const state = cell('State');
  if (state.startsWith('REQUEUED')) return passOver(reading, 'earlier lives of requeued jobs');
  if (state.startsWith('PENDING')) return passOver(reading, 'still waiting; take the queue from squeue --json');
  const elapsed = Number(cell('ElapsedRaw'));
  if (cell('ElapsedRaw') === '' || !Number.isFinite(elapsed))
    return [
      rejected(line, 'ElapsedRaw', 'not_a_number', cell('ElapsedRaw'), 'ElapsedRaw is not a number', 'Give seconds.'),
    ];
  if (elapsed <= 0) return passOver(reading, 'never ran');
  const submitted = timeOf(cell('Submit'), reading);
  if (submitted === null)
    return [rejected(line, 'Submit', 'not_a_time', cell('Submit'), 'Submit is not a time', 'Run sacct with TZ=UTC.')];
  const eligible = timeOf(cell('Eligible'), reading);
  const cluster = cell('Cluster') || reading.options.clusterId || '';
  const cpus = Number(cell('AllocCPUS') || cell('ReqCPUS'));
  const ours = cacoComment(cell('Comment'));
  const draft: Draft = {
    line,
    id: cluster === '' ? jobId : `${cluster}-${jobId}`,
    name: cell('JobName') || undefined,
    team: cell('Account') || cell('User') || undefined,
    category: ours.class,
    submittedAt: submitted,
    earliestStart: eligible !== null && eligible > submitted ? eligible : submitted,
    deadline: null,
    durationHours: elapsed / 3600,
    vcpus: Number.isFinite(cpus) && cpus > 0 ? cpus : undefined,
    gpus: gpusIn(cell('AllocTRES') || cell('ReqTRES')),
    clusterId: cluster || undefined,
    interruptible: false,
    slurm: ranInSlurm(jobId, cluster),
    assumed: [['interruptible', 'false'], ...elapsedNote(state)],
  };
  return [draft];
};

const passOver = (reading: Reading, what: string): Rows => {
  reading.skip(what);
  return [];
};

/** Fields beyond the header's belong to the job's name when the columns around it still make sense. */
const cellsOf = (text: string, columns: readonly string[]): string[] | null => {
  const cells = text.split('|');
  if (cells.length === columns.length) return cells;
  if (cells.length === columns.length + 1 && cells.at(-1) === '') return cells.slice(0, -1);
  const at = columns.indexOf('JobName');
  const extra = cells.length - columns.length;
  if (at < 0 || extra < 0) return null;
  const joined = [...cells.slice(0, at), cells.slice(at, at + extra + 1).join('|'), ...cells.slice(at + extra + 1)];
  const cell = (name: (typeof NEEDED)[number]) => joined[columns.indexOf(name)] ?? '';
  return /^[A-Z_]+( by \d+)?$/.test(cell('State')) && /^\d+$/.test(cell('ElapsedRaw')) ? joined : null;
};

const timeOf = (text: string, reading: Reading): Instant | null => {
  if (/^\d{9,11}$/.test(text)) return fromEpoch(Number(text));
  if (!/^\d{4}-/.test(text)) return null;
  const zone = reading.options.timeZone;
  if (zone === null && !/[Zz]|[+-]\d{2}:?\d{2}$/.test(text))
    throw invalid(
      'sacct’s times carry no zone',
      'Run it with TZ=UTC and say --time-zone UTC, or name the zone in which it ran.',
    );
  return instantOf(text, zone) ?? null;
};
