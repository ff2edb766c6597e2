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
import { type Desk, deskOf } from './desk.js';
import { Draft, type Fact } from './facts.js';
import { cannotTell } from './lookups/system.js';
import { LOOKUPS } from './lookups.js';
import { inConversation, type Turn } from './memory.js';
import { answerQuery } from './question/answer-query.js';
import { quoted, type Understood, understand } from './question/understand.js';
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

/** What the rules do not understand whole a model may write as a query, which is believed only where it holds what the question names. */
const withModel = async (of: Understood, desk: Desk, last: Turn | undefined): Promise<Understood> => {
  const whole = of.left.length === 0 && of.ask === null && of.lookup !== null;
  if (whole || of.known === null || of.signs === null || of.outside === true || desk.world.model === null) return of;
  const { namesFigure, queryByModel } = await import('./question/by-model.js');
  const { query } = await queryByModel(desk, desk.question, of.known, of.signs, last);
  return query === null
    ? of
    : {
        ...of,
        lookup: 'query',
        slots: {},
        query,
        left: [],
        ask: null,
        byModel: true,
        guessed: !namesFigure(of.signs),
        read: of.left,
      };
};

/** The answer by template. What of the question was not used comes first, or is named where nothing could be answered. */
const draftOf = async (of: Understood, desk: Desk): Promise<Draft> => {
  if (of.ask !== null) {
    const draft = new Draft();
    draft.answered = false;
    return draft.say(of.ask);
  }
  const lookup = of.lookup === null ? undefined : LOOKUPS.find((l) => l.name === of.lookup);
  const draft =
    of.query !== null
      ? await answerQuery(of.query, desk, of.known ?? undefined)
      : lookup
        ? await lookup.answer(of.slots, desk)
        : await cannotTell();
  const mended = of.mended ?? [];
  const left = [...of.left, ...draft.left];
  const opening = [
    ...(left.length > 0 && draft.answered ? [`I left out ${quoted(left)}, which I could not use.`] : []),
    ...(mended.length > 0 ? [`I read ${mended.join(', ')}.`] : []),
  ];
  if (of.byModel === true)
    opening.push(
      `${desk.world.model!.name} read the question${of.read === undefined || of.read.length === 0 ? '' : `, ${quoted(of.read)} in it,`} as this:`,
    );
  // No word that the rules know says which figure was meant: the reader has to be able to say no.
  if (of.guessed === true && draft.answered)
    draft.say('Is that the figure you meant? If not, name it: energy, emissions, cost, saving, start or end.');
  if (opening.length > 0) draft.opening = opening.join(' ');
  if (left.length > 0 && !draft.answered) draft.say(`Of your question I could not use ${quoted(left)}.`);
  return draft;
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
  // What could not be read is no topic: "and nlp?" goes on with what was spoken of before it.
  const last = turns.findLast((turn) => turn.lookup !== null);
  const route = await withModel(await understand(question, desk, last), desk, last);
  const draft = await draftOf(route, desk);
  by.signal.throwIfAborted();
  for (const fact of draft.facts.slice(0, MOST_FACTS_TOLD)) tell({ type: 'fact', fact });

  if (draft.opening !== null) tell({ type: 'sentence', text: draft.opening });
  const template = draft.prose.map((p) => draft.fill(p)).join('\n');
  // What the data does not hold gains nothing from words; a question that no rule knows may still be answered by looking.
  const worth = world.model?.converse !== undefined && (route.lookup === null || draft.answered);
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
  const turn: Turn = {
    question,
    lookup: route.lookup,
    slots: route.slots,
    answer: answer.answer,
    ...(route.query === null ? {} : { query: route.query }),
    ...(draft.top === null ? {} : { top: draft.top }),
  };
  return { answer, turn, why: words?.withdrawn ?? null };
};
