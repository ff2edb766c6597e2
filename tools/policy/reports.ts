/** Sentences that tell what was: "The web team emitted 320 kg last month", "In March hpc-1 exceeded 2 MW". They limit nothing. */

/** Forms that are past and nothing else. */
const PAST =
  /\b(?:ran|spent|exceeded|surpassed|stayed|peaked|drew|emitted|consumed|waited|overran|rose|fell|took|went|averaged|totalled|amounted|reached|produced|caused|was|were|had|did)\b/;
/** Forms that are past, or a passive: only a time that has passed tells. */
const EITHER =
  /\b(?:moved|migrated|used|cost|saved|started|finished|kept|remained|limited|placed|deferred|delayed|capped|set)\b/;
const GONE =
  /\b(?:in|since|during|until|by) (?:the )?(?:\w+ )?(?:19|20)\d\d\b|\blast (?:year|quarter|month|week|night|winter|summer|spring|autumn|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|\bago\b|\byesterday\b|\bso far\b|\bpreviously\b/;
/** A rule speaks in the present or of what is to come, also where it mentions what was. */
const RULES =
  /\b(?:must|mustn't|shall|should|may|can|cannot|can't|never|only|needs?|has to|have to|will|is|are|be|keep|do not|don't|ensure|applies|at most)\b/;
/** "The ceiling was lowered to 300 kg" says what holds now. */
const CHANGED =
  /\b(?:was|were|has been|have been)\s+(?:now |hereby |recently )?(?:lowered|reduced|raised|increased|changed|replaced|cut|extended)\b/;

export const isReport = (low: string): boolean => {
  const told = low.replace(/\b(?:if|when|whenever|unless|that|which|who)\b[^,;]*\b(?:was|were|had)\b/g, ' ');
  if (RULES.test(told.replace(/\b(?:in|since|during|last|of) may\b/g, ' ')) || CHANGED.test(told)) return false;
  return PAST.test(told) || (EITHER.test(told) && (GONE.test(told) || /\bin may\b/.test(told)));
};
