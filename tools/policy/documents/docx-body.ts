/** The body of a Word document, element by element. */
import { type Block, COMMENT, DELETED, GLOSS, HIDDEN, inCell, MOVED, type Piece, STRUCK } from './content.js';
import type { Numberer } from './docx-numbering.js';
import { paragraphFormat, type RunFormat, runFormat, type Styles } from './docx-styles.js';
import { symbolOf } from './symbols.js';
import { allOf, childOf, childrenOf, type Element, textOf } from './xml.js';

export interface Parts {
  readonly styles: Styles;
  readonly number: Numberer;
  /** by "w:footnote ID" and "w:endnote ID" */
  readonly notes: ReadonlyMap<string, string>;
  /** by "w:comment ID" */
  readonly comments: ReadonlyMap<string, string>;
}

/** What stands around a run and decides about it. */
interface Around {
  readonly aside?: string;
  readonly format: RunFormat;
}

const PROMPT = 'the prompt of a field that nobody filled in';
const EMBEDDED = 'an embedded document or object, which is not read';
const PICTURE = 'a picture; words in it are not read';

export class DocxBody {
  /** Keys of the notes and comments that the text points at. */
  readonly used = new Set<string>();
  /** Pieces of a paragraph whose end was deleted: they go on in the next one. */
  #open: Piece[] = [];
  /** Fields that have begun, the innermost last: true while what is shown of it follows. */
  readonly #fields: boolean[] = [];
  /** What hangs on the paragraph at hand and stands after it: text boxes. */
  #boxes: Block[] = [];

  constructor(private readonly parts: Parts) {}

  read(container: Element, aside?: string): Block[] {
    return childrenOf(container).flatMap((child) => this.#block(child, aside));
  }

  #block(element: Element, aside: string | undefined): Block[] {
    switch (element.name) {
      case 'w:p':
        return this.#paragraph(element, aside);
      case 'w:tbl':
        return this.#table(element, aside);
      case 'w:sdt':
        return this.read(childOf(element, 'w:sdtContent') ?? element, aside ?? promptOf(element));
      case 'w:del':
        return this.read(element, aside ?? DELETED);
      case 'w:moveFrom':
        return this.read(element, aside ?? MOVED);
      case 'w:ins':
      case 'w:moveTo':
      case 'w:customXml':
      case 'w:txbxContent':
      case 'w:body':
      case 'w:footnote':
        return this.read(element, aside);
      case 'mc:AlternateContent':
        return this.read(childOf(element, 'mc:Choice') ?? childOf(element, 'mc:Fallback') ?? element, aside);
      case 'w:altChunk':
      case 'w:subDoc':
        return [{ kind: 'aside', text: element.attributes['r:id'] ?? 'embedded', why: EMBEDDED }];
      default:
        return [];
    }
  }

  #paragraph(p: Element, aside: string | undefined): Block[] {
    const properties = childOf(p, 'w:pPr');
    const style = childOf(properties, 'w:pStyle')?.attributes['w:val'];
    const format = { ...this.parts.styles.paragraph(style), ...paragraphFormat(properties) };
    const base = this.parts.styles.run(style);
    const around: Around = { format: base, ...(aside === undefined ? {} : { aside }) };
    const pieces = [...this.#open, ...this.#runs(p, around)];
    this.#open = [];
    const boxes = this.#boxes;
    this.#boxes = [];
    const end = childOf(properties, 'w:rPr');
    // A deleted end of paragraph joins it with the next.
    if (childOf(end, 'w:del') !== undefined || childOf(end, 'w:moveFrom') !== undefined) {
      if (pieces.some((piece) => piece.aside === undefined && piece.text.trim() !== '')) {
        this.#open = pieces;
        return boxes;
      }
    }
    const isEmpty = pieces.every((piece) => piece.text.trim() === '' && piece.note === undefined);
    const level = format.numLevel ?? 0;
    const isNumbered = format.numId !== undefined && format.numId !== '0' && !isEmpty;
    const isGone = pieces.every((piece) => piece.aside !== undefined || piece.text.trim() === '');
    const label = isNumbered && !isGone ? this.parts.number(format.numId!, level) : null;
    const block: Block =
      format.level !== undefined
        ? { kind: 'heading', level: format.level, pieces, ...(label ? { label } : {}) }
        : label !== null
          ? { kind: 'item', depth: level, label, pieces }
          : { kind: 'paragraph', pieces };
    return isEmpty ? boxes : [block, ...boxes];
  }

