/**
 * The copilot's front door. `chat(world, message, threadId, by)` answers one message of a conversation:
 * facts first, then a template made of them, then, where a model is configured, its words, each sentence checked against
 * the facts before anybody sees it. It reads and drafts; it changes nothing.
 *
 * - `threadId`: names the conversation of this actor; undefined starts one. The answer carries it.
 * - `by.onEvent` hears status, fact and sentence events and exactly one of done, replaced, failed as the last.
 *
 * Throws Fault `invalid-input` for an empty or overlong message or a malformed threadId; a model that fails is no fault.
 */
import { randomUUID } from 'node:crypto';
import type { Actor } from '../domain/decision.js';
import { shortId } from '../domain/digest.js';
import { Fault, invalid } from '../domain/fault.js';
import type { World } from '../domain/world.js';
import { answerOf, type ChatAnswer } from './answer.js';
import { deskOf } from './desk.js';
import type { Fact } from './facts.js';
import { cannotTell } from './lookups/system.js';
import { LOOKUPS } from './lookups.js';
import { inConversation, type Turn } from './memory.js';
import { routeOf } from './question/router.js';
import { inWords } from './words/words.js';

export type { ChatAnswer } from './answer.js';
export type { Fact, Figure, Proposal } from './facts.js';
export type { Rejected } from './words/check.js';

/** What a listener hears while an answer is made. */
export type ChatEvent =
  | { readonly type: 'status'; readonly status: 'looking' | 'writing'; readonly draft?: string }
  | { readonly type: 'fact'; readonly fact: Fact }
  | { readonly type: 'sentence'; readonly text: string }
  /** The sentences stand; `answer` adds tables and sources. */
  | { readonly type: 'done'; readonly answer: ChatAnswer }
  /** What was shown is withdrawn; `answer` stands in its place. */
  | { readonly type: 'replaced'; readonly answer: ChatAnswer; readonly why: string }
  | {
      readonly type: 'failed';
      readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
    };

export interface ChatBy {
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ChatEvent) => void;
}

const MOST_CHARACTERS = 4000;
const MOST_FACTS_TOLD = 80;

export const chat = async (
  world: World,
  message: string,
  threadId: string | undefined,
  by: ChatBy,
): Promise<ChatAnswer> => {
  const tell = by.onEvent ?? (() => {});
  try {
    const question = message.trim();
    if (question === '') throw invalid('the message is empty', 'Ask something, for example: What waits for me?');
    if (question.length > MOST_CHARACTERS)
      throw invalid(
        `the message has ${question.length} characters, at most ${MOST_CHARACTERS} are read`,
        'Ask in fewer words; a policy text goes to `caco policy parse FILE`.',
      );
    const thread = threadId ?? shortId('C', randomUUID());
    if (!/^[\w.:-]{1,100}$/.test(thread))
      throw invalid(
        'the threadId is malformed',
        'Use up to 100 letters, digits, dots, colons, dashes; or leave it out.',
      );
    const signal = by.signal ?? new AbortController().signal;
    const { answer, why } = await inConversation(world.store, by.actor, thread, signal, async (turns) => {
      const made = await answerTo(world, question, turns, { ...by, signal }, tell);
      return { result: { answer: { ...made.answer, threadId: thread }, why: made.why }, turn: made.turn };
    });
    tell(why === null ? { type: 'done', answer } : { type: 'replaced', answer, why });
    return answer;
  } catch (error) {
    const {
      code,
      message: what,
      remedy,
    } = error instanceof Fault
      ? error
      : { code: 'defect', message: 'the answer failed', remedy: 'Ask again; the log has the cause.' };
    tell({ type: 'failed', error: { code, message: what, remedy } });
    throw error;
  }
};

const answerTo = async (
  world: World,
  question: string,
  turns: readonly Turn[],
  by: ChatBy & { signal: AbortSignal },
  tell: (event: ChatEvent) => void,
) => {
  const desk = deskOf(world, { actor: by.actor, signal: by.signal, question });
  tell({ type: 'status', status: 'looking' });
  const route = await routeOf(question, desk, turns.at(-1));
  const lookup = route.lookup === null ? undefined : LOOKUPS.find((l) => l.name === route.lookup);
  const draft = lookup ? await lookup.answer(route.slots, desk) : await cannotTell();
  by.signal.throwIfAborted();
  for (const fact of draft.facts.slice(0, MOST_FACTS_TOLD)) tell({ type: 'fact', fact });

  const template = draft.prose.map((p) => draft.fill(p)).join('\n');
  // What the data does not hold gains nothing from words; a question that no rule knows may still be answered by looking.
  const worth = world.model?.converse !== undefined && (lookup === undefined || draft.answered);
  const words = worth
    ? await inWords(desk, {
        draft,
        lookup: route.lookup,
        turns,
        onLooked: (facts) => {
          for (const fact of facts.slice(0, MOST_FACTS_TOLD)) tell({ type: 'fact', fact });
        },
        onStart: () => tell({ type: 'status', status: 'writing', draft: template }),
        onSentence: (text) => tell({ type: 'sentence', text }),
      })
    : undefined;
  if (words === undefined || (words.prose === null && words.withdrawn === null))
    for (const paragraph of draft.prose) tell({ type: 'sentence', text: draft.fill(paragraph) });
  const answer = answerOf(world, draft, {
    lookup: route.lookup,
    words,
  });
  const turn: Turn = { question, lookup: route.lookup, slots: route.slots, answer: answer.answer };
  return { answer, turn, why: words?.withdrawn ?? null };
};
