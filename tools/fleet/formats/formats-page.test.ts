/** Each line of docs/job-files.md: a small file, the values that are read of it, what is said, and what is left out or refused. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultOf, file, openTrial, removeFolder, type Trial } from '../fixtures/trial.js';
import { FORMATS } from './formats.js';
import { jobFormatTables, LINES } from './formats-page.js';

let trial: Trial;
beforeAll(async () => {
  trial = await openTrial();
});
afterAll(removeFolder);

interface Case {
  readonly text: string;
  readonly options?: object;
  /** by id: what stands in the file, worked out by hand */
  readonly jobs: Readonly<Record<string, object>>;
  readonly said?: readonly (readonly [field: string, value: string])[];
  readonly warned?: RegExp;
  readonly rejected?: readonly (readonly [line: number, field: string | null, code: string])[];
  readonly skipped?: readonly (readonly [what: string, count: number])[];
  /** refused as a whole: another text or other options, and what the remedy says to do */
  readonly refused?: readonly { readonly text?: string; readonly options?: object; readonly remedy: string }[];
}

const UTC = { options: { timeZone: 'UTC' } };
const START = { start: '2026-01-01T00:00:00Z' };
const at = '2026-11-28T12:46:40Z';
/** the same in seconds since 1970 */
const AT = 1_795_870_000;
const jobs = (...list: object[]) => JSON.stringify({ errors: [], jobs: list });
const own = {
  id: 'b',
  duration_minutes: 90,
  vcpus: 2,
  earliest_start: '2026-11-28T13:46:40+01:00',
  due: at.replace('12', '18'),
};
const OWN_JOB = { durationHours: 1.5, vcpus: 2, earliestStart: at, due: '2026-11-28T18:46:40Z', region: 'GB' };
const OWN_SAID = [
  ['region', 'GB'],
  ['gpus', '0'],
] as const;

const sacct = (...rows: string[]) =>
  ['JobID|State|Submit|Eligible|Start|End|ElapsedRaw|AllocCPUS|AllocTRES|ConsumedEnergyRaw', ...rows].join('\n');
const times = (h1: string, h2: string, h3: string, h4: string) =>
  [h1, h2, h3, h4].map((h) => (h === '' ? 'Unknown' : `2026-11-28T${h}:00:00`)).join('|');
const scontrol = (id: number, state: string, limit: string) =>
  `JobId=${id} JobName=a b UserId=u(1) Account=acc JobState=${state} Reason=Priority TimeLimit=${limit} SubmitTime=2026-11-28T11:46:40 EligibleTime=2026-11-28T13:46:40 Deadline=2026-11-28T23:00:00 NumNodes=1 NumCPUs=4 NumTasks=1 TRES=cpu=4,gres/gpu=2\n`;
const pbs = (type: string, id: string, rest: string) =>
  `11/28/2026 09:00:10;${type};${id};user=u jobname=a b ctime=${AT - 600} etime=${AT - 300} ${rest}\n`;
const lsf = (id: number, ended: number, started: number, status: number) =>
  `"JOB_FINISH" "10.1" ${ended} ${id} 1 1 4 ${AT - 60} 0 0 ${started} "u" "q" "" "" "" "h" "/" "" "" "" "" 0 1 "4*h7" ${status} 1.0 "job" "cmd"\n`;
const condor = { ClusterId: 5, ProcId: 0, JobStatus: 4, QDate: AT - 9000, JobStartDate: AT - 8000, NumJobStarts: 2 };
const k8s = (name: string, annotations: object, more: object, status: object = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, creationTimestamp: at, annotations },
  spec: {
    suspend: true,
    parallelism: 2,
    template: {
      spec: { containers: [{ resources: { requests: { cpu: '1500m' }, limits: { 'nvidia.com/gpu': 1 } } }] },
    },
    ...more,
  },
  status,
});
const SEVENTHS = { requests: { cpu: 2 }, limits: { 'nvidia.com/mig-1g.10gb': 7 } };
const squeue = (id: number, over: object) => ({
  job_id: id,
  job_state: 'PENDING',
  submit_time: AT - 3600,
  eligible_time: AT,
  time_limit: 90,
  cpus: 4,
  ...over,
});
const young = (number: number) => ({ set: true, infinite: false, number });
const slurmPast = (id: number, time: object, state: string) => ({
  job_id: id,
  state: { current: state },
  time: { submission: AT - 60, eligible: AT - 30, start: AT, ...time },
  tres: {
    allocated: [
      { type: 'cpu', count: 4 },
      { type: 'energy', count: 7_200_000 },
    ],
  },
});
const pods =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n';

