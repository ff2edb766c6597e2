/** The blocks of a document: headings, list items, table rows, paragraphs, code, and what is hidden from a human reader. */
import { DEONTIC, flat } from './normal.js';

export type Block =
  | { readonly kind: 'paragraph'; readonly from: number; readonly to: number }
  | { readonly kind: 'item'; readonly from: number; readonly to: number; readonly depth: number }
  | { readonly kind: 'heading'; readonly from: number; readonly to: number; readonly level: number }
  | { readonly kind: 'row'; readonly from: number; readonly to: number; readonly made: string }
  | { readonly kind: 'aside'; readonly from: number; readonly to: number };

interface Open {
  readonly kind: 'paragraph' | 'item';
  readonly from: number;
  readonly to: number;
  readonly depth: number;
  readonly lines: number;
}

interface Line {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const ITEM =
  /^([\s>]*)(?:[-+\u2022\u00b7\u25aa\u25e6o](?=\s)|\(?\d{1,3}(?:\.\d{1,3})*[.)](?=\s)|\d{1,3}(?:\.\d{1,3})+(?=\s+[a-z])|\(?[a-z][.)](?=\s)|\(?[ivx]{1,5}[.)](?=\s)|\u00a7\s*\d+(?:\.\d+)*[.:)]?(?=\s)|(?:rule|clause|section|article|policy)\s+\d+(?:\.\d+)*\s*[:.)-](?=\s))\s+/;

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

/** A line that names what follows: no end mark, few words, no demand in it. */
const isTitle = (text: string): boolean => {
  const bare = text.trim();
  return bare !== '' && !/[.!?;:,]$/.test(bare) && bare.split(/\s+/).length <= 12 && !demands(bare);
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

/** One table row as a sentence: "the web team: carbon ceiling 400 kg per month, …". */
const rowSentence = (headers: readonly string[], cells: readonly string[]): string => {
  const parts: string[] = [];
  for (const [i, cell] of cells.entries()) {
    if (cell === '' || /^-+$|^n\/?a$/.test(cell)) continue;
    const header = headers[i] ?? '';
    const unit = /\(([^)]*)\)|\[([^\]]*)\]|\bin (kg|t|tonnes|kw|mw|hours?|minutes?|min|h|eur|gbp|usd)\b/.exec(header);
    const name = header.replace(/\([^)]*\)|\[[^\]]*\]/g, '').trim();
    const units = (unit?.[1] ?? unit?.[2] ?? unit?.[3] ?? '').trim();
    if (/^(?:team|squad|group|department)s?(?: name)?$/.test(name)) {
      parts.push(
        /^(?:all|each|every|any|default|others?|all others?|everyone)\b/.test(cell)
          ? 'each team'
          : `the ${cell.replace(/\s*\bteam$/, '')} team`,
      );
    } else if (/^(?:service |sla |job )?(?:class|tier|level)$/.test(name)) parts.push(`${cell} services`);
    else if (/^(?:environment|env)s?$/.test(name)) parts.push(`${cell} environment`);
    else if (/^(?:(?:job|workload|work)[ -]?)?(?:type|kind|workload|job)s?$/.test(name))
      parts.push(/\b(?:jobs?|workloads?|runs?)$/.test(cell) ? cell : `${cell} jobs`);
    else if (/^(?:site|cluster|resource|data cent(?:re|er)|pool)s?$/.test(name)) parts.push(`cluster ${cell}`);
    else parts.push(`: ${name} is ${withUnit(cell, units)};`);
  }
  return parts
    .join(' ')
    .replace(/\s+:/g, ':')
    .replace(/;(?=[^;]*$)/, '');
};

const withUnit = (cell: string, units: string): string => {
  if (units === '') return cell;
  if (!/^[\s\d.,'k]+$/.test(cell)) return `${cell} (${units})`;
  return /^(?:\u00a3|\u20ac|\$)/.test(units) ? `${units.slice(0, 1)}${cell} ${units.slice(1)}` : `${cell} ${units}`;
};

/** Never throws; `low` comes back with hidden passages blanked out, the same length. */
export const blocksOf = (text: string, source: string) => {
  const hidden: { kind: 'hidden'; from: number; to: number }[] = [];
  const low = source.replace(/<!--[\s\S]*?(?:-->|$)/g, (found, at: number) => {
    hidden.push({ kind: 'hidden', from: at, to: at + found.length });
    return found.replace(/[^\n]/g, ' ');
  });
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
    const { kind, from, to, depth } = open;
    if (kind === 'paragraph' && open.lines === 1 && isTitle(flat(low.slice(from, to))))
      blocks.push({ kind: 'heading', from, to, level: 7 });
    else blocks.push(kind === 'item' ? { kind, from, to, depth } : { kind, from, to });
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
      blocks.push({ kind: 'aside', from: line.from, to: (lines[Math.min(end, lines.length - 1)] ?? line).to });
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
      blocks.push({ kind: 'aside', from: line.from, to: line.to });
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
        depth: Math.floor(item[1]!.length / 2),
        lines: 1,
      };
      continue;
    }
    if (open) state.open = { ...open, to: line.to, lines: open.lines + 1 };
    else state.open = { kind: 'paragraph', from: line.from, to: line.to, depth: 0, lines: 1 };
  }
  close();
  return { low, blocks, hidden };
};

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
