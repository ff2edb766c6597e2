/** Foreign text as data for a prompt or a reader: nothing invisible, nothing that reverses, a limited length. */

// C0 and C1 controls, line separators, zero-width and bidirectional controls, soft hyphen, tags, variation selectors, lone surrogates.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;

const escaped = (char: string) => {
  const code = char.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** Invisible and control characters as `\u….` escapes. */
export const visible = (text: string): string => text.replace(UNSEEN, escaped);

/** A name somebody else chose: one line, at most `max` characters, in quotes when it is more than a plain word. */
export const quoted = (text: string, max = 80): string => {
  const clean = visible(text);
  const short = [...clean].length > max ? `${[...clean].slice(0, max - 1).join('')}…` : clean;
  return /^[\p{L}\p{N}][\p{L}\p{N}._:/@+-]*$/u.test(short)
    ? short
    : `“${short.replaceAll('“', '"').replaceAll('”', '"')}”`;
};

/** JSON whose strings hold no invisible character in raw form. */
export const dataJson = (value: unknown): string => JSON.stringify(value).replace(UNSEEN, escaped);

/** The first JSON value in a text: bare, fenced, or with chatter around it; undefined when there is none. */
export const jsonIn = (text: string): unknown => {
  for (let from = text.search(/[[{]/); from >= 0 && from < text.length; ) {
    const end = balancedEnd(text, from);
    if (end > 0) {
      try {
        return JSON.parse(text.slice(from, end));
      } catch {
        // Brackets of the chatter around it: go on after this one.
      }
    }
    const next = text.slice(from + 1).search(/[[{]/);
    if (next < 0) return undefined;
    from += 1 + next;
  }
  return undefined;
};

const balancedEnd = (text: string, from: number): number => {
  let depth = 0;
  let inText = false;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (inText) {
      if (c === '\\') i += 1;
      else if (c === '"') inText = false;
    } else if (c === '"') inText = true;
    else if (c === '{' || c === '[') depth += 1;
    else if ((c === '}' || c === ']') && --depth === 0) return i + 1;
  }
  return -1;
};
