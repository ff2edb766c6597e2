/** Foreign text as harmless data: names of jobs and teams may hold anything that their authors could type. */

// Control characters of C0, C1 and the line separators, and those that reverse or hide what a reader sees.
const UNSEEN = /[\p{Cc}\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]+/gu;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Half a surrogate pair is not text: canonical JSON, and with it every digest, refuses it. */
export const wellFormed = (text: string): string => text.replace(LONE_SURROGATE, '\ufffd');

/** At most `max` UTF-16 units, never half of a surrogate pair. */
export const cut = (text: string, max: number): string => {
  if (text.length <= max) return text;
  let end = max - 1;
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  return `${text.slice(0, end)}…`;
};

/** One line without control, hidden or broken characters, at most `max` UTF-16 units; "(none)" when nothing is left. */
export const oneLine = (text: string, max = 120): string => {
  const clean = wellFormed(text).replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim();
  return clean === '' ? '(none)' : cut(clean, max);
};

/** The first sentences that fit into `max` UTF-16 units, whole; only where not even one fits is it cut. It ends as a sentence does. */
export const sentences = (text: string, max: number): string => {
  const line = oneLine(text, Number.MAX_SAFE_INTEGER);
  const ended = /[.!?…]$/.test(line) ? line : `${line}.`;
  let said = '';
  for (const [sentence] of ended.matchAll(/.+?[.!?…](?:\s|$)/g)) {
    if (said.length + sentence.trimEnd().length > max) break;
    said += sentence;
  }
  return said === '' ? cut(ended, max) : said.trimEnd();
};

/** As oneLine, but line breaks stay. */
export const manyLines = (text: string): string =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => wellFormed(line).replaceAll('\t', '    ').replace(UNSEEN, ' ').trimEnd())
    .join('\n');

/** Jira and GitHub labels: no spaces, lower case, at most 50 characters. */
export const label = (text: string): string => {
  const clean = oneLine(text, 200)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  return cut(clean === '' ? 'none' : clean, 50).replace('…', '');
};

/** `2022-06-01 02:00`; the zone stands beside it or in the heading. */
export const moment = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)}`;
