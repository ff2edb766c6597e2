/** A report for people who read no terminal: one content, as a page that stands by itself or as Markdown. */
import { resolve } from 'node:path';
import { write } from './output-file.js';

export interface Table {
  /** absent: a table of two columns that needs none */
  readonly head?: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The column from which on cells are numbers, counted from 0. */
  readonly numbersFrom: number;
}

export interface Sheet {
  readonly title: string;
  /** the finding */
  readonly lead: string;
  readonly paragraphs: readonly string[];
  readonly parts: readonly { readonly heading: string; readonly text?: string; readonly table?: Table }[];
  /** what a reader must know beside it */
  readonly notes: readonly string[];
}

const html = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!);

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#14201d}
h1{font-size:1.5rem}h2{font-size:1.05rem;margin-top:1.6rem}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.35rem .7rem .35rem 0;border-bottom:1px solid #dde4e1}td.num,th.num{text-align:right}
.lead{font-size:1.15rem}small,.note{color:#55645f}`;

const tableHtml = ({ head, rows, numbersFrom }: Table): string => {
  const kind = (i: number) => (i >= numbersFrom ? ' class="num"' : '');
  const top = head?.map((cell, i) => `<th scope="col"${kind(i)}>${html(cell)}</th>`).join('');
  const body = rows.map(
    (cells) =>
      `<tr>${cells.map((cell, i) => (i === 0 ? `<th scope="row">${html(cell)}</th>` : `<td${kind(i)}>${html(cell)}</td>`)).join('')}</tr>`,
  );
  return `<table>${top === undefined ? '' : `<thead><tr>${top}</tr></thead>`}<tbody>${body.join('')}</tbody></table>`;
};

/** One page that stands by itself: no script, nothing from elsewhere. */
export const asHtml = ({ title, lead, paragraphs, parts, notes }: Sheet): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>CACO: ${html(title)}</title><style>${STYLE}</style></head><body>
<h1>${html(title)}</h1>
<p class="lead">${html(lead)}</p>
${paragraphs.map((text) => `<p>${html(text)}</p>`).join('\n')}
${parts
  .map(
    ({ heading, text, table }) =>
      `<h2>${html(heading)}</h2>${text === undefined ? '' : `<p>${html(text)}</p>`}${table === undefined ? '' : tableHtml(table)}`,
  )
  .join('\n')}
${notes.map((text) => `<p class="note">${html(text)}</p>`).join('\n')}
</body></html>
`;

/** What a name says stays text: no character of it makes markup. */
const md = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>#|~!&]/g, (c) => `\\${c}`);

const tableMd = ({ head, rows, numbersFrom }: Table): string => {
  const columns = head ?? (rows[0] ?? []).map(() => '');
  const line = (cells: readonly string[]) => `| ${cells.map(md).join(' | ')} |`;
  return [
    line(columns),
    `|${columns.map((_, i) => (i >= numbersFrom ? '---:|' : '---|')).join('')}`,
    ...rows.map(line),
  ].join('\n');
};

export const asMarkdown = ({ title, lead, paragraphs, parts, notes }: Sheet): string =>
  `${[
    `# ${md(title)}`,
    `**${md(lead)}**`,
    ...paragraphs.map(md),
    ...parts.flatMap(({ heading, text, table }) => [
      `## ${md(heading)}`,
      ...(text === undefined ? [] : [md(text)]),
      ...(table === undefined || table.rows.length === 0 ? [] : [tableMd(table)]),
    ]),
    ...notes.map((text) => `*${md(text)}*`),
  ].join('\n\n')}\n`;

/** Writes it where `--html` and `--markdown` say; answers the files. */
export const writeSheet = (sheet: Sheet, options: Record<string, unknown>): string[] => {
  const files: string[] = [];
  for (const [option, as] of [
    ['html', asHtml],
    ['markdown', asMarkdown],
  ] as const) {
    if (options[option] === undefined) continue;
    const file = resolve(String(options[option]));
    write(file, as(sheet));
    files.push(file);
  }
  return files;
};
