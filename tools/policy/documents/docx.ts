/**
 * A Word document (ECMA-376) as blocks, read from its XML: what is in force is what a reader of the page sees once all
 * tracked changes are accepted; everything else of it is set aside with its reason.
 */
import { type Block, COMMENT, HEADER, NOTE, plainOf } from './content.js';
import { DocxBody, type Parts } from './docx-body.js';
import { numbererOf } from './docx-numbering.js';
import { stylesOf } from './docx-styles.js';
import { allOf, childrenOf, type Element, parseXml } from './xml.js';
import type { Archive } from './zip.js';

/** Throws Error or ZipError, with the reason, for an archive that is damaged or holds no such document. */
export const docxBlocks = (archive: Archive): Block[] => {
  const main = mainPart(archive);
  const folder = main.slice(0, main.lastIndexOf('/') + 1);
  const part = (name: string): Element | undefined => {
    const bytes = archive.read(name);
    return bytes === undefined ? undefined : parseXml(decoded(bytes));
  };
  const document = part(main);
  const body = document && childrenOf(document, 'w:body')[0];
  if (body === undefined) throw new Error('it holds no text part (word/document.xml)');
  const parts: Parts = {
    styles: stylesOf(part(`${folder}styles.xml`)),
    number: numbererOf(part(`${folder}numbering.xml`)),
    notes: new Map([
      ...notesOf(part(`${folder}footnotes.xml`), 'w:footnote'),
      ...notesOf(part(`${folder}endnotes.xml`), 'w:endnote'),
    ]),
    comments: notesOf(part(`${folder}comments.xml`), 'w:comment'),
  };
  const reader = new DocxBody(parts);
  const blocks = [...reader.read(body)];
  for (const [key, text] of parts.notes)
    if (!reader.used.has(key)) blocks.push({ kind: 'aside', text, why: `${NOTE}; no mark points at it` });
  for (const [key, text] of parts.comments)
    if (!reader.used.has(key)) blocks.push({ kind: 'aside', text, why: COMMENT });
  return [...furniture(archive, folder, parts), ...blocks];
};

const decoded = (bytes: Buffer): string =>
  bytes[0] === 0xff && bytes[1] === 0xfe
    ? bytes.subarray(2).toString('utf16le')
    : bytes.toString('utf8').replace(/^\ufeff/, '');

const mainPart = (archive: Archive): string => {
  const rels = archive.read('_rels/.rels');
  if (rels !== undefined)
    for (const rel of allOf(parseXml(decoded(rels)), 'Relationship'))
      if (/\/officeDocument$/.test(rel.attributes.Type ?? '') && rel.attributes.Target !== undefined)
        return rel.attributes.Target.replace(/^\//, '');
  return 'word/document.xml';
};

/** Texts by `NAME ID`, for example "w:footnote 3". The lines that part notes from the page are none. */
const notesOf = (part: Element | undefined, name: string): Map<string, string> =>
  new Map(
    (part === undefined ? [] : allOf(part, name))
      .filter((note) => !/separator|continuation/i.test(note.attributes['w:type'] ?? ''))
      .map((note) => [
        `${name} ${note.attributes['w:id'] ?? ''}`,
        allOf(note, 'w:p')
          .map((p) =>
            allOf(p, 'w:t')
              .map((t) => t.children.join(''))
              .join(''),
          )
          .join('\n')
          .trim(),
      ]),
  );

/** Headers and footers, each text once, before the pages on which they stand. */
const furniture = (archive: Archive, folder: string, parts: Parts): Block[] => {
  const texts = new Set<string>();
  for (const name of archive.names.filter((n) => n.startsWith(folder) && /(?:header|footer)\d*\.xml$/.test(n)).sort()) {
    const bytes = archive.read(name)!;
    for (const block of new DocxBody({ ...parts, number: () => null }).read(parseXml(decoded(bytes)))) {
      const text =
        block.kind === 'row'
          ? block.cells.map(plainOf).join(' | ')
          : block.kind === 'aside'
            ? block.text
            : plainOf(block.pieces);
      if (text.trim() !== '') texts.add(text.trim());
    }
  }
  return [...texts].map((text) => ({ kind: 'aside', text, why: HEADER }));
};
