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
}

const FORMS =
  'A CSV file has a header and a time column; a JSON file is a list of objects with a time, or {"start", "stepMinutes", "values"}.';

/** Throws Fault `not-found` for a missing file, `invalid-input` for one that cannot be read as CSV or JSON. */
export const readSheet = (path: string): Sheet => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw notFound(`there is no signal file ${path}`, 'Check the path after file:.');
    throw new Fault(
      'unavailable',
      `cannot read ${path}: ${(cause as Error).message}`,
      'Check the path and its rights.',
      {
        cause,
      },
    );
  }
  const body = text.replace(/^\uFEFF/, '').trimStart();
  if (body === '') throw invalid(`${path} is empty`, FORMS);
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
  };
};

const fromJson = (name: string, text: string): Sheet => {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${name} is not JSON: ${(cause as Error).message}`, FORMS);
  }
  const items = listIn(document);
  if (items === undefined || items.length === 0) throw invalid(`${name} holds no list of values`, FORMS);
  const flat = items.map((item) => flatten(item));
  const columns = [...new Set(flat.flatMap((item) => [...item.keys()]))];
  return {
    name,
    columns,
    rows: flat.map((item, i) => ({ line: i + 1, cells: columns.map((column) => item.get(column) ?? '') })),
  };
};

/** The list of items: the document itself, a series of ours unrolled, or the first list of objects that it holds. */
const listIn = (document: unknown): unknown[] | undefined => {
  if (Array.isArray(document)) return document;
  if (typeof document !== 'object' || document === null) return undefined;
  const { start, stepMinutes, values } = document as Record<string, unknown>;
  if (Array.isArray(values) && typeof start === 'string' && typeof stepMinutes === 'number') {
    if (!(stepMinutes > 0)) return undefined;
    // A start without a zone is refused, as every time is.
    const from = instant(start);
    return values.map((value, i) => ({ time: plusSeconds(from, i * stepMinutes * 60), value }));
  }
  return Object.values(document).find(
    (value): value is unknown[] => Array.isArray(value) && typeof value[0] === 'object' && value[0] !== null,
  );
};

/** `{intensity: {actual: 1}}` becomes `intensity.actual`. */
const flatten = (item: unknown, prefix = '', into = new Map<string, string>()): Map<string, string> => {
  if (typeof item !== 'object' || item === null) into.set(prefix || 'value', item === null ? '' : String(item));
  else
    for (const [key, value] of Object.entries(item)) {
      if (Array.isArray(value)) continue;
      flatten(value, prefix === '' ? key : `${prefix}.${key}`, into);
    }
  return into;
};
