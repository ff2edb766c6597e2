/** What a document is made of, whatever its format: blocks of pieces, each in force or set aside for a reason. */

/** A run of characters that have the same fate. */
export interface Piece {
  readonly text: string;
  /** why it is not in force; left out: it is */
  readonly aside?: string;
  /** above the line and small: a mark, a power or an ordinal; `transcript.ts` tells which */
  readonly raised?: boolean;
  /** the text of the note that this is the mark of */
  readonly note?: string;
  /** a question that the document itself raises: a sign that could not be read */
  readonly doubt?: string;
  /** with a doubt: the two ways of writing a word that it is about */
  readonly spellings?: readonly [string, string];
}

export type Block =
  | { readonly kind: 'paragraph'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'heading'; readonly pieces: readonly Piece[]; readonly level: number; readonly label?: string }
  /** `label` is its number as shown; '' for a bullet */
  | { readonly kind: 'item'; readonly pieces: readonly Piece[]; readonly depth: number; readonly label: string }
  | { readonly kind: 'row'; readonly cells: readonly (readonly Piece[])[] }
  /** lines that stay lines, for example of code */
  | { readonly kind: 'aside'; readonly text: string; readonly why: string };

export const STRUCK = 'struck out, so not in force';
export const DELETED = 'deleted by a tracked change, so not in force';
export const MOVED = 'moved elsewhere by a tracked change; it is read where it stands now';
export const HIDDEN = 'hidden from a reader of the page; not a rule';
export const COMMENT = 'a comment on the text, not a rule';
export const HEADER = 'a header or footer of the pages';
export const NOTE = 'a footnote or endnote; whether it changes a rule is asked at its mark';
export const MARK = 'the mark of a note';
export const GLOSS = 'a gloss above the words, not a rule';
export const PAGE_NUMBER = 'a page number';
export const FORM_VALUE = 'the value of a form field; write it into the text where it shall count';

export const plainOf = (pieces: readonly Piece[]): string => pieces.map((piece) => piece.text).join('');

/** The blocks of a cell on one line. */
export const inCell = (blocks: readonly Block[]): Piece[] =>
  blocks.flatMap((block, i): Piece[] => {
    const before: Piece[] = i === 0 ? [] : [{ text: ' ' }];
    if (block.kind === 'aside') return [{ text: block.text, aside: block.why }];
    if (block.kind === 'row') return [...before, ...block.cells.flatMap((cell) => [...cell, { text: ' ' }])];
    return [...before, ...block.pieces];
  });
