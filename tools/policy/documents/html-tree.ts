/** HTML as a tree, as lenient as the files are, with what style sheets within it hide or strike out. */
import { unescaped } from './xml.js';

export interface HtmlElement {
  /** in lower case; `!--` is a comment */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (HtmlElement | string)[];
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  shy: '\u00ad',
  pound: '£',
  euro: '€',
  cent: '¢',
  yen: '¥',
  sect: '§',
  para: '¶',
  copy: '©',
  reg: '®',
  trade: '™',
  deg: '°',
  plusmn: '±',
  sup1: '¹',
  sup2: '²',
  sup3: '³',
  frac12: '½',
  frac14: '¼',
  frac34: '¾',
  times: '×',
  divide: '÷',
  minus: '−',
  le: '≤',
  ge: '≥',
  ne: '≠',
  asymp: '≈',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  bull: '•',
  middot: '·',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  sbquo: '‚',
  bdquo: '„',
  laquo: '«',
  raquo: '»',
  ensp: '\u2002',
  emsp: '\u2003',
  thinsp: '\u2009',
  zwnj: '\u200c',
  zwj: '\u200d',
  dagger: '†',
  Dagger: '‡',
  infin: '∞',
  rarr: '→',
  larr: '←',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
};

const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;
const RAW = /^(?:script|style|template|textarea|title)$/;
/** An element of the one kind ends an open one of these kinds. */
const ENDS: Readonly<Record<string, RegExp>> = {
  li: /^li$/,
  dt: /^d[dt]$/,
  dd: /^d[dt]$/,
  tr: /^t[rdh]$/,
  td: /^t[dh]$/,
  th: /^t[dh]$/,
  option: /^option$/,
  tbody: /^(?:thead|tbody|tfoot|t[rdh])$/,
  thead: /^(?:tbody|t[rdh])$/,
  tfoot: /^(?:thead|tbody|t[rdh])$/,
};
const ENDS_P =
  /^(?:address|article|aside|blockquote|div|dl|fieldset|footer|form|h[1-6]|header|hr|main|nav|ol|p|pre|section|table|ul)$/;
/** What an open element of a kind is not looked for beyond. */
const FENCE = /^(?:table|ul|ol|dl|td|th|body|html|select)$/;
const DEEPEST = 400;

