/**
 * The accounting of PBS Pro, OpenPBS and Torque: a record a line, `stamp;type;id;message`. What ran stands in `E` (ended):
 *
 *     11/28/2026 16:00:10;E;1234.head;user=u1 jobname=a b ctime=1795874410 start=1795876000 end=1795881610
 *       Resource_List.ncpus=4 Resource_List.ngpus=1 resources_used.walltime=01:33:30     (one line)
 *
 * The stamp is local time without a zone and is not used; `ctime, etime, start, end` count seconds since 1970.
 */
import { fromEpoch, isMoment } from '../../../domain/time.js';
import { beyondCalendar, type Draft, type Rejected, rejected } from './draft.js';
import { lines, type Reader, type Reading, type Rows } from './reading.js';

const RECORD = /^\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}:\d{2};([A-Za-z]+);([^;]*);(.*)$/;

export const looksLikePbs = (line: string): boolean => RECORD.test(line);

export const readPbs: Reader = async function* (pieces, reading) {
  for await (const batch of lines(pieces)) {
    const rows: Rows = [];
    for (const { line, text } of batch) {
      if (text.trim() === '') continue;
      const [, type, id, message] = RECORD.exec(text) ?? [];
      if (type === undefined || id === undefined || message === undefined)
        rows.push(
          rejected(line, null, 'field_count', text, 'this is no record of PBS', 'Give the accounting file as it is.'),
        );
      // A run that was rerun used energy too; PBS Pro tells its times.
      else if (type === 'E' || (type === 'R' && message.includes('start='))) {
        const row = jobOf(line, type, id, fieldsOf(message), reading);
        if (row) rows.push(row);
      } else reading.skip(OTHER[type] ?? 'records that tell of no run');
    }
    if (rows.length > 0) yield rows;
  }
};

const OTHER: Readonly<Record<string, string>> = { R: 'runs that were rerun, of which the record tells no times' };

/** `key=value` parted by blanks; a word without `=` goes on with the value before it (`jobname=a b`). */
const fieldsOf = (message: string): ReadonlyMap<string, string> => {
  const fields = new Map<string, string>();
  let last = '';
  for (const word of message.split(' ')) {
    const [, key, value] = /^([A-Za-z_][\w.]*)=(.*)$/.exec(word) ?? [];
    if (key !== undefined && value !== undefined) {
      fields.set(key, value);
      last = key;
    } else if (last !== '') fields.set(last, `${fields.get(last)} ${word}`);
  }
  return fields;
};

const jobOf = (
  line: number,
  type: string,
  id: string,
  fields: ReadonlyMap<string, string>,
  reading: Reading,
): Draft | Rejected | null => {
  const started = Number(fields.get('start') || Number.NaN);
  const ended = Number(fields.get('end') || Number.NaN);
  if (!Number.isFinite(started) || started <= 0) {
    reading.skip('never ran');
    return null;
  }
  const walltime = secondsOf(fields.get('resources_used.walltime') ?? '');
  const seconds = walltime ?? ended - started;
  if (!Number.isFinite(seconds))
    return rejected(
      line,
      'end',
      'no_duration',
      null,
      'the record has neither resources_used.walltime nor end',
      'Leave it out.',
    );
  if (seconds <= 0) {
    reading.skip('never ran');
    return null;
  }
  const submitted = Number(fields.get('ctime') || fields.get('qtime') || started);
  const eligible = Number(fields.get('etime') || submitted);
  for (const [field, value] of [
    ['ctime', submitted],
    ['etime', eligible],
    ['start', started],
  ] as const)
    if (!isMoment(value)) return beyondCalendar(line, field, value);
  const project = fields.get('project');
  const exit = fields.get('Exit_status');
  return {
    line,
    id,
    name: fields.get('jobname') || undefined,
    team:
      fields.get('account')?.replaceAll('"', '') ||
      (project === '_pbs_project_default' ? undefined : project) ||
      fields.get('user'),
    submittedAt: fromEpoch(submitted),
    earliestStart: fromEpoch(Math.max(submitted, eligible)),
    deadline: null,
    durationHours: seconds / 3600,
    limitHours: hoursOf(secondsOf(fields.get('Resource_List.walltime') ?? '')),
    vcpus: coresOf(fields),
    gpus: Number(fields.get('Resource_List.ngpus')) || 0,
    clusterId: reading.options.clusterId ?? undefined,
    interruptible: false,
    startedAt: fromEpoch(started),
    assumed: [
      ['interruptible', 'false'],
      ...(type === 'R' ? ([['duration_hours', 'elapsed of a life that was rerun']] as const) : []),
      ...(type === 'E' && exit !== undefined && exit !== '0'
        ? ([['duration_hours', 'elapsed; exit status other than 0, so the work may be longer']] as const)
        : []),
      ...(walltime !== null && ended - started > walltime + 1
        ? ([['started_at', 'suspended for a while; accounted as one run from its start']] as const)
        : []),
    ],
  };
};

/** `93:30:00` and the like; null for anything else. */
const secondsOf = (text: string): number | null => {
  const [, hours, minutes, seconds] = /^(\d+):(\d{2}):(\d{2})$/.exec(text) ?? [];
  return hours === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
};

const hoursOf = (seconds: number | null): number | undefined => (seconds ? seconds / 3600 : undefined);

/** Cores over all nodes: as asked, else those on which it ran (`n1/0*4+n2/0`, Torque’s `n1/0-3`). */
const coresOf = (fields: ReadonlyMap<string, string>): number | undefined => {
  const asked = Number(fields.get('Resource_List.ncpus') || fields.get('total_execution_slots'));
  if (asked > 0) return asked;
  let cores = 0;
  for (const place of (fields.get('exec_host') ?? '').split('+')) {
    const [, slots, times] = /\/([\d,-]+)(?:\*(\d+))?$/.exec(place) ?? [];
    if (slots === undefined) continue;
    const ranges = slots.split(',').map((range) => range.split('-').map(Number));
    cores += times === undefined ? ranges.reduce((sum, [a = 0, b = a]) => sum + b - a + 1, 0) : Number(times);
  }
  return cores || undefined;
};
