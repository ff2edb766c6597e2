/**
 * The law of leftover words. A sentence is a row of words; each rule says which of them it has read, a closed list says which
 * mean nothing by themselves, and what remains was not understood. A constraint with such a word is asked about, never clear.
 */

/** Half-open, in characters of the clause. */
export type Span = readonly [from: number, to: number];

/**
 * Words that change no rule wherever they stand: articles, pronouns, auxiliaries, conjunctions, prepositions, politeness, and
 * nouns for work as such. Nothing that counts, limits, denies, conditions or names belongs here.
 */
const NEUTRAL = new Set(
  `a an the this that these those it its they them their we our us you your he she who which whose whom there here such
  is are was were be been being has have had having do does did will would
  of for in on at by from to with within into onto upon via over under and or as than then so also too both
  all any each every everything anything everyone everybody anyone anybody per please kindly hereby therefore thus
  must shall should can could might need needs ought want
  job jobs workload workloads task tasks work hence respectively namely i.e e.g etc belong belongs belonging`.split(
    /\s+/,
  ),
);

const WORD = /[\p{L}\p{N}][\p{L}\p{N}'&.+/_-]*/gu;
/** The month, not the verb: "in May". */
const IN_MAY =
  /\b(?:in|from|until|during|since|through|between|of|to|early|late|mid|next)[ -]may\b(?! (?:not|be|only)\b)/g;
const MODAL_MAY = /\bmay\b/g;

/** Where a pattern stands, every time. */
export const spansOf = (low: string, ...patterns: readonly RegExp[]): Span[] =>
  patterns.flatMap((pattern) =>
    [...low.matchAll(pattern.global ? pattern : new RegExp(pattern.source, `${pattern.flags}g`))]
      .filter((m) => m[0] !== '')
      .map((m): Span => [m.index, m.index + m[0].length]),
  );

export const shifted = (spans: readonly Span[], by: number): Span[] => spans.map(([from, to]) => [from + by, to + by]);

/** The same text with the spans made spaces, so that positions stay. */
export const blank = (low: string, spans: readonly Span[]): string => {
  let out = low;
  for (const [from, to] of spans) out = out.slice(0, from) + ' '.repeat(to - from) + out.slice(to);
  return out;
};

/** What no span covers and the closed list does not know, as written; neighbours make one phrase. */
export const leftOver = (low: string, used: readonly Span[]): string[] => {
  const months = spansOf(low, IN_MAY).map(([, to]): Span => [to - 3, to]);
  const modal = spansOf(low, MODAL_MAY).filter(([from]) => !months.some(([at]) => at === from));
  const covered = [...used, ...modal];
  const phrases: { from: number; to: number }[] = [];
  let open = false;
  for (const match of low.matchAll(WORD)) {
    const word = match[0].replace(/[.'/&+-]+$/, '');
    const [from, to] = [match.index, match.index + word.length];
    const read = covered.some(([a, b]) => a <= from && to <= b) || isCoveredByParts(from, to, covered, low);
    if (read || NEUTRAL.has(word.replace(/'s$/, ''))) {
      open = false;
      continue;
    }
    const last = phrases.at(-1);
    if (open && last && /^\s*$/.test(low.slice(last.to, from))) last.to = to;
    else phrases.push({ from, to });
    open = true;
  }
  return phrases.map(({ from, to }) => low.slice(from, to));
};

/** "kg/month", "web-team": one word to the eye and two to the rules. */
const isCoveredByParts = (from: number, to: number, spans: readonly Span[], low: string): boolean => {
  let at = from;
  while (at < to) {
    const reach = Math.max(at, ...spans.filter(([a, b]) => a <= at && at < b).map(([, b]) => b));
    if (reach === at) {
      if (/[\p{L}\p{N}]/u.test(low[at]!)) return false;
      at++;
    } else at = reach;
  }
  return true;
};
