/** Which format a file has, by its first bytes and not by its name; formats that are not read are refused by name. */
import { Fault, invalid } from '../../../domain/fault.js';
import { type Archive, openZip, ZipError } from './zip.js';

export type Kind =
  | { readonly name: 'pdf' | 'rtf' }
  | { readonly name: 'docx' | 'odt'; readonly archive: Archive }
  | { readonly name: 'fodt' | 'html' | 'text'; readonly text: string };

const READ = 'text, Markdown, HTML, PDF, DOCX, ODT or RTF';
const unread = (path: string, what: string, remedy = `Save it as ${READ}.`) =>
  new Fault('unsupported', `${path} is ${what}, which is not read`, remedy);

/** Beginnings of files that people may take for texts. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG|^\xff\xd8\xff|^GIF8|^II\*\0|^MM\0\*|^BM.{4}\0\0\0\0|^RIFF.{4}WEBP/s, 'a picture'],
  [/^[^ -~]\x8b|^7z\xbc\xaf|^Rar!|^BZh|^\xfd7zXZ/s, 'a packed archive'],
  [/^\x7fELF|^MZ.{58}/s, 'a program'],
  [/^%!PS/, 'a PostScript file'],
  [/^SQLite format 3/, 'a database'],
  [/^\{\\urtf|^\.{0,3}From |^MIME-Version:/, 'a mail or a web archive'],
];

/** Throws Fault `unsupported` or `invalid-input`. */
export const kindOf = (bytes: Buffer, extension: string, path: string): Kind => {
  const head = bytes.subarray(0, 1024).toString('latin1');
  // Some programs write a few bytes before the mark of a PDF, and readers take it all the same.
  if (/^[\s\S]{0,1000}?%PDF-\d/.test(head) && (extension === '.pdf' || head.startsWith('%PDF-')))
    return { name: 'pdf' };
  if (/^\s*\{\\rtf/.test(head)) return { name: 'rtf' };
  if (head.startsWith('PK')) return packed(bytes, path);
  if (head.startsWith('\xd0\xcf\x11\xe0')) return ole(bytes, path);
  for (const [mark, what] of BEGINNINGS) if (mark.test(head)) throw unread(path, what, `Give its words as ${READ}.`);
  const text = textOf(bytes, path);
  const start = text.slice(0, 4000).trimStart();
  if (/^(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)*<office:document\b/.test(start)) return { name: 'fodt', text };
  if (/^(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b/i.test(start))
    return { name: 'html', text };
  if (/^(?:\.html?|\.xhtml)$/.test(extension)) return { name: 'html', text };
  if (/^<\?xml\b/.test(start)) throw unread(path, xmlName(start), `Save it as ${READ}.`);
  const wanted = { '.pdf': 'PDF', '.docx': 'DOCX', '.odt': 'ODT', '.rtf': 'RTF', '.fodt': 'FODT' }[extension];
  if (wanted !== undefined) throw invalid(`${path} is not a ${wanted} file`, 'Export it again, or give its text.');
  return { name: 'text', text };
};

const xmlName = (start: string): string =>
  /<w:wordDocument|progid="Word\.Document"|pkg:package/.test(start) ? 'a Word document as one XML file' : 'an XML file';

const packed = (bytes: Buffer, path: string): Kind => {
  let archive: Archive;
  let type: string;
  try {
    archive = openZip(bytes);
    type = archive.read('mimetype')?.toString('latin1').trim() ?? '';
  } catch (cause) {
    const tooLarge = cause instanceof ZipError && cause.kind === 'too-large';
    throw invalid(
      `${path} is a ${tooLarge ? 'packed file that is refused' : 'broken packed file (DOCX, ODT)'}: ${(cause as Error).message}`,
      tooLarge ? 'Give the part that holds the policy, or its text.' : 'Export it again, or give its text.',
    );
  }
  const has = (pattern: RegExp) => archive.names.some((name) => pattern.test(name));
  if (/^application\/vnd\.oasis\.opendocument\.text/.test(type)) return { name: 'odt', archive };
  if (/^application\/vnd\.oasis\.opendocument/.test(type)) throw unread(path, 'an OpenDocument file, but no text');
  if (/epub/.test(type)) throw unread(path, 'an e-book (EPUB)');
  if (has(/^xl\//))
    throw unread(path, 'a sheet (XLSX)', 'Save the sheet as text or CSV, or copy its table into a document.');
  if (has(/^ppt\//)) throw unread(path, 'a presentation (PPTX)');
  if (has(/^Index\/.*\.iwa$|^Index\.zip$/)) throw unread(path, 'a Pages document', 'Export it as DOCX or PDF.');
  if (has(/^word\//) || has(/^\[Content_Types\]\.xml$/)) return { name: 'docx', archive };
  if (has(/^content\.xml$/)) return { name: 'odt', archive };
  throw unread(path, 'a packed archive', 'Unpack it and give the file with the policy.');
};

/** Word before 2007, and what is locked with a password, come in the same wrapping. */
const ole = (bytes: Buffer, path: string): never => {
  if (bytes.includes(Buffer.from('EncryptedPackage', 'utf16le')))
    throw invalid(`${path} is locked with a password`, 'Save a copy without the password.');
  if (bytes.includes(Buffer.from('WordDocument', 'utf16le')))
    throw unread(path, 'a Word document of the old kind (DOC)', 'Save it as DOCX.');
  throw unread(path, 'an old office file');
};

/** Throws Fault `unsupported` where it is none. */
const textOf = (bytes: Buffer, path: string): string => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return lines(bytes.subarray(2).toString('utf16le'));
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return lines(new TextDecoder('utf-16be').decode(bytes.subarray(2)));
  if (bytes.includes(0)) throw new Fault('unsupported', `${path} is not a text`, `Give ${READ}.`);
  try {
    return lines(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    const declared = /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(bytes.subarray(0, 2000).toString('latin1'))?.[1];
    return lines(decoder(declared).decode(bytes));
  }
};

const decoder = (name: string | undefined) => {
  try {
    return new TextDecoder(name === undefined || /^utf-?8$/i.test(name) ? 'windows-1252' : name);
  } catch {
    return new TextDecoder('windows-1252');
  }
};

const lines = (text: string): string => text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
