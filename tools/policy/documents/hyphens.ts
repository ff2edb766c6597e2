/** Words that were broken at the end of a line, which may stand within one now: with a hyphen of their own, or with one that only the break brought. */

/** Region codes keep every hyphen: us-east-1, europe-west4, southeastasia has none. */
const CODE_HEAD =
  /(?:^|[^\p{L}\p{N}-])(?:[a-z]{2,10}|[a-z]{2,3}(?:-[a-z]{2,4})?)(?:-(?:gov|iso|isob|central|north|south|east|west|northeast|northwest|southeast|southwest|southcentral))*-$/u;
const CODE_TAIL =
  /^(?:(?:gov|iso|isob|central|north|south|east|west|northeast|northwest|southeast|southwest|southcentral)(?:-?\d{1,2}|-[a-z]|-$)|\d{1,2}(?:[a-z])?\b)/;
/** Beginnings of words that are often written with a hyphen, so that the break may have taken an honest one. */
const COMPOUND =
  /(?:^|[^\p{L}])(?:anti|auto|back|batch|best|bio|carbon|co|cost|cpu|cross|data|day|end|energy|ex|extra|front|full|gpu|half|hard|high|hour|inter|job|large|late|least|long|low|low|micro|mid|micro|ml|multi|near|new|night|non|off|on|one|open|over|part|peak|post|pre|pro|queue|re|real|self|semi|short|single|small|soft|sub|super|team|test|time|two|ultra|under|up|user|web|week|well|work|year|zero)-$/iu;

export interface Joint {
  /** how many characters at the end of the first line go */
  readonly drop: 0 | 1;
  /** the two ways of writing it, where nothing in the document says which is meant */
  readonly doubt?: readonly [string, string];
}

const LAST = /[\p{L}\p{N}-]+[-\u2010\u00ad]$/u;
const FIRST = /^[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*-?/u;

/** What becomes of a line that ends in a hyphen; undefined: it ends in none that joins. `words` are those of the document that stand unbroken. */
export const jointOf = (line: string, next: string, words: ReadonlySet<string>): Joint | undefined => {
  const last = LAST.exec(line)?.[0];
  const first = FIRST.exec(next)?.[0];
  if (last === undefined || first === undefined) return undefined;
  if (line.endsWith('\u00ad')) return { drop: 1 };
  const hyphened = `${last.slice(0, -1)}-${first}`.toLowerCase();
  const solid = `${last.slice(0, -1)}${first}`.toLowerCase();
  // "pre- and post-processing", "16-\n19": the hyphen stands for something.
  if (/^(?:and|or|to|und)$/.test(first)) return undefined;
  if (/\d-$/.test(last) || /^\d/.test(first)) return { drop: 0 };
  if (CODE_HEAD.test(line.slice(-40)) && CODE_TAIL.test(next)) return { drop: 0 };
  if (
    /^(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?:one|two|three|four|five|six|seven|eight|nine)$/.test(
      hyphened,
    )
  )
    return { drop: 0 };
  if (words.has(hyphened) && !words.has(solid)) return { drop: 0 };
  if (words.has(solid)) return { drop: 1 };
  if (/^\p{Lu}/u.test(first)) return { drop: 0 };
  // "end-to-\nend": a word with a hyphen already was broken at another.
  if (/-.*-$/.test(last)) return { drop: 1, doubt: [solid, hyphened] };
  if (first.includes('-')) return { drop: 0, doubt: [hyphened, solid] };
  return COMPOUND.test(line.slice(-30)) ? { drop: 1, doubt: [solid, hyphened] } : { drop: 1 };
};

/** Words of two letters and more that stand within lines, in lower case. */
export const wordsIn = (lines: readonly string[]): Set<string> => {
  const words = new Set<string>();
  for (const line of lines)
    for (const [word] of line.toLowerCase().matchAll(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu)) words.add(word);
  return words;
};

export interface Break {
  /** the hyphen with the white space behind it, half-open */
  readonly from: number;
  readonly to: number;
  /** where the second half ends, and the white space behind it */
  readonly end: number;
  /** the break is the end of a line, and not within one */
  readonly isLine: boolean;
  readonly joint: Joint;
}

const BROKEN = /(?<=\p{L})[-\u2010](?:[^\S\n]*\n[^\S\n]*|[^\S\n]{1,2})(?=[\p{Ll}\d])/gu;
/** Within a line these begin something new behind a dash, and end no word. */
const OWN_WORD =
  /^(?:a|an|the|and|or|nor|to|und|but|not|no|none|including|except|excluding|unless|only|if|when|while|until|till|by|of|for|in|on|at|as|per|from|with|than|then|all|any|each|every|both|must|may|shall|should|can|will|is|are|has|have|be|it|its|they|this|that|these|those|which|who|we|see|so|max|min|up(?= to\b))\b/;
/** Words that end in one of those. */
const TOGETHER = /^(?:within|without|into|upon|cannot|whenever|anyone|everyone)$/;

/** Where words are broken, line ends and hyphens that a program filled into a line ("week- days") alike. */
export const breaksIn = (text: string): Break[] => {
  if (text.search(BROKEN) < 0) return [];
  const words = wordsIn([text.replace(/\S+[-\u2010]\s+\S+/g, ' ')]);
  const breaks: Break[] = [];
  for (const match of text.matchAll(BROKEN)) {
    const [from, to] = [match.index, match.index + match[0].length];
    const line = text.slice(Math.max(0, from - 60), from + 1);
    const next = text.slice(to, to + 60);
    const isLine = match[0].includes('\n');
    // The next line is an item of a list.
    if (isLine && /^[a-z\d]{1,3}[.)]\s/.test(next)) continue;
    const joint = isLine ? jointOf(line, next, words) : withinLine(line, next, words);
    if (joint === undefined) continue;
    const end = to + /^\S+[^\S\n]*/.exec(next)![0].length;
    breaks.push({ from, to, end, isLine, joint });
  }
  return breaks;
};

/** Nobody sees whether the hyphen was a dash: what the document does not write elsewhere is asked about. */
const withinLine = (line: string, next: string, words: ReadonlySet<string>): Joint | undefined => {
  const [last, first] = [/[\p{L}\p{N}]+(?=.$)/u.exec(line)?.[0] ?? '', /^[\p{L}\p{N}]+/u.exec(next)?.[0] ?? ''];
  const [solid, hyphened] = [`${last}${first}`.toLowerCase(), `${last}-${first}`.toLowerCase()];
  if (OWN_WORD.test(next) && !TOGETHER.test(solid)) return undefined;
  if (/^\d/.test(first) && !(CODE_HEAD.test(line) && CODE_TAIL.test(next))) return undefined;
  const joint = jointOf(line, next, words);
  if (joint === undefined || joint.doubt || joint.drop === 0 || words.has(solid) || words.has(hyphened)) return joint;
  return CODE_HEAD.test(line) && CODE_TAIL.test(next) ? joint : { ...joint, doubt: [solid, hyphened] };
};
