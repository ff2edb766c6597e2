/** What a list of answers comes to. */
import type { Approval } from '../../domain/decision.js';

type Vote = Approval['votes'][number];

/** One rejection closes it; approvals count once per person, whatever the door they came through. */
export const outcomeOf = (votes: readonly Vote[], needed: number): Approval['status'] => {
  if (votes.some((v) => v.decision === 'reject')) return 'rejected';
  const people = new Set(votes.map((v) => v.actor.id));
  if (people.size < needed) return 'waiting';
  return votes.some((v) => v.only !== null) ? 'partly-approved' : 'approved';
};

/** The jobs that everybody agreed to; null: all of the plan. */
export const jobsOf = (votes: readonly Vote[]): string[] | null => {
  const lists = votes.filter((v) => v.only !== null).map((v) => new Set(v.only));
  if (lists.length === 0) return null;
  const [first, ...rest] = lists;
  return [...first!].filter((job) => rest.every((list) => list.has(job)));
};
