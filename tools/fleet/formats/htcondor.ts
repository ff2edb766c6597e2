/**
 * HTCondor’s `condor_history -json`: ClassAds of what ran. Times count seconds since 1970, and the wall clock adds up over all
 * runs of a job, lost ones too:
 *
 *     [{"ClusterId": 501, "ProcId": 0, "JobStatus": 4, "QDate": 1795870000, "JobStartDate": 1795871000, "NumJobStarts": 2,
 *       "JobCurrentStartDate": 1795900000, "RemoteWallClockTime": 25000.0, "LastRemoteWallClockTime": 3600.0, "RequestCpus": 8, …}]
 */
import { fromEpoch, isMoment } from '../../../domain/time.js';
import { beyondCalendar, type Draft, type Rejected, rejected } from './draft.js';
import { JsonSplitter } from './json-values.js';
import type { Reader, Reading, Rows } from './reading.js';

type Row = Readonly<Record<string, unknown>>;
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

export const looksLikeCondor = (text: string): boolean => /"ClusterId"\s*:/.test(text) && /"ProcId"\s*:/.test(text);

export const readCondor: Reader = async function* (pieces, reading) {
  const splitter = new JsonSplitter([]);
  const take = (values: ReturnType<JsonSplitter['push']>): Rows =>
    values.flatMap(({ key, text, line }) => {
      if (key !== null) return [];
      let value: unknown = null;
      try {
        value = JSON.parse(text);
      } catch {}
      if (value !== null && typeof value === 'object') return runsOf(value as Row, line, reading);
      return [rejected(line, null, 'not_a_job', text, 'this is not a job', 'Give condor_history -json as it is.')];
    });
  for await (const piece of pieces) {
    const rows = take(splitter.push(piece));
    if (rows.length > 0) yield rows;
  }
  yield take(splitter.end());
};

const STATUS: Readonly<Record<number, string>> = {
  1: 'idle',
  2: 'running',
  5: 'held',
  6: 'transferring',
  7: 'suspended',
};

/** The last run at its own time; what earlier ones used together, from the first start on. */
const runsOf = (job: Row, line: number, reading: Reading): (Draft | Rejected)[] => {
  const status = numberOf(job.JobStatus);
  const other = status === null ? undefined : STATUS[status];
  if (other !== undefined) {
    reading.skip(`not ended: ${other}`);
    return [];
  }
  const [cluster, process] = [numberOf(job.ClusterId), numberOf(job.ProcId)];
  if (cluster === null || process === null)
    return [
      rejected(line, 'ClusterId', 'missing', null, 'the job has no ClusterId and ProcId', 'Ask condor_history -json.'),
    ];
  const total = numberOf(job.RemoteWallClockTime) ?? 0;
  const current = numberOf(job.JobCurrentStartDate) ?? numberOf(job.JobStartDate);
  if (total <= 0 || current === null) {
    reading.skip('never ran');
    return [];
  }
  const ended = numberOf(job.CompletionDate) || numberOf(job.EnteredCurrentStatus) || 0;
  const several = (numberOf(job.NumJobStarts) ?? 1) > 1;
  const last = Math.min(total, numberOf(job.LastRemoteWallClockTime) || (ended > current ? ended - current : total));
  const queued = numberOf(job.QDate) ?? current;
  const first = numberOf(job.JobStartDate) ?? current;
  for (const [field, value] of [
    ['QDate', queued],
    ['JobStartDate', first],
    ['JobCurrentStartDate', current],
  ] as const)
    if (!isMoment(value)) return [beyondCalendar(line, field, value)];
  const run = (startedAt: number, seconds: number, note: readonly (readonly [string, string])[]): Draft => ({
    line,
    id: `${cluster}.${process}`,
    name: textOf(job.JobBatchName) ?? textOf(job.Cmd)?.split(/[\\/]/).at(-1),
    team: textOf(job.AcctGroup) ?? textOf(job.Owner),
    submittedAt: fromEpoch(queued),
    earliestStart: fromEpoch(queued),
    deadline: null,
    durationHours: seconds / 3600,
    vcpus: numberOf(job.CpusProvisioned) ?? numberOf(job.RequestCpus) ?? undefined,
    gpus:
      numberOf(job.GpusProvisioned) ??
      numberOf(job.GPUsProvisioned) ??
      numberOf(job.RequestGpus) ??
      numberOf(job.RequestGPUs) ??
      0,
    clusterId: reading.options.clusterId ?? undefined,
    interruptible: false,
    startedAt: fromEpoch(startedAt),
    assumed: [['interruptible', 'false'], ...(status === 4 ? [] : [REMOVED]), ...note],
  });
  const lost = total - last;
  if (!several || lost < 1 || first >= current) return [run(current, total, [])];
  return [
    run(current, last, []),
    run(first, lost, [['started_at', 'earlier runs together, as one from the first start']]),
  ];
};

const REMOVED = ['duration_hours', 'elapsed; the job was removed, so the work may be longer'] as const;
