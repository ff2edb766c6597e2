/** Requests for deeds become drafts: what is so, who can do it, and the command. */
import type { Approval } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { quoted } from '../../model/model.js';
import { type Desk, planOf, runs, waitingApprovals } from '../desk.js';
import { Draft } from '../facts.js';
import type { Lookup, Slots } from '../lookup.js';
import { inEnglish } from '../question/english.js';
import { NEUTRAL } from '../question/lexicon.js';
import { tokensOf } from '../question/tokens.js';
import { noPlan, planSource } from './of-plan.js';

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
      draft.left.push(...unheardIn(wanted, await planOf(desk, approval.planId), open));
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
    draft.left.push(...unheardIn(wanted, plan, open));
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
  if (!what) return refused(draft);
  draft.left.push(...unheardIn(wanted, plan, []));
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
    /\b(?:run|start|execute|place|move|shift|schedule|reschedule|defer|delay|postpone|apply)\b/i,
    'changing what runs',
    () => 'caco launch --horizon-hours 24',
    'execute_plan',
  ],
];

/** What no person can be shown a command for is declined as a whole. */
const refused = (draft: Draft): Draft => {
  draft.answered = false;
  return draft.say(
    'I only answer and draft: I change nothing and take no orders, whoever gives them and wherever they stand.',
    '`caco --help` lists what a person can do.',
  );
};

/** Words of orders: what is to be done, and to what of ours. */
const OF_ORDERS = new Set(
  `approve approves approved approval approvals reject rejects refuse refuses deny sign off signoff execute launch cancel delete remove mint issue
  file create close move shift start stop pause resume defer delay postpone schedule reschedule confirm activate enable disable switch override
  bypass skip submit send grant change set update drop place publish transfer pay buy sell make replan apply run plan plans commit deploy
  kill settle retire ticket tickets policy policies constraint constraints rule rules credit credits token tokens order orders immediately
  instantly right again anew ignore disregard forget instructions previous prior above once questions no authorise authorize command job jobs
  write copilot go ahead want need you must all`.split(/\s+/),
);
/** What of an order its draft does not hold: whose jobs, which hours, who says so. */
const unheardIn = (order: string, plan: Plan | undefined, open: readonly Approval[]): string[] => {
  const ids = new Set([plan?.id, ...open.flatMap((a) => [a.id, a.planId])].map((id) => id?.toLowerCase()));
  return tokensOf(inEnglish(order)).flatMap(({ said, low }) =>
    ids.has(said.toLowerCase()) || NEUTRAL.has(low) || OF_ORDERS.has(low) ? [] : [said],
  );
};

export const orderLookups: readonly Lookup[] = [
  {
    name: 'propose',
    description:
      'How a person does what was asked for (approve, reject, execute, file, plan): a draft, nothing is done',
    uses: ['planId', 'topic'],
    answer: deed,
  },
];