const CASES: Readonly<Record<string, Case>> = {
  'csv a table of your own': {
    text: `id;duration_hours;power_kw;earliest_start\na;2,5;12;2026-11-28T13:46:40+01:00\nc;1;x;\nd;1;1;2026-11-28 13:00\n`,
    jobs: { a: { durationHours: 2.5, powerKw: 12, earliestStart: at, region: 'GB' } },
    said: OWN_SAID,
    rejected: [
      [3, 'power_kw', 'not_a_number'],
      [4, 'earliest_start', 'not_a_time'],
    ],
    refused: [
      { text: 'id,duration,vcpus\na,1,1\n', remedy: 'duration_hours, duration_minutes or duration_seconds' },
      { text: 'id,vcpus\na,1\n', remedy: 'Name the columns' },
    ],
  },
  'json a list of your own': {
    text: JSON.stringify([own, 7, { id: 'x', duration_hours: 'long', vcpus: 1 }]),
    jobs: { b: OWN_JOB },
    said: OWN_SAID,
    rejected: [
      [1, null, 'not_a_job'],
      [1, 'duration_hours', 'not_a_number'],
    ],
    refused: [{ text: '[{"id": "a", "duration_hours": 1', remedy: 'the whole file' }],
  },
  'jsonl an object a line': {
    text: `${JSON.stringify(own)}\n{"id":\n`,
    options: { format: 'jsonl' },
    jobs: { b: OWN_JOB },
    said: OWN_SAID,
    rejected: [[2, null, 'not_a_job']],
  },
  'slurm-json `squeue --json`': {
    text: jobs(
      squeue(1, { deadline: AT + 6 * 3600 }),
      squeue(2, { job_state: ['PENDING'], time_limit: young(90), cpus: young(4), submit_time: young(AT) }),
      squeue(3, { time_limit: null }),
      squeue(4, { job_state: 'RUNNING' }),
    ),
    jobs: {
      1: { earliestStart: at, durationHours: 1.5, vcpus: 4, deadline: '2026-11-28T18:46:40Z' },
      2: { earliestStart: at, durationHours: 1.5, vcpus: 4, deadline: null },
    },
    said: [
      ['duration_hours', 'time limit, an upper bound'],
      ['interruptible', 'false'],
      ['deadline', '2 min are left to it, since Slurm removes a job that cannot end in time'],
    ],
    rejected: [[1, 'duration_hours', 'no_duration']],
    skipped: [['not waiting: RUNNING', 1]],
    refused: [
      { text: JSON.stringify({ jobs: [], errors: [{ error: 'down' }], meta: { slurm: {} } }), remedy: 'Ask again' },
    ],
  },
  'slurm-json `sacct --json`': {
    text: jobs(
      slurmPast(1, { elapsed: 3600, end: AT + 7200 }, 'TIMEOUT'),
      slurmPast(2, { elapsed: 0, end: AT }, 'CANCELLED'),
    ).replace('{', '{"meta":{"slurm":{}},'),
    jobs: { 1: { startedAt: at, durationHours: 1, vcpus: 4, powerKw: 2 } },
    said: [
      ['power_kw', 'measured: Slurm’s joules over the time elapsed, taken as IT power'],
      ['duration_hours', 'elapsed; state TIMEOUT, so the work may be longer'],
      ['started_at', 'suspended for a while; accounted as one run from its start'],
    ],
    skipped: [['never ran', 1]],
  },
  'sacct `sacct -P`': {
    text: sacct(
      `1|TIMEOUT|${times('10', '11', '12', '13')}|3600|4|cpu=4,gres/gpu=2|7200000`,
      `1.batch|TIMEOUT|${times('10', '11', '12', '13')}|3600|4||5`,
      `2|COMPLETED|${times('10', '11', '', '')}|60|1||0`,
      `3|CANCELLED|${times('10', '11', '12', '12')}|0|1||`,
      `4|PENDING|${times('10', '', '', '')}|0|1||`,
      '5|x',
      `6|COMPLETED|${times('10', '11', '12', '13')}|3600|1||`,
    ),
    ...UTC,
    jobs: {
      1: { startedAt: '2026-11-28T12:00:00Z', durationHours: 1, vcpus: 4, gpus: 2, powerKw: 2 },
      2: { earliestStart: '2026-11-28T11:00:00Z', durationHours: 1 / 60, powerKw: null },
      6: { startedAt: '2026-11-28T12:00:00Z' },
    },
    said: [
      ['power_kw', 'measured: Slurm’s joules over the time elapsed, taken as IT power'],
      ['duration_hours', 'elapsed; state TIMEOUT, so the work may be longer'],
      ['started_at', 'not told; accounted from when it could start'],
    ],
    rejected: [[7, null, 'field_count']],
    skipped: [
      ['steps of jobs', 1],
      ['never ran', 1],
      ['still waiting; take the queue from squeue --json', 1],
    ],
    refused: [{ options: {}, remedy: '--time-zone UTC' }],
  },
  'scontrol `scontrol show job`': {
    text:
      scontrol(1, 'PENDING', '0-01:30:00') + scontrol(2, 'PENDING', 'UNLIMITED') + scontrol(3, 'RUNNING', '01:00:00'),
    // The clock of Berlin is an hour ahead in winter.
    options: { timeZone: 'Europe/Berlin' },
    jobs: { 1: { earliestStart: at, durationHours: 1.5, vcpus: 4, gpus: 2, deadline: '2026-11-28T22:00:00Z' } },
    said: [
      ['duration_hours', 'time limit, an upper bound'],
      ['interruptible', 'false'],
    ],
    rejected: [[2, 'duration_hours', 'no_duration']],
    skipped: [['not waiting: RUNNING', 1]],
    refused: [{ options: {}, remedy: '--time-zone UTC' }],
  },
  'pbs the accounting file': {
    text:
      pbs('Q', '1.h', '') +
      pbs(
        'E',
        '1.h',
        `start=${AT} end=${AT + 7200} Exit_status=1 Resource_List.ncpus=4 Resource_List.ngpus=2 resources_used.walltime=01:30:00`,
      ) +
      pbs('R', '2.h', `start=${AT} end=${AT + 600} Resource_List.ncpus=1 resources_used.walltime=00:10:00`) +
      'no record\n',
    jobs: {
      '1.h': {
        startedAt: at,
        durationHours: 1.5,
        vcpus: 4,
        gpus: 2,
        name: 'a b',
        earliestStart: '2026-11-28T12:41:40Z',
      },
      '2.h': { startedAt: at, durationHours: 1 / 6 },
    },
    said: [
      ['duration_hours', 'elapsed; exit status other than 0, so the work may be longer'],
      ['started_at', 'suspended for a while; accounted as one run from its start'],
      ['duration_hours', 'elapsed of a life that was rerun'],
      ['interruptible', 'false'],
    ],
    rejected: [[4, null, 'field_count']],
    skipped: [['records that tell of no run', 1]],
  },
  'lsf `lsb.acct`': {
    text: `${lsf(1, AT + 5400, AT, 32)}${lsf(2, AT, 0, 32)}"JOB_FINISH" "10.1" ${AT} 3\n`,
    jobs: { 1: { startedAt: at, durationHours: 1.5, vcpus: 4, gpus: 0, submittedAt: '2026-11-28T12:45:40Z' } },
    said: [
      ['duration_hours', 'from start to end; a suspension in between counts as running'],
      ['duration_hours', 'ended with EXIT, so the work may be longer'],
      ['gpus', '0'],
    ],
    rejected: [[3, null, 'field_count']],
    skipped: [['never ran', 1]],
  },
  'htcondor `condor_history -json`': {
    text: JSON.stringify([
      { ...condor, JobCurrentStartDate: AT, RemoteWallClockTime: 9000, LastRemoteWallClockTime: 5400, RequestCpus: 8 },
      {
        ...condor,
        ProcId: 1,
        JobStatus: 3,
        NumJobStarts: 1,
        JobCurrentStartDate: AT,
        RemoteWallClockTime: 3600,
        RequestCpus: 1,
      },
      { ...condor, ProcId: 2, JobStatus: 2 },
      { ...condor, ProcId: 3, RemoteWallClockTime: 0 },
      { ClusterId: 5, JobStatus: 4 },
    ]),
    jobs: {
      '5.0': { startedAt: at, durationHours: 1.5, vcpus: 8, submittedAt: '2026-11-28T10:16:40Z' },
      '5.0@2026-11-28T10:33:20Z': { startedAt: '2026-11-28T10:33:20Z', durationHours: 1 },
      '5.1': { startedAt: at, durationHours: 1 },
    },
    said: [
      ['started_at', 'earlier runs together, as one from the first start'],
      ['duration_hours', 'elapsed; the job was removed, so the work may be longer'],
    ],
    rejected: [[1, 'ClusterId', 'missing']],
    skipped: [
      ['not ended: running', 1],
      ['never ran', 1],
    ],
  },
  'k8s `kubectl get jobs -o json`': {
    text: JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        k8s('a', { 'caco.dev/duration': 'PT1H30M', 'caco.dev/deadline': '2026-11-28T19:46:40+01:00' }, {}),
        k8s('b', {}, { activeDeadlineSeconds: 5400, completions: 1 }),
        k8s('c', { 'caco.dev/duration': 'P1M' }, {}),
        k8s('d', {}, { suspend: false, activeDeadlineSeconds: 60 }, { active: 1 }),
        k8s('e', {}, {}, { conditions: [{ type: 'Complete' }] }),
        { kind: 'Pod' },
        k8s(
          'f',
          {},
          {
            activeDeadlineSeconds: 3600,
            parallelism: 1,
            template: { spec: { containers: [{ resources: SEVENTHS }] } },
          },
        ),
      ],
    }),
    jobs: {
      'default-a': { earliestStart: at, durationHours: 1.5, deadline: '2026-11-28T18:46:40Z', vcpus: 3, gpus: 2 },
      'default-b': { durationHours: 1.5, vcpus: 1.5, gpus: 1 },
      'default-f': { vcpus: 2, gpus: 1 },
    },
    warned: /mig-1g.10gb; it counts as 1\/7 of a GPU each/,
    said: [['duration_hours', 'activeDeadlineSeconds, an upper bound']],
    rejected: [[1, 'duration_hours', 'unknown_value']],
    skipped: [
      ['running jobs', 1],
      ['finished jobs', 1],
      ['objects that are no Job', 1],
    ],
  },
  'swf a trace in the Standard': {
    text: [
      `; Version: 2.2\n; UnixStartTime: ${AT - 37}`,
      '1 37 0 5400 2 -1 -1 2 43200 -1 1 1 1 1 1 -1 -1 -1',
      '2 37 0 -1 -1 -1 -1 4 3600 -1 1 1 1 1 1 -1 -1 -1',
      '3 37 0 0 1 -1 -1 1 3600 -1 1 1 1 1 1 -1 -1 -1',
      '4 37 0 60 1 -1 -1 1 60 -1 2 1 1 1 1 -1 -1 -1',
      '5 37 0 60',
    ].join('\n'),
    jobs: {
      1: { earliestStart: at, durationHours: 1.5, vcpus: 2 },
      2: { durationHours: 1, vcpus: 4 },
      3: { durationHours: 1 / 3600 },
    },
    said: [
      ['duration_hours', 'requested time, an upper bound'],
      ['duration_hours', 'one second for a run time below it'],
    ],
    rejected: [[7, null, 'field_count']],
    skipped: [['partial executions; the summary line counts', 1]],
    refused: [{ text: '; Version: 2.2\n1 37 0 5400 2 -1 -1 2 43200 -1 1 1 1 1 1 -1 -1 -1\n', remedy: '--start' }],
  },
  'gaia a trace': {
    text: 'arrival_time,length,cpus\n36,5400.36,2\n40,60.5,1\n-1,60,1\n',
    options: { ...START, unit: 's' },
    jobs: { 1: { earliestStart: '2026-01-01T00:00:36Z', durationHours: 1.5001, vcpus: 2 } },
    warned: /this looks like hours/,
    rejected: [[4, 'arrival_time', 'negative']],
    refused: [
      { options: START, remedy: '--unit' },
      { options: { unit: 's' }, remedy: '--start' },
    ],
  },
  'alibaba-gpu-2023 the list of pods': {
    text: `${pods}a,12000,1,1,460,,LS,Running,36,12902960,12897560\nb,1000,1,0,0,,BE,Pending,0,10,\n`,
    options: START,
    jobs: { a: { earliestStart: '2026-01-01T00:00:36Z', durationHours: 1.5, vcpus: 12, gpus: 0.46 } },
    said: [['duration_hours', 'cut by the end of the trace']],
    rejected: [[3, 'duration_hours', 'no_duration']],
    refused: [{ options: {}, remedy: '--start' }],
  },
  'lwa the jobs of': {
    text: 'job_id,arrival_slot,duration_slots\n0,3,5\n1,x,1\n',
    options: START,
    jobs: { 0: { earliestStart: '2026-01-01T01:30:00Z', durationHours: 2.5, powerKw: 1 } },
    said: [['power_kw', '1 (the trace gives every job one unit)']],
    rejected: [[3, 'arrival_slot', 'not_a_number']],
    refused: [{ options: {}, remedy: '--start' }],
  },
};

