/** What each word of a question stands for: a name, a time, a number, a sign of the lexicon, nothing of its own, or nobody knows. */
import type { Category } from '../../domain/job.js';
import type { Instant } from '../../domain/time.js';
import type { Known } from './known.js';
import { LEXICON, LONGEST_PHRASE, NEUTRAL, type Sign } from './lexicon.js';
import { numberAt } from './number-words.js';
import { ASKS_BACK } from './stretch.js';
import { type Told, timeIn } from './times.js';
import { type Token, tokensOf } from './tokens.js';

export type NameKind = 'jobs' | 'teams' | 'kinds' | 'places' | 'plan';
export interface Name {
  readonly kind: NameKind;
  readonly name: string;
  readonly at: number;
  /** it stands behind "except" */
  readonly except: boolean;
}
export interface Found {
  readonly sign: Sign;
  readonly at: number;
  readonly words: string;
}
export interface Number_ {
  readonly value: number;
  /** its first and its last token */
  readonly from: number;
  readonly at: number;
}

export interface Signs {
  readonly tokens: readonly Token[];
  readonly names: readonly Name[];
  readonly signs: readonly Found[];
  readonly numbers: readonly Number_[];
  readonly time: Told | undefined;
  /** the second of two times that are compared */
  readonly against: Told | undefined;
  /** tokens that nothing took, by their number */
  readonly left: readonly number[];
  readonly back: boolean;
}

/** Names first, for what is called like a word of the lexicon; then times, then phrases, the longest first. */
export const signsIn = (question: string, known: Known, planIds: ReadonlyMap<string, string>, now: Instant): Signs => {
  const tokens = tokensOf(question);
  const taken = tokens.map(() => false);
  const names = namesAmong(tokens, known, planIds);
  for (const { at, until } of names) for (let i = at; i < until; i++) taken[i] = true;

  const back = ASKS_BACK.test(question);
  const split = tokens.findIndex((t) => /^(?:vs|versus|than|against)$/.test(t.low) || t.low === 'compared');
  const free = (from: number, to: number) => (i: number) => i >= from && i < to && !taken[i];
  let time: Told | undefined;
  let against: Told | undefined;
  if (split > 0) {
    time = timeIn(tokens, now, back, free(0, split));
    against = timeIn(tokens, now, back, free(split, tokens.length));
    if (time === undefined || against === undefined)
      [time, against] = [timeIn(tokens, now, back, free(0, tokens.length)), undefined];
  } else time = timeIn(tokens, now, back, free(0, tokens.length));
  for (const told of [time, against]) for (const i of told?.used ?? []) taken[i] = true;

  const signs: Found[] = [];
  for (let at = 0; at < tokens.length; at++) {
    if (taken[at]) continue;
    for (let length = Math.min(LONGEST_PHRASE, tokens.length - at); length > 0; length--) {
      if (taken.slice(at, at + length).some(Boolean)) continue;
      if (tokens.slice(at, at + length - 1).some((t) => t.stop)) continue;
      const words = tokens
        .slice(at, at + length)
        .map((t) => t.low)
        .join(' ');
      const sign = LEXICON.get(words);
      if (sign === undefined) continue;
      signs.push({ sign, at, words });
      for (let i = at; i < at + length; i++) taken[i] = true;
      break;
    }
  }
  const numbers: Number_[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const found = taken[at] ? undefined : numberAt(tokens, at, (i) => !taken[i]);
    if (found === undefined) continue;
    for (let i = at; i < at + found.length; i++) taken[i] = true;
    numbers.push({ value: found.value, from: at, at: at + found.length - 1 });
    at += found.length - 1;
  }
  const excepts = signs.filter((s) => s.sign.except === true);
  const left = tokens.flatMap((t, i) => (taken[i] || NEUTRAL.has(t.low) ? [] : [i]));
  return {
    tokens,
    names: names.map(({ until: _, ...name }) => ({
      ...name,
      except: excepts.some((e) => e.at < name.at && name.at - e.at <= 6),
    })),
    signs,
    numbers,
    time,
    against,
    left,
    back,
  };
};

const wordsOf = (name: string) => name.toLowerCase().split(/\s+/);

const namesAmong = (tokens: readonly Token[], known: Known, planIds: ReadonlyMap<string, string>) => {
  const found: (Omit<Name, 'except'> & { until: number })[] = [];
  const free = (at: number, length: number) => !found.some((f) => at < f.until && f.at < at + length);
  const add = (kind: NameKind, name: string, at: number, length = 1) => {
    if (free(at, length)) found.push({ kind, name, at, until: at + length });
  };
  tokens.forEach((t, at) => {
    const plan = planIds.get(t.said.toLowerCase());
    if (plan !== undefined) add('plan', plan, at);
    const job = /[\d_-]/.test(t.said) || !LEXICON.has(t.low) ? known.job(t.said) : undefined;
    if (job !== undefined) add('jobs', job, at);
  });
  const lists: readonly (readonly [NameKind, readonly (readonly [string, string])[]])[] = [
    ['teams', known.teams.map((t) => [t, t])],
    ['kinds', known.kinds.map((k) => [k, k])],
    ['places', [...known.places]],
  ];
  for (const [kind, list] of lists)
    for (const [spelling, name] of [...list].sort((a, b) => b[0].length - a[0].length))
      for (let at = 0; at < tokens.length; at++) {
        const words = wordsOf(spelling);
        const fits = words.every((w, i) => isWord(tokens[at + i], w, kind));
        if (!fits) continue;
        // A team that is called like a word of ours is meant where it is called a team.
        const ambiguous = words.length === 1 && (LEXICON.has(words[0]!) || NEUTRAL.has(words[0]!));
        const called = [tokens[at - 1]?.low, tokens[at + words.length]?.low].some((w) => /^teams?$/.test(w ?? ''));
        if (!ambiguous || (kind === 'teams' && called)) add(kind, name, at, words.length);
      }
  return found;
};

/** As typed, whatever its case; kinds also in the plural. Two letters are a place only in capitals. */
const isWord = (token: Token | undefined, word: string, kind: NameKind): boolean => {
  if (token === undefined) return false;
  const said = token.said.toLowerCase();
  if (kind === 'places' && word.length <= 2) return token.said === word.toUpperCase();
  return said === word || (kind === 'kinds' && (said === `${word}s` || said === `${word}es`));
};

/** Categories are words of the lexicon, with "except" before them or not. */
export const categoriesIn = ({ signs }: Pick<Signs, 'signs'>): { category: Category; except: boolean }[] =>
  signs.flatMap((s) =>
    s.sign.category === undefined
      ? []
      : [
          {
            category: s.sign.category,
            except: signs.some((e) => e.sign.except === true && e.at < s.at && s.at - e.at <= 4),
          },
        ],
  );
