/** What every answer about a plan says alike: which plan it is, what it would do, and who decided. */
import type { Decision } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { type Desk, read, runOfPlan } from '../desk.js';
import { Draft } from '../facts.js';

/** The sentence that every lookup gives when there is nothing to speak of. */
export const noPlan = (planId?: string): Draft => {
  const draft = new Draft();
  draft.answered = false;
  return planId === undefined
    ? draft.say('Nothing has been planned yet.', 'Make a plan with `caco launch --horizon-hours 24`.')
    : draft.say(
        `I know no plan ${draft.name(planId, { label: 'what was asked for', source: 'your question' })}.`,
        '`caco runs` lists what was planned.',
      );
};

export const aboutPlan = (plan: Plan) => [plan.id];
export const planSource = (plan: Plan) => `plan ${plan.id}`;

export const decisionOf = async (desk: Desk, plan: Plan): Promise<Decision | undefined> =>
  (await read(desk, 'list_decisions', { planId: plan.id, limit: 1 })).decisions[0];

/** "would save 3 kg", and of a plan that saves nothing "would emit 3 kg more": no saving is negative. */
export const effectOf = (draft: Draft, plan: Plan, key = false): string => {
  const { emissionsKg: kg } = plan.savings;
  const about = { source: planSource(plan), about: aboutPlan(plan), key };
  if (kg.value >= 0) return `would save ${draft.mass(kg, { ...about, label: 'planned saving of CO2e', saving: true })}`;
  const more = { ...kg, value: -kg.value, low: -kg.high, high: -kg.low };
  return `would emit ${draft.mass(more, { ...about, label: 'additional CO2e as planned' })} more`;
};

/** Who decided, or that nobody did. */
export const decidedText = async (draft: Draft, plan: Plan, desk: Desk): Promise<string> => {
  const decision = await decisionOf(desk, plan);
  const run = await runOfPlan(desk, plan.id);
  if (!decision) {
    if (run?.status === 'waiting' && run.approvalId !== null) {
      draft.cite(`approval ${run.approvalId}`);
      const [asked] = (await read(desk, 'list_approvals', { ids: [run.approvalId], status: 'all' })).approvals;
      const fact = { source: `approval ${run.approvalId}`, about: [plan.id] };
      if (asked && asked.approvalsNeeded > 1) {
        const given = asked.votes.filter((v) => v.decision === 'approve').length;
        draft.say(
          `${draft.count(given, 'answer', { ...fact, label: 'answers given' })} of ${draft.count(asked.approvalsNeeded, 'answer', { ...fact, label: 'answers needed' })} given.`,
        );
      }
      return `It waits for a person's answer: \`caco approve ${run.approvalId}\` or \`caco reject ${run.approvalId} --why "…"\`.`;
    }
    return 'Nothing was decided about it yet.';
  }
  draft.cite(`decision ${decision.id}`);
  const by = decision.by
    .map((b) =>
      b.startsWith('rule:')
        ? `rule \`${b.slice(5)}\``
        : draft.name(b, { label: 'who decided', source: `decision ${decision.id}` }),
    )
    .join(' and ');
  const status = {
    approved: 'It was approved',
    'partly-approved': 'It was approved in part',
    refused: 'It was refused',
  }[decision.status];
  return `${status} by ${by}.`;
};
