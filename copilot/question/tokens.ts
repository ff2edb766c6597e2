/** The words of a question, each with its place, as it was typed and as it is read. */
import { distance, inEnglish } from './english.js';
import { isOurWord, OUR_WORDS } from './lexicon.js';

export interface Token {
  /** as it was typed */
  readonly said: string;
  /** as it is looked up: lower case, in English, slips mended, without a genitive */
  readonly low: string;
  /** a slip of the pen was mended: an answer says so */
  readonly mended: boolean;
  /** a comma, colon or semicolon stands behind it: no phrase goes on */
  readonly stop?: true;
}

/** What stands in quotes is one name, whatever it says. */
const WORD = /["“][^"”]{1,200}["”]|[\p{L}\p{N}][\p{L}\p{N}._:@#/+'’-]*|[£$€%<>]/gu;

/** Apart from its unit: `2h`, `500kg`. A name such as `p1` or `train-7` stays whole. */
const FIGURE_WITH_UNIT = /^(\d+(?:\.\d+)?)(h|hrs?|min|mins?|kg|t|g|kwh|mwh|gwh|kw|mw|%|d)$/i;
/** `3-hour`, as in "a 3-hour job". */
const FIGURE_HYPHEN_UNIT = /^(\d+(?:\.\d+)?)-(hours?|hrs?|h|minutes?|mins?)$/i;
const FIGURE = /^\d+(?:\.\d+)?$/;
const SLIPS: Readonly<Record<string, string>> = {
  wich: 'which',
  wat: 'what',
  wht: 'what',
  hw: 'how',
  w: 'with',
  thier: 'their',
  jbos: 'jobs',
  jobz: 'jobs',
  teh: 'the',
  mutch: 'much',
};

export const tokensOf = (question: string): Token[] => {
  const english = new Map<string, string>();
  // Whole questions tell their language; single words do not.
  const found = [...question.matchAll(WORD)]
    .map((m) => ({
      word: /^["“]/.test(m[0]) ? m[0] : m[0].replace(/[.:,'’/+-]+$/u, ''),
      stop: /[,:;]$/.test(m[0]) || /^\s*[,:;]/.test(question.slice(m.index + m[0].length)),
    }))
    .filter(({ word }) => word !== '');
  const words = found.map(({ word }) => word);
  const read = inEnglish(words.map((w) => w.replaceAll(' ', '_')).join(' ')).split(' ');
  if (read.length === words.length) words.forEach((word, i) => void english.set(word, read[i]!));
  return words.flatMap((said, i): Token[] => {
    const tokens = partsOf(said, words[i - 1] ?? '', english.get(said));
    return found[i]!.stop ? [...tokens.slice(0, -1), { ...tokens.at(-1)!, stop: true }] : tokens;
  });
};

/** One word as typed: a figure stands apart from its unit. */
const partsOf = (said: string, before: string, english: string | undefined): Token[] => {
  if (/^["“]/.test(said)) return [{ said: said.slice(1, -1), low: said.slice(1, -1).toLowerCase(), mended: false }];
  const bare = said.replace(/['’]s$/iu, '');
  const glued = FIGURE_WITH_UNIT.exec(bare);
  if (glued) return [glued[1]!, glued[2]!].map((part) => ({ said: part, low: part.toLowerCase(), mended: false }));
  const joined = FIGURE_HYPHEN_UNIT.exec(bare);
  if (joined)
    return [
      { said: joined[1]!, low: joined[1]!, mended: false },
      { said: joined[2]!, low: plural(joined[2]!.toLowerCase()), mended: false },
    ];
  // Behind a number an hour is a length, and no hour of the day.
  if (FIGURE.test(before) && /^(?:hour|minute)$/i.test(bare))
    return [{ said: bare, low: plural(bare.toLowerCase()), mended: false }];
  if (/^(?:what|who|how|let)['’]?s$/i.test(said)) return [{ said, low: 'what', mended: false }];
  return [{ said: bare, ...readAs(bare, english) }];
};

const plural = (unit: string) => (/^(?:hour|minute)$/.test(unit) ? `${unit}s` : unit);

const readAs = (said: string, english: string | undefined): Pick<Token, 'low' | 'mended'> => {
  const low = said.toLowerCase();
  const as = (word: string, mended: boolean) => ({ low: word, mended });
  // Names and figures stay as they are.
  if (/[\d_:@#/+-]/.test(low) || isOurWord(low)) return as(low, false);
  if (SLIPS[low] !== undefined) return as(SLIPS[low], false);
  const other = english?.toLowerCase() ?? low;
  if (other !== low && isOurWord(other)) return as(other, distance(other, low, 2) <= 2);
  if (low.length < 5) return as(low, false);
  const most = low.length < 8 ? 1 : 2;
  const near = OUR_WORDS.filter((w) => w[0] === low[0] && !sameStem(w, low) && distance(low, w, most) <= most).sort(
    (a, b) => distance(low, a, most) - distance(low, b, most),
  )[0];
  return near === undefined ? as(low, false) : as(near, true);
};

/** Another form of a word is no slip: `recorded` is not `records`. */
const sameStem = (a: string, b: string): boolean => {
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared++;
  const end = /^(?:|e|s|es|ed|d|er|ers|ing|ings|ly|able|ion|ions|ment|al)$/;
  return shared >= 4 && end.test(a.slice(shared)) && end.test(b.slice(shared));
};
