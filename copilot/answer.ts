/** The answer as doors show it: prose, tables, where it comes from, and every figure with its source. */
import type { World } from '../domain/world.js';
import { loadPrompt } from '../prompts/prompts.js';
import { type Draft, type Figure, figuresOf, type Proposal } from './facts.js';
import type { Rejected } from './words/check.js';
import { promptOf, type Words } from './words/words.js';

export interface ChatAnswer {
  /** names the conversation; send it with the next message */
  readonly threadId: string;
  readonly answer: string;
  /** every figure of the answer, with the document that it comes from */
  readonly figures: readonly Figure[];
  /** true when the words are a model's; the figures never are */
  readonly usedModel: boolean;
  readonly model: string | null;
  /** what the model said and was not let through */
  readonly rejected: readonly Rejected[];
  /** false when the question could not be answered from what is known */
  readonly answered: boolean;
  readonly sources: readonly string[];
  /** what was looked up */
  readonly lookups: readonly string[];
  /** deeds that a person may want to do; none was done */
  readonly proposals: readonly Proposal[];
  /** why the model's words do not stand, in one sentence; null when there is nothing to say */
  readonly notice: string | null;
  /** the prompt that the model was given, by the hash of its text */
  readonly prompt: { readonly name: string; readonly sha256: string } | null;
}

export const answerOf = (
  world: World,
  draft: Draft,
  { lookup, words }: { lookup: string | null; words: Words | undefined },
): Omit<ChatAnswer, 'threadId'> => {
  const spoken = words?.prose ?? null;
  const said = spoken ?? draft.prose.map((p) => draft.fill(p)).join('\n');
  const prose = draft.opening === null ? said : `${draft.opening} ${said}`;
  const byWhom =
    spoken !== null
      ? `Words by ${world.model!.name}, every figure checked.`
      : world.model === null
        ? 'No model was used.'
        : words === undefined
          ? 'Answered without the model.'
          : `${words.notice ?? 'The model’s words were not used.'} This is the template’s answer; no model’s word is in it.`;
  const sources = draft.sources.length === 0 ? '' : `Sources: ${draft.sources.join('; ')}. `;
  const data = draft.data.map((note) => `Data: ${note}`);
  const answer = [prose, ...draft.tail, `${sources}${byWhom}`, ...data].filter((part) => part !== '').join('\n');
  return {
    answer,
    figures: figuresOf([...draft.facts, ...(words?.spoken ?? []).map(({ text, fact }) => ({ ...fact, text }))], answer),
    usedModel: spoken !== null,
    model: spoken === null ? null : world.model!.name,
    rejected: words?.rejected ?? [],
    answered: draft.answered || spoken !== null,
    sources: [...draft.sources, ...draft.data],
    lookups: [...(lookup === null ? [] : [lookup]), ...(words?.lookups ?? [])],
    proposals: draft.proposals,
    notice: words?.notice ?? null,
    prompt: words === undefined ? null : promptUsed(lookup),
  };
};

const promptUsed = (lookup: string | null): ChatAnswer['prompt'] => {
  const { name, sha256 } = loadPrompt(promptOf({ lookup }));
  return { name, sha256 };
};
