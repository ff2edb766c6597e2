/**
 * The law of turning words: "not", "unless", "only", "at most" and their like turn a sentence round or change its force, so being
 * known to a rule is not enough. Such a word is read only where one of its kind can stand, and only if the reading would be another
 * without it; where either fails it is named, and nothing of the sentence is clear.
 */
import type { Reading } from './clause.js';
import { MARK, TURNS } from './turn-places.js';

/** Words that the reading may say again without a change: their place alone is looked at. */
const SAID_AGAIN = /^(?:may|than|each|every|per|at .*)$/;

const TOKEN = /[\p{L}\p{N}£€$](?:[\p{L}\p{N}'&.+/_:-]*[\p{L}\p{N}%])?|[^\s\p{L}\p{N}]/gu;

export interface Turn {
  readonly word: string;
  readonly from: number;
  readonly to: number;
  readonly misplaced: boolean;
  /** it may change nothing */
  readonly free: boolean;
}

export const turnsIn = (low: string): Turn[] =>
  TURNS.flatMap(({ word, misplaced, redundant }) => {
    const found = [...low.matchAll(word)];
    const free = redundant === undefined || found.length === 0 ? [] : [...low.matchAll(redundant)];
    return found.map((m): Turn => {
      const [from, to] = [m.index, m.index + m[0].length];
      const next = [...low.slice(to).matchAll(TOKEN)].map((t) => t[0].replace(/'s$/, ''));
      const stop = next.findIndex((t) => MARK.test(t));
      const all = [...low.slice(0, from).matchAll(TOKEN)].map((t) => t[0]);
      const at = {
        prior: all.slice(all.findLastIndex((t) => MARK.test(t)) + 1),
        before: all.at(-1) ?? '',
        after: next[0] ?? '',
        next: stop < 0 ? next : next.slice(0, stop),
        hasMore: stop >= 0 && stop < next.length - 1,
      };
      return {
        word: m[0],
        from,
        to,
        misplaced: misplaced(at),
        free: SAID_AGAIN.test(m[0]) || free.some((f) => f.index <= from && to <= f.index + f[0].length),
      };
    });
  });

/**
 * The turning words that a reading has not used. `said` reads a text and tells what was read of it; it is asked again without each
 * of them.
 */
export const unturned = (low: string, original: string, said: (low: string, original: string) => string): string[] => {
  const turns = turnsIn(low);
  if (turns.length === 0) return [];
  let whole: string | undefined;
  return turns
    .filter((turn) => {
      if (turn.misplaced) return true;
      if (turn.free) return false;
      whole ??= said(low, original);
      const to = low[turn.to] === ' ' ? turn.to + 1 : turn.to;
      const cut = (text: string) => text.slice(0, turn.from) + text.slice(to);
      return said(cut(low), cut(original)) === whole;
    })
    .map((turn) => turn.word);
};

/** Turning words that became a part of a name: "the double trading team", "duty no officers". */
export const turnsWithin = ({ scope, params }: Reading): string[] =>
  [
    ...JSON.stringify([scope, params.approver ?? ''])
      .toLowerCase()
      .matchAll(NAMED),
  ].map((m) => m[0]);
const NAMED =
  /(?<=["\s])(?:not|never|no|without|unless|except|only|until|than|may|each|every|half|double|first|last|per|least|most)(?=["\s])(?!":)/g;

/** In a heading or an opening line, whose scope is taken over: what stands wrongly, and denials, which a scope cannot hold. */
export const turnsAbove = (title: string): string[] =>
  turnsIn(title.toLowerCase())
    .filter((turn) => turn.misplaced || (!/:\s*$/.test(title) && /^(?:not|never|no|without|unless)$/.test(turn.word)))
    .map((turn) => turn.word);
