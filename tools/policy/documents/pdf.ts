/** A PDF as text with marks: what its pages show in reading order, less what stands beside the text or is struck out. */
import { type Block, COMMENT, FORM_VALUE, NOTE, type Piece, STRUCK } from './content.js';
import { jointOf, wordsIn } from './hyphens.js';
import { partsOf } from './pdf-flow.js';
import { type FootNote, footNotesOf, furnitureOf, leadingOf } from './pdf-furniture.js';
import { type PdfPage, paintedOn } from './pdf-glyphs.js';
import { type Line, linesOf } from './pdf-lines.js';
import { brokenQuestion, type PolicyDocument, Transcript } from './transcript.js';

const MOST_PAGES = 2000;

/** Says in its message what is wrong with the file. */
class PdfError extends Error {
  constructor(
    message: string,
    readonly kind: 'encrypted' | 'scan' | 'too-large' | 'form',
  ) {
    super(message);
  }
}

interface Annotation {
  readonly subtype: string;
  readonly rect: readonly number[];
  readonly quadPoints?: ArrayLike<number> | null;
  readonly contentsObj?: { readonly str?: string };
  readonly fieldName?: string;
  readonly fieldType?: string;
  readonly fieldValue?: unknown;
  readonly file?: { readonly filename?: string };
}

interface Sheet {
  readonly lines: readonly Line[];
  readonly height: number;
  readonly annotations: readonly Annotation[];
}

/** Throws PdfError or what pdf.js throws. */
export const pdfDocument = async (bytes: Buffer): Promise<PolicyDocument> => {
  const { getDocumentProxy, getResolvedPDFJS } = await import('unpdf');
  transferable();
  const { OPS } = await getResolvedPDFJS();
  const pdf = await getDocumentProxy(new Uint8Array(bytes), {
    isEvalSupported: false,
    verbosity: 0,
    stopAtErrors: false,
  }).catch((cause) => {
    throw (cause as Error).name === 'PasswordException' ? new PdfError('it is locked', 'encrypted') : cause;
  });
  try {
    if (pdf.numPages > MOST_PAGES) throw new PdfError(`it has more than ${MOST_PAGES} pages`, 'too-large');
    const { info } = await pdf.getMetadata();
    // The pages of such a form hold a note that asks for another program, and its words stand nowhere else as text.
    const isTwice = (info as { IsXFAPresent?: boolean }).IsXFAPresent === true;
    if (isTwice && (await pdf.getFieldObjects()) === null) throw new PdfError('it is an XFA form', 'form');
    const sheets: Sheet[] = [];
    for (let n = 1; n <= pdf.numPages; n++) {
      const page = await pdf.getPage(n);
      const annotations = (await page.getAnnotations()) as Annotation[];
      const viewport = page.getViewport({ scale: 1 });
      const { glyphs } = await paintedOn(page as unknown as PdfPage, OPS);
      const struck = annotations
        .filter((a) => a.subtype === 'StrikeOut')
        .map((a) => boxOf(a.quadPoints ?? a.rect, viewport.transform));
      const fated = glyphs.map((glyph) => {
        const [x, y] = [(glyph.x + glyph.end) / 2, glyph.y - 0.3 * glyph.size];
        return glyph.aside === undefined &&
          struck.some((b) => b.left <= x && x <= b.right && b.top <= y && y <= b.bottom)
          ? { ...glyph, aside: STRUCK }
          : glyph;
      });
      sheets.push({ lines: linesOf(fated), height: viewport.height, annotations });
      page.cleanup();
    }
    return assembled(sheets, isTwice);
  } finally {
    await pdf.destroy();
  }
};

/** pdf.js 5 wants a method of ES2024 that Node 20 lacks; without it the list of what a page paints ends early, unsaid. */
const transferable = (): void => {
  const prototype = ArrayBuffer.prototype as { transferToFixedLength?: (length?: number) => ArrayBuffer };
  prototype.transferToFixedLength ??= function (this: ArrayBuffer, length = this.byteLength) {
    const copy = new ArrayBuffer(length);
    new Uint8Array(copy).set(new Uint8Array(this, 0, Math.min(length, this.byteLength)));
    structuredClone(this, { transfer: [this] });
    return copy;
  };
};

