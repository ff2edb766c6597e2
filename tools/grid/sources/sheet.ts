/** A signal file as rows and columns of text, whether it was CSV or JSON. */
import { readFileSync } from 'node:fs';
import { parse as parseCsv } from 'csv-parse/sync';
import { Fault, invalid, notFound } from '../../../domain/fault.js';
import { instant, plusSeconds } from '../../../domain/time.js';

export interface Sheet {
  readonly name: string;
  readonly columns: readonly string[];
  /** `line` is the line of a CSV file, or the number of the item in a JSON list, from 1. */
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
  /** Its numbers may have a decimal comma: what separates its fields is none. */
  readonly commas: boolean;
  /** JSON: the members that lead to the rows, joined by a dot; null for CSV. */
  readonly path: string | null;
}

/** The `path` of a series of ours: `{"start", "stepMinutes", "values"}`. */
export const SERIES = 'series';

const FORMS =
  'A CSV file has a header and a time column; a JSON file is a list of objects with a time, or {"start", "stepMinutes", "values"}.';

/** Throws Fault `not-found` for a missing file, `invalid-input` for one that cannot be read as CSV or JSON. */
export const readSheet = (path: string): Sheet => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw notFound(`there is no signal file ${path}`, 'Check the path after file:.');
    throw new Fault(
      'unavailable',
      `cannot read ${path}: ${(cause as Error).message}`,
      'Check the path and its rights.',
      { cause },
    );
  }
  const utf8 = bytes.toString('utf8');
  // Files from before UTF-8, such as those of éCO2mix, are in Latin-1.
  const text = utf8.includes('\uFFFD') ? bytes.toString('latin1') : utf8;
  const body = text.replace(/^\uFEFF/, '').trimStart();
  if (body === '') throw invalid(`${path} is empty`, FORMS);
  if (body.startsWith('PK\u0003\u0004') || bytes.subarray(0, 4).toString('hex') === 'd0cf11e0')
    throw invalid(`${path} is a spreadsheet`, 'Save its sheet as CSV and give that.');
  if (body[0] === '<') throw invalid(`${path} is XML or a web page`, 'Download the data as CSV or JSON and give that.');
  return body[0] === '{' || body[0] === '[' ? fromJson(path, body) : fromCsv(path, text);
};

const fromCsv = (name: string, text: string): Sheet => {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  const delimiter = [',', ';', '\t'].reduce((a, b) => (header.split(b).length > header.split(a).length ? b : a));
  let parsed: { record: string[]; info: { lines: number } }[];
  try {
    parsed = parseCsv(text, {
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as typeof parsed;
  } catch (cause) {
    throw invalid(`${name} is not CSV: ${(cause as Error).message}`, FORMS);
  }
  const [first, ...rest] = parsed;
  if (!first || rest.length === 0) throw invalid(`${name} has no rows below its header`, FORMS);
  return {
    name,
    columns: first.record,
    rows: rest.map(({ record, info }) => ({ line: info.lines, cells: record })),
    commas: delimiter !== ',',
    path: null,
  };
};

const fromJson = (name: string, text: string): Sheet => {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${name} is not JSON: ${(cause as Error).message}`, FORMS);
  }
  const found: Found = { items: [], path: '' };
  gather(unrolled(document), new Map(), '', found);
  if (found.items.length === 0) throw invalid(`${name} holds no list of values`, FORMS);
  const columns = [...new Set(found.items.flatMap((item) => [...item.keys()]))];
  return {
    name,
    columns,
    rows: found.items.map((item, i) => ({ line: i + 1, cells: columns.map((column) => item.get(column) ?? '') })),
    commas: false,
    path: found.path,
  };
};

/** A series of ours becomes a list of times and values. A start without a zone is refused, as every time is. */
const unrolled = (document: unknown): unknown => {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return document;
  const { start, stepMinutes, values } = document as Record<string, unknown>;
  if (!Array.isArray(values) || typeof start !== 'string' || typeof stepMinutes !== 'number' || !(stepMinutes > 0))
    return document;
  const from = instant(start);
  return { [SERIES]: values.map((value, i) => ({ time: plusSeconds(from, i * stepMinutes * 60), value })) };
};

interface Found {
  readonly items: Map<string, string>[];
  path: string;
}

/** Lists beside the rows: parts of one value, and picks from what another list holds whole. */
const BESIDE = new Set(['generationmix', 'optimalDataPoints', 'warnings', 'errors']);

/** Every innermost object of a list is a row; it holds what the objects around it say too, where it does not say it itself. */
const gather = (node: unknown, around: ReadonlyMap<string, string>, path: string, found: Found): void => {
  if (Array.isArray(node)) {
    for (const item of node) gather(item, around, path, found);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const lists = Object.entries(node).filter(
    ([key, value]) => !BESIDE.has(key) && (key === 'data' ? isNested(value) : isList(value)),
  );
  const own = flatten(node, new Set(lists.map(([key]) => key)));
  const all = new Map([...around, ...own]);
  const [list] = lists;
  if (list) gather(list[1], all, path === '' ? list[0] : `${path}.${list[0]}`, found);
  else if (path !== '' || around.size > 0 || own.has('value') || own.size > 1) {
    found.items.push(all);
    found.path = path;
  }
};

const isList = (value: unknown): value is unknown[] =>
  Array.isArray(value) && typeof value[0] === 'object' && value[0] !== null;
/** `data` may be one object that holds the list, as with a region of the Carbon Intensity API. */
const isNested = (value: unknown): boolean =>
  isList(value) || (typeof value === 'object' && value !== null && Object.values(value).some(isList));

/** `{intensity: {actual: 1}}` becomes `intensity.actual`; lists are left out. */
const flatten = (
  item: object,
  without: ReadonlySet<string>,
  prefix = '',
  into = new Map<string, string>(),
): Map<string, string> => {
  for (const [key, value] of Object.entries(item)) {
    if (Array.isArray(value) || (prefix === '' && without.has(key))) continue;
    if (typeof value === 'object' && value !== null) flatten(value, without, `${prefix}${key}.`, into);
    else into.set(`${prefix}${key}`, value === null ? '' : String(value));
  }
  return into;
};

/** Names of columns for people: a file may have hundreds. */
export const columnsText = (columns: readonly string[]) =>
  columns.length <= 12 ? columns.join(', ') : `${columns.slice(0, 12).join(', ')} and ${columns.length - 12} more`;
