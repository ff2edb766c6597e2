/** Glyphs of a page as lines, in the order in which the page paints them: that is the order in which it is read. */
import type { Piece } from './content.js';
import type { Glyph } from './pdf-glyphs.js';

/** A part of a line with a wide gap before it: a cell, or a column's line. */
export interface Segment {
  readonly left: number;
  readonly right: number;
  readonly pieces: readonly Piece[];
  /** further lines of the cell, from top to bottom */
  readonly rest?: readonly Segment[];
}

export interface Line {
  readonly y: number;
  /** of most of its glyphs */
  readonly size: number;
  readonly left: number;
  readonly right: number;
  readonly segments: readonly Segment[];
  /** all its words, also those that are not in force */
  readonly text: string;
  readonly isFurniture: boolean;
}

/** A gap wider than this parts cells; in ems. */
const CELL = 1.15;
/** A gap wider than this parts words. */
const WORD = 0.16;

export const linesOf = (glyphs: readonly Glyph[]): Line[] => {
  const lines: Line[] = [];
  let open: Glyph[] = [];
  const close = () => {
    const line = lineOf(open);
    if (line !== undefined) lines.push(line);
    open = [];
  };
  for (const glyph of glyphs) {
    if (glyph.text === '') continue;
    if (open.length > 0 && !goesOn(open, glyph)) close();
    open.push(glyph);
  }
  close();
  return withLabels(lines);
};

const goesOn = (open: readonly Glyph[], next: Glyph): boolean => {
  const last = open.at(-1)!;
  if ((last.aside?.startsWith('turned') ?? false) !== (next.aside?.startsWith('turned') ?? false)) return false;
  if (last.aside?.startsWith('turned')) return Math.hypot(next.x - last.end, next.y - last.y) < 3 * last.size;
  const size = Math.max(last.size, next.size);
  const base = baseOf(open);
  // A mark stands above its line by up to two thirds of an em, and a sign below it by less.
  const isSmall = Math.min(last.size, next.size) < 0.88 * size;
  const shift = Math.abs(next.y - (isSmall ? last.y : base));
  if (Math.abs(next.y - base) > 0.72 * size || (!isSmall && shift > 0.25 * size)) return false;
  return next.x > last.x - 0.3 * size && next.x > last.end - 0.6 * size;
};

/** The base line of the largest glyphs. */
const baseOf = (glyphs: readonly Glyph[]): number => {
  let best = glyphs[0]!;
  for (const glyph of glyphs) if (glyph.size > best.size * 1.02) best = glyph;
  return best.y;
};

const lineOf = (glyphs: readonly Glyph[]): Line | undefined => {
  const seen = glyphs.filter((glyph) => glyph.text.trim() !== '');
  if (seen.length === 0) return undefined;
  const size = commonSize(seen);
  const base = baseOf(seen.filter((glyph) => glyph.size >= 0.98 * size));
  const segments: { left: number; right: number; pieces: Piece[] }[] = [];
  let last: Glyph | undefined;
  let spaced = false;
  for (const glyph of glyphs) {
    const isBlank = glyph.text.trim() === '';
    if (isBlank) {
      spaced = true;
      continue;
    }
    const gap = last === undefined ? 0 : glyph.x - last.end;
    if (last === undefined || gap > CELL * size) segments.push({ left: glyph.x, right: glyph.end, pieces: [] });
    const segment = segments.at(-1)!;
    const isRaised = glyph.size < 0.88 * size && base - glyph.y > 0.15 * size;
    const space = segment.pieces.length > 0 && (spaced || gap > WORD * size) ? ' ' : '';
    const fate = {
      ...(glyph.aside === undefined ? {} : { aside: glyph.aside }),
      ...(isRaised ? { raised: true } : {}),
    };
    const before = segment.pieces.at(-1);
    if (before !== undefined && before.aside === fate.aside && before.raised === fate.raised)
      segment.pieces[segment.pieces.length - 1] = { ...before, text: `${before.text}${space}${glyph.text}` };
    else {
      // The space goes to whichever side is in force.
      if (space !== '') segment.pieces.push({ text: space });
      segment.pieces.push({ text: glyph.text, ...fate });
    }
    segment.right = Math.max(segment.right, glyph.end);
    spaced = false;
    last = glyph;
  }
  return made(
    segments,
    base,
    size,
    seen.every((glyph) => glyph.isFurniture),
  );
};

const made = (segments: readonly Segment[], y: number, size: number, isFurniture: boolean): Line => ({
  y,
  size,
  left: Math.min(...segments.map((s) => s.left)),
  right: Math.max(...segments.map((s) => s.right)),
  segments,
  text: segments.map((s) => s.pieces.map((piece) => piece.text).join('')).join('  '),
  isFurniture,
});

const commonSize = (glyphs: readonly Glyph[]): number => {
  const counts = new Map<number, number>();
  for (const { size } of glyphs) {
    const key = Math.round(size * 4) / 4;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  // A short line of a mark and a word is as large as the word.
  return [...counts].sort(([a, n], [b, m]) => m - n || b - a)[0]![0];
};

/** Not a bare number: that may be the first cell of a row. */
const LABEL =
  /^(?:[•·▪◦‣–—*\uf0b7\uf0a7-]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|\d{1,3}(?:\.\d{1,3})+|\(?[a-z][.)]|\(?[ivx]{1,5}[.)])$/i;

/** A bullet or number that is painted apart from its item belongs to it. */
const withLabels = (lines: readonly Line[]): Line[] => {
  const out: Line[] = [];
  for (const line of lines) {
    const before = out.at(-1);
    if (
      before !== undefined &&
      LABEL.test(before.text.trim()) &&
      Math.abs(before.y - line.y) < 0.3 * line.size &&
      line.left > before.right - 1 &&
      line.left - before.right < 5 * line.size
    ) {
      out.pop();
      out.push(labelled(before, line));
    } else out.push(line);
  }
  return out.map((line) =>
    line.segments.length > 1 &&
    LABEL.test(textOf(line.segments[0]!)) &&
    line.segments[1]!.left - line.segments[0]!.right < 5 * line.size
      ? joined(line)
      : line,
  );
};

const textOf = (segment: Segment): string =>
  segment.pieces
    .map((piece) => piece.text)
    .join('')
    .trim();

const labelled = (label: Line, line: Line): Line =>
  joined(made([...label.segments, ...line.segments], line.y, line.size, line.isFurniture));

const joined = (line: Line): Line => {
  const [label, first, ...rest] = line.segments as [Segment, Segment, ...Segment[]];
  return made(
    [{ left: label.left, right: first.right, pieces: [...label.pieces, { text: ' ' }, ...first.pieces] }, ...rest],
    line.y,
    line.size,
    line.isFurniture,
  );
};
