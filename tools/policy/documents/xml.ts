/** XML as a tree of elements and text: enough for the files of office programs. No document type is obeyed, so no entity grows. */

export interface Element {
  /** with its prefix, as written: w:p */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
}
export type Node = Element | string;

const MOST_NODES = 3_000_000;
const DEEPEST = 500;

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const characterOf = (code: number): string =>
  code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : '\ufffd';

/** Character references as the characters they mean; `named` adds names to the five of XML. */
export const unescaped = (text: string, named: Readonly<Record<string, string>> = NAMED): string =>
  text.includes('&')
    ? text.replace(
        /&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w{1,32}));?/gi,
        (whole, hex?: string, decimal?: string, name?: string) => {
          if (hex !== undefined) return characterOf(Number.parseInt(hex, 16));
          if (decimal !== undefined) return characterOf(Number(decimal));
          return named[name!] ?? named[name!.toLowerCase()] ?? whole;
        },
      )
    : text;

const ATTRIBUTE = /([^\s=/<>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<!DOCTYPE(?:[^[>]|\[[\s\S]*?\])*>|<\/([^\s>]+)\s*>|<([^\s/>!?]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>|[^<]+/gy;

/** Throws Error where the text is not well formed, or larger than any document. */
export const parseXml = (source: string): Element => {
  interface Open {
    name: string;
    attributes: Record<string, string>;
    children: Node[];
  }
  const root: Open = { name: '', attributes: {}, children: [] };
  const open: Open[] = [root];
  let nodes = 0;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(source);
    if (token === null) throw new Error(`its XML is broken at character ${at}`);
    if (++nodes > MOST_NODES) throw new Error('it has too many elements');
    const [whole, data, closed, opened, attributes, single] = token;
    const top = open.at(-1)!;
    if (data !== undefined) top.children.push(data);
    else if (closed !== undefined) {
      if (open.length < 2 || top.name !== closed) throw new Error(`its XML is broken: </${closed}> closes nothing`);
      open.pop();
    } else if (opened !== undefined) {
      const element: Open = { name: opened, attributes: {}, children: [] };
      for (const [, key, double, singleQuoted] of attributes!.matchAll(ATTRIBUTE))
        element.attributes[key!] = unescaped(double ?? singleQuoted ?? '');
      top.children.push(element);
      if (single === '') open.push(element);
      if (open.length > DEEPEST) throw new Error('its elements are nested too deeply');
    } else if (!whole.startsWith('<')) top.children.push(unescaped(whole));
  }
  const first = root.children.find((node): node is Element => typeof node !== 'string');
  if (open.length > 1 || first === undefined) throw new Error('its XML was cut short');
  return first;
};

export const childrenOf = (element: Element | undefined, name?: string): Element[] =>
  (element?.children ?? []).filter(
    (node): node is Element => typeof node !== 'string' && (name === undefined || node.name === name),
  );

export const childOf = (element: Element | undefined, name: string): Element | undefined =>
  element?.children.find((node): node is Element => typeof node !== 'string' && node.name === name);

/** Every element of that name beneath, in order of the text. */
export const allOf = (element: Element, name: string): Element[] =>
  childrenOf(element).flatMap((child) => (child.name === name ? [child, ...allOf(child, name)] : allOf(child, name)));

export const textOf = (node: Node): string => (typeof node === 'string' ? node : node.children.map(textOf).join(''));
