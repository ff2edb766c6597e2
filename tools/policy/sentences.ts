/**
 * Cuts a policy into numbered sentences with exact positions: Markdown or plain text, lists, tables, headings. No character
 * is lost: the segments join up to the whole text.
 */
import { blocksOf, isTitle } from './blocks.js';
import { HIDDEN, type Mark, markupOf } from './documents/documents.js';
import { DEONTIC, flat, normalise } from './normal.js';

export interface Sentence {
  readonly number: number;
  /** position in the text, half-open */
  readonly from: number;
  readonly to: number;
  readonly line: number;
  /** the normalised text of [from, to), the same length; for a table row a sentence made of headings and cells */
  readonly low: string;
  /** true when `low` is made up, so that positions in it mean nothing */
  readonly made: boolean;
  /** normalised texts of the headings above it, outermost first */
  readonly headings: readonly string[];
  /** the sentence that introduces the list in which this one stands */
  readonly leadIn: string | null;
  readonly block: number;
  /** the numbers of its clause from the outermost on: ["1", "2", "a"]; empty where it has none */
  readonly clause: readonly string[];
}

export interface Segment {
  readonly kind: 'sentence' | 'heading' | 'hidden' | 'aside' | 'gap';
  readonly from: number;
  readonly to: number;
}

/** What is read as no sentence, and why. */
export interface SetAside {
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

export interface Cut {
  readonly sentences: Sentence[];
  /** in order, contiguous, covering the whole text */
  readonly segments: Segment[];
  readonly asides: readonly SetAside[];
  readonly marks: readonly Mark[];
}

const ABBREVIATION =
  /(?:^|[\s("'])(?:e\.g|i\.e|eg|ie|etc|approx|ca|no|nos|vs|dr|mr|mrs|ms|prof|incl|excl|max|min|resp|cf|st|inc|ltd|co|corp|dept|fig|sec|sect|art|para|p|pp|vol|ref|tel|est|avg|hr|hrs|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|a\.m|p\.m|u\.s|u\.k|e\.u|w\.r\.t|a\.k\.a|[a-z])$/;

/** Ends of sentences within low[from, to): positions just behind the closing mark. */
const endsIn = (low: string, from: number, to: number): number[] => {
  const ends: number[] = [];
  for (let i = from; i < to; i++) {
    const mark = low[i];
    if (mark === '\n') {
      if (breaksLine(low, from, i, to)) ends.push(i);
      continue;
    }
    if (mark !== '.' && mark !== '!' && mark !== '?') continue;
    let end = i + 1;
    while (end < to && /["')\].!?]/.test(low[end]!)) end++;
    if (end < to && !/\s/.test(low[end]!)) continue;
    const next = low.slice(end, Math.min(to, end + 40)).trimStart();
    if (next === '') {
      i = end - 1;
      continue;
    }
    if (mark === '.' && low[i - 1] !== '.' && ABBREVIATION.test(low.slice(Math.max(from, i - 12), i))) {
      const word = /([a-z.]+)$/.exec(low.slice(Math.max(from, i - 12), i))?.[1] ?? '';
      // "No later than 7 p.m. Teams may …": a time of day may well end a sentence, but only a new subject shows it.
      if (
        !/\d\s*[a-z]$/.test(low.slice(Math.max(from, i - 12), i)) &&
        !/\d\s*ms$/.test(low.slice(Math.max(from, i - 12), i)) &&
        !(
          /^(?:[ap]\.m|etc|mon|tues?|wed|thu|thurs?|fri|sat|sun|no)$/.test(word) &&
          /^(?:the|teams?|jobs?|no|all|each|every|any|this|these)\b/.test(next)
        )
      )
        continue;
    }
    ends.push(end);
    i = end - 1;
  }
  ends.push(to);
  return ends;
};

/** A line end separates two rules that were pasted without full stops, and not a paragraph that was wrapped. */
const breaksLine = (low: string, from: number, at: number, to: number): boolean => {
  const before = low.slice(Math.max(from, low.lastIndexOf('\n', at - 1) + 1), at).trim();
  const nextEnd = low.indexOf('\n', at + 1);
  const after = low.slice(at + 1, nextEnd < 0 || nextEnd > to ? to : nextEnd).trim();
  if (before === '' || after === '' || /[,:(-]$/.test(before)) return false;
  if (
    /\b(?:the|a|an|of|and|or|to|by|from|between|at|for|with|than|in|on|is|are|be|must|may|shall|not|no|its?|their|per|each|every|any|all|that|which|until|before|after|up|least|most|more|less|than|not)$/.test(
      before,
    )
  )
    return false;
  if (!DEONTIC.test(before) || !DEONTIC.test(after)) return false;
  return /^(?:no|all|each|every|any|max(?:imum)?|the|teams?|jobs?|only|never|do not|don't|gold|silver|bronze|batch|training|production)\b/.test(
    after,
  );
};

const trimmed = (low: string, from: number, to: number): [number, number] => {
  while (from < to && /[\s>]/.test(low[from]!)) from++;
  while (to > from && /\s/.test(low[to - 1]!)) to--;
  return [from, to];
};

/** Never throws. */
export const cut = (text: string): Cut => {
  const markup = markupOf(text);
  const { low, blocks } = blocksOf(text, normalise(text), markup);
  const starts = lineStarts(text);
  const sentences: Sentence[] = [];
  const asides: SetAside[] = markup.spans.flatMap((span) => (span.why === null ? [] : [{ ...span, why: span.why }]));
  const marks: Mark[] = [...markup.marks];
  const marked: Segment[] = asides.map(({ from, to, why }) => ({
    kind: why === HIDDEN ? 'hidden' : 'aside',
    from,
    to,
  }));
  const headings: { level: number; low: string; number: readonly string[] }[] = [];
  const numbers: Numbered[] = [];
  let clause: readonly string[] = [];
  let leadIn: { low: string; depth: number; block: number } | null = null;
  const add = (block: number, from: number, to: number, text: string, made: boolean) => {
    sentences.push({
      number: sentences.length + 1,
      from,
      to,
      line: lineAt(starts, from),
      low: text,
      made,
      headings: headings.map((h) => h.low),
      leadIn: leadIn?.low ?? null,
      block,
      clause,
    });
    marked.push({ kind: 'sentence', from, to });
  };

  for (const [index, block] of blocks.entries()) {
    if (block.kind === 'heading') {
      while (headings.length > 0 && headings.at(-1)!.level >= block.level) headings.pop();
      const title = flat(low.slice(block.from, block.to)).replace(/^[#\s]+|[#\s:]+$/g, '');
      headings.push({ level: block.level, low: title, number: numberOf(title, []) });
      marked.push({ kind: 'heading', from: block.from, to: block.to });
      asides.push({ from: block.from, to: block.to, why: 'a heading; what it names holds for what stands below it' });
      leadIn = null;
      numbers.length = 0;
      continue;
    }
    if (block.kind === 'aside') {
      marked.push({ kind: 'aside', from: block.from, to: block.to });
      asides.push({ from: block.from, to: block.to, why: block.why });
      continue;
    }
    if (block.kind === 'item') clause = numberedBy(numbers, block, headings.at(-1)?.number ?? []);
    else clause = headings.at(-1)?.number ?? [];
    if (block.kind === 'row') {
      add(index, block.from, block.to, block.made, true);
      if (block.doubt !== undefined) marks.push({ at: block.from, kind: 'doubt', question: block.doubt });
      continue;
    }
    if (leadIn && (block.kind !== 'item' || block.depth < leadIn.depth)) leadIn = null;
    let at = block.from;
    for (const end of endsIn(low, block.from, block.to)) {
      const [from, to] = trimmed(low, at, end);
      at = end;
      if (to <= from || !/[\p{L}\p{N}]/u.test(low.slice(from, to))) continue;
      add(index, from, to, flat(low.slice(from, to)), false);
    }
    const last = sentences.at(-1);
    if (last?.block === index && /:$/.test(last.low))
      leadIn = { low: last.low, depth: block.kind === 'item' ? block.depth + 1 : 0, block: index };
    const next = blocks[index + 1];
    // "1. Payments team" above 1.1 and 1.2 heads them, and nothing else.
    if (
      last?.block === index &&
      block.kind === 'item' &&
      next?.kind === 'item' &&
      next.depth > block.depth &&
      isTitle(last.low)
    )
      leadIn = { low: last.low, depth: block.depth + 1, block: index };
  }
  return { sentences, segments: covering(marked, text.length), asides, marks };
};

/** A clause's number by its depth in the list. */
interface Numbered {
  readonly depth: number;
  readonly number: readonly string[];
}

/** Updates `numbers`, the items that stand around this one. */
const numberedBy = (
  numbers: Numbered[],
  { depth, label }: { depth: number; label: string },
  heading: readonly string[],
): readonly string[] => {
  while (numbers.length > 0 && numbers.at(-1)!.depth >= depth) numbers.pop();
  const number = numberOf(label, numbers.at(-1)?.number ?? heading);
  numbers.push({ depth, number });
  return number;
};

const LABEL =
  /^[\s>(\u00a7]*(?:(?:rule|clause|section|article|policy)\s+)?(\d{1,3}(?:\.\d{1,3})*|[a-z]|[ivx]{1,5})(?=[.):\]\s-]|$)/;

/** What the label says with what stands above it: "1.2" says all, "a" goes on from there. A text without a number has that of its heading. */
const numberOf = (label: string, above: readonly string[]): readonly string[] => {
  const found = LABEL.exec(label)?.[1];
  if (found === undefined || (/^[a-z]+$/.test(found) && !/^[(\s]*[a-z]{1,5}[.)]/.test(label))) return above;
  const own = found.split('.');
  return own.length > 1 || above.length === 0 ? own : [...above, ...own];
};

const covering = (marked: Segment[], length: number): Segment[] => {
  const out: Segment[] = [];
  let at = 0;
  for (const segment of marked.sort((a, b) => a.from - b.from || b.to - a.to)) {
    const from = Math.max(at, segment.from);
    if (segment.to <= from) continue;
    if (from > at) out.push({ kind: 'gap', from: at, to: from });
    out.push({ kind: segment.kind, from, to: segment.to });
    at = segment.to;
  }
  if (at < length) out.push({ kind: 'gap', from: at, to: length });
  return out;
};

const lineStarts = (text: string): number[] => {
  const starts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return starts;
};

/** Counted from 1. */
const lineAt = (starts: readonly number[], at: number): number => {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low + 1;
};
