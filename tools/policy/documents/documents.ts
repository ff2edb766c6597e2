/**
 * A policy file as text with marks, before any sentence is read: what is in force is the text, everything else of the file is
 * set aside with its reason. Nothing in a file is ever executed.
 */
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Fault, invalid, notFound } from '../../../domain/fault.js';
import type { Block } from './content.js';
import { kindOf } from './kinds.js';
import { type PolicyDocument, Transcript, transcribe } from './transcript.js';

export { DELETED, HIDDEN, MOVED, STRUCK } from './content.js';
export { type Markup, markupOf } from './markup.js';
export type { Aside, Mark, Page, PolicyDocument } from './transcript.js';

export const MAX_CHARACTERS = 2_000_000;
const MAX_BYTES = 30_000_000;

/** Throws Fault: `not-found`, `invalid-input` for an empty, too large or broken file, `unsupported` for a format that is not read or a scan without text. */
export const readDocument = async (path: string): Promise<PolicyDocument> => {
  const document = await contentOf(await load(path), path);
  const { text } = document;
  if (text.trim() === '')
    throw document.asides.length > 0
      ? invalid(
          `nothing in ${path} is in force: all of it is struck out, hidden, or beside the text`,
          'Give the text as it shall hold.',
        )
      : invalid(`${path} holds no text`, 'Give a file with the policy’s text in it.');
  if (text.length > MAX_CHARACTERS)
    throw invalid(`${path} holds more than ${MAX_CHARACTERS} characters`, 'Give the part that holds the policy.');
  return document;
};

/** Text that was pasted, as it is read: what has no width is taken out of the words. */
export const pastedDocument = (text: string): PolicyDocument => {
  const transcript = new Transcript();
  transcript.plain(text);
  return transcript.document();
};

const load = async (path: string): Promise<Buffer> => {
  try {
    const facts = await stat(path);
    if (!facts.isFile())
      throw invalid(`${path} is not a file`, 'Name a file: text, Markdown, HTML, PDF, DOCX, ODT or RTF.');
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

const contentOf = async (bytes: Buffer, path: string): Promise<PolicyDocument> => {
  const kind = kindOf(bytes, extname(path).toLowerCase(), path);
  try {
    switch (kind.name) {
      case 'pdf':
        return await (await import('./pdf.js')).pdfDocument(bytes);
      case 'docx':
        return transcribe((await import('./docx.js')).docxBlocks(kind.archive));
      case 'odt':
        return transcribe((await import('./odf.js')).odtBlocks(kind.archive));
      case 'fodt':
        return transcribe((await import('./odf.js')).fodtBlocks(kind.text));
      case 'rtf':
        return transcribe((await import('./rtf.js')).rtfBlocks(bytes));
      case 'html':
        return transcribe(await htmlOf(kind.text));
      case 'text':
        return pastedDocument(kind.text);
    }
  } catch (cause) {
    throw faultOf(cause, kind.name.toUpperCase(), path);
  }
};

const htmlOf = async (text: string): Promise<Block[]> => (await import('./html.js')).htmlBlocks(text);

/** What went wrong within a file, in words for whoever gave it. */
const faultOf = (cause: unknown, kind: string, path: string): Fault => {
  if (cause instanceof Fault) return cause;
  const { message, kind: how } = cause as Error & { kind?: string };
  if (how === 'encrypted')
    return new Fault('invalid-input', `${path} is locked with a password`, 'Save a copy without the password.', {
      cause,
    });
  if (how === 'scan')
    return new Fault(
      'unsupported',
      `${path} holds pictures and no text`,
      'Run text recognition over it, or give its text.',
      { cause },
    );
  if (how === 'form')
    return new Fault(
      'unsupported',
      `${path} is an XFA form, whose words do not stand on its pages`,
      'Print it into a PDF with the program that shows it, or give its text.',
      { cause },
    );
  if (how === 'too-large')
    return new Fault(
      'invalid-input',
      `${path} is refused: ${message}`,
      'Give the part that holds the policy, or its text.',
      { cause },
    );
  return new Fault(
    'invalid-input',
    `${path} is a broken ${kind} file: ${message}`,
    'Export it again, or give its text.',
    { cause },
  );
};
