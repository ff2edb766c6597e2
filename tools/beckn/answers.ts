/** What callbacks do to the buyer's books: which question each answers, whether it may be applied, and what is then known of the order. */
import type { Letter } from '../../domain/mail.js';
import type { MarketContext, MarketItem, MarketOrder, MarketReply } from '../../domain/market.js';
import type { Store, Tx } from '../../domain/store.js';
import type { World } from '../../domain/world.js';
import { type Asked, BOUGHT, type Bought } from './bought.js';
import { replyIn, type Said } from './dialects/dialects.js';
import { digestOfAnswer, letterId } from './intake.js';
import { Refusal } from './refusal.js';

const UNSOLICITED = new Set(['on_status', 'on_update', 'on_cancel', 'on_track']);

/** Which of our requests a callback answers. */
const matched = (of: Bought, context: MarketContext): Asked | undefined => {
  const action = context.action.slice('on_'.length);
  const same = of.asked.find((asked) => asked.messageId === context.messageId && asked.action === action);
  if (same) return same;
  const pending = of.asked.filter(
    (asked) =>
      asked.action === action && asked.state === 'sent' && (asked.bppId === null || asked.bppId === context.bppId),
  );
  return pending.length === 1 ? pending[0] : undefined;
};

/**
 * Whether an answer that was heard is told once more, under a message id of its own: a seller that heard no ACK may make new ids as
 * it tries again.
 */
const isRepeated = (of: Bought, { action, bppId }: MarketContext, body: Said): boolean =>
  of.asked.some(
    (asked) =>
      `on_${asked.action}` === action &&
      (asked.bppId === null || asked.bppId === bppId) &&
      asked.answer === digestOfAnswer(body),
  );

/** Whoever asked hears that the question did not arrive, as if its seller had answered with an error. */
export const undelivered = async (tx: Tx, { thread, action, body }: Letter, why: string): Promise<void> => {
  if (action.startsWith('on_')) return;
  const transactionId = thread.slice(thread.lastIndexOf('/') + 1);
  const found = (await tx.collection(BOUGHT).get(transactionId))?.value;
  if (found === undefined) return;
  const { message_id: messageId } = (JSON.parse(body) as { context: { message_id: string } }).context;
  const error = `not delivered: ${why}`;
  await tx.collection(BOUGHT).put(transactionId, {
    ...found,
    // An answer that came all the same counts: only its ACK was lost.
    asked: found.asked.map((one) =>
      one.messageId === messageId && one.state === 'sent' ? { ...one, state: 'failed', error } : one,
    ),
  });
};

/** Throws Refusal for a callback of another dialect than its conversation's, or that nobody waits for. */
export const vetOf = async (store: Store, context: MarketContext, body: Said): Promise<void> => {
  const of = (await store.collection(BOUGHT).get(context.transactionId))?.value;
  const known = of !== undefined && (of.bppId === null || of.bppId === context.bppId || context.action === 'on_search');
  if (!known)
    throw new Refusal(
      '30000',
      `transaction ${context.transactionId} is not ours with ${context.bppId}`,
      '/context/transaction_id',
    );
  if (of.dialect !== context.dialect)
    throw new Refusal(
      '30000',
      `we speak ${of.dialect} in this transaction, not ${context.dialect}`,
      '/context/version',
    );
  if (matched(of, context) !== undefined || isRepeated(of, context, body)) return;
  if (UNSOLICITED.has(context.action) && of.order !== null) return requireOwnId(store, context);
  throw new Refusal(
    '30000',
    `nobody asked for this ${context.action}: message_id ${context.messageId} matches no request`,
    '/context/message_id',
  );
};

/** Two messages that nobody asked for are two: one id for both would hide one of them. Throws Refusal that names the earlier. */
const requireOwnId = async (
  { mail }: Pick<Store, 'mail'>,
  { action, bppId, messageId }: MarketContext,
): Promise<void> => {
  for (const other of UNSOLICITED) {
    const before = other === action ? undefined : await mail.get('in', letterId(bppId ?? '', other, messageId));
    if (before !== undefined)
      throw new Refusal(
        '30000',
        `message_id ${messageId} already used: ${before.action} of ${new Date(before.atMs).toISOString()} was another message`,
        '/context/message_id',
      );
  }
};

