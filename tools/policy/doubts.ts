/** What makes a constraint that was read ask all the same: a note at its mark, a sign that could not be read, an exception that stands by itself. */
import type { Mark } from './documents/documents.js';
import type { Draft } from './drafts.js';
import { isKnownKind } from './kinds.js';
import { DEONTIC, normalise } from './normal.js';
import { isScoped, scopeIn } from './scope.js';

/** The draft with one question more; what is clear no longer is. */
export const questioned = (draft: Draft, question: string): Draft =>
  draft.questions.includes(question)
    ? draft
    : ({
        ...draft,
        questions: [...draft.questions, question],
        status: draft.status === 'clear' ? 'ambiguous' : draft.status,
      } as Draft);

const EXCEPTION =
  /\b(?:except\w*|excluding|unless|without|exempt\w*|other than|apart from|save for|but|instead|only|not|no|until|from|if|when|provided|subject to|waive\w*|suspend\w*|lifted|higher|lower|double|half|every|all)\b/;
/** Notes that say how a figure is meant, and change nothing of it. */
const NEUTRAL =
  /^(?:(?:excluding|including|without|with|plus|incl\.?|excl\.?|net of|before|after) (?:vat|tax(?:es)?|value[- ]added tax)|(?:counted|measured|metered|calculated|determined|as (?:defined|described|measured|counted|published|amended))\b[^,;]*|from (?:submission|the time of submission|when it was submitted)|see\b[^,;]*|ibid\.?|(?:source|footnote|note)\b[^,;]*)\.?$/;

/** Whether what a note says may change the rule at whose mark it stands. */
const mayChange = (note: string): boolean => {
  const low = normalise(note).replace(/\s+/g, ' ').trim();
  if (NEUTRAL.test(low) && !/\b(?:except|unless|only|not|exempt)/.test(low)) return false;
  return EXCEPTION.test(low) || DEONTIC.test(low) || /\d/.test(low) || isScoped(scopeIn(low).scope);
};

/** What the constraint has to ask because of the mark; null: nothing. */
export const noteQuestion = (mark: Mark, draft: Draft): string | null => {
  if (mark.kind === 'note') return mayChange(mark.quote) ? `its note says "${mark.quote}": does that change it?` : null;
  if (mark.spellings === undefined) return mark.question;
  const [read, other] = mark.spellings;
  const named = JSON.stringify([draft.scope, draft.params]).toLowerCase();
  return [read, other].some((word) => named.includes(word)) && !isKnownKind(read) ? mark.question : null;
};

/** "Except for the payments team.", with a full stop before it. */
export const fragmentOf = (low: string): boolean =>
  /^(?:\(?\s*)?(?:except(?:ing|ed)?|excluding|unless|save (?:for|where)|apart from|other than|with the exception of|but not|not (?:for|including))\b/.test(
    low,
  ) && !/\b(?:must|shall|should|may|can|cannot|will|is|are)\b/.test(low);
