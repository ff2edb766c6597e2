/**
 * LSF’s accounting, `lsb.acct`: an event a line, fields parted by blanks, text in quotes with an inner quote doubled. What ran
 * stands in `JOB_FINISH`:
 *
 *     "JOB_FINISH" "10.1" 1656329665 908632 11046 33816602 4 1656326059 0 0 1656326065 "u" "q" … 0 1 "4*h7" 64 1.0 "job" "cmd"
 *
 * Event time, submission and start count seconds since 1970; a start of 0 means that it never started.
 */
import { fromEpoch, isMoment } from '../../../domain/time.js';
import { beyondCalendar, type Draft, type Rejected, rejected } from './draft.js';
import { lines, type Reader, type Reading, type Rows } from './reading.js';

export const looksLikeLsf = (line: string): boolean => /^"[A-Z_]+" "\d+(\.\d+)+" \d{9,11} /.test(line);

export const readLsf: Reader = async function* (pieces, reading) {
  for await (const batch of lines(pieces)) {
    const rows: Rows = [];
    for (const { line, text } of batch) {
      if (text.trim() === '') continue;
      const fields = fieldsOf(text);
      if (fields[0] !== 'JOB_FINISH') reading.skip('events that end no job');
      else {
        const row = jobOf(line, text, fields, reading);
        if (row) rows.push(row);
      }
    }
    if (rows.length > 0) yield rows;
  }
};

const FIELD = /"((?:[^"]|"")*)"|(\S+)/g;
const fieldsOf = (text: string): string[] =>
  [...text.matchAll(FIELD)].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '');

/** Places of the fields before the lists of hosts, whose lengths shift all that follows. */
const AT = {
  time: 2,
  id: 3,
  processors: 6,
  submitted: 7,
  begin: 8,
  started: 10,
  user: 11,
  queue: 12,
  asked: 22,
} as const;
const DONE = 64;

const jobOf = (line: number, text: string, fields: readonly string[], reading: Reading): Draft | Rejected | null => {
  const number = (at: number) => Number(fields[at] || Number.NaN);
  const [ended, submitted, begin, started] = [AT.time, AT.submitted, AT.begin, AT.started].map(number) as [
    number,
    number,
    number,
    number,
  ];
  const ran = AT.asked + 1 + number(AT.asked);
  const status = ran + 1 + number(ran);
  if (![ended, submitted, begin, started, number(status)].every(Number.isFinite))
    return rejected(
      line,
      null,
      'field_count',
      text,
      'this is no JOB_FINISH as LSF 10 writes it',
      'Give lsb.acct as it is.',
    );
  if (started <= 0 || ended <= started) {
    reading.skip('never ran');
    return null;
  }
  for (const [field, value] of [
    ['submitTime', submitted],
    ['startTime', started],
  ] as const)
    if (!isMoment(value)) return beyondCalendar(line, field, value);
  return {
    line,
    id: fields[AT.id],
    name: fields[status + 2] || undefined,
    team: fields[AT.user] || undefined,
    submittedAt: fromEpoch(submitted),
    earliestStart: fromEpoch(Math.max(submitted, begin)),
    deadline: null,
    durationHours: (ended - started) / 3600,
    vcpus: number(AT.processors),
    clusterId: reading.options.clusterId ?? undefined,
    interruptible: false,
    startedAt: fromEpoch(started),
    assumed: [
      ['interruptible', 'false'],
      ['duration_hours', 'from start to end; a suspension in between counts as running'],
      ...(number(status) === DONE ? [] : ([['duration_hours', 'ended with EXIT, so the work may be longer']] as const)),
    ],
  };
};