/** What a callback does to our books. A late answer is recorded; only an on_confirm is applied even then. */
export const heardOf = async (
  { world, nowMs }: { readonly world: World; readonly nowMs: () => number },
  context: MarketContext,
  body: Said,
): Promise<(tx: Tx) => Promise<void>> => {
  const reply = replyIn(context.dialect, context.action, body);
  return async (tx) => {
    const found = (await tx.collection(BOUGHT).get(context.transactionId))?.value;
    if (found === undefined) return;
    const asked = matched(found, context);
    if (asked === undefined && isRepeated(found, context, body)) return;
    // Whose ACK was lost on the way is not asked again.
    if (asked !== undefined) await tx.mail.arrived({ box: 'out', id: `${asked.action}|${asked.messageId}` }, nowMs());
    const late = asked !== undefined && nowMs() > asked.untilMs;
    const applies =
      !late || context.action === 'on_confirm' || !['on_search', 'on_select', 'on_init'].includes(context.action);
    const other = reply.is === 'order' ? otherOrder(found, reply.order) : null;
    const failed = reply.is === 'error' || other !== null;
    const state: Asked['state'] = failed ? 'failed' : late ? 'late' : 'answered';
    const answer = digestOfAnswer(body);
    const error = reply.is === 'error' ? `${reply.code} ${reply.message}` : other;
    const next = applies && other === null ? applied(found, context, reply) : found;
    await tx.collection(BOUGHT).put(found.transactionId, {
      ...next,
      asked: next.asked.map((one) => (one.messageId === asked?.messageId ? { ...one, state, error, answer } : one)),
    });
    if (reply.is === 'order' && other === null && context.action !== 'on_select' && context.action !== 'on_init')
      await tx.entries.append([
        {
          kind: 'market_purchase',
          at: world.clock.now(),
          actor: `market:${context.bppId}`,
          cause: context.transactionId,
          subject: reply.order.id,
          data: { action: context.action, state: reply.order.state, total: reply.order.quote?.total ?? null },
        },
      ]);
  };
};

/** An order keeps its id: a message about another one is not about ours. */
const otherOrder = ({ order }: Bought, told: MarketOrder): string | null =>
  order?.id === null || order?.id === undefined || told.id === null || told.id === order.id
    ? null
    : `it is about order ${told.id}, ours is ${order.id}`;

/** What a seller says of an order that binds, against what we agreed to: that is kept, and the difference is said. */
const agreedTo = (
  told: MarketOrder,
  before: MarketOrder | null,
  action: string,
): Pick<MarketOrder, 'quote' | 'note'> => {
  const [now, then] = [told.quote, before?.quote ?? null];
  if (action === 'on_select' || action === 'on_init' || then === null) return { quote: now, note: told.note };
  if (now === null) return { quote: then, note: told.note };
  if (Number(now.total) === Number(then.total) && now.currency === then.currency)
    return { quote: now, note: told.note };
  const differs = `the seller says ${now.total} ${now.currency}, ${then.total} ${then.currency} were agreed`;
  return { quote: then, note: told.note === null ? differs : `${differs}; ${told.note}` };
};

/** A seller may name an item by its id alone, or leave out what it said in the catalogue: notice, ramp and recovery hold all the same. */
const filledUp = (told: MarketItem | null, known: MarketItem | null): MarketItem | null => {
  if (told === null || known === null) return told ?? known;
  const said = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
  return { ...known, ...said };
};

const applied = (of: Bought, context: MarketContext, reply: MarketReply): Bought => {
  switch (reply.is) {
    case 'catalog': {
      const told = reply.providers.flatMap((provider) =>
        provider.items.map((item) => ({
          bppId: context.bppId!,
          bppUri: context.bppUri!,
          providerId: provider.id,
          providerName: provider.name,
          item,
        })),
      );
      return { ...of, offers: [...of.offers.filter(({ bppId }) => bppId !== context.bppId), ...told] };
    }
    case 'order': {
      const offer = of.offers.find(({ item, bppId }) => item.id === reply.order.itemId && bppId === context.bppId);
      const known = of.order?.itemId === reply.order.itemId ? of.order.item : null;
      const item = filledUp(reply.order.item, known ?? offer?.item ?? null);
      // Before it has an id a seller tells no state; it is what was answered.
      const state = reply.order.id === null && context.action === 'on_init' ? 'INITIALISED' : reply.order.state;
      const agreed = agreedTo(reply.order, of.order, context.action);
      return { ...of, order: { ...reply.order, ...agreed, id: reply.order.id ?? of.order?.id ?? null, state, item } };
    }
    case 'tracking':
      return { ...of, tracking: reply.url };
    case 'support':
      return { ...of, support: [reply.phone, reply.email, reply.url].filter((way) => way !== null).join(', ') };
    default:
      return of;
  }
};
