/** The memory of a conversation: a thread of kind `ask` (START → copilot → END) in LangGraph's checkpointer, small and per actor. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import type { Actor } from '../domain/decision.js';
import type { Slots } from './lookup.js';

/** One question and what it was taken for. Texts are cut: the state stays under 32 KiB. */
export interface Turn {
  readonly question: string;
  /** name of the lookup that answered; null when none did */
  readonly lookup: string | null;
  readonly slots: Slots;
  readonly answer: string;
}

const TURNS = 6;
const MOST = 800;
const cut = (text: string) => (text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text);
const cutSlots = (slots: Slots): Slots =>
  Object.fromEntries(
    Object.entries(slots).flatMap(([k, v]) =>
      v === undefined ? [] : [[k, typeof v === 'string' ? v.slice(0, 200) : v]],
    ),
  );

const AskState = Annotation.Root({
  kind: Annotation<'ask'>,
  owner: Annotation<string>,
  question: Annotation<string>,
  turns: Annotation<Turn[]>({
    reducer: (before, next) => [...before, ...next].slice(-TURNS),
    default: () => [],
  }),
});

/** Questions of one conversation are answered one after the other: each sees the ones before it. */
const waiting = new Map<string, Promise<unknown>>();

/**
 * Runs one question through the thread. The key holds the actor, so that nobody reads or continues somebody else's
 * conversation, and no conversation has the name of a run.
 */
export const askThread = async <R>(
  saver: BaseCheckpointSaver,
  actor: Actor,
  threadId: string,
  question: string,
  signal: AbortSignal,
  answer: (turns: readonly Turn[]) => Promise<{ result: R; turn: Turn }>,
): Promise<R> => {
  const owner = `${actor.via}:${actor.id}`;
  const key = `ask/${owner}/${threadId}`;
  const before = waiting.get(key);
  const mine = (before ?? Promise.resolve())
    .catch(() => {})
    .then(async () => {
      signal.throwIfAborted();
      let made: { readonly result: R } | undefined;
      const graph = new StateGraph(AskState)
        .addNode('copilot', async (state) => {
          const { result, turn } = await answer(state.turns);
          made = { result };
          return {
            turns: [{ ...turn, question: cut(turn.question), answer: cut(turn.answer), slots: cutSlots(turn.slots) }],
          };
        })
        .addEdge(START, 'copilot')
        .addEdge('copilot', END)
        .compile({ checkpointer: saver });
      await graph.invoke(
        { kind: 'ask', owner, question: cut(question) },
        { configurable: { thread_id: key }, durability: 'exit', signal },
      );
      return made!.result;
    });
  waiting.set(key, mine);
  try {
    return await mine;
  } finally {
    if (waiting.get(key) === mine) waiting.delete(key);
  }
};
