/** Rich Text Format (version 1.9.1) as blocks: control words, groups and destinations. */
import { type Block, COMMENT, DELETED, HEADER, HIDDEN, type Piece, STRUCK } from './content.js';
import { RtfBytes, RtfTokens } from './rtf-tokens.js';
import { symbolOf } from './symbols.js';

/** What a group is for. `text` is shown, `skip` holds settings and pictures; the others are collected for what they say. */
type Destination = 'text' | 'skip' | 'fonts' | 'styles' | 'note' | 'comment' | 'header' | 'label';

interface State {
  destination: Destination;
  struck: boolean;
  hidden: boolean;
  deleted: boolean;
  raised: boolean;
  font: number;
  /** how many characters after \u are its replacement for old readers */
  replacement: number;
}

const SKIPPED =
  /^(?:colortbl|info|pict|objdata|objclass|objname|result|themedata|colorschememapping|latentstyles|datastore|listtable|listoverridetable|listpicture|revtbl|rsidtbl|generator|xmlnstbl|fldinst|datafield|bkmkstart|bkmkend|nonshppict|shprslt|pgdsctbl|pgdsc|ftnsep|ftnsepc|aftnsep|aftnsepc|filetbl|mmathPr|atnid|atnauthor|atntime|atndate|atnref|atrfstart|atrfend|atnparent|annotationx|wgrffmtfilter|sp|panose|falt|fontemb|userprops|private|xe|tc|pnseclvl|expandedcolortbl|cssfonttbl|defchp|defpap|oldcprops|oldpprops|oldtprops|oldsprops|background|ftncn|aftncn)$/;
const SIGNS: Readonly<Record<string, string>> = {
  emdash: '—',
  endash: '–',
  bullet: '•',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  tab: '\t',
  line: '\n',
  emspace: '\u2003',
  enspace: '\u2002',
  qmspace: '\u2005',
};

interface Paragraph {
  pieces: Piece[];
  label: string;
  level: number | undefined;
  inTable: boolean;
}

/** Throws Error where the groups do not close or the text is no RTF. */
export const rtfBlocks = (bytes: Buffer): Block[] => new Rtf(bytes).read();

