/** The blocks of a document: headings, list items, table rows, paragraphs and code, without what its own marks set aside. */
import type { Markup } from './documents/documents.js';
import { DEONTIC, flat } from './normal.js';
import { limitless, rowSentence } from './tables.js';

export type Block =
  | { readonly kind: 'paragraph'; readonly from: number; readonly to: number }
  /** `label` is what stands before it: "1.2.", "(a)", "-" */
  | {
      readonly kind: 'item';
      readonly from: number;
      readonly to: number;
      readonly depth: number;
      readonly label: string;
    }
  /** `level` 7: a line that reads as one, and says so nowhere */
  | { readonly kind: 'heading'; readonly from: number; readonly to: number; readonly level: number }
  | { readonly kind: 'row'; readonly from: number; readonly to: number; readonly made: string; readonly doubt?: string }
  | { readonly kind: 'aside'; readonly from: number; readonly to: number; readonly why: string };

interface Open {
  readonly kind: 'paragraph' | 'item';
  readonly from: number;
  readonly to: number;
  readonly depth: number;
  readonly label: string;
  readonly lines: number;
}

interface Line {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const ITEM =
  /^([\s>]*)(?:[-+\u2022\u00b7\u25aa\u25e6o](?=\s)|\(?\d{1,3}(?:\.\d{1,3})*[.)](?=\s)|\[\d{1,3}\](?=\s)|\d{1,3}(?:\.\d{1,3})+(?=\s+[a-z])|\(?[a-z][.)](?=\s)|\(?[ivx]{1,5}[.)](?=\s)|\u00a7\s*\d+(?:\.\d+)*[.:)]?(?=\s)|(?:rule|clause|section|article|policy)\s+\d+(?:\.\d+)*\s*[:.)-](?=\s))\s+/;

const linesOf = (low: string): Line[] => {
  const lines: Line[] = [];
  for (let from = 0; from <= low.length; ) {
    const end = low.indexOf('\n', from);
    const to = end < 0 ? low.length : end;
    lines.push({ from, to, text: low.slice(from, to) });
    if (end < 0) break;
    from = end + 1;
  }
  return lines;
};

/** Who wrote a document and who is left out of a rule is no title: else the name would hold for all that stands below. */
const NO_TITLE =
  /\b(?:by|owners?|owned|contacts?|authors?|approved|reviewed|prepared|signed|responsible|maintained|issued|published|distribution|except|excepted|excluding|unless|without|other than|apart from|exempt(?:ed)?|save for|not|but)\b/;

/** A line that names what follows: no end mark, few words, no demand in it. */
export const isTitle = (text: string): boolean => {
  const bare = text.trim();
  return (
    bare !== '' &&
    !/[.!?;:,]$/.test(bare) &&
    bare.split(/\s+/).length <= 12 &&
    !demands(bare) &&
    !NO_TITLE.test(bare) &&
    /\p{L}/u.test(bare)
  );
};
const demands = (bare: string) => DEONTIC.test(bare) && /\d|\b(?:must|shall|should|may|never|no|not|only)\b/.test(bare);

const columnsOf = (line: Line): { from: number; to: number; text: string }[] => {
  const bar = line.text.includes('|');
  const cells: { from: number; to: number; text: string }[] = [];
  let at = 0;
  for (let i = 0; i <= line.text.length; i++) {
    if (i < line.text.length && line.text[i] !== (bar ? '|' : '\uE000')) continue;
    const raw = line.text.slice(at, i);
    const lead = raw.length - raw.trimStart().length;
    cells.push({ from: line.from + at + lead, to: line.from + at + lead + raw.trim().length, text: raw.trim() });
    at = i + 1;
  }
  if (bar && /^\s*\|/.test(line.text)) cells.shift();
  if (bar && /\|\s*$/.test(line.text)) cells.pop();
  return cells;
};

const RULE_ROW = /^[\s|:+-]*-[\s|:+-]*$/;

