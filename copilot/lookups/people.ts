/** Answers about what waits for people and which tickets there are. */
import { Fault } from '../../domain/fault.js';
import { quoted } from '../../model/model.js';
import { type Desk, planNamed, planOf, read, waitingApprovals } from '../desk.js';
import { Draft } from '../facts.js';
import type { Lookup, Slots } from '../lookup.js';
import { effectOf, noPlan, planSource } from './of-plan.js';

const approvals = async (_: Slots, desk: Desk): Promise<Draft> => {
  const open = await waitingApprovals(desk);
  const draft = new Draft().cite('approvals');
  if (open.length === 0) return draft.say('Nothing waits for an answer.', '`caco runs` lists what was decided.');
  draft.say(
    `${draft.count(open.length, 'approval', { label: 'approvals that wait', source: 'approvals', key: true })} ${open.length === 1 ? 'waits' : 'wait'} for a person's answer.`,
  );
  for (const approval of open.slice(0, 5)) {
    const source = `approval ${approval.id}`;
    const fact = { source, about: [approval.id, approval.planId] };
    const plan = await planNamed(desk, approval.planId);
    const saves = plan ? `, which ${effectOf(draft, plan)} CO2e` : '';
    const votes = approval.votes.filter((v) => v.decision === 'approve').length;
    const more =
      approval.approvalsNeeded > 1
        ? ` ${draft.count(votes, 'answer', { ...fact, label: 'answers given' })} of ${draft.count(approval.approvalsNeeded, 'answer', { ...fact, label: 'answers needed' })} given.`
        : '';
    draft.say(
      `${draft.name(approval.id, { ...fact, label: 'approval' })}: plan ${draft.name(approval.planId, { ...fact, label: 'its plan' })}${saves}, open until ${draft.time(approval.expiresAt, { ...fact, label: 'expires at' })}.${more}`,
    );
    draft.lines(
      `${approval.id}, why a person is asked: ${approval.reasons.map((r) => quoted(r, 200)).join('; ')}`,
      `  caco approve ${approval.id}   caco reject ${approval.id} --why "…"`,
    );
    draft.cite(source);
  }
  if (open.length > 5)
    draft.lines(
      `and ${draft.count(open.length - 5, 'more approval', { label: 'approvals not shown', source: 'approvals' })}: caco approvals`,
    );
  return draft;
};

const tickets = async ({ planId }: Slots, desk: Desk): Promise<Draft> => {
  const draft = new Draft().cite('tickets');
  const { tickets: all } = await read(desk, 'list_tickets', { limit: 200, planId });
  const open = all.filter((t) => t.state === 'open' || t.state === 'queued');
  if (all.length === 0) return draft.say('No ticket was written yet.');
  draft.say(
    `${draft.count(open.length, 'ticket', { label: 'open tickets', source: 'tickets', key: true })} of ${draft.count(all.length, 'ticket', { label: 'tickets, at most 200', source: 'tickets' })} ${open.length === 1 ? 'is' : 'are'} open.`,
  );
  return draft.table(
    ['ticket', 'title', 'state', 'jobs', 'planned saving'],
    all.slice(0, 10).map((t) => {
      const fact = { source: `ticket ${t.id}`, about: [t.id] };
      return [
        draft.name(t.ref ?? t.id, { ...fact, label: 'ticket' }),
        draft.name(t.title, { ...fact, label: 'title' }, quoted(t.title, 48)),
        t.state,
        draft.count(t.jobs, 'job', { ...fact, label: 'jobs of the ticket' }),
        draft.saved(t.savedKg.value, { ...fact, label: 'planned saving of the ticket' }),
      ];
    }),
  );
};

/** The words that a ticket would carry, from the tickets' own tool, which checks a model's words itself. */
const draftTicket = async ({ planId }: Slots, desk: Desk): Promise<Draft> => {
  const plan = await planOf(desk, planId);
  if (!plan) return noPlan(planId);
  const draft = new Draft().cite(planSource(plan));
  const fact = { source: planSource(plan), about: [plan.id] };
  draft.say(
    `A ticket for plan ${draft.name(plan.id, { ...fact, label: 'the plan' })} would ask for ${draft.count(plan.jobs.moved, 'job', { ...fact, label: 'moved jobs' })} to move, which ${effectOf(draft, plan, true)} CO2e.`,
    'This is a draft: tickets are filed once the plan is approved.',
  );
  draft.propose({
    what: 'File the tickets of the plan',
    tool: 'file_tickets',
    input: { planId: plan.id },
    command: `caco show ${plan.id}`,
  });
  try {
    const { drafts } = await read(desk, 'draft_tickets', { planId: plan.id });
    for (const ticket of drafts.slice(0, 1))
      if (ticket.markdown !== null) draft.lines(ticket.markdown.split('\n').slice(0, 40).join('\n'));
    if (drafts.length > 1)
      draft.lines(`and ${draft.count(drafts.length - 1, 'more draft', { ...fact, label: 'drafts not shown' })}`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    draft.lines(`The tickets' room cannot draft it: ${error.message}`);
  }
  return draft;
};

export const peopleLookups: readonly Lookup[] = [
  { name: 'approvals', description: 'What waits for a person’s answer', uses: [], answer: approvals },
  { name: 'tickets', description: 'Tickets that were written, and their state', uses: ['planId'], answer: tickets },
  {
    name: 'draft_ticket',
    description: 'The words that a ticket for a plan would carry; files nothing',
    uses: ['planId'],
    answer: draftTicket,
  },
];
