/**
 * Works on what came in, one letter of a thread after the other: what it changes in the books, the answer that goes out and the
 * letter's being done are one transaction, so that a crash leaves either all of it or none.
 */
import { randomUUID } from 'node:crypto';
import type { Claim, Letter, NewLetter } from '../../domain/mail.js';
import type { MarketContext, MarketReply, SoldOrder } from '../../domain/market.js';
import { SOLD_ORDERS } from '../../domain/market.js';
import type { Store, Tx } from '../../domain/store.js';
import { claimsIn } from './catalog.js';
import { dialectOf, recognise, type Said, sellingIn } from './dialects/dialects.js';
import { deliverersOf } from './exclusive.js';
import { threadOf } from './intake.js';
import { movedOn } from './metering.js';
import { openPump, type Pump } from './pump.js';
import { orderIdOf } from './quote.js';
import { Decline } from './refusal.js';
import { commit, concluded, replyOf, type SellerGround, type Work, workOf } from './seller.js';

/** Planning again for 30 000 jobs takes a minute or two. */
const LEASE_MS = 600_000;
const AT_ONCE = 32;
const MOST_TRIES = 5;

/** `letters`: how many are written, one when left out. */
export type Post = (write: (by: Claim | undefined) => Promise<readonly Letter[]>, letters?: number) => Promise<unknown>;

export interface ClerkGround extends SellerGround {
  readonly store: Store;
  readonly onTrouble: (error: unknown) => void;
  /** Writes to the outbox, and sends what was claimed with that. */
  readonly post: Post;
  /** What a callback does to the buyer's books. */
  readonly heard: (context: MarketContext, body: Said) => Promise<(tx: Tx) => Promise<void>>;
}

export interface Clerk {
  readonly pump: Pump;
  /** Orders that wait for a person, begin or end; called every few seconds. */
  tick(): Promise<void>;
}

/** A letter that is being worked on. */
interface Held {
  readonly letter: Letter;
  readonly holder: string;
  readonly context: MarketContext;
}

/** A callback, ready to be sent. */
export const callback = (
  ground: Pick<SellerGround, 'settings' | 'nowMs'>,
  context: MarketContext,
  reply: MarketReply,
  /** null: it answers no request */
  inReplyTo: string | null,
  action = `on_${context.action}`,
): NewLetter => {
  const { settings, nowMs } = ground;
  const dialect = dialectOf(context.dialect);
  const messageId = inReplyTo === null || settings.freshMessageIds ? randomUUID() : inReplyTo;
  const to: MarketContext = {
    ...context,
    action,
    bppId: settings.bppId,
    bppUri: settings.bppUri,
    messageId,
    timestamp: new Date(nowMs()).toISOString(),
    ttl: context.ttl,
  };
  const said = sellingIn(context.dialect).writeReply(action, reply);
  const body = JSON.stringify({ context: dialect.writeContext(to), ...said });
  return {
    id: `${action}|${inReplyTo ?? messageId}`,
    thread: threadOf('bpp', context.bapId, context.transactionId),
    peer: context.bapId,
    action,
    url: `${context.bapUri.replace(/\/+$/, '')}/${dialect.spell(action)}`,
    body,
    digest: null,
    exchange: null,
    atMs: nowMs(),
  };
};

const contextOf = (sold: SoldOrder, settings: SellerGround['settings']): MarketContext => ({
  dialect: sold.dialect,
  version: sold.version,
  domain: sold.domain,
  action: 'status',
  bapId: sold.bapId,
  bapUri: sold.bapUri,
  bppId: settings.bppId,
  bppUri: settings.bppUri,
  transactionId: sold.transactionId,
  messageId: '',
  timestamp: '',
  ttl: settings.defaultTtl,
  country: null,
  city: null,
});

