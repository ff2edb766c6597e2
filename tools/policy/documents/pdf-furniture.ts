/** Which lines of a PDF stand beside its text: headers, footers, page numbers, notes at the foot of a page. */
import { HEADER, PAGE_NUMBER } from './content.js';
import type { Line } from './pdf-lines.js';

export interface SheetOfLines {
  readonly lines: readonly Line[];
  readonly height: number;
}

/** Why a line is none of the text; lines that are of it are not in the map. */
export type Furniture = ReadonlyMap<Line, string>;

const NUMBER =
  /^\W{0,3}(?:(?:page|p\.|seite|sheet)\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|\/|von|-)\s*\d{1,4})?\W{0,3}$/i;
/** It says so itself, so nothing else has to part it from the text. */
const NUMBERED =
  /^\W{0,3}(?:page|p\.|sheet)\s*\d{1,4}(?:\s*(?:of|\/)\s*\d{1,4})?\W{0,3}$|^\W{0,2}\d{1,4}\s*(?:\/|of)\s*\d{1,4}\W{0,2}$/i;
const MOST_LINES = 4;

/** The usual distance of two lines of running text, over all pages. */
export const leadingOf = (sheets: readonly SheetOfLines[]): number => {
  const counts = new Map<number, number>();
  for (const { lines } of sheets)
    for (let i = 1; i < lines.length; i++) {
      const step = Math.round((lines[i]!.y - lines[i - 1]!.y) * 2) / 2;
      if (step > 0 && step < 4 * lines[i]!.size) counts.set(step, (counts.get(step) ?? 0) + 1);
    }
  const size = sheets.flatMap((sheet) => sheet.lines)[0]?.size ?? 10;
  return [...counts].sort(([a, n], [b, m]) => m - n || a - b)[0]?.[0] ?? 1.2 * size;
};

export const furnitureOf = (sheets: readonly SheetOfLines[]): Furniture => {
  const found = new Map<Line, string>();
  const leading = leadingOf(sheets);
  for (const { lines } of sheets) for (const line of lines) if (line.isFurniture) found.set(line, nameOf(line));
  for (const from of ['top', 'bottom'] as const) {
    for (const { lines } of sheets) {
      const outermost = lines
        .filter((line) => !found.has(line))
        .sort((a, b) => (from === 'top' ? a.y - b.y : b.y - a.y))[0];
      if (outermost && NUMBERED.test(outermost.text.trim())) found.set(outermost, PAGE_NUMBER);
    }
    const edges = sheets.map((sheet) => edgeOf(sheet, from, found, leading));
    for (const [i, edge] of edges.entries()) {
      for (const block of edge) {
        const isRepeated = block.every((line, at) =>
          edges.some((other, j) => j !== i && other.some((b) => b.length === block.length && isSame(b[at]!, line))),
        );
        const isNumber = block.length === 1 && NUMBER.test(block[0]!.text.trim());
        if (isRepeated || isNumber || isOutside(block, sheets, i, from, found))
          for (const line of block) found.set(line, nameOf(line));
        // What stands further in is the text's, once something of the text was met.
        else break;
      }
    }
  }
  return found;
};

const nameOf = (line: Line): string => (NUMBER.test(line.text.trim()) ? PAGE_NUMBER : HEADER);

/** Blocks from the edge inward that a gap parts from what follows, at most a few lines in all. */
const edgeOf = (
  sheet: SheetOfLines,
  from: 'top' | 'bottom',
  known: ReadonlyMap<Line, string>,
  leading: number,
): Line[][] => {
  const sorted = sheet.lines
    .filter((line) => !known.has(line))
    .sort((a, b) => (from === 'top' ? a.y - b.y : b.y - a.y));
  const blocks: Line[][] = [];
  let block: Line[] = [];
  for (let i = 0; i < sorted.length && i <= MOST_LINES; i++) {
    const line = sorted[i]!;
    const before = sorted[i - 1];
    if (before !== undefined && Math.abs(line.y - before.y) > 1.15 * leading) {
      blocks.push(block);
      block = [];
    }
    block.push(line);
  }
  // A page of its own may hold nothing else than its number.
  if (sorted.length <= MOST_LINES && block.length === 1 && NUMBER.test(block[0]!.text.trim())) blocks.push(block);
  return blocks.filter((b) => b.length <= MOST_LINES);
};

