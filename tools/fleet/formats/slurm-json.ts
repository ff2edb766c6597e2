/**
 * `squeue --json` and `sacct --json` of both generations: numbers are plain or null (22.05) or an object (23.x on), the state is
 * text or a list:
 *
 *     {"jobs": [{"job_id": 7, "job_state": "PENDING", "cpus": 4, "time_limit": 30, …}], "errors": []}
 *     {"jobs": [{"job_id": 7, "job_state": ["PENDING"], "time_limit": {"set": true, "infinite": false, "number": 30}, …}], …}
 *
 * Of a queue only what waits is taken.
 */
import { Fault } from '../../../domain/fault.js';
import { fromEpoch, isMoment } from '../../../domain/time.js';
import { beyondCalendar, type Draft, type Rejected, rejected } from './draft.js';
import { JsonSplitter } from './json-values.js';
import type { Reader, Reading, Rows } from './reading.js';
import { cacoComment } from './slurm-comment.js';
import { draftsOf, HetJobs, type PendingJob, ranInSlurm } from './slurm-fields.js';
import { historyNotes, measuredPower, unfinished } from './slurm-history.js';
import { gpusIn, gpusWanted, measuredJoules, StepEnergy } from './slurm-tres.js';

type Row = Readonly<Record<string, unknown>>;

export const readSlurmJson: Reader = async function* (pieces, reading) {
  const het = new HetJobs();
  for await (const records of recordsOf(pieces)) {
    const rows: Rows = [];
    for (const { line, row, text } of records) {
      if (row === null) rows.push(noJob(line, text));
      else if (typeof row.time === 'object' && row.time !== null) rows.push(...historyOf(row, line, reading));
      else {
        const job = pendingOf(row, line, reading);
        // One record may stand for an array of a hundred thousand tasks.
        if (job === null || 'code' in job) rows.push(...(job === null ? [] : [job]));
        else if (!het.take(job)) for (const draft of draftsOf(job, reading)) rows.push(draft);
      }
    }
    if (rows.length > 0) yield rows;
  }
  yield het.merged().flatMap((job) => draftsOf(job, reading));
};

/** What waits of `squeue --json`, as Slurm tells it: a heterogeneous job is one, under its leader, and comes last. */
export async function* readQueue(
  pieces: AsyncIterable<string>,
  reading: Reading,
): AsyncGenerator<(PendingJob | Rejected)[]> {
  const het = new HetJobs();
  for await (const records of recordsOf(pieces)) {
    const jobs = records.map(({ line, row, text }) =>
      row === null ? noJob(line, text) : pendingOf(row, line, reading),
    );
    yield jobs.filter((job) => job !== null).filter((job) => 'code' in job || !het.take(job));
  }
  yield het.merged();
}

interface SlurmRecord {
  readonly line: number;
  /** null: it is no object */
  readonly row: Row | null;
  readonly text: string;
}

/** Throws Fault `unavailable` at the end where Slurm reported errors. */
async function* recordsOf(pieces: AsyncIterable<string>): AsyncGenerator<SlurmRecord[]> {
  const splitter = new JsonSplitter(['jobs']);
  const errors: unknown[] = [];
  let jobs = 0;
  const take = (values: ReturnType<JsonSplitter['push']>): SlurmRecord[] => {
    const records: SlurmRecord[] = [];
    for (const { key, text, line } of values) {
      if (key === 'errors') errors.push(...listOf(parsed(text)));
      if (key !== null) continue;
      jobs++;
      const value = parsed(text);
      records.push({ line, text, row: value === null || typeof value !== 'object' ? null : (value as Row) });
    }
    return records;
  };
  for await (const piece of pieces) {
    const records = take(splitter.push(piece));
    if (records.length > 0) yield records;
  }
  const rest = take(splitter.end());
  // squeue answers 0 and an empty list when the controller is down; only `errors` says so.
  if (errors.length > 0)
    throw new Fault(
      'unavailable',
      `Slurm reported: ${errors.map(said).join('; ').slice(0, 500)}`,
      jobs === 0 ? 'Ask again when the controller is up (`scontrol ping`).' : 'Ask Slurm again; nothing was taken in.',
    );
  if (rest.length > 0) yield rest;
}

