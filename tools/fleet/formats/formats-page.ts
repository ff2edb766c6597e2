/** The formats of job files as tables for docs/job-files.md: what is read of each and how, and which are refused by name. */
import { FOREIGN } from './foreign.js';

/** One line of the table. formats-page.test.ts reads a small file for each and asserts what the line says. */
export interface FormatLine {
  /** as formats.ts spells it */
  readonly format: string;
  /** where it comes from, as a person asks for it */
  readonly from: string;
  readonly units: string;
  readonly zone: string;
  /** which of its times is the beginning and which the end */
  readonly times: string;
  /** what is taken for granted and told in `assumed` or `warnings` of the answer */
  readonly said: string;
  /** what is left out, row by row or as a whole, and told in `rejected`, `skipped` or an error */
  readonly refused: string;
}

const OWN = {
  units: 'in the name of the column: hours, minutes, seconds, kW, GB; `duration` alone only with `--unit`',
  times:
    '`earliest_start` is the first moment it may begin, `due` and `deadline` are moments by which it ends; begins now where none stands',
  said: 'every default that a row leaves open, such as one region and the slack of its category',
};
const EPOCH = 'none needed: seconds since 1970';
const TRACE = 'its clock starts at 0: `--start` says when, in UTC';

export const LINES: readonly FormatLine[] = [
  {
    format: 'csv',
    from: 'a table of your own, separated by `,` `;` tab or `|`',
    zone: 'Z or an offset in each time, else `--time-zone`',
    ...OWN,
    refused:
      'a header without id, duration or size; a number with a comma where commas separate; a time without a zone',
  },
  {
    format: 'json',
    from: 'a list of your own, `{"jobs": […]}`, or one job',
    zone: 'Z or an offset in each time, else `--time-zone`',
    ...OWN,
    refused: 'what is no object; text where a number belongs; a file that breaks off',
  },
  {
    format: 'jsonl',
    from: 'an object a line',
    zone: 'Z or an offset in each time, else `--time-zone`',
    ...OWN,
    refused: 'a line that is not JSON; the others are read',
  },
  {
    format: 'slurm-json',
    from: '`squeue --json`, of Slurm 22.05 and of 23.02 on',
    units: '`time_limit` in minutes',
    zone: EPOCH,
    times: '`submit_time` or, where later, `eligible_time` is the first moment it may begin; `deadline` is the end',
    said: 'the time limit stands for the duration, an upper bound; not interruptible; 2 min are left to a deadline',
    refused: 'a job without a limit; what runs or has ended is skipped and counted; a list with `errors`',
  },
  {
    format: 'slurm-json',
    from: '`sacct --json`',
    units: '`elapsed` in seconds, `energy` in joules',
    zone: EPOCH,
    times: '`start` is the beginning, `elapsed` how long it ran',
    said: 'power is measured joules over the time elapsed; a state other than COMPLETED; a suspension',
    refused: 'no job is taken from `start` alone: without time elapsed it never ran, is skipped and counted',
  },
  {
    format: 'sacct',
    from: '`sacct -P` with JobID, State, Submit, ElapsedRaw and AllocCPUS, in any order',
    units: '`ElapsedRaw` in seconds, `ConsumedEnergyRaw` in joules; 0 and empty are not measured',
    zone: 'none in its times: `--time-zone`, or seconds since 1970',
    times: '`Start` is the beginning, `ElapsedRaw` how long it ran; each life of a requeued job by itself',
    said: 'power is measured joules over the time elapsed; a state other than COMPLETED; a job without a start',
    refused: 'times without `--time-zone`; a row torn by `|`; steps, and what never ran or waits, are skipped',
  },
  {
    format: 'scontrol',
    from: '`scontrol show job`, with and without `-o`',
    units: '`TimeLimit` as days-hours:minutes:seconds',
    zone: 'none in its times: `--time-zone`',
    times: '`SubmitTime` or, where later, `EligibleTime` is the first moment it may begin; `Deadline` is the end',
    said: 'the time limit stands for the duration, an upper bound; not interruptible',
    refused: 'times without `--time-zone`; a job without a limit; what does not wait is skipped',
  },
  {
    format: 'pbs',
    from: 'the accounting file of PBS Pro, OpenPBS or Torque',
    units: '`resources_used.walltime` as hours:minutes:seconds',
    zone: 'none needed: seconds since 1970 (the stamp of a line is local time and not used)',
    times: '`start` is the beginning, the wall time how long it ran',
    said: 'an exit status other than 0; a suspension; a life that was rerun; not interruptible',
    refused: 'a line that is no record; records other than of an end or a rerun are skipped',
  },
  {
    format: 'lsf',
    from: '`lsb.acct` of LSF 10',
    units: 'seconds',
    zone: EPOCH,
    times: 'the time of the event is the end, the start time the beginning',
    said: 'from start to end, so that a suspension counts as running; an end with EXIT; no GPUs: the file tells none',
    refused: 'an event that LSF 10 does not write so; what never started is skipped',
  },
  {
    format: 'htcondor',
    from: '`condor_history -json`',
    units: '`RemoteWallClockTime` in seconds, over all runs',
    zone: EPOCH,
    times: '`JobCurrentStartDate` is the beginning of the last run',
    said: 'earlier runs together, as one from the first start; a job that was removed',
    refused: 'a job without ClusterId; what has not ended or never ran is skipped',
  },
  {
    format: 'k8s',
    from: '`kubectl get jobs -o json`',
    units: '`caco.dev/duration` as ISO 8601, `activeDeadlineSeconds` in seconds, cores or millicores',
    zone: 'Z or an offset in each time',
    times: '`creationTimestamp` is the first moment it may begin; `caco.dev/deadline` is the end',
    said: '`activeDeadlineSeconds` stands for the duration, an upper bound; a share of a GPU',
    refused: 'months and years of a duration; jobs that run or have ended, and what is no Job, are skipped',
  },
  {
    format: 'swf',
    from: 'a trace in the Standard Workload Format 2.2',
    units: 'seconds and processors, −1 is not known',
    zone: '`UnixStartTime` in seconds since 1970, else `--start`',
    times: '`submit_time` counts from the trace’s beginning and is the first moment it may begin',
    said: 'requested time where the run time is not known, an upper bound; one second for less',
    refused: 'a trace without a beginning; a line without 18 numbers; partial executions are skipped',
  },
  {
    format: 'gaia',
    from: 'a trace `arrival_time,length,cpus`',
    units: 'seconds or hours: `--unit` says which',
    zone: TRACE,
    times: '`arrival_time` is the first moment it may begin',
    said: 'a unit that does not fit the figures',
    refused: 'a trace without `--unit` or `--start`; a negative arrival',
  },
  {
    format: 'alibaba-gpu-2023',
    from: 'the list of pods of Alibaba’s GPU trace of 2023',
    units: 'seconds, thousandths of a CPU and of a GPU',
    zone: TRACE,
    times: '`creation_time` is the first moment it may begin; it ran from `scheduled_time` to `deletion_time`',
    said: 'pods that end with the trace were cut',
    refused: 'a trace without `--start`; a pod that was never scheduled',
  },
  {
    format: 'lwa',
    from: 'the jobs of Let’s Wait Awhile, `job_id,arrival_slot,duration_slots`',
    units: 'slots of 30 minutes',
    zone: TRACE,
    times: '`arrival_slot` is the first moment it may begin',
    said: '1 kW for each job, as in the study',
    refused: 'a trace without `--start`; a slot that is no number',
  },
];

const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

/** Two tables in Markdown: what is read, and what is refused. */
export const jobFormatTables = (): string =>
  [
    row('`--format`', 'From', 'Units', 'Zone', 'Beginning and end', 'Assumed and said', 'Refused or left out'),
    '|---|---|---|---|---|---|---|',
    ...LINES.map((l) => row(`\`${l.format}\``, l.from, l.units, l.zone, l.times, l.said, l.refused)),
    '',
    row('Refused by name', 'What to do'),
    '|---|---|',
    ...FOREIGN.map((f) => row(f.name, f.remedy)),
  ].join('\n');
