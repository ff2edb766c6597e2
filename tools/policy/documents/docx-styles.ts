/** What Word's styles say of a run or a paragraph that matters to its meaning, and nothing of how it looks otherwise. */
import { allOf, childOf, type Element } from './xml.js';

export interface RunFormat {
  readonly struck?: boolean;
  readonly hidden?: boolean;
  readonly raised?: boolean;
}

export interface ParagraphFormat {
  /** 1 to 9; undefined: no heading */
  readonly level?: number;
  readonly numId?: string;
  readonly numLevel?: number;
}

export interface Styles {
  run(id: string | undefined): RunFormat;
  paragraph(id: string | undefined): ParagraphFormat;
}

const flag = (properties: Element | undefined, name: string): boolean | undefined => {
  const element = childOf(properties, name);
  return element === undefined ? undefined : !/^(?:0|false|off|none)$/.test(element.attributes['w:val'] ?? '1');
};

/** Only what is said here: what a style leaves open is left out. */
export const runFormat = (properties: Element | undefined): RunFormat => {
  const [single, double] = [flag(properties, 'w:strike'), flag(properties, 'w:dstrike')];
  const struck = single || double || (single === false || double === false ? false : undefined);
  const hidden = flag(properties, 'w:vanish');
  const align = childOf(properties, 'w:vertAlign')?.attributes['w:val'];
  const raise = Number(childOf(properties, 'w:position')?.attributes['w:val'] ?? 0);
  const raised = align === undefined ? (raise > 0 ? true : undefined) : align === 'superscript';
  return {
    ...(struck === undefined ? {} : { struck }),
    ...(hidden === undefined ? {} : { hidden }),
    ...(raised === undefined ? {} : { raised }),
  };
};

export const paragraphFormat = (properties: Element | undefined): ParagraphFormat => {
  const outline = childOf(properties, 'w:outlineLvl')?.attributes['w:val'];
  const numbers = childOf(properties, 'w:numPr');
  const numId = childOf(numbers, 'w:numId')?.attributes['w:val'];
  const level = childOf(numbers, 'w:ilvl')?.attributes['w:val'];
  return {
    ...(outline === undefined || Number(outline) > 8 ? {} : { level: Number(outline) + 1 }),
    ...(numId === undefined ? {} : { numId }),
    ...(level === undefined ? {} : { numLevel: Number(level) }),
  };
};

const HEADING = /^heading\s*(\d)$/i;

export const stylesOf = (styles: Element | undefined): Styles => {
  const known = new Map(
    (styles === undefined ? [] : allOf(styles, 'w:style')).map((style) => [style.attributes['w:styleId'] ?? '', style]),
  );
  const chain = (id: string | undefined): Element[] => {
    const found: Element[] = [];
    for (let at = id === undefined ? undefined : known.get(id); at !== undefined && found.length < 20; ) {
      found.unshift(at);
      const base = childOf(at, 'w:basedOn')?.attributes['w:val'];
      at = base === undefined ? undefined : known.get(base);
    }
    return found;
  };
  return {
    run: (id) => Object.assign({}, ...chain(id).map((style) => runFormat(childOf(style, 'w:rPr')))),
    paragraph: (id) => {
      const from = chain(id);
      const name = from.at(-1) && childOf(from.at(-1), 'w:name')?.attributes['w:val'];
      const heading = HEADING.exec(name ?? '') ?? HEADING.exec(id ?? '');
      const isTitle = /^(?:title|subtitle)$/i.test(name ?? id ?? '');
      return Object.assign(
        heading ? { level: Number(heading[1]) } : isTitle ? { level: 1 } : {},
        ...from.map((style) => paragraphFormat(childOf(style, 'w:pPr'))),
      );
    },
  };
};