class Rtf {
  readonly #tokens: RtfTokens;
  readonly #bytes = new RtfBytes();
  readonly #fonts = new Map<number, { charset: number; name: string }>();
  readonly #blocks: Block[] = [];
  readonly #stack: { state: State; onEnd: (() => void) | undefined; paragraph: Paragraph | undefined }[] = [];
  #state: State = {
    destination: 'text',
    struck: false,
    hidden: false,
    deleted: false,
    raised: false,
    font: 0,
    replacement: 1,
  };
  #paragraph = fresh(undefined);
  #row: Piece[][] = [];
  #cell: Piece[] = [];
  #rows: (readonly (readonly Piece[])[])[] = [];
  #collected = '';
  #skipCharacters = 0;
  #ignorable = false;
  #justOpened = false;
  #defining = 0;
  /** the outline level of styles, by number */
  readonly #levels = new Map<number, number>();

  constructor(bytes: Buffer) {
    this.#tokens = new RtfTokens(bytes);
  }

  read(): Block[] {
    for (const token of this.#tokens) {
      if (token.kind !== 'byte') this.#flush();
      const opened = this.#justOpened;
      this.#justOpened = token.kind === 'open' || (opened && token.kind === 'symbol' && token.symbol === '*');
      if (token.kind === 'open') this.#open();
      else if (token.kind === 'close') this.#close();
      else if (token.kind === 'byte') this.#byte(token.byte);
      else if (token.kind === 'symbol') this.#symbol(token.symbol);
      else if (token.kind === 'word') this.#word(token.word, token.value, opened);
    }
    this.#flush();
    if (this.#stack.length > 0) throw new Error('it was cut short');
    this.#endParagraph();
    this.#endTable();
    return this.#blocks;
  }

  #open(): void {
    this.#stack.push({ state: { ...this.#state }, onEnd: undefined, paragraph: undefined });
    this.#ignorable = false;
  }

  #close(): void {
    const top = this.#stack.pop();
    if (top === undefined) return;
    top.onEnd?.();
    if (top.paragraph !== undefined) this.#paragraph = top.paragraph;
    this.#state = top.state;
  }

  #symbol(symbol: string): void {
    if (symbol === '*') this.#ignorable = true;
    else if (symbol === '~') this.#text('\u00a0');
    else if (symbol === '_') this.#text('-');
    else if (symbol === '\n' || symbol === '\r') this.#word('par', undefined, false);
    else if ('{}\\'.includes(symbol)) this.#text(symbol);
    // \- only says where a word may be broken.
  }

  #byte(byte: number): void {
    if (this.#skipCharacters > 0) {
      this.#skipCharacters--;
      return;
    }
    this.#bytes.add(byte);
  }

  #flush(): void {
    const raw = this.#bytes.take(this.#fonts.get(this.#state.font)?.charset);
    if (raw !== '') this.#text(raw);
  }

  #text(raw: string): void {
    if (this.#skipCharacters > 0) {
      this.#skipCharacters--;
      return;
    }
    const { destination } = this.#state;
    if (destination === 'skip') return;
    if (destination === 'fonts') {
      const font = this.#fonts.get(this.#defining);
      if (font !== undefined) font.name += raw.replace(/;.*$/, '');
      return;
    }
    if (destination === 'styles') {
      const heading = /^\s*heading (\d)/i.exec(raw);
      if (heading) this.#levels.set(this.#defining, Number(heading[1]));
      return;
    }
    const font = this.#fonts.get(this.#state.font);
    const text =
      font?.charset === 2
        ? [...raw].map((c) => (/\s/.test(c) ? c : symbolOf(font.name, c.codePointAt(0)!))).join('')
        : raw;
    if (destination !== 'text') {
      if (!this.#state.deleted) this.#collected += text;
      return;
    }
    const { struck, hidden, deleted, raised } = this.#state;
    const aside = deleted ? DELETED : struck ? STRUCK : hidden ? HIDDEN : undefined;
    this.#paragraph.pieces.push({
      text,
      ...(aside === undefined ? {} : { aside }),
      ...(raised ? { raised: true } : {}),
    });
  }

  /** `first`: the word stands at the beginning of its group, where destinations are named. */
  #word(word: string, value: number | undefined, first: boolean): void {
    if (first && this.#destination(word)) return;
    const on = value !== 0;
    // What a list's number looks like is not how its paragraph looks.
    if (this.#state.destination === 'label' && /^(?:pard|s|outlinelevel|intbl)$/.test(word)) return;
    switch (word) {
      case 'ansicpg':
        this.#bytes.codePage = value ?? 1252;
        return;
      case 'mac':
        this.#bytes.codePage = 10000;
        return;
      case 'uc':
        this.#state.replacement = value ?? 1;
        return;
      case 'u': {
        this.#text(String.fromCharCode((value ?? 0) & 0xffff));
        this.#skipCharacters = this.#state.replacement;
        return;
      }
      case 'f':
        this.#state.font = value ?? 0;
        if (this.#state.destination === 'fonts') {
          this.#defining = value ?? 0;
          this.#fonts.set(this.#defining, { charset: 0, name: '' });
        }
        return;
      case 'fcharset': {
        const font = this.#fonts.get(this.#defining);
        if (font !== undefined) font.charset = value ?? 0;
        return;
      }
      case 's':
        if (this.#state.destination === 'styles') this.#defining = value ?? 0;
        else this.#paragraph.level = this.#levels.get(value ?? 0);
        return;
      case 'outlinelevel':
        if (this.#state.destination === 'styles') this.#levels.set(this.#defining, (value ?? 0) + 1);
        else this.#paragraph.level = value === undefined || value > 8 ? undefined : value + 1;
        return;
      case 'plain':
        Object.assign(this.#state, { struck: false, hidden: false, raised: false });
        return;
      case 'strike':
      case 'striked':
        this.#state.struck = on;
        return;
      case 'v':
        this.#state.hidden = on;
        return;
      case 'deleted':
        this.#state.deleted = on;
        return;
      case 'super':
        this.#state.raised = on;
        return;
      case 'up':
        this.#state.raised = (value ?? 6) > 0;
        return;
      case 'sub':
      case 'dn':
      case 'nosupersub':
        this.#state.raised = false;
        return;
      case 'chftn':
        // The mark of a note, which stands with the note.
        return;
      case 'par':
      case 'sect':
      case 'page':
        if (this.#state.destination === 'text') this.#endParagraph();
        else this.#collected += '\n';
        return;
      case 'pard':
        this.#paragraph.inTable = false;
        this.#paragraph.level = undefined;
        return;
      case 'intbl':
        this.#paragraph.inTable = true;
        return;
      case 'cell':
      case 'nestcell':
        this.#row.push([...this.#cell, ...(this.#cell.length > 0 ? [{ text: ' ' }] : []), ...this.#paragraph.pieces]);
        this.#cell = [];
        this.#paragraph = fresh(this.#paragraph);
        return;
      case 'row':
      case 'nestrow':
        this.#rows.push(this.#row);
        this.#row = [];
        return;
      default:
        if (SIGNS[word] !== undefined) this.#text(SIGNS[word]);
    }
  }

  /** True when the word opens a destination. */
  #destination(word: string): boolean {
    const to = (destination: Destination, onEnd?: (said: string) => void) => {
      this.#state.destination = destination;
      if (onEnd === undefined) return true;
      const outer = this.#collected;
      this.#collected = '';
      this.#stack.at(-1)!.onEnd = () => {
        onEnd(this.#collected.trim());
        this.#collected = outer;
      };
      return true;
    };
    const isWithin = this.#state.destination !== 'text';
    if (word === 'fonttbl') return to('fonts');
    if (word === 'stylesheet') return to('styles');
    if (isWithin && this.#state.destination !== 'note') {
      if (SKIPPED.test(word)) return to('skip');
      return false;
    }
    if (word === 'footnote') return to('note', (said) => this.#note(said));
    if (word === 'annotation')
      return to('comment', (said) => this.#paragraph.pieces.push({ text: said, aside: COMMENT }));
    if (/^(?:header|footer)[lrf]?$/.test(word))
      return to('header', (said) => said !== '' && this.#blocks.push({ kind: 'aside', text: said, why: HEADER }));
    if (word === 'listtext' || word === 'pntext')
      return to('label', (said) => (this.#paragraph.label = said || this.#paragraph.label));
    if (word === 'shptxt') {
      // A text box stands in a paragraph and holds paragraphs of its own.
      const around = this.#paragraph;
      this.#stack.at(-1)!.paragraph = around;
      this.#paragraph = fresh(undefined);
      this.#stack.at(-1)!.onEnd = () => this.#endParagraph();
      return true;
    }
    if (/^(?:fldrslt|shp|shpinst|shpgrp|do|dptxbxtext|field|upr|ud|pntxta|pntxtb|objattph|object|rtf)$/.test(word))
      return word !== 'rtf';
    if (SKIPPED.test(word) || this.#ignorable) return to('skip');
    return false;
  }

  #note(said: string): void {
    if (said === '') return;
    if (this.#state.deleted) this.#paragraph.pieces.push({ text: said, aside: DELETED });
    else this.#paragraph.pieces.push({ text: '', note: said });
  }

  #endParagraph(): void {
    const { pieces, label, level, inTable } = this.#paragraph;
    this.#paragraph = fresh(this.#paragraph);
    if (inTable) {
      this.#cell.push(...(this.#cell.length > 0 ? [{ text: ' ' }] : []), ...pieces);
      return;
    }
    this.#endTable();
    if (pieces.every((piece) => piece.text.trim() === '' && piece.note === undefined)) return;
    if (level !== undefined) this.#blocks.push({ kind: 'heading', level, pieces, ...(label === '' ? {} : { label }) });
    else if (label !== '')
      this.#blocks.push({
        kind: 'item',
        depth: depthOf(label),
        label: /[\p{L}\p{N}]/u.test(label) ? label : '',
        pieces,
      });
    else this.#blocks.push({ kind: 'paragraph', pieces });
  }

  #endTable(): void {
    const rows = this.#rows;
    this.#rows = [];
    const isFrame = rows.length < 2 || Math.max(0, ...rows.map((row) => row.length)) < 2;
    for (const cells of rows)
      if (isFrame) this.#blocks.push(...cells.map((pieces): Block => ({ kind: 'paragraph', pieces })));
      else this.#blocks.push({ kind: 'row', cells });
    // Cells of a row that has no end, and text that stands in a table and in no cell.
    for (const pieces of [...this.#row, this.#cell])
      if (pieces.length > 0) this.#blocks.push({ kind: 'paragraph', pieces });
    this.#row = [];
    this.#cell = [];
  }
}

/** A list's depth shows in its number: 1.2 stands below 1. */
const depthOf = (label: string): number =>
  Math.max(0, label.split(/[.)]/).filter((part) => part.trim() !== '').length - 1);

const fresh = (before: Paragraph | undefined): Paragraph => ({
  pieces: [],
  label: '',
  level: before?.level,
  inTable: before?.inTable ?? false,
});
