/** Our own record of a ticket, and the messages that carry it to a tracker. Pure. */
import type { Decision } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import type { Instant } from '../../domain/time.js';
import { toAdf } from './adf.js';
import type { TicketDoc } from './document.js';
import type { Group } from './groups.js';
import { type Intents, STANDING, scopeOf } from './intents.js';
import { toMarkdown } from './markdown.js';
import type { Payload, Ticket } from './ticket.js';

export interface Occasion {
  readonly tracker: { readonly name: string; readonly project: string };
  readonly plan: Plan;
  readonly decision: Decision | null;
  /** now at the tracker */
  readonly at: Instant;
}

export const overviewTitle = (plan: Plan) => `[CACO] Overview of planned moves (${scopeOf(plan)})`;

/** The members that follow the plan in force, whether or not people are told. */
const ofPlan = ({ plan, decision }: Occasion) => ({
  planId: plan.id,
  planDigest: plan.digest,
  decisionId: decision?.id ?? null,
  currency: plan.baseline.cost.currency,
});
const ofGroup = ({ decision }: Occasion, group: Group) => ({
  jobs: group.rows.length,
  savedKg: group.savedKg,
  savedCost: group.savedCost,
  dueAt: decision === null ? group.lastActBy : group.lastStart,
});
const toldOf = (on: Occasion, savedKg: number, savedCost: number, jobs: number, content: string) => ({
  savedKg,
  savedCost,
  jobs,
  decision: on.decision?.status ?? null,
  content,
  on: on.at.slice(0, 10),
});

const fresh = (on: Occasion) => ({
  tracker: on.tracker.name,
  project: on.tracker.project,
  state: 'queued' as const,
  reason: null,
  ref: null,
  url: null,
  assigned: false,
  dropped: [],
  revision: 0,
  markdown: '',
  createdAt: on.at,
  updatedAt: on.at,
});

export const decisionTicket = (
  on: Occasion,
  { id, group, period }: { id: string; group: Group; period: string },
): Ticket => ({
  ...fresh(on),
  ...ofPlan(on),
  ...ofGroup(on, group),
  id,
  kind: 'decision',
  subject: `${scopeOf(on.plan)}/${group.subject}`,
  period,
  team: group.team,
  title: group.title,
  labels: [...group.labels, id],
  told: toldOf(on, group.savedKg.value, group.savedCost, group.rows.length, on.plan.digest),
});

/** The known ticket after a plan: its record always, what was told only when it is told. */
export const followed = (known: Ticket, on: Occasion, group: Group, telling: boolean): Ticket => ({
  ...known,
  ...ofPlan(on),
  ...ofGroup(on, group),
  told: telling ? toldOf(on, group.savedKg.value, group.savedCost, group.rows.length, on.plan.digest) : known.told,
  updatedAt: on.at,
});

export const overviewTicket = (on: Occasion, { id, content }: Intents['overview']): Ticket => {
  const { savings, jobs } = on.plan;
  return {
    ...fresh(on),
    ...ofPlan(on),
    id,
    kind: 'overview',
    subject: `${scopeOf(on.plan)}/overview`,
    period: STANDING,
    team: null,
    title: overviewTitle(on.plan),
    labels: ['caco', 'caco-overview', id],
    jobs: jobs.moved,
    savedKg: savings.emissionsKg,
    savedCost: savings.cost,
    dueAt: null,
    told: toldOf(on, savings.emissionsKg.value, savings.cost, jobs.moved, content),
  };
};

const json = (doc: TicketDoc) => JSON.parse(JSON.stringify(toAdf(doc)));

export const draftOf = (ticket: Ticket, doc: TicketDoc) => ({
  key: ticket.id,
  title: ticket.title,
  labels: ticket.labels,
  markdown: toMarkdown(doc),
  adf: json(doc),
  dueDate: ticket.dueAt === null ? null : ticket.dueAt.slice(0, 10),
});

export const said = (doc: TicketDoc): Payload => ({ action: 'comment', markdown: toMarkdown(doc), adf: json(doc) });