const boxOf = (points: ArrayLike<number>, transform: readonly number[]) => {
  const [a, b, c, d, e, f] = transform as [number, number, number, number, number, number];
  const xs: number[] = [];
  const ys: number[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) {
    xs.push(a * points[i]! + c * points[i + 1]! + e);
    ys.push(b * points[i]! + d * points[i + 1]! + f);
  }
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
};

/** `isTwice`: its form stands in it as XFA too, and a program that knows that shows it instead of the pages. */
const assembled = (sheets: readonly Sheet[], isTwice: boolean): PolicyDocument => {
  if (sheets.every((sheet) => sheet.lines.length === 0)) throw new PdfError('it holds no text', 'scan');
  const furniture = furnitureOf(sheets);
  const sizes = new Map<number, number>();
  for (const { lines } of sheets)
    for (const line of lines)
      if (!furniture.has(line)) sizes.set(line.size, (sizes.get(line.size) ?? 0) + line.text.length);
  const bodySize = [...sizes].sort(([, n], [, m]) => m - n)[0]?.[0] ?? 10;
  const words = wordsIn(
    sheets.flatMap((sheet) => sheet.lines.map((line) => line.text.replace(/\S+[-\u2010\u00ad]$/, ''))),
  );
  const transcript = new Transcript();
  const sizesAbove = [...sizes.keys()].filter((size) => size > 1.12 * bodySize).sort((a, b) => b - a);
  const writer = new Writer(transcript, words, sizesAbove, leadingOf(sheets));
  for (const [i, sheet] of sheets.entries()) {
    const body = sheet.lines.filter((line) => !furniture.has(line));
    const marks = new Set(
      body.flatMap((line) =>
        line.segments.flatMap((s) =>
          s.pieces.filter((p) => p.raised).map((p) => p.text.replace(/[^\p{L}\p{N}*†‡§]/gu, '')),
        ),
      ),
    );
    const foot = footNotesOf(body, bodySize, marks);
    const text = body.filter((line) => !foot.lines.has(line));
    writer.page(i + 1, text, foot.notes);
    for (const [line, why] of furniture) if (sheet.lines.includes(line)) writer.beside(line.text, why, i + 1);
    for (const note of writer.unused(foot.notes)) writer.beside(`${note.mark} ${note.text}`, NOTE, i + 1);
    for (const annotation of sheet.annotations) writer.beside(...said(annotation), i + 1);
  }
  if (isTwice) writer.beside('XFA', OTHER_FORM, 1);
  writer.end();
  return transcript.document();
};
const OTHER_FORM =
  'the form is written down a second time, as XFA, which is not read: a program that knows XFA may show other words than these pages';

/** What an annotation says beside the text; a link says nothing. */
const said = (a: Annotation): [quote: string, why: string] => {
  if (a.subtype === 'Widget') {
    const value = Array.isArray(a.fieldValue) ? a.fieldValue.join(', ') : String(a.fieldValue ?? '');
    return a.fieldType === 'Sig' || value === '' || value === 'Off'
      ? ['', FORM_VALUE]
      : [value, `${FORM_VALUE} (field "${a.fieldName ?? ''}")`];
  }
  if (a.subtype === 'FileAttachment') return [a.file?.filename ?? 'attachment', 'an attached file, which is not read'];
  return a.subtype === 'Link' || a.subtype === 'Popup' ? ['', COMMENT] : [a.contentsObj?.str ?? '', COMMENT];
};

/** Paragraphs over lines, columns and pages. */
class Writer {
  #open: Piece[] = [];
  /** the last line of the open paragraph */
  #last: Line | undefined;
  #margin = 0;
  #kind: 'paragraph' | 'item' = 'paragraph';
  /** of a heading, by its size; 0: none */
  #level = 0;
  #label = '';
  readonly #used = new Set<FootNote>();
  #beside: (readonly [quote: string, why: string, page: number])[] = [];

