/** Words that mean something and did nothing: a sign that the query does not hold is left over like an unknown word. */
import { isJobState } from './evaluate.js';
import { MEASURES } from './measures.js';
import type { Query } from './query.js';
import type { Found, Signs } from './signs.js';

/** Numbers of the tokens whose signs a query does not hold. */
export const unusedIn = (
  query: Query,
  { signs, names, numbers }: Signs,
  { further }: { readonly further: boolean },
): number[] =>
  signs
    .filter(
      (s) =>
        !isHeld(s, query, signs, names.filter((n) => n.kind === 'places').length, further, (at) =>
          numbers.some((n) => n.at === at - 1 && n.value !== query.rank?.count),
        ),
    )
    .map((s) => s.at);

const isHeld = (
  { sign, at, words }: Found,
  q: Query,
  signs: readonly Found[],
  named: number,
  further: boolean,
  counted: (at: number) => boolean,
): boolean => {
  const compares =
    q.against !== null ||
    q.bases.length > 1 ||
    q.measures.length > 1 ||
    [q.filters.teams, q.filters.kinds, q.filters.categories, q.filters.places, q.filters.jobs].some(
      (l) => l.length > 1,
    );
  const ordered =
    q.rank !== null ||
    q.stat === 'least' ||
    q.stat === 'most' ||
    compares ||
    q.hours !== null ||
    q.measures.some((m) => m === 'power' || MEASURES[m].sums === 'each');
  if (sign.state === 'gpu' && q.measures.includes('gpu-hours')) return true;
  if (sign.state !== undefined) {
    const jobs = q.subject === 'jobs';
    if (jobs !== isJobState(sign.state)) return sign.measure !== undefined || q.measures.includes('delay');
    if (!q.filters.states.includes(sign.state)) return q.measures.includes('delay');
  }
  if (sign.category !== undefined && q.subject !== 'jobs') return false;
  if (sign.subject !== undefined && sign.subject !== q.subject && sign.measure === undefined) {
    if (sign.subject === 'jobs')
      return q.subject === 'grid' ? q.hours !== null : q.subject === 'records' || q.subject === 'teams';
    if (sign.subject === 'records') return q.bases.includes('verified');
    if (sign.subject === 'sites') return named > 0 || q.by === 'place';
    return false;
  }
  // Of "the largest fewer" the one that the rank does not follow is left over.
  const { rank } = q;
  if (sign.order !== undefined)
    return ordered && (rank === null || sign.order === rank.order || !signs.some((s) => s.sign.order === rank.order));
  if (sign.by !== undefined)
    return (
      sign.by === q.by || q.hours !== null || q.subject === 'teams' || (sign.by === 'place' && q.subject === 'grid')
    );
  // What is one figure has no order.
  if (sign.list === true && /^(?:rank|sort|order)/.test(words)) return ordered || q.by !== null;
  if (sign.versus === true) return compares;
  if (sign.except === true) return Object.values(q.filters.except).some((l) => l.length > 0);
  if (sign.above === true || sign.below === true) return q.filters.limits.length > 0 || q.than !== null || compares;
  if (sign.basis !== undefined) return q.bases.includes(sign.basis) || q.subject === 'records';
  if (sign.event === 'starts' || sign.event === 'ends')
    return (
      q.period?.of === sign.event || q.hours !== null || q.measures.includes(sign.event === 'starts' ? 'start' : 'end')
    );
  if (sign.nth !== undefined) return q.rank !== null && q.rank.skip === sign.nth - 1;
  if (sign.further === true) return further && q.rank !== null && q.rank.skip > 0;
  if (sign.stat !== undefined)
    return sign.stat === 'total'
      ? // Of values that do not add up there is no total.
        q.measures.every((m) => MEASURES[m].sums !== 'each')
      : sign.stat === q.stat ||
          q.stat === 'change' ||
          (sign.stat === 'share' && q.bases.includes('planned') && q.bases.includes('verified'));
  // A unit belongs to the number before it, which is used or left over by itself.
  if (sign.unit !== undefined)
    return sign.unit === q.unit || counted(at) || (sign.unit === '%' && (q.stat === 'share' || q.stat === 'change'));
  if (sign.measure === 'emissions')
    return !q.measures.includes('price') && !q.measures.includes('cost-saving') && q.subject !== 'sites';
  if (sign.measure === 'power' || sign.measure === 'energy')
    return !q.measures.includes('saving') || signs.some((s) => s.at === at && s.sign.past === true);
  return true;
};
