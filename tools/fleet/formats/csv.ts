/**
 * Rows of separated text as they arrive (RFC 4180 quotes, any line end), with the line on which each begins. Three cells:
 *
 *     train-7,"nightly, ""full""",2.5
 */
import { invalid } from '../../../domain/fault.js';

export interface CsvRow {
  readonly line: number;
  readonly cells: string[];
}

/** Longest record that is still believed; beyond it a quote was left open. */
const LONGEST = 1 << 20;

/** Lines that are wholly blank are left out. Throws Fault `invalid-input` for a quote that is never closed. */
export async function* csvRows(pieces: AsyncIterable<string>, separator: string): AsyncGenerator<CsvRow[]> {
  let rest = '';
  let line = 1;
  for await (const piece of pieces) {
    const text = rest + piece;
    const rows: CsvRow[] = [];
    const state = takeRows(text, separator, line, rows, false);
    rest = text.slice(state.used);
    line = state.line;
    if (rest.length > LONGEST) throw openQuote(line);
    if (rows.length > 0) yield rows;
  }
  const rows: CsvRow[] = [];
  takeRows(rest, separator, line, rows, true);
  if (rows.length > 0) yield rows;
}

const openQuote = (line: number) =>
  invalid(
    `the quote that opens in line ${line} is never closed`,
    'Close it, or double a quote that belongs to the text.',
  );

/** Appends the complete records of `text`; answers how many characters and lines they take. */
const takeRows = (text: string, separator: string, firstLine: number, rows: CsvRow[], last: boolean) => {
  let line = firstLine;
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf('\n', at);
    if (end < 0) {
      if (!last) break;
      end = text.length;
    }
    const record = text.slice(at, end);
    if (!record.includes('"')) {
      const content = record.endsWith('\r') ? record.slice(0, -1) : record;
      if (content.trim() !== '') rows.push({ line, cells: content.split(separator) });
      at = end + 1;
      line++;
      continue;
    }
    const quoted = takeQuoted(text, at, separator);
    // A record that reaches the end of the piece may go on in the next one.
    if (!quoted.closed || (quoted.end >= text.length && !last)) {
      if (last) throw openQuote(line);
      break;
    }
    rows.push({ line, cells: quoted.cells });
    for (let i = at; i < quoted.end; i++) if (text.charCodeAt(i) === 10) line++;
    line++;
    at = quoted.end + 1;
  }
  return { used: Math.min(at, text.length), line };
};

/** One record with quotes; `end` is the place of its line break. */
const takeQuoted = (text: string, from: number, separator: string) => {
  const cells: string[] = [];
  let cell = '';
  let inside = false;
  let at = from;
  for (; at < text.length; at++) {
    const c = text[at]!;
    if (inside) {
      if (c !== '"') cell += c;
      else if (text[at + 1] === '"') {
        cell += '"';
        at++;
      } else inside = false;
    } else if (c === '"' && cell.trim() === '') {
      inside = true;
      cell = '';
    } else if (c === separator) {
      cells.push(cell);
      cell = '';
    } else if (c === '\n') break;
    else cell += c;
  }
  cells.push(cell.endsWith('\r') ? cell.slice(0, -1) : cell);
  return { cells, end: at, closed: !inside };
};

/** The separator of a header line: the one of `, ; tab |` that it has most of. */
export const separatorOf = (header: string): string => {
  let best = ',';
  let most = 0;
  for (const candidate of [',', ';', '\t', '|']) {
    const count = header.split(candidate).length - 1;
    if (count > most) {
      best = candidate;
      most = count;
    }
  }
  return best;
};