  /** `sizesAbove`: the sizes of letters larger than the text's, the largest first. */
  constructor(
    private readonly transcript: Transcript,
    private readonly words: ReadonlySet<string>,
    private readonly sizesAbove: readonly number[],
    private readonly leading: number,
  ) {}

  /** Something beside the text of a page; it is told of behind the paragraph at hand. */
  beside(quote: string, why: string, page: number): void {
    this.#beside.push([quote, why, page]);
  }

  unused(notes: readonly FootNote[]): FootNote[] {
    return notes.filter((note) => !this.#used.has(note));
  }

  page(number: number, lines: readonly Line[], notes: readonly FootNote[]): void {
    const { leading } = this;
    let isFirst = true;
    for (const part of partsOf(lines)) {
      if (part.kind === 'table') {
        this.end();
        if (isFirst) this.transcript.page(number);
        for (const row of part.rows)
          this.transcript.write({ kind: 'row', cells: row.map((cell) => this.#cell(cell, notes)) });
      } else
        for (const [i, line] of part.lines.entries()) {
          if (isFirst && !this.#goesOn(line, leading, part.lines, true)) this.end();
          if (isFirst) this.#turn(number);
          this.#line(line, leading, part.lines, notes, isFirst || i === 0);
          isFirst = false;
        }
      isFirst = false;
    }
    if (isFirst) this.#turn(number);
  }

  /** The page begins within the open paragraph, or after it. */
  #turn(number: number): void {
    this.#pages.push({ number, piece: this.#open.length });
    if (this.#open.length === 0) this.#settle();
  }
  readonly #pages: { number: number; piece: number }[] = [];

  #settle(): void {
    for (const { number } of this.#pages.splice(0)) this.transcript.page(number);
    for (const aside of this.#beside.splice(0)) this.transcript.aside(...aside);
  }

  end(): void {
    const pieces = this.#open;
    this.#open = [];
    this.#last = undefined;
    if (pieces.length === 0) {
      this.#settle();
      return;
    }
    const level = this.#level;
    const block: Block =
      this.#kind === 'item'
        ? { kind: 'item', depth: 0, label: this.#label, pieces }
        : level > 0
          ? { kind: 'heading', level, pieces }
          : { kind: 'paragraph', pieces };
    const turns = this.#pages.splice(0);
    this.transcript.write(block, turns);
    for (const aside of this.#beside.splice(0)) this.transcript.aside(...aside);
  }

  #line(line: Line, leading: number, around: readonly Line[], notes: readonly FootNote[], isBreak: boolean): void {
    const goesOn = this.#goesOn(line, leading, around, isBreak);
    if (!goesOn) this.end();
    const pieces = this.#noted(line, notes);
    if (goesOn && this.#open.length > 0) {
      this.#join(pieces);
    } else {
      const label = LABEL.exec(line.text.trim());
      this.#level = 1 + this.sizesAbove.indexOf(line.size);
      this.#kind = label === null || this.#level > 0 ? 'paragraph' : 'item';
      this.#label = label === null ? '' : /[\p{L}\p{N}]/u.test(label[1]!) ? label[1]! : '';
      this.#open = this.#kind === 'paragraph' || label === null ? [...pieces] : withoutStart(pieces, label[1]!);
      this.#margin = Math.max(
        ...around.map((l) => (Math.abs(l.left - line.left) < 4 * line.size ? l.right : 0)),
        line.right,
      );
    }
    this.#last = line;
  }

  /** A line of the same paragraph. */
  #join(pieces: readonly Piece[]): void {
    const tail = this.#open.findLastIndex(
      (piece) => piece.aside === undefined && piece.note === undefined && !piece.raised && piece.text !== '',
    );
    const last = this.#open[tail];
    const next = pieces.find((piece) => piece.aside === undefined && piece.note === undefined)?.text ?? '';
    const joint = last === undefined || tail < this.#open.length - 1 ? undefined : jointOf(last.text, next, this.words);
    if (joint === undefined || last === undefined) {
      this.#open.push({ text: '\n' }, ...pieces);
      return;
    }
    this.#open[tail] = { ...last, text: last.text.slice(0, last.text.length - joint.drop) };
    const doubt = joint.doubt && {
      text: '',
      doubt: brokenQuestion(joint.doubt, true),
      spellings: joint.doubt,
    };
    this.#open.push(...(doubt ? [doubt] : []), ...pieces);
  }

  #goesOn(line: Line, leading: number, around: readonly Line[], isBreak: boolean): boolean {
    const last = this.#last;
    if (last === undefined || this.#open.length === 0) return false;
    const before = last.text.trim();
    const text = line.text.trim();
    if (LABEL.test(text) && (/[.:;!?]$/.test(before) || !/^\d/.test(text))) return false;
    if (Math.abs(last.size - line.size) > 0.12 * last.size) return false;
    const isWithin =
      /[-\u2010\u00ad,(]$/.test(before) ||
      UNFINISHED.test(before) ||
      (/^[\p{Ll}(]/u.test(text) && !/[.!?:]$/.test(before));
    if (isBreak)
      return (
        isWithin || (!/[.!?:;]["')\]”’]*$/.test(before) && !isShort(last, line, this.#margin) && !/^\p{Lu}/u.test(text))
      );
    const step = line.y - last.y;
    if (step <= 0 || step > 1.75 * leading) return step <= 0 && isWithin;
    if (isWithin) return true;
    if (step > 1.15 * leading) return false;
    // The next line's first word had fitted: the line was ended on purpose.
    return !isShort(
      last,
      line,
      Math.max(this.#margin, ...around.map((l) => (Math.abs(l.left - line.left) < 2 * line.size ? l.right : 0))),
    );
  }

  #cell(lines: readonly Line[], notes: readonly FootNote[]): Piece[] {
    const outer = this.#open;
    this.#open = [];
    for (const line of lines) {
      const pieces = this.#noted(line, notes);
      if (this.#open.length === 0) this.#open = [...pieces];
      else this.#join(pieces);
    }
    const cell = this.#open;
    this.#open = outer;
    return cell;
  }

  /** Marks that have a note on the page carry it. */
  #noted(line: Line, notes: readonly FootNote[]): Piece[] {
    return line.segments
      .flatMap((segment) => segment.pieces)
      .map((piece) => {
        if (!piece.raised || piece.aside !== undefined) return piece;
        const mark = piece.text.replace(/[^\p{L}\p{N}*†‡§]/gu, '');
        const note = notes.find((n) => n.mark === mark);
        if (note === undefined) return piece;
        this.#used.add(note);
        return { text: mark, note: note.text };
      });
  }
}

const LABEL =
  /^([•·▪◦‣\uf0b7\uf0a7–*-]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|\d{1,3}(?:\.\d{1,3})+(?=\s+\p{Lu})|\(?[a-z]\)|\(?[ivx]{1,5}\))(?=\s|\p{Lu})\s*/u;
const UNFINISHED =
  /\b(?:the|a|an|of|and|or|to|by|from|between|at|for|with|than|in|on|is|are|be|must|may|shall|not|no|its?|their|per|each|every|any|all|that|which|until|before|after|up|least|most|more|less)$/i;

const isShort = (last: Line, next: Line, margin: number): boolean => {
  const word = /^\S+/.exec(next.text.trim())?.[0] ?? '';
  const width = ((next.right - next.left) * word.length) / Math.max(1, next.text.trim().length);
  return margin - last.right > width + 0.6 * last.size;
};

/** The pieces less the characters that are the label of the item. */
const withoutStart = (pieces: readonly Piece[], label: string): Piece[] => {
  let left = label.length;
  const out: Piece[] = [];
  for (const piece of pieces) {
    const cut = Math.min(left, piece.text.length);
    left -= cut;
    const text = piece.text.slice(cut);
    out.push({ ...piece, text: out.every((p) => p.text === '') ? text.replace(/^\s+/, '') : text });
  }
  return out.filter((piece) => piece.text !== '' || piece.note !== undefined);
};