const noJob = (line: number, text: string): Rejected =>
  rejected(line, null, 'not_a_job', text, 'this is not a job', 'Give Slurm’s output as it is.');

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const said = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return String(error);
  const { error: message, description } = error as Row;
  return String(description ?? message ?? JSON.stringify(error));
};

/** Null for null, unset and infinite. */
const numberOf = (value: unknown): number | null => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return null;
  const { set, infinite, number } = value as Row;
  return set === false || infinite === true || typeof number !== 'number' ? null : number;
};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const FLAGS = new Set(['COMPLETING', 'CONFIGURING', 'REQUEUED', 'REQUEUE_HOLD', 'REQUEUE_FED', 'SPECIAL_EXIT']);
const stateOf = (value: unknown): string => {
  if (!Array.isArray(value)) return textOf(value);
  return value.map(textOf).find((state) => !FLAGS.has(state)) ?? textOf(value[0]);
};

/**
 * slurm-bridge gives pods of Kubernetes a job in Slurm's queue, which ends with them, and writes their names into its admin comment. The
 * work is theirs: the owner's leave and the meter are there, and here it would count twice.
 */
const standsForPods = (adminComment: string): boolean => {
  if (!/^\s*\{.*"pods"/s.test(adminComment)) return false;
  try {
    const { pods } = JSON.parse(adminComment) as { pods?: unknown };
    return Array.isArray(pods) && pods.some((pod) => typeof pod === 'string' && /^[^/]+\/[^/]+$/.test(pod));
  } catch {
    return false;
  }
};

/** Null for what does not wait. */
const pendingOf = (row: Row, line: number, reading: Reading): PendingJob | Rejected | null => {
  const state = stateOf(row.job_state);
  if (state !== 'PENDING') {
    reading.skip(`not waiting: ${/^[A-Z_]{1,30}$/.test(state) ? state : 'state unknown'}`);
    return null;
  }
  if (standsForPods(textOf(row.admin_comment))) {
    reading.skip('shadows of Kubernetes pods, which count there');
    return null;
  }
  const jobId = numberOf(row.job_id);
  if (jobId === null)
    return rejected(line, 'job_id', 'missing', null, 'the record has no job_id', 'Give Slurm’s output as it is.');
  return {
    line,
    jobId,
    name: textOf(row.name),
    cluster: textOf(row.cluster) || null,
    account: textOf(row.account),
    user: textOf(row.user_name),
    comment: textOf(row.comment),
    reason: textOf(row.state_reason),
    priority: numberOf(row.priority),
    dependency: textOf(row.dependency),
    partition: textOf(row.partition),
    reservation: textOf(row.resv_name),
    submitted: numberOf(row.submit_time),
    eligible: numberOf(row.eligible_time),
    deadline: numberOf(row.deadline),
    limitMinutes: numberOf(row.time_limit),
    cpus: numberOf(row.cpus),
    gpus: gpusWanted(textOf(row.tres_req_str), {
      perNode: textOf(row.tres_per_node),
      perTask: textOf(row.tres_per_task),
      perSocket: textOf(row.tres_per_socket),
      perJob: textOf(row.tres_per_job),
      nodes: numberOf(row.node_count) ?? 1,
      tasks: numberOf(row.tasks) ?? 1,
    }),
    arrayJobId: numberOf(row.array_job_id) ?? 0,
    arrayTaskId: numberOf(row.array_task_id),
    arrayTasks: textOf(row.array_task_string),
    hetJobId: numberOf(row.het_job_id) ?? 0,
    hetOffset: numberOf(row.het_job_offset) ?? 0,
  };
};

/** A record of `sacct --json`: one life of a job that ran, with the time that it took. */
const historyOf = (row: Row, line: number, reading: Reading): (Draft | Rejected)[] => {
  const time = row.time as Row;
  const state = stateOf((row.state as Row | undefined)?.current);
  const elapsed = numberOf(time.elapsed) ?? 0;
  // A job that was cancelled at once has a start and never ran; only the time that it took says that it did.
  if (elapsed <= 0) {
    reading.skip(state === 'PENDING' ? 'still waiting; take the queue from squeue --json' : 'never ran');
    return [];
  }
  const started = numberOf(time.start) ?? 0;
  const ended = numberOf(time.end) ?? 0;
  const array = (row.array ?? {}) as Row;
  const task = numberOf(array.task_id);
  const cluster = textOf(row.cluster) || reading.options.clusterId || '';
  const number = task !== null && numberOf(array.job_id) ? `${numberOf(array.job_id)}_${task}` : numberOf(row.job_id);
  const submitted = numberOf(time.submission) ?? started;
  const eligible = Math.max(submitted, numberOf(time.eligible) ?? 0);
  if (![submitted, eligible, started, ended].every(isMoment))
    return [beyondCalendar(line, 'time.submission', submitted)];
  const tres = (row.tres ?? {}) as Row;
  const allocated = countsIn(tres.allocated);
  const required = numberOf((row.required as Row | undefined)?.CPUs);
  const assumed = historyNotes({ state, elapsed, started: momentOf(started), ended: momentOf(ended) });
  return [
    {
      line,
      id: cluster === '' ? String(number) : `${cluster}-${number}`,
      name: textOf(row.name),
      team: textOf(row.account) || textOf(row.user) || undefined,
      category: cacoComment(textOf((row.comment as Row | undefined)?.job), reading).class,
      submittedAt: fromEpoch(submitted),
      earliestStart: fromEpoch(eligible),
      deadline: null,
      durationHours: elapsed / 3600,
      limitHours: hoursOf(numberOf(time.limit)),
      durationIs: unfinished(state) ? 'so far' : undefined,
      vcpus: allocated.cpu ?? required ?? undefined,
      gpus: gpusOf(tres.allocated) || gpusOf(tres.requested),
      clusterId: cluster || undefined,
      interruptible: false,
      slurm: ranInSlurm(String(number), cluster),
      startedAt: momentOf(started) ?? undefined,
      ...measuredPower(measuredJoules(allocated.energy ?? Number.NaN) ?? stepJoules(row.steps), elapsed, assumed),
    },
  ];
};

/** Slurm counts limits in minutes. */
const hoursOf = (minutes: number | null): number | undefined => (minutes ? minutes / 60 : undefined);
const momentOf = (seconds: number) => (seconds > 0 ? fromEpoch(seconds) : null);

/** Counts of resources by type, those without a name. */
const countsIn = (tres: unknown): Record<string, number | undefined> => {
  const counts: Record<string, number | undefined> = {};
  for (const one of listOf(tres) as Row[])
    if (!textOf(one.name)) counts[textOf(one.type)] = numberOf(one.count) ?? undefined;
  return counts;
};

/** As in text: the total where there is one, else the sum over types. */
const gpusOf = (tres: unknown): number =>
  gpusIn(
    (listOf(tres) as Row[])
      .filter((one) => one.type === 'gres')
      .map((one) => `gres/${textOf(one.name)}=${numberOf(one.count) ?? 0}`)
      .join(','),
  );

const stepJoules = (steps: unknown): number | null => {
  const energy = new StepEnergy();
  for (const one of listOf(steps) as Row[]) {
    const id = (one.step as Row | undefined)?.id;
    const name = typeof id === 'object' && id !== null ? (id as Row).step_id : id;
    const step = String(name ?? '')
      .split('.')
      .at(-1)!;
    const told = ((one.statistics as Row | undefined)?.energy ?? one.energy) as Row | undefined;
    energy.add(step, measuredJoules(numberOf(told?.consumed) ?? Number.NaN));
  }
  return energy.joules;
};
