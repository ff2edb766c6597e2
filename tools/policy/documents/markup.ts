/** What a text sets aside by its own marks: comments, what is struck out, and notes with their marks. Positions stay as they are. */
import { HIDDEN, MARK, NOTE, STRUCK } from './content.js';
import { meaningOf } from './marks.js';
import type { Mark } from './transcript.js';

export interface Span {
  readonly from: number;
  readonly to: number;
  /** null: only a mark of the markup, no words */
  readonly why: string | null;
}

export interface Markup {
  /** in order, none within another */
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
}

const COMMENTED = /<!--[\s\S]*?(?:-->|$)/g;
const CROSSED = /~~(?=\S)(?:(?!\n\s*\n)[\s\S])*?\S~~|<(del|s|strike)\b[^>]*>[\s\S]*?<\/\1\s*>/gi;
const TAG =
  /<\/?(?:b|i|u|em|strong|ins|mark|span|br|p|div|small|code|kbd|font|center|sup|sub|a|abbr|q|details|summary)\b[^<>]*>/gi;
const CODE = /^(```|~~~)[\s\S]*?(?:^\1|$(?![\s\S]))/gm;

/** A note's text: its mark at the beginning of a line, up to an empty line or the next note. */
const DEFINED =
  /^[ >]{0,4}(?:\[\^([^\]\s]{1,40})\]:|\[(\d{1,3}|[*†‡§]+)\][:.]?|([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}|[†‡§])(?=\s*\p{L})|<sup>\s*(\d{1,3})\s*<\/sup>)[^\S\n]*(\S[^\n]*(?:\n(?![ >]{0,4}(?:\[\^?[^\]\s]+\]|[⁰¹²³⁴⁵⁶⁷⁸⁹†‡§]|<sup>))[^\S\n]*\S[^\n]*)*)/gmu;
const REFERRED =
  /\[\^([^\]\s]{1,40})\](?!:)|(?<=\S[^\S\n]?)\[(\d{1,3}|[*†‡§]+)\](?![(:\]])|(?<=\S)([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}(?:[,⁾]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})*|[†‡]+)|<sup>\s*([^<]{1,12})\s*<\/sup>/gu;

const PLAIN = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const idOf = (mark: string): string =>
  [...mark].map((c) => (PLAIN.includes(c) ? String(PLAIN.indexOf(c)) : c)).join('');

/** Never throws. */
export const markupOf = (text: string): Markup => {
  const spans: Span[] = [];
  const taken = (from: number, to: number) => spans.some((span) => span.from < to && from < span.to);
  const add = (from: number, to: number, why: string | null) => {
    if (!taken(from, to)) spans.push({ from, to, why });
  };
  if (!/[<~[†‡§⁰¹²³⁴⁵⁶⁷⁸⁹]/u.test(text)) return { spans, marks: [] };
  const fences = [...text.matchAll(CODE)].map((m) => [m.index, m.index + m[0].length] as const);
  const isCode = (at: number) => fences.some(([from, to]) => from <= at && at < to);
  for (const m of text.matchAll(COMMENTED)) if (!isCode(m.index)) add(m.index, m.index + m[0].length, HIDDEN);
  for (const m of text.matchAll(CROSSED)) if (!isCode(m.index)) add(m.index, m.index + m[0].length, STRUCK);

  const definitions = [...text.matchAll(DEFINED)].filter((m) => !taken(m.index, m.index + 1) && !isCode(m.index));
  const references = [...text.matchAll(REFERRED)].filter(
    (m) => !taken(m.index, m.index + 1) && !isCode(m.index) && !isDefinition(m, definitions),
  );
  const used = new Set(references.map((m) => idOf((m[1] ?? m[2] ?? m[3] ?? m[4])!.trim())));
  const notes = new Map<string, string>();
  for (const m of definitions) {
    const id = idOf((m[1] ?? m[2] ?? m[3] ?? m[4])!);
    // Numbers in brackets that nothing refers to count clauses.
    if (m[1] === undefined && !used.has(id)) continue;
    notes.set(id, m[5]!.trim());
    add(m.index, m.index + m[0].length, NOTE);
  }
  const marks: Mark[] = [];
  /** Where the words end that the mark stands behind, be it behind other marks. */
  const behind = (from: number): number => {
    let at = from;
    for (let before = -1; before !== at; ) {
      before = at;
      while (at > 0 && /[^\S\n]/.test(text[at - 1]!)) at--;
      at = spans.find((span) => span.why === MARK && span.to === at)?.from ?? at;
    }
    return at;
  };
  for (const m of references) {
    const [from, to] = [m.index, m.index + m[0].length];
    if (taken(from, to)) continue;
    const written = (m[1] ?? m[2] ?? m[3] ?? m[4])!.trim();
    const isBracket = m[3] === undefined && m[4] === undefined;
    const meaning = isBracket
      ? ({ kind: 'mark' } as const)
      : meaningOf(idOf(written), text.slice(Math.max(0, from - 12), from));
    if (meaning.kind === 'unsure') marks.push({ at: from, kind: 'doubt', question: meaning.question });
    if (meaning.kind !== 'mark') continue;
    for (const id of idOf(written).split(/[,;\s]+/)) {
      const note = notes.get(id);
      if (note !== undefined) marks.push({ at: behind(from), kind: 'note', quote: note });
    }
    add(from, to, MARK);
  }
  for (const m of text.matchAll(TAG)) if (!isCode(m.index)) add(m.index, m.index + m[0].length, null);
  return { spans: spans.sort((a, b) => a.from - b.from), marks: marks.sort((a, b) => a.at - b.at) };
};

/** The mark at the beginning of a note points at none. */
const isDefinition = (m: RegExpExecArray | RegExpMatchArray, definitions: readonly RegExpMatchArray[]): boolean =>
  definitions.some((d) => m.index! >= d.index! && m.index! < d.index! + d[0].length - d[5]!.length);