  #runs(container: Element, around: Around): Piece[] {
    return childrenOf(container).flatMap((child): Piece[] => {
      switch (child.name) {
        case 'w:r':
          return this.#run(child, around);
        case 'w:del':
          return this.#runs(child, { ...around, aside: around.aside ?? DELETED });
        case 'w:moveFrom':
          return this.#runs(child, { ...around, aside: around.aside ?? MOVED });
        case 'w:sdt': {
          const aside = around.aside ?? promptOf(child);
          return this.#runs(
            childOf(child, 'w:sdtContent') ?? child,
            aside === undefined ? around : { ...around, aside },
          );
        }
        case 'w:ins':
        case 'w:moveTo':
        case 'w:hyperlink':
        case 'w:fldSimple':
        case 'w:smartTag':
        case 'w:customXml':
        case 'w:dir':
        case 'w:bdo':
        case 'w:rubyBase':
          return this.#runs(child, around);
        case 'mc:AlternateContent':
          return this.#runs(childOf(child, 'mc:Choice') ?? childOf(child, 'mc:Fallback') ?? child, around);
        case 'm:oMath':
        case 'm:oMathPara':
          return formula(child).map((piece) =>
            around.aside === undefined ? piece : { ...piece, aside: around.aside },
          );
        default:
          return [];
      }
    });
  }

  #run(r: Element, around: Around): Piece[] {
    const properties = childOf(r, 'w:rPr');
    const style = childOf(properties, 'w:rStyle')?.attributes['w:val'];
    const format = { ...around.format, ...this.parts.styles.run(style), ...runFormat(properties) };
    const aside = around.aside ?? (format.struck ? STRUCK : format.hidden ? HIDDEN : undefined);
    const piece = (text: string, more: Partial<Piece> = {}): Piece => ({
      text,
      ...(aside === undefined ? {} : { aside }),
      ...(format.raised ? { raised: true } : {}),
      ...more,
    });
    return childrenOf(r).flatMap((child): Piece[] => {
      switch (child.name) {
        case 'w:fldChar':
          this.#field(child.attributes['w:fldCharType']);
          return childOf(child, 'w:ffData') === undefined ? [] : chosenIn(child).map((text) => piece(text));
        case 'w:footnoteReference':
        case 'w:endnoteReference':
          return this.#note(child, aside);
        case 'w:commentReference':
          return this.#comment(child);
        case 'w:drawing':
        case 'w:pict':
        case 'w:object':
        case 'mc:AlternateContent':
          return this.#drawn(child, aside);
        case 'w:ruby':
          return [
            ...this.#runs(childOf(child, 'w:rubyBase') ?? child, around),
            { text: textOf(childOf(child, 'w:rt') ?? ''), aside: aside ?? GLOSS },
          ];
        default: {
          // Between its begin and its result stands the code of a field, which nobody sees.
          if (this.#fields.at(-1) === false) return [];
          const text = shownBy(child);
          return text === '' ? [] : [piece(text)];
        }
      }
    });
  }

  #field(type: string | undefined): void {
    if (type === 'begin') this.#fields.push(false);
    if (type === 'separate' && this.#fields.length > 0) this.#fields[this.#fields.length - 1] = true;
    if (type === 'end') this.#fields.pop();
  }

  #note(reference: Element, aside: string | undefined): Piece[] {
    const key = `${reference.name.replace('Reference', '')} ${reference.attributes['w:id'] ?? ''}`;
    const text = this.parts.notes.get(key);
    if (text === undefined) return [];
    this.used.add(key);
    return aside === undefined ? [{ text: '', note: text }] : [{ text, aside }];
  }

  #comment(reference: Element): Piece[] {
    const key = `w:comment ${reference.attributes['w:id'] ?? ''}`;
    const text = this.parts.comments.get(key);
    if (text === undefined || this.used.has(key)) return [];
    this.used.add(key);
    return [{ text, aside: COMMENT }];
  }

  /** Text boxes stand behind the paragraph that they hang on; of a picture only its description is told. */
  #drawn(element: Element, aside: string | undefined): Piece[] {
    const shown = element.name === 'mc:AlternateContent' ? (childOf(element, 'mc:Choice') ?? element) : element;
    const boxes = allOf(shown, 'w:txbxContent');
    const outer = this.#open;
    this.#open = [];
    const kept = this.#boxes;
    for (const box of boxes) {
      this.#boxes = [];
      kept.push(...this.read(box, aside));
    }
    this.#boxes = kept;
    this.#open = outer;
    if (boxes.length > 0) return [];
    const described = allOf(shown, 'wp:docPr')[0]?.attributes;
    const text = described?.descr ?? described?.title ?? described?.name ?? '';
    return [{ text: text === '' ? '[picture]' : text, aside: element.name === 'w:object' ? EMBEDDED : PICTURE }];
  }

  #table(table: Element, aside: string | undefined): Block[] {
    const rows = rowsOf(table);
    const above: Piece[][] = [];
    const blocks: Block[] = [];
    const width = Math.max(0, ...rows.map((row) => cellsOf(row).length));
    for (const row of rows) {
      const changed = childOf(childOf(row, 'w:trPr'), 'w:del') === undefined ? undefined : DELETED;
      const isHidden = childOf(childOf(row, 'w:trPr'), 'w:hidden') !== undefined;
      const gone = aside ?? changed ?? (isHidden ? HIDDEN : undefined);
      const cells: Piece[][] = [];
      const whole: Block[] = [];
      for (const cell of cellsOf(row)) {
        const properties = childOf(cell, 'w:tcPr');
        const deleted = childOf(properties, 'w:cellDel') === undefined ? undefined : DELETED;
        const inner = this.read(cell, gone ?? deleted);
        whole.push(...inner);
        const merged = childOf(properties, 'w:vMerge');
        const goesOn = merged !== undefined && (merged.attributes['w:val'] ?? 'continue') === 'continue';
        // A cell that reaches over several rows holds for each of them.
        const pieces = goesOn ? (above[cells.length] ?? []) : inCell(inner);
        above[cells.length] = pieces;
        cells.push(pieces);
        for (let span = Number(childOf(properties, 'w:gridSpan')?.attributes['w:val'] ?? 1); span > 1; span--)
          cells.push([]);
      }
      // A table of one row or one column sets text in a frame; nothing heads it.
      if (width < 2 || rows.length < 2) blocks.push(...whole);
      else blocks.push({ kind: 'row', cells });
    }
    return blocks;
  }
}

