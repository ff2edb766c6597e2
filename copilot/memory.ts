/** The memory of a conversation: its last six turns, a document of the store that only its own person's questions reach. */
import { z } from 'zod';
import type { Actor } from '../domain/decision.js';
import { defineCollection, type Store } from '../domain/store.js';
import { Slots } from './lookup.js';
import { Query } from './question/query.js';

/** One question and what it was taken for. Texts are cut: a conversation stays under 32 KiB. */
const Turn = z.strictObject({
  question: z.string(),
  lookup: z.string().nullable().describe('the lookup that answered; null when none did'),
  slots: Slots,
  answer: z.string(),
  query: Query.optional().describe('what was asked, where it was a query'),
  top: z.string().optional().describe('who stood first in its answer'),
});
export type Turn = Readonly<z.infer<typeof Turn>>;

/** By owner and name, so that nobody reads or continues somebody else's. */
export const CONVERSATIONS = defineCollection(
  'conversations',
  z.strictObject({
    owner: z.string().describe('who asks, for example cli:ann'),
    turns: z.array(Turn).describe('the newest last'),
  }),
);

const TURNS = 6;
const MOST = 800;
const MOST_OF_A_SLOT = 200;

const cut = (turn: Turn): Turn => ({
  lookup: turn.lookup,
  question: short(turn.question),
  answer: short(turn.answer),
  ...(turn.query === undefined ? {} : { query: turn.query }),
  ...(turn.top === undefined ? {} : { top: turn.top.slice(0, MOST_OF_A_SLOT) }),
  slots: Object.fromEntries(
    Object.entries(turn.slots).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value.slice(0, MOST_OF_A_SLOT) : value]],
    ),
  ),
});
const short = (text: string) => (text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text);

export const conversationId = ({ via, id }: Actor, name: string): string => `${via}:${id}/${name}`;

/** Questions that wait for the ones before them, by store and conversation. */
const waiting = new WeakMap<Store, Map<string, Promise<unknown>>>();

/**
 * Answers one question of a conversation with the turns before it, and keeps what `answer` made of it. Questions of one
 * conversation are answered one after the other, so that each sees the ones before it; what another process adds meanwhile is
 * kept too. Nothing is kept of a question that fails.
 */
export const inConversation = async <R>(
  store: Store,
  actor: Actor,
  name: string,
  signal: AbortSignal,
  answer: (turns: readonly Turn[]) => Promise<{ result: R; turn: Turn }>,
): Promise<R> => {
  const id = conversationId(actor, name);
  const queue = waiting.get(store) ?? new Map<string, Promise<unknown>>();
  waiting.set(store, queue);
  const before = queue.get(id) ?? Promise.resolve();
  const mine = before
    .catch(() => {})
    .then(async () => {
      signal.throwIfAborted();
      const kept = await store.collection(CONVERSATIONS).get(id);
      const { result, turn } = await answer(kept?.value.turns ?? []);
      await remember(store, id, actor, cut(turn));
      return result;
    });
  queue.set(id, mine);
  try {
    return await mine;
  } finally {
    if (queue.get(id) === mine) queue.delete(id);
  }
};

const remember = (store: Store, id: string, actor: Actor, turn: Turn): Promise<void> =>
  store.transaction(async (tx) => {
    const conversations = tx.collection(CONVERSATIONS);
    const turns = (await conversations.get(id))?.value.turns ?? [];
    await conversations.put(id, { owner: `${actor.via}:${actor.id}`, turns: [...turns, turn].slice(-TURNS) });
  });
