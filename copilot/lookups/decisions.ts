/** Answers about what was decided: who approved a plan, when, for which reasons and under which policy; and what is real in the data. */
import type { Decision } from '../../domain/decision.js';
import type { Plan } from '../../domain/plan.js';
import { quoted } from '../../model/model.js';
import { type Desk, dataOf, decisions, planOf, read, readIfThere } from '../desk.js';
import { Draft } from '../facts.js';
import { type Lookup, type Slots, stretchOf } from '../lookup.js';
import { periodOf } from '../question/period.js';
import { decidedText, decisionOf, noPlan, planSource } from './of-plan.js';

const STATUS = { approved: 'approved', 'partly-approved': 'approved in part', refused: 'refused' } as const;

const byWhom = (draft: Draft, decision: Decision) =>
  decision.by
    .map((by) =>
      by.startsWith('rule:')
        ? `rule \`${by.slice(5)}\``
        : draft.name(by, { label: 'who decided', source: `decision ${decision.id}` }),
    )
    .join(' and ');

const single = async (plan: Plan, desk: Desk): Promise<Draft> => {
  const draft = new Draft().cite(planSource(plan));
  const name = draft.name(plan.id, { label: 'the plan', source: planSource(plan), about: [plan.id] });
  const decision = await decisionOf(desk, plan);
  if (!decision) draft.say(`Nobody decided about plan ${name} yet.`, await decidedText(draft, plan, desk));
  else {
    const source = `decision ${decision.id}`;
    draft.cite(source);
    const at = draft.time(decision.at, { label: 'decided at', source, about: [plan.id], key: true });
    draft.say(`Plan ${name} was ${STATUS[decision.status]} by ${byWhom(draft, decision)} on ${at}.`);
    if (decision.jobs !== null)
      draft.say(
        `That holds for ${draft.count(decision.jobs.length, 'job', { label: 'approved jobs', source, about: [plan.id] })} of it.`,
      );
    draft.lines(
      `Reasons: ${decision.reasons
        .slice(0, 6)
        .map((r) => quoted(r, 200))
        .join('; ')}.`,
    );
  }
  const [asked] = (await read(desk, 'list_approvals', { planId: plan.id, status: 'all', limit: 1 })).approvals;
  for (const vote of asked?.votes ?? [])
    draft.lines(
      `${quoted(vote.actor.id, 80)} (${vote.actor.via}) said ${vote.decision} on ${draft.time(vote.at, { label: 'answered at', source: `approval ${asked!.id}`, about: [plan.id] })}${vote.why === '' ? '' : `: ${quoted(vote.why, 200)}`}.`,
    );
  if (asked) draft.cite(`approval ${asked.id}`);
  if (plan.policySetId === null) return draft.say('No policy was in force when it was planned.');
  const set = (await readIfThere(desk, 'show_policy', { setId: plan.policySetId }))?.set;
  return draft.say(
    `It was planned under policy set ${draft.name(plan.policySetId, { label: 'policy set of the plan', source: planSource(plan) })}${set?.version == null ? '' : `, version ${set.version}`}.`,
  );
};

const MOST_LISTED = 12;

const decided = async (slots: Slots, desk: Desk): Promise<Draft> => {
  const { planId, period } = slots;
  const stretch =
    stretchOf(slots) ?? (period === undefined || period === 'all' ? undefined : periodOf(period, desk.now));
  const many = stretch !== undefined || /\b(?:list|all|every|decisions|approvals)\b/i.test(desk.question);
  if (planId !== undefined || !many) {
    const plan = await planOf(desk, planId);
    return plan ? single(plan, desk) : noPlan(planId);
  }
  const found = await decisions(desk, stretch);
  const draft = new Draft().cite('decisions');
  const when =
    stretch?.from === undefined || stretch.to === undefined
      ? ''
      : ` between ${draft.time(stretch.from, { label: 'from', source: 'your question' })} and ${draft.time(stretch.to, { label: 'until', source: 'your question' })}`;
  draft.say(
    `The books hold ${draft.count(found.length, 'decision', { label: 'decisions', source: 'decisions', key: true })}${when}.`,
  );
  draft.table(
    ['decided at (UTC)', 'plan', '', 'by'],
    found.slice(0, MOST_LISTED).map((d) => {
      const fact = { source: `decision ${d.id}`, about: [d.planId] };
      return [
        draft.time(d.at, { ...fact, label: 'decided at' }),
        draft.name(d.planId, { ...fact, label: 'its plan' }),
        STATUS[d.status],
        byWhom(draft, d),
      ];
    }),
  );
  if (found.length > MOST_LISTED)
    draft.lines(
      `and ${draft.count(found.length - MOST_LISTED, 'older decision', { label: 'decisions not shown', source: 'decisions' })}`,
    );
  return draft;
};

/** What is real and what is not, and where the plan's figures come from. */
const data = async ({ planId }: Slots, desk: Desk): Promise<Draft> => {
  const plan = await planOf(desk, planId);
  if (planId !== undefined && !plan) return noPlan(planId);
  const { setting } = desk.world;
  const draft = new Draft().cite(`scenario ${setting.name}`);
  draft.say(
    `The world is scenario ${draft.name(setting.name, { label: 'the scenario', source: 'configuration', key: true })}. ${setting.dataNote}`,
  );
  if (!plan) return draft;
  draft.cite(planSource(plan)).from(...(await dataOf(desk, plan)).filter((note) => note !== setting.dataNote));
  draft.say(`Plan ${draft.name(plan.id, { label: 'the plan', source: planSource(plan) })} saw these signals:`);
  return draft.lines(
    ...plan.signals.slice(0, 8).map((s) => `  ${quoted(s.region, 40)}: ${s.status}, ${quoted(s.source, 200)}`),
  );
};

export const decisionLookups: readonly Lookup[] = [
  {
    name: 'decisions',
    description: 'Who decided about a plan, when, why and under which policy; or the decisions of a stretch of time',
    uses: ['planId', 'period', 'from', 'to'],
    answer: decided,
  },
  {
    name: 'data',
    description: 'What is real and what is simulated, and the signals that a plan saw',
    uses: ['planId'],
    answer: data,
  },
];