const TOKEN =
  /<!--([\s\S]*?)(?:-->|$)|<[!?][^>]*>|<\/([a-z][^\s>/]*)[^>]*>|<([a-z][^\s>/]*)((?:[^>"']|"[^"]*"|'[^']*')*)>|[^<]+|</giy;
const ATTRIBUTE = /([^\s=/"'<>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

interface Open {
  name: string;
  attributes: Record<string, string>;
  children: (HtmlElement | string)[];
}

/** Never throws. */
export const parseHtml = (source: string): HtmlElement => {
  const root: Open = { name: 'html', attributes: {}, children: [] };
  const open: Open[] = [root];
  const close = (isIt: (name: string) => boolean, fence: RegExp) => {
    for (let at = open.length - 1; at > 0; at--) {
      if (isIt(open[at]!.name)) {
        open.length = at;
        return;
      }
      if (fence.test(open[at]!.name)) return;
    }
  };
  TOKEN.lastIndex = 0;
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(source);
    if (token === null) break;
    const [whole, comment, closed, opened, attributes] = token;
    const top = open.at(-1)!;
    if (comment !== undefined) top.children.push({ name: '!--', attributes: {}, children: [comment] });
    else if (closed !== undefined) close((name) => name === closed.toLowerCase(), /^(?:table|body)$/);
    else if (opened !== undefined) {
      const name = opened.toLowerCase();
      if (ENDS_P.test(name)) close((n) => n === 'p', /^(?:table|td|th|li|div|body|button)$/);
      const ends = ENDS[name];
      if (ends !== undefined) {
        close((n) => ends.test(n), FENCE);
        if (name === 'tr') close((n) => n === 'tr', /^table$/);
      }
      const element: Open = { name, attributes: attributesOf(attributes!), children: [] };
      open.at(-1)!.children.push(element);
      if (RAW.test(name)) {
        const end = new RegExp(`</${name}\\b`, 'gi');
        end.lastIndex = TOKEN.lastIndex;
        const found = end.exec(source);
        const to = found?.index ?? source.length;
        element.children.push(unescaped(source.slice(TOKEN.lastIndex, to), NAMED));
        TOKEN.lastIndex = to;
        open.push(element);
      } else if (!VOID.test(name) && !/\/\s*$/.test(attributes!) && open.length < DEEPEST) open.push(element);
    } else if (!/^<[!?]/.test(whole)) top.children.push(unescaped(whole, NAMED));
  }
  return root;
};

const attributesOf = (text: string): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const [, key, double, single, bare] of text.matchAll(ATTRIBUTE))
    found[key!.toLowerCase()] ??= unescaped(double ?? single ?? bare ?? '', NAMED);
  return found;
};

/** All words beneath, as written. */
export const wordsOf = (element: HtmlElement): string =>
  element.children
    .map((child) =>
      typeof child === 'string' ? child : /^(?:script|style|!--)$/.test(child.name) ? '' : wordsOf(child),
    )
    .join('');

export interface Look {
  readonly hidden?: boolean;
  readonly struck?: boolean;
  readonly raised?: boolean;
  /** white or without colour: seen on a dark ground only */
  readonly pale?: boolean;
  /** it has a ground of its own */
  readonly shaded?: boolean;
}
export type RulesOfLook = (element: HtmlElement) => Look;

const lookOf = (declarations: string): Look => {
  const text = declarations
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/!important/g, '');
  return {
    ...(/(?:^|;)(?:display:none|visibility:hidden|opacity:0(?:;|$)|font-size:0(?:px|pt|em|%)?(?:;|$)|mso-hide:all)/.test(
      text,
    )
      ? { hidden: true }
      : {}),
    ...(/(?:^|;)text-decoration(?:-line)?:[^;]*line-through/.test(text) ? { struck: true } : {}),
    ...(/(?:^|;)vertical-align:super/.test(text) ? { raised: true } : {}),
    ...(/(?:^|;)color:(?:white|#fff(?:fff)?|transparent|rgba?\(255,255,255[^)]*\))(?:;|$)/.test(text)
      ? { pale: true }
      : {}),
    ...(/(?:^|;)background/.test(text) ? { shaded: true } : {}),
  };
};

/** Style sheets within the page, as far as their selectors name one tag, class or id; those in other files are not seen. */
export const rulesIn = (root: HtmlElement): RulesOfLook => {
  const rules = new Map<string, Look>();
  const visit = (element: HtmlElement): void => {
    if (element.name === 'style') {
      const css = wordsOf(element)
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/<!--|-->/g, '')
        .replace(/@media\s+print[^{]*\{(?:[^{}]*\{[^}]*\})*[^}]*\}/g, '');
      for (const [, selectors, declarations] of css.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
        const look = lookOf(declarations!);
        if (Object.keys(look).length === 0) continue;
        for (const selector of selectors!.split(',')) {
          const key = selector.trim().toLowerCase();
          if (/^[\w-]*(?:[.#][\w-]+)?$/.test(key)) rules.set(key, { ...rules.get(key), ...look });
        }
      }
    }
    for (const child of element.children) if (typeof child !== 'string') visit(child);
  };
  visit(root);
  return ({ name, attributes }) => {
    const classes = (attributes.class ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const keys = [
      name,
      ...classes.flatMap((c) => [`.${c}`, `${name}.${c}`]),
      ...(attributes.id ? [`#${attributes.id.toLowerCase()}`] : []),
    ];
    return Object.assign(
      {},
      ...keys.map((key) => rules.get(key) ?? {}),
      attributes.hidden === undefined ? {} : { hidden: true },
      attributes.bgcolor === undefined ? {} : { shaded: true },
      lookOf(attributes.style ?? ''),
    );
  };
};
