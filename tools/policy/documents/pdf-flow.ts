/** The lines of a page's text as columns, rows of tables and paragraphs. */
import type { Line, Segment } from './pdf-lines.js';

export type Part =
  | { readonly kind: 'lines'; readonly lines: readonly Line[] }
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Line[])[])[] };

const asLine = (line: Line, segment: Segment): Line => ({
  ...line,
  left: segment.left,
  right: segment.right,
  segments: [segment],
  text: segment.pieces.map((piece) => piece.text).join(''),
});

const cellOf = (line: Line, segment: Segment): Line[] => [
  asLine(line, segment),
  ...(segment.rest ?? []).map((rest) => asLine(line, rest)),
];

/** A cell is no longer than this where nothing but its place tells it from a column of text. */
const MOST_CELL_LINES = 4;

/** Rows that are painted cell by cell: each cell downward, then up again and to the right. They become one line with its cells. */
const withRows = (lines: readonly Line[]): Line[] => {
  const out: Line[] = [];
  for (let i = 0; i < lines.length; ) {
    const first = lines[i]!;
    const cells = first.segments.map((segment) => ({ segment, rest: [] as Segment[] }));
    let below = first.y;
    let taken = 1;
    let accepted = 0;
    for (let j = i + 1; j < lines.length; j++) {
      const next = lines[j]!;
      const last = cells.at(-1)!;
      const step = next.y - below;
      if (
        next.segments.length === 1 &&
        Math.abs(next.left - last.segment.left) < 0.6 * next.size &&
        step > 0 &&
        step < 1.5 * next.size
      ) {
        last.rest.push(next.segments[0]!);
        below = next.y;
        if (last.rest.length >= MOST_CELL_LINES) break;
      } else if (Math.abs(next.y - first.y) < 1 && next.left > last.segment.left + next.size && below > first.y) {
        cells.push(...next.segments.map((segment) => ({ segment, rest: [] as Segment[] })));
        below = next.y;
        accepted = j - i + 1;
      } else break;
      taken = j - i + 1;
    }
    if (accepted === 0) {
      out.push(first);
      i++;
      continue;
    }
    const segments = cells.map(({ segment, rest }) => (rest.length === 0 ? segment : { ...segment, rest }));
    out.push({ ...first, right: Math.max(...segments.map((s) => s.right)), segments });
    i += taken;
  }
  return out;
};

/** Runs of lines, and tables as rows of cells of lines. */
export const partsOf = (painted: readonly Line[]): Part[] => {
  const lines = withRows(painted);
  const parts: Part[] = [];
  const flow: Line[] = [];
  const close = () => {
    if (flow.length > 0) parts.push({ kind: 'lines', lines: flow.splice(0) });
  };
  for (let i = 0; i < lines.length; ) {
    const run = runAt(lines, i);
    if (run.length < 2) {
      flow.push(...apart(lines[i]!));
      i++;
      continue;
    }
    close();
    parts.push(...(isColumns(run) ? columns(run) : [{ kind: 'table' as const, rows: rowsOf(run) }]));
    i += run.length;
  }
  close();
  return parts;
};

/** A line with a wide gap that is no row: its parts, one after the other, unless the gap is only a wide space. */
const apart = (line: Line): Line[] => {
  if (line.segments.length === 1) return [line];
  const gaps = line.segments.slice(1).map((segment, i) => segment.left - line.segments[i]!.right);
  // Lines that are set to both margins have wide spaces all along; a tabulator makes one that is wider still.
  if (Math.max(...gaps) < 2.2 * line.size && line.segments.every((segment) => segment.rest === undefined)) {
    const pieces = line.segments.flatMap((segment, i) =>
      i === 0 ? segment.pieces : [{ text: ' ' }, ...segment.pieces],
    );
    return [
      { ...line, segments: [{ left: line.left, right: line.right, pieces }], text: line.text.replace(/ {2}/g, ' ') },
    ];
  }
  return line.segments.flatMap((segment) => cellOf(line, segment));
};

