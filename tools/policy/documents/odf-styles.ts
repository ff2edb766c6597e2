/** What the styles of an OpenDocument text say that matters: struck out, hidden, raised; and the numbers before items and headings. */
import { written } from './list-numbers.js';
import { allOf, childOf, type Element } from './xml.js';

export interface OdfLook {
  readonly struck?: boolean;
  readonly hidden?: boolean;
  readonly raised?: boolean;
}
export type OdfStyles = (name: string | undefined, family: 'text' | 'paragraph') => OdfLook;

const lookOf = (style: Element): OdfLook => {
  const text = childOf(style, 'style:text-properties')?.attributes ?? {};
  const line = text['style:text-line-through-style'] ?? text['style:text-line-through-type'];
  const position = text['style:text-position'];
  return {
    ...(line === undefined ? {} : { struck: line !== 'none' }),
    ...(text['text:display'] === undefined
      ? {}
      : { hidden: text['text:display'] === 'none' || text['text:display'] === 'true' }),
    ...(position === undefined ? {} : { raised: /^(?:super|[1-9]\d*%)/.test(position) }),
  };
};

/** Names are looked up in all the files; those of the later one count first. */
export const stylesOf = (files: readonly Element[]): OdfStyles => {
  const known = new Map<string, Element>();
  for (const style of files.flatMap((file) => allOf(file, 'style:style')))
    known.set(`${style.attributes['style:family']} ${style.attributes['style:name']}`, style);
  return (name, family) => {
    let look: OdfLook = {};
    let at = known.get(`${family} ${name}`);
    for (let depth = 0; at !== undefined && depth < 20; depth++) {
      look = { ...lookOf(at), ...look };
      at = known.get(`${family} ${at.attributes['style:parent-style-name']}`);
    }
    return look;
  };
};

interface Level {
  readonly isBullet: boolean;
  readonly format: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly shown: number;
  readonly start: number;
}

export interface Labels {
  restart(style: string | undefined): void;
  /** '' for a bullet, null for nothing; `start` sets the count */
  item(style: string | undefined, depth: number, start: number | undefined): string | null;
  heading(level: number): string;
}

const FORMATS: Readonly<Record<string, string>> = {
  '1': 'decimal',
  a: 'lowerLetter',
  A: 'upperLetter',
  i: 'lowerRoman',
  I: 'upperRoman',
};

const levelsOf = (style: Element, name: RegExp): Map<number, Level> =>
  new Map(
    style.children.flatMap((child) => {
      if (typeof child === 'string' || !name.test(child.name)) return [];
      const { attributes } = child;
      const format = attributes['style:num-format'] ?? '';
      const level: Level = {
        isBullet: !child.name.endsWith('number') && !child.name.startsWith('text:outline'),
        format,
        prefix: attributes['style:num-prefix'] ?? '',
        suffix: attributes['style:num-suffix'] ?? '',
        shown: Number(attributes['text:display-levels'] ?? 1),
        start: Number(attributes['text:start-value'] ?? 1),
      };
      return [[Number(attributes['text:level'] ?? 1) - 1, level] as const];
    }),
  );

export const labelsOf = (files: readonly Element[]): Labels => {
  const lists = new Map<string, Map<number, Level>>();
  for (const style of files.flatMap((file) => allOf(file, 'text:list-style')))
    lists.set(style.attributes['style:name'] ?? '', levelsOf(style, /^text:list-level-style-/));
  const outline = files.flatMap((file) => allOf(file, 'text:outline-style')).at(-1);
  if (outline !== undefined) lists.set(' outline', levelsOf(outline, /^text:outline-level-style$/));
  const counts = new Map<string, (number | undefined)[]>();
  const count = (style: string, depth: number, start: number | undefined): string | null => {
    const levels = lists.get(style);
    const here = levels?.get(depth);
    const at = counts.get(style) ?? [];
    counts.set(style, at);
    at[depth] = start ?? (at[depth] ?? (here?.start ?? 1) - 1) + 1;
    at.length = depth + 1;
    if (here === undefined || here.isBullet) return '';
    if (here.format === '') return null;
    const shown: string[] = [];
    for (let level = Math.max(0, depth - here.shown + 1); level <= depth; level++)
      shown.push(written(at[level] ?? 1, FORMATS[levels!.get(level)?.format ?? '1'] ?? 'decimal'));
    return `${here.prefix}${shown.join('.')}${here.suffix}`.trim();
  };
  return {
    restart: (style) => counts.delete(style ?? ''),
    item: (style, depth, start) => count(style ?? '', depth, start),
    heading: (level) => (lists.has(' outline') ? (count(' outline', level - 1, undefined) ?? '') : ''),
  };
};
