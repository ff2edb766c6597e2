/** A page of HTML as blocks: what a browser shows is in force, but for what is struck out; the rest is set aside. */
import { type Block, FORM_VALUE, HIDDEN, inCell, type Piece, plainOf, STRUCK } from './content.js';
import { type HtmlElement, parseHtml, type RulesOfLook, rulesIn, wordsOf } from './html-tree.js';
import { written } from './list-numbers.js';

const PICTURE = 'a picture; words in it are not read';
const UNSHOWN = 'not shown by a browser';
const SCRIPT = 'a script, which is not run';
const PAINTED = 'words that a style paints beside the text';
const NAVIGATION = 'navigation of the page';
const NEVER_SHOWN = new Set(['link', 'meta', 'base', 'param', 'datalist', 'colgroup', 'col']);
const BLOCKS =
  /^(?:address|article|aside|blockquote|body|center|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|html|legend|li|main|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|td|th|ul|caption)$/;

/** Never throws: what is malformed is read as browsers read it. */
export const htmlBlocks = (source: string): Block[] => {
  const root = parseHtml(source);
  return new Page(rulesIn(root), notesIn(root)).read(root);
};

/** Elements that links with a raised mark point at, by their id. */
const notesIn = (root: HtmlElement): Map<string, HtmlElement> => {
  const byId = new Map<string, HtmlElement>();
  const targets = new Set<string>();
  const visit = (element: HtmlElement, isRaised: boolean, outer: HtmlElement): void => {
    // A name may stand at the mark within the note; the note is the block around it.
    const block = /^(?:p|li|div|td|aside|dd|section)$/.test(element.name) ? element : outer;
    const { id, href = '', role = '', class: names = '' } = element.attributes;
    if (id !== undefined) byId.set(id, BLOCKS.test(element.name) ? element : block);
    if (element.name === 'a' && element.attributes.name !== undefined) byId.set(element.attributes.name, block);
    const points = /^doc-noteref$/.test(role) || /\bfootnote-?ref\b/i.test(names);
    const raised = isRaised || element.name === 'sup';
    const isMark = /^\W*(?:\d{1,3}|[a-z*†‡§])\W*$/i.test(wordsOf(element));
    if (element.name === 'a' && href.startsWith('#') && isMark && (points || raised || hasRaised(element)))
      targets.add(href.slice(1));
    for (const child of element.children) if (typeof child !== 'string') visit(child, raised, block);
  };
  visit(root, false, root);
  return new Map([...targets].flatMap((id) => (byId.has(id) ? [[id, byId.get(id)!] as const] : [])));
};
const hasRaised = (element: HtmlElement): boolean =>
  element.children.some((child) => typeof child !== 'string' && (child.name === 'sup' || hasRaised(child)));