/** Rows and cells may be wrapped in content controls and changes. */
const unwrapped = (container: Element, name: string): Element[] =>
  childrenOf(container).flatMap((child) =>
    child.name === name
      ? [child]
      : ['w:sdt', 'w:sdtContent', 'w:customXml', 'w:ins', 'w:moveTo'].includes(child.name)
        ? unwrapped(child, name)
        : [],
  );
const rowsOf = (table: Element) => unwrapped(table, 'w:tr');
const cellsOf = (row: Element) => unwrapped(row, 'w:tc');

const promptOf = (sdt: Element): string | undefined =>
  childOf(childOf(sdt, 'w:sdtPr'), 'w:showingPlcHdr') === undefined ? undefined : PROMPT;

const shownBy = (element: Element): string => {
  switch (element.name) {
    case 'w:t':
    case 'w:delText':
      return textOf(element);
    case 'w:tab':
    case 'w:ptab':
      return '\t';
    case 'w:br':
    case 'w:cr':
      return '\n';
    case 'w:noBreakHyphen':
      return '-';
    case 'w:sym':
      return symbolOf(element.attributes['w:font'] ?? '', Number.parseInt(element.attributes['w:char'] ?? '', 16));
    default:
      return '';
  }
};

/** What an old form's list shows: its value stands with the field and nowhere in the text. */
const chosenIn = (field: Element): string[] =>
  allOf(field, 'w:ddList').map((list) => {
    const entries = childrenOf(list, 'w:listEntry').map((entry) => entry.attributes['w:val'] ?? '');
    return (
      entries[
        Number(childOf(list, 'w:result')?.attributes['w:val'] ?? childOf(list, 'w:default')?.attributes['w:val'] ?? 0)
      ] ?? ''
    );
  });

const formula = (element: Element): Piece[] =>
  childrenOf(element).flatMap((child): Piece[] => {
    if (child.name === 'm:t') return [{ text: textOf(child) }];
    if (child.name === 'm:sup') return formula(child).map((piece) => ({ ...piece, raised: true }));
    if (child.name === 'm:f')
      return [
        ...formula(childOf(child, 'm:num') ?? child),
        { text: '/' },
        ...formula(childOf(child, 'm:den') ?? child),
      ];
    return formula(child);
  });