/** Lines from `at` on whose gaps lie one above the other. */
const runAt = (lines: readonly Line[], at: number): Line[] => {
  const run: Line[] = [];
  const starts: number[] = [];
  for (const line of lines.slice(at)) {
    const last = run.at(-1);
    if (last !== undefined && (line.y <= last.y || line.y - last.y > (4 + MOST_CELL_LINES) * line.size)) break;
    if (run.length === 0) {
      if (line.segments.length < 2) break;
      starts.push(...line.segments.map((segment) => segment.left));
      run.push(line);
      continue;
    }
    const fits = (segment: Segment, size: number) =>
      starts.some((start) => Math.abs(start - segment.left) < 0.6 * size) || aligned(run, segment, size);
    const isRow =
      line.segments.length > 1 &&
      line.segments.slice(1).filter((segment) => fits(segment, line.size)).length >=
        Math.ceil((line.segments.length - 1) / 2);
    // Words of a cell that go on in the next line stand under its column, and not at the margin.
    const isRest =
      line.segments.length === 1 &&
      line.left > starts[0]! + line.size &&
      fits(line.segments[0]!, line.size) &&
      line.y - last!.y < 1.5 * line.size;
    if (!isRow && !isRest) break;
    run.push(line);
  }
  while (run.length > 0 && run.at(-1)!.segments.length < 2 && run.length < 2) run.pop();
  const rows = run.filter((line) => line.segments.length > 1);
  const widest = Math.max(
    0,
    ...rows.flatMap((line) =>
      line.segments.slice(1).map((segment, i) => (segment.left - line.segments[i]!.right) / line.size),
    ),
  );
  // Two lines that are set to both margins may have a space in the same place.
  return rows.length >= 3 || (rows.length === 2 && widest >= 2) ? run : [];
};

/** Columns of figures end in the same place, and headings may stand in their middle. */
const aligned = (run: readonly Line[], segment: Segment, size: number): boolean =>
  run.some((line) =>
    line.segments
      .slice(1)
      .some(
        (other) =>
          Math.abs(other.right - segment.right) < 0.6 * size ||
          Math.abs((other.left + other.right - segment.left - segment.right) / 2) < 0.6 * size,
      ),
  );

/** Two columns of running text that were painted line by line across the page. */
const isColumns = (run: readonly Line[]): boolean => {
  if (run.length < 4 || run.some((line) => line.segments.length > 2)) return false;
  const pairs = run.filter((line) => line.segments.length === 2);
  if (pairs.length < 4) return false;
  const length = (side: 0 | 1) => {
    const lengths = pairs
      .map((line) => line.segments[side]!.pieces.reduce((n, piece) => n + piece.text.length, 0))
      .sort((a, b) => a - b);
    return lengths[Math.floor(lengths.length / 2)]!;
  };
  return length(0) >= 22 && length(1) >= 22;
};

const columns = (run: readonly Line[]): Part[] => {
  const gutter = Math.max(...run.filter((line) => line.segments.length === 2).map((line) => line.segments[0]!.right));
  const side = (isLeft: boolean) =>
    run.flatMap((line) =>
      line.segments.filter((segment) => segment.left < gutter === isLeft).map((segment) => asLine(line, segment)),
    );
  return [
    { kind: 'lines', lines: side(true) },
    { kind: 'lines', lines: side(false) },
  ];
};

const rowsOf = (run: readonly Line[]): Line[][][] => {
  const widest = run.reduce((a, b) => (b.segments.length > a.segments.length ? b : a));
  const edges = widest.segments.map((segment) => ({ ...segment }));
  const columnOf = (segment: Segment): number => {
    const overlaps = edges.map((edge) => Math.min(edge.right, segment.right) - Math.max(edge.left, segment.left));
    const best = overlaps.indexOf(Math.max(...overlaps));
    return best;
  };
  const rows: Line[][][] = [];
  for (const line of run) {
    const placed = line.segments.map((segment) => ({ column: columnOf(segment), lines: cellOf(line, segment) }));
    const isRest =
      rows.length > 1 && placed.every(({ column }) => column > 0) && line.segments.length < widest.segments.length;
    const row: Line[][] = isRest ? rows.at(-1)! : edges.map(() => []);
    if (!isRest) rows.push(row);
    for (const { column, lines } of placed) row[column]!.push(...lines);
  }
  return rows;
};
