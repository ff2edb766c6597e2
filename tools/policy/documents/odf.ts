/** An OpenDocument text (ODF 1.3), packed or as one XML file, as blocks. */
import {
  type Block,
  COMMENT,
  DELETED,
  FORM_VALUE,
  GLOSS,
  HEADER,
  HIDDEN,
  inCell,
  type Piece,
  STRUCK,
} from './content.js';
import { type Labels, labelsOf, type OdfStyles, stylesOf } from './odf-styles.js';
import { allOf, childOf, childrenOf, type Element, parseXml, textOf } from './xml.js';
import type { Archive } from './zip.js';
import { ZipError } from './zip.js';

const PICTURE = 'a picture; words in it are not read';
const CONTENTS = 'the table of contents or an index';

/** Throws Error or ZipError where it is damaged, locked, or no text. */
export const odtBlocks = (archive: Archive): Block[] => {
  const manifest = archive.read('META-INF/manifest.xml')?.toString('utf8') ?? '';
  if (manifest.includes('encryption-data')) throw new ZipError('it is encrypted', 'encrypted');
  const content = archive.read('content.xml');
  if (content === undefined) throw new Error('it holds no text part (content.xml)');
  const styles = archive.read('styles.xml');
  return blocksOf(
    parseXml(content.toString('utf8')),
    styles === undefined ? undefined : parseXml(styles.toString('utf8')),
  );
};

/** Throws Error where the XML is damaged or no text. */
export const fodtBlocks = (source: string): Block[] => {
  const document = parseXml(source);
  return blocksOf(document, document);
};

const blocksOf = (document: Element, styleFile: Element | undefined): Block[] => {
  const text = childOf(childOf(document, 'office:body'), 'office:text');
  if (text === undefined) throw new Error('it is no text document');
  const files = styleFile === undefined || styleFile === document ? [document] : [styleFile, document];
  const reader = new OdfBody(stylesOf(files), labelsOf(files));
  const blocks = reader.read(text);
  const furniture = new Set<string>();
  for (const master of files.flatMap((file) => allOf(file, 'style:master-page')))
    for (const part of childrenOf(master))
      if (/^style:(?:header|footer)/.test(part.name)) {
        const said = allOf(part, 'text:p').map(textOf).join('\n').trim();
        if (said !== '') furniture.add(said);
      }
  return [...[...furniture].map((said): Block => ({ kind: 'aside', text: said, why: HEADER })), ...blocks];
};

interface Around {
  readonly aside?: string;
  readonly raised?: boolean;
}

/** Where a list stands: its style, and how deep. */
interface InList {
  readonly style: string | undefined;
  readonly depth: number;
}

class OdfBody {
  #boxes: Block[] = [];

  constructor(
    private readonly styles: OdfStyles,
    private readonly labels: Labels,
  ) {}

