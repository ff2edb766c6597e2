/** How the words of two measures stand to each other: "carbon saved" is one thing, "savings and emissions" are two. */
import type { MeasureName } from './measures.js';
import type { Found } from './signs.js';

/** Verbs that only ask how much. */
export const LIGHT = /^(?:use|uses|used|using|need|needs|needed|take|takes|took|pay|pays|paid|spend|spends|spent)$/;
const BOTH = /^(?:and|or|plus|versus|vs|also|as|well)$/;
const APART =
  /^(?:after|before|despite|besides|beside|without|than|when|while|if|per|against|because|whose|that|which|during|under|over)$/;
type Link = 'one' | 'both' | 'apart';
/** How two signs stand to each other: as one thing, side by side, or neither; an inner word counts for neither. */
const linkOf = (low: readonly string[], a: Found, b: Found, inner: (at: number) => boolean): Link => {
  const [first, second] = a.at < b.at ? [a, b] : [b, a];
  const from = first.at + first.words.split(' ').length;
  const between = low.slice(from, second.at).filter((_, i) => !inner(from + i));
  if (between.some((w) => BOTH.test(w))) return 'both';
  return between.some((w) => APART.test(w)) ? 'apart' : 'one';
};

/** How a sign of the measures that may go stands to those of the one that stays. "Carbon and cost saved" is both saved. */
export const linksOf = (
  low: readonly string[],
  signs: readonly Found[],
  s: Found,
  gone: readonly MeasureName[],
  into: MeasureName,
): Link[] => {
  const going = signs.filter((t) => t.sign.measure !== undefined && gone.includes(t.sign.measure));
  const ends = new Set(going.map((t) => t.at + t.words.split(' ').length));
  const inner = (at: number) => ends.has(at) && going.some((t) => t.at === at + 1);
  return signs.filter((t) => t.sign.measure === into).map((t) => linkOf(low, s, t, inner));
};
