/** What the policy in force says, word for word; of the question's words those that no sentence of it holds are named. */
import { type Constraint, inForce } from '../../domain/policy/policy.js';
import { quoted } from '../../model/model.js';
import { type Desk, read } from '../desk.js';
import { Draft } from '../facts.js';
import type { Lookup, Slots } from '../lookup.js';
import { NEUTRAL } from '../question/lexicon.js';
import { tokensOf } from '../question/tokens.js';

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
  const asked = askedIn(topic ?? '');
  const fits = (c: Constraint) => asked.filter((word) => speaksOf(c, word)).length;
  const chosen =
    asked.length === 0 ? constraints : constraints.filter((c) => fits(c) > 0).sort((a, b) => fits(b) - fits(a));
  const unheard = asked.filter((word) => !word.idle && !constraints.some((c) => speaksOf(c, word))).map((w) => w.said);
  const shown = (chosen.length > 0 ? chosen : constraints).slice(0, 8);
  draft.cite(
    `${source}${set.version === null ? '' : `, version ${set.version}`}`,
    ...set.documents.map((d) => quoted(d.doc)),
  );
  draft.say(
    `Policy set ${draft.name(set.id, { ...fact, label: 'the policy set in force' })} is in force with ${draft.count(constraints.length, 'constraint', { ...fact, label: 'constraints in force', key: true })}${set.confirmedBy === null || set.confirmedAt === null ? '' : `, confirmed by ${draft.name(set.confirmedBy.id, { ...fact, label: 'who confirmed it' })} on ${draft.time(set.confirmedAt, { ...fact, label: 'confirmed on' }, 'day')}`}.`,
    asked.length > 0 && chosen.length === 0
      ? `None of them speaks of what you ask${unheard.length === 0 ? '' : ` (${quotedWords(unheard)})`}; these are in force.`
      : 'It says, word for word:',
  );
  if (asked.length === 0 || chosen.length > 0) draft.left.push(...unheard);
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
/** Words of a question about the policy that no sentence of it has to hold. */
const COMMON = new Set(
  `what does policy policies about says say rules rule which there have with force allow allowed allows tell must should they that this
  work jobs job currently apply applies constraints constraint permitted permit forbid forbidden forbids prohibited may can we i show list
  quote sentence sentences text in`.split(/\s+/),
);

interface Asked {
  readonly said: string;
  /** without its ending, lower case */
  readonly stem: string;
  /** short, and so looked for as a whole word */
  readonly whole: boolean;
  /** it binds words and names nothing, so that nothing is missing where no sentence holds it */
  readonly idle: boolean;
}
const askedIn = (question: string): Asked[] =>
  tokensOf(question).flatMap(({ said }) => {
    const low = said.toLowerCase();
    const idle = NEUTRAL.has(low);
    if (COMMON.has(low) || (idle && low.length <= 3)) return [];
    const stem = low.replace(/(ing|ed|es|s)$/, '');
    return [{ said, stem: stem.length > 3 ? stem : low, whole: low.length <= 3, idle }];
  });

const speaksOf = (c: Constraint, { stem, whole }: Asked): boolean => {
  const text = `${c.quote} ${c.type.replaceAll('_', ' ')} ${JSON.stringify(c.scope)}`.toLowerCase();
  return whole ? text.split(/[^\p{L}\p{N}]+/u).includes(stem) : text.includes(stem);
};
const quotedWords = (words: readonly string[]) =>
  words
    .slice(0, 8)
    .map((w) => `“${quoted(w, 60)}”`)
    .join(', ');

export const policyLookups: readonly Lookup[] = [
  {
    name: 'policy',
    description: 'What the policy in force says, word for word, on a topic',
    uses: ['topic'],
    answer: policy,
  },
];
