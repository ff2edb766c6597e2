/** What a list of answers comes to. */
import type { Approval, Approver } from '../../domain/decision.js';
import { holdersOf, personKey } from '../../domain/role.js';
import type { Tx } from '../../domain/store.js';

type Vote = Approval['votes'][number];

/** What a plan demands of those who agree to it, with who holds the roles that a policy names. */
export interface Demand {
  /** different people */
  readonly people: number;
  readonly roles: readonly (Approver & { readonly heldBy: (person: string) => boolean })[];
}

export const demandOf = async (
  tx: Pick<Tx, 'collection'>,
  of: { readonly approvalsNeeded: number; readonly approvers: readonly Approver[] },
): Promise<Demand> => ({
  people: of.approvalsNeeded,
  roles: await Promise.all(of.approvers.map(async (a) => ({ ...a, heldBy: await holdersOf(tx, a.role) }))),
});

const agreeing = (votes: readonly Vote[]) => voters(votes.filter((v) => v.decision === 'approve'));

/** Each person once, spelled as at their first answer. */
export const voters = (votes: readonly Vote[]): string[] =>
  [...new Map(votes.map((v) => [personKey(v.actor.id), v.actor.id] as const).reverse()).values()].reverse();

/** The roles that still have to agree. */
export const missingRoles = (votes: readonly Vote[], demand: Demand): string[] => {
  const people = agreeing(votes);
  return demand.roles.filter((r) => people.filter((p) => r.heldBy(p)).length < r.approvals).map((r) => r.role);
};

/**
 * One rejection closes it; approvals count once per person, whatever the door they came through. A vote of fewer people than
 * are demanded, or without a role that a policy names, is no leave yet.
 */
export const outcomeOf = (votes: readonly Vote[], demand: Demand): Approval['status'] => {
  if (votes.some((v) => v.decision === 'reject')) return 'rejected';
  if (agreeing(votes).length < demand.people || missingRoles(votes, demand).length > 0) return 'waiting';
  return votes.some((v) => v.only !== null) ? 'partly-approved' : 'approved';
};

/** Whether this person's yes can count: as a holder of a role, or as one of the others that are demanded beside them. */
export const mayAgree = (person: string, { people, roles }: Demand): boolean => {
  const reserved = roles.reduce((sum, r) => sum + r.approvals, 0);
  return people > reserved || roles.some((r) => r.heldBy(person));
};

/** The jobs that everybody agreed to; null: all of the plan. */
export const jobsOf = (votes: readonly Vote[]): string[] | null => {
  const lists = votes.filter((v) => v.only !== null).map((v) => new Set(v.only));
  if (lists.length === 0) return null;
  const [first, ...rest] = lists;
  return [...first!].filter((job) => rest.every((list) => list.has(job)));
};
