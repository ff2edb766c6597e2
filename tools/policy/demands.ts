/** Whether a sentence that no rule has read demands, allows or merely says something. */
import type { Sentence } from './sentences.js';

const DEMAND =
  /^no\b|\b(?:due|reserved|up to|nothing|nobody|must|mustn't|shall|should|shouldn't|may not|may only|cannot|can't|has to|have to|needs? to|need|needs|never|required?|requires|forbidden|prohibited|not (?:allowed|permitted)|only|always|ought|no [\w-]+(?: [\w-]+)? (?:may|shall|can|must|should)|ensure|keep|do not|don't|avoid|please|limit(?:ed|s)?|cap(?:ped)?|at most|no more than|maximum|minimum|will be|(?:are|is) (?:not |never )?to|stay|stays|prefer\w*|may be|exempt|wherever|try)\b/;

export const OBLIGES =
  /\b(?:must|mustn't|shall|should|has to|have to|never|required?|requires|cannot|can't|nothing|nobody)\b/;

/** Words of German, French, Spanish, Italian and Dutch that oblige, allow, forbid or limit. */
const FOREIGN =
  /(?:^|[\s("'])(?:muss|müssen|darf|dürfen|soll|sollen|sollte|höchstens|mindestens|spätestens|verboten|erlaubt|untersagt|keine[nrs]?|nicht|zwischen|doit|doivent|interdit\w*|ne peu\w+|maximum de|au plus|plafond|debe|deben|prohibido|no puede\w*|como máximo|deve|devono|vietato|al massimo|moet|moeten|mag niet|mogen|hoogstens|verboden|uiterlijk)(?=$|[\s,.;:)])/;
export const isForeign = (low: string) =>
  FOREIGN.test(low) && !/\b(?:the|must|shall|should|may|of|and|is|are)\b/.test(low);

export const isDemand = (s: Sentence): boolean => {
  if (!DEMAND.test(s.low)) return false;
  const words = s.low.split(/\s+/).length;
  return words > 3 || /\b(?:must|shall|may|should|never|no|not)\b/.test(s.low);
};

/** Words of rules, in a sentence that demands nothing by its form. */
export const MAY_BE_RULE =
  /\b(?:no [\w-]+|only|freezes?|frozen|exempt\w*|pinned|approv\w+|sign[- ]?off|ceilings?|capped|limit\w*|budgets?|forbidden|prohibited|granted|worth|appl(?:y|ies)|untouchable|sacrosanct|sacred|inviolable|immovable|unmovable|off[- ]limits|mandatory|compulsory|obligatory|taboo)\b/;

/** "Long jobs run at weekends.": a habit, or a rule that says when. */
export const SAYS_WHEN =
  /\b(?:runs?|starts?|begins?|finish(?:es)?|ends?|stops?|pauses?|waits?|stays?|rests?|moves?|launch(?:es)?|executes?)\b[^,.;]*\b(?:on (?:the )?(?:week(?:day|end)s?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)|at (?:the )?(?:nights?|weekends?|noon|midnight)|by (?:day|night)|overnight|(?:in|during) the (?:day(?:time)?|nights?|mornings?|afternoons?|evenings?)|nightly|daily|after (?:dark|hours))\b/;
