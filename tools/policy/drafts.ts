/** Constraints before they are numbered: what a sentence said, with the place that it is quoted from. */
import { type Constraint, ConstraintType, PARAMS } from '../../domain/policy/policy.js';
import { NEGATION, type Reading, type Setting, strengthOf } from './clause.js';
import { scopeIn } from './scope.js';
import type { Sentence } from './sentences.js';

export type Draft = Omit<Constraint, 'id'>;

/** From where to where a piece of a sentence is quoted: without the commas and stops around it. */
export const placeOf = (
  s: Sentence,
  piece: { from: number; to: number },
  pieces: number,
  text: string,
): [number, number] => {
  if (s.made || (pieces === 1 && piece.from === 0 && piece.to === s.low.length)) return [s.from, s.to];
  let [from, to] = [s.from + piece.from, s.from + piece.to];
  while (from < to && /[\s,;:]/.test(text[from]!)) from++;
  while (to > from && (/[\s,;:]/.test(text[to - 1]!) || ((pieces > 1 || piece.from > 0) && /[.!]/.test(text[to - 1]!))))
    to--;
  return from < to ? [from, to] : [s.from, s.to];
};

interface Place {
  readonly quote: string;
  readonly span: [number, number];
  readonly sentence: Sentence;
  readonly doc: string;
  readonly sha256: string;
  readonly page: { page?: number };
  readonly validity: { validFrom?: string; until?: string };
}

export const constraintOf = (r: Reading, at: Place): Draft => {
  const type = ConstraintType.parse(r.type);
  const params = PARAMS[type].parse(type === 'unsupported' ? {} : { ...at.validity, ...r.params });
  const questions = [...new Set(r.questions)];
  return {
    type,
    effect: r.effect,
    strength: r.strength,
    scope: r.scope,
    params,
    quote: at.quote,
    span: at.span,
    sentence: at.sentence.number,
    status: questions.length > 0 ? 'ambiguous' : 'clear',
    questions,
    by: 'rules',
    source: { doc: at.doc, sha256: at.sha256, line: at.sentence.line, ...at.page },
  } as Draft;
};

/** A demand that no kind of constraint says. */
export const unsupported = (
  s: Sentence,
  setting: Setting,
  text: string,
  at: { doc: string; sha256: string; page: { page?: number } },
): Draft => {
  const strength = strengthOf(s.low);
  const { each: _, ...scope } = { ...setting.above, ...scopeIn(s.low).scope };
  return {
    type: 'unsupported',
    effect: NEGATION.test(s.low) ? 'forbid' : strength === 'should' ? 'prefer' : 'require',
    strength,
    scope,
    params: {},
    quote: text.slice(s.from, s.to),
    span: [s.from, s.to],
    sentence: s.number,
    status: 'unsupported',
    questions: [],
    by: 'rules',
    source: { doc: at.doc, sha256: at.sha256, line: s.line, ...at.page },
  };
};