const lineOf = (name: string) => LINES.find((l) => `${l.format} ${l.from}`.startsWith(name));

it('has a line for each format that is read, and a case for each line', () => {
  expect(new Set(LINES.map(({ format }) => format))).toEqual(new Set(FORMATS));
  expect(Object.keys(CASES).map(lineOf)).toEqual(LINES);
  expect(
    jobFormatTables()
      .split('\n')
      .filter((line) => line.startsWith('| `') && !line.startsWith('| `--format`')),
  ).toHaveLength(LINES.length);
});

it.each(Object.entries(CASES))('%s …', async (name, { text, options = {}, refused = [], ...wanted }) => {
  const path = file('case.txt', text);
  const answer = await trial.ingest({ path, ...options });
  expect(answer.format).toBe(lineOf(name)?.format);
  const read = await trial.jobsOf(answer.workloadId);
  for (const [id, job] of Object.entries(wanted.jobs)) {
    const { durationHours, ...rest } = job as { durationHours?: number };
    expect(read.get(id), id).toMatchObject(rest);
    if (durationHours !== undefined) expect(read.get(id)?.durationHours).toBeCloseTo(durationHours, 6);
  }
  expect(answer.assumed.map((a) => [a.field, a.value])).toEqual(expect.arrayContaining([...(wanted.said ?? [])]));
  expect(answer.rejected.map((r) => [r.line, r.field, r.code])).toEqual(wanted.rejected ?? []);
  expect(answer.skipped.map((s) => [s.what, s.count])).toEqual(wanted.skipped ?? []);
  expect(answer.warnings.join(' ')).toMatch(wanted.warned ?? /^/);
  for (const one of refused) {
    const again = one.text === undefined ? path : file('refused.txt', one.text);
    const fault = await faultOf(trial.ingest({ path: again, ...(one.options ?? options) }));
    expect(fault.remedy).toContain(one.remedy);
  }
});
