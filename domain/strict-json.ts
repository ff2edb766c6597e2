/** Reads JSON text the way a signer must: what two readers could understand differently is refused (I-JSON, RFC 7493). */
import { invalid } from './fault.js';

const INTEGER = /^-?\d+$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const NUMERIC = new Set('+-.0123456789eE');

const refuse = (what: string): never => {
  throw invalid(
    `not JSON that can be signed: ${what}`,
    'Give each name once, finite numbers, and big integers as text.',
  );
};

const shown = (token: string) => (token.length > 80 ? `${token.slice(0, 79)}…` : token);

/** Where the string that begins at `from` ends. No regular expression: over many escapes one runs out of stack. */
const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text[before - 1] === '\\') before--;
    if ((at - before) % 2 === 0) return at + 1;
  }
};

const endOfNumber = (text: string, from: number): number => {
  let at = from + 1;
  while (NUMERIC.has(text[at]!)) at++;
  return at;
};

/**
 * The value of a JSON text. Throws Fault `invalid-input` for a syntax error, a byte order mark, a name given twice, a lone
 * surrogate, an integer beyond ±(2^53 − 1) and a number that overflows; JSON.parse changes each of these silently.
 */
export const parseStrictJson = (text: string): unknown => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse((cause as Error).message);
  }
  // The syntax is known to be right from here on, so tokens are enough.
  const open: (Set<string> | null)[] = [];
  let nameNext = false;
  for (let at = 0; at < text.length; at++) {
    const first = text[at]!;
    if (first === '{') open.push(new Set());
    else if (first === '[') open.push(null);
    else if (first === '}' || first === ']') open.pop();
    else if (first === '"') {
      const token = text.slice(at, endOfString(text, at));
      const string = JSON.parse(token) as string;
      if (LONE_SURROGATE.test(string)) refuse(`lone surrogate in ${shown(token)}`);
      const names = open.at(-1);
      if (nameNext && names) {
        if (names.has(string)) refuse(`the name ${shown(token)} is given twice`);
        names.add(string);
      }
      at += token.length - 1;
    } else if (first === '-' || (first >= '0' && first <= '9')) {
      const token = text.slice(at, endOfNumber(text, at));
      const number = Number(token);
      if (!Number.isFinite(number)) refuse(`${shown(token)} overflows`);
      if (INTEGER.test(token) && !Number.isSafeInteger(number)) refuse(`${shown(token)} is beyond 2^53`);
      at += token.length - 1;
    } else if (!',:'.includes(first)) continue;
    nameNext = first === '{' || (first === ',' && open.at(-1) instanceof Set);
  }
  return value;
};
