/**
 * Jobs in our own columns: a JSON list (or `{"jobs": […]}`, or one job), JSON lines, and CSV with a header:
 *
 *     [{"id": "train-7", "duration_hours": 2.5, "gpus": 8, "earliest_start": "2022-06-01T00:00:00Z"}]
 *
 *     id;duration_hours;power_kw;allowed_regions
 *     train-7;2,5;12;GB|FR
 */
import { invalid } from '../../../domain/fault.js';
import { csvRows, separatorOf } from './csv.js';
import { type Draft, emptyDraft, nearest, type Rejected, rejected } from './draft.js';
import { COLUMN_NAMES, columnName, type Setter, type Spelling, setterOf } from './fields.js';
import { JsonSplitter } from './json-values.js';
import { lines, type Reader, type Reading, type Rows } from './reading.js';

const spellingOf = (reading: Reading, decimalComma: boolean): Spelling => ({
  decimalComma,
  timeZone: reading.options.timeZone,
  unit: reading.options.unit,
});

const unitless = () =>
  invalid(
    'the column "duration" has no unit',
    'Call it duration_hours, duration_minutes or duration_seconds, or say --unit s or --unit h.',
  );

/** Turns plain objects into drafts; the columns' setters are looked up once per spelling. */
export const objectReader = (reading: Reading): ((value: unknown, line: number) => Draft | Rejected) => {
  const spelling = spellingOf(reading, false);
  const setters = new Map<string, Setter | null>();
  const setterFor = (member: string): Setter | null => {
    const known = setters.get(member);
    if (known !== undefined) return known;
    const column = columnName(member);
    const setter = setterOf(column, spelling) ?? null;
    if (setter === null && column === 'duration') throw unitless();
    // Foreign objects may spell members without end; only as many as jobs have columns are worth remembering.
    if (setters.size < 1000) setters.set(member, setter);
    return setter;
  };
  return (value, line) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return rejected(
        line,
        null,
        'not_a_job',
        value,
        'this is not an object',
        'Give each job as an object with id, duration_hours and a size.',
      );
    const draft = emptyDraft(line);
    for (const [member, content] of Object.entries(value)) {
      const set = setterFor(member);
      if (set === null) {
        reading.ignore(member, nearest(columnName(member), COLUMN_NAMES) ?? null);
        continue;
      }
      const problem = set(draft, content);
      if (problem) return problem;
    }
    return draft;
  };
};

/** `[…]`, `{"jobs": […]}`, or one job. */
export const readJson: Reader = async function* (pieces, reading) {
  const splitter = new JsonSplitter(['jobs']);
  const toDraft = objectReader(reading);
  const around: Record<string, unknown> = {};
  let listed = 0;
  const take = (values: ReturnType<JsonSplitter['push']>): Rows => {
    const rows: Rows = [];
    for (const { key, text, line } of values) {
      const value = parse(text);
      if (key !== null) {
        if (Object.keys(around).length < 1000) around[key] = value?.value;
        continue;
      }
      listed++;
      rows.push(value ? toDraft(value.value, line) : notJson(line, text));
    }
    return rows;
  };
  for await (const piece of pieces) {
    const rows = take(splitter.push(piece));
    if (rows.length > 0) yield rows;
  }
  const rest = take(splitter.end());
  if (rest.length > 0) yield rest;
  if (listed > 0) return;
  if (around.id !== undefined || around.job_id !== undefined) yield [toDraft(around, 1)];
  else if (around.jobs !== undefined)
    throw invalid('the member "jobs" is not a list', 'Give {"jobs": [ … ]} or a list of jobs.');
  else if (Object.keys(around).length > 0)
    throw invalid(
      `the document has no list of jobs, only ${Object.keys(around).slice(0, 5).join(', ')}`,
      'Give {"jobs": [ … ]} or a list of jobs.',
    );
};