/** The note's words without its mark and the way back to the text. */
const noteText = (note: HtmlElement, mark: string): string => {
  const words = wordsOf(note)
    .replace(/[↩↵↑^]\ufe0e?/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return words.startsWith(mark) ? words.slice(mark.length).trim() : words;
};

interface Around {
  readonly aside?: string;
  readonly raised?: boolean;
  readonly isPre?: boolean;
  readonly isShaded?: boolean;
}

class Page {
  readonly #blocks: Block[] = [];
  #pieces: Piece[] = [];
  /** what the pieces at hand are of */
  #as: (pieces: readonly Piece[]) => Block = (pieces) => ({ kind: 'paragraph', pieces });
  readonly #targets: Map<HtmlElement, string>;

  constructor(
    private readonly look: RulesOfLook,
    private readonly notes: ReadonlyMap<string, HtmlElement>,
  ) {
    this.#targets = new Map([...notes].map(([id, element]) => [element, id]));
  }

  read(root: HtmlElement): Block[] {
    this.#children(root, {}, 0);
    this.#end();
    return this.#blocks;
  }

  #end(): void {
    const pieces = trimmed(this.#pieces);
    this.#pieces = [];
    if (plainOf(pieces).trim() !== '' || pieces.some((piece) => piece.note !== undefined))
      this.#blocks.push(this.#as(pieces));
  }

  #within(as: (pieces: readonly Piece[]) => Block, inner: () => void): void {
    this.#end();
    const outer = this.#as;
    this.#as = as;
    inner();
    this.#end();
    this.#as = outer;
  }

  #children(element: HtmlElement, around: Around, depth: number): void {
    for (const child of element.children)
      if (typeof child === 'string') this.#text(child, around);
      else this.#element(child, around, depth);
  }

  #text(text: string, around: Around): void {
    const shown = around.isPre ? text : text.replace(/[ \t\r\n\f]+/g, ' ');
    if (shown === '') return;
    this.#pieces.push({
      text: shown,
      ...(around.aside === undefined ? {} : { aside: around.aside }),
      ...(around.raised ? { raised: true } : {}),
    });
  }

  #set(text: string, why: string): void {
    if (text.trim() !== '') this.#pieces.push({ text: text.trim(), aside: why });
  }

  /** What a browser runs or applies, and what it shows only where nothing runs. */
  #unread(element: HtmlElement): boolean {
    const words = wordsOf(element).replace(/\s+/g, ' ');
    if (element.name === 'template' || element.name === 'noscript') this.#set(words, UNSHOWN);
    else if (element.name === 'script') this.#set(words.trim() === '' ? '' : '[script]', SCRIPT);
    else if (element.name === 'style')
      this.#set([...words.matchAll(/\bcontent\s*:\s*["']([^"']+)["']/g)].map((m) => m[1]).join(' '), PAINTED);
    else return false;
    return true;
  }

  #element(element: HtmlElement, outer: Around, depth: number): void {
    const { name, attributes } = element;
    if (name === '!--') {
      this.#set(wordsOf(element), HIDDEN);
      return;
    }
    if (NEVER_SHOWN.has(name)) return;
    if (this.#unread(element)) return;
    const { hidden: unseen, struck, raised, pale, shaded } = this.look(element);
    const isShaded = outer.isShaded || shaded;
    const hidden = unseen || (pale && !isShaded);
    const around: Around = {
      ...outer,
      ...(outer.aside === undefined && hidden ? { aside: HIDDEN } : {}),
      ...(outer.aside === undefined && !hidden && (struck || /^(?:del|s|strike)$/.test(name)) ? { aside: STRUCK } : {}),
      ...(name === 'sup' || raised ? { raised: true } : name === 'sub' ? { raised: false } : {}),
      ...(name === 'pre' ? { isPre: true } : {}),
      ...(isShaded ? { isShaded: true } : {}),
    };
    const target = this.#targets.get(element);
    if (target !== undefined) return;
    switch (name) {
      case 'head':
        for (const title of element.children)
          if (typeof title !== 'string' && title.name === 'title') this.#set(wordsOf(title), 'the title of the page');
          else if (typeof title !== 'string') this.#unread(title);
        this.#end();
        return;
      case 'br':
        this.#pieces.push({ text: '\n' });
        return;
      case 'wbr':
        return;
      case 'a': {
        const note = this.notes.get((attributes.href ?? '').replace(/^#/, ''));
        if (note !== undefined && around.aside === undefined) {
          const mark = wordsOf(element).trim();
          this.#pieces.push({ text: mark, note: noteText(note, mark) });
        } else this.#children(element, around, depth);
        return;
      }
      case 'img':
      case 'area':
        this.#set(attributes.alt || '[picture]', PICTURE);
        return;
      case 'input':
        if (!/^(?:hidden|submit|button|reset|image|password)$/.test(attributes.type ?? ''))
          this.#set(attributes.value ?? '', FORM_VALUE);
        return;
      case 'select':
      case 'textarea':
      case 'button':
        this.#set(wordsOf(element), FORM_VALUE);
        return;
      case 'iframe':
      case 'object':
      case 'embed':
      case 'video':
      case 'audio':
      case 'canvas':
        this.#set(
          attributes.title || wordsOf(element).trim() || `[${name}]`,
          'an embedded document or object, which is not read',
        );
        return;
      case 'nav':
        this.#end();
        this.#set(wordsOf(element).replace(/\s+/g, ' '), NAVIGATION);
        this.#end();
        return;
      case 'table':
        this.#table(element, around, depth);
        return;
      case 'ul':
      case 'ol':
        this.#list(element, around, depth);
        return;
      default:
        if (/^h[1-6]$/.test(name))
          this.#within(
            (pieces) => ({ kind: 'heading', level: Number(name[1]), pieces }),
            () => this.#children(element, around, depth),
          );
        else if (BLOCKS.test(name)) {
          this.#end();
          this.#children(element, around, depth);
          this.#end();
        } else this.#children(element, around, depth);
    }
  }

  #list(list: HtmlElement, around: Around, depth: number): void {
    const items = list.children.filter(
      (child): child is HtmlElement => typeof child !== 'string' && child.name === 'li',
    );
    const isNumbered = list.name === 'ol';
    const step = list.attributes.reversed === undefined ? 1 : -1;
    let count = Number.parseInt(list.attributes.start ?? (step > 0 ? '1' : String(items.length)), 10);
    const format =
      { a: 'lowerLetter', A: 'upperLetter', i: 'lowerRoman', I: 'upperRoman' }[list.attributes.type ?? ''] ?? 'decimal';
    for (const item of list.children) {
      if (typeof item === 'string') this.#text(item, around);
      else if (item.name !== 'li') this.#element(item, around, depth);
      else {
        if (item.attributes.value !== undefined) count = Number.parseInt(item.attributes.value, 10);
        let label = isNumbered ? `${written(count, format)}.` : '';
        count += step;
        const inner = this.look(item);
        const within: Around = {
          ...around,
          ...(around.aside === undefined && inner.hidden ? { aside: HIDDEN } : {}),
          ...(around.aside === undefined && inner.struck ? { aside: STRUCK } : {}),
        };
        if (this.#targets.has(item)) continue;
        this.#within(
          (pieces) => {
            // A second paragraph of an item has no number of its own.
            const block: Block = label === '-' ? { kind: 'paragraph', pieces } : { kind: 'item', depth, label, pieces };
            label = '-';
            return block;
          },
          () => this.#children(item, within, depth + 1),
        );
      }
    }
  }

  #table(table: HtmlElement, around: Around, depth: number): void {
    this.#end();
    for (const caption of table.children)
      if (typeof caption !== 'string' && caption.name === 'caption') this.#element(caption, around, depth);
    const rows = rowsOf(table);
    const width = Math.max(0, ...rows.map((row) => cellsOf(row).length));
    if (width < 2 || rows.length < 2) {
      for (const cell of rows.flatMap(cellsOf)) {
        this.#end();
        this.#children(cell, around, depth);
        this.#end();
      }
      return;
    }
    /** Cells that reach down from rows above: pieces and how many rows are left. */
    const reaching = new Map<number, { pieces: readonly Piece[]; left: number }>();
    for (const row of rows) {
      const { hidden, struck, shaded } = this.look(row);
      const ground = around.isShaded || shaded ? { ...around, isShaded: true } : around;
      const aside = around.aside ?? (hidden ? HIDDEN : struck ? STRUCK : undefined);
      const cells: (readonly Piece[])[] = [];
      const fill = () => {
        for (
          let down = reaching.get(cells.length);
          down !== undefined && down.left > 0;
          down = reaching.get(cells.length)
        ) {
          reaching.set(cells.length, { ...down, left: down.left - 1 });
          cells.push(down.pieces);
        }
      };
      for (const cell of cellsOf(row)) {
        fill();
        const pieces = this.#cell(cell, aside === undefined ? ground : { ...ground, aside }, depth);
        const down = Number.parseInt(cell.attributes.rowspan ?? '1', 10) - 1;
        if (down > 0) reaching.set(cells.length, { pieces, left: Math.min(down, rows.length) });
        cells.push(pieces);
        for (let span = Math.min(50, Number.parseInt(cell.attributes.colspan ?? '1', 10) || 1); span > 1; span--)
          cells.push([]);
      }
      fill();
      this.#blocks.push({ kind: 'row', cells });
    }
  }

  #cell(cell: HtmlElement, around: Around, depth: number): Piece[] {
    const inner = new Page(this.look, this.notes);
    inner.#element({ ...cell, name: 'div' }, around, depth);
    inner.#end();
    return inCell(inner.#blocks);
  }
}

const rowsOf = (element: HtmlElement): HtmlElement[] =>
  element.children.flatMap((child) =>
    typeof child === 'string'
      ? []
      : child.name === 'tr'
        ? [child]
        : /^(?:thead|tbody|tfoot|form)$/.test(child.name)
          ? rowsOf(child)
          : [],
  );
const cellsOf = (row: HtmlElement): HtmlElement[] =>
  row.children.filter((child): child is HtmlElement => typeof child !== 'string' && /^t[dh]$/.test(child.name));

/** Spaces at the ends of a block and doubled ones between its pieces are not shown. */
const trimmed = (pieces: readonly Piece[]): Piece[] => {
  let isSpaced = true;
  const out = pieces.map((piece): Piece => {
    if (piece.aside !== undefined || piece.note !== undefined) return piece;
    const text = isSpaced ? piece.text.replace(/^ +/, '') : piece.text;
    if (text !== '') isSpaced = /[ \n]$/.test(text);
    return { ...piece, text };
  });
  return out.filter((piece) => piece.text !== '' || piece.note !== undefined);
};
