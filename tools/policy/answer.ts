/** The tool that takes a person's answers to what a draft leaves open. What comes of it is another draft. */
import { z } from 'zod';
import { Fault, invalid, notFound } from '../../domain/fault.js';
import { Constraint, POLICY_SETS, type PolicySet } from '../../domain/policy/policy.js';
import { defineTool } from '../tool.js';
import { offered, paramsBy } from './choices.js';
import { answeredDraft, loadSet } from './sets.js';

const Given = z.strictObject({
  constraintId: z.string().min(1).max(50).describe('as show_policy lists it'),
  question: z.string().min(1).max(2000).describe('word for word'),
  answer: z.string().min(1).max(200).describe('one of those that show_policy offers, or an IANA time zone'),
});
type Given = z.infer<typeof Given>;

/** What is still open of a draft, with the answers that are offered. */
export const Open = z.strictObject({
  constraintId: z.string(),
  question: z.string(),
  answers: z.array(z.string()).describe('empty: put the sentence in clearer words and read the text again'),
  zone: z.boolean().describe('any IANA time zone is an answer'),
});

export const openIn = (set: PolicySet): z.infer<typeof Open>[] =>
  set.status !== 'draft'
    ? []
    : set.constraints.flatMap((c) =>
        c.questions.map((question) => {
          const { answers, zone } = offered(c, question);
          return { constraintId: c.id, question, answers: [...answers], zone };
        }),
      );

const answeredBy = (c: Constraint, { question, answer }: Given, by: string): Constraint => {
  if (!c.questions.includes(question))
    throw new Fault(
      'conflict',
      `constraint ${c.id} does not leave open: ${question}`,
      '`caco policy show ID` lists what is open.',
    );
  const params = paramsBy(c, question, answer);
  if (params === undefined) {
    const { answers, zone } = offered(c, question);
    throw invalid(
      `"${answer}" is no answer to: ${question}`,
      zone
        ? 'Give an IANA time zone such as Europe/London or UTC.'
        : answers.length > 0
          ? `Give one of: ${answers.join('; ')}.`
          : 'Put the sentence in clearer words and read the text again.',
    );
  }
  const questions = c.questions.filter((q) => q !== question);
  const next = {
    ...c,
    params: { ...c.params, ...params },
    questions,
    status: c.status === 'ambiguous' && questions.length === 0 ? ('clear' as const) : c.status,
    answered: [...(c.answered ?? []), { question, answer, by }],
  };
  return Constraint.parse(next);
};

export const answerPolicy = defineTool({
  name: 'answer_policy',
  title: 'Answer what a policy leaves open',
  description:
    'Takes answers to open questions of a draft and keeps what comes of it as a new draft beside it. The quoted sentences stay as they are, and the answers stand with them. Nothing takes effect before a person confirms the set.',
  toolset: 'policy',
  effect: 'records',
  input: z.strictObject({
    setId: z.string().min(1).describe('id of a draft, for example S-4M2XQ0AB'),
    answers: z.array(Given).min(1).max(200),
  }),
  output: z.strictObject({
    setId: z.string().describe('the new draft; a person confirms it'),
    answered: z.number().int(),
    open: z.array(Open).describe('what it still leaves open'),
  }),
  run: async ({ setId, answers }, world, call) => {
    const draft = await loadSet(world.store, setId);
    if (draft.status !== 'draft')
      throw new Fault(
        'conflict',
        `policy set ${setId} is ${draft.status} already`,
        'Read the text again to change it.',
      );
    const unknown = answers.find(({ constraintId }) => !draft.constraints.some(({ id }) => id === constraintId));
    if (unknown)
      throw notFound(
        `policy set ${setId} has no constraint ${unknown.constraintId}`,
        `\`caco policy show ${setId}\` lists them.`,
      );
    const constraints = draft.constraints.map((c) =>
      answers
        .filter(({ constraintId }) => constraintId === c.id)
        .reduce((one, a) => answeredBy(one, a, call.actor.id), c),
    );
    const set = answeredDraft(draft, constraints, world.clock.now());
    const known = await world.store.collection(POLICY_SETS).get(set.id);
    if (!known) call.commit((tx) => tx.collection(POLICY_SETS).put(set.id, set));
    return { setId: set.id, answered: answers.length, open: openIn(set) };
  },
  tell: ({ setId, answered, open }) =>
    `${answered} answered, ${open.length} open. Draft ${setId} waits: caco policy confirm ${setId}`,
});
