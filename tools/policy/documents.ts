/** The text of a policy file: plain text and Markdown as they are, PDF by pages, DOCX as Markdown. Nothing in a file is ever executed. */
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Fault, invalid, notFound } from '../../domain/fault.js';

export const MAX_CHARACTERS = 2_000_000;
const MAX_BYTES = 30_000_000;

export interface Page {
  readonly number: number;
  /** position of its first character in the text */
  readonly from: number;
}

export interface PolicyDocument {
  readonly text: string;
  /** empty for formats without pages */
  readonly pages: readonly Page[];
}

/** Throws Fault: `not-found`, `invalid-input` for an empty, too large or broken file, `unsupported` for a format that is not read or a scan without text. */
export const readDocument = async (path: string): Promise<PolicyDocument> => {
  const bytes = await load(path);
  const head = bytes.subarray(0, 5).toString('latin1');
  if (head.startsWith('%PDF-')) return fromPdf(bytes, path);
  if (head.startsWith('PK')) return fromDocx(bytes, path);
  const extension = extname(path).toLowerCase();
  if (extension === '.pdf' || extension === '.docx')
    throw invalid(`${path} is not a ${extension.slice(1).toUpperCase()} file`, 'Export it again, or give its text.');
  return { text: fromText(bytes, path), pages: [] };
};

const load = async (path: string): Promise<Buffer> => {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) throw invalid(`${path} is not a file`, 'Name a text, Markdown, PDF or DOCX file.');
    if (facts.size > MAX_BYTES) throw invalid(`${path} is larger than 30 MB`, 'Give the part that holds the policy.');
    return await readFile(path);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw notFound(`there is no file ${path}`, 'Check the path.');
    throw new Fault(
      'unavailable',
      `${path} cannot be read (${code ?? (error as Error).message})`,
      'Check its permissions.',
      {
        cause: error,
      },
    );
  }
};

const fromText = (bytes: Buffer, path: string): string => {
  let text: string;
  if (bytes[0] === 0xff && bytes[1] === 0xfe) text = bytes.subarray(2).toString('utf16le');
  else {
    if (bytes.includes(0)) throw new Fault('unsupported', `${path} is not a text`, 'Give text, Markdown, PDF or DOCX.');
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      text = new TextDecoder('windows-1252').decode(bytes);
    }
  }
  return checked(text.replace(/\r\n?/g, '\n'), path);
};

const checked = (text: string, path: string): string => {
  if (text.trim() === '') throw invalid(`${path} holds no text`, 'Give a file with the policy’s text in it.');
  if (text.length > MAX_CHARACTERS)
    throw invalid(`${path} holds more than ${MAX_CHARACTERS} characters`, 'Give the part that holds the policy.');
  return text;
};

const fromPdf = async (bytes: Buffer, path: string): Promise<PolicyDocument> => {
  const { extractText, getDocumentProxy } = await import('unpdf');
  let parts: string[];
  try {
    const pdf = await getDocumentProxy(new Uint8Array(bytes), { isEvalSupported: false, verbosity: 0 });
    parts = (await extractText(pdf, { mergePages: false })).text;
  } catch (cause) {
    const locked = (cause as Error).name === 'PasswordException';
    throw new Fault(
      'invalid-input',
      locked ? `${path} is locked with a password` : `${path} is a broken PDF: ${(cause as Error).message}`,
      locked ? 'Save a copy without the password.' : 'Export it again, or give its text.',
      { cause },
    );
  }
  if (parts.every((part) => part.trim() === ''))
    throw new Fault(
      'unsupported',
      `${path} holds pictures and no text`,
      'Run text recognition over it, or give its text.',
    );
  const pages: Page[] = [];
  let text = '';
  for (const [i, part] of parts.entries()) {
    pages.push({ number: i + 1, from: text.length });
    // A sentence may go on over the page's end, so a page break is a line break and no paragraph.
    text += `${part.trim()}\n`;
  }
  return { text: checked(text, path), pages };
};

const fromDocx = async (bytes: Buffer, path: string): Promise<PolicyDocument> => {
  const { default: mammoth } = await import('mammoth');
  try {
    const { value } = await mammoth.convertToHtml({ buffer: bytes }, { includeDefaultStyleMap: true });
    return { text: checked(markdownOf(value), path), pages: [] };
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw invalid(`${path} is a broken DOCX file: ${(cause as Error).message}`, 'Export it again, or give its text.');
  }
};

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };
const plain = (html: string) =>
  html
    .replace(/<br\s*\/?>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name: string) =>
      name.startsWith('#')
        ? String.fromCodePoint(Number(name[1] === 'x' ? `0x${name.slice(2)}` : name.slice(1)))
        : (ENTITIES[name.toLowerCase()] ?? whole),
    )
    .trim();

/** The few tags that the converter writes: headings, paragraphs, lists, tables. */
const markdownOf = (html: string): string => {
  const out: string[] = [];
  let depth = 0;
  const tables = html.replace(/<table>[\s\S]*?<\/table>/g, (table) => {
    const rows = [...table.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map((row) =>
      [...row[1]!.matchAll(/<t[dh][^>]*>([\s\S]*?)<\/t[dh]>/g)].map((cell) => plain(cell[1]!).replace(/\s+/g, ' ')),
    );
    const lines = rows.map((cells) => `| ${cells.join(' | ')} |`);
    return `<pre>${lines.join('\n').replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre>`;
  });
  for (const match of tables.matchAll(
    /<(\/?)(h[1-6]|p|li|ul|ol|pre)\b[^>]*>([\s\S]*?)(?=<\/?(?:h[1-6]|p|li|ul|ol|pre)\b|$)/g,
  )) {
    const [, close, tag, inner] = match;
    if (tag === 'ul' || tag === 'ol') depth += close ? -1 : 1;
    if (close) continue;
    const text = plain(inner!);
    if (text === '') continue;
    if (/^h\d$/.test(tag!)) out.push(`${'#'.repeat(Number(tag![1]))} ${text}`);
    else if (tag === 'li') out.push(`${'  '.repeat(Math.max(0, depth - 1))}- ${text}`);
    else if (tag === 'p' || tag === 'pre') out.push(text);
  }
  return out
    .join('\n\n')
    .replace(/(^|\n)( *- [^\n]*)\n\n(?= *- )/g, '$1$2\n')
    .replace(/(\n *- [^\n]*)\n\n(?= *- )/g, '$1\n');
};
