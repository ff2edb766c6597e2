/** TicketDoc as GitHub-flavoured Markdown. Text is data: no character of it can open a mark, a mention, a link or a comment. */

import { manyLines, oneLine } from '../../domain/text.js';
import type { Block, Inline, TicketDoc } from './document.js';
import { safeHref } from './document.js';

/**
 * Escapes everything that CommonMark or GitHub reads as more than text. Mentions, issue references and bare addresses
 * are recognised after escapes were removed, so a zero-width space parts their first character from the rest.
 */
export const escapeMarkdown = (text: string): string =>
  oneLine(text, Number.MAX_SAFE_INTEGER)
    .replace(/[\\`*_{}[\]<>|~!&$^]/g, '\\$&')
    .replace(/[@#](?=\S)/g, '$&\u200b')
    .replace(/:\/\//g, ':\u200b//')
    .replace(/\b(www)\./gi, '$1\u200b.')
    .replace(/\b(GH)-(?=\d)/gi, '$1\u200b-')
    .replace(/^([-+=#])/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');

const codeSpan = (text: string): string => {
  const clean = oneLine(text, Number.MAX_SAFE_INTEGER).replaceAll('|', '¦');
  const fence = '`'.repeat(1 + Math.max(0, ...[...clean.matchAll(/`+/g)].map((run) => run[0].length)));
  const pad = clean.startsWith('`') || clean.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${clean}${pad}${fence}`;
};

const inline = (part: Inline): string => {
  if (part.text.trim() === '') return part.text === '' ? '' : ' ';
  const [, before = '', core = '', after = ''] = /^(\s*)([\s\S]*?)(\s*)$/.exec(part.text) ?? [];
  const text = part.mark === 'code' ? codeSpan(core) : escapeMarkdown(core);
  const marked = part.mark === 'strong' ? `**${text}**` : part.mark === 'em' ? `_${text}_` : text;
  const href = safeHref(part.href);
  const linked = href === undefined ? marked : `[${marked}](<${href.replace(/[<>]/g, encodeURIComponent)}>)`;
  return `${before && ' '}${linked}${after && ' '}`;
};

const line = (content: readonly Inline[]): string => content.map(inline).join('').trim();

const block = (of: Block): string => {
  switch (of.type) {
    case 'heading':
      return `${'#'.repeat(of.level)} ${escapeMarkdown(of.text)}`;
    case 'paragraph':
      return line(of.content);
    case 'list':
      return of.items.map((item, i) => `${of.ordered ? `${i + 1}.` : '-'} ${line(item)}`).join('\n');
    case 'table':
      return [
        `| ${of.head.map(escapeMarkdown).join(' | ')} |`,
        `|${of.head.map(() => ' --- |').join('')}`,
        ...of.rows.map((row) => `| ${of.head.map((_, i) => line(row[i] ?? [])).join(' | ')} |`),
      ].join('\n');
    case 'code': {
      const text = manyLines(of.text);
      const fence = '`'.repeat(Math.max(3, 1 + Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length))));
      return `${fence}${of.language}\n${text}\n${fence}`;
    }
    case 'rule':
      return '---';
  }
};

/** Ends with a line break. */
export const toMarkdown = (document: TicketDoc): string => `${document.map(block).join('\n\n')}\n`;
