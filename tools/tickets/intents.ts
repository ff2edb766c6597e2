/** What a plan means for the tickets there are: which to file, which to comment, which to close. Pure, looks at data only. */

import type { Decision } from '../../domain/decision.js';
import { digest } from '../../domain/digest.js';
import type { Plan } from '../../domain/plan.js';
import { type Instant, plusSeconds } from '../../domain/time.js';
import { type Group, keyOf, type Limits, passes, periodOf } from './groups.js';
import { FOUND_CLOSED, type Ticket } from './ticket.js';

export interface Lookout {
  readonly tracker: { readonly name: string; readonly project: string; readonly deployment: string };
  /** every ticket that we keep for this tracker */
  readonly tickets: ReadonlyMap<string, Ticket>;
  /** now at the tracker, for caps and mutes */
  readonly today: Instant;
  /** now in the world, for what has expired */
  readonly now: Instant;
  readonly limits: Limits;
  readonly overview: boolean;
}

export type Intent =
  | {
      readonly do: 'create';
      readonly id: string;
      readonly group: Group;
      readonly period: string;
      readonly follows: string | null;
    }
  | { readonly do: 'tell'; readonly id: string; readonly group: Group; readonly reopen: boolean }
  /** nothing that people need to hear; our own record follows the plan */
  | { readonly do: 'keep'; readonly id: string; readonly group: Group }
  | { readonly do: 'close'; readonly id: string; readonly outcome: 'expired' | 'applied' | 'superseded' };

export interface Intents {
  readonly intents: readonly Intent[];
  /** every group with the place where it is dealt with, the largest saving first */
  readonly places: readonly { readonly group: Group; readonly where: string }[];
  readonly overview: {
    readonly id: string;
    readonly do: 'create' | 'update' | 'keep' | 'none';
    readonly content: string;
  };
  /** passed the limits and found the cap full */
  readonly heldBack: number;
}

/** Two clusters are two subjects, also when one team works on both. */
export const scopeOf = (plan: Pick<Plan, 'clusterId' | 'region'>): string => plan.clusterId ?? plan.region ?? 'all';

export const STANDING = 'standing';

export const intentsOf = (plan: Plan, decision: Decision | null, groups: readonly Group[], on: Lookout): Intents => {
  const { tickets, limits } = on;
  const scope = scopeOf(plan);
  const base = periodOf(plan.window);
  const decisions = [...tickets.values()].filter((t) => t.kind === 'decision');
  let today = decisions.filter(
    (t) => t.state !== 'failed' && t.createdAt.slice(0, 10) === on.today.slice(0, 10),
  ).length;
  let open = decisions.filter((t) => t.state === 'open' || t.state === 'queued').length;
  let heldBack = 0;
  const intents: Intent[] = [];
  const places: { group: Group; where: string }[] = [];

  for (const group of groups) {
    const subject = `${scope}/${group.subject}`;
    const muted = decisions.find(
      (t) =>
        t.subject === subject &&
        t.state === 'declined' &&
        plusSeconds(t.updatedAt, limits.muteDays * 86_400) > on.today,
    );
    if (muted) {
      places.push({ group, where: `muted: ${muted.id} was closed as not wanted` });
      continue;
    }
    const at = placeOf(subject, base, plan, on);
    const known = at.ticket;
    if (known && at.settled) {
      places.push({ group, where: `settled in ticket ${known.id}` });
      continue;
    }
    if (known && known.state !== 'failed') {
      intents.push(
        at.reopen || (moved(known, group, decision, limits) && known.told.on !== on.today.slice(0, 10))
          ? { do: 'tell', id: known.id, group, reopen: at.reopen }
          : { do: 'keep', id: known.id, group },
      );
      places.push({ group, where: `ticket ${known.id}` });
      continue;
    }
    if (!passes(group, plan, limits)) {
      places.push({ group, where: 'here: below the limits for a ticket' });
      continue;
    }
    if (known === undefined && (today >= limits.createdPerDay || open >= limits.openTickets)) {
      heldBack += 1;
      places.push({
        group,
        where: `here: ${today >= limits.createdPerDay ? 'the cap per day' : 'the cap of open tickets'} is full`,
      });
      continue;
    }
    today += 1;
    open += 1;
    intents.push({ do: 'create', id: at.id, group, period: at.period, follows: at.follows });
    places.push({ group, where: `ticket ${at.id}` });
  }

  const alive = new Set(intents.map((intent) => intent.id));
  for (const ticket of decisions) {
    // A reason on an open ticket says that its end was told already.
    if (alive.has(ticket.id) || ticket.reason !== null) continue;
    if (ticket.state !== 'open' && ticket.state !== 'queued') continue;
    if (ticket.dueAt !== null && ticket.dueAt <= on.now)
      intents.push({ do: 'close', id: ticket.id, outcome: ticket.decisionId === null ? 'expired' : 'applied' });
    else if (
      ticket.planId !== plan.id &&
      ticket.subject.startsWith(`${scope}/`) &&
      ticket.period.startsWith(base) &&
      !groups.some((group) => `${scope}/${group.subject}` === ticket.subject)
    )
      intents.push({ do: 'close', id: ticket.id, outcome: 'superseded' });
  }
  return { intents, places, heldBack, overview: overviewOf(plan, decision, places, intents, on) };
};

