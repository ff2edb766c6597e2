/**
 * `scontrol show job`, with -o on one line a job, without it on several that are indented:
 *
 *     JobId=23 ArrayJobId=1 ArrayTaskId=1 JobName=array UserId=root(0) … JobState=PENDING … TimeLimit=00:30:00 …
 *
 * Nothing in it is escaped: a job's name ends where `UserId=` with a number in brackets follows, so a name cannot pass itself off
 * as another field. `squeue --json` is the safer source.
 */
import { invalid } from '../../../domain/fault.js';
import { toEpoch } from '../../../domain/time.js';
import { type Draft, type Rejected, rejected } from './draft.js';
import { instantOf } from './fields.js';
import { lines, type Reader, type Reading, type Rows } from './reading.js';
import { draftsOf, HetJobs, minutesOf, type PendingJob } from './slurm-fields.js';
import { gpusWanted } from './slurm-tres.js';

export const readScontrol: Reader = async function* (pieces, reading) {
  const het = new HetJobs();
  let open: { line: number; text: string } | undefined;
  for await (const batch of lines(pieces)) {
    const rows: Rows = [];
    for (const { line, text } of batch) {
      if (/^JobId=\d+ /.test(text)) {
        // One record may stand for an array of a hundred thousand tasks.
        if (open) for (const row of recordOf(open, reading, het)) rows.push(row);
        open = { line, text };
      } else if (open) open.text += /^ {3}\S/.test(text) ? ` ${text.trim()}` : `\n${text}`;
    }
    if (rows.length > 0) yield rows;
  }
  const rest: Rows = open ? recordOf(open, reading, het) : [];
  yield [...rest, ...het.merged().flatMap((job) => draftsOf(job, reading))];
};

/** The id, what stands between it and the name (`ArrayJobId=1 ArrayTaskId=1 `), the name, the user, and the rest. */
const HEAD = /^JobId=(\d+) ([\s\S]*?)JobName=([\s\S]*?) (?:HetJobIdSet=\S+ )?UserId=([^\s(]+)\(\d+\) ([\s\S]*)$/;

const recordOf = (record: { line: number; text: string }, reading: Reading, het: HetJobs): (Draft | Rejected)[] => {
  const { line, text } = record;
  const [, id, before, name, user, after] = HEAD.exec(text) ?? [];
  if (id === undefined || before === undefined || after === undefined)
    return [
      rejected(
        line,
        null,
        'not_a_job',
        text,
        'this is not a record of scontrol show job',
        'Use squeue --json instead.',
      ),
    ];
  const [known = '', free = ''] = after.split(/ Comment=([\s\S]*)/, 2);
  const field = (key: string, of = known): string => {
    const value = new RegExp(`(?:^| )${key}=(\\S*)`).exec(of)?.[1] ?? '';
    return UNSET.has(value) ? '' : value;
  };
  const state = field('JobState');
  if (state !== 'PENDING') {
    reading.skip(`not waiting: ${/^[A-Z_]{1,30}$/.test(state) ? state : 'state unknown'}`);
    return [];
  }
  const task = field('ArrayTaskId', before);
  const job: PendingJob = {
    line,
    jobId: Number(id),
    name: name ?? '',
    cluster: null,
    account: field('Account'),
    user: user ?? '',
    comment: free.replace(/ StdErr=[\s\S]*$/, ''),
    reason: field('Reason'),
    priority: /^\d+$/.test(field('Priority')) ? Number(field('Priority')) : null,
    dependency: field('Dependency'),
    partition: field('Partition'),
    reservation: field('Reservation'),
    submitted: timeOf(field('SubmitTime'), reading),
    eligible: timeOf(field('EligibleTime'), reading),
    deadline: timeOf(field('Deadline'), reading),
    limitMinutes: minutesOf(field('TimeLimit')),
    cpus: Number(field('NumCPUs').split('-')[0]) || null,
    gpus: gpusWanted(field('ReqTRES') || field('TRES'), {
      perNode: field('TresPerNode'),
      perTask: field('TresPerTask'),
      perSocket: field('TresPerSocket'),
      perJob: field('TresPerJob'),
      nodes: countOf(field('NumNodes')),
      tasks: countOf(field('NumTasks')),
    }),
    arrayJobId: Number(field('ArrayJobId', before)) || 0,
    arrayTaskId: /^\d+$/.test(task) ? Number(task) : null,
    arrayTasks: /^\d+$/.test(task) ? '' : task,
    hetJobId: Number(field('HetJobId', before)) || 0,
    hetOffset: Number(field('HetJobOffset', before)) || 0,
  };
  return het.take(job) ? [] : draftsOf(job, reading);
};

/** `2` or, of a job that leaves room, `2-4`. */
const countOf = (text: string): number => Number(text.split('-')[0]) || 1;

const UNSET = new Set(['N/A', '(null)', 'Unknown', 'None', 'UNLIMITED', 'Partition_Limit']);

const timeOf = (text: string, reading: Reading): number | null => {
  if (text === '') return null;
  if (/^\d{9,11}$/.test(text)) return Number(text);
  const { timeZone } = reading.options;
  if (timeZone === null)
    throw invalid(
      'scontrol’s times carry no zone',
      'Run it with TZ=UTC and say --time-zone UTC, or name the zone in which it ran.',
    );
  const at = instantOf(text, timeZone);
  return at === undefined ? null : toEpoch(at);
};
