/** Words that were broken at the end of a line: with a hyphen of their own, or with one that only the break brought. */

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