export const openClerk = (ground: ClerkGround): Clerk => {
  const { store, settings, nowMs } = ground;

  /** Writes what a letter comes to; nothing when another process has taken it over. */
  const finish = async ({ letter, holder, context }: Held, work: Work): Promise<void> => {
    await ground.post((by) =>
      store.transaction(async (tx) => {
        if (!(await tx.mail.settle(letter, holder, { state: 'done', atMs: nowMs() }))) return [];
        const reply = await declined(() => work(tx));
        // A buyer who speaks is there again: what could not be brought to them is tried once more, before what is new.
        await tx.mail.revive({ box: 'out', thread: letter.thread, unreachable: true }, nowMs());
        return reply === null ? [] : tx.mail.put([callback(ground, context, reply, context.messageId)], by);
      }),
    );
  };

  const confirm = async (held: Held, request: { draft: Parameters<typeof commit>[3] }) => {
    const { context } = held;
    const delivers = await deliverersOf(ground.world);
    const committed = await declinedOr(() =>
      store.transaction((tx) => commit(tx, ground, context, request.draft, delivers)),
    );
    if ('is' in committed) return finish(held, async () => committed);
    const outcome = await ground.planner.deliver(committed, settings.terms.standingKw);
    await finish(held, (tx) => concluded(tx, ground, committed, outcome));
  };

  const handle = async (letter: Letter, holder: string): Promise<void> => {
    const body = JSON.parse(letter.body) as Said & { context: unknown };
    const dialect = dialectOf(recognise(body.context));
    const context = dialect.readContext(body.context);
    const held = { letter, holder, context };
    try {
      if (context.action.startsWith('on_')) {
        const write = await ground.heard(context, body);
        await store.transaction(async (tx) => {
          if (await tx.mail.settle(letter, holder, { state: 'done', atMs: nowMs() })) await write(tx);
        });
        return;
      }
      const request = sellingIn(dialect.name).readRequest(context.action, body.message);
      if (request.action === 'confirm') await confirm(held, request);
      else await finish(held, await workOf(ground, context, request));
    } catch (error) {
      await failed(held, error);
    }
  };

  /** After an ACK always a callback: once it was tried often enough, with an error in it. */
  const failed = async ({ letter, holder, context }: Held, error: unknown) => {
    const atMs = nowMs();
    const reason = (error as Error).message;
    ground.onTrouble(error);
    if (letter.attempts < MOST_TRIES)
      return void (await store.mail.settle(letter, holder, {
        state: 'waiting',
        atMs,
        nextAtMs: atMs + settings.firstRetryMs * 2 ** letter.attempts,
        reason,
      }));
    const giveUp = async (tx: Tx, by: Claim | undefined): Promise<Letter[]> => {
      if (!(await tx.mail.settle(letter, holder, { state: 'dead', atMs, reason }))) return [];
      if (context.action.startsWith('on_')) return [];
      const message = `${context.action} could not be worked on after ${letter.attempts} tries; nothing was sold by it`;
      const order =
        context.action === 'confirm' ? (await tx.collection(SOLD_ORDERS).get(orderIdOf(context)))?.value : undefined;
      // What it had committed is given back.
      if (order !== undefined) await concluded(tx, ground, order, { is: 'refused', code: '40000', why: message });
      const reply: MarketReply = { is: 'error', code: '40000', message, paths: null };
      return tx.mail.put([callback(ground, context, reply, context.messageId)], by);
    };
    await ground.post((by) => store.transaction((tx) => giveUp(tx, by)));
  };

  const { onTrouble } = ground;
  const pump = openPump({ store, box: 'in', leaseMs: LEASE_MS, atOnce: AT_ONCE, nowMs, handle, onTrouble });

  /** Confirms that wait for a person: asked again until there is an answer. */
  const waiting = async () => {
    for (const { orderId, state } of await claimsIn(store)) {
      if (state !== 'committed') continue;
      const order = (await store.collection(SOLD_ORDERS).get(orderId))?.value;
      if (order?.order.state !== 'COMMITTED' || order.approvalId === null || order.confirm === null) continue;
      const outcome = await ground.planner.deliver(order, settings.terms.standingKw);
      if (outcome.is === 'waiting' && outcome.approvalId === order.approvalId) continue;
      const context = JSON.parse(order.confirm) as MarketContext;
      await ground.post((by) =>
        store.transaction(async (tx) => {
          const reply = await concluded(tx, ground, order, outcome);
          return reply === null ? [] : tx.mail.put([callback(ground, context, reply, context.messageId)], by);
        }),
      );
    }
  };

  const tell = async () => {
    for (const { order, write } of await movedOn(ground.world)) {
      const status = callback(ground, contextOf(order, settings), replyOf(order), null, 'on_status');
      await ground.post((by) => store.transaction(async (tx) => ((await write(tx)) ? tx.mail.put([status], by) : [])));
    }
  };

  let ticking: Promise<void> | undefined;
  return {
    pump,
    tick() {
      ticking ??= (async () => {
        await waiting();
        await tell();
      })().finally(() => {
        ticking = undefined;
      });
      return ticking;
    },
  };
};

const asError = (error: unknown): MarketReply => {
  if (!(error instanceof Decline)) throw error;
  return { is: 'error', code: error.code, message: error.message, paths: error.paths };
};
const declined = async (work: () => Promise<MarketReply | null>): Promise<MarketReply | null> => work().catch(asError);
const declinedOr = async <T>(work: () => Promise<T>): Promise<T | Extract<MarketReply, { is: 'error' }>> =>
  work().catch((error) => asError(error) as Extract<MarketReply, { is: 'error' }>);
