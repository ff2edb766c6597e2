/** Answers about what waits for people, what the policy says, which tickets there are; and requests for deeds, which become drafts. */
import { Fault } from '../../domain/fault.js';
import { type Constraint, inForce } from '../../domain/policy/policy.js';
import { quoted } from '../../model/model.js';
import { type Desk, planNamed, planOf, read, runs, waitingApprovals } from '../desk.js';
import { Draft } from '../facts.js';
import type { Lookup, Slots } from '../lookup.js';
import { inEnglish } from '../question/english.js';
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

const policy = async ({ topic }: Slots, desk: Desk): Promise<Draft> => {
  const { active, sets } = await read(desk, 'list_policies', {});
  const set = active === null ? undefined : (await read(desk, 'show_policy', { setId: active })).set;
  const draft = new Draft();
  const drafts = sets.filter((s) => s.status === 'draft');
  if (!set) {
    draft.say(
      'No policy is in force.',
      drafts.length === 0
        ? '`caco policy parse FILE` reads one; a person confirms it.'
        : `${draft.count(drafts.length, 'policy set', { label: 'drafts', source: 'policy sets', key: true })} ${drafts.length === 1 ? 'waits' : 'wait'} for a person to confirm: \`caco policy confirm ${drafts[0]!.id}\`.`,
    );
    return draft.cite('policy sets');
  }
  const source = `policy set ${set.id}`;
  const fact = { source, about: [set.id] };
  const constraints = inForce(set);
  const asked = (topic ?? '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((w) => w.length > 3 && !COMMON.has(w))
    .map((w) => w.replace(/(ing|ed|es|s)$/, ''));
  const fits = (c: Constraint) =>
    asked.filter((w) =>
      `${c.quote} ${c.type.replaceAll('_', ' ')} ${JSON.stringify(c.scope)}`.toLowerCase().includes(w),
    ).length;
  const chosen =
    asked.length === 0 ? constraints : constraints.filter((c) => fits(c) > 0).sort((a, b) => fits(b) - fits(a));
  const shown = (chosen.length > 0 ? chosen : constraints).slice(0, 8);
  draft.cite(
    `${source}${set.version === null ? '' : `, version ${set.version}`}`,
    ...set.documents.map((d) => quoted(d.doc)),
  );
  draft.say(
    `Policy set ${draft.name(set.id, { ...fact, label: 'the policy set in force' })} is in force with ${draft.count(constraints.length, 'constraint', { ...fact, label: 'constraints in force', key: true })}${set.confirmedBy === null || set.confirmedAt === null ? '' : `, confirmed by ${draft.name(set.confirmedBy.id, { ...fact, label: 'who confirmed it' })} on ${draft.time(set.confirmedAt, { ...fact, label: 'confirmed on' }, 'day')}`}.`,
    asked.length > 0 && chosen.length === 0
      ? 'None of them speaks of what you ask; these are in force.'
      : 'It says, word for word:',
  );
  draft.lines(
    ...shown.map(
      (c) =>
        `  ${c.strength === 'must' ? 'must' : 'should'} · ${c.type.replaceAll('_', ' ')}: ${verbatim(c.quote)} (${quoted(c.source.doc)}, sentence ${c.sentence}${c.source.page === undefined ? '' : `, page ${c.source.page}`})`,
    ),
  );
  const open = set.constraints.length - constraints.length;
  if (open > 0)
    draft.lines(
      `Read, and not in force: ${draft.count(open, 'constraint', { ...fact, label: 'constraints that do not bind' })} that ${open === 1 ? 'is' : 'are'} ambiguous, contradictory, unsupported or refused: caco policy show ${set.id}`,
    );
  if (set.notUnderstood.length > 0)
    draft.lines(
      `Not understood, and so not in force: ${draft.count(set.notUnderstood.length, 'passage', { ...fact, label: 'passages that were not understood' })}.`,
    );
  if (drafts.length > 0)
    draft.lines(
      `Waiting to be confirmed, and so not in force: ${drafts
        .map((d) => d.id)
        .slice(0, 5)
        .join(', ')}.`,
    );
  return draft;
};
const verbatim = (text: string) => `“${quoted(text, 300).replace(/^“|”$/g, '')}”`;
const COMMON = new Set([
  'what',
  'does',
  'policy',
  'policies',
  'about',
  'says',
  'rules',
  'rule',
  'which',
  'there',
  'have',
  'with',
  'force',
  'allow',
  'allowed',
  'tell',
  'must',
  'should',
  'they',
  'that',
  'this',
  'work',
  'jobs',
  'currently',
  'apply',
  'applies',
  'constraints',
]);

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
        draft.mass(t.savedKg.value, { ...fact, label: 'planned saving of the ticket', saving: true }),
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
    `A ticket for plan ${draft.name(plan.id, { ...fact, label: 'the plan' })} would ask for ${draft.count(plan.jobs.moved, 'job', { ...fact, label: 'moved jobs' })} to move, which would save ${draft.mass(plan.savings.emissionsKg, { ...fact, label: 'planned saving of CO2e', saving: true, key: true })}.`,
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

/** Somebody asks for a deed: what is so, who can do it, and the command. Nothing is done. */
const deed = async ({ planId, topic }: Slots, desk: Desk): Promise<Draft> => {
  const draft = new Draft();
  const wanted = topic ?? '';
  const open = await waitingApprovals(desk);
  const named = open.find((a) => wanted.includes(a.id) || (planId !== undefined && a.planId === planId));
  const approval = named ?? (planId === undefined ? open[0] : undefined);
  if (/\bapprov|\breject|\brefuse|\bsign off/i.test(inEnglish(wanted))) {
    draft.say('I approve and reject nothing, whoever asks: a person does, under their own name.');
    if (approval) {
      const source = `approval ${approval.id}`;
      const fact = { source, about: [approval.id, approval.planId] };
      draft.say(
        `Plan ${draft.name(approval.planId, { ...fact, label: 'the plan' })} still waits, as ${draft.name(approval.id, { ...fact, label: 'the approval', key: true })}.`,
        `A person approves it with \`caco approve ${approval.id}\` or over authenticated HTTP, and rejects it with \`caco reject ${approval.id} --why "…"\`.`,
      );
      draft.lines(`Why a person is asked: ${approval.reasons.map((r) => quoted(r, 200)).join('; ')}`);
      draft.propose({
        what: 'Approve the plan',
        tool: 'answer_approval',
        input: { approvalId: approval.id, decision: 'approve' },
        command: `caco approve ${approval.id}`,
      });
      return draft.cite(source);
    }
    const plan = await planOf(desk, planId);
    if (planId !== undefined && !plan) return noPlan(planId);
    draft.say(
      plan
        ? `Nothing waits for an answer about plan ${draft.name(plan.id, { label: 'the plan', source: planSource(plan) })}.`
        : 'Nothing waits for an answer.',
      '`caco approvals` lists what waits.',
    );
    if (plan)
      draft
        .propose({
          what: 'Put the plan before a person',
          tool: 'request_approval',
          input: { planId: plan.id, reasons: ['asked for in chat'] },
          command: `caco show ${plan.id}`,
        })
        .cite(planSource(plan));
    return draft;
  }
  const plan = await planOf(desk, planId);
  const what = DEEDS.find(([pattern]) => pattern.test(inEnglish(wanted)));
  if (!what)
    return draft.say(
      'I only answer and draft: I change nothing and take no orders, whoever gives them and wherever they stand.',
      '`caco --help` lists what a person can do.',
    );
  const command = what[2](plan?.id ?? 'ID', (await runs(desk, 1))[0]?.id ?? 'ID');
  draft.say(
    `I only answer and draft; ${what[1]} is a person's or the approved plan's doing.`,
    `The command is \`${command}\`.`,
  );
  draft.propose({ what: what[1], tool: what[3], input: plan ? { planId: plan.id } : {}, command });
  return plan ? draft.cite(planSource(plan)) : draft;
};

const DEEDS: readonly (readonly [RegExp, string, (plan: string, run: string) => string, string])[] = [
  [/\bticket/i, 'filing a ticket', () => 'caco tickets', 'file_tickets'],
  [/\bmint|\bcredit|\btoken/i, 'minting', () => 'caco --help', 'mint_credit'],
  [/\bpolicy|\bconstraint|\brule/i, 'changing the policy', () => 'caco policy list', 'confirm_policy'],
  [
    /\breplan|\bplan\b.*\bagain|\bmake\b.*\bplan|\bplan\b|\blaunch/i,
    'planning',
    () => 'caco launch --horizon-hours 24',
    'make_plan',
  ],
  [
    /\b(?:run|start|execute|place|move|shift|schedule|reschedule|defer|delay|postpone|apply|stop|pause|resume|cancel)\b/i,
    'changing what runs',
    () => 'caco launch --horizon-hours 24',
    'execute_plan',
  ],
];

export const peopleLookups: readonly Lookup[] = [
  { name: 'approvals', description: 'What waits for a person’s answer', uses: [], answer: approvals },
  {
    name: 'policy',
    description: 'What the policy in force says, word for word, on a topic',
    uses: ['topic'],
    answer: policy,
  },
  { name: 'tickets', description: 'Tickets that were written, and their state', uses: ['planId'], answer: tickets },
  {
    name: 'draft_ticket',
    description: 'The words that a ticket for a plan would carry; files nothing',
    uses: ['planId'],
    answer: draftTicket,
  },
  {
    name: 'propose',
    description:
      'How a person does what was asked for (approve, reject, execute, file, plan): a draft, nothing is done',
    uses: ['planId', 'topic'],
    answer: deed,
  },
];