const isSame = (a: Line, b: Line): boolean =>
  Math.abs(a.y - b.y) < 3 && a.text.replace(/\d+|\b[ivxlc]+\b/g, '#') === b.text.replace(/\d+|\b[ivxlc]+\b/g, '#');

/** A short line outside the frame that the text keeps on the other pages, far from the text. */
const isOutside = (
  block: readonly Line[],
  sheets: readonly SheetOfLines[],
  at: number,
  from: 'top' | 'bottom',
  known: ReadonlyMap<Line, string>,
): boolean => {
  if (sheets.length < 2 || block.length > 1) return false;
  const [line] = block as [Line];
  if (/[.!?;]$/.test(line.text.trim()) || line.text.split(/\s+/).length > 12) return false;
  const rest = sheets[at]!.lines.filter((l) => l !== line && !known.has(l));
  const next = from === 'top' ? Math.min(...rest.map((l) => l.y)) : Math.max(...rest.map((l) => l.y));
  if (Math.abs(next - line.y) < 1.6 * leadingOf(sheets)) return false;
  return sheets.every((sheet, j) => {
    if (j === at) return true;
    const ys = sheet.lines.filter((l) => !known.has(l)).map((l) => l.y);
    return from === 'top' ? Math.min(...ys) > line.y + 3 : Math.max(...ys) < line.y - 3;
  });
};

const NOTE_MARK = /^(?:\[?(\d{1,3})[\]).]?|([*†‡§]+)|\(?([a-z])\))(?=\s|\p{L}|$)\s*/u;

export interface FootNote {
  readonly mark: string;
  readonly text: string;
}

/**
 * Notes at the foot of a page: small lines beneath all others of the page, the first of which begins with a mark.
 * `lines` are those of the page that are no furniture; `marks` are the raised ones in its text.
 */
export const footNotesOf = (
  lines: readonly Line[],
  bodySize: number,
  marks: ReadonlySet<string>,
): { notes: FootNote[]; lines: Set<Line> } => {
  const nothing = { notes: [], lines: new Set<Line>() };
  const sorted = [...lines].sort((a, b) => a.y - b.y);
  let first = sorted.length;
  while (first > 0 && sorted[first - 1]!.size <= 0.93 * bodySize) first--;
  while (first < sorted.length && !isNoteStart(sorted[first]!, marks)) first++;
  if (first >= sorted.length) return nothing;
  const foot = sorted.slice(first);
  const notes: { mark: string; text: string }[] = [];
  for (const line of foot) {
    const text = line.text.replace(/\s+/g, ' ').trim();
    const mark = isNoteStart(line, marks) ? NOTE_MARK.exec(text) : null;
    if (mark !== null) notes.push({ mark: (mark[1] ?? mark[2] ?? mark[3])!, text: text.slice(mark[0].length) });
    else notes[notes.length - 1] = { ...notes.at(-1)!, text: joined(notes.at(-1)!.text, text) };
  }
  return { notes, lines: new Set(foot) };
};

const joined = (before: string, after: string) =>
  /[a-z]-$/.test(before) && /^[a-z]/.test(after) ? `${before.slice(0, -1)}${after}` : `${before} ${after}`;

const isNoteStart = (line: Line, marks: ReadonlySet<string>): boolean => {
  const mark = NOTE_MARK.exec(line.text.trim());
  if (mark === null) return false;
  const isRaised = line.segments[0]!.pieces[0]?.raised === true;
  return isRaised || marks.has((mark[1] ?? mark[2] ?? mark[3])!);
};
