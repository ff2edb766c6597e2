/** JSON that a server sent, or why it is none. */
import type { Fate } from '../domain/fate.js';
import type { Answer } from './ask.js';
import { fateOf, retryAfterS, trouble } from './trouble.js';

/** Undefined when the text is not JSON. */
export const jsonIfAny = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const REMEDIES: Readonly<Record<Fate, string>> = {
  refused: 'Check the address and what is asked for.',
  'not-allowed': 'Check the credentials and what they allow.',
  throttled: 'Ask again later.',
  'not-sent': 'Ask again.',
  unknown: 'Ask again later; if it was to change something, look first whether it did.',
};

/**
 * The JSON value of an answer. Throws Fault when its status says that the request was not carried out (fate by `fateOf`), and,
 * with fate `unknown`, when its body is a web page, ends early, or is no JSON. What the body says is not quoted.
 */
export const jsonOf = (answer: Answer): unknown => {
  const { status, text, from, headers } = answer;
  const fate = fateOf(status);
  if (fate !== null)
    throw trouble(fate, `${from} answered with status ${status}`, REMEDIES[fate], {
      retryAfterS: retryAfterS(headers),
    });
  try {
    return JSON.parse(text);
  } catch (error) {
    const page = /html/i.test(headers['content-type'] ?? '') || /^\s*</.test(text);
    const said = page
      ? 'with a web page instead of JSON'
      : text.trim() === ''
        ? 'with nothing instead of JSON'
        : endsEarly((error as Error).message, text)
          ? `with JSON that ends early, after ${text.length} characters`
          : 'with text that is no JSON';
    const remedy = page
      ? 'A log-in page or a proxy may stand in between: check the address and the credentials.'
      : 'Ask again; if it stays so, check the address.';
    throw trouble('unknown', `${from} answered ${said} (status ${status})`, remedy, { reason: 'not-json' });
  }
};

/** `JSON.parse` names the place that it did not like; behind the last character stands what is missing. */
const endsEarly = (message: string, text: string): boolean => {
  const at = /at position (\d+)/.exec(message)?.[1];
  return /end of JSON|Unterminated/.test(message) || (at !== undefined && Number(at) >= text.trimEnd().length);
};