/** The ticket of a subject in this period, or the key that a new one would get. */
const placeOf = (subject: string, base: string, plan: Plan, on: Lookout) => {
  let follows: string | null = null;
  for (let n = 1; ; n++) {
    const period = n === 1 ? base : `${base}.${n}`;
    const id = keyOf(on.tracker, { kind: 'decision', subject, period });
    const ticket = on.tickets.get(id);
    const closed = ticket?.state === 'closed' || ticket?.state === 'declined' || ticket?.state === 'needs-manual-close';
    if (!ticket || !closed) return { id, period, ticket, follows, settled: false, reopen: false };
    // What was settled for this very plan is not taken up again by filing it once more.
    if (ticket.planDigest === plan.digest && ticket.reason !== FOUND_CLOSED)
      return { id, period, ticket, follows, settled: true, reopen: false };
    if (on.limits.whenClosed === 'reopen' && ticket.ref !== null)
      return { id, period, ticket, follows, settled: false, reopen: true };
    follows = ticket.url ?? follows;
  }
};

const moved = (ticket: Ticket, group: Group, decision: Decision | null, limits: Limits): boolean => {
  const far = (before: number, now: number) => Math.abs(now - before) > limits.changeRatio * Math.abs(before);
  return (
    ticket.told.decision !== (decision?.status ?? null) ||
    far(ticket.told.savedKg, group.savedKg.value) ||
    far(ticket.told.savedCost, group.savedCost) ||
    far(ticket.told.jobs, group.rows.length)
  );
};

const overviewOf = (
  plan: Plan,
  decision: Decision | null,
  places: Intents['places'],
  intents: readonly Intent[],
  on: Lookout,
): Intents['overview'] => {
  const id = keyOf(on.tracker, { kind: 'overview', subject: `${scopeOf(plan)}/overview`, period: STANDING });
  const content = digest([
    plan.digest,
    decision?.status ?? null,
    places.map(({ group, where }) => [group.subject, where]),
  ]);
  const known = on.tickets.get(id);
  const own = intents.filter((intent) => intent.do !== 'close').length;
  if (!on.overview || places.length === 0) return { id, do: 'none', content };
  if (!known || known.state === 'failed') return { id, do: places.length > own ? 'create' : 'none', content };
  // A person who closed it does not want it.
  if (known.state !== 'open' && known.state !== 'queued') return { id, do: 'none', content };
  return { id, do: known.told.content === content ? 'keep' : 'update', content };
};
