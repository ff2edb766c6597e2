/**
 * `sacct -P`: what ran, by the columns of its header, in any order. A job counts from when it ran; each life of a requeued one is a
 * job, and steps (`2.batch`) only add what they measured:
 *
 *     JobID|JobName|User|Account|State|Submit|Start|ElapsedRaw|AllocCPUS|AllocTRES|ConsumedEnergyRaw
 *     2|ok|root|root|COMPLETED|2026-11-21T10:45:04|2026-11-21T10:45:04|2|1|billing=1,cpu=1,mem=50M,node=1|
 *     2.batch|batch||root|COMPLETED|2026-11-21T10:45:04|2026-11-21T10:45:04|2|1|cpu=1,mem=50M,node=1|310
 */
import { invalid } from '../../../domain/fault.js';
import { fromEpoch, type Instant } from '../../../domain/time.js';
import { type Draft, type Rejected, rejected } from './draft.js';
import { instantOf } from './fields.js';
import type { Reader, Reading, Rows } from './reading.js';
import { type SacctRow, sacctRows } from './sacct-table.js';
import { cacoComment } from './slurm-comment.js';
import { minutesOf, ranInSlurm } from './slurm-fields.js';
import { historyNotes, measuredPower, unfinished } from './slurm-history.js';
import { gpusAsked, gpusIn, joulesIn, measuredJoules, StepEnergy } from './slurm-tres.js';

export const readSacct: Reader = async function* (pieces, reading) {
  // A job's row is followed by its steps, which may have measured what the row does not say.
  let last: { jobId: string; row: Draft; elapsed: number; steps: StepEnergy } | undefined;
  const settled = (): Rows => {
    if (!last) return [];
    const { row, elapsed, steps } = last;
    last = undefined;
    return [row.powerKw === undefined ? { ...row, ...measuredPower(steps.joules, elapsed, row.assumed) } : row];
  };
  for await (const batch of sacctRows(pieces, reading)) {
    const rows: Rows = [];
    for (const row of batch) {
      const jobId = row.cells?.get('JobID') ?? '';
      const [leader, step] = jobId.split('.', 2) as [string, string?];
      if (step !== undefined) {
        reading.skip('steps of jobs');
        if (last?.jobId === leader) last.steps.add(step, joulesOf(row.cells!));
        continue;
      }
      rows.push(...settled());
      const told = row.cells === null ? torn(row) : lifeOf(row.line, row.cells, reading);
      if (told === null) continue;
      if ('code' in told) rows.push(told);
      else last = { jobId, row: told, elapsed: told.durationHours! * 3600, steps: new StepEnergy() };
    }
    if (rows.length > 0) yield rows;
  }
  yield settled();
};

const torn = ({ line, text }: SacctRow): Rejected =>
  rejected(
    line,
    null,
    'field_count',
    text,
    'the row does not have the header’s fields',
    'A name or comment holds | or a line break: ask sacct --json, or leave out JobName and Comment.',
  );

const joulesOf = (cells: ReadonlyMap<string, string>): number | null =>
  measuredJoules(Number(cells.get('ConsumedEnergyRaw') || Number.NaN)) ?? joulesIn(cells.get('AllocTRES') ?? '');

/** One life of a job; null where it is no job that ran. */
const lifeOf = (line: number, cells: ReadonlyMap<string, string>, reading: Reading): Draft | Rejected | null => {
  const cell = (name: string) => cells.get(name) ?? '';
  const jobId = cell('JobID');
  const state = cell('State');
  if (state.startsWith('PENDING')) return passOver(reading, 'still waiting; take the queue from squeue --json');
  const elapsed = Number(cell('ElapsedRaw'));
  if (cell('ElapsedRaw') === '' || !Number.isFinite(elapsed))
    return rejected(
      line,
      'ElapsedRaw',
      'not_a_number',
      cell('ElapsedRaw'),
      'ElapsedRaw is not a number',
      'Give seconds.',
    );
  // A job that was cancelled at once has a start and never ran; only the time that it took says that it did.
  if (elapsed <= 0) return passOver(reading, 'never ran');
  const submitted = timeOf(cell('Submit'), reading);
  if (submitted === null)
    return rejected(line, 'Submit', 'not_a_time', cell('Submit'), 'Submit is not a time', 'Run sacct with TZ=UTC.');
  const eligible = timeOf(cell('Eligible'), reading);
  const started = timeOf(cell('Start'), reading);
  const ended = timeOf(cell('End'), reading);
  const cluster = cell('Cluster') || reading.options.clusterId || '';
  const cpus = Number(cell('AllocCPUS') || cell('ReqCPUS'));
  const ours = cacoComment(cell('Comment'), reading);
  const nodes = Number(cell('NNodes') || cell('AllocNodes')) || 1;
  const assumed = historyNotes({ state, elapsed, started, ended });
  return {
    line,
    id: cluster === '' ? jobId : `${cluster}-${jobId}`,
    name: cell('JobName') || undefined,
    team: cell('Account') || cell('User') || undefined,
    category: ours.class,
    submittedAt: submitted,
    earliestStart: eligible !== null && eligible > submitted ? eligible : submitted,
    deadline: null,
    durationHours: elapsed / 3600,
    limitHours: limitOf(cell('TimelimitRaw'), cell('Timelimit')),
    durationIs: unfinished(state) ? 'so far' : undefined,
    vcpus: Number.isFinite(cpus) && cpus > 0 ? cpus : undefined,
    gpus:
      gpusIn(cell('AllocTRES')) || gpusIn(cell('ReqTRES')) || gpusAsked(cell('AllocGRES') || cell('ReqGRES')) * nodes,
    clusterId: cluster || undefined,
    interruptible: false,
    slurm: ranInSlurm(jobId, cluster),
    startedAt: started ?? undefined,
    ...measuredPower(joulesOf(cells), elapsed, assumed),
  };
};

/** `TimelimitRaw` counts minutes; `Timelimit` reads `1-12:00:00`. Undefined where there is none. */
const limitOf = (raw: string, text: string): number | undefined => {
  const minutes = /^\d+$/.test(raw) ? Number(raw) : minutesOf(text);
  return minutes ? minutes / 60 : undefined;
};

const passOver = (reading: Reading, what: string): null => {
  reading.skip(what);
  return null;
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
