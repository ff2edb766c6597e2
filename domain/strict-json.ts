/** Reads JSON text the way a signer must: what two readers could understand differently is refused (I-JSON, RFC 7493). */
import { invalid } from './fault.js';

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[{}[\],:]|true|false|null/g;
const INTEGER = /^-?\d+$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

const refuse = (what: string): never => {
  throw invalid(
    `not JSON that can be signed: ${what}`,
    'Give each name once, finite numbers, and big integers as text.',
  );
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
  for (const [token] of text.matchAll(TOKEN)) {
    const first = token[0]!;
    if (first === '{') open.push(new Set());
    else if (first === '[') open.push(null);
    else if (first === '}' || first === ']') open.pop();
    else if (first === '"') {
      const string = JSON.parse(token) as string;
      if (LONE_SURROGATE.test(string)) refuse(`lone surrogate in ${token}`);
      const names = open.at(-1);
      if (nameNext && names) {
        if (names.has(string)) refuse(`the name ${token} is given twice`);
        names.add(string);
      }
    } else if (first === '-' || (first >= '0' && first <= '9')) {
      const number = Number(token);
      if (!Number.isFinite(number)) refuse(`${token} overflows`);
      if (INTEGER.test(token) && !Number.isSafeInteger(number)) refuse(`${token} is beyond 2^53`);
    }
    nameNext = first === '{' || (first === ',' && open.at(-1) instanceof Set);
  }
  return value;
};
