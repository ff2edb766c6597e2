/** What a sentence takes over from what stands around it: the document's scope and validity, headings, and the sentence before. */
import type { Scope } from '../../domain/policy/policy.js';
import { NEGATION, type Reading } from './clause.js';
import { dateSpansIn, validityIn } from './dates.js';
import { notUnderstood } from './finished.js';
import { isKnownKind } from './kinds.js';
import { inherit, isScoped, scopeIn } from './scope.js';
import type { Sentence } from './sentences.js';
import { turnsIn } from './turns.js';
import { leftOver, spansOf } from './words.js';

export interface Previous {
  readonly readings: readonly Reading[];
  readonly block: number;
  /** of its sentence */
  readonly number: number;
}

const ABOUT =
  /\b(?:polic(?:y|ies)|rules?|standard|documents?|guidelines?|directive|regulations?|agreement|appl(?:y|ies)|takes? effect|is effective|effective|in force|valid|expires?|comes? into force|holds?|only|version|immediately)\b|\breplaces\b.*$/;

/** "This policy applies to production from 1 January 2027": holds for every constraint of the document. */
export const documentFacts = (sentences: readonly Sentence[]) => {
  const about = new Set<number>();
  let scope: Scope = {};
  let validity: { validFrom?: string; until?: string } = {};
  const questions: string[] = [];
  for (const s of sentences) {
    if (
      !/^(?:this|these|the) (?:policy|policies|rules?|standard|document|guidelines?|directive|regulations?|agreement)\b[^.]*\b(?:appl(?:y|ies)|takes? effect|is effective|effective|in force|valid|expires?|comes? into force|holds?|replaces)\b/.test(
        s.low,
      )
    )
      continue;
    if (NEGATION.test(s.low)) continue;
    about.add(s.number);
    const { validFrom, until, spans } = validityIn(s.low);
    validity = { ...validity, ...(validFrom ? { validFrom } : {}), ...(until ? { until } : {}) };
    const found = scopeIn(s.low);
    const { each: _, ...who } = found.scope;
    // Words of it that nobody has read leave open for whom, or when, all the rest holds.
    const read = [...found.spans, ...dateSpansIn(s.low, spans), ...spansOf(s.low, ABOUT)];
    const left = [...leftOver(s.low, read), ...turnsIn(s.low).flatMap((turn) => (turn.misplaced ? [turn.word] : []))];
    if (left.length > 0) questions.push(notUnderstood(left));
    if (/\bappl(?:y|ies) (?:only )?to\b/.test(s.low)) scope = { ...scope, ...who };
  }
  return { about, scope, validity, questions };
};

/** A title of a word or two may be a bare name: "Production", "Gold", "Training". */
const titleScope = (title: string): Scope => {
  const found = scopeIn(title).scope;
  const words = title.trim().split(/\s+/);
  if (isScoped(found) || words.length > 2) return found;
  const named = scopeIn(`${title} jobs`).scope;
  return named.environments || named.slaClasses || named.kinds?.every(isKnownKind) ? named : found;
};

const POINTS_BACK = /^(?:they|these|those|such|it|this|the same|otherwise|however|in addition|also|here|there)\b/;

/** Words for work, or for what it draws on, that was named before: "these jobs may not …", "on Sundays, they must …". */
const NAMED_BEFORE =
  /(?:^|[,;:] )(?:they|(?:these|those)(?! (?:of|in|from|who|that|which|with|on|at)\b)|it(?= (?:may|must|shall|should|can|cannot|has|needs)\b))|\b(?:these|those|such) (?:[\w-]+ )?(?:jobs|workloads|tasks|services|pipelines|runs|teams|clusters|sites|plans|data)\b/;

/** What a sentence points back to, where the sentence right before it was not read and so does not say whom it means. */
export const pointsNowhere = (s: Sentence, previous: Previous | undefined): string | null => {
  const found = NAMED_BEFORE.exec(s.low);
  if (found === null || (previous !== undefined && s.number - previous.number <= 1)) return null;
  // A noun of the sentence itself, or of the line above the list, may be meant.
  const before = `${s.leadIn ?? ''} ${s.low.slice(0, found.index)}`;
  return isScoped(scopeIn(before).scope) || /\b(?:jobs?|workloads?|teams?|plans?|data|services?|runs?)\b/.test(before)
    ? null
    : found[0].replace(/^[,;: ]+/, '');
};

/** Headings and the line that opens the list say whom a sentence concerns where it does not say so itself. */
export const aboveOf = (s: Sentence, document: Scope, previous: Previous | undefined): Scope => {
  let above: Scope = document;
  for (const text of [...s.headings, ...(s.leadIn === null ? [] : [s.leadIn])]) {
    const { each: _, ...scope } = titleScope(text);
    above = inherit(scope, above);
  }
  if (POINTS_BACK.test(s.low) && previous && previous.block <= s.block) {
    const { each: _, ...scope } = previous.readings[0]!.scope;
    above = inherit(scope, above);
  }
  return above;
};

/** The last reading of the sentence before, where that stands beside this one. */
export const carried = (s: Sentence, previous: Previous | undefined) =>
  previous && Math.abs(previous.block - s.block) <= 1 ? previous.readings.at(-1) : undefined;