export const readJsonLines: Reader = async function* (pieces, reading) {
  const toDraft = objectReader(reading);
  for await (const batch of lines(pieces)) {
    const rows: Rows = [];
    for (const { line, text } of batch) {
      if (text.trim() === '') continue;
      const value = parse(text);
      rows.push(value ? toDraft(value.value, line) : notJson(line, text));
    }
    if (rows.length > 0) yield rows;
  }
};

const parse = (text: string): { value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
};

const notJson = (line: number, text: string) =>
  rejected(line, null, 'not_a_job', text, 'this is not JSON', 'Mend the quotes, commas and brackets.');

/** CSV with a header of our columns; `;`, tab and `|` separate as well, and then a comma is a decimal sign. */
export const readCsv: Reader = async function* (pieces, reading) {
  const { head, all } = await firstPiece(pieces);
  const separator = separatorOf(head.slice(0, head.indexOf('\n') < 0 ? head.length : head.indexOf('\n')));
  let setters: (Setter | undefined)[] | undefined;
  for await (const batch of csvRows(all, separator)) {
    const rows: Rows = [];
    for (const { line, cells } of batch) {
      if (setters === undefined) {
        setters = header(cells, reading, separator);
        continue;
      }
      rows.push(rowOf(line, cells, setters));
    }
    if (rows.length > 0) yield rows;
  }
};

const rowOf = (line: number, cells: readonly string[], setters: readonly (Setter | undefined)[]): Draft | Rejected => {
  if (cells.length !== setters.length && !onlyBlanksBeyond(cells, setters.length))
    return rejected(
      line,
      null,
      'field_count',
      String(cells.length),
      `${cells.length} fields where the header has ${setters.length}`,
      'Give every column a value or leave it empty; quote text that holds the separator.',
    );
  const draft = emptyDraft(line);
  for (let i = 0; i < setters.length; i++) {
    const problem = setters[i]?.(draft, cells[i]);
    if (problem) return problem;
  }
  return draft;
};

/** Spreadsheets add empty columns at the end. */
const onlyBlanksBeyond = (cells: readonly string[], count: number): boolean =>
  cells.length > count && cells.slice(count).every((cell) => cell.trim() === '');

const header = (cells: readonly string[], reading: Reading, separator: string): (Setter | undefined)[] => {
  const columns = cells.map(columnName);
  while (columns.at(-1) === '') columns.pop();
  const spelling = spellingOf(reading, separator !== ',');
  const twice = columns.find((column, i) => column !== '' && columns.indexOf(column) !== i);
  if (twice !== undefined) throw invalid(`the header names ${twice} twice`, 'Keep one of the columns.');
  if (columns.includes('duration') && reading.options.unit === null) throw unitless();
  const lacks = (alternatives: readonly string[]) => !alternatives.some((column) => columns.includes(column));
  if (lacks(['id', 'job_id'])) throw missing('id', columns);
  if (lacks(['duration_hours', 'duration_minutes', 'duration_seconds', 'duration']))
    throw missing('duration_hours', columns);
  if (lacks(['vcpus', 'gpus', 'power_kw'])) throw missing('vcpus, gpus or power_kw', columns);
  return columns.map((column) => {
    const setter = setterOf(column, spelling);
    if (!setter) reading.ignore(column, nearest(column, COLUMN_NAMES) ?? null);
    return setter;
  });
};

const missing = (column: string, columns: readonly string[]) =>
  invalid(
    `the header has no column ${column}; it has ${columns.slice(0, 12).join(', ')}`,
    'Name the columns as `caco ingest --help` lists them, or say --format for a trace or scheduler output.',
  );

/** The first piece with anything in it, and all pieces again. */
const firstPiece = async (pieces: AsyncIterable<string>) => {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head = first.done ? '' : first.value.trimStart();
  const all = async function* () {
    if (!first.done) yield first.value;
    for (;;) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  };
  return { head, all: all() };
};
