/** Nothing is claimed twice: which jobs of a plan another record has claimed already, and the claims of this one. */
import { CLAIMS, type Claim, claimId, claimSet, collide, daysOf } from '../../domain/evidence/claim.js';
import { Fault } from '../../domain/fault.js';
import type { Placement } from '../../domain/plan.js';
import type { Tx } from '../../domain/store.js';

/** The run that did not happen, one claim for each piece of the baseline. */
export const claimsOf = (jobId: string, baseline: readonly Placement[], by: string): Claim[] =>
  baseline.map(({ start, end }) => ({ kind: 'carbon', jobId, start, end, by }));

/** All claims that stand on the days of these, by job. */
const standing = async (tx: Pick<Tx, 'rows'>, claims: readonly Claim[]): Promise<Map<string, Claim[]>> => {
  const days = new Set<number>();
  for (const claim of claims) for (const day of daysOf(claim)) days.add(day);
  const wanted = new Set(claims.map((c) => c.jobId));
  const found = new Map<string, Claim[]>();
  for (const day of [...days].sort((a, b) => a - b))
    for await (const page of tx.rows(CLAIMS).pages(claimSet('carbon', day)))
      for (const claim of page) {
        if (!wanted.has(claim.jobId)) continue;
        const list = found.get(claim.jobId);
        if (list) list.push(claim);
        else found.set(claim.jobId, [claim]);
      }
  return found;
};

/** By job: the record that claims one of these already. */
export const claimedElsewhere = async (
  tx: Pick<Tx, 'rows'>,
  claims: readonly Claim[],
): Promise<Map<string, string>> => {
  const taken = new Map<string, string>();
  const stands = await standing(tx, claims);
  for (const claim of claims) {
    const other = stands.get(claim.jobId)?.find((c) => c.by !== claim.by && collide(c, claim));
    if (other) taken.set(claim.jobId, other.by);
  }
  return taken;
};

/** Writes claims, within the transaction that writes the record. Throws Fault `conflict` when somebody was faster. */
export const claim = async (tx: Pick<Tx, 'rows'>, claims: readonly Claim[]): Promise<void> => {
  const taken = await claimedElsewhere(tx, claims);
  const [first] = taken;
  if (first)
    throw new Fault(
      'conflict',
      `the carbon saving of ${first[0]} was claimed by ${first[1]} meanwhile`,
      'Verify again: what is claimed elsewhere is then left out.',
    );
  const bySet = new Map<string, { id: string; value: Claim }[]>();
  for (const value of claims)
    for (const day of daysOf(value)) {
      const set = claimSet(value.kind, day);
      const list = bySet.get(set);
      if (list) list.push({ id: claimId(value), value });
      else bySet.set(set, [{ id: claimId(value), value }]);
    }
  for (const [set, items] of bySet) await tx.rows(CLAIMS).upsert(set, items);
};