/** Never throws; `low` comes back with what is set aside blanked out, the same length. */
export const blocksOf = (text: string, source: string, markup: Markup) => {
  let low = '';
  let at = 0;
  for (const span of markup.spans) {
    low += source.slice(at, span.from) + source.slice(span.from, span.to).replace(/[^\n]/g, ' ');
    at = span.to;
  }
  low += source.slice(at);
  // Tabs separate columns of a pasted sheet; they survive as a private mark while blocks are found.
  const lines = linesOf(low).map((line) => {
    const raw = text.slice(line.from, line.to);
    return /\S\t+\S/.test(raw)
      ? { ...line, text: line.text.replace(/ /g, (space, at: number) => (raw[at] === '\t' ? '\uE000' : space)) }
      : line;
  });
  const blocks: Block[] = [];
  const state: { open: Open | null } = { open: null };
  const close = () => {
    const open = state.open;
    if (!open) return;
    const { kind, from, to, depth, label } = open;
    if (kind === 'paragraph' && open.lines === 1 && isTitle(flat(low.slice(from, to))))
      blocks.push({ kind: 'heading', from, to, level: 7 });
    else blocks.push(kind === 'item' ? { kind, from, to, depth, label } : { kind, from, to });
    state.open = null;
  };

  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const { open } = state;
    const bare = line.text.replace(/\uE000/g, ' ').trim();
    if (bare === '' || bare === '>') {
      close();
      continue;
    }
    if (/^(?:~~~|\s{0,3}$)/.test(line.text) || text.slice(line.from, line.to).trimStart().startsWith('```')) {
      close();
      const fence = text.slice(line.from, line.to).trim().slice(0, 3);
      let end = i + 1;
      while (end < lines.length && !text.slice(lines[end]!.from, lines[end]!.to).trimStart().startsWith(fence)) end++;
      blocks.push({
        kind: 'aside',
        from: line.from,
        to: (lines[Math.min(end, lines.length - 1)] ?? line).to,
        why: 'a block of code; not read',
      });
      i = end;
      continue;
    }
    if (/^\s{0,3}#{1,6}\s/.test(line.text)) {
      close();
      blocks.push({ kind: 'heading', from: line.from, to: line.to, level: /#+/.exec(line.text)![0].length });
      continue;
    }
    if (/^\s*(?:=+|-{3,}|_{3,})\s*$/.test(line.text)) {
      if (open?.kind === 'paragraph' && open.lines === 1 && !demands(flat(low.slice(open.from, open.to)).trim())) {
        blocks.push({ kind: 'heading', from: open.from, to: open.to, level: bare.startsWith('=') ? 1 : 2 });
        state.open = null;
      } else close();
      continue;
    }
    const table = tableAt(lines, i);
    if (table > 1) {
      close();
      const headers = columnsOf(line).map((c) => c.text);
      blocks.push({
        kind: 'aside',
        from: line.from,
        to: line.to,
        why: 'the head of a table; read with each of its rows',
      });
      const doubt = limitless(headers, titlesAbove(blocks, low));
      for (let r = i + 1; r < i + table; r++) {
        const row = lines[r]!;
        if (RULE_ROW.test(row.text)) continue;
        const cells = columnsOf(row);
        const filled = cells.filter((c) => c.text !== '');
        if (filled.length === 0) continue;
        blocks.push({
          kind: 'row',
          from: filled[0]!.from,
          to: filled.at(-1)!.to,
          made: rowSentence(
            headers,
            cells.map((c) => c.text),
          ),
          ...(doubt === undefined ? {} : { doubt }),
        });
      }
      i += table - 1;
      continue;
    }
    const item = ITEM.exec(line.text);
    // A wrapped line may begin like an item ("30. "): only bullets and a fresh paragraph open one inside running text.
    if (
      item &&
      (open === null ||
        open.kind === 'item' ||
        open.lines <= 1 ||
        /^[\s>]*[-+\u2022]/.test(line.text) ||
        /[.:;]$/.test(flat(low.slice(open.from, open.to)).trim()))
    ) {
      close();
      state.open = {
        kind: 'item',
        from: line.from + item[0].length,
        to: line.to,
        // Its place shows in how far it is set in, or in its number.
        depth: Math.max(Math.floor(item[1]!.length / 2), (item[0].match(/\d\.(?=\d)/g) ?? []).length),
        label: item[0].trim(),
        lines: 1,
      };
      continue;
    }
    if (open) state.open = { ...open, to: line.to, lines: open.lines + 1 };
    else state.open = { kind: 'paragraph', from: line.from, to: line.to, depth: 0, label: '', lines: 1 };
  }
  close();
  return { low, blocks };
};

/** The headings above, and the line before, which may name the table. */
const titlesAbove = (blocks: readonly Block[], low: string): string =>
  [...blocks.filter((b) => b.kind === 'heading'), ...blocks.slice(-1)].map((b) => low.slice(b.from, b.to)).join(' ');

/** How many lines from `i` on form one table; 0 when none begins here. */
const tableAt = (lines: readonly Line[], i: number): number => {
  const width = (line: Line | undefined) =>
    line === undefined ? 0 : line.text.includes('|') ? columnsOf(line).length : line.text.split('\uE000').length;
  const columns = width(lines[i]);
  if (columns < 2) return 0;
  const bar = lines[i]!.text.includes('|');
  let count = 1;
  while (
    i + count < lines.length &&
    lines[i + count]!.text.includes(bar ? '|' : '\uE000') &&
    width(lines[i + count]) >= 2
  )
    count++;
  return count;
};
