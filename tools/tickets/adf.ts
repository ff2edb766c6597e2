/** TicketDoc as Atlassian Document Format 1, and a check for faults that Atlassian's JSON schema lets through. */

import { manyLines, oneLine } from '../../domain/text.js';
import type { Block, Inline, TicketDoc } from './document.js';
import { safeHref } from './document.js';

type Attrs = Readonly<Record<string, string | number | boolean>>;
export interface AdfMark {
  readonly type: string;
  readonly attrs?: Attrs;
}
export interface AdfNode {
  readonly type: string;
  readonly attrs?: Attrs;
  readonly text?: string;
  readonly marks?: readonly AdfMark[];
  readonly content?: readonly AdfNode[];
}
export interface AdfDoc {
  readonly version: 1;
  readonly type: 'doc';
  readonly content: readonly AdfNode[];
}

/** ADF refuses empty text nodes, and Jira line breaks within one. */
const text = (part: Inline): AdfNode[] => {
  const core = part.text.trim() === '' ? part.text && ' ' : oneLine(part.text, Number.MAX_SAFE_INTEGER);
  if (core === '') return [];
  const before = /^\s/.test(part.text) && core !== ' ' ? ' ' : '';
  const after = /\s$/.test(part.text) && core !== ' ' ? ' ' : '';
  const href = safeHref(part.href);
  const marks: AdfMark[] = [
    ...(part.mark === undefined ? [] : [{ type: part.mark }]),
    ...(href === undefined ? [] : [{ type: 'link', attrs: { href } }]),
  ];
  const value = `${before}${core}${after}`;
  return [marks.length === 0 ? { type: 'text', text: value } : { type: 'text', text: value, marks }];
};

const para = (content: readonly Inline[]): AdfNode => ({ type: 'paragraph', content: content.flatMap(text) });

const cell = (type: 'tableHeader' | 'tableCell', content: readonly Inline[]): AdfNode => ({
  type,
  attrs: {},
  content: [para(content)],
});

const node = (of: Block): AdfNode[] => {
  switch (of.type) {
    case 'heading':
      return [{ type: 'heading', attrs: { level: of.level }, content: text({ text: of.text }) }];
    case 'paragraph':
      return [para(of.content)];
    case 'list':
      return [
        {
          type: of.ordered ? 'orderedList' : 'bulletList',
          content: of.items.map((item) => ({ type: 'listItem', content: [para(item)] })),
        },
      ];
    case 'table':
      return [
        {
          type: 'table',
          attrs: { isNumberColumnEnabled: false, layout: 'default' },
          content: [
            { type: 'tableRow', content: of.head.map((name) => cell('tableHeader', [{ text: name }])) },
            ...of.rows.map((row) => ({
              type: 'tableRow',
              content: of.head.map((_, i) => cell('tableCell', row[i] ?? [])),
            })),
          ],
        },
      ];
    case 'code': {
      const value = manyLines(of.text);
      return [
        {
          type: 'codeBlock',
          attrs: of.language === '' ? {} : { language: of.language },
          content: value === '' ? [] : [{ type: 'text', text: value }],
        },
      ];
    }
    case 'rule':
      return [{ type: 'rule' }];
  }
};

export const toAdf = (document: TicketDoc): AdfDoc => ({ version: 1, type: 'doc', content: document.flatMap(node) });

/** Plain paragraphs only: what is sent when a tracker refuses the rich form. */
export const plainAdf = (markdown: string): AdfDoc => ({
  version: 1,
  type: 'doc',
  content: manyLines(markdown)
    .split('\n')
    .filter((row) => row.trim() !== '')
    .map((row) => para([{ text: row }])),
});

export interface AdfFinding {
  readonly path: string;
  readonly problem: string;
}

/** Faults that the schema accepts and Jira or a reader does not: one finding each, with a JSON pointer. Empty: none. */
export const lintAdf = (document: AdfDoc): AdfFinding[] => {
  const found: AdfFinding[] = [];
  const say = (path: string, problem: string) => void found.push({ path, problem });
  if (document.content.length === 0) say('/content', 'the document is empty');
  const visit = (at: AdfNode, path: string, parent: string) => {
    if (at.type === 'text') lintText(at, path, parent, say);
    if (at.type === 'heading' && !Number.isInteger(at.attrs?.level)) say(`${path}/attrs/level`, 'level must be whole');
    if (at.type === 'date' && !/^-?\d+$/.test(String(at.attrs?.timestamp)))
      say(`${path}/attrs/timestamp`, 'a date is epoch milliseconds as text');
    if (at.type.endsWith('Card') && at.attrs?.url !== undefined && safeHref(String(at.attrs.url)) === undefined)
      say(`${path}/attrs/url`, 'a card needs an http, https or mailto address');
    if (at.type === 'table') lintTable(at, path, say);
    at.content?.forEach((child, i) => {
      visit(child, `${path}/content/${i}`, at.type);
    });
  };
  document.content.forEach((child, i) => {
    visit(child, `/content/${i}`, 'doc');
  });
  return found;
};

type Say = (path: string, problem: string) => void;

const lintText = (at: AdfNode, path: string, parent: string, say: Say) => {
  const controls = parent === 'codeBlock' ? /[^\P{Cc}\n\t]/u : /\p{Cc}/u;
  if (controls.test(at.text ?? '')) say(`${path}/text`, 'text holds a line break or another control character');
  const names = (at.marks ?? []).map((mark) => mark.type);
  if (new Set(names).size !== names.length) say(`${path}/marks`, 'a mark occurs twice');
  at.marks?.forEach((mark, i) => {
    if (mark.type === 'link' && safeHref(String(mark.attrs?.href)) === undefined)
      say(`${path}/marks/${i}/attrs/href`, 'a link needs an http, https or mailto address');
  });
};

const lintTable = (at: AdfNode, path: string, say: Say) => {
  const widths = (at.content ?? []).map((row) =>
    (row.content ?? []).reduce((sum, of) => sum + Number(of.attrs?.colspan ?? 1), 0),
  );
  widths.forEach((width, i) => {
    if (width === 0) say(`${path}/content/${i}`, 'a row without cells');
  });
  const spans = (at.content ?? []).some((row) => row.content?.some((of) => Number(of.attrs?.rowspan ?? 1) > 1));
  if (!spans && new Set(widths).size > 1) say(path, 'rows differ in their number of cells');
};
