/**
 * A document's blocks as one text with marks: what is in force is the text, written as Markdown writes headings, lists and
 * tables; what is not stands beside it with its reason and its place.
 */
import { type Block, FORM_VALUE, MARK, NOTE, type Piece, plainOf } from './content.js';
import { breaksIn } from './hyphens.js';
import { meaningOf } from './marks.js';

export interface Page {
  readonly number: number;
  /** position of its first character in the text */
  readonly from: number;
}

/** What a document holds and its text does not, in the order of their places. */
export interface Aside {
  readonly quote: string;
  /** the position in the text at which it stood */
  readonly at: number;
  readonly why: string;
  readonly page?: number;
}

/** A place in the text about which more has to be known than the text says. */
export type Mark =
  | { readonly at: number; readonly kind: 'note'; readonly quote: string }
  | {
      readonly at: number;
      readonly kind: 'doubt';
      readonly question: string;
      /** two ways of writing the word there; the doubt matters only where the word names work */
      readonly spellings?: readonly [string, string];
    };

export interface PolicyDocument {
  readonly text: string;
  /** empty for formats without pages */
  readonly pages: readonly Page[];
  readonly asides: readonly Aside[];
  readonly marks: readonly Mark[];
}

const FIELD = 'a form field stands here: which value shall count? Write it into the text.';
const UNREAD = 'which sign stands where none could be read? Write it in plain characters.';
/** Signs that a font of symbols or a private font shows, and nothing says which. */
const UNREADABLE = /[\ufffd\ue000-\uf8ff\u23d0]|[\udb80-\udbff][\udc00-\udfff]/;
const LIGATURES: Readonly<Record<string, string>> = { ﬀ: 'ff', ﬁ: 'fi', ﬂ: 'fl', ﬃ: 'ffi', ﬄ: 'ffl', ﬅ: 'st', ﬆ: 'st' };
/** Where a word may be broken, and other marks without a width: they hide a word from a search and say nothing. */
const SOFT = /\u00ad/g;
const WIDTHLESS = /[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|\udb40[\udc00-\udc7f]/g;

export class Transcript {
  #text = '';
  readonly #pages: Page[] = [];
  readonly #asides: Aside[] = [];
  readonly #marks: Mark[] = [];
  #last: Block['kind'] | 'none' = 'none';
  #widthless = 0;

  /** What is written from here on stands on that page. */
  page(number: number): void {
    this.#pages.push({ number, from: this.#text.length });
  }

  /** Something of the document that has no place in its text; `page` where it is another than the one at hand. */
  aside(quote: string, why: string, page = this.#pages.at(-1)?.number): void {
    if (quote.trim() === '') return;
    this.#asides.push({ quote: quote.trim(), at: this.#text.length, why, ...(page === undefined ? {} : { page }) });
  }

  /** `turns`: pages that begin within the block, each before the piece of that position. */
  write(block: Block, turns: readonly { readonly number: number; readonly piece: number }[] = []): void {
    if (block.kind === 'aside') {
      this.aside(block.text, block.why);
      return;
    }
    const cells = block.kind === 'row' ? block.cells : [block.pieces];
    if (cells.every((pieces) => pieces.every((piece) => piece.aside !== undefined || piece.text.trim() === ''))) {
      // Nothing of it is in force: no empty line, item or row of it stays either.
      for (const { number } of turns) this.page(number);
      for (const pieces of cells) this.#pieces(pieces, true);
      return;
    }
    this.#gap(block.kind);
    const from = this.#text.length;
    if (block.kind === 'row') {
      this.#text += '|';
      for (const pieces of block.cells) {
        this.#text += ' ';
        this.#pieces(pieces, true);
        this.#text += ' |';
      }
    } else {
      if (block.kind === 'heading')
        this.#text += `${'#'.repeat(Math.min(6, block.level))} ${labelled(block.label ?? '')}`;
      if (block.kind === 'item')
        this.#text += `${'  '.repeat(block.depth)}${block.label === '' ? '- ' : labelled(block.label)}`;
      this.#pieces(block.pieces, block.kind === 'heading', turns);
    }
    // A tabulator behind a number that was typed sets off no column.
    if (block.kind === 'paragraph')
      this.#text =
        this.#text.slice(0, from) + this.#text.slice(from).replace(/^\S{1,8}\t+/, (label) => label.replace(/\t/g, ' '));
    this.#last = block.kind;
  }

  /** A whole text that keeps its lines and its own marks: Markdown, or none. */
  plain(text: string): void {
    const clean = cleaned(text);
    this.#widthless += clean.widthless;
    this.#text += clean.text;
  }

  document(): PolicyDocument {
    if (this.#widthless > 0)
      this.#asides.push({
        quote: '\u200b'.repeat(this.#widthless),
        at: this.#text.length,
        why: `${this.#widthless} characters without a width, which hide words from a search; the words are read without them`,
      });
    return rejoined({ text: this.#text, pages: this.#pages, asides: this.#asides, marks: this.#marks });
  }

  #gap(kind: Block['kind']): void {
    if (this.#text === '') return;
    const isListed = kind === this.#last && (kind === 'item' || kind === 'row');
    this.#text += isListed ? '\n' : '\n\n';
  }

  #pieces(
    pieces: readonly Piece[],
    oneLine: boolean,
    turns: readonly { readonly number: number; readonly piece: number }[] = [],
  ): void {
    const start = this.#text.length;
    for (const [i, piece] of pieces.entries()) {
      for (const turn of turns) if (turn.piece === i) this.page(turn.number);
      if (piece.note !== undefined) {
        this.#marks.push({ at: this.#text.trimEnd().length, kind: 'note', quote: piece.note });
        this.aside(`${piece.text} ${piece.note}`, NOTE);
      } else if (piece.aside !== undefined) {
        // Runs of the same fate are told of together.
        if (pieces[i - 1]?.aside === piece.aside) continue;
        let end = i;
        while (pieces[end]?.aside === piece.aside) end++;
        this.aside(plainOf(pieces.slice(i, end)), piece.aside);
        if (piece.aside === FORM_VALUE) this.#doubt(FIELD);
      } else this.#inForce(piece, oneLine, start);
    }
    let end = this.#text.length;
    while (end > start && /[^\S\n]/.test(this.#text[end - 1]!)) end--;
    this.#text = this.#text.slice(0, end);
  }

  #inForce(piece: Piece, oneLine: boolean, start: number): void {
    if (piece.doubt !== undefined) this.#doubt(piece.doubt, piece.spellings);
    let { text } = piece;
    if (piece.raised) {
      const meaning = meaningOf(text, this.#text.slice(-12));
      if (meaning.kind === 'mark') {
        this.aside(text, MARK);
        return;
      }
      if (meaning.kind === 'unsure') this.#doubt(meaning.question);
      text = meaning.text;
    }
    if (oneLine) text = text.replace(/\s*\n\s*/g, ' ');
    // What was set aside may leave two spaces behind, or one at the beginning.
    if (this.#text.length === start || /[ \n]$/.test(this.#text.slice(-1))) text = text.replace(/^ +/, '');
    this.#put(text);
  }

  #put(text: string): void {
    const clean = cleaned(text);
    this.#widthless += clean.widthless;
    const sign = UNREADABLE.exec(clean.text);
    if (sign !== null) this.#doubt(UNREAD, undefined, sign.index);
    this.#text += clean.text;
  }

  #doubt(question: string, spellings?: Piece['spellings'], ahead = 0): void {
    this.#marks.push({ at: this.#text.length + ahead, kind: 'doubt', question, ...(spellings ? { spellings } : {}) });
  }
}

const labelled = (label: string): string => (label === '' ? '' : `${label.replace(/([\p{L}\p{N}])$/u, '$1.')} `);

/** Composed characters, no ligatures, and nothing that a reader of the page cannot see. */
export const cleaned = (text: string): { text: string; widthless: number } => {
  let widthless = 0;
  const seen = text
    .normalize('NFC')
    .replace(SOFT, '')
    .replace(WIDTHLESS, () => {
      widthless++;
      return '';
    })
    .replace(/[\ufb00-\ufb06]/g, (sign) => LIGATURES[sign]!);
  return { text: seen, widthless };
};

/** The document with its broken words whole; a word that was broken over two lines stands on the first. */
const rejoined = (document: PolicyDocument): PolicyDocument => {
  const { text } = document;
  const breaks = breaksIn(text);
  if (breaks.length === 0) return document;
  /** Pieces of the old text in their new order, and where each stands now. */
  const moved: { readonly from: number; readonly to: number }[] = [];
  const doubts: Mark[] = [];
  let out = '';
  let at = 0;
  for (const { from, to, end, isLine, joint } of breaks) {
    if (from < at) continue;
    out += text.slice(at, from) + (joint.drop === 0 ? '-' : '');
    moved.push({ from: at, to: out.length - (joint.drop === 0 ? 1 : 0) - (from - at) });
    if (joint.doubt)
      doubts.push({
        at: out.length,
        kind: 'doubt',
        question: brokenQuestion(joint.doubt, isLine),
        spellings: joint.doubt,
      });
    moved.push({ from: to, to: out.length });
    const rest = text.slice(to, end);
    out += isLine ? rest.trimEnd() : rest;
    at = end;
    // A line that gave its only word away leaves no empty line, which would end the paragraph.
    if (isLine && text[at] !== '\n' && at < text.length) out += '\n';
  }
  moved.push({ from: at, to: out.length });
  out += text.slice(at);
  const now = (position: number): number => {
    const piece = moved.findLast((p) => p.from <= position)!;
    return Math.min(out.length, piece.to + position - piece.from);
  };
  const placed = <T extends { readonly at: number }>(list: readonly T[]): T[] =>
    list.map((item) => ({ ...item, at: now(item.at) }));
  return {
    text: out,
    pages: document.pages.map((page) => ({ ...page, from: now(page.from) })),
    asides: placed(document.asides),
    marks: [...placed(document.marks), ...doubts],
  };
};

export const brokenQuestion = ([read, other]: readonly [string, string], isLine: boolean): string =>
  `is it "${read}" or "${other}"? The word is broken ${isLine ? 'over two lines' : 'within a line'}.`;

/** Blocks of a document without pages. */
export const transcribe = (blocks: readonly Block[]): PolicyDocument => {
  const transcript = new Transcript();
  for (const block of blocks) transcript.write(block);
  return transcript.document();
};