  read(container: Element, around: Around = {}): Block[] {
    return childrenOf(container).flatMap((child) => this.#block(child, around));
  }

  #block(element: Element, around: Around): Block[] {
    switch (element.name) {
      case 'text:p':
        return this.#paragraph(element, around, (pieces) => ({ kind: 'paragraph', pieces }));
      case 'text:h': {
        const level = Number(element.attributes['text:outline-level'] ?? 1);
        const label = this.labels.heading(level);
        return this.#paragraph(element, around, (pieces) => ({
          kind: 'heading',
          level,
          pieces,
          ...(label ? { label } : {}),
        }));
      }
      case 'text:list':
        return this.#list(element, around, undefined);
      case 'table:table':
        return this.#table(element, around);
      case 'text:tracked-changes':
        return allOf(element, 'text:deletion').map((deleted) => ({
          kind: 'aside',
          text: childrenOf(deleted)
            .filter((c) => c.name !== 'office:change-info')
            .map(textOf)
            .join('\n'),
          why: DELETED,
        }));
      case 'text:table-of-content':
      case 'text:alphabetical-index':
      case 'text:illustration-index':
      case 'text:table-index':
        return [{ kind: 'aside', text: allOf(element, 'text:p').map(textOf).join('\n'), why: CONTENTS }];
      case 'text:section':
        return this.read(
          element,
          element.attributes['text:display'] === 'none' ? { ...around, aside: around.aside ?? HIDDEN } : around,
        );
      case 'office:forms':
        return allOf(element, 'form:text')
          .concat(allOf(element, 'form:textarea'), allOf(element, 'form:combobox'))
          .map((field) => ({
            kind: 'aside',
            text: field.attributes['form:current-value'] ?? field.attributes['form:value'] ?? '',
            why: FORM_VALUE,
          }));
      case 'text:numbered-paragraph':
      case 'text:index-body':
      case 'table:table-cell':
      case 'draw:text-box':
        return this.read(element, around);
      case 'draw:frame':
      case 'draw:custom-shape':
      case 'draw:rect':
      case 'draw:g':
        return this.#drawn(element, around);
      default:
        return [];
    }
  }

  #paragraph(p: Element, around: Around, made: (pieces: Piece[]) => Block): Block[] {
    const outer = this.#boxes;
    this.#boxes = [];
    const look = this.styles(p.attributes['text:style-name'], 'paragraph');
    const aside = around.aside ?? (look.struck ? STRUCK : look.hidden ? HIDDEN : undefined);
    const pieces = this.#pieces(p, { ...around, ...(aside === undefined ? {} : { aside }) });
    const boxes = this.#boxes;
    this.#boxes = outer;
    const isEmpty = pieces.every((piece) => piece.text.trim() === '' && piece.note === undefined);
    return isEmpty ? boxes : [made(pieces), ...boxes];
  }

  #pieces(element: Element, around: Around): Piece[] {
    const piece = (text: string): Piece => ({
      text,
      ...(around.aside === undefined ? {} : { aside: around.aside }),
      ...(around.raised ? { raised: true } : {}),
    });
    return element.children.flatMap((child): Piece[] => {
      // White space in the file is one space, as XML is laid out for people.
      if (typeof child === 'string') return [piece(child.replace(/[ \t\r\n]+/g, ' '))];
      switch (child.name) {
        case 'text:s':
          return [piece(' '.repeat(Math.min(100, Number(child.attributes['text:c'] ?? 1))))];
        case 'text:tab':
          return [piece('\t')];
        case 'text:line-break':
          return [piece('\n')];
        case 'text:span': {
          const look = this.styles(child.attributes['text:style-name'], 'text');
          const aside = around.aside ?? (look.struck ? STRUCK : look.hidden ? HIDDEN : undefined);
          const raised = look.raised ?? around.raised;
          return this.#pieces(child, {
            ...(aside === undefined ? {} : { aside }),
            ...(raised === undefined ? {} : { raised }),
          });
        }
        case 'text:note': {
          const note = allOf(childOf(child, 'text:note-body') ?? child, 'text:p')
            .map(textOf)
            .join('\n')
            .trim();
          const mark = textOf(childOf(child, 'text:note-citation') ?? '').trim();
          return around.aside === undefined
            ? [{ text: mark, note }]
            : [{ text: `${mark} ${note}`, aside: around.aside }];
        }
        case 'office:annotation':
          return [{ text: allOf(child, 'text:p').map(textOf).join('\n'), aside: COMMENT }];
        case 'text:hidden-text':
        case 'text:hidden-paragraph':
          return [{ text: child.attributes['text:string-value'] ?? textOf(child), aside: HIDDEN }];
        case 'draw:frame':
        case 'draw:custom-shape':
        case 'draw:rect':
        case 'draw:g':
          this.#boxes.push(...this.#drawn(child, around));
          return [];
        case 'text:ruby':
          return this.#pieces(child, around);
        case 'text:ruby-text':
          return [{ text: textOf(child), aside: around.aside ?? GLOSS }];
        case 'text:soft-page-break':
        case 'office:annotation-end':
          return [];
        default:
          return this.#pieces(child, around);
      }
    });
  }

  #drawn(element: Element, around: Around): Block[] {
    const boxes = allOf(element, 'draw:text-box');
    if (boxes.length > 0) return boxes.flatMap((box) => this.read(box, around));
    const own = childrenOf(element).filter((child) => /^text:(?:p|list)$/.test(child.name));
    if (own.length > 0) return own.flatMap((child) => this.#block(child, around));
    const said = textOf(childOf(element, 'svg:desc') ?? childOf(element, 'svg:title') ?? '').trim();
    return allOf(element, 'draw:image').length + allOf(element, 'draw:object').length === 0
      ? []
      : [{ kind: 'aside', text: said === '' ? '[picture]' : said, why: PICTURE }];
  }

  #list(list: Element, around: Around, within: InList | undefined): Block[] {
    const here: InList = {
      style: list.attributes['text:style-name'] ?? within?.style,
      depth: within === undefined ? 0 : within.depth + 1,
    };
    if (
      within === undefined &&
      list.attributes['text:continue-numbering'] !== 'true' &&
      list.attributes['text:continue-list'] === undefined
    )
      this.labels.restart(here.style);
    return childrenOf(list).flatMap((item) => {
      if (item.name !== 'text:list-item' && item.name !== 'text:list-header') return [];
      let label = item.name === 'text:list-item' ? this.#label(item, here) : null;
      return childrenOf(item).flatMap((child): Block[] => {
        if (child.name === 'text:list') return this.#list(child, around, here);
        if (child.name !== 'text:p') return this.#block(child, around);
        const own = label;
        label = null;
        return this.#paragraph(child, around, (pieces) =>
          own === null ? { kind: 'paragraph', pieces } : { kind: 'item', depth: here.depth, label: own, pieces },
        );
      });
    });
  }

  #label(item: Element, { style, depth }: InList): string | null {
    // An item that only holds a list within it shows no number.
    if (!childrenOf(item).some((child) => child.name === 'text:p' || child.name === 'text:h')) return null;
    const start = item.attributes['text:start-value'];
    return this.labels.item(style, depth, start === undefined ? undefined : Number(start));
  }

  #table(table: Element, around: Around): Block[] {
    const rows = rowsOf(table);
    const width = Math.max(0, ...rows.map((row) => cellsOf(row).length));
    const above: { pieces: Piece[]; left: number }[] = [];
    return rows.flatMap((row): Block[] => {
      const cells: Piece[][] = [];
      const whole: Block[] = [];
      for (const cell of cellsOf(row)) {
        const at = cells.length;
        const inner = this.read(cell, around);
        whole.push(...inner);
        const reaches = above[at];
        const isCovered = cell.name === 'table:covered-table-cell' && reaches !== undefined && reaches.left > 0;
        const pieces = isCovered ? reaches.pieces : inCell(inner);
        if (isCovered) reaches.left--;
        const down = Number(cell.attributes['table:number-rows-spanned'] ?? 1) - 1;
        if (down > 0) above[at] = { pieces, left: down };
        for (let n = Math.min(50, Number(cell.attributes['table:number-columns-repeated'] ?? 1)); n > 0; n--)
          cells.push(pieces);
      }
      return width < 2 || rows.length < 2 ? whole : [{ kind: 'row', cells }];
    });
  }
}

const rowsOf = (table: Element): Element[] =>
  childrenOf(table).flatMap((child) =>
    child.name === 'table:table-row'
      ? [child]
      : /^table:table-(?:header-rows|rows|row-group)$/.test(child.name)
        ? rowsOf(child)
        : [],
  );
const cellsOf = (row: Element): Element[] =>
  childrenOf(row).filter((child) => /^table:(?:covered-)?table-cell$/.test(child.name));
